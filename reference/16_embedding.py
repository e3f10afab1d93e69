"""Embeddings: from token ids to rows of numbers."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from dojo.authoring import benchmark, mistake, variant


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
    return table[ids]


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
    one_hot = nn.functional.one_hot(ids, len(table)).to(table.dtype)  # (..., V)
    return one_hot @ table  # (..., V) @ (V, D)


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
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n, d))

    def forward(self, ids: Int64[Tensor, "*shape"]) -> Float[Tensor, "*shape d"]:
        """Look up the rows of `weight`.

        Args:
            ids: token ids, int64, each from 0 to n - 1, on the device of `weight`, of any shape, as for `lookup`.

        Returns:
            A tensor of shape (*ids.shape, d), with the dtype and device of `weight`: what `lookup` gives for `weight`
            and ids. Gradients flow back to `weight`.
        """
        return lookup(self.weight, ids)


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
    tokens, places = ids.shape[1], len(position_table)
    if tokens > places:
        raise ValueError(f"a sequence of {tokens} tokens, but there are rows for {places} places only")
    return lookup(token_table, ids) + position_table[:tokens]  # (B, T, D) + (T, D)


BANNED: dict[str, str] = {}  # of nn.Embedding the tests speak: the operation behind it is allowed

HINTS = {
    "lookup": [
        "You have taken rows from a tensor before, with an index. May an index be a tensor?",
        "An index of shape (2, 5) into the first dimension of (vocab, d) puts a row of d numbers in each place. "
        "That gives (2, 5, d). No loop is needed, and no reshape.",
        "Index the table with ids, in square brackets, as if ids were a single number.",
    ],
    "one_hot_lookup": [
        "Write the one-hot row of id 1 for a vocabulary of 3 on paper, and multiply it by a table with 3 rows.",
        "Ids (...) become one-hot rows (..., vocab). Then (..., vocab) @ (vocab, d) is (..., d). Both factors need the "
        "same dtype. How long a one-hot row is, the table knows; the ids do not.",
        "`nn.functional.one_hot(ids, n)` gives the rows for a vocabulary of size n, as int64. Convert them `.to` the "
        "dtype of the table, and multiply by the table with @.",
    ],
    "Embedding": [
        "The layer owns a table. What makes a tensor something that the optimizer finds?",
        "In `__init__`: `super().__init__()` first, then an nn.Parameter of shape (n, d), called weight. In `forward`: "
        "the rows of self.weight for the ids, (..., d).",
        "`self.weight = nn.Parameter(...)` around `torch.randn(n, d)`. `forward` calls your `lookup`.",
    ],
    "token_and_position": [
        "Every sequence has the same places: 0, 1, 2 and so on. Which rows of the position table are needed?",
        "Tokens (batch, tokens, d), places (tokens, d): the first `tokens` rows of the table. They broadcast over the "
        "batch, as in kata 05. But look at the sizes first.",
        "If ids.shape[1] is larger than the number of rows, raise ValueError. Else add `position_table[:ids.shape[1]]` "
        "to what `lookup` gives for the ids.",
    ],
}


# ------------------------------------------------------------------------------------------------ lookup, other ways


@variant(lookup)
def with_functional_embedding(table, ids):
    return torch.nn.functional.embedding(ids, table)


@variant(lookup)
def with_index_select(table, ids):
    return table.index_select(0, ids.reshape(-1)).reshape(*ids.shape, table.shape[1])


@variant(lookup)
def with_gather(table, ids):
    flat = ids.reshape(-1, 1).expand(-1, table.shape[1])
    return torch.gather(table, 0, flat).view(*ids.shape, table.shape[1])


@variant(lookup)
def row_after_row(table, ids):
    rows = [table[int(i)] for i in ids.flatten()]
    return (torch.stack(rows) if rows else table[:0]).reshape(*ids.shape, table.shape[1])


@variant(lookup)
def by_a_product(table, ids):
    return (ids.unsqueeze(-1) == torch.arange(len(table), device=ids.device)).to(table.dtype) @ table


@variant(lookup)
def added_to_a_tensor_of_zeros(table, ids):
    return table.new_zeros(*ids.shape, table.shape[1]) + table[ids, :]


# ---------------------------------------------------------------------------------------- one_hot_lookup, other ways


@variant(one_hot_lookup)
def rows_of_the_identity(table, ids):
    return torch.eye(table.shape[0], dtype=table.dtype, device=table.device)[ids] @ table


@variant(one_hot_lookup)
def compared_with_all_ids(table, ids):
    one_hot = (ids[..., None] == torch.arange(len(table), device=table.device)).type_as(table)
    return torch.einsum("...v,vd->...d", one_hot, table)


@variant(one_hot_lookup)
def one_scattered(table, ids):
    one_hot = table.new_zeros(*ids.shape, table.shape[0]).scatter_(-1, ids.unsqueeze(-1), 1.0)
    return torch.nn.functional.linear(one_hot, table.t())


@variant(one_hot_lookup)
def flat_and_back(table, ids):
    flat = torch.nn.functional.one_hot(ids.flatten(), num_classes=table.size(0)).to(table)
    return torch.mm(flat, table).unflatten(0, ids.shape) if ids.ndim else flat[0] @ table


@variant(one_hot_lookup)
def table_turned_round(table, ids):
    columns = torch.eye(len(table)).to(table)[:, ids.reshape(-1)]  # one-hot columns
    return (table.T @ columns).T.reshape(*ids.shape, table.shape[1])


@variant(one_hot_lookup)
def each_place_of_ids_compared(table, ids):
    columns = torch.stack([(ids == i).to(table.dtype) for i in range(len(table))])  # one-hot columns, (vocab, ...)
    return torch.tensordot(columns, table, dims=([0], [0]))


@variant(one_hot_lookup)
def product_added_to_zeros(table, ids):
    one_hot = torch.nn.functional.one_hot(ids.reshape(-1), len(table)).to(table.dtype)
    return table.new_zeros(ids.numel(), table.shape[1]).addmm_(one_hot, table).reshape(*ids.shape, table.shape[1])


# --------------------------------------------------------------------------------------------- Embedding, other ways


@variant(Embedding)
class FilledInPlace(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n, d))
        nn.init.normal_(self.weight)

    def forward(self, ids):
        return nn.functional.embedding(ids, self.weight)


@variant(Embedding)
class RegisteredByName(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.n, self.d = n, d
        self.register_parameter("weight", nn.Parameter(torch.normal(0.0, 1.0, size=(n, d)), requires_grad=True))

    def forward(self, ids):
        return self.weight.index_select(0, ids.reshape(-1)).reshape(*ids.shape, self.d)


@variant(Embedding)
class ThroughOneHot(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.weight = nn.Parameter(torch.stack([torch.randn(d) for _ in range(n)]))

    def forward(self, ids):
        return one_hot_lookup(self.weight, ids)


# ------------------------------------------------------------------------------------ token_and_position, other ways


@variant(token_and_position)
def both_looked_up(token_table, position_table, ids):
    length = ids.size(-1)
    if not length <= position_table.size(0):
        raise ValueError("too long")
    return token_table[ids] + position_table[torch.arange(length, device=ids.device)]


@variant(token_and_position)
def place_after_place(token_table, position_table, ids):
    if ids.shape[1] > position_table.shape[0]:
        raise ValueError(f"{ids.shape[1]} > {position_table.shape[0]}")
    return torch.stack([token_table[column] + row for column, row in zip(ids.T, position_table)], dim=1)


@variant(token_and_position)
def added_in_place_to_its_own(token_table, position_table, ids):
    batch, tokens = ids.shape
    if tokens > len(position_table):
        raise ValueError
    result = torch.nn.functional.embedding(ids, token_table).clone()
    result += position_table.narrow(0, 0, tokens).expand(batch, -1, -1)
    return result


@variant(token_and_position)
def error_from_the_missing_row(token_table, position_table, ids):
    try:
        rows = [position_table[t] for t in range(ids.shape[1])]
    except IndexError:
        raise ValueError("there is no row for this place") from None
    return torch.stack(rows)[None] + one_hot_lookup(token_table, ids)


# -------------------------------------------------------------------------------------------------- lookup, mistakes

_lookup, _one_hot_lookup, _Embedding, _token_and_position = lookup, one_hot_lookup, Embedding, token_and_position


@mistake(lookup, says="one row for each id")
def columns_for_rows(table, ids):
    """You took the columns of the table. A token has a row: the first dimension is the one to index."""
    return table[:, ids]


@mistake(lookup, says="one row for each id")
def single_numbers(table, ids):
    """You used take. It picks single numbers from the table; a whole row is wanted for each id."""
    return torch.take(table, ids)


@mistake(lookup, says="one row for each id")
def gathered_with_plain_ids(table, ids):
    """You used gather with the ids as they are. It picks single numbers, and wants an id for each of them. To take
    whole rows, index the table."""
    return table.gather(0, ids)


@mistake(lookup, says="one row for each id")
def ids_counted_from_1(table, ids):
    """You subtracted 1 from the ids. They count from 0: id 0 is the first row."""
    return table[ids - 1]


@mistake(lookup, says="one row for each id")
def each_row_once(table, ids):
    """You collected the ids in a set, or with unique. An id that occurs twice needs its row twice, in its place."""
    return table[ids.unique()]


@mistake(lookup, says="one row for each id")
def rows_in_sorted_order(table, ids):
    """You sorted the ids. The rows stand in the order of the tokens of the text."""
    return table[ids.sort()[0]]


@mistake(lookup, says="one row for each id")
def first_rows_of_the_table(table, ids):
    """You took as many rows as there are ids, from the top of the table. The id says which row."""
    return table[: ids.numel()].reshape(*ids.shape, -1)


@mistake(lookup, says="one row for each id")
def rows_added_up(table, ids):
    """You added the rows up. Each token keeps its own row."""
    return table[ids].sum(-2) if ids.ndim else table[ids]


@mistake(lookup, says="as they stand in the table")
def scaled_by_root_d(table, ids):
    """You multiplied by √d. Some models do that after the lookup, but here the rows are wanted as they are."""
    return table[ids] * table.shape[1] ** 0.5


@mistake(lookup, says="any shape")
def ids_flattened(table, ids):
    """You flattened the ids and left the result flat. What stood in two dimensions stays in two dimensions."""
    return table[ids.reshape(-1)]


@mistake(lookup, says="any shape")
def with_index_select_alone(table, ids):
    """You used index_select, which takes a list of ids only. Indexing with square brackets takes any shape."""
    return torch.index_select(table, 0, ids)


@mistake(lookup, says="any shape")
def for_batches_of_sequences_only(table, ids):
    """You unpacked the shape into batch and tokens. A list of ids, or a single id, has another shape."""
    if ids.ndim == 1:
        return table[ids]
    batch, tokens = ids.shape
    return table[ids.reshape(-1)].reshape(batch, tokens, -1)


@mistake(lookup, says="a single id")
def loop_over_the_ids(table, ids):
    """You wrote a loop over the ids. A single id, of shape (), cannot be looped over, and an empty one gives
    torch.stack nothing to stack. The table can be indexed with all ids at once."""
    return torch.stack([_lookup(table, i) for i in ids])


@mistake(lookup, says="a single id")
def single_id_in_a_list(table, ids):
    """You gave a single id a dimension of its own. Its shape is (), so the result has the shape (d,)."""
    return table[torch.atleast_1d(ids)]


@mistake(lookup, says="no id at all")
def nothing_to_stack(table, ids):
    """You collected the rows in a list and stacked them. Where there is no id, the list is empty, and torch.stack
    refuses it."""
    return torch.stack([table[int(i)] for i in ids.reshape(-1)]).reshape(*ids.shape, table.shape[1])


@mistake(lookup, says="no id at all")
def minus_1_for_d(table, ids):
    """You wrote reshape(*ids.shape, -1). Where there is no id, PyTorch cannot tell what the -1 stands for. Give it d,
    the length of a row of the table."""
    return table.index_select(0, ids.reshape(-1)).reshape(*ids.shape, -1)


@mistake(lookup, says="dtype of the table")
def rows_in_float32(table, ids):
    """You collected the rows in a tensor of your own, which is float32. The result has the dtype of the table."""
    result = torch.zeros(*ids.shape, table.shape[1], device=table.device)
    result[...] = table[ids]
    return result


@mistake(lookup, says="only 7")
def rows_through_float32(table, ids):
    """You converted the table to float32, and the rows back. A float64 number loses half of its digits on that way."""
    return table.float()[ids].to(table.dtype)


@mistake(lookup, says="lives")
def rows_on_the_cpu(table, ids):
    """You collected the rows in a tensor that you made on the CPU. Say device=table.device, or index the table."""
    result = torch.zeros(*ids.shape, table.shape[1], dtype=table.dtype)
    result[...] = table[ids]
    return result


@mistake(lookup, says="gradient")
def table_detached(table, ids):
    """You used table.data, .detach() or NumPy. The rows are right, but the table gets no gradient, so it cannot
    learn."""
    return table.detach()[ids]


@mistake(lookup, says="gradient")
def padding_row_never_learns(table, ids):
    """You called functional.embedding with padding_idx=0. Then row 0 gets no gradient. Here every row learns."""
    return torch.nn.functional.embedding(ids, table, padding_idx=0)


@mistake(lookup, says="gradient")
def gradient_divided_by_the_count(table, ids):
    """You called functional.embedding with scale_grad_by_freq=True. Then a row that occurs twice gets the mean of the
    two gradients. Here they are added up."""
    return torch.nn.functional.embedding(ids, table, scale_grad_by_freq=True)


class _LastOccurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx, table, ids):
        ctx.save_for_backward(ids)
        ctx.rows = len(table)
        return table[ids]

    @staticmethod
    def backward(ctx, gradient):
        (ids,) = ctx.saved_tensors
        result = gradient.new_zeros(ctx.rows, gradient.shape[-1])
        for i, row in zip(ids.reshape(-1).tolist(), gradient.reshape(-1, gradient.shape[-1])):
            result[i] = row
        return result, None


@mistake(lookup, says="gradient")
def gradient_of_the_last_place_only(table, ids):
    """You wrote the gradients into the rows with =, so of two places with the same id only the last one counts. They
    are added up."""
    return _LastOccurrence.apply(table, ids)


@mistake(lookup, says="changed its input")
def rows_cut_to_length_1(table, ids):
    """You called functional.embedding with max_norm. It shortens the rows that are too long, in the table itself. The
    table belongs to the caller."""
    return torch.nn.functional.embedding(ids, table.detach(), max_norm=1.0)


# ------------------------------------------------------------------------------------------ one_hot_lookup, mistakes


@mistake(one_hot_lookup, says="matrix product")
def indexed_as_before(table, ids):
    """You indexed the table, as in `lookup`. The rows are right, but this time the way there counts: one-hot rows times
    the table."""
    return table[ids]


@mistake(one_hot_lookup, says="matrix product")
def multiplied_and_summed(table, ids):
    """You multiplied with * and added up. That is what a matrix product does, by hand; here you may let @ do it."""
    one_hot = nn.functional.one_hot(ids, len(table)).to(table.dtype)
    return (one_hot[..., None] * table).sum(-2)


@mistake(one_hot_lookup, says="does not go over the rows")
def rows_times_the_identity(table, ids):
    """You looked the rows up and then multiplied by an identity matrix, which changes nothing. The product should do
    the lookup."""
    return table[ids] @ torch.eye(table.shape[1], dtype=table.dtype, device=table.device)


@mistake(one_hot_lookup, says="does not go over the rows")
def table_times_itself(table, ids):
    """There is a product, but the lookup does without it. The one-hot rows, times the table, are the answer."""
    return table[ids] + 0 * (table @ table.T).sum()


@mistake(one_hot_lookup, says="as long as the vocabulary")
def length_guessed_from_the_ids(table, ids):
    """You called one_hot without a size. It takes the largest id that occurs, plus 1. Ask the table how many rows there
    are."""
    return nn.functional.one_hot(ids).to(table.dtype) @ table


@mistake(one_hot_lookup, says="as long as the vocabulary")
def one_hot_as_it_comes(table, ids):
    """You multiplied the result of one_hot as it comes, without a size: it is as long as the largest id that occurs
    needs, and int64. Tell it the size of the vocabulary, and convert it to the dtype of the table."""
    return nn.functional.one_hot(ids) @ table


@mistake(one_hot_lookup, says="as long as the vocabulary")
def whole_rows_of_ones(table, ids):
    """You wrote one_hot[ids] = 1. That fills whole rows with ones: those whose number is an id. Each row needs a single
    1, at the place of its own id."""
    one_hot = table.new_zeros(*ids.shape, len(table))
    one_hot[ids] = 1
    return one_hot @ table


@mistake(one_hot_lookup, says="as long as the vocabulary")
def as_long_as_a_row(table, ids):
    """You made the one-hot rows d long, the length of a row of the table. They need a place for each token of the
    vocabulary."""
    one_hot = (ids[..., None] == torch.arange(table.shape[1], device=table.device)).to(table.dtype)
    return one_hot @ table


@mistake(one_hot_lookup, says="as long as the vocabulary")
def one_place_too_long(table, ids):
    """You made the one-hot rows vocab + 1 long. Ids count from 0, so vocab places are enough."""
    return nn.functional.one_hot(ids, len(table) + 1).to(table.dtype) @ table


@mistake(one_hot_lookup, says="as long as the vocabulary")
def table_transposed(table, ids):
    """You transposed the table first. Its rows, one for each token, must meet the places of the one-hot rows."""
    return nn.functional.one_hot(ids, len(table)).to(table.dtype) @ table.T


@mistake(one_hot_lookup, says="same dtype")
def one_hot_of_whole_numbers(table, ids):
    """You multiplied the result of one_hot as it comes. It is int64, and a matrix product needs two factors of the same
    dtype."""
    return nn.functional.one_hot(ids, len(table)) @ table


@mistake(one_hot_lookup, says="dtype of the table")
def always_to_float(table, ids):
    """Your one-hot rows are float32, from .float(), torch.eye or torch.zeros. The table may be float16, bfloat16 or
    float64: give them its dtype."""
    return nn.functional.one_hot(ids, len(table)).float() @ table


@mistake(one_hot_lookup, says="dtype of the table")
def result_in_float32(table, ids):
    """You converted both factors to float32, and left the result so. It has the dtype of the table."""
    return nn.functional.one_hot(ids, len(table)).float() @ table.float()


@mistake(one_hot_lookup, says="only 7")
def through_float32_and_back(table, ids):
    """You converted both factors to float32, and the result back. The digits of a float64 table are lost on the way.
    Convert the one-hot rows to the dtype of the table instead."""
    one_hot = nn.functional.one_hot(ids, len(table)).float()
    return (one_hot @ table.float()).to(table.dtype)


@mistake(one_hot_lookup, says="come from somewhere else")
def product_thrown_away(table, ids):
    """You computed the product and then returned something else: rows that were looked up with an index. The product
    is the answer."""
    _product = nn.functional.one_hot(ids, len(table)).to(table.dtype) @ table
    return table[ids]


@mistake(one_hot_lookup, says="rounds large whole numbers")
def ids_rounded_to_bfloat16(table, ids):
    """You compared ids after converting them to the dtype of the table. bfloat16 has no 257: it rounds it to 256.
    Compare whole numbers, and convert what comes out."""
    places = torch.arange(len(table), device=table.device).to(table.dtype)
    return (ids[..., None].to(table.dtype) == places).to(table.dtype) @ table


@mistake(one_hot_lookup, says="as long as the vocabulary")
def ones_one_place_late(table, ids):
    """Your ones stand one place too far to the right. Id 0 has its 1 at place 0."""
    return nn.functional.one_hot((ids + 1) % len(table), len(table)).to(table.dtype) @ table


@mistake(one_hot_lookup, says="as long as the vocabulary")
def bag_of_words(table, ids):
    """You added the one-hot rows up before the product, so all tokens of a sequence became one. Each keeps its row."""
    one_hot = nn.functional.one_hot(ids, len(table)).to(table.dtype)
    return (one_hot.sum(-2) if ids.ndim else one_hot) @ table


@mistake(one_hot_lookup, says="as long as the vocabulary")
def ones_as_scores(table, ids):
    """You sent the one-hot rows through a softmax. Then every row of the table takes part a little. They are the
    weights already."""
    return nn.functional.one_hot(ids, len(table)).to(table.dtype).softmax(-1) @ table


@mistake(one_hot_lookup, says="any shape")
def one_hot_rows_flattened(table, ids):
    """You made one long list of one-hot rows, and left the result so. It has the dimensions of the ids in front."""
    return nn.functional.one_hot(ids.reshape(-1), len(table)).to(table.dtype) @ table


@mistake(one_hot_lookup, says="any shape")
def product_of_two_matrices_only(table, ids):
    """You used mm, which takes two matrices only. With ids of shape (2, 5), the one-hot rows have three dimensions; @
    takes them all."""
    return torch.mm(nn.functional.one_hot(ids, len(table)).to(table.dtype), table)


@mistake(one_hot_lookup, says="lives")
def identity_on_the_cpu(table, ids):
    """You made the identity matrix on the CPU. Say device=table.device, or use one_hot, which follows the ids."""
    return torch.eye(len(table), dtype=table.dtype)[ids] @ table


@mistake(one_hot_lookup, says="gradient")
def product_with_table_data(table, ids):
    """You multiplied by table.data or table.detach(). The rows are right, but the table gets no gradient."""
    return _one_hot_lookup(table.detach(), ids)


# ----------------------------------------------------------------------------------------------- Embedding, mistakes


@mistake(Embedding, says="nn.Parameter")
class PlainTensor(Embedding):
    """You kept the table as a plain tensor. Only an nn.Parameter is found by the optimizer, saved, and moved with the
    module."""

    def __init__(self, n, d):
        nn.Module.__init__(self)
        self.weight = torch.randn(n, d, requires_grad=True)


@mistake(Embedding, says="nn.Parameter")
class BufferForParameter(Embedding):
    """You registered the table as a buffer. A buffer is saved and moved, but it does not learn."""

    def __init__(self, n, d):
        nn.Module.__init__(self)
        self.register_buffer("weight", torch.randn(n, d))


@mistake(Embedding, says="one row of d numbers for each of the n tokens")
class SizesSwapped(Embedding):
    """You made the table with shape (d, n). It has n rows, one for each token, of d numbers."""

    def __init__(self, n, d):
        super().__init__(d, n)

    def forward(self, ids):
        return self.weight.T[ids]


@mistake(Embedding, says="nn.Parameter")
class TableUnderAnotherName(nn.Module):
    """You called the parameter `table`. Its name is part of what is saved, so it matters: here it is `weight`."""

    def __init__(self, n, d):
        super().__init__()
        self.table = nn.Parameter(torch.randn(n, d))

    def forward(self, ids):
        return self.table[ids]


@mistake(Embedding, says="nn.Parameter")
class OneParameterTooMany(Embedding):
    """You gave the layer a bias as well. An embedding has a table, and nothing else."""

    def __init__(self, n, d):
        super().__init__(n, d)
        self.bias = nn.Parameter(torch.zeros(d))

    def forward(self, ids):
        return self.weight[ids] + self.bias


@mistake(Embedding, says="nn.Parameter")
class PyTorchInside(nn.Module):
    """You put PyTorch's nn.Embedding inside your own module. Here you write that layer: a parameter and a lookup."""

    def __init__(self, n, d):
        super().__init__()
        self.embedding = nn.Embedding(n, d)

    def forward(self, ids):
        return self.embedding(ids)


