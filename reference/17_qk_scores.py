"""Query-key scores: every query meets every key."""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from dojo.authoring import mistake, variant


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
    return k.transpose(-2, -1)  # (..., Tk, d) -> (..., d, Tk)


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
    return q @ transpose_keys(k)  # (..., Tq, d) @ (..., d, Tk) -> (..., Tq, Tk)


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
    return scores(q, k) / math.sqrt(q.shape[-1])  # (..., Tq, Tk)


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
    return scores(q, k).argmax(dim=-1)  # (..., Tq, Tk) -> (..., Tq)


HINTS = {
    "transpose_keys": [
        "Two dimensions change places, and all others stay. Which two, if you count from the right?",
        (
            "(..., Tk, d) becomes (..., d, Tk). From the right, Tk is dimension -2 and d is dimension -1, "
            "however many dimensions come before."
        ),
        "`Tensor.transpose(a, b)` swaps two dimensions, and accepts negative numbers for both. Return its result.",
    ],
    "scores": [
        (
            "A matrix product is a table of dot products: row i of the left matrix with column j of the right one. "
            "The keys are rows, so they must become columns first."
        ),
        (
            "(..., Tq, d) times (..., d, Tk) gives (..., Tq, Tk). The inner sizes, d and d, meet and vanish. "
            "The operator `@` broadcasts the leading dimensions for you."
        ),
        "The queries go on the left of `@`, and the result of your `transpose_keys` on the right.",
    ],
    "scaled_scores": [
        "Start from the scores, and divide all of them by one number.",
        (
            "That number is √d, where d is the size of the last dimension of q. "
            "Read it from the shape, counted from the right. The shape of the result stays (..., Tq, Tk)."
        ),
        "`math.sqrt` of `q.shape[-1]` is the number. A Python number keeps the dtype; divide `scores(q, k)` by it.",
    ],
    "most_similar": [
        "The scores hold one row for each query. You look for a position in that row, not for a value.",
        "scores (..., Tq, Tk) becomes (..., Tq): the dimension of the keys, the last one, goes away.",
        (
            "`Tensor.argmax(dim=...)` gives the position of the largest number along one dimension. "
            "Call it on the scores; the keys are dimension -1."
        ),
    ],
}

BANNED = {}


# --- transpose_keys -----------------------------------------------------------------------------------


@variant(transpose_keys)
def with_mt(k):
    return k.mT


@variant(transpose_keys)
def with_einsum(k):
    return torch.einsum("...td->...dt", k)


@variant(transpose_keys)
def with_permute(k):
    return k.permute(*range(k.ndim - 2), k.ndim - 1, k.ndim - 2)


@variant(transpose_keys)
def one_column_at_a_time(k):
    return torch.stack([k[..., column] for column in range(k.shape[-1])], dim=-2)


@variant(transpose_keys)
def as_a_copy(k):
    turned = k.new_empty(*k.shape[:-2], k.shape[-1], k.shape[-2])
    for token in range(k.shape[-2]):
        turned[..., token] = k[..., token, :]
    return turned


@mistake(transpose_keys, says="rows become columns")
def keys_returned_as_they_are(k):
    """You called `transpose` but did not use what it returns. It gives back a new tensor and leaves k as it is."""
    k.transpose(-2, -1)
    return k


@mistake(transpose_keys, says="rows become columns")
def reshaped_instead_of_transposed(k):
    """You asked for the right shape with `reshape` or `view`. They keep the numbers in reading order and only
    cut the rows elsewhere, so numbers of different tokens end up side by side."""
    return k.reshape(*k.shape[:-2], k.shape[-1], k.shape[-2])


@mistake(transpose_keys, says="last two dimensions")
def first_two_dimensions_swapped(k):
    """You swapped dimensions 0 and 1. That is right for one matrix, but in a batch dimension 0 counts the
    sequences, not the tokens."""
    return k.transpose(0, 1)


@mistake(transpose_keys, says="last two dimensions")
def every_dimension_reversed(k):
    """You used `.T`. It reverses all dimensions, the batch included, so it is right only for one matrix."""
    return k.permute(*reversed(range(k.ndim)))


