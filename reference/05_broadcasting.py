"""Broadcasting: one rule lets tensors of different shapes meet."""

import torch
from jaxtyping import Float
from torch import Tensor

from dojo.authoring import mistake, variant


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Predict the shape of `x + y` from the shapes of x and y, with plain Python and no tensors.

    The rule: write the two shapes one above the other, so that they end together. Where one shape is shorter, read 1.
    Two sizes in one column go together if they are equal or if one of them is 1. A 1 takes the size of the other, so 1
    against 0 gives 0.

    Args:
        a: the first shape, for example (2, 3).
        b: the second shape. The two may differ in length, and () is a shape as well.

    Returns:
        The shape of the result, as a tuple.

    Raises:
        ValueError: if two sizes do not go together. The message names the two sizes that clash.

    The rule is from https://docs.pytorch.org/docs/stable/notes/broadcasting.html

    Example:
        >>> broadcast_shape((4, 1), (3,))
        (4, 3)
    """
    length = max(len(a), len(b))
    result = []
    for m, n in zip((1,) * (length - len(a)) + tuple(a), (1,) * (length - len(b)) + tuple(b)):
        if m != n and m != 1 and n != 1:
            raise ValueError(f"the sizes {m} and {n} do not go together in {tuple(a)} and {tuple(b)}")
        result.append(n if m == 1 else m)
    return tuple(result)


def add_bias(x: Float[Tensor, "*batch d"], bias: Float[Tensor, " d"]) -> Float[Tensor, "*batch d"]:
    """Add the same bias to every token. A token is one row of d numbers.

    Args:
        x: tokens, shape (..., d), with any number of dimensions in front, or none.
        bias: shape (d,), one number for each of the d columns, of the same dtype and device.

    Returns:
        A new tensor of shape (..., d), with the dtype and device of x.

    Example:
        >>> add_bias(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([10.0, 20.0]))
        tensor([[11., 22.],
                [13., 24.]])
    """
    return x + bias  # (..., d) + (d,)


def scale_rows(x: Float[Tensor, "n m"], factor: Float[Tensor, " n"]) -> Float[Tensor, "n m"]:
    """Multiply each row of a matrix by its own factor.

    Args:
        x: a matrix of shape (n, m): n rows, m columns.
        factor: shape (n,), one number for each row, of the same dtype and device.

    Returns:
        A new matrix of shape (n, m). Row i is row i of x times factor[i]. Same dtype and device as x.

    Example:
        >>> scale_rows(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([10.0, 100.0]))
        tensor([[ 10.,  20.,  30.],
                [400., 500., 600.]])
    """
    return x * factor[:, None]  # (n, m) * (n, 1)


def outer_sum(a: Float[Tensor, " n"], b: Float[Tensor, " m"]) -> Float[Tensor, "n m"]:
    """Add every number of a to every number of b, as in a table of sums.

    Args:
        a: shape (n,). It gives the rows.
        b: shape (m,). It gives the columns. m may differ from n. Same dtype and device as a.

    Returns:
        A matrix of shape (n, m). The number in row i and column j is a[i] + b[j]. Same dtype and device as a.

    Example:
        >>> outer_sum(torch.tensor([10.0, 20.0]), torch.tensor([1.0, 2.0, 3.0]))
        tensor([[11., 12., 13.],
                [21., 22., 23.]])
    """
    return a[:, None] + b  # (n, 1) + (m,)


def pairwise_differences(x: Float[Tensor, "n d"]) -> Float[Tensor, "n n d"]:
    """Subtract every token from every token.

    Args:
        x: n tokens, shape (n, d).

    Returns:
        A tensor of shape (n, n, d). At [i, j] it holds token i minus token j. Same dtype and device as x.

    Example:
        >>> pairwise_differences(torch.tensor([[1.0, 1.0], [5.0, 3.0]]))[1, 0]
        tensor([4., 2.])
    """
    return x[:, None] - x[None, :]  # (n, 1, d) - (1, n, d)


def add_positions(x: Float[Tensor, "batch seq d"], positions: Float[Tensor, "seq d"]) -> Float[Tensor, "batch seq d"]:
    """Add to every token what belongs to its place in the sequence, in the same way for each sequence of the batch.

    Args:
        x: a batch of sequences, shape (batch, seq, d).
        positions: shape (seq, d), one row for each place in the sequence, of the same dtype and device.

    Returns:
        A new tensor of shape (batch, seq, d), with the dtype and device of x.

    Example:
        >>> add_positions(torch.zeros(2, 2, 1), torch.tensor([[1.0], [2.0]]))[1]  # the second sequence
        tensor([[1.],
                [2.]])
    """
    return x + positions  # (B, T, D) + (T, D)


def strict_add(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Add two tensors, but refuse to broadcast: a shape that differs is a bug in the caller's code.

    Args:
        a: a tensor of any shape.
        b: a tensor of exactly the same shape, dtype and device.

    Returns:
        A new tensor, a + b, of that shape, dtype and device.

    Raises:
        ValueError: if the two shapes are not equal, even where PyTorch could broadcast them.

    Example:
        >>> strict_add(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]))
        tensor([11., 22.])
    """
    if a.shape != b.shape:
        raise ValueError(f"the shapes {tuple(a.shape)} and {tuple(b.shape)} are not equal")
    return a + b


