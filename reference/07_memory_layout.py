"""Memory layout: strides, views and copies."""

import torch
from jaxtyping import Shaped
from torch import Tensor

from dojo.authoring import mistake, variant


def row_major_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Predict the strides of a new tensor from its shape, with plain Python and no tensors.

    In memory, the numbers of a tensor lie in one long line. A new tensor is laid out row-major: the numbers of a row
    lie side by side, then comes the next row. The stride of a dimension says how many places to go on in this line
    when the index of that dimension grows by 1.

    Args:
        shape: the size of each dimension, as a tuple. Every size is at least 1, and () is a shape as well. The sizes
            may be larger than any memory: nothing is made, only counted.

    Returns:
        A tuple with one stride (an int) for each dimension. A stride counts places, each of which holds one number; it
        does not count bytes. A dimension of size 1 follows the same rule as any other.

    The strides of PyTorch are explained at https://docs.pytorch.org/docs/stable/tensor_view.html

    Example:
        >>> row_major_strides((2, 3, 4))
        (12, 4, 1)
    """
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    return tuple(strides)


def is_row_major(x: Shaped[Tensor, "*shape"]) -> bool:
    """Say whether the numbers of x lie in memory as those of a new tensor do: in order, row by row, without a gap.

    PyTorch calls such a tensor contiguous, and this function agrees with PyTorch. You find it out yourself, from
    `x.shape` and `x.stride()`: in this function `is_contiguous` is closed to you.

    Args:
        x: a tensor of any shape and dtype. It may be a part of a larger tensor.

    Returns:
        True or False, a Python bool. Three things make no difference: where in memory the first number of x lies, what
        lies around x, and the stride of a dimension of size 1, for in that dimension nobody ever takes a step. A tensor
        without numbers (one of its sizes is 0) is always row-major.

    Example:
        >>> x = torch.zeros(2, 3)
        >>> is_row_major(x), is_row_major(x.T)
        (True, False)
    """
    expected = 1
    for size, stride in zip(reversed(x.shape), reversed(x.stride())):
        if size != 1 and stride != expected:
            return x.numel() == 0
        expected *= size
    return True


def flatten_view(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, " n"]:
    """Put all numbers of x into one dimension, row by row, without copying any of them.

    Args:
        x: a tensor of any shape and dtype. It may be a part of a larger tensor, and () is a shape as well.

    Returns:
        A view of x, shape (n,), where n is how many numbers x has. It lies in the memory of x: what is written into
        one of the two shows in the other, and a gradient flows back to x (kata 11). A view has one stride for its one
        dimension. So it exists if, from each number to the next one, row by row, the way in memory is equally long. For
        the vector `x[::2]` the way is 2, and there is a view. For x of shape (), and for x without numbers, there is
        one as well.

    Raises:
        ValueError: if there is no such view. A copy is never made.

    Example:
        >>> x = torch.tensor([[1, 2], [3, 4]])
        >>> flatten_view(x)[0] = 10
        >>> x
        tensor([[10,  2],
                [ 3,  4]])
    """
    try:
        return x.view(-1)
    except RuntimeError:
        raise ValueError(f"no view: shape {tuple(x.shape)} with strides {x.stride()}") from None


def flatten_any(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, " n"]:
    """Put all numbers of x into one dimension, row by row, however they lie in memory.

    Args:
        x: a tensor of any shape and dtype. It may be a part of a larger tensor, and () is a shape as well.

    Returns:
        A tensor of shape (n,), where n is how many numbers x has, in the order in which x shows them: row by row. It
        may be a view or a copy, and a gradient flows back to x (kata 11). It has the dtype and the device of x. x
        itself stays where it is in memory, with its shape and its strides.

    Example:
        >>> flatten_any(torch.tensor([[1, 2, 3], [4, 5, 6]]).T)
        tensor([1, 4, 2, 5, 3, 6])
    """
    return x.reshape(-1)


def shares_memory(a: Shaped[Tensor, "*first"], b: Shaped[Tensor, "*second"]) -> bool:
    """Say whether two tensors lie in the same piece of memory.

    A tensor keeps its numbers in a piece of memory that is called its storage. A view has the storage of the tensor
    that it was taken from, whatever part of it the view shows. A copy has a storage of its own.

    Args:
        a: a tensor of any shape and dtype, with at least one number.
        b: another one, on the same device. Its shape, its strides and its dtype may differ from those of a.

    Returns:
        True if a and b have one storage, else False; a Python bool. Two views of one storage count as sharing, even if
        they show different parts of it. Two tensors that only hold equal numbers do not.

    Example:
        >>> x = torch.zeros(4)
        >>> shares_memory(x[:2], x[2:]), shares_memory(x, x.clone())
        (True, False)
    """
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def transposed_copy(x: Shaped[Tensor, "*batch m n"]) -> Shaped[Tensor, "*batch n m"]:
    """Swap the last two dimensions of x, and lay the result out anew in memory of its own.

    Args:
        x: a tensor of shape (..., m, n), with any number of dimensions in front, or none, and of any dtype. It has at
            least one number. It may be a part of a larger tensor, or a transposed tensor itself.

    Returns:
        A new tensor of shape (..., n, m), row-major (contiguous), with the dtype and the device of x. It never lies in
        the memory of x, also where m or n is 1: what is written into one of the two does not show in the other. A
        gradient flows back to x (kata 11). x itself stays where it is in memory, with its shape and its strides.

    Example:
        >>> result = transposed_copy(torch.tensor([[1, 2, 3], [4, 5, 6]]))
        >>> result
        tensor([[1, 4],
                [2, 5],
                [3, 6]])
        >>> result.stride()
        (2, 1)
    """
    return x.transpose(-1, -2).clone(memory_format=torch.contiguous_format)


def sliding_windows(x: Shaped[Tensor, " n"], size: int) -> Shaped[Tensor, "windows size"]:
    """Show every piece of x that is `size` numbers long, without copying any number.

    Args:
        x: a vector of n numbers, of any dtype. It may be a part of a larger tensor, and there may be gaps between its
            numbers in memory.
        size: how many numbers a window shows, from 1 to n.

    Returns:
        A view of x, shape (n - size + 1, size). Row i holds the numbers of x from place i on. Windows overlap, and
        still no number is copied: what is written into x shows in every window that holds that place, and what is
        written into a window shows in x. A gradient flows back to x (kata 11).

    Example:
        >>> sliding_windows(torch.tensor([1, 2, 3, 4]), 3)
        tensor([[1, 2, 3],
                [2, 3, 4]])
    """
    return x.unfold(0, size, 1)  # (n - size + 1, size)


BANNED = {"is_row_major": {"is_contiguous": "find out from the strides"}}

HINTS = {
    "row_major_strides": [
        "In a new matrix, how far is it in memory from a number to the one below it? One whole row.",
        "The last stride is 1. Each stride is the product of all sizes to its right: (2, 3, 4) gives (3·4, 4, 1).",
        "Go through the shape from the right with step = 1: put step in front of the result, then step *= size.",
    ],
    "is_row_major": [
        "You have just written which strides a new tensor of this shape would have. When may they differ?",
        "Compare stride and size, one dimension after the other. Size 1: any stride will do. Any size 0: always True.",
        "Go from the right with expected = 1. Where size != 1 and stride != expected, it is False. expected *= size.",
    ],
    "flatten_view": [
        "Of the two ways to change a shape that you know, one copies if it must, and the other one refuses.",
        "The new shape is (n,), or -1 for short. What refuses raises a RuntimeError: turn it into a ValueError.",
        "try: return the view of x with shape -1. except RuntimeError: raise ValueError.",
    ],
    "flatten_any": [
        "Here a copy is welcome where no view exists. One of the two ways to change a shape makes it for you.",
        "(2, 3, 4) becomes (24,), and () becomes (1,). -1 stands for the size that is left.",
        "Call reshape with -1.",
    ],
    "shares_memory": [
        "Do not ask where the two tensors begin. Ask for the piece of memory that each of them lies in.",
        "`x.untyped_storage()` is that piece, and its `data_ptr()` is the address where it starts.",
        "Compare a.untyped_storage().data_ptr() with that of b, and return the bool.",
    ],
    "transposed_copy": [
        "transpose gives a view, and contiguous() copies only if it must. Which step always makes a copy?",
        "(..., m, n) becomes (..., n, m). With m = 1 it is row-major at once, and contiguous() gives the old memory.",
        "Transpose -1 and -2, then clone with memory_format=torch.contiguous_format. A plain clone keeps the strides.",
    ],
    "sliding_windows": [
        "One step to the right goes on by one number of x. How far goes one step down?",
        "Shape (n - size + 1, size). Both strides are the stride of x: window i starts at place i.",
        "Look up Tensor.unfold: dimension 0, windows of `size`, one place further each time.",
    ],
}


# row_major_strides


@variant(row_major_strides)
def products_of_slices(shape):
    import math

    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))


@variant(row_major_strides)
def strides_by_recursion(shape):
    if not shape:
        return ()
    rest = strides_by_recursion(shape[1:])
    return (rest[0] * shape[1] if rest else 1, *rest)


@variant(row_major_strides)
def accumulated_from_the_right(shape):
    from itertools import accumulate
    from operator import mul

    return tuple(accumulate((1, *shape[:0:-1]), mul))[::-1] if shape else ()


@variant(row_major_strides)
def strides_filled_in_a_list(shape):
    strides = [1] * len(shape)
    for place in range(len(shape) - 2, -1, -1):
        strides[place] = strides[place + 1] * shape[place + 1]
    return tuple(strides)


@variant(row_major_strides)
def on_a_device_without_memory(shape):
    return torch.empty(shape, device="meta").stride()


@mistake(row_major_strides, says="The last dimension has stride 1")
def strides_reversed(shape):
    """You built the strides from the right and left them in that order. The last dimension has the smallest stride."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(strides)