@mistake(transpose_keys, says="last two dimensions")
def first_and_last_swapped(k):
    """You swapped dimensions 0 and -1. They are the tokens and the columns of one matrix; in a batch,
    dimension 0 counts the sequences."""
    return k.transpose(0, -1)


@mistake(transpose_keys, says="no leading dimensions")
def counted_from_the_left(k):
    """You wrote dimensions 1 and 2, which fits a batch of shape (B, Tk, d) and nothing else. Dimensions counted
    from the right, -2 and -1, fit any number of them."""
    return k.transpose(1, 2)


@mistake(transpose_keys, says="last two dimensions")
def always_one_batch_dimension(k):
    """You treated one matrix and a batch (B, Tk, d) apart. With one more leading dimension, numbers 1 and 2 are
    no longer the tokens and the columns."""
    return k.transpose(0, 1) if k.ndim == 2 else k.transpose(1, 2)


@mistake(transpose_keys, says="size 1")
def dimensions_of_size_one_dropped(k):
    """You used `squeeze`. It drops every dimension of size 1, also a batch of one sequence or a key of one token."""
    return k.squeeze().transpose(-2, -1) if k.squeeze().ndim > 1 else k.squeeze()


@mistake(transpose_keys, says="changed its input")
def turned_in_place(k):
    """You used `transpose_`, with an underscore: it turns the caller's own k. The version without one gives back
    a turned view and leaves k alone."""
    return k.transpose_(-2, -1)


@mistake(transpose_keys, says="gradient")
def keys_detached(k):
    """You went through `.data` or `.detach()`. The numbers are right, but the way back for the gradient is cut."""
    return k.detach().transpose(-2, -1)


@mistake(transpose_keys, says="dtype")
def keys_made_float32(k):
    """You made a float32 tensor on the way, with `.float()` or `torch.tensor(k.tolist())`. Turning the keys
    changes places, not dtypes."""
    return k.float().transpose(-2, -1)


@mistake(transpose_keys, says="row j, column i")
def turned_by_a_quarter(k):
    """You turned the matrix like a picture, by a quarter. The shape is right, but one dimension now runs backwards:
    a transpose mirrors the matrix across its diagonal."""
    return torch.rot90(k, 1, (-2, -1))


# --- scores -------------------------------------------------------------------------------------------


@variant(scores)
def scores_with_einsum(q, k):
    return torch.einsum("...qd,...kd->...qk", q, k)


@variant(scores)
def multiply_and_add_up(q, k):
    return (q.unsqueeze(-2) * k.unsqueeze(-3)).sum(dim=-1)


@variant(scores)
def one_key_at_a_time(q, k):
    return torch.stack([(q * k[..., j : j + 1, :]).sum(dim=-1) for j in range(k.shape[-2])], dim=-1)


@variant(scores)
def keys_times_queries_turned_back(q, k):
    return (k @ q.mT).mT


@variant(scores)
def with_bmm(q, k):
    batch = torch.broadcast_shapes(q.shape[:-2], k.shape[:-2])
    flat_q = q.expand(*batch, *q.shape[-2:]).reshape(-1, *q.shape[-2:])
    flat_k = k.expand(*batch, *k.shape[-2:]).reshape(-1, *k.shape[-2:])
    return torch.bmm(flat_q, flat_k.transpose(1, 2)).view(*batch, q.shape[-2], k.shape[-2])


@variant(scores)
def one_column_of_the_queries_at_a_time(q, k):
    total = q[..., 0].unsqueeze(-1) * k[..., 0].unsqueeze(-2)
    for column in range(1, q.shape[-1]):
        total = total + q[..., column].unsqueeze(-1) * k[..., column].unsqueeze(-2)
    return total


@mistake(scores, says="dot product")
def keys_not_transposed(q, k):
    """You wrote `q @ k`. A matrix product pairs the rows on its left with the COLUMNS on its right, and the keys
    are rows."""
    return q @ k


@mistake(scores, says="raises no error")
def transposed_only_if_the_shapes_clash(q, k):
    """You transposed the keys only where the product fails without it. With as many keys as numbers in each, it does
    not fail, and the columns of the keys are compared instead of the keys."""
    return q @ (k if k.shape[-2] == q.shape[-1] else k.transpose(-2, -1))