@mistake(Embedding, says="nn.Embedding")
class InheritsFromPyTorch(nn.Embedding):
    """You inherited from nn.Embedding, which is the finished layer. Inherit from nn.Module, and write the rest."""


@mistake(Embedding, says="nn.Embedding")
class PyTorchInsideWithItsWeight(nn.Module):
    """You put PyTorch's nn.Embedding inside your own module, and called its table yours. Here you write that layer: a
    parameter and a lookup."""

    def __init__(self, n, d):
        super().__init__()
        self.layer = nn.Embedding(n, d)
        self.weight = self.layer.weight

    def forward(self, ids):
        return self.layer(ids)


@mistake(Embedding, says="nn.Embedding")
class TakesTheTableOfPyTorch(Embedding):
    """You let nn.Embedding make the table, and took it. Make it yourself: torch.randn is enough."""

    def __init__(self, n, d):
        super().__init__(n, d)
        self.weight = nn.Embedding(n, d).weight


@mistake(Embedding, says="trainable")
class FrozenTable(Embedding):
    """You made the parameter with requires_grad=False. It would never learn."""

    def __init__(self, n, d):
        super().__init__(n, d)
        self.weight.requires_grad_(False)


@mistake(Embedding, says="standard normal")
class StartsWithZeros(Embedding):
    """You began with zeros. Then all tokens are the same to the layers that follow."""

    def __init__(self, n, d):
        super().__init__(n, d)
        nn.init.zeros_(self.weight)


