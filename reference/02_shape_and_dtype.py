"""Shape and dtype: read a tensor before you use it."""

import math
from typing import Any

import torch
from jaxtyping import BFloat16, Float, Float32, Int, Shaped
from torch import Tensor

from dojo.authoring import mistake, variant


def describe(x: Shaped[Tensor, "*shape"]) -> dict[str, Any]:
    """Say what a tensor is, without looking at its numbers.

    Args:
        x: a tensor of any shape, () and sizes of 0 included, and of any dtype.

    Returns:
        A new dict with exactly these four keys:
            "shape": the size of each dimension, as a tuple of ints (a torch.Size is a tuple too).
            "ndim": how many dimensions there are, an int.
            "dtype": the torch.dtype itself, such as torch.float32, and not its name as text.
            "numel": how many numbers x holds in all ("number of elements"), an int.

    Example:
        >>> described = describe(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
        >>> described["ndim"], described["dtype"], described["numel"]
        (2, torch.float32, 6)
        >>> tuple(described["shape"])
        (2, 3)
    """
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": x.numel()}


def sequence_dims(x: Shaped[Tensor, "*batch T D"]) -> tuple[int, int]:
    """Read how many tokens a sequence has, and how many numbers a token has.

    Args:
        x: one or more sequences, shape (..., T, D): T tokens of D numbers each. The dots stand for any dimensions in
            front: none, one (a batch of sequences), or more. Any size may be 0. Any dtype.

    Returns:
        (T, D), a tuple of two ints. (A torch.Size is a tuple too.)

    Example:
        >>> seq_len, d_model = sequence_dims(torch.zeros(2, 5, 4))
        >>> seq_len, d_model
        (5, 4)
    """
    return x.shape[-2], x.shape[-1]


def memory_bytes(x: Shaped[Tensor, "*shape"]) -> int:
    """Count the bytes of all the numbers in a tensor.

    One float32 takes 4 bytes. Other dtypes take more or fewer.

    Args:
        x: a tensor of any shape, () and sizes of 0 included. Its dtype is float64, float32, float16, bfloat16, int64,
            int32, int16, int8, uint8 or bool.

    Returns:
        How many bytes the numbers of x take, an int. A tensor may be a part of a larger one, and use its memory: then
        the numbers of x count, and not those of the larger one. If x shows one number in several places (`expand` does
        that), then each place counts.

    Example:
        >>> memory_bytes(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))  # 6 numbers of 4 bytes
        24
    """
    return x.numel() * x.element_size()


def bytes_for(shape: tuple[int, ...], dtype: torch.dtype) -> int:
    """Predict how many bytes a tensor will take, before it is made.

    Nothing is made to find out: the tensor may be larger than the memory of your computer.

    Args:
        shape: a tuple with the size of each dimension. It may have any length, and a size may be 0.
            A torch.Size is a tuple as well. The bytes are fewer than 2**63.
        dtype: torch.float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8 or bool.

    Returns:
        The bytes that a tensor of that shape and dtype takes, an exact int.

    Example:
        >>> bytes_for((50257, 768), torch.float32)  # the table of embeddings in GPT-2
        154389504
    """
    return math.prod(shape) * dtype.itemsize


def to_bfloat16(x: Shaped[Tensor, "*shape"]) -> BFloat16[Tensor, "*shape"]:
    """Give the same numbers as bfloat16.

    A bfloat16 has the range of a float32, but only 2 to 3 digits. Each number becomes the nearest one that bfloat16
    has: 3.14159 becomes 3.140625.

    Args:
        x: a tensor of any shape, () and sizes of 0 included, on any device. Its dtype is float64, float32, float16,
            bfloat16, int64, int32, uint8 or bool (True counts as 1, False as 0). It may hold infinity and NaN ("not a
            number"): they stay what they are. x itself is left as it is.

    Returns:
        A bfloat16 tensor with the shape and the device of x. If x is bfloat16 already, it may be x itself. If x has
        real numbers, a gradient flows back through the result to x (kata 11).

    Example:
        >>> to_bfloat16(torch.tensor([1.0, 3.14159]))
        tensor([1.0000, 3.1406], dtype=torch.bfloat16)
    """
    return x.to(torch.bfloat16)


def add_mixed(a: Float[Tensor, "*shape"], b: Float[Tensor, "*shape"]) -> Float32[Tensor, "*shape"]:
    """Add a float32 and a float16 tensor, as exactly as float32 can.

    Args:
        a: a tensor of any shape, () and sizes of 0 included. It may hold infinity and NaN.
        b: a tensor of the same shape and device, likewise. One of a and b is float32 and the other is float16; either
            may come first. Both are left as they are.

    Returns:
        A new float32 tensor of the same shape and device: a + b, with the 7 digits of float32. A gradient flows back
        to a and to b (kata 11).

    Example:
        >>> add_mixed(torch.tensor([70000.0, 1.0]), torch.tensor([1.0, 0.5], dtype=torch.float16))
        tensor([7.0001e+04, 1.5000e+00])
    """
    return a.to(torch.float32) + b.to(torch.float32)


