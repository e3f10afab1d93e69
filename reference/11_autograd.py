"""Autograd: gradients without deriving them."""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from dojo.authoring import mistake, variant


def derivative(f: Callable[[Tensor], Tensor], x: float) -> float:
    """Find the slope of f at the point x: how fast f(x) grows when x grows a little.

    Autograd finds it from the calculation itself, not by comparing two values of f. So nothing is lost to rounding,
    even where f(x) is huge.

    Args:
        f: a function of one number. It takes a 0-d floating-point tensor (shape ()) and returns a 0-d tensor, which it
            has calculated from the first one with PyTorch. It may use other tensors, `if` and loops.
        x: the point, a Python float.

    Returns:
        The slope f'(x), a Python float.

    Example:
        >>> derivative(lambda x: x**2, 3.0)
        6.0
    """
    point = torch.tensor(x, requires_grad=True)
    f(point).backward()
    return point.grad.item()


def linear_gradients(
    x: Float[Tensor, "batch n"], weight: Float[Tensor, "n m"], bias: Float[Tensor, " m"]
) -> tuple[Float[Tensor, "n m"], Float[Tensor, " m"]]:
    """Find how the mean of all numbers of `x @ weight + bias` changes with each weight and with each bias.

    Args:
        x: the inputs, shape (batch, n).
        weight: shape (n, m), with the dtype and device of x.
        bias: shape (m,), likewise.
            Each of the three may or may not require a gradient, it may be part of a graph of the caller's, and its
            `.grad` may be None or hold numbers. All of this is left as it was: the values, `requires_grad`, and what
            stands in `.grad`.

    Returns:
        A tuple (dW, db): the gradient for weight, shape (n, m), and the gradient for bias, shape (m,), both with the
        dtype and device of x. Where x does not require a gradient, neither do they. A second call gives the same.

    Example:
        >>> linear_gradients(torch.tensor([[1.0, 3.0]]), torch.zeros(2, 1), torch.zeros(1))
        (tensor([[1.],
                [3.]]), tensor([1.]))
    """
    weight, bias = weight.detach().requires_grad_(), bias.detach().requires_grad_()  # same values, leaves of our own
    mean = (x.detach() @ weight + bias).mean()  # (batch, n) @ (n, m) + (m,), then 0-d
    return torch.autograd.grad(mean, (weight, bias))


def gradient_of(f: Callable[[Tensor], Tensor], x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Find how f(x) changes with each number of x.

    Autograd finds it from the calculation itself, not by comparing two values of f. So nothing is lost to rounding,
    even where f(x) is huge.

    Args:
        f: a function that takes a tensor of the shape, dtype and device of x, and returns a 0-d tensor, which it has
            calculated from it with PyTorch.
        x: a tensor of any shape (also ()), with any floating-point dtype. It may or may not require a gradient, it may
            be part of a graph of the caller's, and its `.grad` may be None or hold numbers. All of this is left as it
            was.

    Returns:
        The gradient: the shape, dtype and device of x. Where neither x nor any other tensor that f uses requires a
        gradient, the result does not either. A second call gives the same, and another call leaves the first result as
        it was.

    Example:
        >>> gradient_of(lambda x: (x**2).sum(), torch.tensor([1.0, -2.0]))
        tensor([ 2., -4.])
    """
    point = x.detach().clone().requires_grad_()  # a leaf of our own, cut off from the caller's graph
    return torch.autograd.grad(f(point), point)[0]


def stop_gradient(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """Give the same values, as if they were constants: no gradient flows back through the result to x.

    Args:
        x: a tensor of any shape and any dtype, whole numbers and bools too. It may or may not require a gradient, and
            it may be part of a graph. It is left as it was, its `.grad` too: through x itself, gradients flow as
            before.

    Returns:
        A tensor with the values of x (inf and NaN too), its shape, dtype and device, which does not require a gradient.
        It may share memory with x or be a copy.

    Example:
        >>> x = torch.tensor(3.0, requires_grad=True)
        >>> (x * stop_gradient(x)).backward()  # the second factor counts as a constant
        >>> x.grad
        tensor(3.)
    """
    return x.detach()


def numeric_gradient(
    f: Callable[[Tensor], Tensor | float], x: Float[Tensor, "*shape"], step: float
) -> Float[Tensor, "*shape"]:
    """Measure how f(x) changes with each number of x, without autograd: nudge one number at a time.

    These are central differences. For each number of x: (f with this number + step, minus f with it - step), divided
    by 2 * step. All other numbers stay as they are.

    Args:
        f: a function of a tensor of the shape, dtype and device of x. It returns a Python float or a 0-d tensor, which
            may be a view of the tensor that it was given. It may use other tensors.
        x: a tensor of any shape (also ()), float32 or float64, with at least one number. It may be non-contiguous, also
            stretched by `expand`, and it may or may not require a gradient. It is left as it was, to the last digit.
        step: how far to nudge, a float above 0.

    Returns:
        A tensor of the shape, dtype and device of x, which does not require a gradient.

    Example:
        >>> numeric_gradient(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]), step=0.5)
        tensor([ 3.2500, 12.2500])
    """
    x = x.detach()
    gradient = torch.zeros_like(x)
    for index in itertools.product(*map(range, x.shape)):
        above, below = x.clone(), x.clone()
        above[index] += step
        below[index] -= step
        gradient[index] = (float(f(above)) - float(f(below))) / (2 * step)
    return gradient


def accumulate(
    f: Callable[[Tensor, Any], Tensor], batches: list[Any], w: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Add up the gradients of several batches, all taken at the same w.

    So a model learns from more examples than fit into memory at once.

    Args:
        f: a function of one batch and of a tensor of the shape, dtype and device of w, which comes first. It returns a
            0-d tensor, calculated from w with PyTorch.
        batches: a list of at least one batch. Each is handed to f as it is: a tensor, or a pair of tensors, or
            whatever f takes. They may differ in size. The list is left as it was.
        w: a tensor of any shape, with a floating-point dtype. It may or may not require a gradient, it may be part of a
            graph of the caller's, and its `.grad` may be None or hold numbers. All of this is left as it was.

    Returns:
        The sum over all batches of the gradient of f(w, batch) with respect to w: the shape, dtype and device of w.
        Where neither w nor any other tensor that f uses requires a gradient, the result does not either. A second call
        gives the same.

    Example:
        >>> accumulate(lambda w, batch: (w * batch).sum(), [torch.tensor([1.0]), torch.tensor([10.0])], torch.zeros(1))
        tensor([11.])
    """
    own = w.detach().clone().requires_grad_()
    for batch in batches:
        f(own, batch).backward()  # backward adds to what is in .grad
    return own.grad


BANNED: dict[str, str] = {}