BANNED: dict[str, str] = {}

HINTS = {
    "broadcast_shape": [
        "Write the two shapes on paper, one above the other, so that they end in the same column.",
        "Put 1s in front of the shorter shape until both are equally long. Then look at one column at a time.",
        "For each pair (m, n): equal, keep it; m is 1, take n; n is 1, take m; anything else, raise ValueError.",
    ],
    "add_bias": [
        "Which dimension of x has d entries? The rule lines shapes up from the right.",
        "x is (..., d), bias is (d,). They already end together.",
        "An addition of the two is all there is: no reshape is needed.",
    ],
    "scale_rows": [
        "The factor must stand beside the rows, not above the columns.",
        "x is (n, m). A factor of shape (n, 1) has one number for each row, and its 1 stretches over the m columns.",
        "Give factor a last dimension of size 1 (unsqueeze, or indexing with None), then multiply.",
    ],
    "outer_sum": [
        "Which of the two runs down the side of the table, and which along the top?",
        "Make a stand upright, as a column: (n, 1). Leave b lying, as a row: (m,). Together they give (n, m).",
        "Add a last dimension of size 1 to a, then add b.",
    ],
    "pairwise_differences": [
        "You need x twice: once it gives i, going down, and once it gives j, going across.",
        "(n, 1, d) against (1, n, d) gives (n, n, d).",
        "Subtract x with a new dimension of size 1 at place 0 from x with one at place 1.",
    ],
    "add_positions": [
        "Each sequence of the batch gets the same positions. Does positions need a batch dimension of its own?",
        "x is (batch, seq, d), positions is (seq, d). Line them up from the right.",
        "An addition of the two is enough.",
    ],
    "strict_add": [
        "Look at the shapes before you add.",
        "a.shape and b.shape can be compared with == and !=.",
        "If a.shape != b.shape, raise ValueError with both shapes in its message. Otherwise return the sum.",
    ],
}


# Other right answers.


@variant(broadcast_shape)
def with_torch(a, b):
    try:
        return tuple(torch.broadcast_shapes(a, b))
    except RuntimeError:
        clash = next((m, n) for m, n in zip(reversed(a), reversed(b)) if m != n and 1 not in (m, n))
        raise ValueError(f"{clash[0]} against {clash[1]}") from None


@variant(broadcast_shape)
def from_the_right(a, b):
    result = ()
    for place in range(1, max(len(a), len(b)) + 1):
        sizes = {shape[-place] for shape in (a, b) if place <= len(shape)} - {1}
        if len(sizes) > 1:
            raise ValueError(f"cannot broadcast {sizes}")
        result = (*sizes, *result) if sizes else (1, *result)
    return result