def mean_of_ids(ids: Int[Tensor, "*shape"]) -> Float32[Tensor, ""]:
    """Take the mean of whole numbers. The mean itself may have a fraction.

    Args:
        ids: a tensor of any shape, () included, that holds at least one number. Its dtype is int64, int32, int16, int8
            or uint8. The numbers may be below 0, and as large as a few billion.

    Returns:
        The mean of all the numbers: a new float32 tensor of shape () on the device of ids. It may be wrong by a
        100,000th part of the largest number (of its size, without the sign).

    Example:
        >>> mean_of_ids(torch.tensor([1, 2, 4, 6]))
        tensor(3.2500)
    """
    return ids.to(torch.float32).mean()


BANNED: dict[str, str] = {}

HINTS = {
    "describe": [
        "A tensor answers each of these questions itself. Write x and a dot: what does your editor suggest?",
        "For shape (2, 5, 3): the tuple (2, 5, 3), 3 dimensions, and 2 · 5 · 3 = 30 numbers.",
        "A dict of `tuple(x.shape)`, `x.ndim`, `x.dtype` and `x.numel()`. Only the last one is called with ().",
    ],
    "sequence_dims": [
        "How many dimensions stand in front is not known. From which end do you have to count?",
        "In (T, D), (B, T, D) and (B, H, T, D), D is always the last size and T the one before it.",
        "Index the shape with -2 and with -1, and return the two as a tuple.",
    ],
    "memory_bytes": [
        "Two questions: how many numbers are there, and how many bytes does one of them take?",
        "(4, 3) in float16: 12 numbers, 2 bytes each, 24 bytes. The tensor knows both numbers.",
        "Multiply `x.numel()` by `x.element_size()`.",
    ],
    "bytes_for": [
        "There is no tensor to ask. What do you multiply, for the numbers of a (2, 5, 3)?",
        "The product of all sizes, times the bytes of one number. The product of no sizes, (), is 1.",
        "`math.prod` multiplies the sizes of a tuple, and `dtype.itemsize` is the bytes of one number.",
    ],
    "to_bfloat16": [
        "A tensor has a method that gives its numbers in another dtype. Does that method change the tensor itself?",
        "The shape stays. A new tensor comes out: it is the result, and x stays what it was.",
        "Return what `x.to(...)` gives, with `torch.bfloat16` as its argument.",
    ],
    "add_mixed": [
        "Which of the two dtypes can hold every number of the other one?",
        "Both become float32 first, of the same shape as before. Then they are added.",
        "Call `.to(torch.float32)` on a and on b, and return the sum of what the two calls give.",
    ],
    "mean_of_ids": [
        "PyTorch refuses the mean of an integer tensor. Read its message: what does it want to know?",
        "Make the whole numbers float32 first. The mean over all of them, without a dim, has shape ().",
        "`ids.to(torch.float32)`, and then `.mean()` of that.",
    ],
}


# describe


@variant(describe)
def with_methods(x):
    return dict(shape=x.size(), ndim=x.dim(), dtype=x.dtype, numel=x.nelement())


@variant(describe)
def all_from_the_shape(x):
    shape = tuple(x.shape)
    return {"numel": math.prod(shape), "dtype": x.dtype, "ndim": len(shape), "shape": shape}


@variant(describe)
def by_a_loop_over_the_sizes(x):
    described = {"shape": (), "ndim": 0, "dtype": x.dtype, "numel": 1}
    for size in x.shape:
        described["shape"] += (size,)
        described["ndim"] += 1
        described["numel"] *= size
    return described


@mistake(describe, says="every number in x")
def length_for_numel(x):
    """You took `len(x)` for the count. `len` gives the first size only: in a matrix, it counts the rows."""
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": len(x)}


@mistake(describe, says="not its name")
def dtype_as_text(x):
    """You turned the dtype into text. It looks the same when it is printed, but text cannot be given to PyTorch as a
    dtype, and is not equal to one."""
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": str(x.dtype), "numel": x.numel()}


@mistake(describe, says="not its name")
def type_for_dtype(x):
    """You asked Python for `type(x)`. That is torch.Tensor for every tensor. The kind of its numbers is `x.dtype`."""
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": type(x), "numel": x.numel()}