@mistake(Embedding, says="standard normal")
class UniformNumbers(Embedding):
    """You used torch.rand. Its numbers lie between 0 and 1, none is negative. randn draws from the standard normal
    distribution."""

    def __init__(self, n, d):
        super().__init__(n, d)
        nn.init.uniform_(self.weight)


@mistake(Embedding, says="standard normal")
class SmallNumbers(Embedding):
    """You scaled the numbers down, as GPT does with 0.02. Here the table starts as torch.randn gives it."""

    def __init__(self, n, d):
        super().__init__(n, d)
        nn.init.normal_(self.weight, std=0.02)


@mistake(Embedding, says="standard normal")
class DividedByRootD(Embedding):
    """You divided by √d, as one does with the weight of a linear layer. Nothing is added up in a lookup, so the numbers
    need no scale."""

    def __init__(self, n, d):
        super().__init__(n, d)
        nn.init.normal_(self.weight, std=d**-0.5)


@mistake(Embedding, says="standard normal")
class OneRowForAll(Embedding):
    """You drew one row and repeated it. Each number is drawn by itself."""

    def __init__(self, n, d):
        super().__init__(n, d)
        self.weight = nn.Parameter(torch.randn(1, d).repeat(n, 1))


@mistake(Embedding, says="standard normal")
class RowsOfOneLength(Embedding):
    """You scaled the rows to the same length. Then the numbers of a row are no longer drawn each by itself."""

    def __init__(self, n, d):
        super().__init__(n, d)
        rows = torch.randn(n, d)
        self.weight = nn.Parameter(rows / rows.square().mean(dim=-1, keepdim=True).sqrt())