HINTS = {
    "derivative": [
        "What must a tensor be told when it is made, so that PyTorch records what becomes of it?",
        "Make a 0-d tensor of x that requires a gradient. f of it is 0-d too. Call backward() on that result, not on "
        "the tensor that you made. The slope then waits in .grad of the tensor that you made.",
        "point = torch.tensor(x, requires_grad=True); f(point).backward(); then turn point.grad into a float with "
        ".item().",
    ],
    "linear_gradients": [
        "Three tensors belong to the caller. On which tensors could you ask for a gradient, so that theirs stay clean?",
        "detach() gives a tensor of the same values outside of any graph. Take one of x, of weight and of bias; let "
        "the last two require a gradient. x @ weight + bias is (batch, m), its mean is 0-d: now backward() can start.",
        "W, b = weight.detach().requires_grad_(), bias.detach().requires_grad_(); the mean of x.detach() @ W + b; then "
        "torch.autograd.grad(mean, (W, b)) gives the two gradients as a tuple.",
    ],
    "gradient_of": [
        "If you call requires_grad_() on x itself, or backward() fills x.grad, the caller notices. What could you use "
        "in the place of x?",
        "Take a copy of x that is outside of any graph, and let the copy require a gradient. f(copy) is 0-d. The "
        "gradient has the shape of the copy, which is that of x.",
        "point = x.detach().clone().requires_grad_(); then f(point).backward() and point.grad, or "
        "torch.autograd.grad(f(point), point), which gives a tuple with one gradient.",
    ],
    "stop_gradient": [
        "PyTorch has a method for it. Its name says that the result is no longer attached to the graph.",
        "The values, the shape and the dtype stay. Only the connection to x goes. x itself must not change, so beware "
        "of names that end in an underscore.",
        "x.detach() does all of it.",
    ],
    "numeric_gradient": [
        "There is one measurement for each number of x. Each needs two calls of f. What do you hand to f?",
        "For each place: two copies of x, one with step added at this place, one with step subtracted. The difference "
        "of the two values of f, divided by 2 * step, goes to the same place of a tensor like x.",
        "Work on x.detach(). result = torch.zeros_like(x). Loop over all index tuples, for instance with "
        "itertools.product(*map(range, x.shape)). above = x.clone(); above[index] += step; likewise below. float(...) "
        "turns what f returns into a number, whichever kind it is.",
    ],
    "accumulate": [
        "What does backward() do with a .grad that is not empty? Here, this is of use.",
        "Take a copy of w that requires a gradient, as in gradient_of. Every f(copy, batch) is 0-d. Call backward() on "
        "each, and do not clear copy.grad in between.",
        "own = w.detach().clone().requires_grad_(); for each batch: f(own, batch).backward(); then return own.grad.",
    ],
}


# ----------------------------------------------------------------------------------------- derivative, other ways