@mistake(scores, says="query i and key j")
def keys_on_the_left(q, k):
    """You put the keys on the left: the result has a row for each key instead of a row for each query."""
    return k @ q.transpose(-2, -1)


@mistake(scores, says="dot product")
def key_columns_meet_queries(q, k):
    """You multiplied Kᵀ by Q. The inner sizes are then the numbers of tokens, so tokens are added up and
    columns are compared."""
    return k.transpose(-2, -1) @ q


@mistake(scores, says="dot product")
def query_columns_meet_keys(q, k):
    """You transposed the queries, not the keys. The inner sizes are then the numbers of tokens, so tokens are
    added up and columns are compared."""
    return q.transpose(-2, -1) @ k


@mistake(scores, says="dot product")
def multiplied_number_by_number(q, k):
    """You used `*`, which pairs query i with key i alone and adds nothing up. A dot product multiplies and adds."""
    return q * k


@mistake(scores, says="dot product")
def keys_reshaped(q, k):
    """You gave the keys the shape (d, Tk) with `reshape` or `view`. That keeps the reading order, so a column no
    longer holds one key."""
    return q @ k.reshape(*k.shape[:-2], k.shape[-1], k.shape[-2])


@mistake(scores, says="dot product")
def already_scaled(q, k):
    """You divided by √d already here. That is the task of `scaled_scores`; these are the plain dot products."""
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])


@mistake(scores, says="dot product")
def angles_compared(q, k):
    """You divided by the lengths of the queries and keys: that is cosine similarity. In a dot product the length
    counts too."""
    q, k = q / q.norm(dim=-1, keepdim=True), k / k.norm(dim=-1, keepdim=True)
    return q @ k.transpose(-2, -1)


@mistake(scores, says="dot product")
def softmaxed(q, k):
    """You went one step too far: softmax turns scores into weights, and that is for a later kata."""
    return (q @ k.transpose(-2, -1)).softmax(dim=-1)


@mistake(scores, says="dot product")
def sign_lost(q, k):
    """You took the size of the dot products without the sign. A negative score says that query and key point in
    opposite directions, and attention needs to know."""
    return (q @ k.transpose(-2, -1)).abs()


@mistake(scores, says="dot product")
def negative_scores_cut_off(q, k):
    """You replaced the negative scores by 0. A score is not a probability yet: it may have any sign."""
    return (q @ k.transpose(-2, -1)).clamp(min=0)


@mistake(scores, says="leading dimensions")
def keys_reversed_by_t(q, k):
    """You wrote `k.T`. It reverses all dimensions, the batch included, so it is right only for one matrix."""
    return q @ k.permute(*reversed(range(k.ndim)))


@mistake(scores, says="leading dimensions")
def first_two_dimensions_of_the_keys_swapped(q, k):
    """You swapped dimensions 0 and 1 of the keys. In a batch, dimension 0 counts the sequences, not the tokens."""
    return q @ k.transpose(0, 1)


@mistake(scores, says="query i and key j")
def only_a_batch_of_matrices(q, k):
    """You used `torch.bmm`, or dimensions 1 and 2: both work for (B, T, d) and for nothing else. `@` and dimensions
    counted from the right work for any shape."""
    return torch.bmm(q, k.transpose(1, 2))


@mistake(scores, says="leading dimensions")
def every_batch_against_every_batch(q, k):
    """You paired the last dimensions with `tensordot` or `inner`. They also compare the queries of one sequence with
    the keys of all others; each sequence must keep to itself."""
    return torch.tensordot(q, k, dims=([-1], [-1]))


@mistake(scores, says="leading dimensions")
def keys_of_the_first_sequence(q, k):
    """You used the keys of the first sequence for all. Each sequence of the batch has its own keys."""
    while k.ndim > 2:
        k = k[0]
    return q @ k.transpose(-2, -1)


@mistake(scores, says="broadcast")
def sequences_zipped(q, k):
    """You went through both batches side by side with `zip`. It stops at the shorter one, so a dimension of size 1
    does not stretch."""
    if q.ndim == 2 or k.ndim == 2:
        return q @ k.transpose(-2, -1)
    return torch.stack([sequences_zipped(one_q, one_k) for one_q, one_k in zip(q, k)])


