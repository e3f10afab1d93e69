"""NumPy bridge: share memory, or copy, on purpose."""

import numpy as np
import torch
from jaxtyping import Float32, Float64, Shaped
from torch import Tensor

from dojo.authoring import mistake, variant


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
    return torch.from_numpy(array)


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
    return torch.from_numpy(array.astype(np.float32))  # astype always copies, unless you tell it not to


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
    return x.detach().cpu().numpy()


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
    return torch.tensor(array.copy(), dtype=torch.float32)


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
    array = x.numpy()
    array += 1
    return x


BANNED: dict[str, str] = {}

HINTS = {
    "share": [
        "PyTorch has a function whose name says what it does: from NumPy.",
        "An array of any shape becomes a tensor of that shape. Do not change the dtype: that would need new memory.",
        "Return what torch.from_numpy gives for the array, and add nothing to it.",
    ],
    "copy": [
        "Changing the dtype copies only if the dtype changes. Which step copies always, for float32 as well?",
        "The shape stays. Copy in NumPy, before PyTorch sees the array: that puts array[::-1] in order too.",
        "array.astype(np.float32) always copies. Give its result to torch.from_numpy.",
    ],
    "to_numpy": [
        "Two things stop x.numpy(): x takes part in gradients, or x lives on another device. Remove both, not in x.",
        "Any shape stays. x.detach() is the same tensor without gradients, and x.cpu() is it on the CPU.",
        "Chain three calls: detach, then cpu, then numpy. Each gives a new tensor, and leaves x as it is.",
    ],
    "float32_from": [
        "NumPy's float64 must become float32, and the strides of array[::-1] must become positive. In what order?",
        "The shape stays. A copy that NumPy makes has positive strides; then PyTorch can take it.",
        "Copy the array, then make a tensor of the copy with dtype=torch.float32.",
    ],
    "add_in_place_via_numpy": [
        "x.numpy() shares the memory of x. Which way of adding writes into an array, and which makes a new one?",
        "The array has the shape of x. `array = array + 1` makes a new array; `array += 1` writes into the old one.",
        "array = x.numpy(), then array += 1, then return x.",
    ],
}


# share


@variant(share)
def taken_as_a_tensor(array):
    return torch.as_tensor(array)


@variant(share)
def through_the_array_interface(array):
    return torch.asarray(array, copy=False)


@variant(share)
def through_dlpack(array):
    return torch.from_dlpack(array)


@variant(share)
def shared_and_viewed(array):
    return torch.from_numpy(array.view())[...]


@mistake(share, says="same memory")
def copied_by_tensor(array):
    """You used `torch.tensor`. It always copies what it is given."""
    return torch.tensor(array)


@mistake(share, says="same memory")
def copied_by_numpy(array):
    """You copied the array first, as people do to be on the safe side. Here sharing is the point."""
    return torch.from_numpy(array.copy())


@mistake(share, says="same memory")
def shared_then_cloned(array):
    """You cloned the tensor. It has memory of its own then."""
    return torch.from_numpy(array).clone()


@mistake(share, says="dtype of the array")
def shared_as_float32(array):
    """You changed the dtype to float32. Another dtype needs other memory, so a float64 array is not shared any more."""
    return torch.from_numpy(array).float()


@mistake(share, says="dtype of the array")
def made_by_the_constructor(array):
    """You used `torch.Tensor`. It makes float32 of everything, which copies any array that is not float32."""
    return torch.Tensor(array)


@mistake(share, says="The dtype is that of the array")
def shared_as_float64(array):
    """You named the dtype float64. Arrays have other dtypes too, and these are converted then, which copies."""
    return torch.as_tensor(array, dtype=torch.float64)


@mistake(share, says="with gaps")
def made_contiguous_first(array):
    """You called `np.ascontiguousarray`. It copies if the numbers have gaps or another order. PyTorch needs neither."""
    return torch.from_numpy(np.ascontiguousarray(array))