@mistake(Embedding, says="another table")
class SetsTheSeed(Embedding):
    """You called torch.manual_seed in the constructor. Then every layer has the same numbers. The seed belongs to the
    caller."""

    def __init__(self, n, d):
        torch.manual_seed(0)
        super().__init__(n, d)


@mistake(Embedding, says="the rows of `weight`")
class NewNumbersEachTime(Embedding):
    """You drew new numbers in forward. The table is made once, in the constructor, and kept."""

    def forward(self, ids):
        return torch.randn_like(self.weight)[ids]


@mistake(Embedding, says="the rows of `weight`")
class TableKeptTwice(Embedding):
    """You kept a second copy of the table and look up in that one. Training and loading change `weight`."""

    def __init__(self, n, d):
        super().__init__(n, d)
        self.rows = self.weight.detach().clone()

    def forward(self, ids):
        return self.rows[ids]


@mistake(Embedding, says="the rows of `weight`")
class ScaledInForward(Embedding):
    """You multiplied by √d in forward, as the first transformer did. Here the layer gives the rows as they are."""

    def forward(self, ids):
        return self.weight[ids] * self.weight.shape[1] ** 0.5


@mistake(Embedding, says="the rows of `weight`")
class FirstRowIsPadding(Embedding):
    """You made row 0 a row of zeros for padding. Here id 0 is a token like any other."""

    def forward(self, ids):
        return self.weight[ids] * (ids != 0).unsqueeze(-1)