@mistake(row_major_strides, says="The last dimension has stride 1")
def column_major(shape):
    """You started at the left: the first dimension runs fastest. That is how Fortran and MATLAB lay a matrix out."""
    strides, step = [], 1
    for size in shape:
        strides.append(step)
        step *= size
    return tuple(strides)


@mistake(row_major_strides, says="does not count bytes")
def strides_in_bytes(shape):
    """You counted bytes, 4 for a float32. NumPy's strides are in bytes; PyTorch's count numbers."""
    strides, step = [], 4
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    return tuple(strides)


@mistake(row_major_strides, says="product of the sizes to its right")
def own_size_included(shape):
    """You multiplied each dimension's own size in as well. A stride is made of the sizes to its right only."""
    import math

    return tuple(math.prod(shape[place:]) for place in range(len(shape)))


@mistake(row_major_strides, says="product of the sizes to its right")
def the_size_to_the_right_only(shape):
    """You took the next size as the stride. That is right for a matrix; with more dimensions all sizes to the right
    count."""
    return (*shape[1:], 1) if shape else ()


@mistake(row_major_strides, says="product of the sizes to its right")
def sizes_added_up(shape):
    """You added the sizes to the right. A row of rows has as many numbers as their product."""
    return tuple(sum(shape[place + 1 :]) or 1 for place in range(len(shape)))