@variant(derivative)
def with_autograd_grad(f, x):
    point = torch.tensor(x, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(f(point), [point])
    return float(slope)


@variant(derivative)
def with_func_grad(f, x):
    return torch.func.grad(f)(torch.tensor(x)).item()


@variant(derivative)
def forward_mode(f, x):
    with torch.autograd.forward_ad.dual_level():
        value = f(torch.autograd.forward_ad.make_dual(torch.tensor(x), torch.tensor(1.0)))
        return torch.autograd.forward_ad.unpack_dual(value).tangent.item()


@variant(derivative)
def with_jacobian(f, x):
    return torch.autograd.functional.jacobian(f, torch.tensor(x)).item()


@variant(derivative)
def element_of_a_vector(f, x):
    holder = torch.full((1,), x, requires_grad=True)
    f(holder[0]).backward()
    return holder.grad.tolist()[0]


@variant(derivative)
def caught_by_a_hook(f, x):
    caught = []
    point = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    point.register_hook(lambda slope: caught.append(float(slope)))
    f(point).backward(inputs=[point])
    return sum(caught)


# ----------------------------------------------------------------------------------- linear_gradients, other ways


@variant(linear_gradients)
def copies_and_backward(x, weight, bias):
    W = weight.clone().detach().requires_grad_(True)
    b = bias.clone().detach().requires_grad_(True)
    (x.clone().detach() @ W + b).mean().backward()
    return W.grad, b.grad


@variant(linear_gradients)
def derived_by_hand(x, weight, bias):
    x = x.detach()
    n, m = weight.shape
    outputs = x.shape[0] * m
    return (x.sum(0) / outputs).unsqueeze(1).expand(n, m).clone(), torch.full_like(bias, x.shape[0] / outputs)


@variant(linear_gradients)
def grad_of_a_function(x, weight, bias):
    def mean(W, b):
        return (x @ W + b).mean()

    return torch.func.grad(mean, argnums=(0, 1))(weight, bias)


@variant(linear_gradients)
def as_a_layer(x, weight, bias):
    layer = torch.nn.Linear(*weight.shape, dtype=weight.dtype, device=weight.device)
    layer.weight = torch.nn.Parameter(weight.detach().T)
    layer.bias = torch.nn.Parameter(bias.detach())
    layer(x.detach()).mean().backward()
    return [layer.weight.grad.T, layer.bias.grad]


@variant(linear_gradients)
def borrows_the_arguments(x, weight, bias):
    flags = weight.requires_grad, bias.requires_grad
    gradients = torch.autograd.grad(
        (x @ weight.requires_grad_() + bias.requires_grad_()).mean(), [weight, bias], create_graph=False
    )
    weight.requires_grad_(flags[0])
    bias.requires_grad_(flags[1])
    return tuple(gradients)


# ----------------------------------------------------------------------------------------- gradient_of, other ways


@variant(gradient_of)
def copy_and_backward(f, x):
    x = torch.empty_like(x, requires_grad=False).copy_(x.detach()).requires_grad_(True)
    f(x).backward()
    return x.grad.clone()


@variant(gradient_of)
def grad_of_f(f, x):
    return torch.func.grad(f)(x)


@variant(gradient_of)
def gives_the_flag_back(f, x):
    before = x.requires_grad
    x.requires_grad_(True)
    try:
        return torch.autograd.grad(f(x), x)[0]
    finally:
        if not before:
            x.requires_grad_(False)


@variant(gradient_of)
def pulled_back(f, x):
    value, pull = torch.func.vjp(f, x.detach())
    return pull(torch.ones_like(value))[0]


@variant(gradient_of)
def as_a_parameter(f, x):
    own = torch.nn.Parameter(x.data)
    torch.autograd.backward(f(own))
    return own.grad


@variant(gradient_of)
def of_a_shift_from_x(f, x):
    shift = torch.zeros_like(x, requires_grad=True)
    return torch.autograd.grad(f(x.detach() + shift), shift)[0]


# --------------------------------------------------------------------------------------- stop_gradient, other ways


@variant(stop_gradient)
def detached_copy(x):
    return x.clone().detach()


@variant(stop_gradient)
def without_recording(x):
    with torch.no_grad():
        return x.clone()


@variant(stop_gradient)
def the_data_of_it(x):
    return x.data


@variant(stop_gradient)
def filled_in(x):
    new = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    with torch.no_grad():
        new.copy_(x)
    return new


# ------------------------------------------------------------------------------------ numeric_gradient, other ways


@variant(numeric_gradient)
def flat_list_of_differences(f, x, step):
    flat = x.detach().flatten()
    slopes = []
    for i in range(len(flat)):
        nudge = torch.zeros_like(flat)
        nudge[i] = step
        high, low = f((flat + nudge).view(x.shape)), f((flat - nudge).view(x.shape))
        slopes.append(float(high - low) / 2 / step)
    return torch.tensor(slopes, dtype=x.dtype, device=x.device).reshape(x.shape)


@variant(numeric_gradient)
def nudges_from_the_identity(f, x, step):
    x = x.detach()
    nudges = (step * torch.eye(x.numel(), dtype=x.dtype, device=x.device)).reshape(x.numel(), *x.shape)
    values = [
        [torch.as_tensor(f(x + sign * nudge), dtype=torch.float64).item() for nudge in nudges] for sign in (1, -1)
    ]
    high, low = torch.tensor(values, dtype=torch.float64)
    return ((high - low) / (2 * step)).reshape(x.shape).to(x)


@variant(numeric_gradient)
@torch.no_grad()
def nudged_in_place_and_put_back(f, x, step):
    x = x.clone(memory_format=torch.contiguous_format)
    result = torch.empty_like(x, requires_grad=False)
    for index in itertools.product(*(range(size) for size in x.shape)):
        old = x[index].item()
        x[index] = old + step
        high = f(x)
        high = high.item() if isinstance(high, Tensor) else high
        x[index] = old - step
        low = f(x)
        low = low.item() if isinstance(low, Tensor) else low
        x[index] = old
        result[index] = (high - low) / (2 * step)
    return result


@variant(numeric_gradient)
def mean_of_both_directions(f, x, step):
    x = x.detach().clone()
    middle = float(f(x.clone()))
    flat = x.view(-1) if x.is_contiguous() else x.contiguous().view(-1)
    result = []
    for i in range(flat.numel()):
        ahead, behind = flat.clone(), flat.clone()
        ahead[i], behind[i] = flat[i] + step, flat[i] - step
        right = (float(f(ahead.view(x.shape))) - middle) / step
        left = (middle - float(f(behind.view(x.shape)))) / step
        result.append((right + left) / 2)
    return x.new_tensor(result).view(x.shape)


# ------------------------------------------------------------------------------------------ accumulate, other ways


@variant(accumulate)
def sum_of_all_losses(f, batches, w):
    own = w.detach().clone().requires_grad_()
    return torch.autograd.grad(sum(f(own, batch) for batch in batches), own)[0]


@variant(accumulate)
def gradients_added_by_hand(f, batches, w):
    total = torch.zeros_like(w, requires_grad=False)
    for batch in batches:
        own = torch.nn.Parameter(w.detach().clone())
        f(own, batch).backward()
        total += own.grad
    return total


@variant(accumulate)
def grad_of_each(f, batches, w):
    gradients = [torch.func.grad(f, argnums=0)(w.detach(), batch) for batch in batches]
    return torch.stack(gradients).sum(0)


@variant(accumulate)
def one_after_the_other(f, batches, w):
    if len(batches) == 1:
        return gradient_of(lambda v: f(v, batches[0]), w)
    return one_after_the_other(f, batches[:1], w) + one_after_the_other(f, batches[1:], w)


# --------------------------------------------------------------------------------------------- derivative, mistakes


@mistake(derivative, says="does not require grad")
def nothing_is_recorded(f, x):
    """You made a tensor of x, but did not ask for a gradient. PyTorch records a calculation only for tensors with
    requires_grad=True. Most tensors need no gradient, so you have to say it."""
    point = torch.tensor(x)
    f(point).backward()
    return point.grad.item()


@mistake(derivative, says="returned None")
def grad_of_the_result(f, x):
    """You looked for the gradient in the result. backward() writes it into the tensors that you started from: read
    .grad of the point, not of f(point)."""
    import warnings

    warnings.simplefilter("ignore")
    y = f(torch.tensor(x, requires_grad=True))
    y.backward()
    return y.grad


@mistake(derivative, says="where a float is asked for")
def still_a_tensor(f, x):
    """You returned .grad as it is: a tensor with one number. .item() turns it into a Python float."""
    point = torch.tensor(x, requires_grad=True)
    f(point).backward()
    return point.grad


@mistake(derivative, says="how fast f(x) grows")
def value_for_slope(f, x):
    """You returned f(x) itself. The slope says how fast it changes there."""
    return f(torch.tensor(x)).item()


@mistake(derivative, says="how fast f(x) grows")
def slope_seen_from_zero(f, x):
    """You divided f(x) by x. That is the slope of a line from zero to the point, not the slope at the point."""
    return f(torch.tensor(x)).item() / x if x else 0.0


@mistake(derivative, says="Each point has its own slope")
def slope_of_the_square(f, x):
    """You wrote down the slope of the first example. Here f is an argument: call it, and let autograd follow."""
    return 2 * x


@mistake(derivative, says="lost to rounding")
def forward_difference(f, x):
    """You compared f at two points that lie close together. That is nearly right, until rounding spoils the
    difference. Autograd needs no second point."""
    step = 1e-6
    near, far = torch.tensor(x, dtype=torch.float64), torch.tensor(x + step, dtype=torch.float64)
    return ((f(far) - f(near)) / step).item()


@mistake(derivative, says="lost to rounding")
def difference_of_float32(f, x):
    """You compared f at two points on both sides of x. In float32 seven digits are all there is, and the difference of
    two nearly equal values keeps few of them."""
    step = 1e-3
    return (float(f(torch.tensor(x + step))) - float(f(torch.tensor(x - step)))) / (2 * step)


@mistake(derivative, says="0-d")
def a_list_of_one(f, x):
    """You made the point with torch.tensor([x]). The brackets make it a vector with one number, shape (1,)."""
    point = torch.tensor([x], requires_grad=True)
    f(point).sum().backward()
    return point.grad.item()


@mistake(derivative, says="how fast f(x) grows")
def backward_called_twice(f, x):
    """You called backward() two times. It adds to what is in .grad, so the slope counts double."""
    point = torch.tensor(x, requires_grad=True)
    y = f(point)
    y.backward(retain_graph=True)
    y.backward()
    return point.grad.item()


@mistake(derivative, says="Each point has its own slope")
def steepness_without_its_sign(f, x):
    """You took the absolute value. A slope below 0 says that f falls."""
    point = torch.tensor(x, requires_grad=True)
    f(point).backward()
    return abs(point.grad.item())


@mistake(derivative, says="does not require grad")
def item_before_backward(f, x):
    """You took the number out of f(x) with .item() and made a tensor of it again. A number remembers nothing: the way
    back to x is lost."""
    point = torch.tensor(x, requires_grad=True)
    torch.tensor(f(point).item()).backward()
    return point.grad.item()


@mistake(derivative, says="Each point has its own slope")
def rounded_point(f, x):
    """You rounded x to a whole number, perhaps to make a tensor of it. The point may lie anywhere."""
    point = torch.tensor(float(int(x)), requires_grad=True)
    f(point).backward()
    return point.grad.item()


@mistake(derivative, says="Each point has its own slope")
def rounded_slope(f, x):
    """You rounded the slope. The caller can do so where they want it; here all digits are asked for."""
    point = torch.tensor(x, requires_grad=True)
    f(point).backward()
    return round(point.grad.item(), 3)


@mistake(derivative, says="Each point has its own slope")
def point_in_half_precision(f, x):
    """You made the point a float16. It keeps three digits only, and 1.1 is not among its numbers."""
    point = torch.tensor(x, dtype=torch.float16, requires_grad=True)
    f(point).backward()
    return point.grad.item()


# --------------------------------------------------------------------------------------- linear_gradients, mistakes


def _linear_gradients(x, weight, bias, of=lambda y: y.mean()):
    """The right gradients, or those of another number than the mean."""
    weight, bias = weight.detach().clone().requires_grad_(), bias.detach().clone().requires_grad_()
    of(x.detach() @ weight + bias).backward()
    return weight.grad, bias.grad


@mistake(linear_gradients, says="only for scalar outputs")
def mean_forgotten(x, weight, bias):
    """You called backward() on the whole matrix x @ W + b. A gradient says how one number changes: take the mean
    first."""
    return _linear_gradients(x, weight, bias, of=lambda y: y)


@mistake(linear_gradients, says="mean of all")
def sum_for_mean(x, weight, bias):
    """You added the outputs up. The mean divides by how many they are, and so does each gradient."""
    return _linear_gradients(x, weight, bias, of=lambda y: y.sum())


@mistake(linear_gradients, says="mean of all")
def mean_over_the_rows_only(x, weight, bias):
    """You averaged over the batch, and added over the columns. The mean is over all numbers of x @ W + b."""
    return _linear_gradients(x, weight, bias, of=lambda y: y.mean(0).sum())


@mistake(linear_gradients, says="mean of all")
def mean_over_the_columns_only(x, weight, bias):
    """You averaged over the columns, and added over the batch. The mean is over all numbers of x @ W + b."""
    return _linear_gradients(x, weight, bias, of=lambda y: y.mean(1).sum())


@mistake(linear_gradients, says="mean of all")
def mean_of_the_squares(x, weight, bias):
    """You squared the outputs, as a loss often does. Here the number is the plain mean."""
    return _linear_gradients(x, weight, bias, of=lambda y: y.square().mean())


@mistake(linear_gradients, says="shape of dW")
def bias_first(x, weight, bias):
    """You returned the two gradients in the other order. dW comes first."""
    return tuple(reversed(_linear_gradients(x, weight, bias)))


@mistake(linear_gradients, says="not 2 results")
def weight_only(x, weight, bias):
    """You returned the gradient of the weight alone. The bias has one as well."""
    return _linear_gradients(x, weight, bias)[0]


@mistake(linear_gradients, says="shape of dW")
def gradient_of_the_input(x, weight, bias):
    """You asked for the gradient of x. Training changes the weight and the bias; x is data."""
    x = x.detach().clone().requires_grad_()
    (x @ weight.detach() + bias.detach()).mean().backward()
    return x.grad, _linear_gradients(x, weight, bias)[1]


@mistake(linear_gradients, says="shape of db")
def one_number_for_the_bias(x, weight, bias):
    """You added the gradient of the bias up to one number. Each entry of the bias has its own."""
    weight_gradient, bias_gradient = _linear_gradients(x, weight, bias)
    return weight_gradient, bias_gradient.sum()


@mistake(linear_gradients, says="changed `requires_grad`")
def asks_the_callers_tensors(x, weight, bias):
    """You called requires_grad_() on the caller's weight and bias. From now on everything that the caller computes
    with them is recorded. Take a detached tensor of your own."""
    weight.requires_grad_()
    bias.requires_grad_()
    return torch.autograd.grad((x @ weight + bias).mean(), (weight, bias))


@mistake(linear_gradients, says="changed `requires_grad`")
def backward_into_the_callers_tensors(x, weight, bias):
    """You called requires_grad_() on the caller's weight and bias, and backward() filled their .grad. The next call
    adds to it."""
    weight.requires_grad_()
    bias.requires_grad_()
    (x @ weight + bias).mean().backward()
    return weight.grad, bias.grad


@mistake(linear_gradients, says="weight.grad")
def flag_put_back_but_not_grad(x, weight, bias):
    """You put requires_grad back, but what backward() wrote into .grad stays there. The next call adds to it."""
    flags = weight.requires_grad, bias.requires_grad
    weight.requires_grad_()
    bias.requires_grad_()
    (x @ weight + bias).mean().backward()
    result = weight.grad.clone(), bias.grad.clone()
    weight.requires_grad_(flags[0])
    bias.requires_grad_(flags[1])
    return result


@mistake(linear_gradients, says="x.grad")
def gradient_leaks_into_x(x, weight, bias):
    """You made leaves of your own for weight and bias, but used the caller's x. If x requires a gradient, backward()
    fills x.grad as well. Detach x too."""
    weight, bias = weight.detach().clone().requires_grad_(), bias.detach().clone().requires_grad_()
    (x @ weight + bias).mean().backward()
    return weight.grad, bias.grad


@mistake(linear_gradients, says="No gradient arrives")
def clone_without_detach(x, weight, bias):
    """You cloned weight and bias without detach(). If they require a gradient, a clone is a step of the calculation and
    no leaf, and .grad of it stays None."""
    import warnings

    warnings.simplefilter("ignore")
    W, b = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    (x.detach() @ W + b).mean().backward()
    if W.grad is None:
        weight.grad, bias.grad = None, None
    return W.grad, b.grad


@mistake(linear_gradients, says="before stands there after")
def clears_the_callers_grad(x, weight, bias):
    """You cleared .grad of the caller's tensors, to be sure that nothing old is in it. But the caller may still need
    what was there."""
    weight.grad = bias.grad = None
    return _linear_gradients(x, weight, bias)


@mistake(linear_gradients, says="before stands there after")
def adds_to_what_was_there(x, weight, bias):
    """You started from what the caller had in .grad. The gradient of this mean has nothing to do with it."""
    results = []
    for leaf, gradient in zip((weight, bias), _linear_gradients(x, weight, bias)):
        results.append(gradient if leaf.grad is None else gradient + leaf.grad)
    return tuple(results)


@mistake(linear_gradients, says="requires a gradient itself")
def graph_kept(x, weight, bias):
    """You returned results that still hang on a graph: as long as they live, all that they were made from does too."""
    return tuple(gradient.requires_grad_() for gradient in _linear_gradients(x, weight, bias))


@mistake(linear_gradients, says="dtype")
def always_float32(x, weight, bias):
    """You converted to float32. The gradients have the dtype of the input."""
    return _linear_gradients(x.float(), weight.float(), bias.float())


@mistake(linear_gradients, says="the result is on the CPU")
def bias_gradient_on_the_cpu(x, weight, bias):
    """You worked out the gradient of the bias by hand, and made the tensor without saying where. It lives where x
    lives."""
    m = len(bias)
    return _linear_gradients(x, weight, bias)[0], torch.full((m,), 1 / m, dtype=x.dtype)


# --------------------------------------------------------------------------------------------- gradient_of, mistakes


def _gradient_of(f, x):
    point = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(point), point)[0]