@mistake(share, says="with gaps")
def contiguous_afterwards(array):
    """You called `contiguous()`. It copies if the numbers have gaps or another order."""
    return torch.from_numpy(array).contiguous()


@mistake(share, says="shape of the array")
def shared_flat(array):
    """You flattened the array. The tensor has the shape of the array."""
    return torch.from_numpy(array.reshape(-1))


@mistake(share, says="shape of the array")
def shared_transposed(array):
    """You turned the dimensions round. NumPy and PyTorch count them in the same order."""
    return torch.from_numpy(array.T)


@mistake(share, says="shape of the array")
def one_dimension_in_front(array):
    """You put the array into a list, as for a batch. That is one dimension more, and a copy."""
    return torch.tensor(np.array([array]))


@mistake(share, says="a tensor is asked for")
def array_given_back(array):
    """You returned the array itself. It shares its memory with itself, but it is no tensor."""
    return array


@mistake(share, says="same memory")
def by_way_of_lists(array):
    """You went through Python lists. They hold copies of the numbers."""
    return torch.tensor(array.tolist(), dtype=torch.from_numpy(array).dtype)


@mistake(share, says="order in memory")
def sorted_into_rows(array):
    """You flattened the array and gave it its shape back. `reshape` copies where the numbers lie in another order."""
    return torch.from_numpy(array.reshape(-1)).reshape(array.shape)


# copy


@variant(copy)
def numpy_copy_then_float(array):
    return torch.from_numpy(array.copy()).float()


@variant(copy)
def tensor_of_a_copy(array):
    return torch.tensor(np.ascontiguousarray(array), dtype=torch.float32)


@variant(copy)
def cast_and_cloned(array):
    return torch.as_tensor(np.array(array, order="C")).to(torch.float32).clone()


@variant(copy)
def written_into_new_memory(array):
    result = torch.empty(array.shape)
    result.numpy()[...] = array
    return result


@variant(copy)
def list_then_tensor(array):
    return torch.tensor(array.tolist(), dtype=torch.float32).reshape(array.shape)


@mistake(copy, says="memory of its own")
def shared_and_cast(array):
    """You shared the array and called `.float()`. That copies only if the dtype changes: a float32 array stays
    shared."""
    return torch.from_numpy(array).float()


@mistake(copy, says="memory of its own")
def cast_without_a_copy(array):
    """You told NumPy to convert without a copy. It converts float64, but a float32 array stays as it is, shared."""
    return torch.from_numpy(np.asarray(array, dtype=np.float32))


@mistake(copy, says="memory of its own")
def constructor_shares(array):
    """You used `torch.Tensor`. It copies when it must convert, but it shares a float32 array without a word."""
    return torch.Tensor(array)


@mistake(copy, says="memory of its own")
def a_view_for_a_copy(array):
    """You took a view of the array, `array[:]` or `array.view()`. In a Python list `[:]` copies; in NumPy it does
    not."""
    return torch.as_tensor(array[:], dtype=torch.float32)


@mistake(copy, says="float32")
def dtype_kept(array):
    """You copied the numbers and kept their dtype. NumPy's usual dtype is float64; float32 is asked for."""
    return torch.tensor(array.copy())


@mistake(copy, says="float32")
def copied_to_float64(array):
    """You named the dtype `float` or `torch.double`. In NumPy `float` means 64 bits."""
    return torch.from_numpy(array.astype(float))


@mistake(copy, says="backwards")
def backwards_refused(array):
    """You gave the array to PyTorch as it is. A PyTorch tensor has no negative strides, so `array[::-1]` stops with an
    error. NumPy can copy it first."""
    return torch.tensor(array, dtype=torch.float32)


@mistake(copy, says="backwards")
def backwards_forwards(array):
    """You read the memory from its start. `array[::-1]` lies in the same memory as `array`, but it is read from the
    end."""
    if any(stride < 0 for stride in array.strides):
        array = array[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)]
    return torch.tensor(array, dtype=torch.float32)


