"""Pitfalls: six functions to repair, each with a bug of its own kind."""

import torch
from jaxtyping import Float, Float32, Shaped
from torch import Tensor

from dojo.authoring import mistake, variant


def mse(pred: Float[Tensor, "*shape"], target: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Measure how far predictions lie from their targets: the mean of the squared differences.

    Each prediction has one target, at the same place.

    Args:
        pred: any shape with at least one number, a floating-point dtype.
        target: the same shape, dtype and device. Neither of the two is modified.

    Returns:
        A tensor of shape (), with the dtype and device of pred. Gradients flow back to both.

    Raises:
        ValueError: if the two shapes are not equal, even where PyTorch could broadcast them.

    Example:
        >>> mse(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 6.0]))
        tensor(8.)
    """
    if pred.shape != target.shape:
        raise ValueError(f"pred has the shape {tuple(pred.shape)}, but target has {tuple(target.shape)}")
    return (pred - target).square().mean()


def add_noise(x: Float[Tensor, "*shape"], noise: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Add noise to x. The noise may be on another device: then it comes to the device of x.

    Args:
        x: any shape, a floating-point dtype, on any device.
        noise: the same shape and dtype, on any device. Neither of the two is modified.

    Returns:
        A new tensor, x + noise, of that shape and dtype, on the device of x. Gradients flow back to both.

    Example:
        >>> add_noise(torch.tensor([1.0, 2.0]), torch.tensor([0.5, -0.5]))
        tensor([1.5000, 1.5000])
    """
    return x + noise.to(x.device)