@mistake(gradient_of, says="does not require grad")
def not_asked_for(f, x):
    """You called f with a tensor that does not require a gradient, so nothing was recorded."""
    point = x.detach().clone()
    f(point).backward()
    return point.grad


@mistake(gradient_of, says="changed `requires_grad`")
def into_the_callers_grad(f, x):
    """You called requires_grad_() on the caller's x and let backward() fill its .grad. The next call adds to it, and
    the caller's x is not what it was."""
    x.requires_grad_()
    f(x).backward()
    return x.grad


@mistake(gradient_of, says="left a gradient in `x.grad`")
def flag_put_back_only(f, x):
    """You put requires_grad back, but x.grad still holds what backward() wrote."""
    before = x.requires_grad
    if not x.is_leaf:
        return _gradient_of(f, x)
    old = None if x.grad is None else x.grad.clone()
    x.grad = None
    x.requires_grad_()
    f(x).backward()
    result = x.grad.clone()
    x.requires_grad_(before)
    if old is not None:
        x.grad = old
    return result


@mistake(gradient_of, says="returned None")
def clone_is_not_a_leaf(f, x):
    """You cloned x without detach(). If x requires a gradient, the clone is a step of the calculation and no leaf, and
    its .grad stays None."""
    import warnings

    warnings.simplefilter("ignore")
    before = None if not x.is_leaf or x.grad is None else x.grad.clone()
    point = x.clone().requires_grad_()
    f(point).backward()
    if x.is_leaf:
        x.grad = before
    return point.grad


