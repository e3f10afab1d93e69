"""MLP: layers in sequence, with a bend between them."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dojo.authoring import mistake, variant


def relu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Keep every number above 0, and put 0 in the place of every number below 0.

    ReLU stands for "rectified linear unit": max(x, 0), number by number.
    Write it yourself: PyTorch's relu and its relatives (leaky_relu, relu6, elu, threshold and the like) are not
    allowed in this function. `clamp`, `maximum`, `where` and plain arithmetic are.

    Args:
        x: at least one number, of any shape and any floating-point dtype. Neither x nor 2 * x holds inf or nan.
            It is not modified.

    Returns:
        A new tensor with the shape, dtype and device of x.
        Gradients flow back to x: they pass where x is above 0, and are 0 where x is below. (At 0 any
        gradient from 0 to 1 will do.)

    Example:
        >>> relu(torch.tensor([-2.0, 0.0, 3.0]))
        tensor([0., 0., 3.])
    """
    return x.clamp(min=0)


class SimpleNet(nn.Module):
    """Two linear layers with a ReLU between them.

    `layer1` goes from n_in to n_hidden, `layer2` from n_hidden to n_out. Both are `nn.Linear` layers with bias, as
    PyTorch makes them (their first numbers too), and their parameters are all that the net learns. Nothing comes after
    the second layer.
    Training mode and evaluation mode give the same result, and a call changes nothing that the net holds.
    For the ReLU take your own `relu` or PyTorch's (`nn.ReLU`, `torch.relu`), as you like.

    Example:
        >>> net = SimpleNet(3, 8, 2)
        >>> net(torch.ones(5, 3)).shape
        torch.Size([5, 2])
        >>> net.layer1.weight.shape, net.layer2.weight.shape
        (torch.Size([8, 3]), torch.Size([2, 8]))
    """

    def __init__(self, n_in: int, n_hidden: int, n_out: int) -> None:
        """Make the two layers.

        Args:
            n_in: how many numbers one token has when it comes in.
            n_hidden: how many numbers it has between the layers.
            n_out: how many numbers it has when it leaves. All three are at least 1.
        """
        super().__init__()
        self.layer1 = nn.Linear(n_in, n_hidden)
        self.layer2 = nn.Linear(n_hidden, n_out)

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """Send every token through the first layer, the ReLU and the second layer.

        Args:
            x: at least one token, shape (..., n_in), with any number of dimensions in front, or none. It has the dtype
                and the device of the parameters. It is not modified.

        Returns:
            A new tensor, shape (..., n_out), with the dtype and device of x.
            Gradients flow back to x and to the parameters of both layers.
        """
        hidden = relu(self.layer1(x))  # (..., n_hidden)
        return self.layer2(hidden)  # (..., n_out)


class DeepNet(nn.Module):
    """Any number of linear layers, with a ReLU after each one but the last.

    `layers` holds the layers in their order, and nothing else: an `nn.ModuleList` (or an `nn.Sequential`) of
    `nn.Linear` layers with bias, as PyTorch makes them (their first numbers too). Each is a layer of its own, and their
    parameters are all that the net learns.
    Training mode and evaluation mode give the same result, and a call changes nothing that the net holds.
    For the ReLU take your own `relu` or PyTorch's (`nn.ReLU`, `torch.relu`), as you like.

    Example:
        >>> net = DeepNet([3, 8, 6, 2])
        >>> net(torch.ones(5, 3)).shape
        torch.Size([5, 2])
        >>> [layer.out_features for layer in net.layers]
        [8, 6, 2]
    """

    def __init__(self, sizes: list[int] | tuple[int, ...]) -> None:
        """Make the layers.

        Args:
            sizes: how many numbers a token has: when it comes in, after the first layer, after the second, and so on.
                Two sizes or more, as a list or a tuple, each at least 1. The same size may occur twice.
                With two sizes there is one layer, and no ReLU. The list belongs to the caller: it is left unchanged,
                and when the caller changes it later, the net stays as it is.
        """
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1))

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """Send every token through all the layers, with a ReLU between each layer and the next.

        Args:
            x: at least one token, shape (..., n_in), where n_in is the first of the sizes, with any number of
                dimensions in front, or none. It has the dtype and the device of the parameters. It is not modified.

        Returns:
            A new tensor, shape (..., n_out), where n_out is the last of the sizes, with the dtype and device of x.
            Gradients flow back to x and to the parameters of every layer.
        """
        for i, layer in enumerate(self.layers):
            x = layer(x if i == 0 else relu(x))
        return x