@mistake(scores, says="broadcast")
def keys_stretched_to_the_queries(q, k):
    """You expanded the keys to the leading dimensions of the queries. Broadcasting works both ways: the queries
    may be the ones that must stretch."""
    return q @ k.expand(*q.shape[:-2], *k.shape[-2:]).transpose(-2, -1)


@mistake(scores, says="broadcast")
def queries_stretched_to_the_keys(q, k):
    """You expanded the queries to the leading dimensions of the keys. Broadcasting works both ways: the keys
    may be the ones that must stretch."""
    return q.expand(*k.shape[:-2], *q.shape[-2:]) @ k.transpose(-2, -1)


@mistake(scores, says="broadcast")
def leading_dimensions_must_be_equal(q, k):
    """You flattened the leading dimensions of q and k, each on its own. Where they differ, they must be broadcast
    before they are flattened."""
    flat_q, flat_k = q.reshape(-1, *q.shape[-2:]), k.reshape(-1, *k.shape[-2:])
    return torch.bmm(flat_q, flat_k.transpose(1, 2)).reshape(*q.shape[:-2], q.shape[-2], k.shape[-2])


@mistake(scores, says="size 1")
def sizes_of_one_dropped(q, k):
    """You used `squeeze`. It drops every dimension of size 1, so one query or one key loses its row or column."""
    return (q @ k.transpose(-2, -1)).squeeze()


@mistake(scores, says="non-contiguous")
def viewed_as_rows(q, k):
    """You flattened the queries with `view`, which needs the numbers in reading order in memory. A transposed or
    sliced tensor is not; `reshape` or `@` accepts both."""
    rows = q.view(-1, q.shape[-1])
    return rows.view(q.shape) @ k.transpose(-2, -1)


@mistake(scores, says="dtype")
def scores_made_float32(q, k):
    """You turned q and k into float32 to be safe. The scores must come back with the dtype that went in."""
    return q.float() @ k.float().transpose(-2, -1)


@mistake(scores, says="gradient")
def scores_without_gradient_to_keys(q, k):
    """You took the keys through `.data` or `.detach()`. The scores are right, but the keys can never learn."""
    return q @ k.detach().transpose(-2, -1)


# --- scaled_scores ------------------------------------------------------------------------------------


@variant(scaled_scores)
def queries_scaled_first(q, k):
    return (q * q.shape[-1] ** -0.5) @ k.mT


@variant(scaled_scores)
def scaled_half_and_half(q, k):
    root = q.shape[-1] ** 0.25
    return torch.einsum("...qd,...kd->...qk", q / root, k / root)


@variant(scaled_scores)
def scaled_by_a_tensor(q, k):
    return torch.matmul(q, k.transpose(-2, -1)) / torch.tensor(k.size(-1), dtype=q.dtype, device=q.device).sqrt()


@variant(scaled_scores)
def scaled_one_query_at_a_time(q, k):
    rows = [(q[..., i : i + 1, :] * k).sum(dim=-1) for i in range(q.shape[-2])]
    return torch.stack(rows, dim=-2).div_(math.sqrt(q.shape[-1]))


@variant(scaled_scores)
def scaled_by_the_length_of_ones(q, k):
    return q @ k.mT / torch.ones_like(q[..., :1, :]).norm(dim=-1, keepdim=True)


@mistake(scaled_scores, says="√d")
def not_scaled(q, k):
    """You returned the plain dot products. They grow with d, and large scores leave softmax almost no gradient."""
    return q @ k.transpose(-2, -1)


@mistake(scaled_scores, says="√d")
def divided_by_d(q, k):
    """You divided by d, not by its square root (or by the root twice, once in q and once in k). The dot products
    grow only as √d does."""
    return q @ k.transpose(-2, -1) / q.shape[-1]


@mistake(scaled_scores, says="√d")
def multiplied_by_the_root(q, k):
    """You multiplied by √d. The scores are too large already; they must be divided."""
    return q @ k.transpose(-2, -1) * math.sqrt(q.shape[-1])


