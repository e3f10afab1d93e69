"""Masking: what a token may not look at.

The lesson is README.md. Write the functions in order, and check them with: make kata N=19
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def causal_mask(size: int, device: str | torch.device) -> Bool[Tensor, "size size"]:
    """Build the mask that lets each token look at itself and at the tokens before it, and at none after it.

    Rows are the tokens that look (queries), columns are the tokens looked at (keys).
    True means "may look", as in torch.nn.functional.scaled_dot_product_attention.

    Args:
        size: the number of tokens T, at least 1.
        device: where the mask shall live, a string such as "cpu" or a torch.device.

    Returns:
        A bool tensor, shape (size, size), on `device`.

    Example:
        >>> causal_mask(3, "cpu")
        tensor([[ True, False, False],
                [ True,  True, False],
                [ True,  True,  True]])
    """
    raise NotImplementedError("causal_mask")


def apply_mask(
    scores: Float[Tensor, "*batch Tq Tk"], mask: Bool[Tensor, "*#batch #Tq #Tk"]
) -> Float[Tensor, "*batch Tq Tk"]:
    """Keep the allowed scores as they are, and make the hidden ones so low that softmax gives them no weight.

    "Attention Is All You Need" (https://arxiv.org/abs/1706.03762, section 3.2.3) sets them to minus infinity.

    Args:
        scores: attention scores, shape (..., Tq, Tk), any floating dtype.
        mask: bool, True = may look. Its shape broadcasts to that of scores: (Tq, Tk), (B, 1, Tk), (B, Tq, Tk), ...

    Returns:
        A new tensor, shape (..., Tq, Tk), with the dtype and device of scores. Allowed scores are unchanged.
        Each hidden score is -inf, or a number that is at most `torch.finfo(scores.dtype).min / 2`.
        Gradients flow to the allowed scores.

    Example:
        >>> apply_mask(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[True, False], [True, True]]))
        tensor([[1., -inf],
                [3., 4.]])
    """
    raise NotImplementedError("apply_mask")


def masked_softmax(
    scores: Float[Tensor, "*batch Tq Tk"], mask: Bool[Tensor, "*#batch #Tq #Tk"]
) -> Float[Tensor, "*batch Tq Tk"]:
    """Turn scores into weights: each row shares a total of 1 among the keys that it may look at.

    An allowed weight is exp(score) divided by the sum of exp(score) over the allowed keys of its row.
    A hidden weight is 0, and what a hidden score says changes nothing, even if it is the largest of its row.
    A row in which nothing is allowed has only weights of 0, and sends a gradient of 0 to its scores, never NaN.

    Args:
        scores: attention scores, shape (..., Tq, Tk): Tq queries, Tk keys; any floating dtype. No score is above 80,
            and a hidden one is at most 80 above any allowed one of its row (8 and 8 in float16).
        mask: bool, True = may look. Its shape broadcasts to that of scores: (Tq, Tk), (B, 1, Tk), (B, Tq, Tk), ...

    Returns:
        A new tensor of weights, shape (..., Tq, Tk), with the dtype and device of scores.
        Gradients flow to the allowed scores; those of hidden scores are 0.

    Example:
        >>> masked_softmax(torch.tensor([[1.0, 1.0, 9.0], [5.0, 5.0, 5.0]]),
        ...                torch.tensor([[True, True, False], [False, False, False]]))
        tensor([[0.5000, 0.5000, 0.0000],
                [0.0000, 0.0000, 0.0000]])
    """
    raise NotImplementedError("masked_softmax")


def padding_mask(lengths: Int[Tensor, " B"], size: int) -> Bool[Tensor, "B 1 size"]:
    """Mark which keys are real tokens: in sequence b the first lengths[b] tokens are real, the rest is padding.

    The dimension of size 1 stands for the queries: every query of a sequence sees the same keys.

    Args:
        lengths: the number of real tokens of each sequence, shape (B,), integers from 0 to size.
        size: the number of tokens T in a row, padding included; it may be more than the largest length.

    Returns:
        A bool tensor, shape (B, 1, size), on the device of lengths. True = a real token, may be looked at.

    Example:
        >>> padding_mask(torch.tensor([2, 3]), 4)
        tensor([[[ True,  True, False, False]],
        <BLANKLINE>
                [[ True,  True,  True, False]]])
    """
    raise NotImplementedError("padding_mask")


def combine(causal: Bool[Tensor, "T T"], padding: Bool[Tensor, "B 1 T"]) -> Bool[Tensor, "B T T"]:
    """Join both rules: a query may look at a key if the causal mask and the padding mask both allow it.

    Padding hides keys (columns) only: the row of a query that is itself padding follows the same rule.

    Args:
        causal: bool, shape (T, T), from `causal_mask`: the same for every sequence.
        padding: bool, shape (B, 1, T), from `padding_mask`: one row of keys for each sequence.

    Returns:
        A new bool tensor, shape (B, T, T), on the device of the masks. Entry [b, q, k]: in sequence b, may q look at k?

    Example:
        >>> combine(torch.tensor([[True, False], [True, True]]), torch.tensor([[[True, False]]]))
        tensor([[[ True, False],
                 [ True, False]]])
    """
    raise NotImplementedError("combine")