@mistake(Embedding, says="the rows of `weight`")
class DropsInTraining(Embedding):
    """You put dropout into the layer. Training and evaluation give the same rows here."""

    def forward(self, ids):
        return nn.functional.dropout(self.weight[ids], 0.5, self.training)


@mistake(Embedding, says="any shape")
class FlatResult(Embedding):
    """You flattened the ids in forward. The result has the dimensions of the ids in front."""

    def forward(self, ids):
        return self.weight[ids.reshape(-1)]


@mistake(Embedding, says="dtype of `weight`")
class AlwaysFloat32(Embedding):
    """You converted the rows to float32. They have the dtype of `weight`."""

    def forward(self, ids):
        return self.weight[ids].float()


@mistake(Embedding, says="gradient")
class DataOfTheTable(Embedding):
    """You looked up in self.weight.data. The rows are right, but `weight` gets no gradient and stays as it is."""

    def forward(self, ids):
        return self.weight.data[ids]


@mistake(Embedding, says="gradient")
class RowZeroNeverLearns(Embedding):
    """You passed padding_idx=0, so row 0 gets no gradient. Every row learns here."""

    def forward(self, ids):
        return nn.functional.embedding(ids, self.weight, padding_idx=0)


@mistake(Embedding, says="does not switch gradients off")
class GradientsInTrainingOnly(Embedding):
    """You switched gradients off in evaluation. That is left to the caller, with torch.no_grad(): eval() tells layers
    such as dropout what to do, and nothing more."""

    def forward(self, ids):
        return self.weight[ids] if self.training else self.weight.detach()[ids]