def hidden_activations(net: SimpleNet, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_hidden"]:
    """Show what stands between the two layers of a net: the numbers after its ReLU.

    Args:
        net: a SimpleNet, as your own class makes it. It is left as it is: its numbers, their .grad, its mode.
        x: at least one token, shape (..., n_in), with the dtype and device of the net. It is not modified.

    Returns:
        A new tensor, shape (..., n_hidden): what `net` hands to its second layer when it is called with x.
        It has the dtype and device of x. Gradients flow back to x and to the parameters of the first layer.

    Example:
        >>> hidden_activations(SimpleNet(3, 8, 2), torch.ones(5, 3)).shape
        torch.Size([5, 8])
    """
    return relu(net.layer1(x))


BANNED = {
    "relu": {
        "*elu*": "write relu yourself, from clamp, maximum, where or plain arithmetic",
        "threshold*": "write relu yourself, from clamp, maximum, where or plain arithmetic",
    }
}

HINTS = {
    "relu": [
        "Take -2, 0 and 3, each for itself. Which is larger, the number or 0?",
        "The shape stays. Every number is compared with 0, and the larger of the two is kept. Look up `clamp`.",
        "x.clamp with min=0 does it. Or torch.where with three arguments: x > 0, x, and 0.",
    ],
    "SimpleNet": [
        "Which parts must the net keep, so that they can learn? And which part has nothing to learn?",
        "(..., n_in) through layer1 is (..., n_hidden); relu keeps that shape; layer2 makes (..., n_out) of it. "
        "The two layers are made in __init__, as attributes of self.",
        "__init__: super().__init__(), then self.layer1 = nn.Linear(n_in, n_hidden), and layer2 in the same way. "
        "forward: give x to layer1, the result to relu, and that to layer2.",
    ],
    "DeepNet": [
        "For the sizes 3, 8, 6, 2: how many layers are there, and from what to what does each go?",
        "The layers go from each size to the next: 3 to 8, 8 to 6, 6 to 2. nn.ModuleList keeps them so that they are "
        "found. In forward one loop does it: a relu stands before every layer but the first.",
        "For each i below len(sizes) - 1 make an nn.Linear from sizes[i] to sizes[i + 1], all in an nn.ModuleList. "
        "forward: loop with enumerate(self.layers); where i is above 0, x goes through relu first; then through the "
        "layer.",
    ],
    "hidden_activations": [
        "It is the first half of SimpleNet's forward. Where does that half end?",
        "x (..., n_in), through the first layer of the net: (..., n_hidden). Then the ReLU, and stop.",
        "net.layer1 is the first layer. Give x to it, and the result to relu.",
    ],
}


# -------------------------------------------------------------------------------------------------- relu, other ways


@variant(relu)
def the_larger_of_two(x):
    return torch.maximum(x, torch.zeros_like(x))


@variant(relu)
def chosen_by_where(x):
    return torch.where(x > 0, x, torch.zeros((), dtype=x.dtype, device=x.device))


@variant(relu)
def times_the_mask(x):
    return x * (x > 0)


@variant(relu)
def half_of_x_and_its_size(x):
    return (x + x.abs()) / 2


@variant(relu)
def zeros_written_into_a_copy(x):
    out = x.clone()
    out[out < 0] = 0
    return out


@variant(relu)
def larger_than_a_lone_zero(x):
    return torch.maximum(x, torch.tensor(0.0))


@variant(relu)
def filled_where_negative(x):
    return x.masked_fill(x.le(0), 0.0)


@variant(relu)
def number_by_number(x):
    numbers = [number if number > 0 else number * 0 for number in x.flatten()]
    return torch.stack(numbers).reshape(x.shape)


@variant(relu)
def x_minus_its_negative_part(x):
    return x - torch.minimum(x, 0 * x)


@variant(relu)
def stacked_with_zeros(x):
    return torch.stack([x, torch.zeros_like(x)]).amax(dim=0)


# --------------------------------------------------------------------------------------------- SimpleNet, other ways


@variant(SimpleNet)
class ClampInForward(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.layer2 = nn.Linear(n_hidden, n_out)
        self.layer1 = nn.Linear(n_in, n_hidden)

    def forward(self, x):
        x = self.layer1(x)
        x = x.clamp_(min=0)  # its own tensor, not the caller's
        return self.layer2(x)


class _Bend(nn.Module):
    def forward(self, x):
        return torch.where(x < 0, 0.0, x).to(x.dtype)


@variant(SimpleNet)
class AlsoASequential(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, n_hidden), _Bend(), nn.Linear(n_hidden, n_out))
        self.layer1, self.layer2 = self.net[0], self.net[2]

    def forward(self, x):
        return self.net(x)


@variant(SimpleNet)
class ProductsByHand(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.layer1 = nn.Linear(n_in, n_hidden, bias=True)
        self.layer2 = nn.Linear(n_hidden, n_out, bias=True)
        self.sizes = (n_in, n_hidden, n_out)

    def hidden(self, x):
        return relu(x @ self.layer1.weight.T + self.layer1.bias)

    def forward(self, x):
        return torch.einsum("...h,oh->...o", self.hidden(x), self.layer2.weight) + self.layer2.bias


@variant(SimpleNet)
class MadeInALoop(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        for i in (0, 1):
            self.add_module(f"layer{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        first, second = self.children()
        return second(torch.maximum(first(x), x.new_zeros(())))


@variant(SimpleNet)
class ReluAsAModule(SimpleNet):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.layer2(self.relu(self.layer1(x)))


@variant(SimpleNet)
class ReluAsAFunction(SimpleNet):
    def forward(self, x):
        return self.layer2(nn.functional.relu(self.layer1(x), inplace=True))


@variant(SimpleNet)
class OnlyTheParametersAreUsed(SimpleNet):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        self.bend = relu

    def forward(self, x):
        x = nn.functional.linear(x, self.layer1.weight, self.layer1.bias)
        return nn.functional.linear(self.bend(x), self.layer2.weight, self.layer2.bias)


# ----------------------------------------------------------------------------------------------- DeepNet, other ways


@variant(DeepNet)
class SequentialOfLinears(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.Sequential(*[nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = relu(layer(x))
        return self.layers[-1](x)


@variant(DeepNet)
class AppendedOneByOne(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList()
        n_in, *rest = sizes
        for n_out in rest:
            self.layers.append(nn.Linear(n_in, n_out))
            n_in = n_out

    def forward(self, x):
        last = len(self.layers) - 1
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i != last:
                x = x * (x > 0)
        return x


@variant(DeepNet)
class ByRecursion(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        remaining = list(sizes)
        made = []
        while len(remaining) > 1:
            made.append(nn.Linear(remaining.pop(0), remaining[0]))
        self.layers = nn.ModuleList(made)

    def after(self, x, i):
        if i == 0:
            return self.layers[0](x)
        return self.layers[i](relu(self.after(x, i - 1)))

    def forward(self, x):
        return self.after(x, len(self.layers) - 1)


@variant(DeepNet)
class FirstThenTheOthers(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.depth = len(sizes) - 1
        self.layers = nn.ModuleList([nn.Linear(*sizes[i : i + 2]) for i in range(self.depth)])

    def forward(self, x):
        first, *others = self.layers
        x = first(x)
        for layer in others:
            x = layer(x.clamp_min(0))
        return x


@variant(DeepNet)
class ReluAsOneModule(DeepNet):
    def __init__(self, sizes):
        super().__init__(sizes)
        self.act = nn.ReLU()

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.act(layer(x))
        return self.layers[-1](x)


@variant(DeepNet)
class ReluAsAMethod(DeepNet):
    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x if i == 0 else x.relu())
        return x


@variant(DeepNet)
class AlsoASequentialWithRelus(DeepNet):
    def __init__(self, sizes):
        super().__init__(sizes)
        parts = []
        for layer in self.layers:
            parts += [layer, nn.ReLU()]
        self.net = nn.Sequential(*parts[:-1])

    def forward(self, x):
        return self.net(x)


# ------------------------------------------------------------------------------------ hidden_activations, other ways


@variant(hidden_activations)
def caught_on_the_way(net, x):
    caught = []
    hook = net.layer2.register_forward_pre_hook(lambda layer, inputs: caught.append(inputs[0]))
    try:
        net(x)
    finally:
        hook.remove()
    return caught[0]


@variant(hidden_activations)
def first_half_by_hand(net, x):
    before = nn.functional.linear(x, net.layer1.weight, net.layer1.bias)
    return before.clamp(min=0)


@variant(hidden_activations)
def masked_first_layer(net, x):
    before = net.layer1(x)
    return torch.where(before > 0, before, torch.zeros_like(before))


@variant(hidden_activations)
def by_the_relu_of_pytorch(net, x):
    return torch.relu(net.layer1(x))


@variant(hidden_activations)
def a_sequential_around_the_first_layer(net, x):
    return nn.Sequential(net.layer1, nn.ReLU(inplace=True))(x)


@variant(hidden_activations)
def second_layer_taken_out_for_a_moment(net, x):
    layer2 = net.layer2
    net.layer2 = nn.Identity()
    try:
        return net(x)
    finally:
        net.layer2 = layer2


# ---------------------------------------------------------------------------------------------------- relu, mistakes


@mistake(relu, says="This kata asks you")
def built_in(x):
    """You called PyTorch's own relu. Here you write it yourself: it is one line. In the nets you may call either."""
    return torch.relu(x)


@mistake(relu, says="This kata asks you")
def leaky_without_a_leak(x):
    """You called a relative of relu with a number that makes it relu. Here you write it yourself: it
    is one line."""
    return nn.functional.leaky_relu(x, 0.0)


@mistake(relu, says="below 0 becomes 0")
def absolute_value(x):
    """You took the absolute value, which turns -2 into 2. ReLU turns it into 0."""
    return x.abs()


@mistake(relu, says="stays as it is")
def sign_only(x):
    """You kept only the sign: 1 for what is positive. ReLU keeps the number itself."""
    return x.sign().clamp(min=0)


@mistake(relu, says="below 0 becomes 0")
def times_its_sign(x):
    """You multiplied by the sign. That makes -2 into 2, because the sign of -2 is -1; for ReLU it would have to be
    0."""
    return x * x.sign()


@mistake(relu, says="stays as it is")
def negative_part(x):
    """You kept what is below 0 and removed what is above. `max` in clamp is the upper limit; ReLU has a lower limit."""
    return x.clamp(max=0)


@mistake(relu, says="stays as it is")
def upper_limit_of_one(x):
    """You cut the numbers at 1 as well. ReLU has no upper limit."""
    return x.clamp(0, 1)


@mistake(relu, says="stays as it is")
def upper_limit_of_six(x):
    """You cut the numbers at 6, as ReLU6 does for small devices. ReLU has no upper limit."""
    return x.clamp(0, 6)


@mistake(relu, says="below 0 becomes 0")
def leaks_a_little(x):
    """You let a little of the negative numbers through. That is leaky ReLU; here they become 0."""
    return torch.where(x > 0, x, 0.01 * x)


@mistake(relu, says="stays as it is")
def whether_above_zero(x):
    """You returned whether a number is above 0, as 0 or 1. Multiply x by that, and you have it."""
    return (x > 0).to(x.dtype)


@mistake(relu, says="shape")
def only_the_positive_ones(x):
    """You picked the positive numbers out, and lost where they stood. The others stay in their place, as 0."""
    return x[x > 0]


@mistake(relu, says="Boolean value of Tensor")
def python_max(x):
    """You used Python's max, which asks one question about the whole tensor. Every number has its own answer:
    torch.maximum, or clamp."""
    return max(x, torch.zeros_like(x))


@mistake(relu, says="Number by number")
def all_or_nothing(x):
    """You looked at the sum of the tensor. Every number is compared with 0 on its own."""
    return x if x.sum() > 0 else torch.zeros_like(x)


@mistake(relu, says="Number by number")
def shifted_by_the_smallest(x):
    """You subtracted the smallest number, so that none is below 0. ReLU does not move the positive numbers."""
    return x - x.min().clamp(max=0)


@mistake(relu, says="below 0 becomes 0")
def smooth_bend(x):
    """You used a smooth curve (softplus, log(1 + exp(x))). ReLU has a sharp corner at 0."""
    return torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0)


@mistake(relu, says="below 0 becomes 0")
def swish(x):
    """You multiplied by the sigmoid, which lets a little of the negative numbers through. Here they become 0."""
    return x * torch.sigmoid(x)


@mistake(relu, says="stays as it is")
def small_numbers_cut(x):
    """You cut below 1, or rounded. Every number above 0 passes, however small."""
    return torch.where(x >= 1, x, torch.zeros_like(x))


@mistake(relu, says="changed its input")
def clamped_in_place(x):
    """You used clamp_, with an underscore: it writes into x. The layer before may still need its numbers."""
    return x.clamp_(min=0)


@mistake(relu, says="gradient")
def without_gradient(x):
    """You detached x, or computed under no_grad. The layers before a ReLU learn through it."""
    return x.detach().clamp(min=0)


@mistake(relu, says="gradient")
def straight_through(x):
    """You let the gradient pass everywhere, also where the number was cut to 0. There it is 0: a small change of x
    changes nothing."""
    return x + (x.clamp(min=0) - x).detach()


@mistake(relu, says="dtype")
def zeros_of_float32(x):
    """You compared with zeros of float32, and half precision became float32. Give them the dtype of x."""
    return torch.maximum(x, torch.zeros(x.shape, device=x.device))


@mistake(relu, says="device")
def zeros_on_the_cpu(x):
    """You made zeros on the CPU. On a GPU they cannot be compared with x: make them where x lives."""
    return torch.maximum(x, torch.zeros(x.shape, dtype=x.dtype))


@mistake(relu, says="It returned None")
def nothing_returned(x):
    """You computed the result and did not return it."""
    x.clamp(min=0)


@mistake(relu, says="its square is inf")
def half_of_x_and_the_root_of_its_square(x):
    """You took the root of the square for the absolute value. The square is too large for float32 long before x is.
    `abs` takes no such detour."""
    return (x + torch.sqrt(x * x)) / 2


@mistake(relu, says="The gradient at 0")
def a_root_squared(x):
    """You took a root and squared it again. The numbers are right, but at 0 the gradient is NaN: the slope of a root is
    inf there."""
    root = x.clamp(min=0).sqrt()
    return torch.where(x > 0, x, root * root)


@mistake(relu, says="0 stays 0")
def a_little_above_zero(x):
    """You put a tiny number in the place of 0, as one does before a logarithm. ReLU puts 0."""
    return x.clamp(min=1e-6)


@mistake(relu, says="The result keeps the dtype of x")
def detour_through_float32(x):
    """You computed in float32 and converted back. For a float64 half of the digits are lost on the way."""
    return x.float().clamp(min=0).to(x.dtype)


@mistake(relu, says="shares its memory")
def lone_number_returned_itself(x):
    """You asked `if x > 0` for a lone number, and returned x itself. The result is a new tensor, for every shape."""
    if x.ndim == 0:
        return x if x > 0 else torch.zeros_like(x)
    return x.clamp(min=0)


# ----------------------------------------------------------------------------------------------- SimpleNet, mistakes


@mistake(SimpleNet, says="between the layers")
class NoActivation(SimpleNet):
    """You left the ReLU out. Two linear layers in a row are one linear layer: the second adds nothing."""

    def forward(self, x):
        return self.layer2(self.layer1(x))


@mistake(SimpleNet, says="Nothing comes after")
class ActivationAtTheEnd(SimpleNet):
    """You put a ReLU after the second layer as well. The net could never give a number below 0."""

    def forward(self, x):
        return relu(self.layer2(relu(self.layer1(x))))


@mistake(SimpleNet, says="between the layers")
class ActivationOnlyAtTheEnd(SimpleNet):
    """You put the ReLU after the second layer. It stands between the two."""

    def forward(self, x):
        return relu(self.layer2(self.layer1(x)))


@mistake(SimpleNet, says="between the layers")
class ActivationAtTheStart(SimpleNet):
    """You put the ReLU before the first layer, so half of the input is lost before anybody looked at it."""

    def forward(self, x):
        return self.layer2(self.layer1(relu(x)))


@mistake(SimpleNet, says="between the layers")
class ActivationTwice(SimpleNet):
    """You put a ReLU before the first layer too. The numbers below 0 of the input are lost then."""

    def forward(self, x):
        return self.layer2(relu(self.layer1(relu(x))))


@mistake(SimpleNet, says="between the layers")
class TanhBetween(SimpleNet):
    """You used tanh between the layers. It bends too, but this net has a ReLU."""

    def forward(self, x):
        return self.layer2(torch.tanh(self.layer1(x)))


@mistake(SimpleNet, says="between the layers")
class SigmoidBetween(SimpleNet):
    """You used the sigmoid between the layers, as older nets do. This one has a ReLU."""

    def forward(self, x):
        return self.layer2(torch.sigmoid(self.layer1(x)))


@mistake(SimpleNet, says="between the layers")
class SizeInTheMiddle(SimpleNet):
    """You took the absolute value between the layers. ReLU makes the negative numbers 0."""

    def forward(self, x):
        return self.layer2(self.layer1(x).abs())


@mistake(SimpleNet, says="Nothing comes after")
class SoftmaxAtTheEnd(SimpleNet):
    """You turned the result into shares with softmax. The net returns what its second layer gives; whoever wants shares
    makes them outside."""

    def forward(self, x):
        return torch.softmax(self.layer2(relu(self.layer1(x))), dim=-1)


@mistake(SimpleNet, says="Nothing comes after")
class InputAddedBack(SimpleNet):
    """You added x to the result where the sizes allow it. Transformers do that around their blocks; this net does
    not."""

    def forward(self, x):
        out = self.layer2(relu(self.layer1(x)))
        return out + x if out.shape == x.shape else out


@mistake(SimpleNet, says="bias")
class LayersWithoutBias(SimpleNet):
    """You made the layers without a bias. nn.Linear has one unless you say otherwise, and this net needs it."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        self.layer1 = nn.Linear(n_in, n_hidden, bias=False)
        self.layer2 = nn.Linear(n_hidden, n_out, bias=False)


@mistake(SimpleNet, says="from n_in to n_hidden")
class SizesTurned(SimpleNet):
    """You gave nn.Linear its sizes in the other order. First comes how many numbers go in, then how many come out."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        self.layer1 = nn.Linear(n_hidden, n_in)
        self.layer2 = nn.Linear(n_out, n_hidden)


@mistake(SimpleNet, says="from n_in to n_hidden")
class SecondLayerFromTheInput(SimpleNet):
    """You made the second layer from n_in to n_out. It gets what the first one gives: n_hidden numbers."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        self.layer2 = nn.Linear(n_in, n_out)


@mistake(SimpleNet, says="from n_in to n_hidden")
class OneMoreLayer(SimpleNet):
    """You put another layer between the two. SimpleNet has two."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        self.middle = nn.Linear(n_hidden, n_hidden)

    def forward(self, x):
        return self.layer2(relu(self.middle(relu(self.layer1(x)))))


@mistake(SimpleNet, says="layer1 and layer2")
class OtherNamesForTheLayers(nn.Module):
    """You gave the layers other names. Here they are layer1 and layer2, and a saved net is loaded by these names."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(n_in, n_hidden), nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.fc2(relu(self.fc1(x)))


@mistake(SimpleNet, says="super().__init__()")
class NoSuper(nn.Module):
    """You did not call super().__init__(). There nn.Module makes the place where it keeps its layers."""

    def __init__(self, n_in, n_hidden, n_out):
        self.layer1 = nn.Linear(n_in, n_hidden)
        self.layer2 = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.layer2(relu(self.layer1(x)))


@mistake(SimpleNet, says="layer1 and layer2")
class LayersMadeInForward(nn.Module):
    """You made the layers in forward. They are new at every call, with new random numbers, so nothing is ever learned.
    Make them once, in __init__."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.sizes = n_in, n_hidden, n_out

    def forward(self, x):
        n_in, n_hidden, n_out = self.sizes
        first, second = nn.Linear(n_in, n_hidden), nn.Linear(n_hidden, n_out)
        return second(relu(first(x)))


@mistake(SimpleNet, says="layer1 and layer2")
class LayersInAList(nn.Module):
    """You kept the layers in a Python list. The module does not look into lists, so it finds no parameters. Make each
    layer an attribute of self."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.parts = [nn.Linear(n_in, n_hidden), nn.Linear(n_hidden, n_out)]

    def forward(self, x):
        return self.parts[1](relu(self.parts[0](x)))


@mistake(SimpleNet, says="two layers")
class SharedWhereTheSizesAllow(SimpleNet):
    """You used one layer twice where the sizes allow it. These are two layers, and each learns on its own."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        if n_in == n_hidden == n_out:
            self.layer2 = self.layer1


@mistake(SimpleNet, says="gradient")
class CutInTheMiddle(SimpleNet):
    """You detached what the first layer gives. The first layer gets no gradient then, and never learns."""

    def forward(self, x):
        return self.layer2(relu(self.layer1(x).detach()))


@mistake(SimpleNet, says="gradient")
class UnderNoGrad(SimpleNet):
    """You compute under torch.no_grad(). Whoever trains the net needs its gradients."""

    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


@mistake(SimpleNet, says="evaluation")
class DropsInTraining(SimpleNet):
    """You added dropout. It belongs into many nets, but not into this one: both modes give the same."""

    def forward(self, x):
        hidden = relu(self.layer1(x))
        return self.layer2(nn.functional.dropout(hidden, 0.5, not self.training))


@mistake(SimpleNet, says="any number of dimensions")
class OnlyRows(SimpleNet):
    """You put all tokens into one list of rows, and did not bring the dimensions back. A linear layer takes any number
    of dimensions in front: nothing has to be flattened."""

    def forward(self, x):
        x = x.reshape(-1, x.shape[-1])
        return self.layer2(relu(self.layer1(x)))


@mistake(SimpleNet, says="any number of dimensions")
class SequencesFlattened(SimpleNet):
    """You flattened each sequence to one row, as for pictures. Here each token goes through the net on its own."""

    def forward(self, x):
        return self.layer2(relu(self.layer1(x.flatten(1) if x.ndim > 2 else x)))


@mistake(SimpleNet, says="dtype")
class FloatInTheMiddle(SimpleNet):
    """You converted the result to float32. A net of another dtype gives that dtype back."""

    def forward(self, x):
        return super().forward(x).float()


@mistake(SimpleNet, says="Nothing is remembered")
class HiddenKeptInSelf(SimpleNet):
    """You kept the hidden activations in self, to look at them later. They stay in memory with all their gradients, and
    the net cannot be copied any more. Whoever wants to see them asks hidden_activations."""

    def forward(self, x):
        self.hidden = relu(self.layer1(x))
        return self.layer2(self.hidden)


@mistake(SimpleNet, says="between the layers")
class LeakyBetween(SimpleNet):
    """You took nn.LeakyReLU, which lets a little of the negative numbers through. This net has a plain ReLU."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        self.act = nn.LeakyReLU()

    def forward(self, x):
        return self.layer2(self.act(self.layer1(x)))


@mistake(SimpleNet, says="start as PyTorch makes them")
class BiasStartsAtZero(SimpleNet):
    """You set the bias to 0, as many do. Kata 29 is about that; here the layers start as PyTorch makes them."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__(n_in, n_hidden, n_out)
        nn.init.zeros_(self.layer1.bias)


# ------------------------------------------------------------------------------------------------- DeepNet, mistakes


@mistake(DeepNet, says="none after the last")
class ActivationAfterEveryLayer(DeepNet):
    """You put a ReLU after every layer, also after the last one. The net could never give a number below 0."""

    def forward(self, x):
        for layer in self.layers:
            x = relu(layer(x))
        return x


@mistake(DeepNet, says="between each layer and the next")
class NoActivationAtAll(DeepNet):
    """You left the ReLU out. Without it all the layers together are one linear layer."""

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@mistake(DeepNet, says="between each layer and the next")
class ActivationBeforeEveryLayer(DeepNet):
    """You put a ReLU before every layer, also before the first one. There it removes the negative numbers of the
    input."""

    def forward(self, x):
        for layer in self.layers:
            x = layer(relu(x))
        return x


@mistake(DeepNet, says="between each layer and the next")
class OneActivationOnly(DeepNet):
    """You put a ReLU after the first layer and nowhere else. It stands between each layer and the next."""

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = relu(layer(x)) if i == 0 and len(self.layers) > 1 else layer(x)
        return x


@mistake(DeepNet, says="between each layer and the next")
class FirstLayerWithoutActivation(DeepNet):
    """You left out the ReLU after the first layer. The layer without one is the last."""

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x) if i == 0 else relu(layer(x))
        return x


@mistake(DeepNet, says="between each layer and the next")
class LastTwoWithoutActivation(DeepNet):
    """You stopped one layer too early, by counting: of n layers, n - 1 have a ReLU behind them."""

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = relu(layer(x)) if i < len(self.layers) - 2 else layer(x)
        return x


@mistake(DeepNet, says="size may occur twice")
class LastFoundByItsSize(DeepNet):
    """You recognized the last layer by its size. Another layer may have the same size, and gets no ReLU then. Count the
    layers instead."""

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
            if layer.out_features != self.layers[-1].out_features:
                x = relu(x)
        return x


@mistake(DeepNet, says="size may occur twice")
class SizesLookedUp(DeepNet):
    """You looked each size up in the list with `index`, which finds the first place where it stands. A size may occur
    twice. Go through the places instead."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.layers = nn.ModuleList(nn.Linear(n, sizes[sizes.index(n) + 1]) for n in sizes[:-1])


@mistake(DeepNet, says="nn.ModuleList")
class PlainList(DeepNet):
    """You kept the layers in a Python list. The module does not look into lists: no optimizer finds these layers, and
    .to() leaves them behind. nn.ModuleList is a list that it looks into."""

    def __init__(self, sizes):
        nn.Module.__init__(self)
        self.layers = [nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]


@mistake(DeepNet, says="nothing else")
class ActivationsAmongTheLayers(nn.Module):
    """You put the ReLUs among the layers, as in many nn.Sequential models. Here `layers` holds the linear layers and
    nothing else."""

    def __init__(self, sizes):
        super().__init__()
        parts = []
        for i in range(len(sizes) - 1):
            parts += [nn.Linear(sizes[i], sizes[i + 1]), _Bend()]
        self.layers = nn.Sequential(*parts[:-1])

    def forward(self, x):
        return self.layers(x)


@mistake(DeepNet, says="layer of its own")
class OneLayerRepeated(DeepNet):
    """You made one layer and put it into the list several times (`[layer] * n`). They all share one weight then. Make a
    new layer for each place."""

    def __init__(self, sizes):
        super().__init__(sizes)
        made = {}
        for i, layer in enumerate(self.layers):
            self.layers[i] = made.setdefault(layer.weight.shape, layer)


@mistake(DeepNet, says="used once")
class FirstLayerUsedAgain(DeepNet):
    """You used the first layer again wherever the sizes allow it. Each place has a layer of its own."""

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            first = self.layers[0]
            layer = first if layer.weight.shape == first.weight.shape else layer
            x = layer(x if i == 0 else relu(x))
        return x


@mistake(DeepNet, says="from each size to the next")
class LastLayerMissing(DeepNet):
    """You made one layer too few. n sizes have n - 1 pairs of neighbours."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.layers = nn.ModuleList(nn.Linear(sizes[i], sizes[i + 1]) for i in range(max(len(sizes) - 2, 1)))


@mistake(DeepNet, says="from each size to the next")
class SizesBackwards(DeepNet):
    """You went through the sizes from the end, or gave nn.Linear its sizes in the other order."""

    def __init__(self, sizes):
        super().__init__(sizes[::-1])


@mistake(DeepNet, says="from each size to the next")
class ThreeLayersAlways(DeepNet):
    """You wrote for a certain number of sizes. The list may be shorter or longer: go through it in a loop."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.layers = self.layers[:3]


@mistake(DeepNet, says="list is left unchanged")
class SizesUsedUp(DeepNet):
    """You took the sizes out of the list with pop. The list belongs to the caller, who finds it empty. Read it, or take
    a copy first."""

    def __init__(self, sizes):
        super().__init__(sizes)
        if isinstance(sizes, list):
            while len(sizes) > 1:
                sizes.pop(0)


@mistake(DeepNet, says="tuple")
class ListsOnly(DeepNet):
    """You used something that only a list can do. The sizes may come as a tuple as well: indexing, slices and loops
    work for both."""

    def __init__(self, sizes):
        super().__init__(sizes.copy())


@mistake(DeepNet, says="two sizes")
class AtLeastTwoLayers(DeepNet):
    """You took for granted that there is a layer in the middle. With two sizes there is one layer, the first and the
    last at once."""

    def forward(self, x):
        x = relu(self.layers[0](x))
        for layer in self.layers[1:-1]:
            x = relu(layer(x))
        return self.layers[-1](x)


@mistake(DeepNet, says="bias")
class DeepWithoutBias(DeepNet):
    """You made the layers without a bias. nn.Linear has one unless you say otherwise, and this net needs it."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.layers = nn.ModuleList(nn.Linear(n.in_features, n.out_features, bias=False) for n in self.layers)


@mistake(DeepNet, says="gradient")
class DetachedBetween(DeepNet):
    """You detached between the layers. Only the last layer would learn."""

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x if i == 0 else relu(x.detach()))
        return x


@mistake(DeepNet, says="in order")
class LayersBackwards(DeepNet):
    """You went through the layers backwards."""

    def forward(self, x):
        for i, layer in enumerate(reversed(self.layers)):
            x = layer(x if i == 0 else relu(x))
        return x


@mistake(DeepNet, says="nothing else")
class ANormAtTheEnd(DeepNet):
    """You added a norm layer. The net learns what its linear layers hold, and nothing else."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.norm = nn.LayerNorm(sizes[-1])

    def forward(self, x):
        return self.norm(super().forward(x))


@mistake(DeepNet, says="any number of dimensions")
class DeepForRowsOnly(DeepNet):
    """You put all tokens into one list of rows, and did not bring the dimensions back."""

    def forward(self, x):
        return super().forward(x.reshape(-1, x.shape[-1]))


@mistake(DeepNet, says="dtype")
class DeepInFloat32(DeepNet):
    """You converted the result to float32. A net of another dtype gives that dtype back."""

    def forward(self, x):
        return super().forward(x).float()


@mistake(DeepNet, says="nn.ModuleList")
class LayersInATuple(DeepNet):
    """You kept the layers in a tuple, and told the module of each one by hand. nn.ModuleList does both at once, and
    then they are also called layers.0, layers.1 in a saved net."""

    def __init__(self, sizes):
        nn.Module.__init__(self)
        self.layers = tuple(nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1))
        for i, layer in enumerate(self.layers):
            self.add_module(f"layer{i}", layer)


@mistake(DeepNet, says="keeps the list itself")
class CountsTheSizesLater(DeepNet):
    """You kept the list of the caller, and counted it in forward. When the caller changes the list, your net changes.
    Count the layers, or keep a copy."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.sizes = sizes

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = relu(layer(x)) if i < len(self.sizes) - 2 else layer(x)
        return x


@mistake(DeepNet, says="start as PyTorch makes them")
class SmallNormalNumbers(DeepNet):
    """You drew the weights yourself, as in GPT-2. Kata 29 is about that; here the layers start as PyTorch makes
    them."""

    def __init__(self, sizes):
        super().__init__(sizes)
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.02)


# -------------------------------------------------------------------------------------- hidden_activations, mistakes


@mistake(hidden_activations, says="after the ReLU")
def before_the_bend(net, x):
    """You returned what the first layer gives. The activations are what is left of it after the ReLU."""
    return net.layer1(x)


@mistake(hidden_activations, says="before the second layer")
def the_result_of_the_net(net, x):
    """You called the whole net. Stop before the second layer."""
    return net(x)


@mistake(hidden_activations, says="before the second layer")
def the_result_after_a_bend(net, x):
    """You put a ReLU on the result of the whole net. The hidden activations stand before the second layer."""
    return relu(net(x))


@mistake(hidden_activations, says="before the second layer")
def both_halves(net, x):
    """You returned the result of the second layer. Stop before it."""
    return net.layer2(relu(net.layer1(x)))


@mistake(hidden_activations, says="the input as it is")
def input_bent_first(net, x):
    """You put the ReLU on the input. It comes after the first layer."""
    return net.layer1(relu(x))


@mistake(hidden_activations, says="the input as it is")
def input_bent_too(net, x):
    """You put a ReLU on the input as well. The first layer gets the input as it is."""
    return relu(net.layer1(relu(x)))


@mistake(hidden_activations, says="bias")
def bias_left_out(net, x):
    """You multiplied by the weight and left the bias out. Call the layer itself, and nothing is forgotten."""
    return relu(x @ net.layer1.weight.T)


@mistake(hidden_activations, says="after the ReLU")
def which_are_active(net, x):
    """You returned which of the numbers are above 0. The activations are the numbers themselves."""
    return (net.layer1(x) > 0).to(x.dtype)


@mistake(hidden_activations, says="after the ReLU")
def active_ones_only(net, x):
    """You picked the numbers above 0 and lost where they stood."""
    before = net.layer1(x)
    return before[before > 0]


@mistake(hidden_activations, says="after the ReLU")
def bent_by_its_size(net, x):
    """You took the absolute value of what the first layer gives. ReLU makes the negative numbers 0."""
    return net.layer1(x).abs()


@mistake(hidden_activations, says="each token")
def averaged_over_the_tokens(net, x):
    """You averaged over the tokens. Each token has hidden activations of its own."""
    hidden = relu(net.layer1(x))
    return hidden.mean(-2) if hidden.ndim > 1 else hidden


@mistake(hidden_activations, says="gradient")
def for_looking_only(net, x):
    """You computed under no_grad, because you only wanted to look. Here the gradient flows: others may want to train
    with what you show them."""
    with torch.no_grad():
        return relu(net.layer1(x))


@mistake(hidden_activations, says="gradient")
def detached_hidden(net, x):
    """You detached the result. Here the gradient flows back to x and to the first layer."""
    return relu(net.layer1(x)).detach()


@mistake(hidden_activations, says="left as it is")
def net_left_in_evaluation(net, x):
    """You called eval() on the net and left it there. The caller may be training it."""
    net.eval()
    return relu(net.layer1(x))


@mistake(hidden_activations, says="left as it is")
def net_frozen(net, x):
    """You froze the first layer of the net. The caller may be training it."""
    hidden = relu(net.layer1(x))
    net.layer1.requires_grad_(False)
    return hidden


@mistake(hidden_activations, says="left as it is")
def hook_left_behind(net, x):
    """You left a hook in the net: a function that is called whenever the layer is. With every call there is one more.
    remove() takes it away."""
    caught = []
    net.layer1.register_forward_hook(lambda layer, inputs, output: caught.append(relu(output)))
    net(x)
    return caught[0]


@mistake(hidden_activations, says="net that it is given")
def another_net(net, x):
    """You made a new layer of the same size. It has other numbers than the net that you are given."""
    return relu(nn.Linear(net.layer1.in_features, net.layer1.out_features)(x))


@mistake(hidden_activations, says="dtype")
def hidden_in_float32(net, x):
    """You converted the result to float32. It keeps the dtype of x."""
    return relu(net.layer1(x)).float()


@mistake(hidden_activations, says="left as it is")
def gradients_wiped_out(net, x):
    """You called zero_grad() before looking. The caller may have called backward() and not used the gradients yet."""
    net.zero_grad()
    return relu(net.layer1(x))


@mistake(hidden_activations, says="left as it is")
def shown_and_kept(net, x):
    """You put the result into an attribute of the net. Nothing in it changes because somebody looks: return the
    result, and that is all."""
    net.hidden = relu(net.layer1(x))
    return net.hidden


@mistake(hidden_activations, says="gradient")
def gradient_only_in_training(net, x):
    """You let the gradient through in training mode only. eval() says nothing about gradients: that is for no_grad,
    and for the caller to decide."""
    with torch.set_grad_enabled(net.training):
        return relu(net.layer1(x))
