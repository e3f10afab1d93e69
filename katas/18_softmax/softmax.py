"""Softmax: from any scores to weights that sum to one.

The lesson is README.md. Write the functions in order, and check them with: make kata N=18
"""

import torch
from jaxtyping import Float
from torch import Tensor


def exp_normalize(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape"]:
    """Turn scores into weights with the plain definition of softmax.

    A slice is the row of entries that you meet when only the index of `dim` moves. Entry i of a slice becomes
    e^(x_i) divided by the sum of e^(x_j) over all entries j of the same slice.

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype. They are moderate: e^x and its sum fit.
        dim: the dimension along which the weights sum to 1. Negative numbers count from the end.

    Returns:
        A new tensor of weights, with the shape, dtype and device of x. Gradients flow through it to x.

    Example:
        >>> exp_normalize(torch.tensor([[0.0, 0.0], [1.0, 3.0]]), dim=1)
        tensor([[0.5000, 0.5000],
                [0.1192, 0.8808]])
    """
    raise NotImplementedError("exp_normalize")


def softmax(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape"]:
    """Turn scores into weights, also where e^x is too big or too small for the dtype.

    The values are those of `exp_normalize`. Adding one number to every score of a slice does not change them, and
    you may choose that number. The plain formula: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype; from -10000 to 10000, in float16 too.
            An entry of -inf gets weight 0, as long as its slice has a finite entry.
        dim: the dimension along which the weights sum to 1. Negative numbers count from the end.

    Returns:
        A new tensor of weights, with the shape, dtype and device of x. Gradients flow through it to x.

    Example:
        >>> softmax(torch.tensor([10000.0, 9998.0, -10000.0]), dim=0)
        tensor([0.8808, 0.1192, 0.0000])
    """
    raise NotImplementedError("softmax")


def log_softmax(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape"]:
    """Give the natural logarithm of the softmax weights, also where a weight is too small for the dtype.

    Its formula: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype; from -10000 to 10000, in float16 too.
            An entry of -inf gives -inf, as long as its slice has a finite entry.
        dim: the dimension along which the weights sum to 1. Negative numbers count from the end.

    Returns:
        A new tensor of numbers that are 0 or less, with the shape, dtype and device of x. A weight far below the
        smallest number of the dtype has its logarithm all the same.

    Example:
        >>> log_softmax(torch.tensor([3.0, 3.0, -197.0]), dim=0)
        tensor([  -0.6931,   -0.6931, -200.6931])
    """
    raise NotImplementedError("log_softmax")


def softmax_with_temperature(x: Float[Tensor, "*shape"], temperature: float, dim: int) -> Float[Tensor, "*shape"]:
    """Turn scores into weights that are sharper or flatter: the softmax of x / temperature.

    A temperature below 1 gives more weight to the largest score, one above 1 makes the weights more even.

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype; any numbers from -10000 to 10000, as long as
            x / temperature is a number that the dtype can hold.
        temperature: a number greater than 0, a float or an int.
        dim: the dimension along which the weights sum to 1. Negative numbers count from the end.

    Returns:
        A new tensor of weights, with the shape, dtype and device of x. Gradients flow through it to x.

    Raises:
        ValueError: if the temperature is 0 or below.

    Example:
        >>> softmax_with_temperature(torch.tensor([1.0, 3.0]), temperature=2.0, dim=0)
        tensor([0.2689, 0.7311])
    """
    raise NotImplementedError("softmax_with_temperature")


def log_sum_exp(x: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*rest"]:
    """Give the natural logarithm of the sum of e^x over each slice, also where e^x does not fit into the dtype.

    Its formula: https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html

    Args:
        x: scores, one to four dimensions, none of size 0, a float dtype; from -10000 to 10000, in float16 too.
            An entry of -inf adds nothing to the sum, as long as its slice has a finite entry.
        dim: the dimension to sum over. Negative numbers count from the end.

    Returns:
        A new tensor with the dtype and device of x, and the shape of x without `dim`: one number for each slice.

    Example:
        >>> log_sum_exp(torch.tensor([[0.0, 0.0, 0.0], [1000.0, 1000.0, -1000.0]]), dim=1)
        tensor([   1.0986, 1000.6932])
    """
    raise NotImplementedError("log_sum_exp")