@mistake(scaled_scores, says="√d")
def root_of_the_number_of_keys(q, k):
    """You took the root of Tk, the number of keys. A dot product adds up d products, so d is what counts."""
    return q @ k.transpose(-2, -1) / math.sqrt(k.shape[-2])


@mistake(scaled_scores, says="√d")
def root_of_the_number_of_queries(q, k):
    """You took the root of Tq, the number of queries. A dot product adds up d products, so d is what counts."""
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-2])


@mistake(scaled_scores, says="√d")
def root_of_the_batch(q, k):
    """You took `len(q)` or `q.shape[0]`: the first size, which counts sequences. d is the last size of the shape."""
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[0])


@mistake(scaled_scores, says="√d")
def root_of_the_third_size(q, k):
    """You took `q.shape[2]`. That is d for a batch (B, Tq, d) and for nothing else. Count from the right."""
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[2])


@mistake(scaled_scores, says="√d")
def half_of_d(q, k):
    """You wrote `d ** 1 / 2`. Python computes the power first, so that is d / 2; the root is `d ** 0.5`."""
    return q @ k.transpose(-2, -1) / (q.shape[-1] ** 1 / 2)


@mistake(scaled_scores, says="√d")
def root_cut_to_an_integer(q, k):
    """You rounded the root down to a whole number, with `int` or `math.isqrt`. Only for d = 4, 9, 16 … is it one."""
    return q @ k.transpose(-2, -1) / math.isqrt(q.shape[-1])


@mistake(scaled_scores, says="√d")
def always_eight(q, k):
    """You wrote the number 8, which is √64, from a model with d = 64. Read d from the shape."""
    return q @ k.transpose(-2, -1) / 8.0


@mistake(scaled_scores, says="√d")
def fourth_root(q, k):
    """You took the root of the root: the scale is √d for the product, applied once."""
    return q @ k.transpose(-2, -1) / q.shape[-1] ** 0.25


@mistake(scaled_scores, says="√d")
def only_the_queries_of_unit_length(q, k):
    """You divided each query by its own length. √d is one number for all, the same whatever the queries hold."""
    return (q / q.norm(dim=-1, keepdim=True)) @ k.transpose(-2, -1)


@mistake(scaled_scores, says="√d")
def divided_by_both_lengths(q, k):
    """You divided by the lengths of query and key: that is cosine similarity. √d is one number for all pairs."""
    q, k = q / q.norm(dim=-1, keepdim=True), k / k.norm(dim=-1, keepdim=True)
    return q @ k.transpose(-2, -1)


@mistake(scaled_scores, says="√d")
def divided_by_their_spread(q, k):
    """You divided by the standard deviation of the scores. √d is what that spread is expected to be, but it is
    computed from the shape alone."""
    product = q @ k.transpose(-2, -1)
    return product / product.std()


@mistake(scaled_scores, says="√d")
def root_of_all_heads_together(q, k):
    """You took the root of the full width, all leading dimensions together. Each dot product adds up d products only,
    the size of the last dimension."""
    heads = q.shape[-3] if q.ndim > 2 else 1
    return q @ k.transpose(-2, -1) / math.sqrt(heads * q.shape[-1])


@mistake(scaled_scores, says="√d")
def scaled_then_softmaxed(q, k):
    """You went one step too far: softmax turns scores into weights, and that is for a later kata."""
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(dim=-1)


@mistake(scaled_scores, says="√d")
def root_of_each_score(q, k):
    """You put the dot product under the root too. Only d stands under it."""
    return torch.sqrt((q @ k.transpose(-2, -1)).abs() / q.shape[-1])


@mistake(scaled_scores, says="leading dimensions")
def scaled_batches_only(q, k):
    """You used `torch.baddbmm` or `torch.bmm`, which need (B, T, d) on both sides. `@` broadcasts the leading
    dimensions."""
    if q.ndim == 2 and k.ndim == 2:
        return q @ k.transpose(0, 1) / math.sqrt(q.shape[-1])
    return torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.shape[-1])


@mistake(scaled_scores, says="changed its input")
def queries_divided_in_place(q, k):
    """You scaled the caller's queries with `/=` or `div_`. The next layer that reads q finds them smaller."""
    with torch.no_grad():
        q /= math.sqrt(q.shape[-1])
    return q @ k.transpose(-2, -1)


