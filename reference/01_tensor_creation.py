"""Tensor creation: from lists, shapes and randomness."""

import torch
from jaxtyping import Float32, Int64, Shaped
from torch import Tensor

from dojo.authoring import mistake, variant


def from_rows(rows: list[list[float]], device: str | torch.device) -> Float32[Tensor, "n m"]:
    """Make a matrix from a list of rows.

    Args:
        rows: n lists of m numbers each; n and m are at least 1. The numbers are floats, ints, or a mix of both.
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new float32 tensor on `device`, shape (n, m). It is float32 even if every number is an int.

    Example:
        >>> from_rows([[1, 2, 3], [4, 5, 6]], "cpu")
        tensor([[1., 2., 3.],
                [4., 5., 6.]])
    """
    return torch.tensor(rows, dtype=torch.float32, device=device)  # (n, m)


def token_ids(ids: list[int], device: str | torch.device) -> Int64[Tensor, " tokens"]:
    """Make a tensor from the ids of the tokens of one text.

    Args:
        ids: one int for each token, at least one of them. Any int that int64 can hold may occur, however large.
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new int64 tensor on `device`, shape (tokens,), with every id exactly as it was given, in the same order.

    Example:
        >>> token_ids([15496, 995, 0], "cpu")
        tensor([15496,   995,     0])
    """
    return torch.tensor(ids, dtype=torch.int64, device=device)  # (tokens,)


def filled(shape: tuple[int, ...], value: float, device: str | torch.device) -> Float32[Tensor, "*shape"]:
    """Make a tensor that holds the same number in every place.

    Args:
        shape: a tuple with the size of each dimension. It may have any length, a size may be 0,
            and () asks for a single number.
        value: the number: a float (infinity too), an int, or a bool (True counts as 1, False as 0).
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new float32 tensor on `device`, of that shape. It is float32 whatever kind of number `value` is.

    Example:
        >>> filled((2, 3), 7, "cpu")
        tensor([[7., 7., 7.],
                [7., 7., 7.]])
    """
    return torch.full(shape, value, dtype=torch.float32, device=device)


def even_numbers(stop: int, device: str | torch.device) -> Int64[Tensor, " n"]:
    """Make the even numbers 0, 2, 4, ... that are below `stop`.

    Args:
        stop: where to stop, 0 or more. As in Python's `range`, `stop` itself is not included.
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new int64 tensor on `device`, shape (n,), in rising order. Nothing is below 0: even_numbers(0, device)
        has shape (0,), and it is int64 as well.

    Example:
        >>> even_numbers(8, "cpu")
        tensor([0, 2, 4, 6])
    """
    return torch.arange(0, stop, 2, dtype=torch.int64, device=device)


def random_embeddings(
    batch: int, seq_len: int, d_model: int, device: str | torch.device
) -> Float32[Tensor, "batch seq_len d_model"]:
    """Make random numbers in the shape of a batch of token embeddings.

    An embedding is the list of d_model numbers that stands for one token. Before a model has learned anything, these
    numbers are drawn at random from the standard normal distribution: they gather around 0, their mean is 0, their
    standard deviation (the usual distance from the mean) is 1. Each number is drawn by itself.

    Args:
        batch: how many sequences.
        seq_len: how many tokens in each sequence.
        d_model: how many numbers for each token.
        device: where the tensor is made: a name such as "cpu", or a torch.device.

    Returns:
        A new float32 tensor on `device`, shape (batch, seq_len, d_model). The numbers come from PyTorch's own stream
        of random numbers: another call gives other numbers, and after `torch.manual_seed` with the same seed the same
        numbers come again. The function sets no seed: that is for its caller to do.

    Example:
        >>> random_embeddings(2, 5, 4, "cpu").shape
        torch.Size([2, 5, 4])
    """
    return torch.randn(batch, seq_len, d_model, dtype=torch.float32, device=device)


