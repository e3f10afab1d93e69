"""Mini attention: every token gathers what it needs from the others."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dojo.authoring import benchmark, mistake, variant


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
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))  # (..., Tq, Tk)
    weights = torch.softmax(scores, dim=-1)  # (..., Tq, Tk)
    return weights @ v, weights  # (..., Tq, dv), (..., Tq, Tk)


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
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))  # (..., T, T)
    visible = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).tril()  # (T, T)
    weights = torch.softmax(scores.masked_fill(~visible, -math.inf), dim=-1)  # (..., T, T)
    return weights @ v, weights  # (..., T, dv), (..., T, T)


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
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))  # (..., Tq, Tk)
    weights = nn.functional.dropout(torch.softmax(scores, dim=-1), p, training)  # (..., Tq, Tk)
    return weights @ v, weights  # (..., Tq, dv), (..., Tq, Tk)


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
        super().__init__()
        self.causal = causal
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)

    def forward(self, x: Float[Tensor, "B T D"]) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B T T"]]:
        """Let the tokens of each sequence attend to the tokens of the same sequence.

        The scores are divided by the square root of d_model. There is no dropout.

        Args:
            x: tokens, shape (B, T, D) where D is d_model, with the dtype and device of the layers. T may be anything.

        Returns:
            A pair (output, weights) of new tensors, both with the dtype and device of x:
            output, shape (B, T, D), and weights, shape (B, T, T).
        """
        attend = causal_attention if self.causal else attention
        return attend(self.query(x), self.key(x), self.value(x))


HINTS = {
    "attention": [
        "You have written every part in kata 17 and kata 18. Attention is three steps: score, share out, mix.",
        "Scores: (..., Tq, d) times (..., d, Tk) gives (..., Tq, Tk). Divide by the root of d, the last size of q. "
        "Softmax makes each row of Tk numbers sum to 1. Then (..., Tq, Tk) times (..., Tk, dv) gives (..., Tq, dv).",
        "scores = q @ (k with its last two dimensions swapped) / math.sqrt(the last size of q); "
        "weights = torch.softmax(scores, over the keys); return (weights @ v) and weights, in this order.",
    ],
    "causal_attention": [
        "Row i of the weights belongs to token i. Which columns may be more than 0? Hide the others as in kata 19, "
        "before the softmax, so that the rest still sums to 1.",
        "Scores (..., T, T) as in `attention`. A (T, T) table of True and False, True where column <= row, made on q's "
        "device, broadcasts over the leading dimensions. Scores where it is False become -inf, whose exp is 0.",
        "visible = torch.ones(T, T, dtype=torch.bool, device=q.device).tril(); "
        "scores = scores.masked_fill(the opposite of visible, -math.inf); then softmax and mix as in `attention`.",
    ],
    "attention_with_dropout": [
        "Dropout acts on the weights: after the softmax, before the values are mixed. Draw once, and use that draw "
        "for both results.",
        "weights (..., Tq, Tk) -> dropout -> weights (..., Tq, Tk), some 0, the others larger -> times v (..., Tk, dv) "
        "-> output (..., Tq, dv). torch.nn.functional.dropout has an argument for training: hand yours on.",
        "_, weights = attention(q, k, v); weights = nn.functional.dropout(weights, p, and the third argument); "
        "return (the new weights @ v) and the new weights.",
    ],
    "SelfAttention": [
        "The attention itself is written already. This class owns three layers, feeds x to each, and chooses one of "
        "your two functions.",
        "In __init__, after super().__init__(): three nn.Linear(d_model, d_model), and remember causal. In forward "
        "each layer takes x (B, T, D) to (B, T, D); the three results are q, k and v.",
        "self.query = nn.Linear(d_model, d_model), and the same for key and value; in forward: "
        "attend = causal_attention or attention, depending on self.causal; "
        "return attend(the three layers applied to x).",
    ],
}

BANNED = {"*attention*": "write it from matrix products and a softmax"}


def _scores(q: Tensor, k: Tensor) -> Tensor:
    """The scaled scores: what the variants and mistakes below share."""
    return q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))  # (..., Tq, Tk)


def _visible(q: Tensor) -> Tensor:
    return torch.ones(q.size(-2), q.size(-2), dtype=torch.bool, device=q.device).tril()  # (T, T)


def _causal(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.softmax(_scores(q, k).masked_fill(~_visible(q), -math.inf), dim=-1)
    return weights @ v, weights


def _chance(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"p must lie between 0 and 1, not {p}")


# Other right answers for attention.


@variant(attention)
def with_einsum(q, k, v):
    scores = torch.einsum("...qd,...kd->...qk", q, k) * q.shape[-1] ** -0.5
    weights = nn.Softmax(dim=-1)(scores)
    return torch.einsum("...qk,...kv->...qv", weights, v), weights


@variant(attention)
def query_by_query(q, k, v):
    outputs, weights = [], []
    for query in q.unbind(-2):  # (..., d)
        scores = (query.unsqueeze(-2) * k).sum(-1) / math.sqrt(k.size(-1))  # (..., Tk)
        shares = (scores - scores.amax(-1, keepdim=True)).exp()
        shares = shares / shares.sum(-1, keepdim=True)
        weights.append(shares)
        outputs.append((shares.unsqueeze(-1) * v).sum(-2))  # (..., dv)
    return torch.stack(outputs, -2), torch.stack(weights, -2)


@variant(attention)
def scaled_on_both_sides(q, k, v):
    root = q.size(-1) ** 0.25
    weights = ((q / root) @ (k / root).mT).softmax(-1)
    return torch.matmul(weights, v), weights


@variant(attention)
def computed_in_float64(q, k, v):
    scores = k.double() @ q.double().transpose(-1, -2) / torch.tensor(q.size(-1)).sqrt()  # (..., Tk, Tq)
    weights = torch.softmax(scores, dim=-2).transpose(-1, -2)
    return (weights @ v.double()).to(q.dtype), weights.to(q.dtype)


@variant(attention)
def flattened_to_three_dimensions(q, k, v):
    lead = q.shape[:-2]
    flat_q, flat_k, flat_v = (t.reshape(-1, *t.shape[-2:]) for t in (q, k, v))
    scores = torch.bmm(flat_q, flat_k.transpose(1, 2)).div_(q.size(-1) ** 0.5)
    weights = torch.exp(torch.log_softmax(scores, 2))
    output = torch.bmm(weights, flat_v)
    return output.reshape(*lead, *output.shape[1:]), weights.reshape(*lead, *weights.shape[1:])


# Other right answers for causal_attention.


@variant(causal_attention)
def infinity_added(q, k, v):
    size = q.size(-2)
    future = torch.full((size, size), -math.inf, dtype=q.dtype, device=q.device).triu(1)
    weights = torch.softmax(_scores(q, k) + future, dim=-1)
    return weights @ v, weights


@variant(causal_attention)
def lowest_number(q, k, v):
    row = torch.arange(q.size(-2), device=q.device)
    scores = _scores(q, k)
    scores = scores.masked_fill_(row[:, None] < row, torch.finfo(q.dtype).min)
    weights = scores.softmax(-1)
    return weights.matmul(v), weights


@variant(causal_attention)
def renormalised_after_softmax(q, k, v):
    weights = torch.softmax(_scores(q, k), dim=-1).tril()
    weights = weights / weights.sum(-1, keepdim=True)
    return weights @ v, weights


@variant(causal_attention)
def token_by_token(q, k, v):
    outputs, weights = [], []
    for i in range(q.size(-2)):
        mixed, shares = attention(q[..., i : i + 1, :], k[..., : i + 1, :], v[..., : i + 1, :])
        unseen = torch.zeros_like(k[..., i + 1 :, 0]).unsqueeze(-2)  # (..., 1, T - i - 1)
        outputs.append(mixed)
        weights.append(torch.cat([shares, unseen], dim=-1))
    return torch.cat(outputs, dim=-2), torch.cat(weights, dim=-2)


@variant(causal_attention)
def chosen_with_where(q, k, v):
    scores = _scores(q, k)
    powers = torch.where(_visible(q), (scores - scores.amax(-1, keepdim=True)).exp(), 0.0)
    weights = powers / powers.sum(-1, keepdim=True)
    return torch.einsum("...ts,...sd->...td", weights, v), weights


# Other right answers for attention_with_dropout.


@variant(attention_with_dropout)
def dropout_module(q, k, v, p, training):
    weights = nn.Dropout(p).train(training)(torch.softmax(_scores(q, k), dim=-1))
    return weights @ v, weights


@variant(attention_with_dropout)
def uniform_numbers(q, k, v, p, training):
    if p < 0 or p > 1:
        raise ValueError(f"p must lie between 0 and 1, not {p}")
    weights = torch.softmax(_scores(q, k), dim=-1)
    if training and p > 0:
        dropped = torch.rand(weights.shape, device=weights.device) < p
        weights = weights.masked_fill(dropped, 0.0) / (1 - p if p < 1 else 1)
    return weights @ v, weights


@variant(attention_with_dropout)
def bernoulli_numbers(q, k, v, p, training):
    weights = torch.softmax(_scores(q, k), dim=-1)
    if not training:
        return weights @ v, weights
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    kept = torch.bernoulli(torch.full_like(weights, 1 - p)).bool()
    weights = torch.where(kept, weights / max(1 - p, 1e-6), torch.zeros_like(weights))
    return (weights.unsqueeze(-1) * v.unsqueeze(-3)).sum(-2), weights


# Other right answers for SelfAttention.


@variant(SelfAttention)
class ByHand(nn.Module):
    def __init__(self, d_model, causal=False):
        super().__init__()
        self.value = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.query = nn.Linear(d_model, d_model)
        self.d_model, self.hide_the_future = d_model, causal

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        scores = torch.bmm(q, k.transpose(1, 2)) * self.d_model**-0.5
        if self.hide_the_future:
            time = x.size(1)
            later = torch.triu(torch.ones(time, time, device=x.device), diagonal=1) == 1
            scores = scores.masked_fill(later, -math.inf)
        weights = nn.functional.softmax(scores, dim=2)
        return torch.bmm(weights, v), weights


@variant(SelfAttention)
class OneFusedProduct(nn.Module):
    def __init__(self, d_model, causal=False):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(d_model, d_model) for _ in range(3))
        self.attend = causal_attention if causal else attention

    def forward(self, x):
        layers = (self.query, self.key, self.value)
        weight = torch.cat([layer.weight for layer in layers])  # (3D, D)
        bias = torch.cat([layer.bias for layer in layers])  # (3D,)
        return self.attend(*nn.functional.linear(x, weight, bias).chunk(3, dim=-1))


@variant(SelfAttention)
class MaskInABuffer(nn.Module):
    def __init__(self, d_model, causal=False):
        super().__init__()
        self.d_model = d_model
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.register_buffer("scale", torch.tensor(d_model**-0.5))
        self.causal = causal

    def forward(self, x):
        weights = (self.query(x) * self.scale @ self.key(x).mT).softmax(-1)
        if self.causal:
            weights = weights.tril()
            weights = weights / weights.sum(-1, keepdim=True)
        return weights @ self.value(x), weights


# Wrong answers for attention.


@mistake(attention, says="square root of d")
def no_scale(q, k, v):
    """You left the scores as they came out of the dot product. They grow with d, so the softmax gives nearly all of
    the weight to one key. Divide them by the square root of d before the softmax."""
    weights = torch.softmax(q @ k.transpose(-2, -1), dim=-1)
    return weights @ v, weights


@mistake(attention, says="square root of d")
def divided_by_d(q, k, v):
    """You divided the scores by d itself. The dot product of d random numbers grows like the square root of d, so d
    makes the scores too small and all keys look alike."""
    weights = torch.softmax(q @ k.transpose(-2, -1) / q.size(-1), dim=-1)
    return weights @ v, weights


@mistake(attention, says="square root of d")
def multiplied_by_the_root(q, k, v):
    """You multiplied by the square root of d where the formula divides. That makes large scores larger still."""
    weights = torch.softmax(q @ k.transpose(-2, -1) * math.sqrt(q.size(-1)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="square root of d")
def root_of_the_number_of_keys(q, k, v):
    """You took the square root of Tk, the number of keys. The scale makes up for the length of the dot product, and
    that is d, the last size of q and k."""
    weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(k.size(-2)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="square root of d")
def root_of_the_number_of_queries(q, k, v):
    """You read the scale from q.size(1) or q.size(-2): in a batch that is Tq, the number of queries. The size that
    the dot product sums over comes last."""
    weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.size(-2)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="square root of d")
def root_of_the_value_size(q, k, v):
    """You took d from the values. The scores come from q and k alone: their last size is d, and the values may have
    another one."""
    weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(v.size(-1)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="square root of d")
def root_of_the_first_size(q, k, v):
    """You took the square root of the first size of q, the batch. Count from the end: q.size(-1) is d for any number
    of dimensions."""
    weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.size(0)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="whole weight")
def scaled_after_softmax(q, k, v):
    """You divided the weights instead of the scores. Then they no longer sum to 1. The scale belongs in front of the
    softmax."""
    weights = torch.softmax(q @ k.transpose(-2, -1), dim=-1) / math.sqrt(q.size(-1))
    return weights @ v, weights


@mistake(attention, says="over the keys")
def softmax_over_queries(q, k, v):
    """You ran the softmax over the queries, the second last dimension. Each query shares out its attention among the
    keys, and they are the last dimension of the scores."""
    weights = torch.softmax(_scores(q, k), dim=-2)
    return weights @ v, weights


@mistake(attention, says="whole weight")
def softmax_over_the_first_dimension(q, k, v):
    """You ran the softmax over dimension 0. In a batch that compares the sequences with one another, although they have
    nothing to do with each other. Count from the end: the keys are dimension -1."""
    weights = torch.softmax(_scores(q, k), dim=0)
    return weights @ v, weights


@mistake(attention, says="leading dimensions")
def softmax_over_dimension_two(q, k, v):
    """You wrote dim=2. That is right for a batch of shape (B, Tq, Tk) and for nothing else. dim=-1 is right for any
    number of dimensions."""
    weights = torch.softmax(_scores(q, k), dim=2)
    return weights @ v, weights


@mistake(attention, says="over the keys")
def softmax_over_all_scores(q, k, v):
    """You made all scores of the table sum to 1 together. Each row, that is each query, has a whole 1 to share out."""
    weights = _scores(q, k).flatten(-2).softmax(-1).reshape(*q.shape[:-1], k.size(-2))
    return weights @ v, weights


@mistake(attention, says="Each query meets each key")
def keys_not_transposed(q, k, v):
    """You multiplied q and k as they are. A matrix product sums the last dimension of q with the second last of k. The
    sum must run over d, so the last two dimensions of k have to change places."""
    weights = torch.softmax(q @ k / math.sqrt(q.size(-1)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="dot product of a query and a key")
def keys_reshaped(q, k, v):
    """You gave k the right shape with reshape or view. That keeps the order of the numbers in memory, so the
    columns are no longer keys. Swap the two dimensions with transpose."""
    keys = k.reshape(*k.shape[:-2], k.size(-1), k.size(-2))
    weights = torch.softmax(q @ keys / math.sqrt(q.size(-1)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="leading dimensions")
def transposed_by_fixed_numbers(q, k, v):
    """You swapped dimensions 1 and 2 of k. They are the last two only where there are three. Count from the end: -2 and
    -1 are right with a batch, with heads, and without either."""
    weights = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.size(-1)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="output and weights")
def only_the_output(q, k, v):
    """You returned the output alone. This kata asks for the pair (output, weights): the weights show where
    each query looked."""
    return torch.softmax(_scores(q, k), dim=-1) @ v


@mistake(attention, says="output and weights")
def weights_come_first(q, k, v):
    """You returned the pair the other way round. The output comes first, then the weights."""
    weights = torch.softmax(_scores(q, k), dim=-1)
    return weights, weights @ v


@mistake(attention, says="whole weight")
def scores_returned_as_weights(q, k, v):
    """You returned the scores, as they were before the softmax. The weights are what the softmax makes of them."""
    scores = _scores(q, k)
    return torch.softmax(scores, dim=-1) @ v, scores


@mistake(attention, says="whole weight")
def no_softmax(q, k, v):
    """You mixed the values with the scores themselves. Scores may be negative and have any sum. The softmax turns them
    into positive shares that sum to 1."""
    scores = _scores(q, k)
    return scores @ v, scores


@mistake(attention, says="better fit")
def values_averaged_uniformly(q, k, v):
    """You gave every key the same weight. Attention is an average too, but a key that fits the query better counts for
    more."""
    weights = torch.softmax(torch.zeros_like(_scores(q, k)), dim=-1)
    return weights @ v, weights


@mistake(attention, says="every key gets a share")
def only_the_best_key(q, k, v):
    """You let each query take the value of its best key and nothing else. That is a hard choice, through which no
    gradient flows. The softmax gives every key a share."""
    scores = _scores(q, k)
    weights = nn.functional.one_hot(scores.argmax(-1), k.size(-2)).to(q.dtype)
    return weights @ v, weights


@mistake(attention, says="whole weight")
def sigmoid_for_softmax(q, k, v):
    """You used a sigmoid. It squeezes each score between 0 and 1 on its own. The keys of one query have to share a
    total of 1, and the softmax does that."""
    weights = torch.sigmoid(_scores(q, k))
    return weights @ v, weights


@mistake(attention, says="output is its value")
def keys_are_mixed(q, k, v):
    """You mixed the keys. Keys are there to be found, values are what is handed over: the output has the last size of
    v."""
    weights = torch.softmax(_scores(q, k), dim=-1)
    return weights @ k, weights


@mistake(attention, says="changed its input")
def query_scaled_in_place(q, k, v):
    """You wrote `q /= ...`, and that changes the tensor that the caller still uses. `q = q / ...` makes a new one."""
    with torch.no_grad():
        q /= math.sqrt(q.size(-1))
    weights = torch.softmax(q @ k.transpose(-2, -1), dim=-1)
    return weights @ v, weights


@mistake(attention, says="dtype")
def left_in_float32(q, k, v):
    """You computed in float32 and left the results there. Bring them back to the dtype that came in: a model in half
    precision expects half precision."""
    weights = torch.softmax(_scores(q.float(), k.float()), dim=-1)
    return weights @ v.float(), weights


@mistake(attention, says="gradient")
def weights_without_gradient(q, k, v):
    """You cut the weights out of the graph, with detach, .data or no_grad. Then the model never learns where to look:
    queries and keys get no gradient."""
    weights = torch.softmax(_scores(q, k), dim=-1).detach()
    return weights @ v, weights


@mistake(attention, says="shape of output")
def squeezed(q, k, v):
    """You dropped the dimensions of size 1. A single query, a single key or a batch of one keeps its dimension."""
    weights = torch.softmax(_scores(q, k), dim=-1)
    return (weights @ v).squeeze(), weights.squeeze()


@mistake(attention, says="non-contiguous")
def viewed(q, k, v):
    """You used `view`, which needs memory in order. The inputs may be transposed or sliced: `reshape` or
    `transpose` work on those too."""
    flat_q, flat_k, flat_v = (t.view(-1, *t.shape[-2:]) for t in (q, k, v))
    weights = torch.softmax(_scores(flat_q, flat_k), dim=-1)
    output = weights @ flat_v
    return output.view(*q.shape[:-1], v.size(-1)), weights.view(*q.shape[:-1], k.size(-2))


@mistake(attention, says="asks you to write it")
def the_built_in(q, k, v):
    """You called the function of PyTorch that does all of this at once. It is the one to use later on. Here you learn
    what happens inside it."""
    identity = torch.eye(k.size(-2), dtype=q.dtype, device=q.device)
    weights = nn.functional.scaled_dot_product_attention(q, k, identity.expand(*k.shape[:-1], -1))
    return weights @ v, weights


# Wrong answers for causal_attention.


@mistake(causal_attention, says="future")
def no_mask(q, k, v):
    """You let every token see every other. The later tokens are what the model has to predict: hide them."""
    return attention(q, k, v)


@mistake(causal_attention, says="sees itself")
def diagonal_hidden_too(q, k, v):
    """You hid the token itself as well (`tril(-1)`, or `>` where `>=` belongs). Then the first token has nothing left
    to look at, and its weights become NaN."""
    weights = torch.softmax(_scores(q, k).masked_fill(~_visible(q).tril(-1), -math.inf), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="future")
def one_future_token_seen(q, k, v):
    """You left one token too many in sight (`tril(1)` or `triu(2)`). A model that sees the very next token need not
    predict it."""
    visible = torch.ones_like(_visible(q)).tril(1)
    weights = torch.softmax(_scores(q, k).masked_fill(~visible, -math.inf), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="future")
def past_hidden(q, k, v):
    """You hid the wrong triangle: the past instead of the future. In the scores, rows are queries and columns are
    keys. A column to the right of the diagonal comes later."""
    weights = torch.softmax(_scores(q, k).masked_fill(~_visible(q).T, -math.inf), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="sum to 1")
def masked_without_renormalising(q, k, v):
    """You set the weights of later keys to 0 after the softmax. Part of the total went to them, so what is left sums to
    less than 1. Hide the scores before the softmax, or divide each row by its new sum."""
    weights = torch.softmax(_scores(q, k), dim=-1).tril()
    return weights @ v, weights


@mistake(causal_attention, says="future")
def hidden_scores_become_zero(q, k, v):
    """You multiplied the scores by a mask of ones and zeros. A score of 0 is an ordinary score: exp(0) is 1, and
    the later keys still get a share. A hidden score has to become -inf."""
    weights = torch.softmax(_scores(q, k).tril(), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="future")
def hidden_scores_lowered_a_little(q, k, v):
    """You lowered the hidden scores by a small number. exp of it is small but not 0, so some of the future leaks
    through. Use -inf."""
    weights = torch.softmax(_scores(q, k).masked_fill(~_visible(q), -5.0), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="NaN")
def mask_times_infinity(q, k, v):
    """You multiplied a mask of ones and zeros by -inf. 0 times infinity is NaN, not 0, so every row is spoilt. Put
    -inf where the mask says so, with masked_fill or where."""
    weights = torch.softmax(_scores(q, k) + (~_visible(q)).to(q.dtype) * -math.inf, dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="same device")
def mask_made_on_the_cpu(q, k, v):
    """You made the mask without saying where. It lies on the CPU then, and cannot meet scores on another device. Make
    it on the device of q."""
    visible = torch.ones(q.size(-2), q.size(-2), dtype=torch.bool).tril()
    weights = torch.softmax(_scores(q, k).where(visible, -math.inf), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="float16")
def large_number_in_float16(q, k, v):
    """You filled in -1e9. float16 ends at 65504, so the number does not fit, and PyTorch stops. -inf, or
    torch.finfo(q.dtype).min, fits every dtype."""
    weights = torch.softmax(_scores(q, k).masked_fill(~_visible(q), -1e9), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="dtype")
def mask_in_float32(q, k, v):
    """You added a float32 table of 0 and -inf. In half precision the sum is float32, and what comes out is no longer
    the dtype that went in. Make the table in the dtype of q, or use a bool mask."""
    size = q.size(-2)
    weights = torch.softmax(_scores(q, k) + torch.full((size, size), -math.inf, device=q.device).triu(1), dim=-1)
    return weights @ v.to(weights.dtype), weights


@mistake(causal_attention, says="square root of d")
def causal_without_scale(q, k, v):
    """You left out the division by the square root of d. The mask changes who may be seen, and nothing else."""
    scores = (q @ k.transpose(-2, -1)).masked_fill(~_visible(q), -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="square root of d")
def causal_with_the_root_of_the_length(q, k, v):
    """You divided by the square root of T, the number of tokens. The scale belongs to the dot product, which sums over
    d."""
    scores = (q @ k.transpose(-2, -1) / math.sqrt(q.size(-2))).masked_fill(~_visible(q), -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="sum to 1")
def causal_softmax_over_queries(q, k, v):
    """You ran the softmax over the queries. Here both dimensions have size T, so no error tells you. The keys are
    the last dimension."""
    weights = torch.softmax(_scores(q, k).masked_fill(~_visible(q), -math.inf), dim=-2)
    return weights @ v, weights


@mistake(causal_attention, says="leading dimensions")
def length_read_from_dimension_one(q, k, v):
    """You read T from q.size(1). That is T in a batch, but d without one, and the heads when there are heads. Count
    from the end: T is size(-2)."""
    visible = torch.ones(q.size(1), q.size(1), dtype=torch.bool, device=q.device).tril()
    weights = torch.softmax(_scores(q, k).masked_fill(~visible, -math.inf), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="mixed with these weights")
def unmasked_weights_returned(q, k, v):
    """You mixed the values with the masked weights, but returned the weights of before the mask. Return the very
    weights that made the output."""
    output, _ = _causal(q, k, v)
    return output, torch.softmax(_scores(q, k), dim=-1)


@mistake(causal_attention, says="output and weights")
def causal_output_only(q, k, v):
    """You returned the output alone. Every function of this kata gives back (output, weights)."""
    return _causal(q, k, v)[0]


@mistake(causal_attention, says="dot product of a query and a key")
def queries_and_keys_swapped(q, k, v):
    """You put k on the left and q on the right. With as many keys as queries the shape is the same, but each row
    now belongs to a key. Rows are queries."""
    scores = k @ q.transpose(-2, -1) / math.sqrt(q.size(-1))
    weights = torch.softmax(scores.masked_fill(~_visible(q), -math.inf), dim=-1)
    return weights @ v, weights


@mistake(causal_attention, says="gradient")
def causal_without_gradient(q, k, v):
    """You cut the weights out of the graph, perhaps while filling in the mask with .data or under no_grad. Queries and
    keys get no gradient, and the model never learns where to look."""
    with torch.no_grad():
        _, weights = _causal(q, k, v)
    return weights @ v, weights


@mistake(causal_attention, says="as many rows and columns")
def mask_of_a_fixed_length(q, k, v):
    """You made the mask for sequences of one length. T is whatever comes in: read it from q."""
    visible = torch.ones(5, 5, dtype=torch.bool, device=q.device).tril()[: q.size(-2), : q.size(-2)]
    weights = torch.softmax(_scores(q, k).masked_fill(~visible, -math.inf), dim=-1)
    return weights @ v, weights


# Wrong answers for attention_with_dropout.


@mistake(attention_with_dropout, says="after the softmax")
def dropout_on_scores(q, k, v, p, training):
    """You dropped scores, before the softmax. A score of 0 still gets a share, so nothing is forgotten. Drop weights,
    after the softmax."""
    weights = torch.softmax(nn.functional.dropout(_scores(q, k), p, training), dim=-1)
    return weights @ v, weights


@mistake(attention_with_dropout, says="after the softmax")
def scores_hidden_at_random(q, k, v, p, training):
    """You hid random scores before the softmax, like a mask. Then the other weights take over the lost share, and a row
    that loses all its scores becomes NaN. Dropout acts on the weights, after the softmax."""
    _chance(p)
    scores = _scores(q, k)
    if training:
        scores = scores.masked_fill(torch.rand_like(scores, dtype=torch.float32) < p, -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights


@mistake(attention_with_dropout, says="some weights are 0")
def dropout_on_the_output(q, k, v, p, training):
    """You dropped numbers of the output. Here the weights are dropped, and the output follows from them."""
    output, weights = attention(q, k, v)
    return nn.functional.dropout(output, p, training), weights


@mistake(attention_with_dropout, says="some weights are 0")
def dropout_on_the_values(q, k, v, p, training):
    """You dropped numbers of v before mixing. Here the weights are dropped, so that a query forgets a key as a
    whole."""
    return attention(q, k, nn.functional.dropout(v, p, training))


@mistake(attention_with_dropout, says="some weights are 0")
def clean_weights_returned(q, k, v, p, training):
    """You mixed the values with the dropped weights, but returned the weights of before. Return the ones that
    made the output."""
    _, weights = attention(q, k, v)
    return nn.functional.dropout(weights, p, training) @ v, weights


@mistake(attention_with_dropout, says="one draw")
def drawn_twice(q, k, v, p, training):
    """You called dropout once for the output and once more for the weights that you return. Every call draws anew, so
    the two do not belong together. Draw once and keep the result."""
    _, weights = attention(q, k, v)
    return nn.functional.dropout(weights, p, training) @ v, nn.functional.dropout(weights, p, training)


@mistake(attention_with_dropout, says="in evaluation")
def training_ignored(q, k, v, p, training):
    """You did not hand `training` on. F.dropout drops unless told otherwise, and a new nn.Dropout starts in training
    mode, so this drops in evaluation too."""
    _, weights = attention(q, k, v)
    weights = nn.functional.dropout(weights, p)
    return weights @ v, weights


@mistake(attention_with_dropout, says="in evaluation")
def training_turned_round(q, k, v, p, training):
    """You turned `training` round: this drops in evaluation and does nothing in training."""
    _, weights = attention(q, k, v)
    weights = nn.functional.dropout(weights, p, not training)
    return weights @ v, weights


@mistake(attention_with_dropout, says="divided by 1 - p")
def survivors_not_scaled(q, k, v, p, training):
    """You set some weights to 0 and left the others as they were. In training everything is then smaller, on average,
    than in evaluation. Divide the survivors by 1 - p."""
    _chance(p)
    _, weights = attention(q, k, v)
    if training:
        weights = weights.masked_fill(torch.rand_like(weights, dtype=torch.float32) < p, 0.0)
    return weights @ v, weights


@mistake(attention_with_dropout, says="divided by 1 - p")
def survivors_divided_by_p(q, k, v, p, training):
    """You divided the survivors by p. At p = 0.5 nobody notices, elsewhere the average is wrong: a share of 1 - p
    survives, so divide by 1 - p."""
    _chance(p)
    _, weights = attention(q, k, v)
    if training and p > 0:
        weights = weights.masked_fill(torch.rand_like(weights, dtype=torch.float32) < p, 0.0) / p
    return weights @ v, weights


@mistake(attention_with_dropout, says="probability to drop")
def p_is_the_chance_to_stay(q, k, v, p, training):
    """You read p as the chance that a weight stays. In PyTorch, and here, p is the chance that it is dropped."""
    _, weights = attention(q, k, v)
    weights = nn.functional.dropout(weights, 1 - p, training)
    return weights @ v, weights


@mistake(attention_with_dropout, says="in evaluation")
def scaled_in_evaluation_too(q, k, v, p, training):
    """You shrank the weights in evaluation by 1 - p. That belongs to the older kind of dropout, which does not scale in
    training. Scaling once is enough: evaluation uses the weights as they are."""
    _, weights = attention(q, k, v)
    weights = nn.functional.dropout(weights, p, True) if training else weights * (1 - p)
    return weights @ v, weights


@mistake(attention_with_dropout, says="divided by 1 - p")
def rows_sum_to_one_again(q, k, v, p, training):
    """You made each row sum to 1 again after dropping. Dropout scales by the fixed number 1 / (1 - p): the sum of a row
    is 1 on average only."""
    _, weights = attention(q, k, v)
    weights = nn.functional.dropout(weights, p, training)
    weights = weights / weights.sum(-1, keepdim=True).clamp_min(1e-6)
    return weights @ v, weights


@mistake(attention_with_dropout, says="draw of its own")
def whole_queries_dropped(q, k, v, p, training):
    """You drew one number for each query, so all its weights go at once (dropout1d does that). Every weight has its own
    draw."""
    _, weights = attention(q, k, v)
    weights = weights * nn.functional.dropout(torch.ones_like(weights[..., :1]), p, training)
    return weights @ v, weights


@mistake(attention_with_dropout, says="draw of its own")
def whole_keys_dropped(q, k, v, p, training):
    """You drew one number for each key and used it for all queries. Every weight has its own draw."""
    _, weights = attention(q, k, v)
    weights = weights * nn.functional.dropout(torch.ones_like(weights[..., :1, :]), p, training)
    return weights @ v, weights


@mistake(attention_with_dropout, says="draw of its own")
def one_draw_for_the_batch(q, k, v, p, training):
    """You drew one table of shape (Tq, Tk) and used it for every sequence. Draw with the shape of the weights, leading
    dimensions included."""
    _, weights = attention(q, k, v)
    table = torch.ones(weights.shape[-2:], dtype=weights.dtype, device=weights.device)
    weights = weights * nn.functional.dropout(table, p, training)
    return weights @ v, weights


@mistake(attention_with_dropout, says="draw of its own")
def the_same_number_dropped_in_each_row(q, k, v, p, training):
    """You dropped a fixed number of weights from every row. The draws are independent: by chance a row may lose many
    weights, or none."""
    _chance(p)
    _, weights = attention(q, k, v)
    if training:
        order = torch.rand_like(weights, dtype=torch.float32).argsort(-1)  # a random order of the keys
        weights = weights.masked_fill(order < round(p * k.size(-2)), 0.0) / (1 - p if p < 1 else 1)
    return weights @ v, weights


@mistake(attention_with_dropout, says="fresh draw")
def the_same_draw_in_every_call(q, k, v, p, training):
    """You set the seed inside the function, so every call drops the same weights. Leave the seed to the caller."""
    _chance(p)
    _, weights = attention(q, k, v)
    if training:
        generator = torch.Generator(device="cpu").manual_seed(0)
        dropped = torch.rand(weights.shape, generator=generator).to(weights.device) < p
        weights = weights.masked_fill(dropped, 0.0) / (1 - p if p < 1 else 1)
    return weights @ v, weights


@mistake(attention_with_dropout, says="same device")
def draw_made_on_the_cpu(q, k, v, p, training):
    """You drew the random numbers without saying where. They lie on the CPU then. torch.rand_like draws on the device
    of the weights."""
    _chance(p)
    _, weights = attention(q, k, v)
    if training:
        weights = weights.where(torch.rand(weights.shape) >= p, 0.0) / (1 - p if p < 1 else 1)
    return weights @ v, weights


@mistake(attention_with_dropout, says="p = 1")
def everything_dropped_gives_nan(q, k, v, p, training):
    """You divided by 1 - p also when p is 1. 0 divided by 0 is NaN. When everything is dropped, the weights are 0."""
    _chance(p)
    _, weights = attention(q, k, v)
    if training:
        kept = torch.rand_like(weights, dtype=torch.float32) >= p
        weights = weights * kept / torch.tensor(1.0 - p, dtype=weights.dtype)
    return weights @ v, weights


@mistake(attention_with_dropout, says="ValueError")
def p_not_checked(q, k, v, p, training):
    """You accept any p. A probability below 0 or above 1 is a mistake in the calling code, and silence hides it. Raise
    a ValueError."""
    _, weights = attention(q, k, v)
    weights = nn.functional.dropout(weights, min(max(p, 0.0), 1.0), training)
    return weights @ v, weights


@mistake(attention_with_dropout, says="square root of d")
def dropout_without_scale(q, k, v, p, training):
    """You left out the division of the scores by the square root of d. Dropout comes on top of attention, and changes
    nothing before the softmax."""
    weights = nn.functional.dropout(torch.softmax(q @ k.transpose(-2, -1), dim=-1), p, training)
    return weights @ v, weights


@mistake(attention_with_dropout, says="output and weights")
def dropout_output_only(q, k, v, p, training):
    """You returned the output alone. Every function of this kata gives back (output, weights)."""
    _, weights = attention(q, k, v)
    return nn.functional.dropout(weights, p, training) @ v


@mistake(attention_with_dropout, says="dtype")
def draw_in_float32(q, k, v, p, training):
    """You multiplied half precision weights by a float32 mask, and the product is float32. Make the mask in the dtype
    of the weights, or as bool."""
    _chance(p)
    _, weights = attention(q, k, v)
    if training:
        kept = (torch.rand(weights.shape, device=weights.device) >= p).float()
        weights = weights * kept / (1 - p if p < 1 else 1)
    return weights @ v.to(weights.dtype), weights


@mistake(attention_with_dropout, says="gradient")
def dropout_without_gradient(q, k, v, p, training):
    """You changed the weights outside the graph, with .data or under no_grad. The survivors still have to pass the
    gradient on to queries and keys."""
    _, weights = attention(q, k, v)
    weights = nn.functional.dropout(weights.data, p, training)
    return weights @ v, weights


# Wrong answers for SelfAttention.


@mistake(SelfAttention, says="square root of d_model")
class NoScale(SelfAttention):
    """You left the scores unscaled. Here too they are divided by the square root of the size of a query: d_model."""

    def forward(self, x):
        q = self.query(x)
        attend = causal_attention if self.causal else attention
        return attend(q * math.sqrt(q.size(-1)), self.key(x), self.value(x))


@mistake(SelfAttention, says="square root of d_model")
class RootOfTheLength(SelfAttention):
    """You took the square root of T. The size of a query is d_model, the last size of x, however long the sequence."""

    def forward(self, x):
        q = self.query(x) * math.sqrt(x.size(-1) / x.size(1))
        attend = causal_attention if self.causal else attention
        return attend(q, self.key(x), self.value(x))


@mistake(SelfAttention, says="weight and a bias")
class NoBias(SelfAttention):
    """You made the layers with bias=False. Large models often do, but here each layer has its bias."""

    def __init__(self, d_model, causal=False):
        super().__init__(d_model, causal)
        for name in ("query", "key", "value"):
            setattr(self, name, nn.Linear(d_model, d_model, bias=False))


@mistake(SelfAttention, says="three separate layers")
class OneLayerForAll(SelfAttention):
    """You made one layer and gave it three names. Then a token looks for exactly what it offers. Make three layers."""

    def __init__(self, d_model, causal=False):
        super().__init__(d_model, causal)
        self.key = self.value = self.query


@mistake(SelfAttention, says="its own part")
class QueryLayerMakesTheKeys(SelfAttention):
    """You used the query layer for the keys too, perhaps a line copied and not changed. The key layer is left unused
    and never learns."""

    def forward(self, x):
        attend = causal_attention if self.causal else attention
        return attend(self.query(x), self.query(x), self.value(x))


@mistake(SelfAttention, says="what the value layer makes")
class KeyLayerMakesTheValues(SelfAttention):
    """You used the key layer for the values too, perhaps a line copied and not changed. The value layer is left unused
    and never learns."""

    def forward(self, x):
        attend = causal_attention if self.causal else attention
        return attend(self.query(x), self.key(x), self.key(x))


@mistake(SelfAttention, says="what the value layer makes")
class ValuesAreTheInput(SelfAttention):
    """You mixed the tokens themselves. The value layer first decides what each token hands over."""

    def forward(self, x):
        attend = causal_attention if self.causal else attention
        return attend(self.query(x), self.key(x), x)


@mistake(SelfAttention, says="its own part")
class QueriesAndKeysSwapped(SelfAttention):
    """You used the query layer for the keys and the key layer for the queries. All shapes fit, but each row now belongs
    to a key."""

    def forward(self, x):
        attend = causal_attention if self.causal else attention
        return attend(self.key(x), self.query(x), self.value(x))


@mistake(SelfAttention, says="what the value layer makes")
class LayersUnused(SelfAttention):
    """You made the layers and then attended from x to x without them. Nothing in this module can learn."""

    def forward(self, x):
        attend = causal_attention if self.causal else attention
        return attend(x, x, x)


@mistake(SelfAttention, says="future")
class CausalIgnored(SelfAttention):
    """You took the argument `causal` and did not use it. When it is True, later tokens must stay hidden."""

    def forward(self, x):
        return attention(self.query(x), self.key(x), self.value(x))


@mistake(SelfAttention, says="unless causal")
class AlwaysCausal(SelfAttention):
    """You hide the future in every case. Unless causal is True, all tokens see each other."""

    def forward(self, x):
        return causal_attention(self.query(x), self.key(x), self.value(x))


@mistake(SelfAttention, says="sum to 1")
class MaskedWithoutRenormalising(SelfAttention):
    """You set the weights of later tokens to 0 after the softmax, and what is left sums to less than 1. Your
    `causal_attention` does it right: use it."""

    def forward(self, x):
        _, weights = attention(self.query(x), self.key(x), self.value(x))
        weights = weights.tril() if self.causal else weights
        return weights @ self.value(x), weights


@mistake(SelfAttention, says="same device")
class MaskOnTheCpu(SelfAttention):
    """You made the mask where the program started, on the CPU. It has to be on the device of x."""

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        if not self.causal:
            return attention(q, k, v)
        visible = torch.ones(x.size(1), x.size(1), dtype=torch.bool).tril()
        weights = torch.softmax(_scores(q, k).where(visible, -math.inf), dim=-1)
        return weights @ v, weights


@mistake(SelfAttention, says="nothing else")
class OutputLayerAdded(SelfAttention):
    """You added a fourth layer for the output. Multi-head attention has one, and a later kata comes to it. Here the
    three layers are all."""

    def __init__(self, d_model, causal=False):
        super().__init__(d_model, causal)
        self.output = nn.Linear(d_model, d_model)

    def forward(self, x):
        output, weights = super().forward(x)
        return self.output(output), weights


@mistake(SelfAttention, says="output and weights")
class OutputOnly(SelfAttention):
    """You returned the output alone. Every function of this kata gives back (output, weights)."""

    def forward(self, x):
        return super().forward(x)[0]


@mistake(SelfAttention, says="over the keys")
class SoftmaxOverQueries(SelfAttention):
    """You ran the softmax over dimension 1. The scores are (B, T, T), both are T long, and no error tells you: the keys
    are the last dimension."""

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        scores = _scores(q, k)
        scores = scores.masked_fill(~_visible(q), -math.inf) if self.causal else scores
        weights = torch.softmax(scores, dim=1)
        return weights @ v, weights


@mistake(SelfAttention, says="made once")
class LayersMadeInForward(SelfAttention):
    """You made the layers inside forward: new random layers in every call, which no optimizer ever sees. Make them
    once, in __init__."""

    def __init__(self, d_model, causal=False):
        nn.Module.__init__(self)
        self.d_model, self.causal = d_model, causal

    def forward(self, x):
        layers = (nn.Linear(self.d_model, self.d_model).to(x.device, x.dtype) for _ in range(3))
        attend = causal_attention if self.causal else attention
        return attend(*(layer(x) for layer in layers))


@mistake(SelfAttention, says="tokens of its sequence")
class BatchUsedAsTheSequence(SelfAttention):
    """You let attention run along the batch, as if x were (T, B, D). Tokens of different sequences then see each other.
    Here the batch comes first."""

    def forward(self, x):
        output, weights = super().forward(x.transpose(0, 1))
        return output.transpose(0, 1), weights


@mistake(SelfAttention, says="nothing is added")
class InputAddedToTheOutput(SelfAttention):
    """You added x to the output. A transformer block does that, around the attention and not inside it."""

    def forward(self, x):
        output, weights = super().forward(x)
        return x + output, weights


@mistake(SelfAttention, says="gradient")
class ForwardWithoutGradient(SelfAttention):
    """You ran forward without gradients, with no_grad or detach. Then the layers cannot learn."""

    def forward(self, x):
        with torch.no_grad():
            return super().forward(x)


@mistake(SelfAttention, says="gradient")
class QueriesAndKeysFrozen(SelfAttention):
    """You cut the weights off from the graph. The value layer learns, the query and key layers do not."""

    def forward(self, x):
        _, weights = super().forward(x)
        weights = weights.detach()
        return weights @ self.value(x), weights


@mistake(SelfAttention, says="any length")
class MaskOfAFixedLength(SelfAttention):
    """You made the mask once, for one length. T changes from call to call: read it from x."""

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        if not self.causal:
            return attention(q, k, v)
        visible = torch.ones(5, 5, dtype=torch.bool, device=x.device).tril()[: x.size(1), : x.size(1)]
        weights = torch.softmax(_scores(q, k).masked_fill(~visible, -math.inf), dim=-1)
        return weights @ v, weights


@mistake(SelfAttention, says="Module.__init__")
class SuperInitForgotten(SelfAttention):
    """You forgot super().__init__(). nn.Module prepares there the place where it keeps layers, so it comes first."""

    def __init__(self, d_model, causal=False):
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.causal = causal


@mistake(SelfAttention, says="query, key and value")
class LayersInAList(SelfAttention):
    """You put the layers into a plain list. nn.Module does not look into lists, so no optimizer finds these layers.
    Give each its own attribute: query, key, value."""

    def __init__(self, d_model, causal=False):
        nn.Module.__init__(self)
        self.causal = causal
        self.layers = [nn.Linear(d_model, d_model) for _ in range(3)]

    def forward(self, x):
        attend = causal_attention if self.causal else attention
        return attend(*(layer(x) for layer in self.layers))


@mistake(SelfAttention, says="unless causal")
class CausalByDefault(SelfAttention):
    """You made causal=True the default. Somebody who does not mention it expects to see all tokens."""

    def __init__(self, d_model, causal=True):
        super().__init__(d_model, causal)


@mistake(SelfAttention, says="in evaluation")
class CausalInTrainingOnly(SelfAttention):
    """You hide the future in training only. A model that was trained without the future has to do without it always:
    `causal` decides, not the mode."""

    def forward(self, x):
        attend = causal_attention if self.causal and self.training else attention
        return attend(self.query(x), self.key(x), self.value(x))


# What `make bench N=22` measures.


@benchmark(
    attention,
    title="attention of (batch, tokens, d)",
    sizes=((8, 64, 64), (8, 256, 64), (8, 1024, 64)),
    why="Your function writes the whole table of weights, tokens × tokens, and returns it. PyTorch's own never holds "
    "that table: it works block by block, and returns the output only. Look at the memory: yours grows with the "
    "square of the number of tokens. This way of computing is called FlashAttention "
    "(https://arxiv.org/abs/2205.14135).",
)
def attention_beside_others(shape, device):
    q, k, v = (torch.randn(shape, device=device) for _ in range(3))
    built_in = torch.nn.functional.scaled_dot_product_attention
    return (q, k, v), {"PyTorch's own": lambda: built_in(q[:, None], k[:, None], v[:, None])[:, 0]}