@mistake(row_major_strides, says="The last dimension has stride 1")
def the_shape_itself(shape):
    """You returned the shape. The shape says how many indices there are, the stride how far it is from one to the
    next."""
    return tuple(shape)


@mistake(row_major_strides, says="product of the sizes to its right")
def strides_of_a_matrix_only(shape):
    """You wrote it for a matrix: (columns, 1). A shape may have any number of dimensions."""
    return (shape[-1], 1)


@mistake(row_major_strides, says="size 1")
def size_1_has_stride_0(shape):
    """You gave a dimension of size 1 the stride 0, as broadcasting does when it stretches it. A new tensor has the
    product there too."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.insert(0, 0 if size == 1 else step)
        step *= size
    return tuple(strides)


@mistake(row_major_strides, says="size 1")
def size_1_has_stride_1(shape):
    """You gave a dimension of size 1 the stride 1. No step is taken there, but PyTorch writes down the product all the
    same."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.insert(0, 1 if size == 1 else step)
        step *= size
    return tuple(strides)


@mistake(row_major_strides, says="a tuple")
def strides_in_a_list(shape):
    """You collected the strides in a list and returned it. Strides are a tuple: wrap the list in tuple(...)."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    return strides


@mistake(row_major_strides, says="no dimensions")
def no_dimensions_forgotten(shape):
    """You started with the 1 of the last dimension. A shape without dimensions has no last one, and so no stride."""
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * size)
    return tuple(strides)


@mistake(row_major_strides, says="Nothing is made")
def measured_on_a_real_tensor(shape):
    """You made a tensor and asked it. That takes the memory of all its numbers, only to count places."""
    return torch.empty(shape).stride()


@mistake(row_major_strides, says="as many digits as it needs")
def divided_as_floats(shape):
    """You divided with /, and made an int of each result. On the way it is a float, which rounds large numbers. //
    stays with ints."""
    import math

    strides, rest = [], math.prod(shape)
    for size in shape:
        rest = int(rest / size)
        strides.append(rest)
    return tuple(strides)


@mistake(row_major_strides, says="It counts numbers")
def strides_divided_out(shape):
    """You divided the number of all places by one size after the other, with /. In Python that gives floats: use //."""
    import math

    strides, rest = [], math.prod(shape)
    for size in shape:
        rest = rest / size
        strides.append(rest)
    return tuple(strides)


# is_row_major


@variant(is_row_major)
def sizes_of_1_left_out(x):
    dims = [(size, stride) for size, stride in zip(x.shape, x.stride()) if size != 1]
    wanted = row_major_strides(tuple(size for size, _ in dims))
    return 0 in x.shape or [stride for _, stride in dims] == list(wanted)


@variant(is_row_major)
def contiguous_gives_itself(x):
    return x.contiguous() is x


@variant(is_row_major)
def contiguous_stays_in_place(x):
    return x.numel() == 0 or x.contiguous().data_ptr() == x.data_ptr()


@variant(is_row_major)
def like_a_fresh_one_elsewhere(x):
    fresh = torch.empty(x.shape, device="meta").stride()
    return not x.numel() or all(a == b or size < 2 for a, b, size in zip(x.stride(), fresh, x.shape))


@variant(is_row_major)
def place_of_every_number(x):
    from itertools import product

    places = [
        sum(index * stride for index, stride in zip(indices, x.stride()))
        for indices in product(*(range(size) for size in x.shape))
    ]
    return places == list(range(x.numel()))


@mistake(is_row_major, says="asks you to find out from the strides")
def asked_pytorch(x):
    """You asked PyTorch itself. Its answer is right, of course; here you find out what it looks at."""
    return x.is_contiguous()


@mistake(is_row_major, says="stride of a dimension of size 1")
def strides_compared_one_by_one(x):
    """You compared all strides with those of a new tensor. The stride of a dimension of size 1 is never used, so it may
    be anything."""
    return x.stride() == row_major_strides(tuple(x.shape))


@mistake(is_row_major, says="without numbers")
def empty_tensors_measured(x):
    """You compared the strides of a tensor without numbers. There is nothing that could lie in a wrong order."""
    expected = 1
    for size, stride in zip(reversed(x.shape), reversed(x.stride())):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True


