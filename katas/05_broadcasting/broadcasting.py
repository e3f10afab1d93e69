"""Broadcasting: one rule lets tensors of different shapes meet.

The lesson is README.md. Write the functions in order, and check them with: make kata N=05
"""

import torch
from jaxtyping import Float
from torch import Tensor


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Predict the shape of `x + y` from the shapes of x and y, with plain Python and no tensors.

    The rule: write the two shapes one above the other, so that they end together. Where one shape is shorter, read 1.
    Two sizes in one column go together if they are equal or if one of them is 1. A 1 takes the size of the other, so 1
    against 0 gives 0.

    Args:
        a: the first shape, for example (2, 3).
        b: the second shape. The two may differ in length, and () is a shape as well.

    Returns:
        The shape of the result, as a tuple.

    Raises:
        ValueError: if two sizes do not go together. The message names the two sizes that clash.

    The rule is from https://docs.pytorch.org/docs/stable/notes/broadcasting.html

    Example:
        >>> broadcast_shape((4, 1), (3,))
        (4, 3)
    """
    raise NotImplementedError("broadcast_shape")


def add_bias(x: Float[Tensor, "*batch d"], bias: Float[Tensor, " d"]) -> Float[Tensor, "*batch d"]:
    """Add the same bias to every token. A token is one row of d numbers.

    Args:
        x: tokens, shape (..., d), with any number of dimensions in front, or none.
        bias: shape (d,), one number for each of the d columns, of the same dtype and device.

    Returns:
        A new tensor of shape (..., d), with the dtype and device of x.

    Example:
        >>> add_bias(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([10.0, 20.0]))
        tensor([[11., 22.],
                [13., 24.]])
    """
    raise NotImplementedError("add_bias")


def scale_rows(x: Float[Tensor, "n m"], factor: Float[Tensor, " n"]) -> Float[Tensor, "n m"]:
    """Multiply each row of a matrix by its own factor.

    Args:
        x: a matrix of shape (n, m): n rows, m columns.
        factor: shape (n,), one number for each row, of the same dtype and device.

    Returns:
        A new matrix of shape (n, m). Row i is row i of x times factor[i]. Same dtype and device as x.

    Example:
        >>> scale_rows(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([10.0, 100.0]))
        tensor([[ 10.,  20.,  30.],
                [400., 500., 600.]])
    """
    raise NotImplementedError("scale_rows")


def outer_sum(a: Float[Tensor, " n"], b: Float[Tensor, " m"]) -> Float[Tensor, "n m"]:
    """Add every number of a to every number of b, as in a table of sums.

    Args:
        a: shape (n,). It gives the rows.
        b: shape (m,). It gives the columns. m may differ from n. Same dtype and device as a.

    Returns:
        A matrix of shape (n, m). The number in row i and column j is a[i] + b[j]. Same dtype and device as a.

    Example:
        >>> outer_sum(torch.tensor([10.0, 20.0]), torch.tensor([1.0, 2.0, 3.0]))
        tensor([[11., 12., 13.],
                [21., 22., 23.]])
    """
    raise NotImplementedError("outer_sum")


def pairwise_differences(x: Float[Tensor, "n d"]) -> Float[Tensor, "n n d"]:
    """Subtract every token from every token.

    Args:
        x: n tokens, shape (n, d).

    Returns:
        A tensor of shape (n, n, d). At [i, j] it holds token i minus token j. Same dtype and device as x.

    Example:
        >>> pairwise_differences(torch.tensor([[1.0, 1.0], [5.0, 3.0]]))[1, 0]
        tensor([4., 2.])
    """
    raise NotImplementedError("pairwise_differences")


def add_positions(x: Float[Tensor, "batch seq d"], positions: Float[Tensor, "seq d"]) -> Float[Tensor, "batch seq d"]:
    """Add to every token what belongs to its place in the sequence, in the same way for each sequence of the batch.

    Args:
        x: a batch of sequences, shape (batch, seq, d).
        positions: shape (seq, d), one row for each place in the sequence, of the same dtype and device.

    Returns:
        A new tensor of shape (batch, seq, d), with the dtype and device of x.

    Example:
        >>> add_positions(torch.zeros(2, 2, 1), torch.tensor([[1.0], [2.0]]))[1]  # the second sequence
        tensor([[1.],
                [2.]])
    """
    raise NotImplementedError("add_positions")


def strict_add(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Add two tensors, but refuse to broadcast: a shape that differs is a bug in the caller's code.

    Args:
        a: a tensor of any shape.
        b: a tensor of exactly the same shape, dtype and device.

    Returns:
        A new tensor, a + b, of that shape, dtype and device.

    Raises:
        ValueError: if the two shapes are not equal, even where PyTorch could broadcast them.

    Example:
        >>> strict_add(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]))
        tensor([11., 22.])
    """
    raise NotImplementedError("strict_add")