@variant(broadcast_shape)
def by_recursion(a, b):
    if not a or not b:
        return tuple(a or b)
    if a[-1] != b[-1] and a[-1] != 1 and b[-1] != 1:
        raise ValueError(f"{a[-1]} != {b[-1]}")
    return (*by_recursion(a[:-1], b[:-1]), b[-1] if a[-1] == 1 else a[-1])


@variant(add_bias)
def bias_expanded(x, bias):
    return x + bias.expand_as(x)


@variant(add_bias)
def column_by_column(x, bias):
    return torch.stack([x[..., i] + bias[i] for i in range(len(bias))], dim=-1)


@variant(add_bias)
def copy_then_add_in_place(x, bias):
    result = x.clone()
    result += bias
    return result


@variant(scale_rows)
def with_diagonal_matrix(x, factor):
    return torch.diag(factor) @ x


@variant(scale_rows)
def rows_by_einsum(x, factor):
    return torch.einsum("nm,n->nm", x, factor)


@variant(scale_rows)
def transposed_and_back(x, factor):
    return (x.T * factor).T


@variant(scale_rows)
def row_by_row(x, factor):
    return torch.stack([row * f for row, f in zip(x, factor)])


@variant(outer_sum)
def with_expand_and_repeat(a, b):
    return a.unsqueeze(1).expand(-1, len(b)) + b.repeat(len(a), 1)


@variant(outer_sum)
def with_meshgrid(a, b):
    rows, columns = torch.meshgrid(a, b, indexing="ij")
    return rows + columns


@variant(outer_sum)
def row_after_row(a, b):
    return torch.stack([value + b for value in a])


@variant(pairwise_differences)
def differences_in_loops(x):
    return torch.stack([torch.stack([x[i] - x[j] for j in range(len(x))]) for i in range(len(x))])


@variant(pairwise_differences)
def minus_the_other_way(x):
    return -(x.unsqueeze(0) - x.unsqueeze(1))


@variant(pairwise_differences)
def with_repeat_interleave(x):
    n, d = x.shape
    return (x.repeat_interleave(n, dim=0) - x.repeat(n, 1)).view(n, n, d)


@variant(add_positions)
def with_batch_dimension(x, positions):
    return x + positions.unsqueeze(0)


@variant(add_positions)
def sequence_by_sequence(x, positions):
    return torch.stack([sequence + positions for sequence in x])


@variant(add_positions)
def positions_repeated(x, positions):
    return torch.add(positions.repeat(x.size(0), 1, 1), x)


@variant(strict_add)
def compared_as_tuples(a, b):
    if tuple(a.shape) == tuple(b.shape):
        return torch.add(a, b)
    raise ValueError("shapes differ")


@variant(strict_add)
def compared_as_lists(a, b):
    if list(a.size()) != list(b.size()):
        raise ValueError(f"{a.size()} and {b.size()}")
    return a.add(b)


@variant(strict_add)
def minus_minus(a, b):
    if a.ndim != b.ndim or any(m != n for m, n in zip(a.shape, b.shape)):
        raise ValueError
    return a - (-b)


# Wrong answers that people write.


@mistake(broadcast_shape, says="from the right")
def lined_up_from_the_left(a, b):
    """You lined the shapes up at their first dimension. Broadcasting starts at the right."""
    length = max(len(a), len(b))
    a, b = (*a, *(1,) * (length - len(a))), (*b, *(1,) * (length - len(b)))
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b)):
        raise ValueError(f"{a} and {b}")
    return tuple(n if m == 1 else m for m, n in zip(a, b))


@mistake(broadcast_shape, says="stretches")
def one_never_stretched(a, b):
    """You raise an error whenever two sizes differ. A size of 1 is the exception: it stretches to the other size."""
    if any(m != n for m, n in zip(reversed(a), reversed(b))):
        raise ValueError(f"{a} and {b}")
    return tuple(a if len(a) >= len(b) else b)