def normalized_double(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Double x, and divide what you have by its own largest absolute value, so that it fits between -1 and 1.

    There is one largest absolute value for the whole tensor, whatever its shape.

    Args:
        x: any shape, a floating-point dtype, at least one number that is not 0. It is not modified.

    Returns:
        A new tensor of the shape, dtype and device of x. Its largest absolute value is 1.
        Gradients flow back to x, through the largest value as well.

    Example:
        >>> normalized_double(torch.tensor([1.0, -4.0, 2.0]))
        tensor([ 0.2500, -1.0000,  0.5000])
    """
    doubled = 2 * x
    return doubled / doubled.abs().max()


def merge_heads(x: Shaped[Tensor, "batch heads seq d"]) -> Shaped[Tensor, "batch seq merged"]:
    """Put the heads of each token side by side. A head is a part of the model that looks at all tokens (kata 23).

    Every token has d numbers in each head. In the result they stand in one row of heads * d numbers: first those of
    head 0, then those of head 1, and so on.

    Args:
        x: shape (batch, heads, seq, d), each size at least 1, of any dtype, contiguous or not. It is not modified.

    Returns:
        Shape (batch, seq, heads * d), with the dtype and device of x. Gradients flow back to x.

    Example:
        >>> merge_heads(torch.tensor([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]))  # 2 heads of 2 tokens
        tensor([[[1, 2, 5, 6],
                 [3, 4, 7, 8]]])
    """
    batch, heads, seq, d = x.shape
    return x.transpose(1, 2).reshape(batch, seq, heads * d)  # (B, T, H, d) -> (B, T, H*d)


def average(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"]) -> Float32[Tensor, "*shape"]:
    """Take the mean of two tensors, number by number: (a + b) / 2.

    One of the two is float16 and the other float32, in either order. float16 holds numbers up to 65504, with 3 digits.
    The sum of two such numbers may be larger, half of a very small one is 0 in float16, and the digits of the float32
    tensor must not be lost.

    Args:
        a: any shape, float16 or float32.
        b: the same shape and device, of the other dtype. Neither of the two is modified.

    Returns:
        A new tensor of that shape and device, float32. Gradients flow back to both.

    Example:
        >>> average(torch.tensor([60000.0], dtype=torch.float16), torch.tensor([40000.0]))
        tensor([50000.])
    """
    return (a.float() + b.float()) / 2


def running_loss(losses: list[Float[Tensor, ""]]) -> float:
    """Add up the losses of many steps, to print the total.

    A loss remembers its graph: all the steps that it was computed by, with their tensors. A total that is a tensor
    would remember the graphs of all losses. A Python number remembers nothing.

    Args:
        losses: a list or tuple of at least one tensor of shape (), of a floating-point dtype, all on one device,
            with or without a graph. Nothing is changed: each loss keeps its graph, and can still give gradients.

    Returns:
        The sum of all losses, a Python float. You may add them up in their own dtype, or as Python floats.
        When the caller lets go of the losses, no graph is left.

    Example:
        >>> running_loss([torch.tensor(1.5), torch.tensor(2.0)])
        3.5
    """
    return float(sum(loss.item() for loss in losses))


BANNED: dict[str, str] = {}

HINTS = {
    "mse": [
        "Nothing stops, and the number is wrong. Which shape does pred - target have for (4, 1) and (4,)?",
        "(4, 1) and (4,) give (4, 4): each prediction meets each target. Only equal shapes are meant, such as (4, 1) "
        "and (4, 1). The two shapes can be compared before anything is computed.",
        "if pred.shape != target.shape: raise ValueError, with both shapes in its message. The rest is right.",
    ],
    "add_noise": [
        "There is a line that moves the noise. Where does what it returns go?",
        "x and noise have one shape. noise.to(x.device) is a tensor on the device of x; `noise` itself stays behind.",
        "Give the result of noise.to(x.device) a name, or write it straight into the sum with x.",
    ],
    "normalized_double": [
        "The numbers are right; it is the gradient that cannot be computed. What is overwritten that it still needs?",
        "doubled has the shape of x, and doubled.abs().max() is (). To find its gradient, abs needs doubled as it was. "
        "Dividing in place writes over it.",
        "Write the quotient into a new tensor: `doubled / ...` makes one, `doubled /= ...` does not.",
    ],
    "merge_heads": [
        "transpose gives a view of the same memory. Is its memory still in the order that the new shape needs?",
        "x is (batch, heads, seq, d). After transpose(1, 2) it is (batch, seq, heads, d), not contiguous. The last two "
        "dimensions become one: heads * d.",
        "Keep the transpose. In place of view use reshape, which copies where it must, or make it contiguous first.",
    ],
    "average": [
        "To which dtype are the two brought here? What is the largest number that it can hold?",
        "One is float16, the other float32, and it may be the first or the second. float32 holds every float16 number, "
        "but not the other way round.",
        "Bring both to float32 before you add: a.float() and b.float(). Their mean is float32 by itself.",
    ],
    "running_loss": [
        "What does a Python 0.0 become when a tensor is added to it?",
        "Each loss is a tensor of shape (). A Python number is wanted before the sum, or at its end: loss.item().",
        "In the loop, add loss.item() to the total. A float plus a float stays a float.",
    ],
}


# ------------------------------------------------------------------------------------------------ other right answers


@variant(mse)
def checked_then_built_in(pred, target):
    if tuple(pred.size()) != tuple(target.size()):
        raise ValueError("shapes differ")
    return torch.nn.functional.mse_loss(pred, target)


@variant(mse)
def flattened_dot_product(pred, target):
    if list(pred.shape) != list(target.shape):
        raise ValueError(f"{pred.shape} against {target.shape}")
    difference = (target - pred).reshape(-1)
    return difference @ difference / difference.numel()


@variant(mse)
def summed_in_a_loop(pred, target):
    if pred.ndim != target.ndim or any(m != n for m, n in zip(pred.shape, target.shape)):
        raise ValueError
    total = 0
    for p, t in zip(pred.flatten(), target.flatten()):
        total = total + (p - t) ** 2
    return total / pred.numel()


@variant(add_noise)
def noise_named_anew(x, noise):
    noise = noise.to(device=x.device)
    return torch.add(x, noise)


@variant(add_noise)
def into_a_copy(x, noise):
    result = x.clone()
    result += noise.to(result.device)
    return result


@variant(add_noise)
def on_the_cpu_and_back(x, noise):
    return (noise.cpu() + x.cpu()).to(x.device)


@variant(add_noise)
def copied_where_needed(x, noise):
    if noise.device != x.device:
        noise = torch.empty_like(x).copy_(noise)
    return noise + x


@variant(normalized_double)
def without_doubling(x):
    return x / x.abs().max()  # the 2 stands above and below the line


@variant(normalized_double)
def one_step_more(x):
    y = x + x
    largest = torch.maximum(y.max(), -y.min())
    return y * (1 / largest)


@variant(normalized_double)
def by_the_infinity_norm(x):
    y = x * 2
    return y.div(torch.linalg.vector_norm(y, ord=float("inf")))


@variant(normalized_double)
def written_into_a_copy(x):
    y = torch.mul(x, 2)
    scale = y.abs().amax()
    result = y.clone()
    result /= scale
    return result


@variant(normalized_double)
def one_of_the_largest(x):
    doubled = (2 * x).flatten()
    return (doubled / doubled[doubled.detach().abs().argmax()].abs()).reshape(x.shape)


@variant(merge_heads)
def contiguous_then_view(x):
    x = x.transpose(1, 2).contiguous()
    return x.view(x.size(0), x.size(1), -1)


@variant(merge_heads)
def heads_side_by_side(x):
    return torch.cat([x[:, head] for head in range(x.size(1))], dim=-1)


@variant(merge_heads)
def permuted_and_flattened(x):
    return x.permute(0, 2, 1, 3).flatten(2)


@variant(merge_heads)
def written_in_place_by_place(x):
    batch, heads, seq, d = x.shape
    result = x.new_zeros(batch, seq, heads * d)
    for head in range(heads):
        result[:, :, head * d : (head + 1) * d] = x[:, head]
    return result


@variant(merge_heads)
def looked_up_place_by_place(x):
    place = torch.arange(x.size(1) * x.size(3), device=x.device)
    return x[:, place // x.size(3), :, place % x.size(3)].permute(1, 2, 0)


@variant(average)
def promoted_by_pytorch(a, b):
    return (a + b) / 2  # float16 and float32 of one shape meet in float32


@variant(average)
def halves_added(a, b):
    return a.to(torch.float32) / 2 + 0.5 * b.to(torch.float32)


@variant(average)
def mean_of_the_stack(a, b):
    return torch.stack([a.float(), b.float()]).mean(0)


@variant(average)
def by_lerp(a, b):
    return torch.lerp(a.float(), b.float(), 0.5)


@variant(average)
def in_float64(a, b):
    return ((a.double() + b.double()) / 2).to(torch.float32)


@variant(running_loss)
def item_in_a_loop(losses):
    total = 0.0
    for loss in losses:
        total += loss.item()
    return total


@variant(running_loss)
def float_of_the_sum(losses):
    return float(sum(losses))


@variant(running_loss)
def detached_and_stacked(losses):
    return torch.stack([loss.detach() for loss in losses]).sum().item()


@variant(running_loss)
def without_gradients(losses):
    import math

    with torch.no_grad():
        return math.fsum(float(loss) for loss in losses)


# ------------------------------------------------------------------------------------------------------ mse, mistakes


@mistake(mse, says="every prediction met every target", in_stub=True)
def shapes_not_compared(pred, target):
    """This is the broken code: it subtracts whatever comes. (N, 1) and (N,) broadcast to (N, N), the mean of that is a
    number like any other, and the model learns the wrong thing without a word."""
    difference = pred - target
    return (difference**2).mean()


@mistake(mse, says="ValueError")
def assert_for_an_error(pred, target):
    """You used assert. It raises AssertionError, and Python can be told to skip it. Raise ValueError instead."""
    assert pred.shape == target.shape
    return (pred - target).square().mean()


@mistake(mse, says="every prediction met every target")
def as_many_numbers(pred, target):
    """You compared how many numbers there are. (4, 1) and (4,) both hold four, and still give (4, 4)."""
    if pred.numel() != target.numel():
        raise ValueError("not as many")
    return (pred - target).square().mean()


@mistake(mse, says="not equal")
def as_many_dimensions(pred, target):
    """You compared how many dimensions there are. (2, 3) and (2, 1) both have two."""
    if pred.ndim != target.ndim:
        raise ValueError("dimensions")
    return (pred - target).square().mean()


@mistake(mse, says="not equal")
def first_sizes_only(pred, target):
    """You compared the first size only, as len does. The others count as well."""
    if pred.shape[:1] != target.shape[:1]:
        raise ValueError("first size")
    return (pred - target).square().mean()


@mistake(mse, says="not equal")
def shape_of_the_difference(pred, target):
    """You asked whether the difference has the shape of pred. It has, wherever the target alone is stretched."""
    difference = pred - target
    if difference.shape != pred.shape:
        raise ValueError("stretched")
    return difference.square().mean()


@mistake(mse, says="It should raise ValueError")
def target_bent_into_shape(pred, target):
    """You gave the target the shape of pred. Perhaps the caller meant that, and perhaps not: raise the error."""
    if pred.shape != target.shape and pred.numel() == target.numel():
        target = target.reshape(pred.shape)
    if pred.shape != target.shape:
        raise ValueError("shapes")
    return (pred - target).square().mean()


@mistake(mse, says="It should raise ValueError")
def sizes_of_1_squeezed(pred, target):
    """You squeezed the sizes of 1 away before comparing. A shape with them is another shape: raise the error."""
    pred, target = pred.squeeze(), target.squeeze()
    if pred.shape != target.shape:
        raise ValueError("shapes")
    return (pred - target).square().mean()


@mistake(mse, says="It should raise ValueError")
def only_a_warning(pred, target):
    """You print a warning. It is one of a thousand lines, nobody reads it, and training goes on."""
    if pred.shape != target.shape:
        print("shapes differ!")
    return (pred - target).square().mean()


@mistake(mse, says="mean of the squared")
def sum_for_mean(pred, target):
    """You added the squares up. The mean divides by how many there are."""
    if pred.shape != target.shape:
        raise ValueError("shapes")
    return (pred - target).square().sum()


@mistake(mse, says="mean of the squared")
def absolute_for_squared(pred, target):
    """You took absolute values. The squared differences are asked for."""
    if pred.shape != target.shape:
        raise ValueError("shapes")
    return (pred - target).abs().mean()


@mistake(mse, says="shape of the result is ()")
def mean_of_each_row(pred, target):
    """You took the mean over the last dimension only. One number is asked for."""
    if pred.shape != target.shape:
        raise ValueError("shapes")
    return (pred - target).square().mean(-1)


@mistake(mse, says="Do not leave it out")
def nan_left_out(pred, target):
    """You left NaN out, with nanmean or nan_to_num. Then the loss looks healthy while the model is broken."""
    if pred.shape != target.shape:
        raise ValueError("shapes")
    return (pred - target).square().nanmean()


@mistake(mse, says="a tensor is asked for")
def as_a_python_number(pred, target):
    """You returned a Python number. Then training has no way back from the loss to the predictions."""
    if pred.shape != target.shape:
        raise ValueError("shapes")
    return (pred - target).square().mean().item()


@mistake(mse, says="changed its input")
def subtracted_in_place(pred, target):
    """You wrote the difference into pred. The caller's predictions are lost."""
    if pred.shape != target.shape:
        raise ValueError("shapes")
    pred -= target
    return pred.square().mean()


# ------------------------------------------------------------------------------------------------ add_noise, mistakes


@mistake(add_noise, says="same device", in_stub=True)
def moved_and_dropped(x, noise):
    """This is the broken code: it calls noise.to(...), and does not use what that returns. `.to` does not move a
    tensor. On a laptop with one device nobody notices."""
    noise.to(x.device)  # bring the noise to where x is
    return x + noise


@mistake(add_noise, says="same device")
def added_as_they_are(x, noise):
    """You added them as they came. If they are on two devices, PyTorch refuses."""
    return x + noise


@mistake(add_noise, says="where x is")
def x_comes_to_the_noise(x, noise):
    """You brought x to the noise. The sum is wanted where x is: there the computation goes on."""
    return x.to(noise.device) + noise


@mistake(add_noise, says="where x is")
def met_on_the_cpu(x, noise):
    """You brought both to the CPU, and left the sum there."""
    return x.cpu() + noise.cpu()


@mistake(add_noise, says="same device")
def always_to_the_cpu(x, noise):
    """You brought the noise to the CPU. That is where x is on your machine, but not on every one."""
    return x + noise.to("cpu")


@mistake(add_noise, says="The noise that you were given")
def drawn_anew(x, noise):
    """You drew new noise on the device of x. The caller's noise is to be added, each number of it."""
    return x + torch.randn_like(x)


@mistake(add_noise, says="The noise that you were given")
def noise_left_out(x, noise):
    """You made a tensor like the noise where x is, but its numbers stayed behind."""
    return x + torch.zeros_like(noise, device=x.device)


@mistake(add_noise, says="The noise that you were given")
def noise_multiplied(x, noise):
    """You multiplied. Noise is added."""
    return x * noise.to(x.device)


@mistake(add_noise, says="changed its input")
def added_in_place(x, noise):
    """You wrote the sum into x with += or add_. The caller's x has changed with it."""
    return x.add_(noise.to(x.device))


@mistake(add_noise, says="No gradient reaches `noise`")
def single_number_with_item(x, noise):
    """You took a single number out of its tensor with item. A number can meet any device, but it has no gradient."""
    return x + (noise.item() if noise.numel() == 1 else noise.to(x.device))


@mistake(add_noise, says="in the memory of an input")
def x_itself_without_noise(x, noise):
    """You returned x itself where all of the noise is 0. If the caller writes into the result, x changes as well."""
    noise = noise.to(x.device)
    return x + noise if noise.any() else x


@mistake(add_noise, says="gradient")
def noise_cut_off(x, noise):
    """You cut the noise off with detach, or moved it under torch.no_grad(). Noise may be learned as well: its gradient
    is promised."""
    return x + noise.detach().to(x.device)


@mistake(add_noise, says="dtype")
def noise_in_float32(x, noise):
    """You moved the noise with a dtype besides. The dtype is that of the two."""
    return x + noise.to(x.device, torch.float32)


# ---------------------------------------------------------------------------------------- normalized_double, mistakes


@mistake(normalized_double, says="overwritten", in_stub=True)
def divided_in_place(x):
    """This is the broken code: `/=` writes into the tensor that abs has kept for the gradient. The values are right,
    and then backward stops."""
    doubled = x * 2
    doubled /= doubled.abs().max()  # in place: saves memory
    return doubled


@mistake(normalized_double, says="overwritten")
def another_in_place(x):
    """You call div_, or write with [...] =. That is in place as well: a name that ends in _ tells it."""
    doubled = 2 * x
    return doubled.div_(doubled.abs().max())


@mistake(normalized_double, says="gradient of `x`")
def hidden_from_autograd(x):
    """You divided doubled.data, or under torch.no_grad(). The error is gone, for PyTorch does not see the division any
    more, and the gradient is silently wrong."""
    doubled = 2 * x
    doubled.data = doubled.data / doubled.data.abs().max()
    return doubled


@mistake(normalized_double, says="gradient of `x`")
def largest_detached(x):
    """You took the largest value out of the graph, with detach or item. It depends on x, so the gradient goes through
    it as well."""
    doubled = 2 * x
    return doubled / doubled.abs().max().detach()


@mistake(normalized_double, says="gradient")
def whole_graph_cut(x):
    """You cut x off from its graph. The error is gone, and the gradient with it."""
    doubled = 2 * x.detach()
    return doubled / doubled.abs().max()


@mistake(normalized_double, says="changed its input")
def doubled_in_place(x):
    """You doubled x itself. The caller's tensor has changed."""
    x *= 2
    return x / x.abs().max()


@mistake(normalized_double, says="absolute")
def largest_without_abs(x):
    """You divided by the largest value, without asking for absolute values. A large negative number then stays outside
    of -1 and 1."""
    doubled = 2 * x
    return doubled / doubled.max()


@mistake(normalized_double, says="whole tensor")
def largest_of_each_row(x):
    """You divided each row by its own largest value. There is one for the whole tensor."""
    doubled = 2 * x
    return doubled / (doubled.abs().amax(-1, keepdim=True) if x.ndim else doubled.abs())


@mistake(normalized_double, says="its own largest")
def divided_by_the_largest_of_x(x):
    """You divided by the largest value of x. It is the doubled tensor's own that is asked for, so 1 is the largest."""
    return 2 * x / x.abs().max()


@mistake(normalized_double, says="its own largest")
def divided_by_the_length(x):
    """You divided by the norm, the root of the sum of squares. The largest absolute value is asked for."""
    return 2 * x / (2 * x).norm()


@mistake(normalized_double, says="however small")
def with_an_eps(x):
    """You added a small number below the line, as one does against a division by 0. Where all numbers are small, it is
    not small any more, and the result is wrong."""
    doubled = 2 * x
    return doubled / (doubled.abs().max() + 1e-6)


@mistake(normalized_double, says="in the memory of an input")
def x_itself_if_it_fits(x):
    """You returned x itself where its largest absolute value is 1 already. The result must be a tensor of its own."""
    return x if x.abs().max() == 1 else x / x.abs().max()


@mistake(normalized_double, says="gradient of `x` is not right")
def sign_of_the_largest_forgotten(x):
    """Your gradient is right where the largest value is positive. A negative one gets smaller when its size grows: abs
    turns its gradient round, if you let it see the tensor."""
    doubled = 2 * x
    largest = doubled.flatten()[doubled.abs().argmax()]
    return doubled / (largest + (largest.abs() - largest).detach())


@mistake(normalized_double, says="its own largest")
def signs_lost(x):
    """You took the absolute values of all numbers. Only the largest is measured without its sign."""
    doubled = (2 * x).abs()
    return doubled / doubled.max()


# ---------------------------------------------------------------------------------------------- merge_heads, mistakes


@mistake(merge_heads, says="view size is not compatible", in_stub=True)
def view_of_a_transpose(x):
    """This is the broken code: after a transpose the numbers lie in memory in another order than the new shape needs. A
    view never moves them, so it refuses."""
    batch, heads, seq, d = x.shape
    x = x.transpose(1, 2)  # (batch, seq, heads, d)
    return x.view(batch, seq, heads * d)


@mistake(merge_heads, says="side by side")
def transpose_left_out(x):
    """You left the transpose out, and the error with it. Now view cuts the memory as it lies, and mixes the tokens: the
    shape is right and the numbers are not."""
    batch, heads, seq, d = x.shape
    return x.reshape(batch, seq, heads * d)


@mistake(merge_heads, says="view size is not compatible")
def contiguous_dropped(x):
    """You called contiguous() and did not use what it returns. It does not change a tensor: it returns another one."""
    batch, heads, seq, d = x.shape
    x = x.transpose(1, 2)
    x.contiguous()
    return x.view(batch, seq, heads * d)


@mistake(merge_heads, says="view size is not compatible")
def contiguous_too_early(x):
    """You made x contiguous before the transpose. It is the transpose that needs it, so afterwards."""
    batch, heads, seq, d = x.shape
    return x.contiguous().transpose(1, 2).view(batch, seq, heads * d)


@mistake(merge_heads, says="side by side")
def heads_taken_in_turns(x):
    """You put d before the heads, so a row takes one number of each head in turn. A head stays together."""
    return x.permute(0, 2, 3, 1).flatten(2)


@mistake(merge_heads, says="shape")
def batch_merged_too(x):
    """You merged the batch with the tokens. There are three dimensions in the result."""
    batch, heads, seq, d = x.shape
    return x.transpose(1, 2).reshape(batch * seq, heads * d)


@mistake(merge_heads, says="shape")
def only_transposed(x):
    """You transposed, and did not merge. The last two dimensions become one."""
    return x.transpose(1, 2).contiguous()


@mistake(merge_heads, says="shape")
def tokens_merged(x):
    """You merged the tokens with the heads. It is the heads and d that become one: heads * d."""
    batch, heads, seq, d = x.shape
    return x.transpose(1, 2).reshape(batch, seq * heads, d)


@mistake(merge_heads, says="shape")
def heads_added_up(x):
    """You added the heads. They stand side by side, and each keeps its numbers."""
    return x.sum(1)


@mistake(merge_heads, says="side by side")
def wrong_two_swapped(x):
    """You swapped the last two dimensions. It is heads and seq that change places: 1 and 2."""
    batch, heads, seq, d = x.shape
    return x.transpose(2, 3).reshape(batch, seq, heads * d)


@mistake(merge_heads, says="side by side")
def memory_reread(x):
    """You told PyTorch to read the memory in the new shape, with as_strided or resize_. Nothing checks that: the
    numbers come in the order in which they lie."""
    batch, heads, seq, d = x.shape
    return x.contiguous().as_strided((batch, seq, heads * d), (seq * heads * d, heads * d, 1))


@mistake(merge_heads, says="changed its input")
def transposed_in_place(x):
    """You used transpose_, which turns the caller's tensor as well."""
    batch, heads, seq, d = x.shape
    return x.transpose_(1, 2).reshape(batch, seq, heads * d)


@mistake(merge_heads, says="dtype")
def always_float32(x):
    """You made float32 of it. The result has the dtype of x."""
    return x.transpose(1, 2).flatten(2).float()


@mistake(merge_heads, says="need not be contiguous")
def memory_from_its_start(x):
    """You gave as_strided the strides of x, and read from the start of its memory. x may begin further on."""
    batch, heads, seq, d = x.shape
    b, h, s, step = x.stride()
    return x.as_strided((batch, seq, heads, d), (b, s, h, step), 0).reshape(batch, seq, heads * d)


@mistake(merge_heads, says="not computed with")
def by_a_sum_with_zeros(x):
    """You multiplied with 0 and 1, and added up. 0 times infinity is not 0 but NaN: move the numbers instead."""
    heads, d = x.shape[1], x.shape[3]
    places = torch.eye(heads * d, dtype=torch.float64, device=x.device).reshape(heads, d, heads * d)
    return torch.einsum("bhsd,hdm->bsm", x.double(), places).to(x.dtype)


@mistake(merge_heads, says="gradient")
def through_numpy(x):
    """You let NumPy reshape it, or built it from a list. The way back to x is lost."""
    batch, heads, seq, d = x.shape
    made = torch.zeros(batch, seq, heads * d, dtype=x.dtype, device=x.device)
    for head in range(heads):
        made[:, :, head * d : (head + 1) * d] = x[:, head].detach()
    return made


# -------------------------------------------------------------------------------------------------- average, mistakes


@mistake(average, says="dtype", in_stub=True)
def b_takes_the_dtype_of_a(a, b):
    """This is the broken code: it brings b to the dtype of a. That is right if a is float32. If a is float16, the
    digits of b are lost, and the sum may be too large for float16: infinity."""
    b = b.to(a.dtype)  # two tensors should have one dtype
    return (a + b) / 2


@mistake(average, says="dtype")
def a_takes_the_dtype_of_b(a, b):
    """You brought a to the dtype of b. That mends the one order, and breaks the other."""
    return (a.to(b.dtype) + b) / 2


@mistake(average, says="dtype")
def both_in_float16(a, b):
    """You brought both to float16. Half of the memory, and a tenth of the numbers: 65504 is the largest."""
    return (a.half() + b.half()) / 2


@mistake(average, says="65504")
def float32_at_the_end(a, b):
    """You added in float16, and made float32 of the result. Then infinity is already there, and float32 keeps it."""
    return ((a.half() + b.half()) / 2).float()


@mistake(average, says="65504")
def halves_in_float16(a, b):
    """You halved before adding, so the sum is safe. But what float16 cannot hold was lost before."""
    return (a.half() / 2 + b.half() / 2).float()


@mistake(average, says="before you halve")
def halved_before_float32(a, b):
    """You halved each one before they met, the float16 one in float16. The smallest numbers become 0 there."""
    return a / 2 + b / 2


@mistake(average, says="in the memory of an input")
def one_of_them_if_equal(a, b):
    """You returned one of the two where they are equal. The caller gets a tensor that is shared with an input."""
    if torch.equal(a.float(), b.float()):
        return a if a.dtype == torch.float32 else b
    return (a + b) / 2


@mistake(average, says="65504")
def clamped(a, b):
    """You cut what is too large down to 65504. That is no infinity, and still not the mean."""
    total = (a.float() + b.float()).clamp(-65504, 65504)
    return total / 2


@mistake(average, says="65504")
def in_bfloat16(a, b):
    """You used bfloat16. It can hold large numbers, but it has only two digits."""
    return ((a.bfloat16() + b.bfloat16()) / 2).float()


@mistake(average, says="dtype")
def in_float64_for_ever(a, b):
    """You computed in float64, which is safe, and left it there. float32 is promised."""
    return (a.double() + b.double()) / 2


@mistake(average, says="(a + b) / 2")
def half_of_b_only(a, b):
    """You wrote a + b / 2. The division comes before the addition: parentheses are missing."""
    return a.float() + b.float() / 2


@mistake(average, says="(a + b) / 2")
def sum_not_halved(a, b):
    """You added, and did not divide by 2."""
    return a.float() + b.float()


@mistake(average, says="(a + b) / 2")
def mean_of_all(a, b):
    """You took the mean of everything. It is taken number by number, and the shape stays."""
    return (a.float() + b.float()).mean() / 2


@mistake(average, says="changed its input")
def added_into_a(a, b):
    """You wrote the sum into a. The caller's tensor has changed, and in place a float16 tensor stays float16."""
    a += b
    return a / 2


@mistake(average, says="(a + b) / 2")
def whole_numbers(a, b):
    """You used //, which rounds down to a whole number."""
    return (a.float() + b.float()) // 2


@mistake(average, says="gradient")
def made_anew(a, b):
    """You built the result from Python numbers, or detached the two. The way back to them is lost."""
    return (a.detach().float() + b.detach().float()) / 2


# --------------------------------------------------------------------------------------------- running_loss, mistakes


@mistake(running_loss, says="The NaN was left out")
def nan_skipped(losses):
    """You skipped losses that are NaN. The total looks healthy then, while the model is broken: let it show."""
    return sum((loss.item() for loss in losses if not loss.isnan()), 0.0)


@mistake(running_loss, says="float is asked for", in_stub=True)
def total_of_tensors(losses):
    """This is the broken code: a number plus a tensor is a tensor, and it remembers the graphs of all losses. So in a
    long training the memory fills up, step by step."""
    total = 0.0
    for loss in losses:
        total += loss
    return total


@mistake(running_loss, says="float is asked for")
def detached_total(losses):
    """You detached the losses. No graph is kept, and that is well, but a Python float is promised."""
    return sum(loss.detach() for loss in losses)


@mistake(running_loss, says="total")
def mean_for_total(losses):
    """You divided by how many there are. The total is asked for."""
    return sum(loss.item() for loss in losses) / len(losses)


@mistake(running_loss, says="total")
def last_one_only(losses):
    """You replaced the total in each step in place of adding to it."""
    total = 0.0
    for loss in losses:
        total = loss.item()
    return total


@mistake(running_loss, says="total")
def returned_in_the_loop(losses):
    """Your return stands inside the loop, so it ends after the first loss."""
    total = 0.0
    for loss in losses:
        total += loss.item()
        return total


@mistake(running_loss, says="total")
def rounded_to_whole_numbers(losses):
    """You used int, which cuts off what stands behind the point."""
    return float(sum(int(loss) for loss in losses))


@mistake(running_loss, says="keeps its graph")
def detached_in_place(losses):
    """You called detach_, with _ at the end: it takes the graph from the caller's own losses."""
    return float(sum(loss.detach_() for loss in losses))


@mistake(running_loss, says="keeps its graph")
def backward_to_free_the_graph(losses):
    """You called backward to have the graphs freed. That computes gradients that nobody asked for, and the caller's own
    backward stops afterwards."""
    total = 0.0
    for loss in losses:
        if loss.requires_grad:
            loss.backward()
        total += loss.item()
    return total


@mistake(running_loss, says="as often as it comes")
def each_loss_once(losses):
    """You put the losses in a set or a dict. There each of them stands once, however often it came."""
    return float(sum(loss.item() for loss in set(losses)))


@mistake(running_loss, says="with or without a graph")
def only_losses_with_a_graph(losses):
    """You left out the losses without a graph. They have no gradient, but they do have a number."""
    if any(loss.requires_grad for loss in losses):
        losses = [loss for loss in losses if loss.requires_grad]
    return float(sum(loss.item() for loss in losses))


@mistake(running_loss, says="total of all losses")
def rounded_to_a_few_digits(losses):
    """You rounded the total, to print it. How many digits are shown is up to the caller."""
    return round(sum(loss.item() for loss in losses), 4)


@mistake(running_loss, says="Do not leave it out")
def infinity_left_out(losses):
    """You left out what is infinity or NaN. The total is printed so that somebody sees when that happens."""
    return float(sum(loss.item() for loss in losses if loss.isfinite()))


@mistake(running_loss, says="ends with its block")
def gradients_switched_off_for_all(losses):
    """You switched gradients off and not on again. From then on nothing learns, and no error says so."""
    torch.set_grad_enabled(False)
    return float(sum(losses))


@mistake(running_loss, says="requires_grad")
def losses_taken_out_of_training(losses):
    """You set requires_grad of the losses to False. They are the caller's, and somebody may still train with them."""
    total = 0.0
    for loss in losses:
        total += loss.item()
        if loss.is_leaf:
            loss.requires_grad_(False)
    return total


@mistake(running_loss, says="list stays")
def taken_out_of_the_list(losses):
    """You took the losses out of the list one after the other. It is the caller's list, and now it is empty."""
    total = 0.0
    if isinstance(losses, tuple):
        return float(sum(losses))
    while losses:
        total += losses.pop().item()
    return total


class _Kept:
    total = None


@mistake(running_loss, says="lets go")
def kept_for_later(losses):
    """You keep the tensors somewhere else as well, in a list or an attribute, and the graphs with them."""
    _Kept.total = sum(losses)
    return _Kept.total.item()


@mistake(running_loss, says="total")
def halves_of_numbers(losses):
    """You added the losses up in float16. It has 3 digits, and 65504 is its largest number."""
    return sum(loss.half() for loss in losses).item()


@mistake(running_loss, says="a float is asked for")
def as_text(losses):
    """You made text of the total, to print it. That is up to the caller."""
    return f"{sum(loss.item() for loss in losses):.4f}"