@mistake(scaled_scores, says="dtype")
def root_as_a_float32_tensor(q, k):
    """You made a tensor of one number for the root, `torch.tensor([d]).sqrt()`. It is float32 on the CPU, so float16
    scores become float32 and scores on a GPU meet a tensor elsewhere. A Python number does neither."""
    return q @ k.transpose(-2, -1) / torch.tensor([float(q.shape[-1])]).sqrt()


@mistake(scaled_scores, says="gradient")
def scaled_scores_without_gradient_to_queries(q, k):
    """You took the queries through `.data` or `.detach()`. The scores are right, but the queries can never learn."""
    return q.detach() @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])


# --- most_similar -------------------------------------------------------------------------------------


@variant(most_similar)
def indices_of_max(q, k):
    return (q @ k.mT).max(dim=-1).indices


@variant(most_similar)
def first_of_topk(q, k):
    return torch.einsum("...qd,...kd->...qk", q, k).topk(1, dim=-1).indices[..., 0]


@variant(most_similar)
def first_of_the_sorted(q, k):
    return (q @ k.mT).argsort(dim=-1, descending=True).select(-1, 0)


@variant(most_similar)
def over_the_rows_of_the_turned_scores(q, k):
    return (k @ q.mT).argmax(dim=-2)


@variant(most_similar)
def by_the_largest_weight(q, k):
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(dim=-1).argmax(dim=-1)


@variant(most_similar)
def best_key_so_far(q, k):
    best = (q * k[..., :1, :]).sum(dim=-1)  # (..., Tq)
    index = torch.zeros_like(best, dtype=torch.int64)
    for j in range(1, k.shape[-2]):
        score = (q * k[..., j : j + 1, :]).sum(dim=-1)
        index = torch.where(score > best, j, index)
        best = torch.maximum(best, score)
    return index


@variant(most_similar)
def in_plain_python(q, k):
    product = q @ k.mT
    best = [row.index(max(row)) for row in product.flatten(0, -2).tolist()]
    return torch.tensor(best, device=q.device).reshape(product.shape[:-1])


@mistake(most_similar, says="one number for each query")
def best_query_for_each_key(q, k):
    """You took the largest over the queries (dim=-2). The result then names a query for each key."""
    return (q @ k.transpose(-2, -1)).argmax(dim=-2)


@mistake(most_similar, says="one number for each query")
def best_of_all(q, k):
    """You called `argmax` without `dim`. It looks at all scores in one line and returns a single number."""
    return (q @ k.transpose(-2, -1)).argmax()


@mistake(most_similar, says="largest")
def least_similar(q, k):
    """You took the smallest dot product. For a distance, small means near; for a dot product, large does."""
    return (q @ k.transpose(-2, -1)).argmin(dim=-1)


@mistake(most_similar, says="index")
def score_of_the_best(q, k):
    """You returned the largest score itself. Asked for is which key it belongs to, a position."""
    return (q @ k.transpose(-2, -1)).amax(dim=-1)


@mistake(most_similar, says="index")
def values_and_indices(q, k):
    """You returned all that `max(dim=...)` gives: a pair of values and indices. Only the indices are asked for."""
    return (q @ k.transpose(-2, -1)).max(dim=-1)


@mistake(most_similar, says="index")
def the_key_itself(q, k):
    """You returned the numbers of the best key. Asked for is its position among the keys."""
    batch = torch.broadcast_shapes(q.shape[:-2], k.shape[:-2])
    index = (q @ k.transpose(-2, -1)).argmax(dim=-1, keepdim=True).expand(*batch, q.shape[-2], k.shape[-1])
    return k.expand(*batch, *k.shape[-2:]).gather(-2, index)


@mistake(most_similar, says="index")
def marked_with_true(q, k):
    """You compared the scores with the largest, and returned True where they are equal. Asked for is the position
    of that True."""
    product = q @ k.transpose(-2, -1)
    return product == product.amax(dim=-1, keepdim=True)


@mistake(most_similar, says="index")
def all_keys_ranked(q, k):
    """You returned the keys in order, best first. Only the first of them is asked for."""
    return (q @ k.transpose(-2, -1)).argsort(dim=-1, descending=True)


