"""Mini attention: every token gathers what it needs from the others.

The lesson is README.md. Write the functions in order, and check them with: make kata N=22
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


def attention(
    q: Float[Tensor, "*batch Tq d"],
    k: Float[Tensor, "*batch Tk d"],
    v: Float[Tensor, "*batch Tk dv"],
) -> tuple[Float[Tensor, "*batch Tq dv"], Float[Tensor, "*batch Tq Tk"]]:
    """Give every query a weighted average of the values.

    A query looks at all keys. The better a key fits, the larger the share of that key's value in the answer.
    A score is the dot product of a query and a key, divided by the square root of d. The scores of one query
    become its weights: positive numbers that sum to 1 over the keys. The output mixes the values in those shares.

    This is formula (1) of "Attention Is All You Need" (section 3.2.1, https://arxiv.org/abs/1706.03762):
    softmax(Q Kᵀ / √d) V.

    Args:
        q: queries, shape (..., Tq, d), any floating dtype.
        k: keys, shape (..., Tk, d), same leading dimensions, dtype and device as q.
        v: values, shape (..., Tk, dv): one for each key. dv may differ from d.

    Returns:
        A pair (output, weights) of new tensors, both with the dtype and device of q:
        output, shape (..., Tq, dv), and weights, shape (..., Tq, Tk).

    Example:
        >>> q = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
        >>> k = torch.tensor([[1.0986, 0.0, 0.0, 0.0], [0.0, 5.0, 5.0, 5.0]])
        >>> v = torch.tensor([[4.0], [8.0]])
        >>> output, weights = attention(q, k, v)
        >>> weights  # the scores are 1.0986 and 0, and exp(1.0986) is 3: three shares against one
        tensor([[0.7500, 0.2500]])
        >>> output
        tensor([[5.0000]])
    """
    raise NotImplementedError("attention")


def causal_attention(
    q: Float[Tensor, "*batch T d"],
    k: Float[Tensor, "*batch T d"],
    v: Float[Tensor, "*batch T dv"],
) -> tuple[Float[Tensor, "*batch T dv"], Float[Tensor, "*batch T T"]]:
    """Attend to the past and the present only: token i uses the keys 0, 1, … i, itself included.

    The same attention as in `attention`, with the same scale, but no token sees a token that comes after it.
    The weight of every later key is 0, and the weights of the keys that are left sum to 1 again. So the
    first token attends to nothing but itself.

    You may count on scores of moderate size: those of hidden keys exceed those of visible keys by less than 80
    in float32, and by less than 8 in float16.

    Args:
        q: queries, shape (..., T, d), any floating dtype.
        k: keys, shape (..., T, d): as many keys as queries, and the same dtype and device as q.
        v: values, shape (..., T, dv): one for each key. dv may differ from d.

    Returns:
        A pair (output, weights) of new tensors, both with the dtype and device of q:
        output, shape (..., T, dv), and weights, shape (..., T, T).

    Example:
        >>> q, k = torch.zeros(3, 4), torch.zeros(3, 4)
        >>> v = torch.tensor([[2.0], [4.0], [12.0]])
        >>> output, weights = causal_attention(q, k, v)
        >>> weights  # all scores are equal: equal shares for the keys that may be seen
        tensor([[1.0000, 0.0000, 0.0000],
                [0.5000, 0.5000, 0.0000],
                [0.3333, 0.3333, 0.3333]])
        >>> output
        tensor([[2.],
                [3.],
                [6.]])
    """
    raise NotImplementedError("causal_attention")


def attention_with_dropout(
    q: Float[Tensor, "*batch Tq d"],
    k: Float[Tensor, "*batch Tk d"],
    v: Float[Tensor, "*batch Tk dv"],
    p: float,
    training: bool,
) -> tuple[Float[Tensor, "*batch Tq dv"], Float[Tensor, "*batch Tq Tk"]]:
    """Attend, and in training forget some of the weights at random.

    In training, every single weight of `attention` becomes 0 with probability p, whatever happens to the others,
    with a fresh draw in every call. A weight that survives is divided by 1 - p, so that the average over many draws
    is the weight without dropout. The rows need not sum to 1 any more. In evaluation (training is False), nothing is
    dropped and nothing is divided. Here too the scores are divided by the square root of d.

    The dropout is that of https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html.

    Args:
        q: queries, shape (..., Tq, d), any floating dtype.
        k: keys, shape (..., Tk, d), same leading dimensions, dtype and device as q.
        v: values, shape (..., Tk, dv): one for each key. dv may differ from d.
        p: the probability to drop a weight, from 0 (none) to 1 (all of them: weights and output are then 0).
        training: True drops weights, False does not.

    Returns:
        A pair (output, weights) of new tensors, both with the dtype and device of q:
        output, shape (..., Tq, dv), and weights, shape (..., Tq, Tk). The weights are those after dropout, the
        very ones that mixed the values: output is the matrix product of weights and v.

    Raises:
        ValueError: when training is True and p is below 0 or above 1.

    Example:
        >>> q, k, v = torch.zeros(2, 4), torch.zeros(4, 4), torch.ones(4, 3)
        >>> attention_with_dropout(q, k, v, p=0.5, training=False)[1]
        tensor([[0.2500, 0.2500, 0.2500, 0.2500],
                [0.2500, 0.2500, 0.2500, 0.2500]])
        >>> weights = attention_with_dropout(q, k, v, p=0.5, training=True)[1]
        >>> set(weights.flatten().tolist()) <= {0.0, 0.5}  # dropped, or doubled
        True
    """
    raise NotImplementedError("attention_with_dropout")


class SelfAttention(nn.Module):
    """Attention of a sequence to itself: queries, keys and values are three readings of the same tokens.

    Three layers, each with weight and bias, turn every token into a query, a key and a value.
    The layers are all that is trained: there are no other parameters.

    Example:
        >>> output, weights = SelfAttention(d_model=8, causal=True)(torch.randn(2, 5, 8))
        >>> output.shape, weights.shape
        (torch.Size([2, 5, 8]), torch.Size([2, 5, 5]))
        >>> weights[0, 0].tolist()  # the first token sees only itself
        [1.0, 0.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, d_model: int, causal: bool = False) -> None:
        """Make the three layers.

        The attributes `query`, `key` and `value` are three separate `nn.Linear` layers
        from d_model to d_model, with bias, that start as PyTorch makes them.

        Args:
            d_model: the size of each token, of each query, each key and each value.
            causal: True hides the tokens that come later, as in `causal_attention`.
        """
        raise NotImplementedError("SelfAttention.__init__")

    def forward(self, x: Float[Tensor, "B T D"]) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B T T"]]:
        """Let the tokens of each sequence attend to the tokens of the same sequence.

        The scores are divided by the square root of d_model. There is no dropout.

        Args:
            x: tokens, shape (B, T, D) where D is d_model, with the dtype and device of the layers. T may be anything.

        Returns:
            A pair (output, weights) of new tensors, both with the dtype and device of x:
            output, shape (B, T, D), and weights, shape (B, T, T).
        """
        raise NotImplementedError("SelfAttention.forward")