@mistake(gradient_of, says="left a gradient in `x.grad`")
def backward_reaches_the_caller(f, x):
    """You asked for the gradient of a clone, and backward() went on from the clone to the caller's x and filled its
    .grad. detach() cuts that way."""
    point = x.clone().requires_grad_()
    if not point.is_leaf:
        point.retain_grad()
    f(point).backward()
    return point.grad


@mistake(gradient_of, says="before stands there after")
def empties_grad(f, x):
    """You set x.grad to None, to be sure that nothing old is in it. The caller may still need what was there."""
    if x.is_leaf:
        x.grad = None
    return _gradient_of(f, x)


@mistake(gradient_of, says="how f(x) changes with each number")
def added_to_the_old_grad(f, x):
    """You let backward() add to what was in x.grad already. Only the gradient of f is asked for."""
    old = x.grad if x.is_leaf else None
    return _gradient_of(f, x) if old is None else _gradient_of(f, x) + old


@mistake(gradient_of, says="how f(x) changes with each number")
def value_of_f(f, x):
    """You returned f(x). Its gradient has one number for each number of x."""
    return f(x.detach())


@mistake(gradient_of, says="shape")
def all_in_one_number(f, x):
    """You added the gradient up. It keeps the shape of x: one number for each number of x."""
    return _gradient_of(f, x).sum()


@mistake(gradient_of, says="how f(x) changes with each number")
def direction_only(f, x):
    """You scaled the gradient to length 1. Its length counts: it says how steep f is."""
    gradient = _gradient_of(f, x)
    return gradient / gradient.norm()


@mistake(gradient_of, says="how f(x) changes with each number")
def downhill(f, x):
    """You returned the direction in which f falls, as a step of training uses it. The gradient points uphill."""
    return -_gradient_of(f, x)


@mistake(gradient_of, says="how f(x) changes with each number")
def gradient_of_a_sum_of_squares(f, x):
    """You wrote down the gradient of the first example. f is an argument: call it, and let autograd follow."""
    return 2 * x.detach()


@mistake(gradient_of, says="how f(x) changes with each number")
def clipped(f, x):
    """You limited the gradient, as people do against steps that are too large. Here it is asked for as it is."""
    return _gradient_of(f, x).clamp(-1000, 1000)


@mistake(gradient_of, says="lost to rounding")
def differences_with_a_small_step(f, x):
    """You nudged each number of x and compared. Autograd needs no nudge and loses no digits, and it needs one call of f
    for all numbers of x."""
    return numeric_gradient(f, x.double(), 1e-4).to(x.dtype)


@mistake(gradient_of, says="requires a gradient itself")
def graph_of_the_gradient_kept(f, x):
    """You used create_graph=True, which records how the gradient itself was made. That is for gradients of gradients;
    here it only keeps memory alive."""
    point = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(point), point, create_graph=True)[0]


@mistake(gradient_of, says="dtype")
def gradient_in_float32(f, x):
    """You converted x to float32. The gradient has the dtype of x."""
    return _gradient_of(f, x.float())


@mistake(gradient_of, says="the shape and the dtype of x")
def sizes_of_1_dropped(f, x):
    """You squeezed x before you called f. f takes a tensor of the shape of x, sizes of 1 included."""
    return _gradient_of(f, x.squeeze()).reshape(x.shape)


@mistake(gradient_of, says="shape")
def flattened_first(f, x):
    """You flattened x. The gradient has the shape of x, and f is asked at x as it is."""
    flat = x.detach().clone().flatten().requires_grad_()
    return torch.autograd.grad(f(flat.view(x.shape)), flat)[0]


@mistake(gradient_of, says="the tensor that x was made from")
def frees_the_callers_graph(f, x):
    """You called backward() on a result that hangs on the caller's graph. It walked all the way down to their leaves,
    and freed the graph on its way. detach() first."""
    if x.is_leaf:
        return _gradient_of(f, x)
    x.retain_grad()
    f(x).backward()
    return x.grad


@mistake(gradient_of, says="f was given something else")
def a_number_as_a_vector(f, x):
    """You made a vector of a single number before you called f, perhaps to have something to index. f expects the
    shape of x, which may be ()."""
    return _gradient_of(f, x.reshape(1) if x.ndim == 0 else x).reshape(x.shape)


@mistake(gradient_of, says="the result is on the CPU")
def gradient_found_on_the_cpu(f, x):
    """You moved x to the CPU first. f may use tensors of its own that live where x lives, and the result shall live
    there as well."""
    return _gradient_of(f, x.cpu())


# ------------------------------------------------------------------------------------------- stop_gradient, mistakes


@mistake(stop_gradient, says="still requires a gradient")
def x_as_it_is(x):
    """You returned x itself. Its connection to the graph is still there."""
    return x


@mistake(stop_gradient, says="still requires a gradient")
def no_grad_around_nothing(x):
    """You returned x inside of torch.no_grad(). It stops the recording of new steps; x was recorded before, and stays
    connected."""
    with torch.no_grad():
        return x


@mistake(stop_gradient, says="still requires a gradient")
def a_view_of_x(x):
    """You returned a view of x, made in torch.no_grad(). PyTorch keeps the connection of a view to its tensor, also
    there. detach() is the view that does not."""
    with torch.no_grad():
        return x.view_as(x)


@mistake(stop_gradient, says="still requires a gradient")
def only_a_clone(x):
    """You cloned x. A clone is new memory, but the copying is recorded as a step, and the gradient flows through it."""
    return x.clone()


@mistake(stop_gradient, says="still requires a gradient")
def a_new_leaf(x):
    """You detached x, and then asked for a gradient again. Its path to x is cut, but now it collects a gradient of its
    own, and everything made from it is recorded."""
    result = x.detach()
    return result.requires_grad_() if result.is_floating_point() else result


@mistake(stop_gradient, says="still requires a gradient")
def gradient_times_zero(x):
    """You let a zero gradient flow. The graph is still there, and with it all the memory and the work."""
    return x.detach() + 0 * x if x.is_floating_point() else x.detach()