@mistake(broadcast_shape, says="from the right")
def too_short(a, b):
    """You walked over the two shapes with zip, which stops at the end of the shorter one."""
    result = []
    for m, n in zip(reversed(a), reversed(b)):
        if m != n and 1 not in (m, n):
            raise ValueError(f"{m} and {n}")
        result.insert(0, n if m == 1 else m)
    return tuple(result)


@mistake(broadcast_shape, says="1 against 0")
def larger_size_wins(a, b):
    """You took the larger of the two sizes. That is right for every size but 0: a 1 against a 0 gives 0."""
    length = max(len(a), len(b))
    a, b = (1,) * (length - len(a)) + tuple(a), (1,) * (length - len(b)) + tuple(b)
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b)):
        raise ValueError(f"{a} and {b}")
    return tuple(max(m, n) for m, n in zip(a, b))


@mistake(broadcast_shape, says="neither is 1")
def never_refuses(a, b):
    """You let every pair of sizes pass. Two sizes that differ go together only if one of them is 1."""
    length = max(len(a), len(b))
    a, b = (1,) * (length - len(a)) + tuple(a), (1,) * (length - len(b)) + tuple(b)
    return tuple(n if m == 1 else m for m, n in zip(a, b))


@mistake(broadcast_shape, says="neither is 1")
def one_divides_the_other(a, b):
    """You let a size stretch whenever it divides the other one. Only a 1 stretches: 2 does not go together with 4."""
    length = max(len(a), len(b))
    a, b = (1,) * (length - len(a)) + tuple(a), (1,) * (length - len(b)) + tuple(b)
    if any(m and n and max(m, n) % min(m, n) for m, n in zip(a, b)):
        raise ValueError(f"{a} and {b}")
    return tuple(n if m == 1 else m if n == 1 else max(m, n) for m, n in zip(a, b))


@mistake(broadcast_shape, says="names the two sizes")
def error_without_the_sizes(a, b):
    """You raise the right error, but its message does not tell which two sizes clash. The reader has to search."""
    length = max(len(a), len(b))
    a, b = (1,) * (length - len(a)) + tuple(a), (1,) * (length - len(b)) + tuple(b)
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b)):
        raise ValueError("these shapes do not broadcast")
    return tuple(n if m == 1 else m for m, n in zip(a, b))


@mistake(broadcast_shape, says="tuple")
def a_list_for_a_tuple(a, b):
    """You collected the sizes in a list and returned it. A shape is a tuple: wrap the list in tuple(...)."""
    length = max(len(a), len(b))
    a, b = (1,) * (length - len(a)) + tuple(a), (1,) * (length - len(b)) + tuple(b)
    for m, n in zip(a, b):
        if m != n and 1 not in (m, n):
            raise ValueError(f"{m} and {n}")
    return [n if m == 1 else m for m, n in zip(a, b)]


@mistake(add_bias, says="every token")
def bias_on_the_rows(x, bias):
    """You lined the bias up with the rows, so each token gets one number. The bias has one number for each column."""
    return x + bias[: x.shape[-2]].unsqueeze(-1) if x.ndim > 1 and x.shape[-2] <= len(bias) else x + bias[:1]


@mistake(add_bias, says="every token")
def bias_as_a_column(x, bias):
    """You gave the bias the shape (d, 1). That makes it a column, and a column lines up with the rows of x."""
    return x + bias.unsqueeze(-1)


@mistake(add_bias, says="every token")
def first_token_only(x, bias):
    """You added the bias to the first token only. Broadcasting reaches all of them without a loop."""
    if x.ndim == 1:
        return x + bias
    result = x.clone()
    result[..., 0, :] += bias
    return result


@mistake(add_bias, says="each column")
def mean_of_the_bias(x, bias):
    """You added one number everywhere. The bias holds a different number for each column."""
    return x + bias.mean()


