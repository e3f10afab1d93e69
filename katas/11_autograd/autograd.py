"""Autograd: gradients without deriving them.

The lesson is README.md. Write the functions in order, and check them with: make kata N=11
"""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


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
    raise NotImplementedError("derivative")


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
    raise NotImplementedError("linear_gradients")


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
    raise NotImplementedError("gradient_of")


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
    raise NotImplementedError("stop_gradient")


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
    raise NotImplementedError("numeric_gradient")


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
    raise NotImplementedError("accumulate")