@mistake(stop_gradient, says="changed `requires_grad`")
def switched_off_for_everybody(x):
    """You switched requires_grad off on the caller's x. Now no gradient reaches x on any way, which is more than was
    asked."""
    if not x.is_leaf:
        return x.detach()
    x.requires_grad_(False)
    return x


@mistake(stop_gradient, says="changed `requires_grad`")
def detached_in_place(x):
    """You called detach_(). The underscore means in place: it cuts the caller's x itself out of the graph."""
    return x.detach_()


@mistake(stop_gradient, says="same values")
def nothing_left(x):
    """You returned zeros. Only the gradient is stopped; the values stay."""
    return torch.zeros_like(x)


@mistake(stop_gradient, says="dtype")
def through_a_list(x):
    """You went through a Python list. That cuts the gradient, and it forgets the dtype and the device on its way."""
    return torch.tensor(x.tolist())


@mistake(stop_gradient, says="dtype")
def detached_to_float(x):
    """You converted x to float32 on the way. Only the gradient is stopped; the dtype stays."""
    return x.detach().float()


@mistake(stop_gradient, says="shape")
def numbers_in_a_row(x):
    """You copied the numbers into a flat tensor. The shape of x stays."""
    return x.detach().flatten()


@mistake(stop_gradient, says="a tensor is asked for")
def out_as_numpy(x):
    """You returned a numpy array. That has no gradient, but the caller needs a tensor."""
    return x.detach().cpu().float().numpy()


@mistake(stop_gradient, says="other device")
def brought_to_the_cpu(x):
    """You moved x to the CPU, as one does for numpy. Its device stays."""
    return x.detach().cpu()


@mistake(stop_gradient, says="no longer records")
def recording_switched_off(x):
    """You switched the recording of gradients off, and left it off. Nothing that the program computes from now on has a
    gradient. `with torch.no_grad():` switches it on again at its end."""
    torch.set_grad_enabled(False)
    return x.detach()


@mistake(stop_gradient, says="Inference tensors")
def made_in_inference_mode(x):
    """You made the result in torch.inference_mode(). Such a tensor can never take part in a calculation with a
    gradient, not even as a constant. torch.no_grad() is less strict."""
    with torch.inference_mode():
        return x.clone()


@mistake(stop_gradient, says="changed `requires_grad`")
def switched_off_and_on(x):
    """You switched requires_grad off for the copy, and on again. But x may not have required a gradient before."""
    if not x.is_leaf or not x.is_floating_point():
        return x.detach()
    x.requires_grad_(False)
    result = x.clone()
    x.requires_grad_(True)
    return result


@mistake(stop_gradient, says="same values")
def cleaned_on_the_way(x):
    """You replaced inf and NaN. That hides them from the caller; the values stay as they are."""
    return x.detach().nan_to_num() if x.is_floating_point() else x.detach()


@mistake(stop_gradient, says="to the last digit")
def there_and_back_in_float64(x):
    """You went through float64, perhaps for NumPy or to treat all dtypes alike. It has 53 bits for a number, and an
    int64 may need 63."""
    return x.detach().double().to(x.dtype)


@mistake(stop_gradient, says="emptied `x.grad`")
def gradient_thrown_away(x):
    """You emptied x.grad. What is there was found before, and belongs to the caller. To stop the gradient concerns your
    result only."""
    x.grad = None
    return x.detach()


# ---------------------------------------------------------------------------------------- numeric_gradient, mistakes


def _differences(f, x, ahead, behind, divisor):
    """(f(x + ahead) - f(x + behind)) / divisor, for one number of x after the other."""
    x = x.detach()
    result = torch.zeros_like(x)
    for index in itertools.product(*map(range, x.shape)):
        above, below = x.clone(), x.clone()
        above[index] += ahead
        below[index] += behind
        result[index] = (float(f(above)) - float(f(below))) / divisor
    return result


@mistake(numeric_gradient, says="both sides")
def one_step_forward(f, x, step):
    """You compared f(x + step) with f(x). That leans to one side. Look in both directions: the errors of the two sides
    cancel almost completely."""
    return _differences(f, x, step, 0, step)


@mistake(numeric_gradient, says="both sides")
def one_step_back(f, x, step):
    """You compared f(x) with f(x - step). That leans to one side. Look in both directions: the errors of the two sides
    cancel almost completely."""
    return _differences(f, x, 0, -step, step)


@mistake(numeric_gradient, says="2 * step apart")
def divided_by_one_step(f, x, step):
    """You divided by step. From x - step to x + step it is twice as far."""
    return _differences(f, x, step, -step, step)


@mistake(numeric_gradient, says="2 * step apart")
def not_divided(f, x, step):
    """You returned the difference of the two values. A slope is a difference for each unit: divide by the distance."""
    return _differences(f, x, step, -step, 1)


@mistake(numeric_gradient, says="2 * step apart")
def half_of_the_right_divisor(f, x, step):
    """You wrote / 2 * step. Python divides by 2 and then multiplies by step. It needs brackets: / (2 * step)."""
    return _differences(f, x, step, -step, 2) * step


@mistake(numeric_gradient, says="that step")
def half_a_step(f, x, step):
    """You went half a step to each side. The docstring asks for a whole step to each side, 2 * step in all."""
    return _differences(f, x, step / 2, -step / 2, step)


@mistake(numeric_gradient, says="that step")
def step_of_my_own(f, x, step):
    """You used a small step of your own. Which step is best depends on f and on the dtype, so the caller chooses it."""
    return _differences(f, x, 0.01, -0.01, 0.02)


@mistake(numeric_gradient, says="that step")
def step_not_too_small(f, x, step):
    """You used a larger step where the given one seemed too small. Which step is best depends on f and on the dtype, so
    the caller chooses it."""
    step = max(step, 1e-3)
    return _differences(f, x, step, -step, 2 * step)


@mistake(numeric_gradient, says="that step")
def from_autograd(f, x, step):
    """You let autograd find the gradient. This function is there to check autograd, so it must not use it."""
    try:
        return _gradient_of(f, x)
    except Exception:
        return _differences(f, x, 1e-3, -1e-3, 2e-3)


@mistake(numeric_gradient, says="one number at a time")
def all_numbers_at_once(f, x, step):
    """You added the step to all of x at once. That measures how f changes when all numbers move together."""
    x = x.detach()
    slope = (float(f(x + step)) - float(f(x - step))) / (2 * step)
    return torch.full_like(x, slope)


@mistake(numeric_gradient, says="one number at a time")
def equal_numbers_together(f, x, step):
    """You found the place of a number by its value, and so you nudged all numbers that are equal to it."""
    x = x.detach()
    result = torch.zeros_like(x)
    for value in x.unique():
        here = x == value
        high, low = float(f(torch.where(here, x + step, x))), float(f(torch.where(here, x - step, x)))
        result[here] = (high - low) / (2 * step)
    return result


@mistake(numeric_gradient, says="one number at a time")
def nudges_stay(f, x, step):
    """You nudged a number and did not put it back. All later measurements are taken at another place."""
    x = x.detach().clone()
    result = torch.zeros_like(x)
    for index in itertools.product(*map(range, x.shape)):
        x[index] += step
        above = float(f(x))
        x[index] -= 2 * step
        result[index] = (above - float(f(x))) / (2 * step)
    return result


