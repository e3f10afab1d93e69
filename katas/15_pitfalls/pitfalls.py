"""Pitfalls: six functions to repair, each with a bug of its own kind.

The lesson is README.md. Repair the functions in order, and check them with: make kata N=15
"""

import torch
from jaxtyping import Float, Float32, Shaped
from torch import Tensor


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
    difference = pred - target
    return (difference**2).mean()


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
    noise.to(x.device)  # bring the noise to where x is
    return x + noise


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
    doubled = x * 2
    doubled /= doubled.abs().max()  # in place: saves memory
    return doubled


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
    x = x.transpose(1, 2)  # (batch, seq, heads, d)
    return x.view(batch, seq, heads * d)


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
    b = b.to(a.dtype)  # two tensors should have one dtype
    return (a + b) / 2


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
    total = 0.0
    for loss in losses:
        total += loss
    return total