@mistake(is_row_major, says="without a gap")
def strides_only_descend(x):
    """You checked that the strides get smaller from left to right. That is the right order, but it allows gaps."""
    from itertools import pairwise

    strides = [stride for size, stride in zip(x.shape, x.stride()) if size > 1]
    return x.numel() == 0 or all(left > right for left, right in pairwise(strides))


@mistake(is_row_major, says="without a gap")
def only_the_last_stride(x):
    """You looked at the last stride alone. If it is 1, the rows have no gaps inside, but there may be gaps between
    them."""
    return x.numel() <= 1 or x.ndim == 0 or x.shape[-1] == 1 or x.stride(-1) == 1


@mistake(is_row_major, says="Every dimension counts")
def only_the_first_stride(x):
    """You looked at the first stride alone. Inside the first dimension, the other ones may be in any order."""
    if x.numel() == 0 or x.ndim == 0 or x.shape[0] == 1:
        return True
    return x.stride(0) * x.shape[0] == x.numel()


@mistake(is_row_major, says="without a gap")
def whether_a_view_would_do(x):
    """You tried `view(-1)`. It also works with gaps, if all of them are equally wide, as in `x[::2]`."""
    try:
        x.view(-1)
        return True
    except RuntimeError:
        return False


@mistake(is_row_major, says="where in memory")
def it_must_start_at_0(x):
    """You asked that x starts where its memory starts. A part of a larger tensor may start anywhere."""
    return x.storage_offset() == 0 and _is_row_major(x)


@mistake(is_row_major, says="what lies around")
def all_of_the_memory(x):
    """You asked that x fills the whole memory. A part of a larger tensor leaves the rest to others."""
    return x.untyped_storage().nbytes() == x.numel() * x.element_size() and _is_row_major(x)


@mistake(is_row_major, says="in order")
def only_without_gaps(x):
    """You compared the size of the memory with the number of numbers. A transposed matrix has no gaps either, but its
    numbers are not in order."""
    return x.untyped_storage().nbytes() == x.numel() * x.element_size()


@mistake(is_row_major, says="in order")
def strides_in_any_order(x):
    """You compared the strides without regard to their order. A transposed matrix has the same strides, in another
    order."""
    return x.numel() == 0 or sorted(x.stride()) == sorted(row_major_strides(tuple(x.shape)))


@mistake(is_row_major, says="stretched")
def stretched_tensors_pass(x):
    """You let a stride of 0 pass. A stretched tensor reads one number many times; a new tensor has each in a place of
    its own."""
    expected = 1
    for size, stride in zip(reversed(x.shape), reversed(x.stride())):
        if size != 1 and stride not in (expected, 0):
            return x.numel() == 0
        expected *= size
    return True


@mistake(is_row_major, says="row by row")
def whether_it_is_a_view(x):
    """You asked whether x is a view of another tensor. A view may be row-major too, and `x._base` is not for users."""
    return x._base is None


@mistake(is_row_major, says="any number of dimensions")
def last_two_dimensions_only(x):
    """You looked at the last two dimensions, as if every tensor were a matrix."""
    return _is_row_major(x) if x.ndim < 3 else _is_row_major(x[(0,) * (x.ndim - 2)])


_is_row_major = is_row_major


# flatten_view


@variant(flatten_view)
def reshaped_and_checked(x):
    flat = x.reshape(-1)
    if flat.untyped_storage().data_ptr() != x.untyped_storage().data_ptr():
        raise ValueError("reshape had to copy")
    return flat


@variant(flatten_view)
def flattened_and_checked(x):
    flat = torch.flatten(x)
    if flat.data_ptr() != x.data_ptr():
        raise ValueError
    return flat


@variant(flatten_view)
def view_with_the_count(x):
    try:
        return x.view(x.numel())
    except RuntimeError as error:
        raise ValueError(str(error)) from error


@variant(flatten_view)
def one_stride_for_all(x):
    from itertools import pairwise

    if x.numel() == 0:
        return x.as_strided((0,), (1,))
    dims = [(size, stride) for size, stride in zip(x.shape, x.stride()) if size > 1]
    for (_, stride), (inner_size, inner) in pairwise(dims):
        if stride != inner * inner_size:
            raise ValueError(f"strides {x.stride()} of shape {tuple(x.shape)} do not merge")
    return x.as_strided((x.numel(),), (dims[-1][1] if dims else 1,), x.storage_offset())


@mistake(flatten_view, says="a copy is never made")
def reshape_for_a_view(x):
    """You used `reshape` or `flatten`. They return a copy where no view exists, and do not tell."""
    return x.reshape(-1)


@mistake(flatten_view, says="ValueError")
def error_of_view_passed_on(x):
    """You called `view` and left its error as it is, a RuntimeError. The docstring promises a ValueError."""
    return x.view(-1)


@mistake(flatten_view, says="in the memory of x")
def contiguous_first(x):
    """You called `contiguous()` before `view`, as people do to silence the error. It copies whenever x is not
    row-major."""
    return x.contiguous().view(-1)


@mistake(flatten_view, says="in the memory of x")
def always_a_copy(x):
    """You copied the numbers. It looks right when printed, but what is written into it never reaches x."""
    return x.reshape(-1).clone()