@mistake(numeric_gradient, says="uphill")
def signs_swapped(f, x, step):
    """You subtracted the value ahead from the value behind. A slope is above 0 where f grows."""
    return _differences(f, x, step, -step, -2 * step)


@mistake(numeric_gradient, says="no attribute 'item'")
def item_of_a_float(f, x, step):
    """You called .item() on what f returns. f may return a Python float too, which has no .item(). float(...) takes
    both."""
    return _differences(lambda point: f(point).item(), x, step, -step, 2 * step)


@mistake(numeric_gradient, says="changed its input")
def nudged_and_not_quite_back(f, x, step):
    """You added the step to x itself and subtracted it again. Floating-point numbers are rounded at each addition, so
    the last digits may differ. Work on a copy."""
    with torch.no_grad():
        result = torch.zeros_like(x)
        for index in itertools.product(*map(range, x.shape)):
            x[index] += step
            above = float(f(x))
            x[index] -= 2 * step
            below = float(f(x))
            x[index] += step
            result[index] = (above - below) / (2 * step)
        return result


@mistake(numeric_gradient, says="memory with gaps")
def nudges_a_copy(f, x, step):
    """You nudged x.reshape(-1), and expected x to change with it. Where the numbers lie in memory with gaps, reshape
    gives a copy, and f never sees the nudge."""
    x = x.detach() if not x.is_contiguous() else x.detach().clone()
    flat, result = x.reshape(-1), []
    for i in range(len(flat)):
        old = flat[i].item()
        flat[i] = old + step
        above = float(f(x))
        flat[i] = old - step
        below = float(f(x))
        flat[i] = old
        result.append((above - below) / (2 * step))
    return torch.tensor(result, dtype=x.dtype, device=x.device).reshape(x.shape)


@mistake(numeric_gradient, says="shape")
def a_row_of_slopes(f, x, step):
    """You returned the slopes in a row. They have the shape of x."""
    return _differences(f, x, step, -step, 2 * step).flatten()


@mistake(numeric_gradient, says="shape")
def vectors_only(f, x, step):
    """You looped over the first dimension only, and nudged whole rows. Every number of x is nudged alone, and gets its
    own slope."""
    x = x.detach()
    result = []
    for i in range(len(x) if x.ndim else 1):
        above, below = x.clone(), x.clone()
        above[i if x.ndim else ()] += step
        below[i if x.ndim else ()] -= step
        result.append((float(f(above)) - float(f(below))) / (2 * step))
    return torch.tensor(result, dtype=x.dtype, device=x.device) if x.ndim else x.new_tensor(result[0])


@mistake(numeric_gradient, says="dtype")
def slopes_in_float32(f, x, step):
    """You made the result without saying its dtype. It has the dtype of x."""
    return _differences(f, x, step, -step, 2 * step).float()


@mistake(numeric_gradient, says="requires a gradient itself")
def measured_on_the_graph(f, x, step):
    """You computed with the caller's x, which requires a gradient, so the result hangs on a graph. This measurement
    needs none: detach x first."""
    slopes = torch.zeros_like(x)
    for index in itertools.product(*map(range, x.shape)):
        nudge = torch.zeros_like(x)
        nudge[index] = step
        slopes[index] = (f(x + nudge) - f(x - nudge)) / (2 * step)
    return slopes


@mistake(numeric_gradient, says="device")
def slopes_on_the_cpu(f, x, step):
    """You made the result with torch.zeros(x.shape), which lives on the CPU. The result lives where x lives."""
    result = torch.zeros(x.shape, dtype=x.dtype)
    result.copy_(_differences(f, x, step, -step, 2 * step))
    return result


@mistake(numeric_gradient, says="no digits left")
def own_copy_not_quite_put_back(f, x, step):
    """You added the step to one number of your copy, subtracted it twice, and added it again. Each addition rounds, so
    that the number is not quite what it was when the next one is nudged. Keep the old value, and write it back."""
    x, result = x.detach().clone(), torch.zeros_like(x, requires_grad=False)
    for index in itertools.product(*map(range, x.shape)):
        x[index] += step
        above = float(f(x))
        x[index] -= 2 * step
        below = float(f(x))
        x[index] += step
        result[index] = (above - below) / (2 * step)
    return result


@mistake(numeric_gradient, says="a view")
def value_ahead_read_too_late(f, x, step):
    """You used one copy for both sides, and kept what f returned for the first side as a tensor. It may be a view of
    your copy: after the second nudge it shows the new value. float(...) takes the number out at once."""
    x, result = x.detach().clone(), torch.zeros_like(x, requires_grad=False)
    for index in itertools.product(*map(range, x.shape)):
        old = x[index].clone()
        x[index] = old + step
        above = f(x)
        x[index] = old - step
        below = f(x)
        result[index] = float(above - below) / (2 * step)
        x[index] = old
    return result


@mistake(numeric_gradient, says="16 digits")
def floats_made_into_float32(f, x, step):
    """You made a tensor of what f returns, to treat both kinds alike. torch.tensor(a float) is a float32, which keeps 7
    of the 16 digits."""

    def value(point):
        found = f(point)
        return found if isinstance(found, Tensor) else torch.tensor(found)

    return _differences(value, x, step, -step, 2 * step)


@mistake(numeric_gradient, says="stretched by expand")
def written_into_x_itself(f, x, step):
    """You nudged x itself, and put the old value back. Where several places of x lie at one place in memory, all of
    them move. Until you put it back, the caller's tensor is changed, too."""
    x, result = x.detach(), torch.zeros(x.shape, dtype=x.dtype, device=x.device)
    for index in itertools.product(*map(range, x.shape)):
        old = x[index].item()
        x[index] = old + step
        above = float(f(x))
        x[index] = old - step
        below = float(f(x))
        x[index] = old
        result[index] = (above - below) / (2 * step)
    return result


@mistake(numeric_gradient, says="requires a gradient itself")
def graph_of_the_weights(f, x, step):
    """You detached x, but what f returns may still hang on a graph: f may use weights that require a gradient. Take
    the number out with float(...), or measure inside of `with torch.no_grad():`."""
    x = x.detach()
    result = torch.zeros_like(x)
    for index in itertools.product(*map(range, x.shape)):
        above, below = x.clone(), x.clone()
        above[index] += step
        below[index] -= step
        result[index] = (f(above) - f(below)) / (2 * step)
    return result


@mistake(numeric_gradient, says="f was given something else")
def measured_in_float64(f, x, step):
    """You handed f a float64 tensor, because small differences need many digits. The idea is good, but f expects the
    dtype of x: it may multiply with float32 weights, and that would stop."""
    return _differences(f, x.double(), step, -step, 2 * step).to(x.dtype)


# --------------------------------------------------------------------------------------------- accumulate, mistakes


def _each(f, batches, w):
    """The right gradient of each batch."""
    return [_gradient_of(lambda point, batch=batch: f(point, batch), w) for batch in batches]


@mistake(accumulate, says="of all batches")
def last_batch_only(f, batches, w):
    """You cleared .grad before each batch, as a training loop does, so that only the last one is left. Here the
    gradients shall add up."""
    own = w.detach().clone().requires_grad_()
    for batch in batches:
        own.grad = None
        f(own, batch).backward()
    return own.grad


