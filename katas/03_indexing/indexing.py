"""Indexing: take the tokens that you want.

The lesson is README.md. Write the functions in order, and check them with: make kata N=03
"""

import torch
from jaxtyping import Bool, Float, Int64, Shaped
from torch import Tensor


def first_token(x: Shaped[Tensor, "*batch T D"]) -> Shaped[Tensor, "*batch D"]:
    """Take the first token of every sequence.

    Args:
        x: one or more sequences, shape (..., T, D): T tokens of D numbers each. The dots stand for any dimensions in
            front: none, one (a batch of sequences), or more. Every size is at least 1. Any dtype. It is not modified.

    Returns:
        Shape (..., D), with the dtype and device of x. It may share memory with x, or be a copy. If x has real
        numbers, a gradient flows back to it (kata 11).

    Example:
        >>> first_token(torch.tensor([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]))
        tensor([[1, 2],
                [7, 8]])
    """
    raise NotImplementedError("first_token")


def last_token(x: Shaped[Tensor, "*batch T D"]) -> Shaped[Tensor, "*batch D"]:
    """Take the last token of every sequence.

    Args:
        x: one or more sequences, shape (..., T, D), with any dimensions in front, or none. Every size is at least 1.
            Any dtype. It is not modified.

    Returns:
        Shape (..., D), with the dtype and device of x. It may share memory with x, or be a copy. If x has real
        numbers, a gradient flows back to it (kata 11).

    Example:
        >>> last_token(torch.tensor([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]))
        tensor([[ 5,  6],
                [11, 12]])
    """
    raise NotImplementedError("last_token")


def first_token_kept(x: Shaped[Tensor, "*batch T D"]) -> Shaped[Tensor, "*batch 1 D"]:
    """Take the first token of every sequence, and keep the dimension of the tokens: each sequence has one token left.

    Args:
        x: one or more sequences, shape (..., T, D), with any dimensions in front, or none. Every size is at least 1.
            Any dtype. It is not modified.

    Returns:
        Shape (..., 1, D), with the dtype and device of x. It may share memory with x, or be a copy. If x has real
        numbers, a gradient flows back to it (kata 11).

    Example:
        >>> first_token_kept(torch.tensor([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]))
        tensor([[[1, 2]],
        <BLANKLINE>
                [[7, 8]]])
    """
    raise NotImplementedError("first_token_kept")


def every_other_token(x: Shaped[Tensor, "*batch T D"]) -> Shaped[Tensor, "*batch half D"]:
    """Take every other token of every sequence: those at the places 0, 2, 4, ...

    Args:
        x: one or more sequences, shape (..., T, D), with any dimensions in front, or none. Every size is at least 1;
            T is even or odd. Any dtype. It is not modified.

    Returns:
        Shape (..., half, D), where half is T / 2, rounded up. Same dtype and device as x. It may share memory with x,
        or be a copy. If x has real numbers, a gradient flows back to it (kata 11).

    Example:
        >>> every_other_token(torch.tensor([[1, 2], [3, 4], [5, 6]]))
        tensor([[1, 2],
                [5, 6]])
    """
    raise NotImplementedError("every_other_token")


def values_above(x: Shaped[Tensor, "*shape"], threshold: float) -> Shaped[Tensor, " n"]:
    """Take the numbers of x that are greater than a threshold.

    Args:
        x: real or whole numbers, of one dimension or more; sizes may be 0. It may hold infinity, and NaN ("not a
            number"), which is not greater than anything. It is not modified.
        threshold: a Python number, float or int, that is not beyond what the dtype of x can hold. A number that is
            equal to it is not taken. If the two differ by rounding only, either answer is right.

    Returns:
        Shape (n,): the numbers that are greater, each as it was, row by row: as you would read x. n may be 0. Same
        dtype and device as x. If x has real numbers, a gradient flows back to those that were taken (kata 11).

    Example:
        >>> values_above(torch.tensor([[5.0, 1.0, 9.0], [3.0, 7.0, 3.0]]), 3.0)
        tensor([5., 9., 7.])
    """
    raise NotImplementedError("values_above")


def zero_padding(x: Float[Tensor, "B T D"], is_padding: Bool[Tensor, "B T"]) -> Float[Tensor, "B T D"]:
    """Set to zero what is padding: places that only fill a short sequence up to T tokens.

    Args:
        x: a batch of sequences, shape (B, T, D), of any float dtype. Every size is at least 1. It is not modified.
        is_padding: bool, shape (B, T), on the device of x. True where there is no token, but padding. It may be True
            at any place, everywhere, or nowhere.

    Returns:
        A tensor of shape (B, T, D), with the dtype and device of x. At each place with padding all D numbers are 0,
        whatever was there before: NaN ("not a number") and infinity too. All other numbers are as they were, NaN and
        infinity too. A gradient flows back to x (kata 11): it is 0 for padding, never NaN.

    Example:
        >>> x = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
        >>> zero_padding(x, torch.tensor([[False, False], [False, True]]))
        tensor([[[1., 2.],
                 [3., 4.]],
        <BLANKLINE>
                [[5., 6.],
                 [0., 0.]]])
    """
    raise NotImplementedError("zero_padding")


def pick_token(x: Shaped[Tensor, "B T D"], index: Int64[Tensor, " B"]) -> Shaped[Tensor, "B D"]:
    """Take one token from each sequence, each from its own place.

    Args:
        x: a batch of sequences, shape (B, T, D), of finite numbers: float or int64. Every size is at least 1. It is not
            modified.
        index: shape (B,), int64, on the device of x. index[b] is the place of the token that is taken from sequence b,
            from 0 to T - 1. Two sequences may have the same place.

    Returns:
        Shape (B, D): row b is x[b, index[b]]. Same dtype and device as x. If x has real numbers, a gradient flows back
        to x (kata 11).

    Example:
        >>> x = torch.tensor([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]])
        >>> pick_token(x, torch.tensor([2, 0]))
        tensor([[5, 6],
                [7, 8]])
    """
    raise NotImplementedError("pick_token")