@mistake(flatten_view, says="equally long")
def only_if_row_major(x):
    """You refused every x that is not row-major. A view may have any stride, as long as one stride serves for all
    steps."""
    if not is_row_major(x):
        raise ValueError("not contiguous")
    return x.view(-1)


@mistake(flatten_view, says="equally long")
def only_a_new_layout(x):
    """You compared the strides with those of a new tensor, and refused all others. A view may have any stride, as long
    as one stride serves for all steps."""
    if x.stride() != row_major_strides(tuple(x.shape)):
        raise ValueError("not row-major")
    return x.view(-1)


@mistake(flatten_view, says="as x shows them")
def in_the_order_of_memory(x):
    """You read n places of memory from the first number on. That is the order of memory, not the order of x, and with
    gaps it takes in numbers that are not part of x."""
    return x.as_strided((x.numel(),), (1,))


@mistake(flatten_view, says="starts")
def from_the_start_of_memory(x):
    """You began where the memory begins. A part of a larger tensor begins further on, at `x.storage_offset()`."""
    if not is_row_major(x):
        return _flatten_view(x)
    return x.as_strided((x.numel(),), (1,), 0)


@mistake(flatten_view, says="one dimension")
def first_dimension_kept(x):
    """You kept the first dimension, as one does with a batch. Here all numbers go into one dimension."""
    return x.view(x.shape[0], -1) if x.ndim else x.view(1)


@mistake(flatten_view, says="one dimension")
def a_matrix_of_one_row(x):
    """You made a matrix with one row, shape (1, n). A vector has one dimension, (n,)."""
    return x.view(1, -1)


@mistake(flatten_view, says="column by column")
def columns_first(x):
    """You transposed x first. The numbers then come out column by column."""
    return _flatten_view(x.permute(*reversed(range(x.ndim))))


@mistake(flatten_view, says="changed its input")
def x_itself_flattened(x):
    """You changed the shape of x itself, with `resize_` or the like. The caller's x has lost its rows."""
    return x.resize_(x.numel())


@mistake(flatten_view, says="gradient")
def view_without_gradient(x):
    """You took the view of `x.data` or of `x.detach()`. It shares the memory, but no gradient finds back to x."""
    return _flatten_view(x.detach())


@mistake(flatten_view, says="without numbers")
def steps_of_an_empty_tensor(x):
    """You compared the strides of a tensor without numbers. No step is ever taken in it, so nothing can be wrong."""
    from itertools import pairwise

    dims = [(size, stride) for size, stride in zip(x.shape, x.stride()) if size != 1]
    for (_, stride), (inner_size, inner) in pairwise(dims):
        if stride != inner * inner_size:
            raise ValueError("no view")
    return _flatten_view(x)


@mistake(flatten_view, says="one stride is enough")
def size_1_measured_too(x):
    """You compared the strides of all dimensions. In a dimension of size 1 no step is taken: leave it out."""
    sizes, strides = x.shape, x.stride()
    for place in range(x.ndim - 1):
        if x.numel() and strides[place] != strides[place + 1] * sizes[place + 1]:
            raise ValueError("no view")
    return _flatten_view(x)


_flatten_view = flatten_view


# flatten_any


@variant(flatten_any)
def with_flatten(x):
    return x.flatten()


@variant(flatten_any)
def contiguous_then_view(x):
    return x.contiguous().view(x.numel())


@variant(flatten_any)
def picked_by_a_mask(x):
    return x[torch.ones_like(x, dtype=torch.bool)].reshape(-1)


@variant(flatten_any)
def stacked_one_by_one(x):
    from itertools import product

    numbers = [x[index] for index in product(*(range(size) for size in x.shape))]
    return torch.stack(numbers) if numbers else x.new_zeros(0)


@variant(flatten_any)
def always_cloned(x):
    return torch.clone(x).ravel()


@mistake(flatten_any, says="however they lie in memory")
def view_of_anything(x):
    """You used `view`. It never copies, so it stops with an error where one stride does not serve for all steps."""
    return x.view(-1)


@mistake(flatten_any, says="however they lie in memory")
def refused_without_a_view(x):
    """You used `flatten_view`, which refuses where no view exists. Here a copy is welcome."""
    return flatten_view(x)


@mistake(flatten_any, says="however they lie in memory")
def contiguous_dropped(x):
    """You called `contiguous()` and did not keep what it returns. It never changes x itself: it gives you another
    tensor."""
    x.contiguous()
    return x.view(-1)


@mistake(flatten_any, says="in the order in which x shows them")
def as_memory_has_them(x):
    """You read n places of memory in a line, from the first number on. For a transposed x that is another order, and
    with gaps it takes in numbers that are not part of x."""
    try:
        return x.as_strided((x.numel(),), (1,))
    except RuntimeError:
        return x.as_strided((x.numel(),), (1,), 0)


@mistake(flatten_any, says="in the order in which x shows them")
def the_whole_storage(x):
    """You returned all that lies in the memory of x. A part of a larger tensor has only some of it, and a transposed
    one reads it in another order."""
    return torch.tensor([], dtype=x.dtype, device=x.device).set_(x.untyped_storage())


@mistake(flatten_any, says="row by row")
def column_by_column(x):
    """You turned the dimensions round first, so the numbers come out column by column."""
    return x.permute(*reversed(range(x.ndim))).reshape(-1)


