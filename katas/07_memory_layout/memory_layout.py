"""Memory layout: strides, views and copies.

The lesson is README.md. Write the functions in order, and check them with: make kata N=07
"""

import torch
from jaxtyping import Shaped
from torch import Tensor


def row_major_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Predict the strides of a new tensor from its shape, with plain Python and no tensors.

    In memory, the numbers of a tensor lie in one long line. A new tensor is laid out row-major: the numbers of a row
    lie side by side, then comes the next row. The stride of a dimension says how many places to go on in this line
    when the index of that dimension grows by 1.

    Args:
        shape: the size of each dimension, as a tuple. Every size is at least 1, and () is a shape as well. The sizes
            may be larger than any memory: nothing is made, only counted.

    Returns:
        A tuple with one stride (an int) for each dimension. A stride counts places, each of which holds one number; it
        does not count bytes. A dimension of size 1 follows the same rule as any other.

    The strides of PyTorch are explained at https://docs.pytorch.org/docs/stable/tensor_view.html

    Example:
        >>> row_major_strides((2, 3, 4))
        (12, 4, 1)
    """
    raise NotImplementedError("row_major_strides")


def is_row_major(x: Shaped[Tensor, "*shape"]) -> bool:
    """Say whether the numbers of x lie in memory as those of a new tensor do: in order, row by row, without a gap.

    PyTorch calls such a tensor contiguous, and this function agrees with PyTorch. You find it out yourself, from
    `x.shape` and `x.stride()`: in this function `is_contiguous` is closed to you.

    Args:
        x: a tensor of any shape and dtype. It may be a part of a larger tensor.

    Returns:
        True or False, a Python bool. Three things make no difference: where in memory the first number of x lies, what
        lies around x, and the stride of a dimension of size 1, for in that dimension nobody ever takes a step. A tensor
        without numbers (one of its sizes is 0) is always row-major.

    Example:
        >>> x = torch.zeros(2, 3)
        >>> is_row_major(x), is_row_major(x.T)
        (True, False)
    """
    raise NotImplementedError("is_row_major")


def flatten_view(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, " n"]:
    """Put all numbers of x into one dimension, row by row, without copying any of them.

    Args:
        x: a tensor of any shape and dtype. It may be a part of a larger tensor, and () is a shape as well.

    Returns:
        A view of x, shape (n,), where n is how many numbers x has. It lies in the memory of x: what is written into
        one of the two shows in the other, and a gradient flows back to x (kata 11). A view has one stride for its one
        dimension. So it exists if, from each number to the next one, row by row, the way in memory is equally long. For
        the vector `x[::2]` the way is 2, and there is a view. For x of shape (), and for x without numbers, there is
        one as well.

    Raises:
        ValueError: if there is no such view. A copy is never made.

    Example:
        >>> x = torch.tensor([[1, 2], [3, 4]])
        >>> flatten_view(x)[0] = 10
        >>> x
        tensor([[10,  2],
                [ 3,  4]])
    """
    raise NotImplementedError("flatten_view")


def flatten_any(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, " n"]:
    """Put all numbers of x into one dimension, row by row, however they lie in memory.

    Args:
        x: a tensor of any shape and dtype. It may be a part of a larger tensor, and () is a shape as well.

    Returns:
        A tensor of shape (n,), where n is how many numbers x has, in the order in which x shows them: row by row. It
        may be a view or a copy, and a gradient flows back to x (kata 11). It has the dtype and the device of x. x
        itself stays where it is in memory, with its shape and its strides.

    Example:
        >>> flatten_any(torch.tensor([[1, 2, 3], [4, 5, 6]]).T)
        tensor([1, 4, 2, 5, 3, 6])
    """
    raise NotImplementedError("flatten_any")


def shares_memory(a: Shaped[Tensor, "*first"], b: Shaped[Tensor, "*second"]) -> bool:
    """Say whether two tensors lie in the same piece of memory.

    A tensor keeps its numbers in a piece of memory that is called its storage. A view has the storage of the tensor
    that it was taken from, whatever part of it the view shows. A copy has a storage of its own.

    Args:
        a: a tensor of any shape and dtype, with at least one number.
        b: another one, on the same device. Its shape, its strides and its dtype may differ from those of a.

    Returns:
        True if a and b have one storage, else False; a Python bool. Two views of one storage count as sharing, even if
        they show different parts of it. Two tensors that only hold equal numbers do not.

    Example:
        >>> x = torch.zeros(4)
        >>> shares_memory(x[:2], x[2:]), shares_memory(x, x.clone())
        (True, False)
    """
    raise NotImplementedError("shares_memory")


def transposed_copy(x: Shaped[Tensor, "*batch m n"]) -> Shaped[Tensor, "*batch n m"]:
    """Swap the last two dimensions of x, and lay the result out anew in memory of its own.

    Args:
        x: a tensor of shape (..., m, n), with any number of dimensions in front, or none, and of any dtype. It has at
            least one number. It may be a part of a larger tensor, or a transposed tensor itself.

    Returns:
        A new tensor of shape (..., n, m), row-major (contiguous), with the dtype and the device of x. It never lies in
        the memory of x, also where m or n is 1: what is written into one of the two does not show in the other. A
        gradient flows back to x (kata 11). x itself stays where it is in memory, with its shape and its strides.

    Example:
        >>> result = transposed_copy(torch.tensor([[1, 2, 3], [4, 5, 6]]))
        >>> result
        tensor([[1, 4],
                [2, 5],
                [3, 6]])
        >>> result.stride()
        (2, 1)
    """
    raise NotImplementedError("transposed_copy")


def sliding_windows(x: Shaped[Tensor, " n"], size: int) -> Shaped[Tensor, "windows size"]:
    """Show every piece of x that is `size` numbers long, without copying any number.

    Args:
        x: a vector of n numbers, of any dtype. It may be a part of a larger tensor, and there may be gaps between its
            numbers in memory.
        size: how many numbers a window shows, from 1 to n.

    Returns:
        A view of x, shape (n - size + 1, size). Row i holds the numbers of x from place i on. Windows overlap, and
        still no number is copied: what is written into x shows in every window that holds that place, and what is
        written into a window shows in x. A gradient flows back to x (kata 11).

    Example:
        >>> sliding_windows(torch.tensor([1, 2, 3, 4]), 3)
        tensor([[1, 2, 3],
                [2, 3, 4]])
    """
    raise NotImplementedError("sliding_windows")