@mistake(Embedding, says="Nothing else is saved")
class SavesItsPlaces(Embedding):
    """You registered a buffer. It is saved in state_dict() as well, so that a table saved elsewhere cannot be loaded
    any more."""

    def __init__(self, n, d):
        super().__init__(n, d)
        self.register_buffer("ids", torch.arange(n))


# -------------------------------------------------------------------------------------- token_and_position, mistakes


def _check(position_table, ids):
    if ids.shape[1] > len(position_table):
        raise ValueError(f"{ids.shape[1]} tokens, {len(position_table)} places")


@mistake(token_and_position, says="row t of the position table")
def positions_left_out(token_table, position_table, ids):
    """You looked up the tokens and forgot their places. Then "dog bites man" and "man bites dog" are the same rows."""
    _check(position_table, ids)
    return token_table[ids]


@mistake(token_and_position, says="row t of the position table")
def tokens_left_out(token_table, position_table, ids):
    """You returned the rows of the places alone. They are added to the rows of the tokens."""
    _check(position_table, ids)
    return position_table[: ids.shape[1]].repeat(len(ids), 1, 1)


@mistake(token_and_position, says="row t of the position table")
def positions_by_id(token_table, position_table, ids):
    """You looked the places up with the ids. The place of a token is where it stands: 0, 1, 2, ..."""
    if ids.is_cuda and int(ids.max()) >= len(position_table):  # else CUDA would end the process
        raise IndexError("index out of range")
    return token_table[ids] + position_table[ids]