@mistake(most_similar, says="one number for each query")
def dimension_kept(q, k):
    """You kept the dimension of the keys with size 1. Its place is taken by nothing: the shape is (..., Tq)."""
    return (q @ k.transpose(-2, -1)).argmax(dim=-1, keepdim=True)


@mistake(most_similar, says="index")
def counted_from_one(q, k):
    """You counted the keys from 1. Python and PyTorch count from 0."""
    return (q @ k.transpose(-2, -1)).argmax(dim=-1) + 1


@mistake(most_similar, says="length")
def smallest_angle(q, k):
    """You compared angles: cosine similarity ignores how long a key is. In a dot product a longer key counts more."""
    return (q @ (k / k.norm(dim=-1, keepdim=True)).transpose(-2, -1)).argmax(dim=-1)


@mistake(most_similar, says="length")
def nearest_key(q, k):
    """You looked for the key at the smallest distance. A long key may lie far away and still have the largest
    dot product."""
    return (q.unsqueeze(-2) - k.unsqueeze(-3)).pow(2).sum(dim=-1).argmin(dim=-1)


@mistake(most_similar, says="sign")
def largest_without_its_sign(q, k):
    """You took the absolute value first. A strongly negative score then wins, though it means the opposite
    direction."""
    return (q @ k.transpose(-2, -1)).abs().argmax(dim=-1)


@mistake(most_similar, says="below 0")
def search_starts_at_zero(q, k):
    """You started the search with a best score of 0. If all scores are negative, none of them ever beats it; start
    from the first score, or from -inf."""
    product = q @ k.transpose(-2, -1)
    best, index = torch.zeros_like(product[..., 0]), torch.zeros_like(product[..., 0], dtype=torch.int64)
    for j in range(k.shape[-2]):
        index = torch.where(product[..., j] > best, j, index)
        best = torch.maximum(best, product[..., j])
    return index


@mistake(most_similar, says="each query")
def keys_at_dimension_two(q, k):
    """You wrote dim=2, which is the dimension of the keys for a batch (B, Tq, Tk) and for nothing else. Count from
    the right."""
    return (q @ k.transpose(-2, -1)).argmax(dim=2)


@mistake(most_similar, says="leading dimensions")
def keys_at_dimension_one(q, k):
    """You wrote dim=1, which is the dimension of the keys for one matrix and for nothing else. Count from the
    right."""
    return (q @ k.transpose(-2, -1)).argmax(dim=1)


@mistake(most_similar, says="leading dimensions")
def best_key_for_batches_only(q, k):
    """You used `torch.bmm`, which needs (B, T, d) on both sides. `@` broadcasts the leading dimensions."""
    if q.ndim == 2 and k.ndim == 2:
        return (q @ k.transpose(0, 1)).argmax(dim=-1)
    return torch.bmm(q, k.transpose(1, 2)).argmax(dim=-1)


@mistake(most_similar, says="int64")
def indices_as_floats(q, k):
    """You gave the indices the dtype of q. An index must be a whole number: int64 is what indexing needs."""
    return (q @ k.transpose(-2, -1)).argmax(dim=-1).to(q.dtype)


@mistake(most_similar, says="int64")
def indices_as_int32(q, k):
    """You turned the indices into int32. PyTorch's own indices are int64, and some operations accept nothing else."""
    return (q @ k.transpose(-2, -1)).argmax(dim=-1).int()


@mistake(most_similar, says="device")
def indices_made_on_the_cpu(q, k):
    """You started the indices with `torch.zeros` without naming a device. They lie on the CPU, wherever q is."""
    product = q @ k.transpose(-2, -1)
    best, index = product[..., 0], torch.zeros(product.shape[:-1], dtype=torch.int64)
    for j in range(1, k.shape[-2]):
        index = torch.where(product[..., j] > best, j, index)
        best = torch.maximum(best, product[..., j])
    return index


@mistake(most_similar, says="size 1")
def row_of_one_query_dropped(q, k):
    """You used `squeeze()` to lose the dimension of the keys. It drops every dimension of size 1: with one query,
    or a batch of one, those go too."""
    return (q @ k.transpose(-2, -1)).argmax(dim=-1, keepdim=True).squeeze()