@mistake(copy, says="as exact as float32")
def copied_through_float16(array):
    """You made 16-bit floats on the way. They hold three digits and nothing above 65,504."""
    return torch.from_numpy(array.astype(np.float16)).float()


@mistake(copy, says="all numbers")
def copied_through_int32(array):
    """You made whole numbers on the way. Fractions are gone then, and so is what does not fit into 32 bits."""
    return torch.from_numpy(array.astype(np.int64).astype(np.int32)).float()


@mistake(copy, says="ends at 127")
def copied_through_int8(array):
    """You read uint8 as int8. Both have 8 bits, but int8 spends one on the sign: 200 becomes -56."""
    small = array.view(np.int8) if array.dtype == np.uint8 else array
    return torch.from_numpy(small.astype(np.float32))


@mistake(copy, says="stay what they are")
def copied_without_nan(array):
    """You replaced NaN and infinity on the way. A copy holds what was there: whoever reads it must see that a number
    is missing."""
    return torch.from_numpy(np.nan_to_num(array.astype(np.float32)))


@mistake(copy, says="shape of the array")
def copied_flat(array):
    """You flattened the array, with `flatten()` or `ravel()`. The tensor has the shape of the array."""
    return torch.from_numpy(array.flatten().astype(np.float32))


@mistake(copy, says="in their places")
def in_memory_order(array):
    """You flattened the array in the order of memory (`order="K"`). For a transposed array that is another order."""
    return torch.from_numpy(array.ravel(order="K").astype(np.float32)).reshape(array.shape)


@mistake(copy, says="changed its input")
def array_converted_in_place(array):
    """You gave the array itself another dtype, by assigning to `array.dtype`. That changes no bits: it reads the old
    ones as other numbers."""
    if array.dtype == np.float64 and array.flags.c_contiguous:
        result = torch.from_numpy(array.astype(np.float32))
        array.dtype = np.int64
        return result
    return torch.from_numpy(array.astype(np.float32))


@mistake(copy, says="changed its input")
def put_in_order_in_place(array):
    """You sorted or rounded in place on the way. The caller's array has changed with it."""
    result = torch.from_numpy(array.astype(np.float32))
    array[...] = np.sort(array, axis=0)
    return result


# to_numpy


@variant(to_numpy)
def forced(x):
    return x.numpy(force=True)


@variant(to_numpy)
def data_then_array(x):
    return np.asarray(x.data.to("cpu"))


@variant(to_numpy)
def cpu_first(x):
    return np.array(x.cpu().detach().clone())


@variant(to_numpy)
def filled_from_a_list(x):
    return np.array(x.tolist(), dtype=str(x.dtype).removeprefix("torch.")).reshape(tuple(x.shape))


@variant(to_numpy)
def without_grad_mode(x):
    with torch.no_grad():
        return x.cpu().numpy()


@variant(to_numpy)
def copied_without_gradients(x):
    with torch.no_grad():
        return torch.empty(x.shape, dtype=x.dtype, device="cpu").copy_(x).numpy()


@mistake(to_numpy, says="takes part in gradients")
def numpy_alone(x):
    """You called `x.numpy()`. It refuses a tensor that takes part in gradients, and a tensor on another device."""
    return x.numpy()


@mistake(to_numpy, says="takes part in gradients")
def cpu_and_numpy(x):
    """You moved x to the CPU and forgot that it may take part in gradients. `detach()` gives a tensor that does not."""
    return x.cpu().numpy()


@mistake(to_numpy, says="on another device")
def detached_only(x):
    """You detached x and forgot its device. NumPy can read the memory of the CPU only, so x must come there first."""
    return x.detach().numpy()


@mistake(to_numpy, says="on another device")
def cuda_only(x):
    """You asked for CUDA. There are other devices too, such as "mps". `cpu()` may always be called: on the CPU it does
    nothing."""
    x = x.detach()
    return x.cpu().numpy() if x.is_cuda else x.numpy()