@mistake(add_bias, says="every token")
def bias_subtracted(x, bias):
    """You subtracted the bias. It is added."""
    return x - bias


@mistake(add_bias, says="new tensor")
def bias_added_in_place(x, bias):
    """You wrote the sum into x with += or add_. The caller's tensor has changed with it."""
    x += bias
    return x


@mistake(add_bias, says="any number of others")
def one_matrix_only(x, bias):
    """You wrote it for a matrix: the loop goes over dimension 0, and takes each entry for a token."""
    if x.ndim == 1:
        return x + bias
    return torch.stack([row + bias if row.ndim == 1 else row + bias.unsqueeze(-1)[: row.shape[0]] for row in x])


@mistake(add_bias, says="dtype of x")
def always_float32(x, bias):
    """You changed the result to float32. It keeps the dtype of x."""
    return (x + bias).float()


@mistake(scale_rows, says="one factor for each row")
def factor_used_as_it_is(x, factor):
    """You multiplied x by the factor as it came. A shape of (n,) lines up with the columns, not with the rows."""
    return x * factor


@mistake(scale_rows, says="one factor for each row")
def factor_on_the_columns(x, factor):
    """Your factors stand above the columns. They belong beside the rows: a column of shape (n, 1)."""
    m = x.shape[1]
    return x * factor.repeat(m)[:m]


@mistake(scale_rows, says="one factor for each row")
def factor_as_a_row(x, factor):
    """You gave the factor the shape (1, n). That is a row, and a row lines up with the columns."""
    return x * factor.unsqueeze(0)


@mistake(scale_rows, says="one factor for each row")
def matrix_product(x, factor):
    """You used the matrix product. It multiplies and then adds up, so the columns are mixed into one number."""
    return factor @ x


@mistake(scale_rows, says="multiply")
def factor_added(x, factor):
    """You added the factor. To scale is to multiply."""
    return x + factor[:, None]


@mistake(scale_rows, says="one factor for each row")
def first_factor_for_all(x, factor):
    """You used the first factor for every row."""
    return x * factor[0]


@mistake(scale_rows, says="new tensor")
def scaled_in_place(x, factor):
    """You wrote the products into x with *= or mul_. The caller's tensor has changed with it."""
    return x.mul_(factor[:, None])


@mistake(outer_sum, says="a[i] + b[j]")
def plain_sum(a, b):
    """You added a and b as they came. Two lists of numbers are added pair by pair, and that needs equal lengths."""
    return a + b


@mistake(outer_sum, says="rows come from a")
def rows_and_columns_swapped(a, b):
    """You made b the rows and a the columns. The table is lying on its side."""
    return a + b[:, None]


@mistake(outer_sum, says="a[i] + b[j]")
def outer_product(a, b):
    """You built the table of products. This one is the table of sums."""
    return a[:, None] * b


@mistake(outer_sum, says="a[i] + b[j]")
def outer_difference(a, b):
    """You built the table of differences. This one is the table of sums."""
    return a[:, None] - b


@mistake(outer_sum, says="a[i] + b[j]")
def filled_in_the_wrong_order(a, b):
    """Your table has the right shape, but its numbers were laid down column by column. reshape does not transpose."""
    return (a + b[:, None]).reshape(len(a), len(b))


@mistake(outer_sum, says="a[i] + b[j]")
def one_after_the_other(a, b):
    """You put the two lists one after the other. The table needs every sum of a number of a and a number of b."""
    return torch.cat([a, b])


@mistake(pairwise_differences, says="token i minus token j")
def sign_swapped(x):
    """You subtracted the other way round: token j minus token i."""
    return x[None, :] - x[:, None]


@mistake(pairwise_differences, says="token i minus token j")
def token_minus_itself(x):
    """You subtracted x from itself, so every token met only itself, and all is zero."""
    return (x - x).expand(len(x), *x.shape)


@mistake(pairwise_differences, says="token i minus token j")
def absolute_differences(x):
    """You took the absolute value. The sign says which of the two tokens is larger, and is kept."""
    return (x[:, None] - x[None, :]).abs()


