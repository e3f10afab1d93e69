"""NumPy bridge: share memory, or copy, on purpose.

The lesson is README.md. Write the functions in order, and check them with: make kata N=09
"""

import numpy as np
import torch
from jaxtyping import Float32, Float64, Shaped
from torch import Tensor


def share(array: Shaped[np.ndarray, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """Make a tensor that lies in the memory of a NumPy array. No number is copied.

    Args:
        array: a NumPy array with one or more dimensions, of a dtype that PyTorch has too: float64, float32, float16,
            int64, int32, bool and so on. Its numbers may lie in memory with gaps between them or in another order, as
            those of `array[::2]` and `array.T` do. None of its strides is negative: PyTorch has no such tensors.

    Returns:
        A tensor on the CPU with the shape and the dtype of the array, in the same memory: what is written into one of
        the two shows in the other. The array itself stays as it is.

    See https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html

    Example:
        >>> array = np.array([1.0, 2.0, 3.0])
        >>> x = share(array)
        >>> array[0] = 10.0
        >>> x
        tensor([10.,  2.,  3.], dtype=torch.float64)
    """
    raise NotImplementedError("share")


def copy(array: Shaped[np.ndarray, "*shape"]) -> Float32[Tensor, "*shape"]:
    """Make a float32 tensor with the numbers of a NumPy array, in memory of its own.

    Args:
        array: a NumPy array with one or more dimensions, of float64, float32, float16, a kind of int, or bool (True
            counts as 1, False as 0). Its numbers may lie in memory in any way: with gaps, in another order, and
            backwards too, as those of `array[::-1]` do.

    Returns:
        A new float32 tensor on the CPU, with the shape of the array. It is independent: what is written into one of
        the two never shows in the other, even if the array is float32 already. Each number is as exact as float32 can
        be; infinity and NaN stay what they are. The array itself stays as it is.

    Example:
        >>> array = np.array([1, 2, 3])
        >>> x = copy(array[::-1])
        >>> array[0] = 10
        >>> x
        tensor([3., 2., 1.])
    """
    raise NotImplementedError("copy")


def to_numpy(x: Shaped[Tensor, "*shape"]) -> Shaped[np.ndarray, "*shape"]:
    """Give the numbers of a tensor as a NumPy array, wherever the tensor lives and whatever it takes part in.

    Args:
        x: a tensor of any shape, () too, on any device, of a kind of float that NumPy has (so not bfloat16), a kind of
            int, or bool. It may take part in gradients (kata 11): then `x.requires_grad` is True.

    Returns:
        A NumPy array with the shape and the dtype of x. It may share the memory of x or be a copy. x stays as it is:
        its numbers, its `requires_grad`, its `grad`, and the record of how it was computed, along which a gradient can
        still flow. No setting of PyTorch is changed.

    Example:
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> to_numpy(x)
        array([1., 2.], dtype=float32)
        >>> x.requires_grad
        True
    """
    raise NotImplementedError("to_numpy")


def float32_from(array: Float64[np.ndarray, "*shape"]) -> Float32[Tensor, "*shape"]:
    """Turn the float64 numbers of a NumPy array into a tensor of float32, with which models compute.

    Args:
        array: a NumPy array of float64 with one or more dimensions. Its numbers may lie in memory in any way: with
            gaps, in another order, and backwards too, as those of `array[::-1]` do.

    Returns:
        A float32 tensor on the CPU, with the shape of the array. Each number is as exact as float32 can be; infinity
        and NaN stay what they are. The array itself stays as it is, float64.

    Example:
        >>> float32_from(np.array([0.5, 1.5])[::-1])
        tensor([1.5000, 0.5000])
    """
    raise NotImplementedError("float32_from")


def add_in_place_via_numpy(x: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """Add 1 to every number of a tensor, by writing into a NumPy array that shares its memory.

    Args:
        x: a tensor on the CPU with one or more dimensions, of float32, float64 or int64, that takes no part in
            gradients. Its numbers may lie in memory with gaps between them or in another order.

    Returns:
        x itself, the same Python object. Every number in it has grown by 1, in its old place in memory, so views of x
        show it too. NumPy does the writing, not PyTorch: `x += 1` and `x.add_(1)` are not the way here.

    Example:
        >>> x = torch.tensor([1.0, 2.0])
        >>> add_in_place_via_numpy(x) is x
        True
        >>> x
        tensor([2., 3.])
    """
    raise NotImplementedError("add_in_place_via_numpy")