@mistake(to_numpy, says="requires_grad")
def gradient_switched_off(x):
    """You set `x.requires_grad` to False. That changes the caller's tensor, and nothing will be learned for it any
    more."""
    if x.is_leaf:
        x.requires_grad_(False)
    return x.detach().cpu().numpy()


@mistake(to_numpy, says="detach")
def detached_in_place(x):
    """You called `detach_()`. The underscore means: in place. The caller's tensor forgets how it was computed."""
    return x.detach_().cpu().numpy()


@mistake(to_numpy, says="No setting")
def gradients_off_for_all(x):
    """You switched gradients off for the whole program. From then on, nothing that the caller computes has a
    gradient."""
    torch.set_grad_enabled(False)
    return x.detach().cpu().numpy()


@mistake(to_numpy, says="dtype of x")
def through_a_python_list(x):
    """You went through a Python list. NumPy makes float64 of Python's floats, whatever they were before."""
    return np.array(x.tolist())


@mistake(to_numpy, says="dtype of x")
def always_float32(x):
    """You converted to float32. The array has the dtype of x, so that whole numbers stay whole."""
    return x.detach().cpu().float().numpy()


@mistake(to_numpy, says="A NumPy array")
def list_for_array(x):
    """You returned Python lists. They print almost alike, but they have no shape and no dtype."""
    return x.tolist()


@mistake(to_numpy, says="A NumPy array")
def a_tensor_still(x):
    """You detached x and moved it to the CPU, and stopped there. That is still a tensor: numpy() is the last step."""
    return x.detach().cpu()


@mistake(to_numpy, says="shape of x")
def flat_array(x):
    """You flattened x. The array has the shape of x."""
    return x.detach().cpu().flatten().numpy()


@mistake(to_numpy, says="shape ()")
def vector_of_one(x):
    """You made a vector of a single number. The array has the shape of x, also where that is ()."""
    return np.atleast_1d(x.detach().cpu().numpy())


@mistake(to_numpy, says="A NumPy array")
def item_for_a_single_number(x):
    """You took the single number out with `item()`. A NumPy array of shape () is asked for, so that every x gives an
    array."""
    return x.item() if x.ndim == 0 else x.detach().cpu().numpy()


@mistake(to_numpy, says="deepcopy")
def deep_copied(x):
    """You copied x with `deepcopy`. It refuses a tensor that was computed from one with gradients, since it would have
    to copy the record of that as well."""
    from copy import deepcopy

    return deepcopy(x).detach().cpu().numpy()


# float32_from


@variant(float32_from)
def cast_by_numpy(array):
    return torch.from_numpy(array.astype(np.float32))


@variant(float32_from)
def contiguous_then_float(array):
    return torch.from_numpy(np.ascontiguousarray(array)).float()


@variant(float32_from)
def row_after_row(array):
    if array.ndim > 1 and len(array):
        return torch.stack([row_after_row(row) for row in array])
    return torch.as_tensor(array.copy()).to(dtype=torch.float32)


@variant(float32_from)
def assigned_to_a_new_array(array):
    numbers = np.empty(array.shape, dtype="float32")
    numbers[...] = array
    return torch.as_tensor(numbers)


@mistake(float32_from, says="float32")
def float64_kept(array):
    """You shared the array, and a tensor that shares has the dtype of the array: float64. It would meet the float32 of
    a model with an error."""
    return torch.from_numpy(array.copy())


@mistake(float32_from, says="float32")
def float_dropped(array):
    """You called `.float()` and did not keep what it returns. It never changes the tensor itself: it gives you another
    one."""
    x = torch.from_numpy(array.copy())
    x.float()
    return x


@mistake(float32_from, says="float32")
def float_of_numpy(array):
    """You used `astype(float)`. In NumPy `float` means float64."""
    return torch.from_numpy(array.astype(float))


