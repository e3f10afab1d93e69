"""Embeddings: from token ids to rows of numbers.

The lesson is README.md. Write the functions in order, and check them with: make kata N=16
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn


def lookup(table: Float[Tensor, "vocab d"], ids: Int64[Tensor, "*shape"]) -> Float[Tensor, "*shape d"]:
    """Take from a table the row of each token: id 5 gives row 5.

    Args:
        table: one row of d numbers for each token of the vocabulary, shape (vocab, d), a float dtype. All its numbers
            are finite, here and in the functions below.
        ids: token ids, int64, each from 0 to vocab - 1, on the device of table. Any shape: a single id has the shape
            (), and there may be no id at all, as in (0,) or (2, 0). An id may occur more than once.

    Returns:
        A tensor of shape (*ids.shape, d), with the dtype and device of table. The rows come as they stand, float64
        with all its digits. Gradients flow back to the table: a row gets the gradients of all places where its id
        occurs, added up, and a row that does not occur gets 0.

    Example:
        >>> table = torch.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
        >>> lookup(table, torch.tensor([2, 0, 2]))
        tensor([[2.0000, 2.5000],
                [0.0000, 0.5000],
                [2.0000, 2.5000]])
    """
    raise NotImplementedError("lookup")


def one_hot_lookup(table: Float[Tensor, "vocab d"], ids: Int64[Tensor, "*shape"]) -> Float[Tensor, "*shape d"]:
    """Take the rows from the table again, this time through a matrix product.

    A one-hot row for id i holds `vocab` numbers: a 1 at place i, and 0 everywhere else. Multiplied by the table, it
    gives row i: all other rows are taken times 0. The kata asks for that matrix product, by @, einsum or any other call
    that does one. A `*` with a sum after it, or a loop over the vocabulary, is not meant.

    Args:
        table: shape (vocab, d), a float dtype.
        ids: token ids, int64, each from 0 to vocab - 1, on the device of table, of any shape, as for `lookup`. The
            largest ids of the vocabulary need not occur.

    Returns:
        A tensor of shape (*ids.shape, d), with the dtype and device of table: what `lookup` gives, with the same
        gradient for the table.

    Example:
        >>> table = torch.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
        >>> one_hot_lookup(table, torch.tensor([1, 0]))  # the one-hot rows are [0, 1, 0] and [1, 0, 0]
        tensor([[1.0000, 1.5000],
                [0.0000, 0.5000]])
    """
    raise NotImplementedError("one_hot_lookup")


class Embedding(nn.Module):
    """The table as a layer that owns it, and learns it.

    It has exactly one parameter, `weight`, of shape (n, d), which is trainable. Nothing else is saved in
    `state_dict()`. In the beginning the numbers of `weight` are drawn from the standard normal distribution, as
    `torch.randn` does: each by itself, and others for each new layer. Training and evaluation give the same.

    You write the layer yourself: do not use `nn.Embedding`, and do not inherit from it.

    Example:
        >>> layer = Embedding(10, 4)
        >>> layer(torch.tensor([[3, 1, 3]])).shape
        torch.Size([1, 3, 4])
    """

    def __init__(self, n: int, d: int):
        """Make the table.

        Args:
            n: how many tokens the vocabulary has, at least 1.
            d: how many numbers stand for one token, at least 1.
        """
        raise NotImplementedError("Embedding.__init__")

    def forward(self, ids: Int64[Tensor, "*shape"]) -> Float[Tensor, "*shape d"]:
        """Look up the rows of `weight`.

        Args:
            ids: token ids, int64, each from 0 to n - 1, on the device of `weight`, of any shape, as for `lookup`.

        Returns:
            A tensor of shape (*ids.shape, d), with the dtype and device of `weight`: what `lookup` gives for `weight`
            and ids. Gradients flow back to `weight`.
        """
        raise NotImplementedError("Embedding.forward")


def token_and_position(
    token_table: Float[Tensor, "vocab d"], position_table: Float[Tensor, "places d"], ids: Int64[Tensor, "batch tokens"]
) -> Float[Tensor, "batch tokens d"]:
    """Turn ids into what a transformer starts from: the row of the token, plus the row of its place.

    Args:
        token_table: shape (vocab, d), one row for each token, a float dtype.
        position_table: shape (places, d), one row for each place in a sequence, from the first place on. Same dtype
            and device.
        ids: token ids, shape (batch, tokens), int64, each from 0 to vocab - 1, on the same device. batch and tokens are
            at least 1.

    Returns:
        A new tensor of shape (batch, tokens, d), with the dtype and device of token_table. At [b, t] it holds row
        ids[b, t] of the token table plus row t of the position table. Gradients flow back to both tables.

    Raises:
        ValueError: if a sequence has more tokens than there are places. As many as there are places is fine.

    Example:
        >>> tokens = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> places = torch.tensor([[10.0, 10.0], [20.0, 20.0], [30.0, 30.0]])
        >>> token_and_position(tokens, places, torch.tensor([[1, 0]]))
        tensor([[[13., 14.],
                 [21., 22.]]])
    """
    raise NotImplementedError("token_and_position")
