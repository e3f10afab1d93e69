"""Masking: what a token may not look at."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from dojo.authoring import mistake, variant


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
    positions = torch.arange(size, device=device)
    return positions[:, None] >= positions[None, :]  # query position against key position, (T, T)


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
    return scores.masked_fill(~mask, float("-inf"))


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
    hidden = ~mask
    # A finite low number, not -inf: a row with nothing allowed then stays free of NaN, also in the backward pass.
    lowered = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(lowered, dim=-1)  # (..., Tq, Tk)
    return weights.masked_fill(hidden, 0.0)  # a row with nothing allowed: from 1/Tk to 0


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
    positions = torch.arange(size, device=lengths.device)  # (size,)
    return positions < lengths[:, None, None]  # (B, 1, size)


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
    return causal & padding  # (T, T) meets (B, 1, T): (B, T, T)


HINTS = {
    "causal_mask": [
        "Take query number 2. Which key numbers may it look at? Say the rule as a comparison of two numbers.",
        "Query positions as a column (T, 1), key positions as a row (1, T): a comparison of the two is a table"
        " (T, T) of bools.",
        "torch.arange(size, device=device) gives the positions. Give one copy a new last dimension, the other a"
        " new first one, and compare them. Think about whether equal positions are allowed.",
    ],
    "apply_mask": [
        "The result is a copy of the scores in which some places hold another number. Which number does exp turn"
        " into 0?",
        "The mask says where to KEEP. Broadcasting brings (T, T) or (B, 1, T) to the shape of the scores, if you"
        " let it.",
        "Tensor.masked_fill returns a copy and fills where its mask is True, so it needs the opposite of yours: ~mask."
        " torch.where(mask, ..., ...) does it too.",
    ],
    "masked_softmax": [
        "Hide first, softmax after: then the allowed weights already share the whole 1. What does softmax make of"
        " a row of only -inf?",
        "Scores (..., Tq, Tk): hide, softmax over the keys (dim=-1), then set hidden weights to 0."
        " A row with nothing allowed must never meet -inf minus -inf, or 0 / 0.",
        "Fill hidden scores with the lowest finite number of the dtype, torch.finfo(scores.dtype).min. Softmax"
        " over the last dimension. Then fill the hidden weights with 0.0.",
    ],
    "padding_mask": [
        "Number the tokens 0, 1, 2, ... A sequence with 2 real tokens has them at 0 and 1. Which comparison says so?",
        "Positions (size,) meet lengths (B, 1, 1): broadcasting gives (B, 1, size).",
        "torch.arange(size, device=lengths.device) on one side; lengths with two new dimensions at its end,"
        " lengths[:, None, None], on the other. Strictly less, since counting starts at 0.",
    ],
    "combine": [
        "A key has to pass two checks. Which word joins them: and, or?",
        "Line the shapes up from the right: (T, T) under (B, 1, T). Broadcasting stretches both to (B, T, T).",
        "The operator for bool tensors is one character, it sits between the two masks, and it is not |.",
    ],
}

BANNED: dict[str, str] = {}


# causal_mask: other right answers


@variant(causal_mask)
def lower_triangle(size, device):
    return torch.tril(torch.ones(size, size, dtype=torch.bool, device=device))


@variant(causal_mask)
def not_the_strict_upper_triangle(size, device):
    return torch.ones((size, size), device=device).triu(diagonal=1) == 0


@variant(causal_mask)
def nested_lists(size, device):
    return torch.tensor([[key <= query for key in range(size)] for query in range(size)], device=device)


@variant(causal_mask)
def row_by_row(size, device):
    mask = torch.zeros(size, size, dtype=torch.bool, device=device)
    for query in range(size):
        mask[query, : query + 1] = True
    return mask


@variant(causal_mask)
def running_count_of_the_identity(size, device):
    return torch.eye(size, device=device).cumsum(dim=0).bool()


@variant(causal_mask)
def from_the_transformer_module(size, device):
    return torch.nn.Transformer.generate_square_subsequent_mask(size, device=torch.device(device)) == 0


# causal_mask: mistakes


@mistake(causal_mask, says="True means")
def true_means_hidden(size, device):
    """You made True mean "hide". Some of PyTorch does so (nn.MultiheadAttention), but here True means "may look"."""
    return torch.ones(size, size, dtype=torch.bool, device=device).triu(diagonal=1)


@mistake(causal_mask, says="itself")
def a_token_cannot_see_itself(size, device):
    """You left the diagonal out. "Before me" is not the whole rule: a token also looks at itself."""
    return torch.ones(size, size, dtype=torch.bool, device=device).tril(diagonal=-1)


@mistake(causal_mask, says="future")
def one_token_of_the_future(size, device):
    """Your triangle reaches one column too far, so each token sees the very token that it is asked to predict."""
    return torch.ones(size, size, dtype=torch.bool, device=device).tril(diagonal=1)


@mistake(causal_mask, says="future")
def upper_triangle(size, device):
    """You kept the upper triangle. Rows look and columns are looked at, so a token sees only itself and the future."""
    return torch.ones(size, size, dtype=torch.bool, device=device).triu()


@mistake(causal_mask, says="past")
def every_token_only_sees_itself(size, device):
    """You compared the positions with ==. That leaves the diagonal alone, and the past is hidden with the future."""
    return torch.eye(size, dtype=torch.bool, device=device)


@mistake(causal_mask, says="future")
def nothing_is_hidden(size, device):
    """You made the square of True but never cut the triangle out of it, so every token sees everything."""
    return torch.ones(size, size, dtype=torch.bool, device=device)


@mistake(causal_mask, says="future")
def triangle_of_the_other_diagonal(size, device):
    """You flipped the triangle left to right. The first token then sees the last one, and the last one everything."""
    return torch.ones(size, size, dtype=torch.bool, device=device).tril().flip(-1)


@mistake(causal_mask, says="bool")
def ones_and_zeros_as_floats(size, device):
    """You left the triangle as 1.0 and 0.0.
    Without a dtype, torch.ones makes floats, and ~mask or masked_fill refuse those.
    """
    return torch.tril(torch.ones(size, size, device=device))


@mistake(causal_mask, says="bool")
def ones_and_zeros_as_integers(size, device):
    """You left the triangle as integers 1 and 0. On integers ~1 is -2, not 0, so the mask cannot be turned around."""
    return torch.ones(size, size, dtype=torch.int64, device=device).tril()


@mistake(causal_mask, says="bool")
def zero_and_minus_infinity(size, device):
    """You built the mask that is added to the scores, with 0 and -inf. Here a mask answers yes or no: True or False."""
    hidden = torch.ones(size, size, dtype=torch.bool, device=device).triu(diagonal=1)
    return torch.zeros(size, size, device=device).masked_fill(hidden, float("-inf"))


@mistake(causal_mask, says="device")
def mask_left_on_the_cpu(size, device):
    """You did not pass the device on.
    A new tensor is born on the CPU, which shows only once the scores live elsewhere.
    """
    return torch.tril(torch.ones(size, size, dtype=torch.bool))


@mistake(causal_mask, says="device")
def device_must_be_a_string(size, device):
    """You treated the device as a string. It may be a torch.device too, which has no such methods."""
    kind = device.lower()
    return torch.ones(size, size, dtype=torch.bool, device=kind).tril()


@mistake(causal_mask, says="device")
def device_must_be_an_object(size, device):
    """You asked the device for its type.
    That works for a torch.device, but it may be a plain string such as "cpu" too.
    """
    return torch.ones(size, size, dtype=torch.bool, device=device.type).tril()


@mistake(causal_mask, says="square")
def with_a_batch_dimension(size, device):
    """You put a batch dimension in front. Broadcasting adds it when it is needed: the mask itself is (size, size)."""
    return torch.ones(1, size, size, dtype=torch.bool, device=device).tril()


@mistake(causal_mask, says="square")
def one_row_too_many(size, device):
    """You counted from 0 up to and including size. `size` tokens have the numbers 0 to size - 1."""
    positions = torch.arange(size + 1, device=device)
    return positions[:, None] >= positions


@mistake(causal_mask, says="square")
def positions_never_spread_out(size, device):
    """You compared the positions with themselves, number by number. One side has to be a column to give a table."""
    positions = torch.arange(size, device=device)
    return positions >= positions


# apply_mask: other right answers


@variant(apply_mask)
def where_not_allowed_minus_infinity(scores, mask):
    return torch.where(mask, scores, float("-inf"))


@variant(apply_mask)
def lowest_finite_number(scores, mask):
    return scores.masked_fill(mask.logical_not(), torch.finfo(scores.dtype).min)


@variant(apply_mask)
def half_of_the_lowest_number(scores, mask):
    return torch.where(mask, scores, torch.full_like(scores, torch.finfo(scores.dtype).min / 2))


@variant(apply_mask)
def add_zero_or_minus_infinity(scores, mask):
    bias = torch.zeros(mask.shape, dtype=scores.dtype, device=scores.device).masked_fill(~mask, float("-inf"))
    return scores + bias


@variant(apply_mask)
def multiply_then_add_the_lowest_number(scores, mask):
    keep = mask.to(scores.dtype)
    return scores * keep + (1 - keep) * torch.finfo(scores.dtype).min


@variant(apply_mask)
def fill_a_copy_in_place(scores, mask):
    result = scores.clone()
    result.masked_fill_(~mask, -torch.inf)
    return result


@variant(apply_mask)
def write_into_a_copy_by_index(scores, mask):
    result = scores.clone()
    result[~mask.expand_as(scores)] = -torch.inf
    return result


@variant(apply_mask)
def add_the_logarithm_of_the_mask(scores, mask):
    return scores + mask.to(scores.dtype).log()


# apply_mask: mistakes


@mistake(apply_mask, says="allowed score")
def fills_where_the_mask_is_true(scores, mask):
    """You filled where the mask is True. masked_fill fills the True places, but here True marks what stays."""
    return scores.masked_fill(mask, float("-inf"))


@mistake(apply_mask, says="not nothing")
def scores_multiplied_by_the_mask(scores, mask):
    """You multiplied by the mask, so hidden scores are 0. Softmax takes 0 for a score like any other: exp(0) is 1."""
    return scores * mask


@mistake(apply_mask, says="finfo")
def minus_one_billion(scores, mask):
    """You filled with -1e9, a number from many tutorials.
    It is too large a number for float16, and not low enough in float32.
    """
    return scores.masked_fill(~mask, -1e9)


@mistake(apply_mask, says="finfo")
def minus_ten_thousand(scores, mask):
    """You filled with -1e4, since it fits into float16. But allowed scores may be as low as that themselves."""
    return scores.masked_fill(~mask, -1e4)


@mistake(apply_mask, says="finfo")
def lowest_number_of_float16_for_all(scores, mask):
    """You took the lowest number of float16 for every dtype. The other dtypes reach far lower: ask for scores.dtype."""
    return scores.masked_fill(~mask, torch.finfo(torch.float16).min)


@mistake(apply_mask, says="dtype")
def lowest_number_of_float32_for_all(scores, mask):
    """You took the lowest number of float32 for every dtype. It does not fit into float16: ask for scores.dtype."""
    return scores.masked_fill(~mask, torch.finfo(torch.float32).min)


@mistake(apply_mask, says="finfo")
def tiny_is_not_low(scores, mask):
    """You filled with finfo.tiny. That is the smallest number above zero, so nearly 0, and not the lowest number."""
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).tiny)


@mistake(apply_mask, says="finfo")
def one_below_the_lowest_score(scores, mask):
    """You filled with a number a little below the lowest score. Softmax still gives that a real share."""
    return scores.masked_fill(~mask, scores.min().item() - 1.0)


@mistake(apply_mask, says="allowed score")
def adds_the_mask(scores, mask):
    """You added the mask to the scores.
    A bool counts as 1 or 0 there, so the allowed scores moved and nothing is hidden.
    """
    return scores + mask


@mistake(apply_mask, says="allowed score")
def zero_times_infinity(scores, mask):
    """You multiplied the opposite of the mask by -inf and added it. At allowed places that is 0 times infinity: NaN."""
    return scores + (~mask).to(scores.dtype) * float("-inf")


@mistake(apply_mask, says="finfo")
def plus_infinity(scores, mask):
    """You filled with +inf. The sign matters: after softmax the hidden keys would take everything."""
    return scores.masked_fill(~mask, float("inf"))


@mistake(apply_mask, says="finfo")
def hidden_become_nan(scores, mask):
    """You marked hidden scores with NaN. One NaN in a row spoils every weight of that row."""
    return scores.masked_fill(~mask, float("nan"))


@mistake(apply_mask, says="allowed score")
def softmax_included(scores, mask):
    """You went one step too far and took the softmax.
    This function returns scores; the weights are the next one's work.
    """
    return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1)


@mistake(apply_mask, says="caller")
def written_into_the_scores(scores, mask):
    """You used masked_fill_ with its underscore, which writes into the tensor of the caller.
    The right result, the wrong place.
    """
    return scores.masked_fill_(~mask, float("-inf"))


@mistake(apply_mask, says="caller")
def mask_of_the_caller_turned_around(scores, mask):
    """You turned the mask around in place. The next layer gets the same mask, and would then hide the wrong half."""
    return scores.masked_fill(mask.logical_not_(), float("-inf"))


@mistake(apply_mask, says="broadcast")
def index_without_expand(scores, mask):
    """You wrote through an index. Indexing by a mask does not broadcast: (T, T) does not fit scores of (B, T, T)."""
    result = scores.clone()
    result[~mask] = float("-inf")
    return result


@mistake(apply_mask, says="query")
def rows_and_columns_swapped(scores, mask):
    """You transposed the mask. Its last dimension already holds the keys, as that of the scores does."""
    return scores.masked_fill(~mask.transpose(-2, -1), float("-inf"))


@mistake(apply_mask, says="gradient")
def cut_off_from_the_gradient(scores, mask):
    """You detached the scores. The numbers are right, but nothing behind them can learn any more."""
    return scores.detach().masked_fill(~mask, float("-inf"))


@mistake(apply_mask, says="dtype")
def always_float32(scores, mask):
    """You turned the scores into float32. Masking has no need of it: the result has the dtype of the scores."""
    return scores.float().masked_fill(~mask, float("-inf"))


@mistake(apply_mask, says="device")
def filler_on_the_cpu(scores, mask):
    """You made the tensor of fillers without a device, so it is born on the CPU while the scores may live elsewhere."""
    return torch.where(mask, scores, torch.full(scores.shape, float("-inf"), dtype=scores.dtype))


@mistake(apply_mask, says="allowed score")
def mask_not_read(scores, mask):
    """You built a causal mask inside and never read the one that came in. The caller decides what is hidden."""
    size_q, size_k = scores.shape[-2:]
    causal = torch.ones(size_q, size_k, dtype=torch.bool, device=scores.device).tril()
    return scores.masked_fill(~causal, float("-inf"))


@mistake(apply_mask, says="leading dimensions")
def only_three_dimensions(scores, mask):
    """You named three dimensions, so scores without a batch, or with heads, do not fit."""
    batch, size_q, size_k = scores.shape
    return scores.masked_fill(~mask.expand(batch, size_q, size_k), float("-inf"))


@mistake(apply_mask, says="allowed score")
def minus_infinity_for_whole_rows(scores, mask):
    """You hid every row that has a hidden key somewhere. A mask speaks about single pairs of a query and a key."""
    return scores.masked_fill(~mask.all(dim=-1, keepdim=True), float("-inf"))


@mistake(apply_mask, says="shape")
def only_the_allowed_ones_returned(scores, mask):
    """You picked the allowed scores with an index.
    That gives a flat list, and nobody knows any more which row is whose.
    """
    return scores[mask.expand_as(scores)]


# masked_softmax: other right answers


@variant(masked_softmax)
def minus_infinity_then_nan_to_num(scores, mask):
    # masked_fill sends no gradient to what it filled, so the NaN of an empty row stops there on its way back.
    return torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1).nan_to_num(nan=0.0)


@variant(masked_softmax)
def minus_infinity_then_where_any(scores, mask):
    weights = torch.softmax(torch.where(mask, scores, float("-inf")), dim=-1)
    return torch.where(mask.any(dim=-1, keepdim=True), weights, 0.0)


@variant(masked_softmax)
def empty_rows_opened_then_wiped(scores, mask):
    opened = mask | ~mask.any(dim=-1, keepdim=True)
    return torch.softmax(scores.masked_fill(~opened, float("-inf")), dim=-1) * mask


@variant(masked_softmax)
def mask_after_softmax_and_renormalise(scores, mask):
    weights = torch.softmax(scores, dim=-1) * mask
    total = weights.sum(dim=-1, keepdim=True)
    return weights / torch.where(total > 0, total, torch.ones_like(total))


@variant(masked_softmax)
def renormalise_with_a_tiny_floor(scores, mask):
    weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights / weights.sum(dim=-1, keepdim=True).clamp(min=torch.finfo(scores.dtype).tiny)


@variant(masked_softmax)
def exponentials_of_the_scores_themselves(scores, mask):
    exponentials = torch.exp(scores).masked_fill(~mask, 0)  # moderate scores: nothing overflows
    total = exponentials.sum(dim=-1, keepdim=True)
    return exponentials / torch.where(total > 0, total, torch.ones_like(total))


@variant(masked_softmax)
def exponentials_by_hand(scores, mask):
    lowered = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    exponentials = torch.exp(lowered - lowered.amax(dim=-1, keepdim=True).detach()) * mask
    total = exponentials.sum(dim=-1, keepdim=True)
    return exponentials / (total + (total == 0))


@variant(masked_softmax)
def add_the_lowest_number(scores, mask):
    bias = (~mask).to(scores.dtype) * torch.finfo(scores.dtype).min
    return torch.softmax(scores + bias, dim=-1) * mask.to(scores.dtype)


@variant(masked_softmax)
def through_the_logarithm(scores, mask):
    return (
        torch.log_softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1).exp().masked_fill(~mask, 0)
    )


@variant(masked_softmax)
def in_double_and_back(scores, mask):
    weights = torch.softmax(scores.double().masked_fill(~mask, -1e300), dim=-1)
    return (weights * mask).to(scores.dtype)


@variant(masked_softmax)
def one_row_at_a_time(scores, mask):
    rows = scores.reshape(-1, scores.shape[-1]).unbind(0)
    masks = mask.expand_as(scores).reshape(-1, scores.shape[-1]).unbind(0)
    low = torch.finfo(scores.dtype).min
    weights = [torch.softmax(torch.where(m, r, low), dim=0) * m for r, m in zip(rows, masks, strict=True)]
    return torch.stack(weights).view(scores.shape)


# masked_softmax: mistakes


@mistake(masked_softmax, says="share the whole 1")
def masked_after_softmax(scores, mask):
    """You took the softmax first and hid afterwards.
    The hidden keys had their share by then, so what is left sums to less than 1.
    """
    return torch.softmax(scores, dim=-1) * mask


@mistake(masked_softmax, says="keys")
def softmax_over_the_queries(scores, mask):
    """You took the softmax over the queries. Each query shares its attention among the keys, the last dimension."""
    return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-2).masked_fill(~mask, 0)


@mistake(masked_softmax, says="keys")
def softmax_over_dimension_one(scores, mask):
    """You counted the dimension from the left.
    With heads or without a batch, dim=1 means something else: count from the right.
    """
    dim = min(1, scores.ndim - 1)
    return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=dim).masked_fill(~mask, 0)


@mistake(masked_softmax, says="nothing allowed")
def rows_of_nan(scores, mask):
    """You filled with -inf and took the softmax. A row of only -inf is 0 divided by 0 there: a row of NaN."""
    return torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1)


@mistake(masked_softmax, says="nothing allowed")
def nan_times_zero(scores, mask):
    """You multiplied the NaN by 0 to be rid of it. NaN times anything is NaN: replace it, do not multiply."""
    return torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1) * mask


@mistake(masked_softmax, says="nothing allowed")
def equal_weights_for_an_empty_row(scores, mask):
    """You filled with a low finite number.
    In a row with nothing allowed all keys are then equally low, and share the 1 equally.
    """
    return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1)


@mistake(masked_softmax, says="nothing allowed")
def empty_row_not_masked(scores, mask):
    """You let rows with nothing allowed through unmasked, to keep NaN away. They then look at what they may not see."""
    opened = mask | ~mask.any(dim=-1, keepdim=True)
    return torch.softmax(scores.masked_fill(~opened, float("-inf")), dim=-1)


@mistake(masked_softmax, says="nothing allowed")
def renormalised_by_zero(scores, mask):
    """You divided by what is left after hiding. In a row with nothing allowed that is 0, and 0 / 0 is NaN."""
    weights = torch.softmax(scores, dim=-1) * mask
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake(masked_softmax, says="gradient")
def nan_only_in_the_gradient(scores, mask):
    """You added -inf and cleaned the NaN away afterwards.
    The values look right, but the backward pass still walks through the NaN.
    """
    bias = torch.zeros(mask.shape, dtype=scores.dtype, device=scores.device).masked_fill(~mask, float("-inf"))
    return torch.softmax(scores + bias, dim=-1).nan_to_num(nan=0.0)


@mistake(masked_softmax, says="gradient")
def zero_by_zero_hidden_by_where(scores, mask):
    """You divided first and chose 0 by torch.where afterwards. The 0 / 0 is out of sight, yet its gradient is NaN."""
    weights = torch.softmax(scores, dim=-1) * mask
    total = weights.sum(dim=-1, keepdim=True)
    return torch.where(total > 0, weights / total, torch.zeros_like(weights))


@mistake(masked_softmax, says="nothing allowed")
def only_when_all_rows_are_empty(scores, mask):
    """You asked whether the whole mask is empty.
    Each row needs its own answer, and most often only a few rows are empty.
    """
    weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1)
    return torch.where(mask.any(), weights, torch.zeros_like(weights))


@mistake(masked_softmax, says="only its own row")
def one_empty_row_empties_all(scores, mask):
    """You returned zeros for everything as soon as one row had nothing allowed. The other rows did nothing wrong."""
    weights = torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1).masked_fill(~mask, 0)
    return weights * mask.any(dim=-1).all()


@mistake(masked_softmax, says="share the whole 1")
def scores_of_zero(scores, mask):
    """You set hidden scores to 0 before the softmax. exp(0) is 1, so they still get weight."""
    return torch.softmax(scores * mask, dim=-1)


@mistake(masked_softmax, says="share the whole 1")
def scores_of_zero_then_hidden(scores, mask):
    """You set hidden scores to 0, took the softmax and hid them again.
    In between their exp(0) = 1 took part in the sum.
    """
    return torch.softmax(scores * mask, dim=-1) * mask


@mistake(masked_softmax, says="hidden")
def softmax_of_the_hidden_ones(scores, mask):
    """You masked where the mask is True, so the hidden keys share the weight and the allowed ones get none."""
    return torch.softmax(scores.masked_fill(mask, torch.finfo(scores.dtype).min), dim=-1).masked_fill(mask, 0)


@mistake(masked_softmax, says="hidden score")
def a_small_number_in_the_division(scores, mask):
    """You added 1e-9 to the sum to avoid 0 / 0.
    Where a hidden score was far above the rest, the sum is smaller than that 1e-9.
    """
    weights = torch.softmax(scores, dim=-1) * mask
    return weights / (weights.sum(dim=-1, keepdim=True) + 1e-9)


@mistake(masked_softmax, says="dtype")
def minus_one_billion_in_float16(scores, mask):
    """You filled with -1e9. float16 ends at -65504, so this stops with an overflow there."""
    return torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1).masked_fill(~mask, 0)


@mistake(masked_softmax, says="dtype")
def weights_in_float32(scores, mask):
    """You computed in float32, which is a good idea, and then forgot to go back to the dtype of the scores."""
    return torch.softmax(scores.float().masked_fill(~mask, -1e30), dim=-1) * mask


@mistake(masked_softmax, says="caller")
def scores_of_the_caller_changed(scores, mask):
    """You filled the scores in place. They belong to the caller, who may need them again."""
    lowered = scores.detach() if scores.requires_grad else scores
    lowered.masked_fill_(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(lowered, dim=-1).masked_fill(~mask, 0)


@mistake(masked_softmax, says="gradient")
def weights_wiped_in_place(scores, mask):
    """You wrote zeros into the weights. Softmax needs its own result for the backward pass, and you changed it."""
    weights = torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1)
    return weights.masked_fill_(~mask, 0)


@mistake(masked_softmax, says="gradient")
def no_gradient_at_all(scores, mask):
    """You cut the weights off from the scores (no_grad or detach), so attention could never learn where to look."""
    with torch.no_grad():
        return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1).masked_fill(~mask, 0)


@mistake(masked_softmax, says="gradient")
def total_treated_as_a_constant(scores, mask):
    """You detached the sum before dividing by it. The values are right, but the sum depends on the scores too."""
    weights = torch.softmax(scores, dim=-1) * mask
    total = weights.sum(dim=-1, keepdim=True).detach()
    return weights / torch.where(total > 0, total, torch.ones_like(total))


@mistake(masked_softmax, says="share the whole 1")
def renormalised_over_everything(scores, mask):
    """You divided by the sum of all weights. Each row has its own sum, so add up over the last dimension only."""
    weights = torch.softmax(scores, dim=-1) * mask
    return weights / weights.sum().clamp(min=torch.finfo(scores.dtype).tiny)


@mistake(masked_softmax, says="share the whole 1")
def log_weights_returned(scores, mask):
    """You returned logarithms of the weights (log_softmax). Take exp of them to have weights."""
    return torch.log_softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1).masked_fill(~mask, 0)


@mistake(masked_softmax, says="leading dimensions")
def only_batches_of_matrices(scores, mask):
    """You named three dimensions, so scores without a batch, or with heads, do not fit."""
    batch, size_q, size_k = scores.shape
    mask = mask.expand(batch, size_q, size_k)
    return torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=2).masked_fill(~mask, 0)


@mistake(masked_softmax, says="broadcast")
def weights_indexed_by_the_mask(scores, mask):
    """You wrote through an index. Indexing by a mask does not broadcast: (T, T) does not fit scores of (B, T, T)."""
    lowered = scores.clone()
    lowered[~mask] = torch.finfo(scores.dtype).min
    return torch.softmax(lowered, dim=-1) * mask


@mistake(masked_softmax, says="device")
def zeros_on_the_cpu(scores, mask):
    """You made the zeros without a device, so they are born on the CPU while the weights may live elsewhere."""
    weights = torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1)
    return torch.where(mask, weights, torch.zeros(scores.shape, dtype=scores.dtype))


# padding_mask: other right answers


@variant(padding_mask)
def row_added_before_comparing(lengths, size):
    return (torch.arange(size, device=lengths.device)[None, :] < lengths[:, None]).unsqueeze(1)


@variant(padding_mask)
def lengths_greater_than_positions(lengths, size):
    positions = torch.arange(1, size + 1, device=lengths.device).expand(lengths.numel(), 1, size)
    return lengths.reshape(-1, 1, 1).ge(positions)


@variant(padding_mask)
def fill_sequence_by_sequence(lengths, size):
    mask = torch.zeros(len(lengths), 1, size, dtype=torch.bool, device=lengths.device)
    for row, length in zip(mask, lengths, strict=True):
        row[0] = torch.arange(size, device=lengths.device) < length
    return mask


@variant(padding_mask)
def row_of_a_table(lengths, size):
    table = torch.ones(size + 1, size, dtype=torch.bool, device=lengths.device).tril(diagonal=-1)
    return table[lengths.long()].unsqueeze(1)


@variant(padding_mask)
def count_what_is_left(lengths, size):
    left = lengths[:, None] - torch.ones(len(lengths), size, dtype=torch.int64, device=lengths.device).cumsum(dim=1)
    return (left >= 0)[:, None]


# padding_mask: mistakes


@mistake(padding_mask, says="True means")
def true_means_padding(lengths, size):
    """You made True mean "padding", as key_padding_mask of nn.MultiheadAttention does. Here True means "may look"."""
    return torch.arange(size, device=lengths.device) >= lengths[:, None, None]


@mistake(padding_mask, says="first lengths[b]")
def one_token_too_many(lengths, size):
    """You compared with <=. Counting starts at 0, so the position equal to the length is padding already."""
    return torch.arange(size, device=lengths.device) <= lengths[:, None, None]


@mistake(padding_mask, says="first lengths[b]")
def one_token_too_few(lengths, size):
    """You counted the positions from 1, and compared with <. The last real token is then taken for padding."""
    return torch.arange(1, size + 1, device=lengths.device) < lengths[:, None, None]


@mistake(padding_mask, says="first lengths[b]")
def only_the_last_real_token(lengths, size):
    """You compared with ==, which marks one position. All positions before it are real too."""
    return torch.arange(size, device=lengths.device) == lengths[:, None, None] - 1


@mistake(padding_mask, says="first lengths[b]")
def padding_at_the_front(lengths, size):
    """You put the padding in front of the tokens. Some generation code does so, but here the real tokens come first."""
    return torch.arange(size, device=lengths.device) >= size - lengths[:, None, None]


@mistake(padding_mask, says="(B, 1, size)")
def no_dimension_for_the_queries(lengths, size):
    """You returned (B, size).
    Beside scores of (B, T, T) that is read as (1, B, size): the sequences stand where queries belong.
    """
    return torch.arange(size, device=lengths.device) < lengths[:, None]


@mistake(padding_mask, says="(B, 1, size)")
def padding_of_the_queries(lengths, size):
    """You put the dimension of size 1 last. That hides rows, the tokens that look; padding hides columns."""
    return (torch.arange(size, device=lengths.device) < lengths[:, None])[:, :, None]


@mistake(padding_mask, says="(B, 1, size)")
def new_dimension_in_front(lengths, size):
    """You put the dimension of size 1 first. It stands for the queries, so it comes between the batch and the keys."""
    return (torch.arange(size, device=lengths.device) < lengths[:, None])[None]


@mistake(padding_mask, says="(B, 1, size)")
def a_row_for_every_query(lengths, size):
    """You made a row for every query. They are all the same: keep one and let broadcasting do the rest."""
    return (torch.arange(size, device=lengths.device) < lengths[:, None, None]).repeat(1, size, 1)


@mistake(padding_mask, says="(B, 1, size)")
def as_wide_as_the_longest(lengths, size):
    """You took the width from the longest sequence. The batch may be padded further: the width is `size`."""
    width = int(lengths.max())
    return torch.arange(width, device=lengths.device) < lengths[:, None, None]


@mistake(padding_mask, says="(B, 1, size)")
def lengths_never_made_a_column(lengths, size):
    """You compared (size,) with (B,) as they are.
    Both lie along the last dimension, so they do not pair up as a table.
    """
    return (torch.arange(size, device=lengths.device) < lengths)[None, None]


@mistake(padding_mask, says="its own length")
def longest_length_for_all(lengths, size):
    """You used one length for the whole batch. Every sequence has its own length."""
    return (torch.arange(size, device=lengths.device) < lengths.max()).expand(len(lengths), 1, size)


@mistake(padding_mask, says="length of 0")
def at_least_one_token(lengths, size):
    """You gave every sequence at least one token, to keep NaN away.
    A length of 0 is allowed, and masked_softmax copes with it.
    """
    return torch.arange(size, device=lengths.device) < lengths.clamp(min=1)[:, None, None]


@mistake(padding_mask, says="length of 0")
def a_length_of_zero_means_full(lengths, size):
    """You took a length of 0 for "no padding", as Python takes 0 for False. It means that no token is real."""
    full = torch.full_like(lengths, size)
    return torch.arange(size, device=lengths.device) < torch.where(lengths > 0, lengths, full)[:, None, None]


@mistake(padding_mask, says="equal to size")
def the_last_position_is_always_padding(lengths, size):
    """You kept lengths below size. A sequence without any padding has a length equal to size."""
    return torch.arange(size, device=lengths.device) < lengths.clamp(max=size - 1)[:, None, None]


@mistake(padding_mask, says="bool")
def floats_of_one_and_zero(lengths, size):
    """You turned the answer into 1.0 and 0.0. A mask answers yes or no, and ~ and & work on bools only."""
    return (torch.arange(size, device=lengths.device) < lengths[:, None, None]).float()


@mistake(padding_mask, says="bool")
def dtype_of_the_lengths(lengths, size):
    """You gave the mask the dtype of the lengths. It holds 1 and 0 then, and ~1 is -2: a mask is bool."""
    return (torch.arange(size, device=lengths.device) < lengths[:, None, None]).to(lengths.dtype)


@mistake(padding_mask, says="device")
def positions_on_the_cpu(lengths, size):
    """You made the positions without a device, so they are born on the CPU. They must live where the lengths live."""
    return torch.arange(size) < lengths[:, None, None]


@mistake(padding_mask, says="caller")
def lengths_of_the_caller_changed(lengths, size):
    """You changed the lengths in place (-= 1). They belong to the caller, who still needs them."""
    lengths -= 1
    return torch.arange(size, device=lengths.device) <= lengths[:, None, None]


# combine: other right answers


@variant(combine)
def logical_and(causal, padding):
    return torch.logical_and(causal.unsqueeze(0), padding)


@variant(combine)
def product_of_bools(causal, padding):
    return causal * padding


@variant(combine)
def hidden_by_either(causal, padding):
    return ~(~causal | ~padding)


@variant(combine)
def where_padding_allows(causal, padding):
    return torch.where(padding, causal, False)


@variant(combine)
def fill_copies_of_the_causal_mask(causal, padding):
    return causal.repeat(padding.shape[0], 1, 1).masked_fill_(~padding, False)


@variant(combine)
def stack_sequence_by_sequence(causal, padding):
    return torch.stack([causal & row for row in padding])


@variant(combine)
def both_counted(causal, padding):
    return (causal.int() + padding.int()) == 2


@variant(combine)
def outer_product(causal, padding):
    return torch.einsum("qk,bok->bqk", causal.float(), padding.float()).bool()


# combine: mistakes


@mistake(combine, says="both")
def either_is_enough(causal, padding):
    """You joined the masks with "or".
    Then a key passes if one of them allows it, and the future or the padding slips in.
    """
    return causal | padding


@mistake(combine, says="both")
def one_but_not_the_other(causal, padding):
    """You joined the masks with "xor" (^, or !=). It says False where both say True, which is where you need True."""
    return causal ^ padding


@mistake(combine, says="both")
def where_the_masks_agree(causal, padding):
    """You compared the masks with ==. They also agree where both say no, and those pairs are let through."""
    return causal == padding


@mistake(combine, says="both")
def padding_hides_queries(causal, padding):
    """You turned the padding into a column, so it hides the tokens that look. It has to hide the ones looked at."""
    return causal & padding.transpose(-2, -1)


@mistake(combine, says="keys")
def padding_hides_queries_and_keys(causal, padding):
    """You hid the rows of the padding tokens as well. Their output is not used anyway, and an empty row invites NaN."""
    return causal & padding & padding.transpose(-2, -1)


@mistake(combine, says="both")
def only_the_causal_rule(causal, padding):
    """You spread the causal mask over the batch and left the padding out."""
    return causal.expand(padding.shape[0], -1, -1).clone()


@mistake(combine, says="both")
def only_the_padding_rule(causal, padding):
    """You spread the padding over the queries and left the causal mask out."""
    return padding.expand(-1, causal.shape[0], -1).clone()


@mistake(combine, says="both")
def true_where_hidden(causal, padding):
    """You joined the masks rightly and then turned the answer around. True means "may look" in the result too."""
    return ~(causal & padding)


@mistake(combine, says="its own padding")
def padding_of_the_first_sequence(causal, padding):
    """You used the padding of the first sequence for all. Every sequence has its own length."""
    return causal & padding[:1].expand_as(padding)


@mistake(combine, says="its own padding")
def padding_of_any_sequence(causal, padding):
    """You hid a key everywhere as soon as it is padding in one sequence. Every sequence has its own length."""
    return (causal & padding.all(dim=0, keepdim=True)).expand(padding.shape[0], -1, -1)


@mistake(combine, says="caller")
def one_memory_for_all_sequences(causal, padding):
    """You wrote into an expanded mask.
    expand makes no copies: all sequences share one piece of memory, that of the caller.
    """
    result = causal.expand(padding.shape[0], -1, -1)
    for row, keys in zip(result, padding, strict=True):
        row &= keys
    return result


@mistake(combine, says="itself")
def a_token_always_sees_itself(causal, padding):
    """You let every token see itself, to avoid empty rows.
    A padding token is hidden from all queries, itself included.
    """
    return (causal & padding) | torch.eye(causal.shape[0], dtype=torch.bool, device=causal.device)


@mistake(combine, says="(B, T, T)")
def with_a_dimension_for_heads(causal, padding):
    """You added a dimension for the heads. That comes in a later kata: here the result is (B, T, T)."""
    return causal & padding[:, None]


@mistake(combine, says="(B, T, T)")
def squeezed_padding(causal, padding):
    """You squeezed the padding.
    A bare squeeze removes every dimension of size 1, and (B, T) no longer lines up with (T, T).
    """
    return causal & padding.squeeze()


@mistake(combine, says="(B, T, T)")
def squeezed_result(causal, padding):
    """You squeezed the result.
    With one sequence in the batch, or one token, that removes a dimension that belongs there.
    """
    return (causal & padding).squeeze()


@mistake(combine, says="both")
def multiplied_as_matrices(causal, padding):
    """You used the matrix product. It asks whether some key passes, not which one does."""
    return (padding.float() @ causal.float()).bool().expand(-1, causal.shape[0], -1).clone()


@mistake(combine, says="bool")
def counts_instead_of_bools(causal, padding):
    """You multiplied the masks as numbers. The result holds 1 and 0, but a mask is bool."""
    return causal.int() * padding.int()


@mistake(combine, says="bool")
def floats_instead_of_bools(causal, padding):
    """You multiplied the masks as floats. The result holds 1.0 and 0.0, but a mask is bool."""
    return causal.float() * padding.float()


@mistake(combine, says="device")
def filled_on_the_cpu(causal, padding):
    """You made the tensor of False without a device, so it is born on the CPU while the masks may live elsewhere."""
    return torch.where(padding, causal, torch.zeros(causal.shape, dtype=torch.bool))


@mistake(combine, says="caller")
def causal_of_the_caller_changed(causal, padding):
    """You joined in place (&=) on a view of the causal mask, which is the caller's.
    It breaks for more than one sequence, too.
    """
    joined = causal[None]
    if padding.shape[0] > 1:
        joined = joined.repeat(padding.shape[0], 1, 1)
    joined &= padding
    return joined
