"""Elementwise: arithmetic number by number, and reductions.

The lesson is README.md. Write the functions in order, and check them with: make kata N=04
"""

import torch
from jaxtyping import Float, Num
from torch import Tensor


def hadamard(a: Num[Tensor, "*shape"], b: Num[Tensor, "*shape"]) -> Num[Tensor, "*shape"]:
    """Multiply two tensors number by number. This is called the Hadamard product.

    Args:
        a: a tensor with any number of dimensions, or none; all sizes are at least 1. Its dtype is a floating-point one
            (float32, float16, ...) or int64. No number in a or b is infinity or NaN.
        b: a tensor of the same shape, dtype and device.

    Returns:
        A new tensor of that shape, dtype and device. In each place stands the number of a times the number of b in
        the same place. Products of whole numbers are exact.

    Example:
        >>> hadamard(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[10.0, 0.0, -1.0]]))
        tensor([[10.,  0., -3.]])
    """
    raise NotImplementedError("hadamard")


def squared_error(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Measure how far two tensors are from each other: the mean of the squared differences.

    Subtract number by number, square each difference, and take the mean of all the squares, over every dimension.

    Args:
        a: a tensor with any number of dimensions, or none, of a floating-point dtype; all sizes are at least 1. No
            number in a or b is infinity or NaN, and the squares, added up, fit into the dtype.
        b: a tensor of the same shape, dtype and device.

    Returns:
        A tensor of shape (), which holds one number. Same dtype and device as a.

    Example:
        >>> squared_error(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 5.0, 6.0]))  # (0 + 9 + 9) / 3
        tensor(6.)
    """
    raise NotImplementedError("squared_error")


def exp_scaled(x: Float[Tensor, "*shape"], temperature: float) -> Float[Tensor, "*shape"]:
    """Divide every number by the temperature, then raise e = 2.71828... to that power: exp(x / temperature).

    Args:
        x: a tensor with any number of dimensions, or none, of a floating-point dtype; all sizes are at least 1. Its
            numbers may be negative.
        temperature: one Python number above 0, a float or an int. exp(x / temperature) fits into the dtype of x, even
            where exp(x) would be too large.

    Returns:
        A new tensor with the shape, dtype and device of x.

    Example:
        >>> exp_scaled(torch.tensor([0.0, 2.0, 4.0]), 2.0)  # e to the power of 0, 1 and 2
        tensor([1.0000, 2.7183, 7.3891])
    """
    raise NotImplementedError("exp_scaled")


def mean_per_token(x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch 1"]:
    """Take the mean of each token on its own. A token is one row of d numbers: the last dimension of x.

    Args:
        x: tokens, shape (..., d), of a floating-point dtype, with any number of dimensions in front, or none; all
            sizes are at least 1. No number is infinity or NaN, and the sum of a token fits into the dtype.

    Returns:
        A tensor of shape (..., 1). The last dimension stays, with size 1, so that the result lines up with x.
        Same dtype and device as x.

    Example:
        >>> mean_per_token(torch.tensor([[1.0, 2.0, 3.0], [10.0, 20.0, 60.0]]))
        tensor([[ 2.],
                [30.]])
    """
    raise NotImplementedError("mean_per_token")


def max_per_row(x: Num[Tensor, "n m"]) -> Num[Tensor, " n"]:
    """Find the largest number of each row of a matrix. The number itself is asked for, not its place.

    Args:
        x: a matrix of shape (n, m), n and m at least 1. Its dtype is a floating-point one or int64. Any number may
            occur, however small, and infinity and minus infinity too, but no NaN.

    Returns:
        A tensor of shape (n,), one number for each row, exactly as it stands in x. Same dtype and device as x.

    Example:
        >>> max_per_row(torch.tensor([[1.0, 9.0, 3.0], [4.0, 2.0, 8.0]]))
        tensor([9., 8.])
    """
    raise NotImplementedError("max_per_row")


def center(x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    """Subtract from each token its own mean. Afterwards the mean of every token is 0.

    Args:
        x: tokens, shape (..., d), of a floating-point dtype, with any number of dimensions in front, or none; all
            sizes are at least 1. No number is infinity or NaN, and the sum of a token fits into the dtype.

    Returns:
        A new tensor of shape (..., d), with the dtype and device of x.

    Example:
        >>> center(torch.tensor([[1.0, 2.0, 6.0], [10.0, 20.0, 30.0]]))  # the means are 3 and 20
        tensor([[ -2.,  -1.,   3.],
                [-10.,   0.,  10.]])
    """
    raise NotImplementedError("center")


def cosine_similarity(a: Float[Tensor, "*batch d"], b: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch"]:
    """Say how alike the directions of two vectors are: 1 for the same direction, 0 for a right angle, -1 for opposite.

    A vector is one row of d numbers: the last dimension. Multiply the two number by number and add up: that is their
    dot product. Divide it by the length of a and by the length of b. The length of a vector is the square root of the
    sum of its squares.

    Args:
        a: vectors, shape (..., d), of a floating-point dtype, with any number of dimensions in front, or none.
            All sizes are at least 1. The length of each vector is at least 0.1, and at most 500 (float16: 10).
        b: vectors of the same shape, dtype and device. Their lengths are in the same range.

    Returns:
        A tensor of shape (...): the last dimension is gone, and there is one number for each pair of vectors that
        stand in the same place. Same dtype and device as a.

    The formula is that of https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html

    Example:
        >>> cosine_similarity(torch.tensor([3.0, 4.0]), torch.tensor([8.0, 6.0]))  # (24 + 24) / (5 * 10)
        tensor(0.9600)
    """
    raise NotImplementedError("cosine_similarity")