@mistake(float32_from, says="backwards")
def negative_strides_refused(array):
    """You gave the array to PyTorch as it is. A PyTorch tensor has no negative strides, so `array[::-1]` stops with an
    error. NumPy can copy it first."""
    return torch.from_numpy(array).float()


@mistake(float32_from, says="backwards")
def only_the_first_dimension_turned(array):
    """You looked at the first dimension alone. Any dimension may run backwards, as in `array[:, ::-1]`."""
    return torch.from_numpy(array.copy() if array.strides[0] < 0 else array).float()


@mistake(float32_from, says="backwards")
def turned_back(array):
    """You turned the array round until PyTorch took it. Now the numbers stand in the order of memory, not in that of
    the array."""
    turned = array[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)]
    return torch.from_numpy(turned).float()


@mistake(float32_from, says="the numbers of the array")
def bits_read_anew(array):
    """You used `array.view(np.float32)`. It converts nothing: it reads the same bits as twice as many numbers."""
    return torch.from_numpy(np.ascontiguousarray(array).view(np.float32).copy())


@mistake(float32_from, says="as exact as float32")
def half_on_the_way(array):
    """You made 16-bit floats on the way. They hold three digits and nothing above 65,504."""
    return torch.from_numpy(array.copy()).half().float()


@mistake(float32_from, says="the numbers of the array")
def whole_numbers_on_the_way(array):
    """You made whole numbers on the way. Their fractions are gone."""
    return torch.from_numpy(array.astype(np.int64)).float()


@mistake(float32_from, says="shape of the array")
def float32_but_flat(array):
    """You flattened the array. The tensor has the shape of the array."""
    return torch.from_numpy(array.ravel().astype(np.float32))


@mistake(float32_from, says="changed its input")
def array_rounded_in_place(array):
    """You wrote the rounded numbers back into the array. The caller still needs them as they were."""
    array[...] = array.astype(np.float32)
    return torch.from_numpy(array.astype(np.float32))


@mistake(float32_from, says="stay what they are")
def nan_replaced(array):
    """You replaced NaN and infinity on the way. Here they stay what they are, so that nobody takes them for numbers."""
    return torch.from_numpy(np.nan_to_num(array).astype(np.float32))


@mistake(float32_from, says="a tensor is asked for")
def array_of_float32(array):
    """You converted the array and returned it. It is float32, but still no tensor."""
    return array.astype(np.float32)


# add_in_place_via_numpy


@variant(add_in_place_via_numpy)
def added_with_out(x):
    array = x.numpy()
    np.add(array, 1, out=array)
    return x


@variant(add_in_place_via_numpy)
def assigned_to_all_places(x):
    array = np.asarray(x)
    array[...] = array + 1
    return x


@variant(add_in_place_via_numpy)
def place_by_place(x):
    array = x.detach().numpy()
    for place in np.ndindex(*array.shape):
        array[place] += 1
    return x


@variant(add_in_place_via_numpy)
def through_a_list_of_rows(x):
    for row in x.numpy():
        if row.ndim:
            row += 1
    if x.ndim == 1:
        x.numpy()[:] += 1
    return x


@mistake(add_in_place_via_numpy, says="makes a new array")
def name_rebound(x):
    """You wrote `array = array + 1`. That makes a new array and gives it the old name; the memory of x stays as it
    was."""
    array = x.numpy()
    array = array + 1
    return x


@mistake(add_in_place_via_numpy, says="Every number of x grows")
def new_tensor_returned(x):
    """You made a new tensor with the sums. x itself has not changed, and x itself should come back."""
    return torch.from_numpy(x.numpy() + 1)


@mistake(add_in_place_via_numpy, says="x itself")
def tensor_around_the_array(x):
    """You wrapped the array into a tensor and returned that. It shares the memory of x, but x itself is asked for."""
    array = x.numpy()
    array += 1
    return torch.from_numpy(array)