@mistake(token_and_position, says="row t of the position table")
def positions_by_batch(token_table, position_table, ids):
    """You gave each sequence of the batch one row of the position table. The rows belong to the places in a
    sequence."""
    _check(position_table, ids)
    rows = torch.arange(len(ids), device=ids.device) % len(position_table)
    return token_table[ids] + position_table[rows][:, None]


@mistake(token_and_position, says="row t of the position table")
def batch_size_for_the_length(token_table, position_table, ids):
    """You took len(ids) for the number of tokens. It is the first size of ids, the number of sequences. The length of a
    sequence is the second one."""
    return token_table[ids] + position_table[: len(ids)]


@mistake(token_and_position, says="row t of the position table")
def first_place_for_all(token_table, position_table, ids):
    """You added the first row of the position table everywhere. Each place has its own row."""
    _check(position_table, ids)
    return token_table[ids] + position_table[0]


@mistake(token_and_position, says="row t of the position table")
def places_counted_from_1(token_table, position_table, ids):
    """You counted the places from 1. The first token stands at place 0."""
    _check(position_table, ids)
    return token_table[ids] + position_table.roll(-1, 0)[: ids.shape[1]]


@mistake(token_and_position, says="row t of the position table")
def last_places_of_the_table(token_table, position_table, ids):
    """You took the last rows of the position table. A short sequence begins at place 0, too."""
    _check(position_table, ids)
    return token_table[ids] + position_table[-ids.shape[1] :]


@mistake(token_and_position, says="row t of the position table")
def places_backwards(token_table, position_table, ids):
    """You added the rows of the places in reverse order. Row 0 belongs to the first token."""
    _check(position_table, ids)
    return token_table[ids] + position_table[: ids.shape[1]].flip(0)


@mistake(token_and_position, says="row t of the position table")
def places_run_on_through_the_batch(token_table, position_table, ids):
    """You numbered the tokens of the whole batch from 0 on. Each sequence begins at place 0 again."""
    _check(position_table, ids)
    places = torch.arange(ids.numel(), device=ids.device).reshape(ids.shape) % len(position_table)
    return token_table[ids] + position_table[places]


@mistake(token_and_position, says="row t of the position table")
def whole_position_table(token_table, position_table, ids):
    """You added the whole position table. A sequence that is shorter needs only its first rows."""
    _check(position_table, ids)
    return token_table[ids] + position_table


