"""Shape and dtype: read a tensor before you use it.

The lesson is README.md. Write the functions in order, and check them with: make kata N=02
"""

import math
from typing import Any

import torch
from jaxtyping import BFloat16, Float, Float32, Int, Shaped
from torch import Tensor


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
    raise NotImplementedError("describe")


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
    raise NotImplementedError("sequence_dims")


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
    raise NotImplementedError("memory_bytes")


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
    raise NotImplementedError("bytes_for")


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
    raise NotImplementedError("to_bfloat16")


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
    raise NotImplementedError("add_mixed")


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
    raise NotImplementedError("mean_of_ids")
