"""Query-key scores: every query meets every key.

The lesson is README.md. Write the functions in order, and check them with: make kata N=17
"""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def transpose_keys(k: Float[Tensor, "*batch Tk d"]) -> Float[Tensor, "*batch d Tk"]:
    """Make columns of the rows: key i of k becomes column i.

    Args:
        k: the keys, one row of d numbers for each token, shape (..., Tk, d). It may have no leading
            dimensions at all, or several. It may be non-contiguous.

    Returns:
        The same numbers, shape (..., d, Tk), with the dtype and device of k: the number at row i, column j
        of k is now at row j, column i. The leading dimensions stay as they are, and k itself is not modified.
        A view of k or a copy: both are right. Gradients reach k.

    Example:
        >>> transpose_keys(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
        tensor([[1., 3., 5.],
                [2., 4., 6.]])
    """
    raise NotImplementedError("transpose_keys")


def scores(q: Float[Tensor, "... Tq d"], k: Float[Tensor, "... Tk d"]) -> Float[Tensor, "... Tq Tk"]:
    """Compare every query with every key: the dot product of each pair.

    Args:
        q: the queries, one row of d numbers for each, shape (..., Tq, d).
        k: the keys, one row of d numbers for each, shape (..., Tk, d). Tq and Tk may differ.
            The leading dimensions of q and k (those before the last two) broadcast, and either may have none:
            q (2, 1, 5, 4) and k (3, 7, 4) give scores of shape (2, 3, 5, 7). Both may be non-contiguous.

    Returns:
        A new tensor, shape (..., Tq, Tk), with the dtype and device of q. The number at row i, column j is
        the dot product of query i and key j (multiply number by number, then add up), not scaled in any way.
        q and k are not modified, and gradients reach both.

    Example:
        >>> q = torch.tensor([[1.0, 2.0]])
        >>> k = torch.tensor([[3.0, 0.0], [1.0, 1.0], [0.0, -4.0]])
        >>> scores(q, k)
        tensor([[ 3.,  3., -8.]])
    """
    raise NotImplementedError("scores")


def scaled_scores(q: Float[Tensor, "... Tq d"], k: Float[Tensor, "... Tk d"]) -> Float[Tensor, "... Tq Tk"]:
    """Compare every query with every key, and divide each dot product by the square root of d.

    d is how many numbers one query has: the size of the last dimension of q and of k. This is the part
    q kᵀ / √d of the formula of attention, "Attention Is All You Need", section 3.2.1
    (https://arxiv.org/abs/1706.03762).

    Args:
        q: the queries, shape (..., Tq, d).
        k: the keys, shape (..., Tk, d), at least one, with the dtype and device of q. Tq and Tk may differ.
            The leading dimensions of q and k broadcast, and either may have none. Both may be non-contiguous.

    Returns:
        A new tensor, shape (..., Tq, Tk), with the dtype and device of q. q and k are not modified, and
        gradients reach both.

    Example:
        >>> q = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
        >>> k = torch.tensor([[1.0, 1.0, 1.0, 1.0], [2.0, 0.0, 0.0, 0.0]])
        >>> scaled_scores(q, k)  # the dot products are 10 and 2, and √4 is 2
        tensor([[5., 1.]])
    """
    raise NotImplementedError("scaled_scores")


def most_similar(q: Float[Tensor, "... Tq d"], k: Float[Tensor, "... Tk d"]) -> Int64[Tensor, "... Tq"]:
    """Find for each query the key with the largest dot product, and return which one it is.

    Args:
        q: the queries, shape (..., Tq, d).
        k: the keys, shape (..., Tk, d), at least one. Tq and Tk may differ. The leading dimensions of q and k
            broadcast, and either may have none. Both may be non-contiguous.

    Returns:
        Indices, dtype int64, shape (..., Tq), on the device of q: one number from 0 to Tk - 1 for each query.
        Largest means largest as a number: 3 is larger than -8, and -2 is larger than -8 too.
        Where several keys share the largest dot product, the index of any of them is right.

    Example:
        >>> q = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
        >>> k = torch.tensor([[3.0, 1.0], [1.0, 1.0], [0.0, -4.0]])
        >>> most_similar(q, k)  # the dot products are 5, 3, -8 and -1, -1, 4
        tensor([0, 2])
    """
    raise NotImplementedError("most_similar")