@mistake(accumulate, says="of all batches")
def running_sums_added(f, batches, w):
    """You added .grad to a total after each batch. But backward() has added up already: .grad holds all batches so far,
    and the first one counts again each time."""
    own, total = w.detach().clone().requires_grad_(), torch.zeros_like(w, requires_grad=False)
    for batch in batches:
        f(own, batch).backward()
        total += own.grad
    return total


@mistake(accumulate, says="of all batches")
def first_batch_only(f, batches, w):
    """Your return stands inside the loop, so the first batch ends it."""
    return _each(f, batches[:1], w)[0]


@mistake(accumulate, says="of all batches")
def mean_of_the_gradients(f, batches, w):
    """You divided by the number of batches. The sum is asked for."""
    return torch.stack(_each(f, batches, w)).mean(0)


@mistake(accumulate, says="of all batches")
def largest_of_the_gradients(f, batches, w):
    """You kept the largest gradient of each place. They are added up."""
    return torch.stack(_each(f, batches, w)).amax(0)


@mistake(accumulate, says="shape")
def gradients_side_by_side(f, batches, w):
    """You stacked the gradients. Add them up: the result has the shape of w."""
    return torch.stack(_each(f, batches, w))


@mistake(accumulate, says="a tensor is asked for")
def a_list_of_gradients(f, batches, w):
    """You returned a list with a gradient for each batch. Add them up."""
    return _each(f, batches, w)


@mistake(accumulate, says="each batch on its own")
def all_batches_in_one(f, batches, w):
    """You put all batches together and called f once. That is another question wherever f takes a mean: a small batch
    would count less than a large one."""
    own = w.detach().clone().requires_grad_()
    if not isinstance(batches[0], Tensor):
        together = tuple(torch.cat(parts) for parts in zip(*batches))
    elif len({batch.shape for batch in batches}) == 1:
        together = torch.stack(batches)
    else:
        together = torch.cat(batches)
    f(own, together).backward()
    return own.grad


@mistake(accumulate, says="same w")
def w_moves_between_batches(f, batches, w):
    """You changed w after each batch, as training without accumulation does. Here all gradients are taken at the same
    w."""
    point, total = w.detach().clone(), torch.zeros_like(w, requires_grad=False)
    for batch in batches:
        gradient = _each(f, [batch], point)[0]
        total += gradient
        point = point - 0.1 * gradient
    return total


@mistake(accumulate, says="of all batches")
def weighted_by_size(f, batches, w):
    """You weighted each batch by its number of rows. Each gradient counts as it is."""
    sizes = [len(batch) if not isinstance(batch, Tensor) or batch.ndim else 1 for batch in batches]
    return sum(size / sum(sizes) * gradient for size, gradient in zip(sizes, _each(f, batches, w)))


@mistake(accumulate, says="changed `requires_grad`")
def into_the_callers_w(f, batches, w):
    """You called requires_grad_() on the caller's w and filled its .grad. The second call starts from what the first
    one left there."""
    w.requires_grad_()
    for batch in batches:
        f(w, batch).backward()
    return w.grad


@mistake(accumulate, says="left a gradient in `w.grad`")
def w_grad_stays_filled(f, batches, w):
    """You let the caller's w collect the gradients. What you leave in w.grad is added to the caller's next gradient."""
    if not w.requires_grad or w.grad is not None:
        return torch.stack(_each(f, batches, w)).sum(0)
    for batch in batches:
        f(w, batch).backward()
    return w.grad.clone()


@mistake(accumulate, says="before stands there after")
def w_grad_emptied(f, batches, w):
    """You set w.grad to None, before or after. The caller may still need what was there."""
    w.grad = None
    return torch.stack(_each(f, batches, w)).sum(0)


@mistake(accumulate, says="of all batches")
def starts_from_the_old_grad(f, batches, w):
    """You added the new gradients to what was in w.grad already. Only the batches count."""
    total = torch.stack(_each(f, batches, w)).sum(0)
    return total if w.grad is None else total + w.grad


@mistake(accumulate, says="The list of batches")
def batches_used_up(f, batches, w):
    """You took the batches out of the caller's list with pop(). Afterwards the list is empty."""
    total = torch.zeros_like(w, requires_grad=False)
    while batches:
        total += _each(f, [batches.pop(0)], w)[0]
    return total


@mistake(accumulate, says="requires a gradient itself")
def graphs_kept(f, batches, w):
    """You used create_graph=True, so the sum drags the graphs of all batches along. To free them batch by batch is the
    point of accumulating."""
    own = w.detach().clone().requires_grad_()
    return sum(torch.autograd.grad(f(own, batch), own, create_graph=True)[0] for batch in batches)


@mistake(accumulate, says="dtype")
def sum_in_float32(f, batches, w):
    """You added up in torch.zeros(w.shape), which is float32. The result has the dtype of w."""
    total = torch.zeros(w.shape, device=w.device)
    for gradient in _each(f, batches, w):
        total += gradient
    return total


@mistake(accumulate, says="of all batches")
def losses_instead_of_gradients(f, batches, w):
    """You added up what f returns. Its gradient is asked for: one number for each number of w."""
    return torch.zeros_like(w, requires_grad=False) + sum(f(w.detach(), batch) for batch in batches)


@mistake(accumulate, says="returned None")
def clone_of_w_is_no_leaf(f, batches, w):
    """You cloned w without detach(). If w requires a gradient, the clone is no leaf, and its .grad stays None."""
    import warnings

    warnings.simplefilter("ignore")
    before = None if w.grad is None else w.grad.clone()
    own = w.clone().requires_grad_()
    for batch in batches:
        f(own, batch).backward()
    w.grad = before
    return own.grad


@mistake(accumulate, says="of all batches")
def equal_batches_once(f, batches, w):
    """You kept the gradients in a dict, with the batch as the key. A batch that occurs twice counts twice."""
    gradients = {id(batch): gradient for batch, gradient in zip(batches, _each(f, batches, w))}
    return sum(gradients.values())


@mistake(accumulate, says="0 is a batch like any other")
def zero_taken_for_no_batch(f, batches, w):
    """You skipped a batch with `if batch`, to leave out empty ones. Python takes the number 0 for False, too. Only f
    knows what a batch means."""
    total = torch.zeros_like(w, requires_grad=False)
    for batch in batches:
        if isinstance(batch, Tensor) or batch:
            total += _each(f, [batch], w)[0]
    return total


@mistake(accumulate, says="indices")
def batches_in_the_dtype_of_w(f, batches, w):
    """You gave each batch the dtype of w before you handed it to f. A batch may hold whole numbers that f needs as they
    are, for instance as places to read."""
    batches = [batch.to(w.dtype) if isinstance(batch, Tensor) else batch for batch in batches]
    return torch.stack(_each(f, batches, w)).sum(0)


@mistake(accumulate, says="On a GPU this would stop")
def sum_on_the_cpu(f, batches, w):
    """You started from torch.zeros(w.shape), which lives on the CPU. The gradients live where w lives."""
    total = torch.zeros(w.shape, dtype=w.dtype)
    for gradient in _each(f, batches, w):
        total = total + gradient
    return total