@mistake(token_and_position, says="row t of the position table")
def side_by_side(token_table, position_table, ids):
    """You put the two rows one behind the other. They are added, so d stays d."""
    _check(position_table, ids)
    tokens = token_table[ids]
    return torch.cat([tokens, position_table[: ids.shape[1]].expand_as(tokens)], dim=-1)


@mistake(token_and_position, says="row t of the position table")
def rows_multiplied(token_table, position_table, ids):
    """You multiplied the two rows. They are added."""
    _check(position_table, ids)
    return token_table[ids] * position_table[: ids.shape[1]]


@mistake(token_and_position, says="row t of the position table")
def rows_averaged(token_table, position_table, ids):
    """You took the mean of the two rows. Their sum is asked for."""
    _check(position_table, ids)
    return (token_table[ids] + position_table[: ids.shape[1]]) / 2


@mistake(token_and_position, says="ValueError")
def length_not_checked(token_table, position_table, ids):
    """You let PyTorch find out that the sequence is too long. Its error speaks of sizes that do not match, and a table
    of one row raises none at all: it broadcasts."""
    return token_table[ids] + position_table[: ids.shape[1]]


@mistake(token_and_position, says="ValueError")
def last_place_used_again(token_table, position_table, ids):
    """You used the last row for all places beyond the table. The model knows nothing of these places: better an error
    than a guess."""
    places = torch.arange(ids.shape[1], device=ids.device).clamp(max=len(position_table) - 1)
    return token_table[ids] + position_table[places]


@mistake(token_and_position, says="ValueError")
def text_cut_off(token_table, position_table, ids):
    """You cut the sequence to the number of places. The caller asked for all tokens, and should hear that it is not
    possible."""
    ids = ids[:, : len(position_table)]
    return token_table[ids] + position_table[: ids.shape[1]]


@mistake(token_and_position, says="ValueError")
def assert_instead_of_an_error(token_table, position_table, ids):
    """You used assert. It raises AssertionError, and Python can be told to skip it. Raise ValueError instead."""
    assert ids.shape[1] <= len(position_table), "too long"
    return _token_and_position(token_table, position_table, ids)


@mistake(token_and_position, says="as many tokens as places")
def full_length_refused(token_table, position_table, ids):
    """You raise the error for a sequence that just fits. Only more tokens than places is too many."""
    if ids.shape[1] >= len(position_table):
        raise ValueError("too long")
    return _token_and_position(token_table, position_table, ids)


@mistake(token_and_position, says="how many sequences")
def batch_compared_with_places(token_table, position_table, ids):
    """You compared the number of sequences with the number of places. The length of a sequence is the second size of
    ids; len(ids) is the first."""
    if len(ids) > len(position_table):
        raise ValueError("too long")
    return _token_and_position(token_table, position_table, ids)


@mistake(token_and_position, says="changed its input")
def added_into_the_table(token_table, position_table, ids):
    """You added with += to a row or a slice of a table. It is still part of the table, so the caller's table has
    changed."""
    _check(position_table, ids)
    with torch.no_grad():
        places = position_table[: ids.shape[1]]
        places += token_table[ids[0]]
    return token_table[ids] + position_table[: ids.shape[1]]


@mistake(token_and_position, says="dtype of token_table")
def sum_in_float32(token_table, position_table, ids):
    """You added in float32 and left it so. The result has the dtype of token_table."""
    return _token_and_position(token_table.float(), position_table.float(), ids)


@mistake(token_and_position, says="lives")
def places_on_the_cpu(token_table, position_table, ids):
    """You looked the places up with an arange that lives on the CPU. functional.embedding needs its ids on the device
    of the table: say device=ids.device."""
    _check(position_table, ids)
    places = nn.functional.embedding(torch.arange(ids.shape[1]), position_table)
    return token_table[ids] + places


@mistake(token_and_position, says="gradient")
def places_do_not_learn(token_table, position_table, ids):
    """You used position_table.data or .detach(). Both tables are learned."""
    return _token_and_position(token_table, position_table.detach(), ids)


# What `make bench N=16` measures.


@benchmark(
    one_hot_lookup,
    title="one_hot_lookup: 256 ids, d = 64, vocabulary",
    sizes=((100,), (1000,), (10000,)),
    why="A lookup reads one row for each id, however large the vocabulary is. The product multiplies every row of the "
    "table, nearly always by 0: its time and its memory grow with the vocabulary.",
)
def one_hot_beside_others(size, device):
    table = torch.randn(*size, 64, device=device)
    ids = torch.randint(0, size[0], (256,), device=device)
    rows, array = ids.cpu().numpy(), table.cpu().numpy()
    return (table, ids), {"F.embedding": lambda: nn.functional.embedding(ids, table), "NumPy": lambda: array[rows]}
