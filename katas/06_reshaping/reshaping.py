"""Reshaping: the same numbers in another shape.

The lesson is README.md. Write the functions in order, and check them with: make kata N=06
"""

import torch
from jaxtyping import Shaped
from torch import Tensor


def flatten_tokens(x: Shaped[Tensor, "batch seq d"]) -> Shaped[Tensor, "tokens d"]:
    """Put the tokens of all sequences into one long list.

    Args:
        x: a batch of sequences, shape (batch, seq, d), of any dtype. Every size is at least 1. The numbers may lie in
            memory in any order. It is not modified.

    Returns:
        A tensor of shape (batch · seq, d), with the dtype and device of x. First come the tokens of sequence 0 in their
        order, then those of sequence 1, and so on. No number changes. The result may share its memory with x.
        If x has real numbers, a gradient flows back to it (kata 11).

    Example:
        >>> flatten_tokens(torch.tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]))
        tensor([[1, 2],
                [3, 4],
                [5, 6],
                [7, 8]])
    """
    raise NotImplementedError("flatten_tokens")


def unflatten_tokens(x: Shaped[Tensor, "tokens d"], batch: int) -> Shaped[Tensor, "batch seq d"]:
    """Cut one long list of tokens into sequences again: the way back from `flatten_tokens`.

    Args:
        x: the tokens of all sequences, shape (batch · seq, d), of any dtype. Every size is at least 1. The numbers may
            lie in memory in any order. It is not modified.
        batch: how many sequences there are, at least 1. All have the same length, so batch divides the number of
            tokens.

    Returns:
        A tensor of shape (batch, seq, d), with the dtype and device of x. Sequence 0 holds the first tokens of the list
        in their order, sequence 1 the next ones, and so on. No number changes. The result may share its memory with x.
        If x has real numbers, a gradient flows back to it (kata 11).

    Example:
        >>> unflatten_tokens(torch.tensor([[1, 2], [3, 4], [5, 6], [7, 8]]), 2)
        tensor([[[1, 2],
                 [3, 4]],
        <BLANKLINE>
                [[5, 6],
                 [7, 8]]])
    """
    raise NotImplementedError("unflatten_tokens")


def add_batch_dim(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "1 *shape"]:
    """Make a batch of one: put a new dimension of size 1 in front.

    Args:
        x: a tensor of any dtype, with any number of dimensions, or none. Every size is at least 1. It is not
            modified.

    Returns:
        A tensor of shape (1, ...): a 1, and then all sizes of x, even if its first size is 1 already. Same dtype and
        device as x. No number changes. The result may share its memory with x.
        If x has real numbers, a gradient flows back to it (kata 11).

    Example:
        >>> add_batch_dim(torch.tensor([7, 8, 9]))
        tensor([[7, 8, 9]])
    """
    raise NotImplementedError("add_batch_dim")


def drop_batch_dim(x: Shaped[Tensor, "1 *shape"]) -> Shaped[Tensor, "*shape"]:
    """Take the one item out of a batch of one: remove the first dimension, and only that one.

    Args:
        x: a tensor of any dtype, shape (1, ...), with any number of dimensions after the first, or none.
            They may have size 1 too, or 0. It is not modified.

    Returns:
        A tensor of shape (...): all sizes of x but the first. Same dtype and device as x. No number changes.
        The result may share its memory with x.
        If x has real numbers, a gradient flows back to it (kata 11).

    Raises:
        ValueError: if the first size of x is not 1 (0 is not 1 either), or if x has no dimensions at all.

    Example:
        >>> drop_batch_dim(torch.tensor([[[7], [8], [9]]]))  # (1, 3, 1) becomes (3, 1)
        tensor([[7],
                [8],
                [9]])
    """
    raise NotImplementedError("drop_batch_dim")


def transpose_last(x: Shaped[Tensor, "*batch m n"]) -> Shaped[Tensor, "*batch n m"]:
    """Turn every matrix over: its rows become its columns. A matrix is what the last two dimensions hold.

    Args:
        x: matrices, shape (..., m, n), of any dtype, with any number of dimensions in front, or none. Every size is at
            least 1. The numbers may lie in memory in any order. It is not modified.

    Returns:
        A tensor of shape (..., n, m), with the dtype and device of x. The number in row i and column j of a matrix is
        now in row j and column i. The dimensions in front stay as they are. No number changes.
        The result may share its memory with x.
        If x has real numbers, a gradient flows back to it (kata 11).

    Example:
        >>> transpose_last(torch.tensor([[1, 2, 3], [4, 5, 6]]))
        tensor([[1, 4],
                [2, 5],
                [3, 6]])
    """
    raise NotImplementedError("transpose_last")


def tokens_first(x: Shaped[Tensor, "batch seq d"]) -> Shaped[Tensor, "seq batch d"]:
    """Change the order of the first two dimensions, so that the place in the sequence comes first.

    Some layers of PyTorch, `nn.MultiheadAttention` among them, expect their input like this.

    Args:
        x: a batch of sequences, shape (batch, seq, d), of any dtype. Every size is at least 1. The numbers may lie in
            memory in any order. It is not modified.

    Returns:
        A tensor of shape (seq, batch, d), with the dtype and device of x. At [t, b] it holds token t of sequence b,
        whole. No number changes. The result may share its memory with x.
        If x has real numbers, a gradient flows back to it (kata 11).

    Example:
        >>> tokens_first(torch.tensor([[[1], [2], [3]], [[4], [5], [6]]]))[0]  # the first token of each sequence
        tensor([[1],
                [4]])
    """
    raise NotImplementedError("tokens_first")


def flatten_features(x: Shaped[Tensor, "batch *rest"]) -> Shaped[Tensor, "batch features"]:
    """Put all that belongs to one item of the batch into one row, and leave the batch as it is.

    Args:
        x: a batch, shape (batch, ...), of any dtype, with at least one dimension after the first. Every size is at
            least 1. The numbers may lie in memory in any order. It is not modified.

    Returns:
        A tensor of shape (batch, features), with the dtype and device of x; features is the product of all sizes but
        the first. Row b holds the numbers of item b, in the order in which they are read: the last index moves
        fastest. No number changes. The result may share its memory with x.
        If x has real numbers, a gradient flows back to it (kata 11).

    Example:
        >>> flatten_features(torch.tensor([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]))
        tensor([[ 1,  2,  3,  4,  5,  6],
                [ 7,  8,  9, 10, 11, 12]])
    """
    raise NotImplementedError("flatten_features")