def zeros_like_input(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """Make zeros that match another tensor.

    Args:
        x: a tensor of any shape and dtype (float16, int64, bool, ...), on any device. What it holds does not matter:
            it may be infinity or NaN ("not a number", what 0/0 gives). It is left as it is.

    Returns:
        A new tensor of zeros (False where x is bool) with the shape, the dtype and the device of x. It owes nothing to
        x: it shares no memory with x, and it is not computed from x, so no gradient flows back to x (kata 11).

    Example:
        >>> zeros_like_input(torch.tensor([[1, 2, 3], [4, 5, 6]]))
        tensor([[0, 0, 0],
                [0, 0, 0]])
    """
    return torch.zeros_like(x)


HINTS = {
    "from_rows": [
        "PyTorch has one function that turns a nested list into a tensor. It guesses the dtype unless you name it.",
        "A list of n lists of m numbers becomes (n, m) without a loop. You have to name the dtype and the device.",
        "Call `torch.tensor` on the rows, with `dtype=` and `device=`. The dtype here is `torch.float32`.",
    ],
    "token_ids": [
        "Ids are names written as numbers: a rounded id is another token. Which dtype holds whole numbers exactly?",
        "A list of `tokens` ints becomes (tokens,). Go straight into int64: passing through a float may round an id.",
        "It is the call of `from_rows` with another `dtype=`: this time `torch.int64`.",
    ],
    "filled": [
        "PyTorch has a function for this: it takes a shape and a number. Look at what dtype it picks for an int.",
        "Hand the shape over as it is, whatever its length. Do not let the number choose the dtype.",
        "Call `torch.full` with the shape and the value, and name `dtype=` and `device=` as before.",
    ],
    "even_numbers": [
        "Python writes it `range(start, stop, step)`. PyTorch has the same idea under another name.",
        "Start at 0, go in steps of 2, end before `stop`: odd stops, even stops and 0 then come out right: shape (n,).",
        "Call `torch.arange` with start, stop and step, and name `dtype=` and `device=`.",
    ],
    "random_embeddings": [
        "One function draws evenly between 0 and 1, another one from the standard normal. One letter sets them apart.",
        "Give it three sizes: sequences first, then tokens, then the numbers of each token. Set no seed.",
        "Call `torch.randn` (n for normal) with the three sizes and `device=`.",
    ],
    "zeros_like_input": [
        "Make new zeros; do not compute them from x. Arithmetic on x keeps its surprises: what is 0 times NaN?",
        "You need `x.shape`, `x.dtype` and `x.device`. Functions whose names end in `_like` take all three at once.",
        "Call `torch.zeros` with all three, or `torch.zeros_like` on x.",
    ],
}

BANNED = {}


# from_rows


@variant(from_rows)
def through_the_float_constructor(rows, device):
    return torch.FloatTensor(rows).to(device)


@variant(from_rows)
def rows_stacked(rows, device):
    return torch.stack([torch.tensor([float(number) for number in row]) for row in rows]).to(device)


@variant(from_rows)
def rows_through_numpy(rows, device):
    import numpy as np

    return torch.from_numpy(np.array(rows, dtype=np.float32)).to(device)


@variant(from_rows)
def made_and_then_converted(rows, device):
    return torch.as_tensor(rows, device=device).float()


@variant(from_rows)
def flat_and_then_reshaped(rows, device):
    return torch.tensor([number for row in rows for number in row], dtype=torch.float, device=device).view(
        len(rows), -1
    )


@mistake(from_rows, says="guesses")
def ints_stay_int64(rows, device):
    """You let PyTorch guess the dtype. It guesses right for floats, so nothing shows until a row of ints comes."""
    return torch.tensor(rows, device=device)


@mistake(from_rows, says="device")
def rows_stay_on_the_cpu(rows, device):
    """You did not use `device`. On a laptop nothing shows, because the CPU is where tensors go when nobody says."""
    return torch.tensor(rows, dtype=torch.float32)


@mistake(from_rows, says="the numbers of the rows")
def a_tensor_of_those_sizes(rows, device):
    """You gave `torch.Tensor` two sizes. It makes a tensor of that shape and puts no numbers in: what it holds is
    whatever was in memory before."""
    return torch.Tensor(len(rows), len(rows[0])).to(device)


@mistake(from_rows, says="Each list is one row")
def rows_as_columns(rows, device):
    """You turned the matrix over, so that each list became a column. In PyTorch the outer list is the first dimension,
    the rows."""
    return torch.tensor(rows, dtype=torch.float32, device=device).T


@mistake(from_rows, says="number of rows")
def sizes_swapped(rows, device):
    """You gave the sizes as (columns, rows). The numbers are all there and in order, but the rows break in the wrong
    places."""
    return torch.tensor(rows, dtype=torch.float32, device=device).reshape(len(rows[0]), len(rows))


@mistake(from_rows, says="Each list is one row")
def one_long_row(rows, device):
    """You collected all numbers into one list first, and the rows were lost."""
    return torch.tensor([number for row in rows for number in row], dtype=torch.float32, device=device)


@mistake(from_rows, says="Each list is one row")
def first_row_only(rows, device):
    """You took `rows[0]`, so the other rows never reach the tensor."""
    return torch.tensor(rows[0], dtype=torch.float32, device=device)


@mistake(from_rows, says="Each list is one row")
def one_dimension_too_many(rows, device):
    """You put the rows into one more list, as people do for a batch. Each pair of brackets is a dimension."""
    return torch.tensor([rows], dtype=torch.float32, device=device)


@mistake(from_rows, says="still a matrix")
def size_one_lost(rows, device):
    """You squeezed the result. That drops every dimension of size 1, so a matrix of one row stops being a matrix."""
    return torch.tensor(rows, dtype=torch.float32, device=device).squeeze()


@mistake(from_rows, says="float32")
def rows_as_float64(rows, device):
    """You went through a NumPy array, or through `float`, and kept its 64-bit numbers. PyTorch's models use 32 bits."""
    import numpy as np

    return torch.from_numpy(np.array(rows, dtype=np.float64)).to(device)


@mistake(from_rows, says="fraction")
def fractions_cut_off(rows, device):
    """You made whole numbers first and floats of them afterwards. By then the fractions are gone."""
    return torch.tensor(rows, dtype=torch.int64, device=device).to(torch.float32)


@mistake(from_rows, says="as exactly as float32")
def rows_through_float16(rows, device):
    """You made 16-bit floats first. They hold three digits and nothing above 65,504; widening them later brings nothing
    back."""
    return torch.tensor(rows, dtype=torch.float16, device=device).to(torch.float32)


@mistake(from_rows, says="list of rows")
def first_row_grows(rows, device):
    """You gathered all numbers with += in the first row itself. The tensor is right, but the caller's row has grown."""
    count, numbers = len(rows), rows[0]
    for row in rows[1:]:
        numbers += row
    return torch.tensor(numbers, dtype=torch.float32, device=device).view(count, -1)


# token_ids


@variant(token_ids)
def dtype_guessed_from_ints(ids, device):
    return torch.tensor(ids, device=device)


@variant(token_ids)
def through_the_long_constructor(ids, device):
    return torch.LongTensor(ids).to(device)


@variant(token_ids)
def ids_through_numpy(ids, device):
    import numpy as np

    return torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(device)


@variant(token_ids)
def one_id_at_a_time(ids, device):
    out = torch.zeros(len(ids), dtype=torch.long, device=device)
    for place, number in enumerate(ids):
        out[place] = number
    return out


@mistake(token_ids, says="int64")
def ids_as_float32(ids, device):
    """You made float32, as for the matrix before. Ids are not amounts: they pick a row of a table, and a table has no
    row 2.5."""
    return torch.tensor(ids, dtype=torch.float32, device=device)


@mistake(token_ids, says="int64")
def ids_as_int32(ids, device):
    """You chose 32-bit ints. PyTorch's convention for ids and positions is int64, and the docstring promises it."""
    return torch.tensor(ids, dtype=torch.int32, device=device)


@mistake(token_ids, says="rounded")
def ids_through_float32(ids, device):
    """You used `torch.Tensor`, which makes float32 whatever it gets, and converted afterwards. Above 16,777,216 the ids
    have been rounded by then."""
    return torch.Tensor(ids).long().to(device)


@mistake(token_ids, says="rounded")
def ids_through_float64(ids, device):
    """You went through Python's or NumPy's float. It holds whole numbers exactly up to 2 to the power of 53 only."""
    return torch.tensor([float(number) for number in ids], dtype=torch.float64).long().to(device)


@mistake(token_ids, says="64 bits")
def ids_through_int32(ids, device):
    """You made 32-bit ints and widened them afterwards. An id above 2,147,483,647 does not fit on the way."""
    return torch.tensor(ids, dtype=torch.int64, device=device).int().long()


@mistake(token_ids, says="device")
def ids_moved_but_dropped(ids, device):
    """You called `.to(device)` and did not keep what it returns. It never moves the tensor itself: it gives you another
    one."""
    result = torch.tensor(ids, dtype=torch.int64)
    result.to(device)
    return result


@mistake(token_ids, says="one id for each token")
def ids_in_a_batch_of_one(ids, device):
    """You put the ids into one more list, to make a batch. Each pair of brackets is a dimension, so this is (1, T)."""
    return torch.tensor([ids], dtype=torch.int64, device=device)


@mistake(token_ids, says="one id for each token")
def ids_in_a_column(ids, device):
    """You made each id a row of its own: (T, 1). One dimension is enough for one text."""
    return torch.tensor([[number] for number in ids], dtype=torch.int64, device=device)


@mistake(token_ids, says="one id for each token")
def positions_for_ids(ids, device):
    """You made 0, 1, 2, ...: where each token stands, not which token it is."""
    return torch.arange(len(ids), device=device)


@mistake(token_ids, says="one id for each token")
def every_id_once(ids, device):
    """You took the different ids, in rising order, as for a vocabulary. A text repeats its tokens, and their order is
    what it says."""
    return torch.tensor(sorted(set(ids)), dtype=torch.int64, device=device)


@mistake(token_ids, says="still one dimension")
def single_id_without_a_dimension(ids, device):
    """You squeezed the result. That drops every dimension of size 1, so a text of one token becomes a bare number."""
    return torch.tensor(ids, dtype=torch.int64, device=device).squeeze()


# filled


@variant(filled)
def ones_times_the_value(shape, value, device):
    return torch.ones(shape, device=device) * float(value)


@variant(filled)
def zeros_plus_the_value(shape, value, device):
    return torch.zeros(*shape, device=device) + value if shape else torch.tensor(float(value), device=device)


@variant(filled)
def written_into_empty_memory(shape, value, device):
    return torch.empty(shape, dtype=torch.float32, device=device).fill_(value)


@variant(filled)
def one_number_repeated(shape, value, device):
    return torch.tensor(float(value)).repeat(shape).to(device)


@variant(filled)
def filled_through_numpy(shape, value, device):
    import numpy as np

    return torch.from_numpy(np.full(shape, value, dtype="float32")).to(device)


@mistake(filled, says="whatever kind of number")
def dtype_follows_the_value(shape, value, device):
    """You let the value choose the dtype. An int then gives int64 and True gives bool, and the next division or matrix
    product fails."""
    return torch.full(shape, value, device=device)


@mistake(filled, says="device")
def filled_on_the_cpu(shape, value, device):
    """You did not use `device`. On a laptop nothing shows, because the CPU is where tensors go when nobody says."""
    return torch.full(shape, value, dtype=torch.float32)


@mistake(filled, says="every place")
def memory_never_written(shape, value, device):
    """You gave `torch.Tensor` the sizes. It sets aside that much memory and writes nothing into it."""
    return torch.Tensor(*shape).to(device)


@mistake(filled, says="every place")
def the_value_times_zeros(shape, value, device):
    """You multiplied zeros by the value, and zero times anything is zero."""
    return torch.zeros(shape, device=device) * value


@mistake(filled, says="every place")
def ones_plus_the_value(shape, value, device):
    """You added the value to ones, so each place is one too large. Ones are for multiplying, zeros for adding."""
    return torch.ones(shape, device=device) + value


@mistake(filled, says="sizes")
def the_shape_as_numbers(shape, value, device):
    """You made a tensor out of the shape. `torch.tensor((2, 3))` holds the numbers 2 and 3; it does not have 2 rows and
    3 columns."""
    return torch.full_like(torch.tensor(shape, dtype=torch.float32, device=device), value)


@mistake(filled, says="sizes")
def the_shape_backwards(shape, value, device):
    """You turned the order of the sizes round, as if the width came first. The first size is the outermost one."""
    return torch.full(shape[::-1], value, dtype=torch.float32, device=device)


@mistake(filled, says="sizes")
def the_first_size_only(shape, value, device):
    """You used the first size alone, and the others were lost."""
    return torch.full(shape[:1], value, dtype=torch.float32, device=device)


@mistake(filled, says="sizes")
def filled_in_one_long_row(shape, value, device):
    """You made the right number of places, all in one row. The shape says how they are arranged."""
    import math

    return torch.full((math.prod(shape),), value, dtype=torch.float32, device=device)


@mistake(filled, says="sizes")
def one_number_without_the_shape(shape, value, device):
    """You made a single number. It often works in arithmetic, since PyTorch spreads it, but its shape is ()."""
    return torch.tensor(value, dtype=torch.float32, device=device)


@mistake(filled, says="any length")
def two_dimensions_only(shape, value, device):
    """You took `shape` apart into rows and columns. That works for a matrix and for nothing else."""
    rows, columns = shape
    return torch.full((rows, columns), value, dtype=torch.float32, device=device)


@mistake(filled, says="size 1")
def sizes_of_one_dropped(shape, value, device):
    """You squeezed the result. That drops every dimension of size 1, although the caller asked for it."""
    return torch.full(shape, value, dtype=torch.float32, device=device).squeeze()


@mistake(filled, says="fraction")
def the_value_as_an_int(shape, value, device):
    """You made an int of the value, and its fraction is gone."""
    return torch.full(shape, int(value), device=device).float()


@mistake(filled, says="float32")
def filled_with_float64(shape, value, device):
    """You kept the 64-bit float that Python itself uses. PyTorch's models use 32 bits."""
    return torch.full(shape, value, dtype=torch.float64, device=device)


# even_numbers


@variant(even_numbers)
def dtype_guessed_from_the_int(stop, device):
    return torch.arange(0, stop, 2, device=device)


@variant(even_numbers)
def every_second_of_all(stop, device):
    return torch.arange(stop, device=device)[::2]


@variant(even_numbers)
def counted_and_doubled(stop, device):
    return torch.arange((stop + 1) // 2, device=device) * 2


@variant(even_numbers)
def from_a_python_range(stop, device):
    return torch.tensor(list(range(0, stop, 2)), dtype=torch.int64, device=device)


@variant(even_numbers)
def those_without_a_remainder(stop, device):
    numbers = torch.arange(stop)
    return numbers[numbers % 2 == 0].to(device)


@mistake(even_numbers, says="is not included")
def end_included(stop, device):
    """You let `stop` itself in. Like `range`, PyTorch's ranges end before the stop, and so does this function."""
    return torch.arange(0, stop + 1, 2, device=device)


@mistake(even_numbers, says="starts with 0")
def starts_at_two(stop, device):
    """You began with 2. In Python counting begins with 0, and 0 is even."""
    return torch.arange(2, max(stop, 2), 2, device=device)


@mistake(even_numbers, says="starts with 0")
def odd_numbers(stop, device):
    """You began with 1, and steps of 2 then meet only odd numbers."""
    return torch.arange(1, max(stop, 1), 2, device=device)


@mistake(even_numbers, says="below stop")
def that_many_even_numbers(stop, device):
    """You made `stop` even numbers. `stop` says how far to go, not how many to make."""
    return torch.arange(stop, device=device) * 2


@mistake(even_numbers, says="below stop")
def step_forgotten(stop, device):
    """You left out the step, so the odd numbers are there as well."""
    return torch.arange(stop, device=device)


@mistake(even_numbers, says="below stop")
def counted_but_not_doubled(stop, device):
    """You made the right number of places, and counted 0, 1, 2, ... in them."""
    return torch.arange((stop + 1) // 2, device=device)


@mistake(even_numbers, says="below stop")
def odd_places_set_to_zero(stop, device):
    """You replaced the odd numbers by 0. They are still there: the tensor is as long as before."""
    numbers = torch.arange(stop, device=device)
    return numbers * (numbers % 2 == 0)


@mistake(even_numbers, says="odd stop")
def half_rounded_down(stop, device):
    """You made `stop // 2` numbers. For an odd stop that rounds down, and the last even number is missing."""
    return torch.arange(stop // 2, device=device) * 2


@mistake(even_numbers, says="is not included")
def spread_by_linspace(stop, device):
    """You used `linspace`, which spreads points between two ends and includes both of them."""
    return torch.linspace(0, stop, stop // 2 + 1, device=device).long()


@mistake(even_numbers, says="int64")
def even_numbers_as_floats(stop, device):
    """You gave a float, such as the step 2.0, and one float makes the whole range float32."""
    return torch.arange(0, stop, 2.0, device=device)


@mistake(even_numbers, says="int64")
def even_numbers_as_int32(stop, device):
    """You chose 32-bit ints. PyTorch's convention for ids and positions is int64, and the docstring promises it."""
    return torch.arange(0, stop, 2, dtype=torch.int32, device=device)


@mistake(even_numbers, says="device")
def even_numbers_on_the_cpu(stop, device):
    """You did not use `device`. A range made inside a model and left on the CPU is the best known crash on a GPU."""
    return torch.arange(0, stop, 2)


@mistake(even_numbers, says="tensor")
def a_python_list(stop, device):
    """You returned Python's own list. It prints almost alike, but it has no shape, no dtype and no device."""
    return list(range(0, stop, 2))


@mistake(even_numbers, says="empty")
def an_empty_list_becomes_float(stop, device):
    """You made a list and let PyTorch guess its dtype. An empty list gives it nothing to guess from, and it takes
    float32."""
    return torch.tensor(list(range(0, stop, 2)), device=device)


# random_embeddings


@variant(random_embeddings)
def drawn_with_normal(batch, seq_len, d_model, device):
    return torch.normal(0.0, 1.0, size=(batch, seq_len, d_model), device=device)


@variant(random_embeddings)
def empty_memory_filled_with_normals(batch, seq_len, d_model, device):
    return torch.empty((batch, seq_len, d_model), device=device).normal_()


@variant(random_embeddings)
def one_sequence_at_a_time(batch, seq_len, d_model, device):
    return torch.stack([torch.randn((seq_len, d_model)) for _ in range(batch)]).to(device)


@variant(random_embeddings)
def from_the_distribution(batch, seq_len, d_model, device):
    return torch.distributions.Normal(0.0, 1.0).sample((batch, seq_len, d_model)).to(device)


@variant(random_embeddings)
def from_two_uniform_numbers(batch, seq_len, d_model, device):
    # Box and Muller, "A note on the generation of random normal deviates", 1958
    radius = (-2 * torch.log(1 - torch.rand(batch, seq_len, d_model, device=device))).sqrt()
    return radius * torch.cos(2 * torch.pi * torch.rand(batch, seq_len, d_model, device=device))


@mistake(random_embeddings, says="around 0")
def uniform_numbers(batch, seq_len, d_model, device):
    """You used `rand`, one letter short of `randn`. It spreads numbers evenly between 0 and 1, so their mean is 0.5."""
    return torch.rand(batch, seq_len, d_model, device=device)


@mistake(random_embeddings, says="around 0")
def only_positive_numbers(batch, seq_len, d_model, device):
    """You took absolute values. A normal number is below 0 as often as above."""
    return torch.randn(batch, seq_len, d_model, device=device).abs()


@mistake(random_embeddings, says="standard deviation")
def uniform_from_minus_one_to_one(batch, seq_len, d_model, device):
    """You stretched `rand` to lie between -1 and 1. The mean is 0 now, but the numbers do not spread far enough."""
    return torch.rand(batch, seq_len, d_model, device=device) * 2 - 1


@mistake(random_embeddings, says="bell")
def uniform_with_the_right_spread(batch, seq_len, d_model, device):
    """You scaled `rand` until mean and spread were right. The numbers are still spread evenly, and none is beyond
    1.73."""
    return (torch.rand(batch, seq_len, d_model, device=device) - 0.5) * 12**0.5


@mistake(random_embeddings, says="hardly ever equal")
def coin_flips(batch, seq_len, d_model, device):
    """You drew -1 or 1 each time. Mean and spread are right, but a normal number can be any number."""
    return torch.randint(0, 2, (batch, seq_len, d_model), device=device) * 2.0 - 1.0


@mistake(random_embeddings, says="standard deviation")
def scaled_for_a_first_layer(batch, seq_len, d_model, device):
    """You made the numbers small, as GPT-2 does with its first weights. That is a later step; here the standard
    deviation is 1."""
    return torch.randn(batch, seq_len, d_model, device=device) * 0.02


@mistake(random_embeddings, says="standard deviation")
def divided_by_the_root_of_d(batch, seq_len, d_model, device):
    """You divided by the root of d_model, as attention does with its scores. Here the standard deviation is 1."""
    return torch.randn(batch, seq_len, d_model, device=device) / d_model**0.5


@mistake(random_embeddings, says="drawn by itself")
def forced_to_mean_zero_and_spread_one(batch, seq_len, d_model, device):
    """You shifted and scaled the numbers until their mean was 0 and their spread 1. A few drawn numbers never come out
    that even, and a single one has no spread: it becomes NaN."""
    x = torch.randn(batch, seq_len, d_model, device=device)
    return (x - x.mean()) / x.std()


@mistake(random_embeddings, says="(batch, seq_len, d_model)")
def sequences_and_tokens_swapped(batch, seq_len, d_model, device):
    """You put the tokens first. Some older layers want it so; here the sequences come first."""
    return torch.randn(seq_len, batch, d_model, device=device)


@mistake(random_embeddings, says="(batch, seq_len, d_model)")
def tokens_and_features_swapped(batch, seq_len, d_model, device):
    """You put d_model before the tokens, as images do with their channels. A token's numbers come last."""
    return torch.randn(batch, d_model, seq_len, device=device)


@mistake(random_embeddings, says="(batch, seq_len, d_model)")
def tokens_in_one_long_row(batch, seq_len, d_model, device):
    """You multiplied two sizes. All numbers of a sequence stand in one row now, and its tokens cannot be told apart."""
    return torch.randn(batch, seq_len * d_model, device=device)


@mistake(random_embeddings, says="drawn by itself")
def same_numbers_for_every_token(batch, seq_len, d_model, device):
    """You drew one embedding and repeated it. To the model all tokens would be the same token."""
    return torch.randn(d_model, device=device).repeat(batch, seq_len, 1)


@mistake(random_embeddings, says="drawn by itself")
def same_numbers_for_every_sequence(batch, seq_len, d_model, device):
    """You drew one sequence and repeated it for the batch. The sequences of a batch have nothing to do with each
    other."""
    return torch.randn(seq_len, d_model, device=device).repeat(batch, 1, 1)


@mistake(random_embeddings, says="other numbers")
def reseeds_inside(batch, seq_len, d_model, device):
    """You set a seed inside the function, to make runs repeatable. Now every call gives the same numbers. A seed is set
    once, by the program that calls."""
    torch.manual_seed(0)
    return torch.randn(batch, seq_len, d_model, device=device)


@mistake(random_embeddings, says="other numbers")
def own_generator_with_a_fixed_seed(batch, seq_len, d_model, device):
    """You made a generator with a seed of its own on each call. The rest of the program is safe from it, but each call
    gives the same numbers."""
    return torch.randn(batch, seq_len, d_model, generator=torch.Generator().manual_seed(42)).to(device)


@mistake(random_embeddings, says="no seed")
def new_seed_on_every_call(batch, seq_len, d_model, device):
    """You set a new seed on each call. The seed of the caller is thrown away, and with it the promise that a run can be
    repeated."""
    torch.seed()
    return torch.randn(batch, seq_len, d_model, device=device)


@mistake(random_embeddings, says="no seed")
def reseeded_from_the_stream(batch, seq_len, d_model, device):
    """You drew a number and set it as the new seed. Runs can be repeated, but the caller's stream of random numbers has
    been replaced by another one."""
    torch.manual_seed(int(torch.randint(2**31, ())))
    return torch.randn(batch, seq_len, d_model, device=device)


@mistake(random_embeddings, says="same seed")
def numbers_from_numpy(batch, seq_len, d_model, device):
    """You took NumPy's random numbers. They have a seed of their own, and `torch.manual_seed` does not reach it."""
    import numpy as np

    drawn = np.random.default_rng().standard_normal((batch, seq_len, d_model))
    return torch.tensor(drawn, dtype=torch.float32, device=device)


@mistake(random_embeddings, says="float32")
def embeddings_as_float64(batch, seq_len, d_model, device):
    """You drew 64-bit floats, as NumPy does. They take twice the memory, and no float32 layer accepts them."""
    return torch.randn(batch, seq_len, d_model, dtype=torch.float64, device=device)


@mistake(random_embeddings, says="device")
def embeddings_on_the_cpu(batch, seq_len, d_model, device):
    """You did not use `device`. On a laptop nothing shows, because the CPU is where tensors go when nobody says."""
    return torch.randn(batch, seq_len, d_model)


# zeros_like_input


@variant(zeros_like_input)
def with_all_three_named(x):
    return torch.zeros(x.shape, dtype=x.dtype, device=x.device)


@variant(zeros_like_input)
def asked_of_the_tensor(x):
    return x.new_zeros(x.size())


@variant(zeros_like_input)
def empty_and_then_filled(x):
    return torch.empty_like(x).fill_(0)


@variant(zeros_like_input)
def a_copy_that_is_zeroed(x):
    return x.detach().clone().zero_()


@variant(zeros_like_input)
def made_and_then_moved(x):
    return torch.zeros(x.shape).to(x)


@variant(zeros_like_input)
def full_of_zero(x):
    return torch.full_like(x, False)


@mistake(zeros_like_input, says="dtype of x")
def float32_for_any_dtype(x):
    """You took the shape of x and not its dtype. PyTorch makes float32 zeros when nobody says otherwise."""
    return torch.zeros(x.shape, device=x.device)


@mistake(zeros_like_input, says="device")
def zeros_on_the_cpu(x):
    """You did not use `x.device`. On a laptop nothing shows, because the CPU is where tensors go when nobody says."""
    return torch.zeros(x.shape, dtype=x.dtype)


@mistake(zeros_like_input, says="NaN")
def x_times_zero(x):
    """You multiplied x by 0. That looks safe, but 0 times NaN and 0 times infinity are NaN."""
    return (x * 0).to(x.dtype)


@mistake(zeros_like_input, says="NaN")
def x_minus_itself(x):
    """You subtracted x from itself. Infinity minus infinity is NaN, and bool tensors cannot be subtracted at all."""
    return x - x if x.dtype != torch.bool else x ^ x


@mistake(zeros_like_input, says="changed its input")
def zeroes_the_input(x):
    """You called `zero_`. The underscore at the end means that it changes x itself, and the caller still needs x."""
    return x.detach().zero_()


@mistake(zeros_like_input, says="zero")
def ones_for_zeros(x):
    """You made ones."""
    return torch.ones_like(x)


@mistake(zeros_like_input, says="zero")
def memory_that_nobody_wrote(x):
    """You used `empty_like`. It sets memory aside and writes nothing into it. That memory often holds zeros, until one
    day it does not."""
    return torch.empty_like(x)


@mistake(zeros_like_input, says="zero")
def a_copy_of_x(x):
    """You made a copy of x. It has the right shape, dtype and device, but also the numbers of x."""
    return x.clone()


@mistake(zeros_like_input, says="shape of x")
def as_many_in_one_row(x):
    """You made as many zeros as x has numbers, all in one row. The shape says how they are arranged."""
    return torch.zeros(x.numel(), dtype=x.dtype, device=x.device)


@mistake(zeros_like_input, says="shape of x")
def as_many_as_len(x):
    """You used `len(x)`. For a tensor that is the first size only."""
    return torch.zeros(len(x), dtype=x.dtype, device=x.device)


@mistake(zeros_like_input, says="shape of x")
def the_shape_of_x_as_numbers(x):
    """You made a tensor out of the shape: one number for each dimension. A shape is handed over as it is."""
    return torch.zeros_like(torch.tensor(x.shape), dtype=x.dtype, device=x.device)


@mistake(zeros_like_input, says="shape of x")
def the_shape_of_x_backwards(x):
    """You turned the order of the sizes round."""
    return torch.zeros(tuple(reversed(x.shape)), dtype=x.dtype, device=x.device)


@mistake(zeros_like_input, says="shape of x")
def a_single_zero(x):
    """You made one zero. It often works in arithmetic, since PyTorch spreads it, but its shape is ()."""
    return torch.tensor(0, dtype=x.dtype, device=x.device)


@mistake(zeros_like_input, says="any number of dimensions")
def zeros_in_two_dimensions_only(x):
    """You took rows and columns. That works for a matrix and for nothing else."""
    return torch.zeros(x.shape[0], x.shape[1], dtype=x.dtype, device=x.device)


@mistake(zeros_like_input, says="gradient")
def zeros_computed_from_x(x):
    """You copied x and set the copy to zero. PyTorch remembers where a copy comes from, so the zeros stay tied to x and
    keep its history in memory."""
    return x.clone().zero_()