@mistake(flatten_any, says="one dimension")
def batch_kept(x):
    """You kept the first dimension, as one does with a batch. Here all numbers go into one dimension."""
    return x.reshape(x.shape[0], -1) if x.ndim else x.reshape(1)


@mistake(flatten_any, says="one dimension")
def flattened_into_a_row(x):
    """You made a matrix with one row, shape (1, n). A vector has one dimension, (n,)."""
    return x.reshape(1, -1)


@mistake(flatten_any, says="one dimension")
def flattened_into_a_column(x):
    """You made a matrix with one column, shape (n, 1). A vector has one dimension, (n,)."""
    return x.reshape(-1, 1)


@mistake(flatten_any, says="shape ()")
def single_number_left_alone(x):
    """You left a tensor of one dimension or none as it was. A single number of shape () becomes a vector of one."""
    return x if x.ndim < 2 else x.reshape(-1)


@mistake(flatten_any, says="size 1")
def squeezed_too(x):
    """You squeezed the result. If x has one number, its one dimension is gone too, and the shape is ()."""
    return x.reshape(-1).squeeze() if x.ndim else x.reshape(-1)


@mistake(flatten_any, says="dtype of x")
def through_a_list(x):
    """You went through a Python list. On the way back PyTorch guesses the dtype, and float16 becomes float32."""
    return torch.tensor(x.flatten().tolist())


@mistake(flatten_any, says="dtype of x")
def through_numpy(x):
    """You went through a NumPy array. NumPy has no bfloat16, and no gradient finds back to x from there."""
    return torch.from_numpy(x.detach().cpu().numpy().flatten())


@mistake(flatten_any, says="gradient")
def flattened_without_gradient(x):
    """You took `x.data` or `x.detach()`. The numbers are right, but no gradient finds back to x."""
    return x.detach().reshape(-1)


@mistake(flatten_any, says="stays where it is")
def x_moved_to_new_memory(x):
    """You made x itself contiguous, by assigning to `x.data`. Now the caller's x lies in new memory, and is a view of
    nothing."""
    x.data = x.contiguous()
    return x.view(-1)


# shares_memory


@variant(shares_memory)
def storages_compared(a, b):
    return a.untyped_storage()._cdata == b.untyped_storage()._cdata


@variant(shares_memory)
def asked_pytorch_inside(a, b):
    return torch._C._is_alias_of(a, b)


@variant(shares_memory)
def start_of_storage_computed(a, b):
    starts = {x.data_ptr() - x.storage_offset() * x.element_size() for x in (a, b)}
    return len(starts) == 1


@mistake(shares_memory, says="whatever part of it")
def first_numbers_compared(a, b):
    """You compared `data_ptr()` of the tensors. That is where the first number of each lies, and a view may begin
    anywhere."""
    return a.data_ptr() == b.data_ptr()


@mistake(shares_memory, says="a view of it have one storage")
def equal_values(a, b):
    """You compared the numbers. A copy holds the same numbers, in memory of its own."""
    return a.shape == b.shape and bool(torch.equal(a, b))


@mistake(shares_memory, says="a tensor and a view of it")
def same_object(a, b):
    """You asked with `is` whether both are the same Python object. A view is an object of its own, and shares the
    memory."""
    return a is b


@mistake(shares_memory, says="views of one tensor")
def one_made_from_the_other(a, b):
    """You asked whether one is the base of the other. PyTorch writes down one base for all views, and none for the
    base itself."""
    return a is b or a._base is b or b._base is a


@mistake(shares_memory, says="detach")
def same_base(a, b):
    """You compared `_base`. It belongs to the gradient machinery: `detach()` shares memory and has no base."""
    return (a if a._base is None else a._base) is (b if b._base is None else b._base)


@mistake(shares_memory, says="different parts")
def parts_that_overlap(a, b):
    """You asked whether the two parts overlap. Two parts of one storage may lie side by side, and still share it."""
    first, last = _reach(a)
    other_first, other_last = _reach(b)
    return first <= other_last and other_first <= last


def _reach(x):
    """The addresses of the first and the last number of x."""
    last = sum((size - 1) * stride for size, stride in zip(x.shape, x.stride()))
    return x.data_ptr(), x.data_ptr() + last * x.element_size()


@mistake(shares_memory, says="different parts")
def the_same_numbers(a, b):
    """You asked, as `numpy.shares_memory` does, whether some number belongs to both. Here the storage counts."""
    return bool(_addresses(a) & _addresses(b))


def _addresses(x):
    """The address of every number of x."""
    from itertools import product

    return {
        x.data_ptr() + x.element_size() * sum(index * stride for index, stride in zip(indices, x.stride()))
        for indices in product(*(range(size) for size in x.shape))
    }


@mistake(shares_memory, says="a storage of its own")
def storages_of_equal_size(a, b):
    """You compared how large the storages are. Two pieces of memory may be equally large."""
    return a.untyped_storage().nbytes() == b.untyped_storage().nbytes()


@mistake(shares_memory, says="whatever part of it")
def same_place_in_storage(a, b):
    """You compared how far from the start each one begins. Two different storages have a place 0 each."""
    return a.storage_offset() == b.storage_offset()