@mistake(describe, says="as a tuple")
def shape_as_a_list(x):
    """You made a list of the sizes. The docstring asks for a tuple, and to Python [2, 3] and (2, 3) are not equal."""
    return {"shape": list(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": x.numel()}


@mistake(describe, says="as a tuple")
def shape_backwards(x):
    """You have the sizes from the inside out. The outermost dimension comes first: (rows, columns)."""
    return {"shape": tuple(reversed(x.shape)), "ndim": x.ndim, "dtype": x.dtype, "numel": x.numel()}


@mistake(describe, says="how many dimensions")
def first_size_for_ndim(x):
    """You gave the first size as the number of dimensions. The number of dimensions is how many sizes there are."""
    return {"shape": tuple(x.shape), "ndim": x.shape[0], "dtype": x.dtype, "numel": x.numel()}


@mistake(describe, says="every number in x")
def method_not_called(x):
    """You wrote `x.numel` without (). `shape`, `ndim` and `dtype` are stored values, but `numel` has to be called."""
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": x.numel}


@mistake(describe, says="every number in x")
def numel_in_a_tensor(x):
    """You computed the count with PyTorch, and left it in a tensor. An int is asked for: `.item()` gives it."""
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": torch.tensor(x.shape).prod()}


@mistake(describe, says="its own dtype")
def always_the_usual_dtype(x):
    """You wrote float32, the dtype of most tensors. Each tensor has its own: `x.dtype`."""
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": torch.float32, "numel": x.numel()}


@mistake(describe, says="every number in x")
def rows_times_columns(x):
    """You multiplied the first two sizes. That counts the numbers of a matrix, and of nothing else."""
    rows, columns = (*x.shape, 1, 1)[:2]
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": rows * columns}


@mistake(describe, says="is a dimension too")
def sizes_of_one_lost(x):
    """You squeezed the tensor first. That drops each dimension of size 1, and it is a part of the shape."""
    x = x.squeeze()
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": x.numel()}


@mistake(describe, says="exactly these keys")
def keys_of_numpy(x):
    """You used the names of NumPy or PyTorch for the keys. The caller looks for the keys of the docstring."""
    return {"shape": tuple(x.shape), "dim": x.ndim, "dtype": x.dtype, "size": x.numel()}


@mistake(describe, says="a dict")
def the_values_alone(x):
    """You returned the four values one after the other. A dict says which value is which."""
    return tuple(x.shape), x.ndim, x.dtype, x.numel()


@mistake(describe, says="numbers of x itself")
def numbers_in_the_whole_memory(x):
    """You counted the memory behind x. A part of a tensor uses the memory of the whole, and holds fewer numbers."""
    count = x.untyped_storage().nbytes() // x.element_size()
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": count}


@mistake(describe, says="an element too")
def zeros_not_counted_in(x):
    """You counted the numbers that are not zero. A zero is an element too."""
    return {"shape": tuple(x.shape), "ndim": x.ndim, "dtype": x.dtype, "numel": int(torch.count_nonzero(x))}


_shared: dict[str, Any] = {}


@mistake(describe, says="dict of its own")
def one_dict_for_all_calls(x):
    """You keep one dict, outside the function or as a default argument. Every call writes into the same one."""
    _shared.update(shape=tuple(x.shape), ndim=x.ndim, dtype=x.dtype, numel=x.numel())
    return _shared


# sequence_dims


@variant(sequence_dims)
def end_of_the_shape(x):
    return x.shape[-2:]


@variant(sequence_dims)
def unpacked_with_a_star(x):
    *_, seq_len, d_model = x.shape
    return seq_len, d_model


@variant(sequence_dims)
def counted_from_ndim(x):
    return tuple(x.size(place) for place in range(x.ndim - 2, x.ndim))


@variant(sequence_dims)
def turned_around(x):
    d_model, seq_len = list(x.size())[::-1][:2]
    return (seq_len, d_model)


@mistake(sequence_dims, says="from the right")
def counted_from_the_left(x):
    """You took the sizes at 0 and 1. That is right for one sequence alone, but a batch puts its own size in front."""
    return x.shape[0], x.shape[1]


@mistake(sequence_dims, says="from the right")
def places_of_a_batch(x):
    """You took the sizes at 1 and 2. That is right for (B, T, D) and for no other number of dimensions."""
    return (x.shape[1], x.shape[2]) if x.ndim > 2 else tuple(x.shape)


@mistake(sequence_dims, says="from the right")
def first_and_last(x):
    """You took the first size and the last one. In front of T there may stand other dimensions, such as the batch."""
    return x.shape[0], x.shape[-1]


@mistake(sequence_dims, says="from the right")
def length_and_last(x):
    """You took `len(x)` for the number of tokens. `len` gives the first size, which in a batch counts sequences."""
    return len(x), x.shape[-1]


@mistake(sequence_dims, says="tokens come first")
def the_two_swapped(x):
    """You have the two sizes in the other order. -1 is the last size, D; -2 is the one before it, T."""
    return x.shape[-1], x.shape[-2]


@mistake(sequence_dims, says="a tuple")
def the_two_as_a_list(x):
    """You returned a list. A tuple is asked for, as a shape is one."""
    return [x.shape[-2], x.shape[-1]]


@mistake(sequence_dims, says="a tuple")
def sizes_in_a_tensor(x):
    """You put the sizes into a tensor. They are plain numbers, for Python to compute with."""
    return torch.tensor(x.shape)[-2:]


@mistake(sequence_dims, says="two last sizes")
def the_whole_shape(x):
    """You returned all the sizes. The caller unpacks two: T and D."""
    return tuple(x.shape)


@mistake(sequence_dims, says="is a size too")
def squeezed_first(x):
    """You squeezed the tensor first. That drops each dimension of size 1: one token is still a token."""
    squeezed = x.squeeze()
    return (squeezed.shape[-2], squeezed.shape[-1]) if squeezed.ndim > 1 else tuple(squeezed.shape)


@mistake(sequence_dims, says="two last sizes")
def places_for_sizes(x):
    """You returned which dimensions these are. What counts is their size: `x.shape` at these places."""
    return x.ndim - 2, x.ndim - 1


@mistake(sequence_dims, says="two last sizes")
def one_place_too_far(x):
    """You stopped one place too early: the slice leaves out the last size. -1 is the last place, not -0."""
    return tuple(x.shape[-3:-1])


@mistake(sequence_dims, says="in front")
def all_tokens_counted(x):
    """You counted the tokens of all sequences together. T is the number of tokens in one sequence."""
    return math.prod(x.shape[:-1]), x.shape[-1]


@mistake(sequence_dims, says="Any size may be 0")
def computed_by_dividing(x):
    """You divided the count of all numbers by the other sizes. `x.shape` has the size itself, and 0 cannot divide."""
    return x.numel() // (math.prod(x.shape[:-2]) * x.shape[-1]), x.shape[-1]


# memory_bytes


@variant(memory_bytes)
def asked_the_tensor(x):
    return x.nbytes


@variant(memory_bytes)
def from_shape_and_dtype(x):
    total = x.dtype.itemsize
    for size in x.shape:
        total *= size
    return total


@variant(memory_bytes)
def from_a_table(x):
    sizes = {torch.float64: 8, torch.int64: 8, torch.float32: 4, torch.int32: 4, torch.float16: 2, torch.bfloat16: 2}
    return sizes.get(x.dtype, 2 if x.dtype == torch.int16 else 1) * x.nelement()


@variant(memory_bytes)
def number_by_number(x):
    return sum(number.element_size() for number in x.flatten())


@mistake(memory_bytes, says="other dtypes")
def four_bytes_each(x):
    """You counted 4 bytes for each number. That is float32; other dtypes take 8, 2 or 1."""
    return x.numel() * 4


@mistake(memory_bytes, says="bytes of one number")
def numbers_for_bytes(x):
    """You counted the numbers. Each of them takes several bytes."""
    return x.numel()


@mistake(memory_bytes, says="all of its numbers")
def rows_for_numbers(x):
    """You took `len(x)` for the count. It gives the first size only: the rows of a matrix, and not its numbers."""
    return len(x) * x.element_size()


@mistake(memory_bytes, says="bytes of one number")
def bits_for_bytes(x):
    """You counted bits. The 32 of float32 is its bits, and 8 bits are one byte."""
    return x.numel() * x.element_size() * 8


@mistake(memory_bytes, says="all of its numbers")
def one_number_only(x):
    """You gave the bytes of one number. There are `x.numel()` of them."""
    return x.element_size()


@mistake(memory_bytes, says="larger tensor")
def memory_of_the_whole(x):
    """You asked for the memory behind x. A part of a tensor uses the memory of the whole, and has fewer numbers."""
    return x.untyped_storage().nbytes()


@mistake(memory_bytes, says="all of its numbers")
def size_of_the_python_object(x):
    """You used `sys.getsizeof`. It measures the Python object, which is a small handle, or all the memory behind it."""
    import sys

    return sys.getsizeof(x)


@mistake(memory_bytes, says="whole byte")
def bools_as_bits(x):
    """You counted one bit for a bool. A computer reads whole bytes, so PyTorch takes one byte for each."""
    return (x.numel() + 7) // 8 if x.dtype == torch.bool else x.numel() * x.element_size()


@mistake(memory_bytes, says="all of its numbers")
def in_kilobytes(x):
    """You divided by 1024. That gives kilobytes, and a float."""
    return x.numel() * x.element_size() / 1024


@mistake(memory_bytes, says="every size")
def rows_times_columns_times_bytes(x):
    """You multiplied the first two sizes. That is right for a matrix, and for nothing else."""
    first, second = (*x.shape, 1, 1)[:2]
    return first * second * x.element_size()


@mistake(memory_bytes, says="zero takes as much")
def zeros_not_counted(x):
    """You counted the numbers that are not zero. A zero is stored like any other number."""
    return int(x.count_nonzero()) * x.element_size()


@mistake(memory_bytes, says="each place counts")
def shared_numbers_counted_once(x):
    """You counted a number once that x shows in several places. As far as the shape says, each place is a number."""
    count = math.prod(size for size, step in zip(x.shape, x.stride()) if step)
    return count * x.element_size()


@mistake(memory_bytes, says="larger tensor")
def from_first_to_last(x):
    """You measured from the first number of x in memory to the last. Numbers that are not in x may lie in between."""
    if x.numel() == 0:
        return 0
    return (1 + sum((size - 1) * step for size, step in zip(x.shape, x.stride()))) * x.element_size()


@variant(memory_bytes)
def copied_without_gaps(x):
    return x.clone(memory_format=torch.contiguous_format).untyped_storage().nbytes()


@mistake(memory_bytes, says="a tensor of its own")
def gradient_counted_too(x):
    """You counted the gradient of x as well. It takes as much memory again, but it is another tensor: `x.grad`."""
    return x.numel() * x.element_size() * (2 if x.grad is not None else 1)


# bytes_for


@variant(bytes_for)
def of_a_tensor_without_memory(shape, dtype):
    return torch.empty(shape, dtype=dtype, device="meta").nbytes


@variant(bytes_for)
def one_size_after_another(shape, dtype):
    total = torch.zeros((), dtype=dtype).element_size()
    for size in shape:
        total = total * size
    return total


@variant(bytes_for)
def one_number_stretched(shape, dtype):
    x = torch.ones((), dtype=dtype).expand(shape)
    return x.numel() * x.element_size()


@variant(bytes_for)
def bits_looked_up(shape, dtype):
    bits = 8 if dtype == torch.bool else (torch.finfo if dtype.is_floating_point else torch.iinfo)(dtype).bits
    return torch.Size(shape).numel() * (bits // 8)


@variant(bytes_for)
def product_of_numpy(shape, dtype):
    import numpy as np

    return int(np.prod(shape, dtype=np.int64)) * torch.tensor([], dtype=dtype).element_size()


@mistake(bytes_for, says="before anything is made")
def made_to_be_measured(shape, dtype):
    """You made the tensor to ask for its size. That works for a small one. A large one does not fit into memory, and
    the question was whether it would."""
    return torch.empty(shape, dtype=dtype).nbytes


@mistake(bytes_for, says="Each dtype")
def always_four_bytes(shape, dtype):
    """You counted 4 bytes for each number. That is float32; other dtypes take 8, 2 or 1."""
    return math.prod(shape) * 4


@mistake(bytes_for, says="multiply the sizes")
def sizes_added(shape, dtype):
    """You added the sizes. 3 rows of 4 numbers are 3 · 4 numbers, not 3 + 4."""
    return sum(shape) * dtype.itemsize


@mistake(bytes_for, says="bytes of one number")
def dtype_forgotten(shape, dtype):
    """You counted the numbers. Each of them takes several bytes: `dtype` tells how many."""
    return math.prod(shape)


@mistake(bytes_for, says="bytes of one number")
def counted_in_bits(shape, dtype):
    """You counted bits. The 32 of float32 is its bits, and 8 bits are one byte."""
    return math.prod(shape) * dtype.itemsize * 8


@mistake(bytes_for, says="any length")
def matrices_only(shape, dtype):
    """You multiplied the first size and the last one. That is right for a matrix, and for nothing else."""
    return (shape[0] * shape[-1] if len(shape) > 1 else math.prod(shape)) * dtype.itemsize


@mistake(bytes_for, says="a single number")
def no_sizes_no_numbers(shape, dtype):
    """You gave 0 for the shape (). It has no dimension, but it holds one number."""
    return math.prod(shape) * dtype.itemsize if shape else 0


@mistake(bytes_for, says="A size of 0")
def sizes_of_zero_left_out(shape, dtype):
    """You left out the sizes of 0. They make the whole product 0: no rows, no numbers."""
    return math.prod(size for size in shape if size) * dtype.itemsize


@mistake(bytes_for, says="an int")
def bytes_as_a_float(shape, dtype):
    """You divided bits by 8 with `/`, which gives a float. Bytes are whole: `//` gives an int."""
    return math.prod(shape) * (dtype.itemsize * 8) / 8


@mistake(bytes_for, says="an int")
def bytes_in_a_tensor(shape, dtype):
    """You multiplied with PyTorch, and left the product in a tensor. `.item()` gives the number in it."""
    return torch.tensor(shape, dtype=torch.int64).prod() * dtype.itemsize


@mistake(bytes_for, says="exact")
def product_of_floats(shape, dtype):
    """You multiplied floats on the way. A Python float has about 16 digits, so a large product is rounded."""
    total = 1.0
    for size in shape:
        total *= size
    return int(total * dtype.itemsize)


@mistake(bytes_for, says="Each dtype")
def floats_four_ints_eight(shape, dtype):
    """You told floats from whole numbers, and no more. Each of them comes in several widths: float16, int32, bool."""
    return math.prod(shape) * (4 if dtype.is_floating_point else 8)


# to_bfloat16


@variant(to_bfloat16)
def by_the_short_name(x):
    return x.bfloat16()


@variant(to_bfloat16)
def written_into_new_memory(x):
    out = torch.empty(x.shape, dtype=torch.bfloat16, device=x.device)
    out.copy_(x)
    return out


@variant(to_bfloat16)
def by_the_type_method(x):
    return x.type(torch.bfloat16)


@variant(to_bfloat16)
def added_to_zeros(x):
    return torch.zeros_like(x, dtype=torch.bfloat16) + x.to(dtype=torch.bfloat16)


@variant(to_bfloat16)
def number_after_number(x):
    if not x.numel():
        return x.to(torch.bfloat16)
    return torch.stack([number.to(torch.bfloat16) for number in x.reshape(-1)]).reshape(x.shape)


@mistake(to_bfloat16, says="new tensor")
def result_dropped(x):
    """You called `.to` and did not keep what it gave. `.to` does not change x: it makes a new tensor."""
    x.to(torch.bfloat16)
    return x


@mistake(to_bfloat16, says="new tensor")
def float16_for_bfloat16(x):
    """You made float16, the other 16-bit float. It has more digits, but nothing above 65,504."""
    return x.to(torch.float16)


@mistake(to_bfloat16, says="as large and as small")
def through_float16(x):
    """You went through float16 on the way. What is too large for it has become infinity by then, and what is too small
    has become 0."""
    return x.half().bfloat16()


@mistake(to_bfloat16, says="same shape")
def bytes_read_anew(x):
    """You used `x.view(dtype)`. It takes the bytes as they are, and reads them as if they were bfloat16 numbers."""
    return x.view(torch.bfloat16) if x.ndim else x.reshape(1).view(torch.bfloat16)


@mistake(to_bfloat16, says="nearest")
def cut_off(x):
    """You cut the last 16 bits off. A bfloat16 is indeed the front half of a float32, but `.to` rounds: 1.006 is nearer
    to 1.0078 than to 1."""
    return (x.float().view(torch.int32) & -65536).view(torch.float32).to(torch.bfloat16)


@mistake(to_bfloat16, says="new tensor")
def rounded_but_float32(x):
    """You went to bfloat16 and back. The digits are gone, but the result is float32 again."""
    return x.to(torch.bfloat16).to(torch.float32)


@mistake(to_bfloat16, says="fraction")
def rounded_to_whole_numbers(x):
    """You made whole numbers first. bfloat16 is a float: it has fractions."""
    return x.round().to(torch.bfloat16)


@mistake(to_bfloat16, says="way back")
def way_back_cut(x):
    """You used `.detach()` or `.data`. The numbers are right, but PyTorch can no longer tell that they came from x."""
    return x.detach().to(torch.bfloat16)


@mistake(to_bfloat16, says="device")
def made_again_on_the_cpu(x):
    """You took the numbers out with `.tolist()` and made a tensor of them. It is on the CPU, wherever x was."""
    return torch.tensor(x.tolist(), dtype=torch.bfloat16).reshape(x.shape)


@mistake(to_bfloat16, says="still needs the input")
def changed_x_itself(x):
    """You gave x another dtype through `.data`. The caller's tensor has changed with it."""
    x.data = x.data.to(torch.bfloat16)
    return x


@mistake(to_bfloat16, says="stay what they are")
def nan_replaced(x):
    """You replaced NaN and infinity by ordinary numbers. A NaN that is hidden is found much later."""
    return torch.nan_to_num(x).to(torch.bfloat16)


@mistake(to_bfloat16, says="same shape")
def size_one_squeezed(x):
    """You squeezed the tensor. That drops each dimension of size 1. Only the dtype is to change."""
    return x.squeeze().to(torch.bfloat16)


@mistake(to_bfloat16, says="An int32 on the way")
def whole_numbers_made_int32(x):
    """You made int32 of the whole numbers first. What is above 2,147,483,647 does not fit, and starts again below."""
    return (x if x.is_floating_point() else x.int()).to(torch.bfloat16)


@mistake(to_bfloat16, says="way back is kept as well")
def way_back_for_float32_only(x):
    """You took the numbers of every other dtype out and made a new tensor. That cuts the way back for float16 too."""
    if x.dtype == torch.float32:
        return x.to(torch.bfloat16)
    return torch.empty_like(x, dtype=torch.bfloat16).copy_(x.detach())


# add_mixed


@variant(add_mixed)
def left_to_pytorch(a, b):
    return a + b


@variant(add_mixed)
def added_with_alpha(a, b):
    return torch.add(b.float(), a.float(), alpha=1)


@variant(add_mixed)
def copied_and_added_in_place(a, b):
    total = a.to(torch.float32, copy=True)
    total += b
    return total


@variant(add_mixed)
def by_way_of_float64(a, b):
    return (a.double() + b.double()).to(torch.float32) if a.device.type != "mps" else a.float() + b.float()


@variant(add_mixed)
def stacked_and_summed(a, b):
    return torch.stack([a.float(), b.float()]).sum(dim=0)


@variant(add_mixed)
def the_half_one_widened(a, b):
    if a.dtype == torch.float16:
        a, b = b, a
    return a - -b.type_as(a)


@mistake(add_mixed, says="float32, whichever comes first")
def dtype_of_the_first(a, b):
    """You gave the result the dtype of a. That is float16 when the float16 tensor comes first."""
    return a + b.to(a.dtype)


@mistake(add_mixed, says="float32, whichever comes first")
def dtype_of_the_second(a, b):
    """You gave the result the dtype of b. That is float16 when the float16 tensor comes second."""
    return a.to(b.dtype) + b


@mistake(add_mixed, says="float32, whichever comes first")
def sum_in_float16(a, b):
    """You made both float16. The sum then has 3 digits, and nothing above 65,504."""
    return a.half() + b.half()


@mistake(add_mixed, says="before they are added")
def widened_afterwards(a, b):
    """You added in float16 and widened the sum. Digits that are gone do not come back."""
    return (a.half() + b.half()).float()


@mistake(add_mixed, says="before they are added")
def sum_in_bfloat16(a, b):
    """You added in bfloat16. It has the range of float32, but only 2 to 3 digits."""
    return (a.bfloat16() + b.bfloat16()).float()


@mistake(add_mixed, says="before they are added")
def rounded_like_the_half_one(a, b):
    """You rounded the float32 numbers to float16 first, so that both have the same dtype. Widen the other one."""
    return a.half().float() + b.half().float()


@mistake(add_mixed, says="float32, whichever comes first")
def sum_in_float64(a, b):
    """You made both float64. That is exact, but twice as large as what is asked for."""
    return a.double() + b.double()


@mistake(add_mixed, says="still needs the input")
def added_into_a(a, b):
    """You used += on a. It writes the sum into the caller's tensor, in the dtype of that tensor."""
    a += b
    return a.float()


@mistake(add_mixed, says="still needs the input")
def float_makes_no_copy(a, b):
    """You called `.float()` and then +=. On a tensor that is float32 already, `.float()` gives the tensor itself, not
    a copy, so += wrote into the caller's tensor."""
    a = a.float()
    a += b
    return a


@mistake(add_mixed, says="way back")
def sum_cut_off(a, b):
    """You used `.detach()` or `.data`. The sum is right, but PyTorch can no longer tell that it came from a and b."""
    return a.detach().float() + b.detach().float()


@mistake(add_mixed, says="both ways back")
def one_of_them_cut_off(a, b):
    """You made a new tensor of the float16 numbers. The sum is right, but the way back to them is cut."""
    a, b = (torch.as_tensor(x.detach(), dtype=torch.float32) if x.dtype == torch.float16 else x for x in (a, b))
    return a + b


@mistake(add_mixed, says="a number of a and a number of b")
def one_behind_the_other(a, b):
    """You put one tensor behind the other. To add two tensors is to add their numbers, pair by pair."""
    return torch.cat([a.float().reshape(-1), b.float().reshape(-1)])


@mistake(add_mixed, says="a number of a and a number of b")
def whole_numbers_only(a, b):
    """You made whole numbers on the way. The fractions are gone."""
    return (a.int() + b.int()).float()


@mistake(add_mixed, says="Add them like all other numbers")
def infinity_replaced(a, b):
    """You replaced infinity and NaN by ordinary numbers. What is hidden here is found much later."""
    return torch.nan_to_num(a.float() + b.float())


@mistake(add_mixed, says="has a way back too")
def single_numbers_taken_out(a, b):
    """You treated the shape () on its own, with `.item()`. The number is right, but its way back is cut."""
    return torch.tensor(a.item() + b.item(), device=a.device) if a.ndim == 0 else a + b


# mean_of_ids


@variant(mean_of_ids)
def dtype_named_in_mean(ids):
    return torch.mean(ids, dtype=torch.float32)


@variant(mean_of_ids)
def sum_over_count(ids):
    return ids.sum() / ids.numel()


@variant(mean_of_ids)
def in_plain_python(ids):
    numbers = ids.flatten().tolist()
    return torch.tensor(sum(numbers) / len(numbers), dtype=torch.float32, device=ids.device)


@variant(mean_of_ids)
def summed_as_floats(ids):
    return ids.float().sum().div(ids.nelement())


@variant(mean_of_ids)
def mean_of_a_long_row(ids):
    return ids.reshape(1, -1).float().mean(dim=-1).squeeze()


@mistake(mean_of_ids, says="float32 first")
def whole_numbers_not_converted(ids):
    """You asked for the mean of whole numbers. PyTorch does not know whether the fraction is wanted, and refuses."""
    return ids.mean()


@mistake(mean_of_ids, says="may have a fraction")
def divided_with_two_slashes(ids):
    """You divided with //, which drops the fraction."""
    return ids.sum() // ids.numel()


@mistake(mean_of_ids, says="may have a fraction")
def fraction_dropped(ids):
    """You divided with // and made a float afterwards. By then the fraction is gone."""
    return (ids.sum() // ids.numel()).float()


@mistake(mean_of_ids, says="may have a fraction")
def middle_one(ids):
    """You took the median, the number in the middle. The mean is the sum divided by the count."""
    return ids.flatten().float().median()


@mistake(mean_of_ids, says="a tensor")
def python_number(ids):
    """You took the number out of the tensor with `.item()`, or computed it in Python. A tensor is asked for."""
    return ids.float().mean().item()


@mistake(mean_of_ids, says="float32")
def mean_in_float64(ids):
    """You computed in float64, and left the result there."""
    return ids.double().mean()


@mistake(mean_of_ids, says="all the numbers together")
def mean_of_each_row(ids):
    """You gave a dim, so each row has a mean of its own. Without one, the mean is taken over everything."""
    return ids.float().mean(-1) if ids.ndim > 1 else ids.float().mean()


@mistake(mean_of_ids, says="shape ()")
def dimension_kept(ids):
    """You kept a dimension. (1,) is a list of one number; () is the number itself."""
    return ids.float().mean().reshape(1)


@mistake(mean_of_ids, says="65,504")
def mean_in_float16(ids):
    """You went through float16. It has 3 digits, and ids above 65,504 become infinity."""
    return ids.half().mean().float()


@mistake(mean_of_ids, says="all the numbers together")
def divided_by_the_rows(ids):
    """You divided by `len(ids)`. That is the first size only: the rows of a matrix, and not its numbers."""
    return ids.sum() / (len(ids) if ids.ndim else 1)


@mistake(mean_of_ids, says="each time")
def different_ones_only(ids):
    """You took each id once. An id that occurs twice counts twice."""
    return ids.unique().float().mean()


@mistake(mean_of_ids, says="0 is a number")
def zeros_left_out(ids):
    """You left out the zeros, as if they were padding. Here 0 is an id like any other."""
    return ids.sum() / ids.count_nonzero().clamp(min=1)


@mistake(mean_of_ids, says="too large for the dtype")
def summed_in_its_own_dtype(ids):
    """You added up in the dtype of the ids. In a narrow one the sum runs over its end, and starts again below."""
    return ids.sum(dtype=ids.dtype) / ids.numel()


@mistake(mean_of_ids, says="a few billion")
def summed_as_int32(ids):
    """You made 32-bit numbers first. They end at 2,147,483,647."""
    return ids.int().sum(dtype=torch.int32) / ids.numel()


@mistake(mean_of_ids, says="device")
def mean_made_on_the_cpu(ids):
    """You computed the mean in Python and made a tensor of it. It is on the CPU, wherever the ids were."""
    numbers = ids.flatten().tolist()
    return torch.tensor(sum(numbers) / len(numbers))


@mistake(mean_of_ids, says="may have a fraction")
def sum_for_mean(ids):
    """You added up, and did not divide by the count."""
    return ids.sum().float()


@mistake(mean_of_ids, says="with gaps")
def flattened_with_view(ids):
    """You laid the numbers out in one row with `.view(-1)`. It refuses where they do not lie one after the other in
    memory; `.reshape(-1)` copies them then. The mean needs neither."""
    return ids.view(-1).float().mean()


@mistake(mean_of_ids, says="add up to 200 million")
def one_id_after_another(ids):
    """You added one id after another to a float32. As the sum grows, its 7 digits no longer reach down to the ones.
    PyTorch adds a whole tensor up in parts, and a Python int has all digits."""
    total = torch.zeros((), device=ids.device)
    for number in ids.flatten():
        total = total + number
    return total / ids.numel()