@mistake(add_in_place_via_numpy, says="x itself")
def array_returned(x):
    """You returned the array. It shares the memory of x, but x itself is asked for."""
    array = x.numpy()
    array += 1
    return array


@mistake(add_in_place_via_numpy, says="x itself")
def nothing_returned(x):
    """You changed x and returned nothing. The docstring promises x itself, so that calls can be chained."""
    array = x.numpy()
    array += 1


@mistake(add_in_place_via_numpy, says="makes a new array")
def written_into_a_copy(x):
    """You took a copy of the array, with `np.array(x)` or `copy()`. What you write into a copy never reaches x."""
    array = np.array(x)
    array += 1
    return x


@mistake(add_in_place_via_numpy, says="makes a new array")
def clone_written(x):
    """You cloned x first, as people do to be on the safe side. What you write into a clone never reaches x."""
    array = x.clone().numpy()
    array += 1
    return x


@mistake(add_in_place_via_numpy, says="NumPy does the writing")
def added_by_pytorch(x):
    """You added with PyTorch, `x += 1` or `x.add_(1)`. The numbers are right, but this kata asks for the way through
    the array."""
    x += 1
    return x


@mistake(add_in_place_via_numpy, says="NumPy does the writing")
def copied_back(x):
    """You computed with NumPy and copied the result back with PyTorch. The array shares the memory of x: write into it,
    and you are done."""
    return x.copy_(torch.from_numpy(x.numpy() + 1))


@mistake(add_in_place_via_numpy, says="NumPy does the writing")
def added_through_data(x):
    """You added to `x.data`, or to a tensor that shares the array of x. That is PyTorch writing once more, by a side
    door."""
    x.data += 1
    return x


@mistake(add_in_place_via_numpy, says="would round")
def added_as_float32(x):
    """You computed the sums in float32 and wrote them back. Large numbers and long fractions of another dtype are
    rounded on the way."""
    array = x.numpy()
    array[...] = array.astype(np.float32) + 1
    return x


@mistake(add_in_place_via_numpy, says="Every number")
def first_number_only(x):
    """You added 1 to the first row or the first number only. Every number grows."""
    array = x.numpy()
    array[0] += 1
    return x


@mistake(add_in_place_via_numpy, says="Every number")
def added_twice(x):
    """You added 1 to the array, and again to x. They share one memory, so the numbers grew by 2."""
    array, again = x.numpy(), x.numpy()
    array += 1
    again += 1
    return x


@mistake(add_in_place_via_numpy, says="whole numbers")
def float_added_to_ints(x):
    """You added 1.0. NumPy refuses to write floats into an array of whole numbers."""
    array = x.numpy()
    array += 1.0
    return x


@mistake(add_in_place_via_numpy, says="with gaps")
def flattened_on_the_way(x):
    """You flattened the array first. `reshape` and `ravel` give a copy where the numbers lie with gaps or in another
    order."""
    array = x.numpy().reshape(-1)
    array += 1
    return x


@mistake(add_in_place_via_numpy, says="with gaps")
def contiguous_on_the_way(x):
    """You called `contiguous()`. It gives a copy where the numbers lie with gaps or in another order, and what you
    write into a copy never reaches x."""
    array = x.contiguous().numpy()
    array += 1
    return x


@mistake(add_in_place_via_numpy, says="none of those around it")
def whole_memory_grows(x):
    """You added 1 to all that lies in the memory. x may be a part of a larger tensor, and the rest belongs to
    others."""
    array = torch.tensor([], dtype=x.dtype).set_(x.untyped_storage()).numpy()
    array += 1
    return x


@mistake(add_in_place_via_numpy, says="Every number")
def each_place_counted(x):
    """You added the places 0, 1, 2, ... instead of 1."""
    array = x.numpy()
    array += np.arange(array.size, dtype=array.dtype).reshape(array.shape)
    return x