@mistake(shares_memory, says="whatever part of it")
def tried_by_writing(a, b):
    """You wrote into a and looked whether b changed. That shows only whether the first number of a belongs to b."""
    before = b.detach().clone()
    place = (0,) * a.ndim
    with torch.no_grad():
        old = a[place].item()
        a[place] = 1 if old == 0 else 0
        changed = not torch.equal(before, b)
        a[place] = old
    return changed


@mistake(shares_memory, says="The order of the two")
def second_begins_inside_the_first(a, b):
    """You asked whether b begins between the first and the last number of a. It may begin before, or after."""
    first, last = _reach(a)
    return first <= b.data_ptr() <= last


@mistake(shares_memory, says="dtype")
def dtypes_must_agree(a, b):
    """You compared the dtypes as well. A view may read the same memory as another dtype."""
    return a.dtype == b.dtype and a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


@mistake(shares_memory, says="bool")
def one_or_zero(a, b):
    """You returned 1 or 0. Python takes them for true and false in an `if`, but a bool is asked for."""
    return 1 if a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr() else 0


@mistake(shares_memory, says="a storage of its own")
def same_device_and_dtype(a, b):
    """You compared device and dtype. They say what kind of memory it is, not which piece."""
    return a.device == b.device and a.dtype == b.dtype


# transposed_copy


@variant(transposed_copy)
def cloned_then_contiguous(x):
    return x.clone().transpose(-2, -1).contiguous().clone()


@variant(transposed_copy)
def copied_into_new_memory(x):
    result = torch.empty(*x.shape[:-2], x.shape[-1], x.shape[-2], dtype=x.dtype, device=x.device)
    result.copy_(x.mT)
    return result


@variant(transposed_copy)
def columns_stacked(x):
    return torch.stack(x.unbind(-1), dim=-2)


@variant(transposed_copy)
def contiguous_and_cloned_if_needed(x):
    result = x.swapaxes(-1, -2).contiguous()
    if result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr():
        result = result.clone()
    return result


@variant(transposed_copy)
def gathered_by_index(x):
    m, n = x.shape[-2:]
    places = torch.arange(m * n, device=x.device).view(m, n).t().flatten()
    return x.flatten(-2).index_select(-1, places).view(*x.shape[:-2], n, m)


@mistake(transposed_copy, says="row-major")
def only_a_view(x):
    """You returned the transposed view. The numbers have not moved, so they are not in the order of their rows."""
    return x.transpose(-1, -2)


@mistake(transposed_copy, says="row-major")
def clone_keeps_the_strides(x):
    """You cloned the transposed view. `clone` makes new memory, but it keeps the order in which the numbers lay."""
    return x.transpose(-1, -2).clone()


@mistake(transposed_copy, says="row-major")
def cloned_before_the_transpose(x):
    """You cloned first and transposed afterwards. The memory is new, but the transpose is a view again."""
    return x.clone().transpose(-1, -2)


@mistake(transposed_copy, says="row-major")
def empty_like_the_view(x):
    """You made new memory with `empty_like`, `zeros_like` or `ones_like` of the view. They keep the strides of what
    they are given."""
    turned = x.transpose(-1, -2)
    return torch.empty_like(turned).copy_(turned)


@mistake(transposed_copy, says="always new memory")
def contiguous_only_if_it_must(x):
    """You called `contiguous()`, which copies only if it must. The transpose of a single row, or of a transposed
    matrix, is row-major already: then you get the memory of x."""
    return x.transpose(-1, -2).contiguous()


@mistake(transposed_copy, says="always new memory")
def reshape_as_a_copy(x):
    """You took `reshape` for a copy. It returns a view whenever it can."""
    turned = x.transpose(-1, -2)
    return turned.reshape(turned.numel()).reshape(turned.shape)


@mistake(transposed_copy, says="columns become rows")
def reshaped_for_transposed(x):
    """You gave the numbers the new shape. They stay in their order, and only the rows break in other places."""
    return x.reshape(*x.shape[:-2], x.shape[-1], x.shape[-2]).clone(memory_format=torch.contiguous_format)


@mistake(transposed_copy, says="last two dimensions")
def first_two_dimensions(x):
    """You swapped dimensions 0 and 1. In a batch these are not the last two: count from the right, -1 and -2."""
    return x.transpose(0, 1).clone(memory_format=torch.contiguous_format)


@mistake(transposed_copy, says="last two dimensions")
def all_dimensions_reversed(x):
    """You turned the order of all dimensions round, as `.T` does in NumPy. The batch ended up last."""
    return x.permute(*reversed(range(x.ndim))).clone(memory_format=torch.contiguous_format)


@mistake(transposed_copy, says="columns become rows")
def copied_but_not_transposed(x):
    """You copied x as it is. The two dimensions have not been swapped."""
    return x.clone(memory_format=torch.contiguous_format)


@mistake(transposed_copy, says="gradient")
def detached_copy(x):
    """You detached the copy, or built it from `x.data`. It has memory of its own, and no gradient finds back to x."""
    return _transposed_copy(x.detach())


