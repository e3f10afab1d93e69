"""Reshaping: the same numbers in another shape."""

import torch
from jaxtyping import Shaped
from torch import Tensor

from dojo.authoring import mistake, variant


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
    batch, seq, d = x.shape
    return x.reshape(batch * seq, d)


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
    tokens, d = x.shape
    return x.reshape(batch, tokens // batch, d)


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
    return x.unsqueeze(0)  # (...) -> (1, ...)


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
    if x.ndim == 0 or x.shape[0] != 1:
        raise ValueError(f"not a batch of one: the shape is {tuple(x.shape)}")
    return x.squeeze(0)  # (1, ...) -> (...)


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
    return x.transpose(-2, -1)  # (..., m, n) -> (..., n, m)


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
    return x.transpose(0, 1)  # (batch, seq, d) -> (seq, batch, d)


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
    return x.flatten(1)  # (batch, ...) -> (batch, features)


BANNED: dict[str, str] = {}

HINTS = {
    "flatten_tokens": [
        "Read x aloud, token after token, as it is printed. Is the order of the tokens already the right one?",
        "(batch, seq, d) becomes (batch · seq, d). The numbers are read in the same order, so a new shape is enough.",
        "Call x.reshape with two sizes: -1, which lets PyTorch find the size, and the last size of x.",
    ],
    "unflatten_tokens": [
        "How long is one sequence, if you know how many tokens and how many sequences there are?",
        "(batch · seq, d) becomes (batch, seq, d). The list is read from its start, so the first sequence fills first.",
        "Call x.reshape with three sizes: batch, -1, and the last size of x.",
    ],
    "add_batch_dim": [
        "No number moves. There is just one more pair of brackets around all of it.",
        "(...) becomes (1, ...). The new dimension stands in front, at place 0.",
        "x.unsqueeze takes the place of the new dimension. Here it is 0.",
    ],
    "drop_batch_dim": [
        "Look at the shape before you change it. Which shapes must be refused, and does () have a first size?",
        "(1, ...) becomes (...). Only place 0 is removed: a 1 that stands elsewhere belongs to the item.",
        "If x.ndim is 0, or if x.shape[0] is not 1, raise ValueError. Else x.squeeze takes the place to remove: 0.",
    ],
    "transpose_last": [
        "Rows become columns, so numbers move. A new shape for the same order of numbers will not do it.",
        "(..., m, n) becomes (..., n, m). Counted from the end, the two dimensions are always -2 and -1.",
        "x.transpose takes the two dimensions that change places.",
    ],
    "tokens_first": [
        "Token t of sequence b was at [b, t]. Where is it now? Is that a new shape, or a new order?",
        "(batch, seq, d) becomes (seq, batch, d): dimensions 0 and 1 change places, and d stays.",
        "x.transpose takes the two dimensions that change places: 0 and 1.",
    ],
    "flatten_features": [
        "One dimension is kept, and all others become one. How do you say that without counting them?",
        "(batch, ...) becomes (batch, features). The numbers of each item are read in the same order as before.",
        "x.flatten takes the dimension to start at. Or call x.reshape with the first size of x, and -1.",
    ],
}


# Other right answers.


@variant(flatten_tokens)
def flattened_from_0_to_1(x):
    return x.flatten(0, 1)


@variant(flatten_tokens)
def sequences_joined(x):
    return torch.cat([sequence for sequence in x], dim=0)


@variant(flatten_tokens)
def tokens_stacked_in_loops(x):
    return torch.stack([token for sequence in x for token in sequence])


@variant(flatten_tokens)
def contiguous_view(x):
    return x.contiguous().view(-1, x.size(2))


@variant(flatten_tokens)
def filled_row_by_row(x):
    batch, seq, d = x.shape
    result = torch.empty(batch * seq, d, dtype=x.dtype, device=x.device)
    for b in range(batch):
        result[b * seq : (b + 1) * seq] = x[b]
    return result


@variant(unflatten_tokens)
def unflattened_at_dimension_0(x, batch):
    return x.unflatten(0, (batch, -1))


@variant(unflatten_tokens)
def chunks_stacked(x, batch):
    return torch.stack(x.chunk(batch))


@variant(unflatten_tokens)
def slices_stacked(x, batch):
    seq = len(x) // batch
    return torch.stack([x[b * seq : (b + 1) * seq] for b in range(batch)])


@variant(unflatten_tokens)
def picked_by_their_numbers(x, batch):
    return x[torch.arange(len(x), device=x.device).view(batch, -1)]


@variant(unflatten_tokens)
def view_with_one_more_size(x, batch):
    return x.view(batch, -1, x.size(1))  # cutting one dimension in two is possible without a copy, always


@variant(add_batch_dim)
def indexed_with_none(x):
    return x[None]


@variant(add_batch_dim)
def reshaped_to_one_more(x):
    return x.reshape(1, *x.shape)


@variant(add_batch_dim)
def stack_of_one(x):
    return torch.stack([x])


@variant(add_batch_dim)
def expanded_in_front(x):
    return x.expand(1, *x.shape).clone()


@variant(drop_batch_dim)
def first_and_only_item(x):
    if tuple(x.shape[:1]) != (1,):
        raise ValueError("the first size must be 1")
    return x[0]


@variant(drop_batch_dim)
def unpacked(x):
    if x.dim() < 1:
        raise ValueError("a single number is no batch")
    if x.size(0) == 1:
        return x.reshape(x.size()[1:])
    raise ValueError(f"a batch of {x.size(0)}")


@variant(drop_batch_dim)
def any_error_made_a_value_error(x):
    try:
        (item,) = x.unbind(0)
    except (ValueError, IndexError, RuntimeError) as error:
        raise ValueError("not a batch of one") from error
    return item


@variant(transpose_last)
def with_mt(x):
    return x.mT


@variant(transpose_last)
def last_dimension_moved(x):
    return x.movedim(-1, -2)


@variant(transpose_last)
def by_einsum(x):
    return torch.einsum("...mn->...nm", x)


@variant(transpose_last)
def rows_stacked_as_columns(x):
    return torch.stack(x.unbind(-2), dim=-1)


@variant(transpose_last)
def permuted(x):
    front = list(range(x.ndim - 2))
    return x.permute(*front, x.ndim - 1, x.ndim - 2).contiguous()


@variant(tokens_first)
def strides_swapped(x):
    sizes, steps = x.shape, x.stride()
    return x.as_strided((sizes[1], sizes[0], sizes[2]), (steps[1], steps[0], steps[2]), x.storage_offset())


@variant(tokens_first)
def permuted_1_0_2(x):
    return x.permute(1, 0, 2)


@variant(tokens_first)
def places_stacked(x):
    return torch.stack([x[:, t] for t in range(x.shape[1])])


@variant(tokens_first)
def stacked_along_dimension_1(x):
    return torch.stack(list(x), dim=1)


@variant(tokens_first)
def moved_to_the_front(x):
    return torch.movedim(x, 1, 0)


@variant(flatten_features)
def gathered_by_places(x):
    return x.reshape(-1)[torch.arange(x.numel(), device=x.device).view(len(x), -1)]


@variant(flatten_features)
def reshaped_with_minus_one(x):
    return x.reshape(x.shape[0], -1)


@variant(flatten_features)
def with_the_flatten_layer(x):
    return torch.nn.Flatten()(x)


@variant(flatten_features)
def items_flattened_one_by_one(x):
    return torch.stack([item.flatten() for item in x])


@variant(flatten_features)
def one_dimension_at_a_time(x):
    while x.ndim > 2:
        x = torch.cat(x.unbind(1), dim=1)
    return x


@variant(flatten_features)
def ravelled_and_cut(x):
    return torch.stack(x.ravel().tensor_split(x.size(0)))


# Wrong answers that people write.


@mistake(flatten_tokens, says="Each token stays whole")
def everything_in_one_row(x):
    """You called flatten() with nothing in the brackets. It puts all numbers into one row, and the tokens are lost."""
    return x.flatten()


@mistake(flatten_tokens, says="Each token stays whole")
def sequences_as_rows(x):
    """You joined the last two dimensions, so each sequence became one row. Join the first two: each token is a row."""
    return x.flatten(1)


@mistake(flatten_tokens, says="then those of sequence 1")
def sequences_interleaved(x):
    """You changed the order of the first two dimensions before you joined them. Now the sequences take turns."""
    return x.transpose(0, 1).reshape(-1, x.shape[2])


@mistake(flatten_tokens, says="Each token stays whole")
def numbers_of_a_token_apart(x):
    """You moved d to the front before you reshaped. The shape is right, but the rows hold numbers of many tokens."""
    return x.permute(2, 0, 1).reshape(-1, x.shape[2])


@mistake(flatten_tokens, says="Each token stays whole")
def columns_for_rows(x):
    """You reshaped to (d, tokens) and turned that over. reshape fills row by row, so each token was cut into pieces."""
    return x.reshape(x.shape[2], -1).T


@mistake(flatten_tokens, says="Each token stays whole")
def rows_as_long_as_a_sequence(x):
    """You made rows as long as a sequence has tokens. A row is a token, so it has d numbers."""
    return x.reshape(-1, x.shape[1])


@mistake(flatten_tokens, says="Each token stays whole")
def sequences_side_by_side(x):
    """You joined the sequences along their last dimension, so they stand side by side. They follow one another."""
    return torch.cat(list(x), dim=-1)


@mistake(flatten_tokens, says="then those of sequence 1")
def first_sequence_only(x):
    """You took x[0]. That is one sequence, and the tokens of all sequences belong to the list."""
    return x[0]


@mistake(flatten_tokens, says="then those of sequence 1")
def sequences_added_up(x):
    """You added the sequences up. No number changes here: it only gets another place."""
    return x.sum(0).to(x.dtype)


@mistake(flatten_tokens, says="then those of sequence 1")
def only_a_batch_of_one(x):
    """You removed the batch dimension with squeeze. That works for a batch of one, and does nothing for others."""
    return x.squeeze(0)


@mistake(flatten_tokens, says="Each token stays whole")
def d_left_out(x):
    """You gave one size only. There are batch · seq tokens, and each is still a row of d numbers: two sizes."""
    return x.reshape(x.shape[0] * x.shape[1])


@mistake(flatten_tokens, says="Read the sizes from x")
def sizes_of_the_example(x):
    """You wrote the sizes of the example into your code. Read them from x.shape, or leave one to PyTorch with -1."""
    return x.reshape(6, 2)


@mistake(flatten_tokens, says="size of 1 stays")
def flattened_and_squeezed(x):
    """You squeezed the result. That drops every dimension of size 1, so tokens of one number lose theirs."""
    return x.reshape(-1, x.shape[2]).squeeze()


@mistake(flatten_tokens, says="in memory")
def view_of_any_memory(x):
    """You used view. It never copies, so it refuses an x whose numbers lie in memory in another order."""
    return x.view(-1, x.shape[2])


@mistake(flatten_tokens, says="dtype of x")
def copied_into_float32(x):
    """You made the result with torch.zeros or torch.empty, which is float32 unless you say dtype=x.dtype."""
    result = torch.zeros(x.shape[0] * x.shape[1], x.shape[2], device=x.device)
    result[:] = x.reshape(-1, x.shape[2])
    return result


@mistake(flatten_tokens, says="way back")
def rebuilt_from_a_list(x):
    """You went through a Python list. The numbers are right, but PyTorch can no longer tell that they came from x, so a
    model could not learn through this step."""
    return torch.tensor(x.flatten(0, 1).tolist(), dtype=x.dtype, device=x.device)


@mistake(unflatten_tokens, says="the first sequence gets the first tokens")
def batch_in_the_middle(x, batch):
    """You gave the sizes in the order (seq, batch, d). The batch comes first."""
    return x.reshape(-1, batch, x.shape[1])


@mistake(unflatten_tokens, says="the first sequence gets the first tokens")
def dealt_like_cards(x, batch):
    """You dealt the tokens out, one to each sequence in turn. The first sequence is the first piece of the list."""
    return x.reshape(-1, batch, x.shape[1]).transpose(0, 1)


@mistake(unflatten_tokens, says="the first sequence gets the first tokens")
def one_long_sequence(x, batch):
    """You made a batch of one. The list must be cut into `batch` sequences."""
    return x.unsqueeze(0)


@mistake(unflatten_tokens, says="the first sequence gets the first tokens")
def every_token_a_sequence(x, batch):
    """You made each token a sequence of its own."""
    return x.unsqueeze(1)


@mistake(unflatten_tokens, says="(batch, seq, d)")
def sequences_in_flat_rows(x, batch):
    """You cut the list into sequences, but the numbers of each sequence stand in one row: its tokens are lost."""
    return x.reshape(batch, -1)


@mistake(unflatten_tokens, says="(batch, seq, d)")
def features_in_the_middle(x, batch):
    """You gave the sizes in the order (batch, d, seq). A token's numbers come last."""
    return x.reshape(batch, x.shape[1], -1)


@mistake(unflatten_tokens, says="(batch, seq, d)")
def length_by_a_single_slash(x, batch):
    """You divided with /. In Python that gives a float, such as 3.0, and no size is a float. // gives an int."""
    return x.reshape(batch, x.shape[0] / batch, x.shape[1])


@mistake(unflatten_tokens, says="Each token stays whole")
def features_in_the_middle_and_back(x, batch):
    """You reshaped to (batch, d, seq) and swapped the last two. reshape fills in reading order: the tokens were cut."""
    return x.reshape(batch, x.shape[1], -1).transpose(1, 2)


@mistake(unflatten_tokens, says="the first sequence gets the first tokens")
def cut_along_the_columns(x, batch):
    """You cut every token into pieces. The cut goes between tokens, along dimension 0."""
    return torch.stack(x.chunk(batch, dim=1))


@mistake(unflatten_tokens, says="(batch, seq, d)")
def several_tensors(x, batch):
    """You returned the pieces, as chunk or split gives them. They belong into one tensor."""
    return x.chunk(batch)


@mistake(unflatten_tokens, says="the first sequence gets the first tokens")
def whole_list_for_each_sequence(x, batch):
    """You repeated the whole list for each sequence. Each token belongs to one sequence only."""
    return x.repeat(batch, 1, 1)


@mistake(unflatten_tokens, says="batch says how many")
def always_two_sequences(x, batch):
    """You wrote the 2 of the example into your code. `batch` says how many sequences there are."""
    return x.reshape(2, -1, x.shape[1])


@mistake(unflatten_tokens, says="size of 1 stays")
def cut_and_squeezed(x, batch):
    """You squeezed the result. That drops every dimension of size 1: a batch of one, a sequence of one token."""
    return x.reshape(batch, -1, x.shape[1]).squeeze()


@mistake(unflatten_tokens, says="in memory")
def one_row_by_view_first(x, batch):
    """You made one long row with view first. It never copies, so it refuses numbers that lie in another order."""
    return x.view(-1).view(batch, -1, x.shape[1])


@mistake(unflatten_tokens, says="dtype of x")
def cut_into_float32(x, batch):
    """You made the result with torch.zeros or torch.empty, which is float32 unless you say dtype=x.dtype."""
    result = torch.zeros(batch, len(x) // batch, x.shape[1], device=x.device)
    result[:] = x.reshape(result.shape)
    return result


@mistake(add_batch_dim, says="in front")
def new_dimension_at_the_end(x):
    """You put the new dimension at the end. The batch is the first dimension."""
    return x.unsqueeze(-1)


@mistake(add_batch_dim, says="in front")
def new_dimension_second(x):
    """You wrote unsqueeze(1). Places are counted from 0."""
    return x.unsqueeze(1)


@mistake(add_batch_dim, says="then all sizes of x")
def one_row_of_all(x):
    """You wrote reshape(1, -1), which also joins all the other dimensions into one."""
    return x.reshape(1, -1)


@mistake(add_batch_dim, says="in front")
def x_as_it_is(x):
    """You returned x as it is."""
    return x


@mistake(add_batch_dim, says="in front")
def a_python_list(x):
    """You put x into a Python list. That looks alike, but a list has no shape."""
    return [x]


@mistake(add_batch_dim, says="batch of one")
def a_batch_of_two(x):
    """You stacked x twice. A batch of one holds it once."""
    return torch.stack([x, x])


@mistake(add_batch_dim, says="batch of one")
def two_new_dimensions(x):
    """You added two dimensions, to reach three. One is asked for, whatever x has."""
    return x[None, None]


@mistake(add_batch_dim, says="any number of dimensions")
def matrices_only(x):
    """You counted the dimensions: a tensor of three is taken for a batch already. But it may be the item itself."""
    return x.unsqueeze(0) if x.ndim < 3 else x


@mistake(add_batch_dim, says="any number of dimensions")
def two_sizes_written_out(x):
    """You wrote the sizes out one by one, and so fixed how many there are. Leave it open: x may have one, or four."""
    return x.reshape(1, x.shape[0], x.shape[1])


@mistake(add_batch_dim, says="even if its first size is 1")
def not_if_there_is_a_one(x):
    """You left x alone when its first size is 1. A shape cannot say whether that 1 is a batch: the caller knows."""
    return x if x.ndim and x.shape[0] == 1 else x.unsqueeze(0)


@mistake(add_batch_dim, says="changed its input")
def new_dimension_in_place(x):
    """You called unsqueeze_. The underscore means that it changes x itself, and the caller's tensor has a new shape."""
    return x.unsqueeze_(0)


@mistake(add_batch_dim, says="dtype of x")
def batch_of_float32(x):
    """You made a float32 tensor and copied x into it. The dtype of x stays."""
    return x.unsqueeze(0).float()


@mistake(drop_batch_dim, says="only the first")
def every_one_eaten(x):
    """You called squeeze() with nothing in the brackets. It removes every dimension of size 1, in any place."""
    if x.ndim == 0 or x.shape[0] != 1:
        raise ValueError("not a batch of one")
    return x.squeeze()


@mistake(drop_batch_dim, says="only the first")
def leading_ones_eaten(x):
    """You removed dimensions as long as the first one had size 1. Only one of them is the batch."""
    if x.ndim == 0 or x.shape[0] != 1:
        raise ValueError("not a batch of one")
    while x.ndim > 0 and x.shape[0] == 1:
        x = x[0]
    return x


@mistake(drop_batch_dim, says="holds nothing")
def no_numbers_refused(x):
    """You refused every x that holds no numbers. (1, 0) is a batch of one all the same: its item is empty."""
    if x.ndim == 0 or x.shape[0] != 1 or x.numel() == 0:
        raise ValueError(f"x is no batch of one: {tuple(x.shape)}")
    return x[0]


@mistake(drop_batch_dim, says="way back")
def item_without_its_history(x):
    """You used `.data` or `.detach()`. The numbers are right, but PyTorch can no longer tell that they came from x."""
    if x.ndim == 0 or x.shape[0] != 1:
        raise ValueError(f"x is no batch of one: {tuple(x.shape)}")
    return x.data[0]


@mistake(drop_batch_dim, says="The first dimension")
def last_dimension_dropped(x):
    """You removed the last dimension. The batch is the first one."""
    if x.ndim == 0 or x.shape[0] != 1:
        raise ValueError("not a batch of one")
    return x.squeeze(-1)


@mistake(drop_batch_dim, says="The first dimension")
def all_dimensions_dropped(x):
    """You flattened x. All dimensions but the first stay as they are."""
    if x.ndim == 0 or x.shape[0] != 1:
        raise ValueError("not a batch of one")
    return x.flatten()


@mistake(drop_batch_dim, says="ValueError")
def squeezed_without_a_look(x):
    """You called squeeze(0) alone. Where the first size is not 1, it does nothing, and says nothing."""
    return x.squeeze(0)


@mistake(drop_batch_dim, says="ValueError")
def first_of_many(x):
    """You took x[0] without a look at the shape. In a batch of two, the second item is lost without a word."""
    return x[0]


@mistake(drop_batch_dim, says="ValueError")
def another_error(x):
    """You let reshape complain. It raises RuntimeError; the caller was promised ValueError."""
    return x.reshape(x.shape[1:])


@mistake(drop_batch_dim, says="ValueError")
def asserted(x):
    """You used assert. It raises AssertionError, and Python can be told to skip it. Raise a ValueError."""
    assert x.ndim > 0 and x.shape[0] == 1
    return x.squeeze(0)


@mistake(drop_batch_dim, says="ValueError")
def error_returned(x):
    """You returned the error. An error is raised: `raise ValueError(...)`."""
    if x.ndim == 0 or x.shape[0] != 1:
        return ValueError("not a batch of one")
    return x.squeeze(0)


@mistake(drop_batch_dim, says="ValueError")
def any_size_of_one_will_do(x):
    """You asked whether there is a 1 anywhere in the shape. It must be the first size."""
    if 1 not in x.shape:
        raise ValueError("no dimension of size 1")
    return x.squeeze(0)


@mistake(drop_batch_dim, says="0 is not 1")
def more_than_one_refused(x):
    """You refused sizes above 1. There is also 0: an empty batch, which has no item to take out."""
    if x.ndim == 0 or x.shape[0] > 1:
        raise ValueError("more than one item")
    return x.squeeze(0)


@mistake(drop_batch_dim, says="no dimensions")
def first_size_of_nothing(x):
    """You asked for the first size before you knew that there is one. A shape of () has none."""
    if x.shape[0] != 1:
        raise ValueError("not a batch of one")
    return x.squeeze(0)


@mistake(drop_batch_dim, says="no dimensions")
def sizes_counted_by_slice(x):
    """You compared the sizes that there are with 1. Of none at all, every statement is true."""
    if any(size != 1 for size in x.shape[:1]):
        raise ValueError("not a batch of one")
    return x.squeeze(0) if x.ndim else x


@mistake(drop_batch_dim, says="no batch of one is refused")
def a_single_number_in_a_batch_refused(x):
    """You refused a shape of one dimension. (1,) is a batch of one number, and gives ()."""
    if x.ndim < 2 or x.shape[0] != 1:
        raise ValueError("not a batch of one")
    return x.squeeze(0)


@mistake(drop_batch_dim, says="no batch of one is refused")
def three_dimensions_only(x):
    """You asked for exactly three dimensions. A batch of one may have any number after the first."""
    if x.ndim != 3 or x.shape[0] != 1:
        raise ValueError("not a batch of one sequence")
    return x.squeeze(0)


@mistake(drop_batch_dim, says="changed its input")
def dropped_in_place(x):
    """You called squeeze_. The underscore means that it changes x itself, and the caller's tensor has a new shape."""
    if x.ndim == 0 or x.shape[0] != 1:
        raise ValueError("not a batch of one")
    return x.squeeze_(0)


@mistake(drop_batch_dim, says="dtype of x")
def item_of_float32(x):
    """You changed the numbers to float32. The dtype of x stays."""
    if x.ndim == 0 or x.shape[0] != 1:
        raise ValueError("not a batch of one")
    return x[0].float()


@mistake(transpose_last, says="reads row by row")
def reshape_for_transpose(x):
    """You used reshape. The shape is right, but no number has changed its place in the order: rows are not columns."""
    return x.reshape(*x.shape[:-2], x.shape[-1], x.shape[-2])


@mistake(transpose_last, says="reads row by row")
def matrix_reshaped(x):
    """You used reshape to swap the two sizes. It fills the new shape in the old reading order: rows are not columns."""
    return x.reshape(x.shape[-1], x.shape[-2])


@mistake(transpose_last, says="The rows become the columns")
def matrix_left_as_it_is(x):
    """You swapped the two dimensions twice, or dropped the result: transpose gives a new tensor, x stays as it is."""
    x.transpose(-2, -1)
    return x


@mistake(transpose_last, says="dimensions in front stay")
def all_dimensions_reversed(x):
    """You used .T. For a matrix it is right. With more dimensions it reverses all of them, the batch too."""
    return x.permute(*reversed(range(x.ndim)))


@mistake(transpose_last, says="dimensions in front stay")
def first_two_swapped(x):
    """You swapped dimensions 0 and 1. In a matrix they are the last two; in a batch of matrices they are not."""
    return x.transpose(0, 1)


@mistake(transpose_last, says="dimensions in front stay")
def dimensions_one_and_two_swapped(x):
    """You swapped dimensions 1 and 2. They are the last two only where x has three. Count from the end: -2 and -1."""
    return x.transpose(1, 2) if x.ndim > 2 else x.transpose(0, 1)


@mistake(transpose_last, says="dimensions in front stay")
def first_and_last_swapped(x):
    """You swapped the first dimension with the last. Only the last two change places."""
    return x.transpose(0, -1)


@mistake(transpose_last, says="dimensions in front stay")
def last_to_the_front(x):
    """You moved the last dimension to the very front. It changes places with its neighbour only."""
    return x.movedim(-1, 0)


@mistake(transpose_last, says="dimensions in front stay")
def for_a_matrix_only(x):
    """You used t(), which takes a matrix and nothing else. x may have dimensions in front."""
    return x.t()


@mistake(transpose_last, says="Any number of dimensions")
def for_a_batch_only(x):
    """You went through the batch matrix by matrix. x may also be one matrix, or have more dimensions in front."""
    return torch.stack([matrix.t() for matrix in x]) if x.ndim > 2 else x.t()


@mistake(transpose_last, says="The rows become the columns")
def turned_by_a_quarter(x):
    """You rotated the matrix. Transposing mirrors it: the number at the top left stays where it is."""
    return x.rot90(1, (-2, -1))


@mistake(transpose_last, says="The rows become the columns")
def mirrored_left_to_right(x):
    """You flipped each row. The rows must become columns."""
    return x.flip(-1)


@mistake(transpose_last, says="size of 1 stays")
def transposed_and_squeezed(x):
    """You squeezed the result, and lost the sizes of 1. A matrix of one row becomes a matrix of one column."""
    return x.transpose(-2, -1).squeeze()


@mistake(transpose_last, says="changed its input")
def transposed_in_place(x):
    """You called transpose_. The underscore means that it changes x itself, and the caller's tensor is turned over."""
    return x.transpose_(-2, -1)


@mistake(transpose_last, says="none changes")
def turned_and_conjugated(x):
    """You used `.mH`, `.H` or `adjoint`. With real numbers it is the same; with complex numbers it changes a sign as
    well. `.mT` and `transpose` only turn the matrix over."""
    return x.mH.resolve_conj()


@mistake(transpose_last, says="dtype of x")
def transposed_into_float32(x):
    """You changed the numbers to float32. The dtype of x stays."""
    return x.transpose(-2, -1).float()


@mistake(tokens_first, says="token t of sequence b")
def reshaped_to_tokens_first(x):
    """You used reshape. The shape is right, but the numbers are still in their old order: the sequences are torn."""
    return x.reshape(x.shape[1], x.shape[0], x.shape[2])


@mistake(tokens_first, says="token t of sequence b")
def batch_still_first(x):
    """You returned x as it is. transpose and permute give a new tensor; x itself stays as it was."""
    x.permute(1, 0, 2)
    return x


@mistake(tokens_first, says="token t of sequence b")
def tokens_and_features_swapped(x):
    """You swapped dimensions 1 and 2. Places are counted from 0: the batch is 0, the sequence is 1."""
    return x.transpose(1, 2)


@mistake(tokens_first, says="token t of sequence b")
def everything_reversed(x):
    """You used .T, which reverses all dimensions. The numbers of a token must stay last."""
    return x.permute(2, 1, 0)


@mistake(tokens_first, says="token t of sequence b")
def batch_at_the_end(x):
    """You moved the batch to the end: (seq, d, batch). It belongs in the middle."""
    return x.permute(1, 2, 0)


@mistake(tokens_first, says="token t of sequence b")
def features_to_the_front(x):
    """You moved d to the front. It is the place in the sequence that comes first."""
    return x.permute(2, 0, 1)


@mistake(tokens_first, says="token t of sequence b")
def first_tokens_only(x):
    """You took the first token of each sequence. All of them are asked for."""
    return x[:, 0]


@mistake(tokens_first, says="token t of sequence b")
def in_one_long_list(x):
    """You swapped the two dimensions, and then joined them. They stay apart."""
    return x.transpose(0, 1).reshape(-1, x.shape[2])


@mistake(tokens_first, says="token t of sequence b")
def right_shape_by_two_reshapes(x):
    """You swapped the last two dimensions and reshaped until the shape was right. A shape says nothing of the order."""
    return x.transpose(1, 2).reshape(x.shape[1], x.shape[0], x.shape[2])


@mistake(tokens_first, says="token t of sequence b")
def a_tuple_of_tokens(x):
    """You returned what unbind gives, one tensor for each place. They belong into one tensor."""
    return x.unbind(1)


@mistake(tokens_first, says="size of 1 stays")
def swapped_and_squeezed(x):
    """You squeezed the result. A batch of one, or one token, lost its dimension."""
    return x.transpose(0, 1).squeeze()


@mistake(tokens_first, says="size of 1 stays")
def not_for_a_batch_of_one(x):
    """You left a batch of one as it is, since there seems to be nothing to swap. But (1, seq) becomes (seq, 1)."""
    return x if x.shape[0] == 1 else x.transpose(0, 1)


@mistake(tokens_first, says="changed its input")
def swapped_in_place(x):
    """You called transpose_. The underscore means that it changes x itself, and the caller's tensor is turned over."""
    return x.transpose_(0, 1)


@mistake(tokens_first, says="dtype of x")
def swapped_into_float32(x):
    """You changed the numbers to float32. The dtype of x stays."""
    return x.transpose(0, 1).float()


@mistake(flatten_features, says="one row for each item")
def batch_eaten(x):
    """You called flatten() with nothing in the brackets. It takes the batch dimension too."""
    return x.flatten()


@mistake(flatten_features, says="one row for each item")
def batch_joined_with_the_next(x):
    """You joined the first two dimensions. The batch stays alone; the others are joined."""
    return x.flatten(0, 1)


@mistake(flatten_features, says="one row for each item")
def last_dimension_kept(x):
    """You kept the last dimension and joined all before it. Here the first one is kept."""
    return x.reshape(-1, x.shape[-1])


@mistake(flatten_features, says="one row for each item")
def items_as_columns(x):
    """You gave the two sizes in the wrong order. The batch comes first."""
    return x.reshape(-1, x.shape[0])


@mistake(flatten_features, says="one row for each item")
def items_dealt_into_columns(x):
    """You reshaped to (features, batch) and turned that over. The shape is right, but the items are mixed."""
    return x.reshape(-1, x.shape[0]).T


@mistake(flatten_features, says="the order in which they are read")
def other_order_within_a_row(x):
    """You swapped dimensions before you joined them. The numbers of an item are all there, in another order."""
    return x.transpose(1, -1).flatten(1)


@mistake(flatten_features, says="however many dimensions")
def last_two_joined(x):
    """You joined the last two dimensions. With three that is enough; with four, three must become one."""
    return x.flatten(-2) if x.ndim > 2 else x


@mistake(flatten_features, says="however many dimensions")
def three_dimensions_written_out(x):
    """You wrote three sizes out. x may have two dimensions, or four."""
    batch, seq, d = x.shape
    return x.reshape(batch, seq * d)


@mistake(flatten_features, says="Read the sizes from x")
def features_of_the_example(x):
    """You wrote the size of the example into your code. Read it from x.shape, or leave it to PyTorch with -1."""
    return x.reshape(-1, 6)


@mistake(flatten_features, says="one row for each item")
def features_added_up(x):
    """You added up where you should have joined. No number changes here: it only gets another place."""
    return x.sum(-1).to(x.dtype)


@mistake(flatten_features, says="size of 1 stays")
def rows_squeezed(x):
    """You squeezed the result. A batch of one lost its dimension."""
    return x.flatten(1).squeeze()


@mistake(flatten_features, says="size of 1 stays")
def ones_squeezed_first(x):
    """You squeezed x first, to have fewer dimensions. If the batch has size 1, it is gone as well."""
    x = x.squeeze()
    return x.reshape(x.shape[0], -1) if x.ndim else x


@mistake(flatten_features, says="in memory")
def view_of_any_batch(x):
    """You used view. It never copies, so it refuses an x whose numbers lie in memory in another order."""
    return x.view(x.shape[0], -1)


@mistake(flatten_features, says="dtype of x")
def features_of_float32(x):
    """You changed the numbers to float32. The dtype of x stays."""
    return x.flatten(1).float()