@mistake(pairwise_differences, says="one entry for each of the d columns")
def added_up_to_distances(x):
    """You added the columns up. The result keeps all d of them."""
    return (x[:, None] - x[None, :]).sum(-1)


@mistake(pairwise_differences, says="token i minus token j")
def neighbours_only(x):
    """You subtracted from each token only its neighbour. Every pair is asked for, the far ones too."""
    return (x - x.roll(1, 0)).unsqueeze(1).expand(-1, len(x), -1)


@mistake(pairwise_differences, says="token i minus token j")
def differences_of_columns(x):
    """You compared columns with columns. The pairs are pairs of tokens, and tokens are rows."""
    return x[:, :, None] - x[:, None, :]


@mistake(pairwise_differences, says="token i minus token j")
def sums_for_differences(x):
    """You added the tokens. The difference is asked for."""
    return x[:, None] + x[None, :]


@mistake(add_positions, says="each place")
def first_position_for_all(x, positions):
    """You added the first row of positions everywhere. Each place in the sequence has its own row."""
    return x + positions[0]


@mistake(add_positions, says="each place")
def positions_by_batch(x, positions):
    """You lined the positions up with the batch: each sequence got one row. The rows belong to the places."""
    return x + positions[: x.size(0)].unsqueeze(1)


@mistake(add_positions, says="each place")
def positions_backwards(x, positions):
    """You added the rows in reverse order. Row 0 belongs to the first place."""
    return x + positions.flip(0)


@mistake(add_positions, says="each sequence")
def first_sequence_only(x, positions):
    """You added the positions to the first sequence only. Every sequence of the batch gets them."""
    result = x.clone()
    result[0] += positions
    return result


@mistake(add_positions, says="each place")
def positions_summed(x, positions):
    """You added up all the rows first. Then no place can be told from another."""
    return x + positions.sum(0)


@mistake(add_positions, says="added")
def positions_multiplied(x, positions):
    """You multiplied. Positions are added."""
    return x * positions


@mistake(add_positions, says="new tensor")
def positions_added_in_place(x, positions):
    """You wrote the sum into x with += or add_. The caller's tensor has changed with it."""
    return x.add_(positions)


@mistake(strict_add, says="broadcast without a word")
def no_check_at_all(a, b):
    """You added without looking at the shapes, so broadcasting went on as ever."""
    return a + b


@mistake(strict_add, says="broadcast without a word")
def same_number_of_dimensions(a, b):
    """You compared how many dimensions there are. (3, 1) and (1, 3) both have two."""
    if a.ndim != b.ndim:
        raise ValueError("dimensions")
    return a + b


@mistake(strict_add, says="broadcast without a word")
def same_number_of_elements(a, b):
    """You compared how many numbers there are. (3, 1) and (3,) both hold three, and give (3, 3)."""
    if a.numel() != b.numel():
        raise ValueError("elements")
    return a + b


@mistake(strict_add, says="broadcast without a word")
def same_last_dimension(a, b):
    """You compared the last dimension only. (2, 3) and (3,) agree there, and broadcast."""
    if a.shape[-1:] != b.shape[-1:]:
        raise ValueError("last")
    return a + b


@mistake(strict_add, says="broadcast without a word")
def same_first_dimension(a, b):
    """You compared the first dimension only, as len does. (3, 1) and (3, 4) agree there, and broadcast."""
    if a.shape[:1] != b.shape[:1]:
        raise ValueError("first")
    return a + b


@mistake(strict_add, says="ValueError")
def assert_for_an_error(a, b):
    """You used assert. It raises AssertionError, and Python can be told to skip it. Raise ValueError instead."""
    assert a.shape == b.shape
    return a + b


@mistake(strict_add, says="ValueError")
def returns_none_for_an_error(a, b):
    """You returned None for shapes that differ. The caller will not notice until much later: raise the error."""
    return a + b if a.shape == b.shape else None