@mistake(transposed_copy, says="dtype of x")
def copied_into_float32(x):
    """You made the new memory without naming a dtype, so it is float32."""
    return torch.empty(*x.shape[:-2], x.shape[-1], x.shape[-2], device=x.device).copy_(x.transpose(-1, -2))


@mistake(transposed_copy, says="where x lives")
def copied_to_the_cpu(x):
    """You made the new memory without naming a device, so it lies on the CPU. Nothing shows until x lies elsewhere."""
    return torch.empty(*x.shape[:-2], x.shape[-1], x.shape[-2], dtype=x.dtype).copy_(x.transpose(-1, -2))


@mistake(transposed_copy, says="stays where it is")
def x_itself_moved(x):
    """You made x itself contiguous, by assigning to `x.data`. Now the caller's x lies in new memory, and is a view of
    nothing."""
    x.data = x.contiguous()
    return _transposed_copy(x)


@mistake(transposed_copy, says="changed its input")
def transposed_in_place(x):
    """You used `transpose_`, `t_` or the like, which turns the caller's own x round. Use the name without the
    underscore."""
    return x.transpose_(-1, -2).clone(memory_format=torch.contiguous_format)


_transposed_copy = transposed_copy


# sliding_windows


@variant(sliding_windows)
def with_as_strided(x, size):
    step = x.stride(0)
    return x.as_strided((len(x) - size + 1, size), (step, step))


@variant(sliding_windows)
def unfolded_by_the_function(x, size):
    return torch.Tensor.unfold(x, dimension=-1, size=size, step=1)


@variant(sliding_windows)
def unfolded_as_a_column(x, size):
    return x.unsqueeze(1).unfold(0, size, 1)[:, 0, :]


@variant(sliding_windows)
def turned_from_the_columns(x, size):
    return torch.as_strided(x, (size, x.numel() - size + 1), x.stride() * 2, x.storage_offset()).T


@mistake(sliding_windows, says="no number is copied")
def windows_stacked(x, size):
    """You cut the windows out one by one and stacked them. The result looks the same, but `stack` copies every
    number, most of them several times."""
    return torch.stack([x[start : start + size] for start in range(len(x) - size + 1)])


@mistake(sliding_windows, says="no number is copied")
def windows_by_index(x, size):
    """You made a table of places and indexed x with it. Indexing with a tensor copies."""
    starts = torch.arange(len(x) - size + 1, device=x.device)
    return x[starts[:, None] + torch.arange(size, device=x.device)]


@mistake(sliding_windows, says="no number is copied")
def contiguous_windows(x, size):
    """You made the windows contiguous, as people do to be on the safe side. That copies every number."""
    return x.unfold(0, size, 1).clone(memory_format=torch.contiguous_format)


@mistake(sliding_windows, says="overlap")
def windows_side_by_side(x, size):
    """You went on by a whole window each time, so the windows lie side by side. The next window starts one place
    further."""
    return x.unfold(0, size, size)


@mistake(sliding_windows, says="last window")
def one_window_short(x, size):
    """You counted n - size windows. The one that ends with the last number is missing: n - size + 1."""
    return x.unfold(0, size, 1)[:-1]


@mistake(sliding_windows, says="Row i")
def windows_as_columns(x, size):
    """You laid the windows down as columns. Each row is one window."""
    return x.unfold(0, size, 1).T


@mistake(sliding_windows, says="Row i")
def step_and_size_swapped(x, size):
    """You gave `unfold` the size and the step the wrong way round: it takes dimension, size, step."""
    return x.unfold(0, 1, size)


@mistake(sliding_windows, says="gaps")
def stride_1_written_down(x, size):
    """You wrote the strides down as (1, 1). Between the numbers of x there may be gaps: use the stride of x."""
    return x.as_strided((len(x) - size + 1, size), (1, 1))


@mistake(sliding_windows, says="starts")
def windows_from_the_start_of_memory(x, size):
    """You told `as_strided` to begin at place 0 of the memory. A part of a larger tensor begins further on."""
    return x.as_strided((len(x) - size + 1, size), (x.stride(0), x.stride(0)), 0)


@mistake(sliding_windows, says="Row i")
def rows_of_a_matrix(x, size):
    """You cut x into rows, as `view` would. Windows overlap: the next one starts one place further."""
    return x[: len(x) // size * size].view(-1, size)


@mistake(sliding_windows, says="Row i")
def windows_stretched(x, size):
    """You showed the first window again and again. Stride 0 stays where it is; each window starts one place
    further."""
    return x[:size].expand(len(x) - size + 1, size)


@mistake(sliding_windows, says="a tensor is asked for")
def list_of_windows(x, size):
    """You returned a Python list of views. They share the memory, but one tensor is asked for, with a row for each."""
    return [x[start : start + size] for start in range(len(x) - size + 1)]


@mistake(sliding_windows, says="gradient")
def windows_without_gradient(x, size):
    """You took the windows of `x.data` or `x.detach()`. They share the memory, but no gradient finds back to x."""
    return x.detach().unfold(0, size, 1)


@mistake(sliding_windows, says="no number is copied")
def gaps_removed_first(x, size):
    """You called `contiguous()` to be rid of the gaps. That copies x where it has gaps, and the windows show the
    copy."""
    return x.contiguous().unfold(0, size, 1)
