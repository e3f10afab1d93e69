"""The tests of kata 09. Run them with: make kata N=09"""

import math

import numpy as np
import torch
from numpy_bridge import add_in_place_via_numpy, copy, float32_from, share, to_numpy

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_that,
    oracle,
    parameterized,
)
from dojo.trace import KernelMode

CPU = torch.device("cpu")  # where NumPy works, and so where its arrays and all results of this kata are

# Ways to look at a matrix of four rows and six columns.
PARTS = {
    "every other number of a row": lambda array: array[1, ::2],
    "a column": lambda array: array[:, 2],
    "some columns": lambda array: array[:, 1:4],
    "the last rows": lambda array: array[2:],
    "every other row": lambda array: array[::2],
    "a transposed matrix": lambda array: array.T,
    "a batch with its dimensions in another order": lambda array: array.reshape(4, 2, 3).transpose(1, 2, 0),
}
BACKWARDS = {
    "a row backwards": lambda array: array[1, ::-1],
    "a column backwards": lambda array: array[::-1, 2],
    "the rows backwards": lambda array: array[::-1],
    "the columns backwards": lambda array: array[:, ::-1],
    "both backwards, every other column": lambda array: array[::-1, ::-2],
    "a transposed matrix backwards": lambda array: array.T[::-1],
    "a batch with the middle backwards": lambda array: array.reshape(4, 2, 3)[:, ::-1],
}


def matrix(dtype="float64"):
    """A new array of four rows and six columns, with different numbers that every dtype here can hold."""
    return (np.arange(24).reshape(4, 6) * 5 % 24 + 1).astype(dtype)


def numbers_of(array, dtype=None):
    """The numbers of an array, as a tensor that has nothing to do with it."""
    return torch.tensor(array.tolist(), dtype=dtype).reshape(array.shape)


def told(array, name="a new one"):
    """What a learner is told about the layout of an array."""
    return f"The array is {name}: shape {array.shape}, strides {array.strides} (in bytes)."


def written_over(array):
    """Change every number in the memory of the array, and return what it holds now."""
    array[...] = ~array if array.dtype == bool else array + 1
    return numbers_of(array)


class WritesOfPyTorch(KernelMode):
    """Notes whether an operation of PyTorch writes into the memory of x. What NumPy writes, PyTorch does not see."""

    def __init__(self, x):
        super().__init__()
        start, size = x.untyped_storage().data_ptr(), x.untyped_storage().nbytes()
        self.memory = range(start, start + size)
        self.found = False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func._schema.is_mutable:
            target = kwargs.get("out", args[0] if args else None)
            self.found |= isinstance(target, torch.Tensor) and target.data_ptr() in self.memory
        return func(*args, **kwargs)


class TestShare(KataTest):
    subject = share
    why = "The tensor has the shape of the array, and the dtype of the array: another dtype would need other memory."
    shared = "share means: in the same memory. torch.tensor, clone() and astype() make a copy."

    def check(self, array, why, name="a new one"):
        """Check the numbers, then write into the array and look at the tensor, and the other way round."""
        __tracebackhide__ = True
        before = numbers_of(array)
        dtype = getattr(torch, str(array.dtype))
        x = share(array)
        assert_close(x, before, dtype=dtype, device=CPU, why=f"{why} {told(array, name)}")
        why = f"The array was written into, and the tensor must show it. {why} {told(array, name)}"
        assert_close(x, written_over(array), dtype=dtype, device=CPU, why=why)
        x.zero_()
        zeros = numbers_of(np.zeros_like(array)).tolist()
        assert_equal(array.tolist(), zeros, why="The tensor was filled with zeros, and the array must show it.")

    def test_the_tensor_holds_the_numbers_of_the_array(self):
        why = f"{self.why} Here it is float64, NumPy's usual one."
        array, expected = np.array([[1.5, 2.0], [3.0, 4.0], [5.0, 6.0]]), [[1.5, 2.0], [3.0, 4.0], [5.0, 6.0]]
        assert_close(share(array), expected, dtype=torch.float64, device=CPU, why=why)

    def test_what_is_written_into_the_array_shows_in_the_tensor(self):
        array = np.array([1.0, 2.0, 3.0])
        x = share(array)
        assert_close(x, [1.0, 2.0, 3.0], dtype=torch.float64, device=CPU, why=self.why)
        array[1] = 20.0
        why = f"20 was written into the array, and the tensor must show it. {self.shared}"
        assert_close(x, [1.0, 20.0, 3.0], dtype=torch.float64, device=CPU, why=why)

    def test_what_is_written_into_the_tensor_shows_in_the_array(self):
        array = np.array([1.0, 2.0, 3.0])
        x = share(array)
        assert_close(x, [1.0, 2.0, 3.0], dtype=torch.float64, device=CPU, why=self.why)
        x[2] = 30.0
        why = f"30 was written into the tensor, and the array must show it. {self.shared}"
        assert_equal(array.tolist(), [1.0, 2.0, 30.0], why=why)

    @parameterized.expand(
        [(dtype, dtype) for dtype in ("float32", "float16", "int64", "int32", "int16", "uint8", "bool")]
    )
    def test_every_dtype_is_shared(self, _case, dtype):
        self.check(matrix(dtype), f"The dtype is that of the array, {dtype}. {self.shared}")

    def test_whole_numbers_stay_exact(self):
        array = np.array([2**53 + 1, -(2**62) - 1, 3])
        why = "The dtype is that of the array, int64. A float on the way would round these numbers."
        assert_close(share(array), [2**53 + 1, -(2**62) - 1, 3], device=CPU, why=why)

    def test_any_number_of_dimensions_stays(self):
        for shape in [(5,), (2, 3), (2, 3, 4), (1, 4), (4, 1), (1,), (2, 1, 2, 3)]:
            array = np.arange(math.prod(shape)).reshape(shape) + 1.5
            self.check(array, "The tensor has the shape of the array, however many dimensions there are.")

    def test_an_array_without_numbers_is_shared_too(self):
        why = "The tensor has the shape of the array, also where a size is 0."
        assert_close(share(np.zeros((0, 3))), torch.zeros(0, 3), dtype=torch.float64, device=CPU, why=why)

    @parameterized.expand([("float64", "float64"), ("float32", "float32"), ("int64", "int64")])
    def test_gaps_and_another_order_are_no_hindrance(self, _case, dtype):
        why = "Its numbers lie in memory with gaps, or in another order in memory. A tensor has strides too: no copy."
        for name, part in PARTS.items():
            self.check(part(matrix(dtype)), why, name)

    def test_a_part_writes_into_the_whole(self):
        array = matrix()
        x = share(array[1:3, ::2])
        assert_close(x, numbers_of(array[1:3, ::2]), dtype=torch.float64, device=CPU, why=self.why)
        expected = array.copy()
        expected[1:3, ::2] = -1.0
        x.fill_(-1.0)
        why = "Only what belongs to the part has changed, and it has changed in the whole array."
        assert_equal(array.tolist(), expected.tolist(), why=why)

    def test_the_array_stays_as_it_is(self):
        array = matrix().T
        before, layout = numbers_of(array), (array.dtype, array.shape, array.strides, array.flags.writeable)
        assert_close(share(array), before, dtype=torch.float64, device=CPU, why=self.why)
        why = "The array itself stays as it is: its dtype, its shape, its strides, and that it can be written into."
        assert_equal((array.dtype, array.shape, array.strides, array.flags.writeable), layout, why=why)

    def test_two_tensors_may_share_one_array(self):
        array = matrix()
        first, second = share(array), share(array)
        assert_close(second, numbers_of(array), dtype=torch.float64, device=CPU, why=self.why)
        first.zero_()
        why = f"All three lie in one memory: the zeros written into one tensor show in the other. {self.shared}"
        assert_close(second, torch.zeros(4, 6), dtype=torch.float64, device=CPU, why=why)


class TestCopy(KataTest):
    subject = copy
    why = "The result is float32, with the shape of the array, and all numbers in their places."
    own = "A copy has memory of its own, even if the array is float32 already. Another dtype only copies if it differs."

    def check(self, array, why, name="a new one"):
        """Check the numbers, then write into the array and look at the tensor, and the other way round."""
        __tracebackhide__ = True
        before = numbers_of(array, torch.float32)
        x = copy(array)
        assert_close(x, before, device=CPU, why=f"{why} {told(array, name)}")
        changed = written_over(array).tolist()
        why = f"The array was written into, and the tensor must not show it. {self.own} {told(array, name)}"
        assert_close(x, before, device=CPU, why=why)
        x.zero_()
        why = f"The tensor was filled with zeros, and the array must not show it. {self.own} {told(array, name)}"
        assert_equal(array.tolist(), changed, why=why)

    def test_the_tensor_holds_the_numbers_as_float32(self):
        array = np.array([[1.5, 2.0], [3.0, 4.0], [5.0, 6.0]])
        assert_close(copy(array), [[1.5, 2.0], [3.0, 4.0], [5.0, 6.0]], device=CPU, why=self.why)

    def test_a_float32_array_is_copied_as_well(self):
        array = np.array([1.0, 2.0, 3.0], dtype=np.float32)
        x = copy(array)
        assert_close(x, [1.0, 2.0, 3.0], device=CPU, why=self.why)
        array[1] = 20.0
        why = f"20 was written into the array, and the tensor must not show it. {self.own}"
        assert_close(x, [1.0, 2.0, 3.0], device=CPU, why=why)
        x[2] = 30.0
        why = f"30 was written into the tensor, and the array must not show it. {self.own}"
        assert_equal(array.tolist(), [1.0, 20.0, 3.0], why=why)

    @parameterized.expand([(dtype, dtype) for dtype in ("float64", "float16", "int64", "int32", "uint8", "bool")])
    def test_every_dtype_becomes_float32(self, _case, dtype):
        self.check(matrix(dtype), f"The array is {dtype}. {self.why}")

    def test_any_number_of_dimensions_stays(self):
        for shape in [(5,), (2, 3), (2, 3, 4), (1, 4), (4, 1), (1,), (2, 1, 2, 3)]:
            array = np.arange(math.prod(shape)).reshape(shape) + 1.5
            self.check(array, "The tensor has the shape of the array, however many dimensions there are.")

    def test_an_array_without_numbers_is_copied_too(self):
        why = "The tensor has the shape of the array, also where a size is 0."
        assert_close(copy(np.zeros((0, 3))), torch.zeros(0, 3), device=CPU, why=why)

    @parameterized.expand([("float32", "float32"), ("float64", "float64"), ("int64", "int64")])
    def test_gaps_and_another_order_are_no_hindrance(self, _case, dtype):
        for name, part in PARTS.items():
            self.check(part(matrix(dtype)), f"The array has gaps in memory, or another order there. {self.why}", name)

    @parameterized.expand([("float32", "float32"), ("float64", "float64"), ("int64", "int64")])
    def test_an_array_may_run_backwards(self, _case, dtype):
        why = "The array is read backwards: its stride is negative. PyTorch has no such tensors, but NumPy can copy it."
        for name, part in BACKWARDS.items():
            self.check(part(matrix(dtype)), f"{why} {self.why}", name)

    def test_each_number_is_as_exact_as_float32_can_be(self):
        numbers = [0.1, 1 / 3, 70000.123, 1e-30, 1e-40, -3e38, 2.0**31 + 2.0**10]
        why = "Each number is as exact as float32 can be, to about 7 digits. Do not go through a smaller dtype."
        expected = torch.tensor(numbers, dtype=torch.float32)
        assert_close(copy(np.array(numbers)), expected, rtol=0.0, atol=0.0, device=CPU, why=why)

    def test_large_whole_numbers_are_large_floats(self):
        numbers = [3_000_000_000, -(2**40), 7]
        why = "Each number is as exact as float32 can be. An int of 32 bits on the way ends at 2,147,483,647."
        assert_close(copy(np.array(numbers)), [float(n) for n in numbers], rtol=1e-7, atol=0.0, device=CPU, why=why)

    def test_uint8_reaches_to_255(self):
        array = np.array([200, 7, 255, 128], dtype=np.uint8)
        why = "The array is uint8, as the colours of a picture are: 0 to 255. int8 on the way ends at 127."
        assert_close(copy(array), [200.0, 7.0, 255.0, 128.0], device=CPU, why=why)

    @parameterized.expand([("float64", np.float64), ("float32", np.float32)])
    def test_infinity_and_nan_stay(self, _case, dtype):
        numbers = [math.inf, 1.0, -math.inf, math.nan]
        why = "float32 has infinity and NaN too, so they stay what they are. An int on the way has neither."
        assert_close(copy(np.array(numbers, dtype=dtype)), numbers, device=CPU, why=why)

    def test_each_call_makes_a_new_copy(self):
        array = matrix("float32")
        first, second = copy(array), copy(array)
        assert_close(second, numbers_of(array), device=CPU, why=self.why)
        first.zero_()
        why = "The first copy was filled with zeros, and the second one must not show it."
        assert_close(second, numbers_of(array), device=CPU, why=why)


class TestToNumpy(KataTest):
    subject = to_numpy
    gradients = (
        "x takes part in gradients, so x.numpy() refuses. Do not change x: detach() gives a tensor with the same "
        "numbers that does not take part."
    )

    def check(self, x, why):
        """Check what the call gives for x: an array, its dtype, its shape and its numbers."""
        __tracebackhide__ = True
        expected, dtype = oracle(x), x.dtype
        array = to_numpy(x)
        says = f"It returned a {type(array).__module__}.{type(array).__name__}."
        why = f"A NumPy array is asked for, whatever x is. {why}"
        assert_that(isinstance(array, np.ndarray), says.replace("builtins.", ""), why=why)
        name = str(dtype).removeprefix("torch.")
        assert_equal(str(array.dtype), name, why=f"The array has the dtype of x. {why}")
        assert_close(torch.from_numpy(array.copy()), expected, dtype=dtype, device=CPU, rtol=1e-7, atol=0.0, why=why)

    def test_the_array_holds_the_numbers_of_x(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        self.check(x, "The array has the shape of x and its numbers.")

    @parameterized.expand(
        [
            ("float64", torch.float64),
            ("float16", torch.float16),
            ("int64", torch.int64),
            ("uint8", torch.uint8),
            ("bool", torch.bool),
        ]
    )
    def test_the_dtype_is_that_of_x(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.int32  # an Apple GPU has no float64
        x = (self.randn(4, 3) * 3).abs().to(dtype)
        self.check(x, "The array has the dtype of x. A Python list on the way becomes float64 or int64.")

    def test_whole_numbers_stay_exact(self):
        x = self.tensor([2**53 + 1, -(2**62) - 1, 3])
        self.check(x, "The array has the dtype of x. A float on the way would round these numbers.")

    def test_any_number_of_dimensions_stays(self):
        for shape in [(5,), (2, 3, 4), (1, 4), (4, 1), (1,), (2, 1, 2, 3), (0, 3)]:
            x = self.randn(*shape)
            self.check(x, "The array has the shape of x, however many dimensions there are.")

    def test_a_single_number_is_an_array_too(self):
        self.check(self.tensor(2.5), "The shape () stays: an array without dimensions, which holds one number.")

    def test_gaps_and_another_order_are_no_hindrance(self):
        x = self.randn(4, 6)
        for part in (x[:, ::2], x[1:], x[:, 2], x.transpose(0, 1), x[0].expand(3, 6), x.view(2, 2, 6).permute(2, 0, 1)):
            self.check(part, f"x has the shape {tuple(part.shape)} and the strides {part.stride()}.")

    def test_x_may_take_part_in_gradients(self):
        x = self.randn(4, 3).requires_grad_()
        self.check(x, self.gradients)
        why = "x.requires_grad was True and must stay so: x stays as it is. Use detach(), which gives another tensor."
        assert_that(x.requires_grad, "Your code set x.requires_grad to False.", why=why)

    def test_gradients_are_still_computed_afterwards(self):
        x = self.randn(4, 3).requires_grad_()
        self.check(x, self.gradients)
        why = "No setting of PyTorch is changed: what is computed next needs gradients. `with torch.no_grad():` ends."
        assert_that(torch.is_grad_enabled(), "Your code switched gradients off for the whole program.", why=why)

    def test_a_tensor_without_gradients_stays_so(self):
        x = self.randn(4, 3)
        self.check(x, "The array has the shape of x and its numbers.")
        why = "x.requires_grad was False and must stay so: x stays as it is."
        assert_that(not x.requires_grad, "Your code set x.requires_grad to True.", why=why)

    def test_x_may_be_a_parameter_of_a_model(self):
        x = torch.nn.Parameter(self.randn(4, 3))
        self.check(x, f"x is an nn.Parameter, what models learn. {self.gradients}")
        assert_that(x.requires_grad, "Your code set x.requires_grad to False.", why="x stays as it is.")

    def test_x_may_be_computed_from_a_tensor_with_gradients(self):
        w = self.tensor([1.0, 2.0, 3.0]).requires_grad_()
        x = w * w
        self.check(x, f"x was computed from another tensor, and deepcopy refuses it. {self.gradients}")
        cut = "Your code cut x off from what it was computed from."
        why = "x stays as it is: a gradient must still find its way through it. detach_() cuts it, detach() does not."
        assert_that(x.requires_grad and x.grad_fn is not None, cut, why=why)
        x.sum().backward()
        why = "The gradient of w * w is 2 * w. Your code changed on what way it flows."
        assert_close(w.grad, [2.0, 4.0, 6.0], why=why)

    def test_a_gradient_that_x_has_stays(self):
        x = self.tensor([1.0, 2.0, 3.0]).requires_grad_()
        x.grad = self.tensor([7.0, 8.0, 9.0])
        self.check(x, self.gradients)
        assert_that(x.grad is not None, "Your code removed x.grad.", why="x stays as it is, with its gradient.")
        assert_close(x.grad, [7.0, 8.0, 9.0], why="x.grad stays as it is. Only read the numbers of x.")

    @parameterized.expand([("without gradients", False), ("with gradients", True)])
    def test_x_may_live_on_another_device(self, _case, requires_grad):
        self.check(self.randn(4, 3), "The array has the shape of x and its numbers.")
        elsewhere = torch.empty(4, 3, device="meta", requires_grad=requires_grad)
        why = (
            "This x lives on another device. NumPy can read the memory of the CPU only, so x must come there first. "
            "cpu() does that, on any device."
        )
        try:
            to_numpy(elsewhere)
        except TypeError as error:
            assert_that("numpy" not in str(error), f"On a GPU this would stop with: {error}", why=why)
        except Exception:
            pass  # it asked for the numbers, and this device stores none

    def test_x_is_left_alone(self):
        x = self.randn(4, 3).transpose(0, 1)
        before = (x.data_ptr(), x.stride(), x.device, oracle(x).tolist())
        self.check(x, "The array has the shape of x and its numbers.")
        same = before == (x.data_ptr(), x.stride(), x.device, oracle(x).tolist())
        why = "x stays as it is: its numbers, its place in memory and its device."
        assert_that(same, "Your code changed x.", why=why)


class TestFloat32From(KataTest):
    subject = float32_from
    why = "The result is float32, with the shape of the array and the numbers of the array in their places."

    def check(self, array, why, name="a new one"):
        __tracebackhide__ = True
        expected = numbers_of(array, torch.float64)
        result = float32_from(array)
        assert_close(result, expected, device=CPU, why=f"{why} {told(array, name)}")

    def test_float64_becomes_float32(self):
        array = np.array([[0.5, 1.5], [2.5, 3.5], [4.5, 5.5]])
        assert_close(float32_from(array), [[0.5, 1.5], [2.5, 3.5], [4.5, 5.5]], device=CPU, why=self.why)

    def test_any_number_of_dimensions_stays(self):
        for shape in [(5,), (2, 3), (2, 3, 4), (1, 4), (4, 1), (1,), (2, 1, 2, 3), (0, 3)]:
            array = np.arange(math.prod(shape)).reshape(shape) + 1.5
            self.check(array, "The tensor has the shape of the array, however many dimensions there are.")

    def test_gaps_and_another_order_are_no_hindrance(self):
        for name, part in PARTS.items():
            self.check(part(matrix()), f"The array has gaps in memory, or another order there. {self.why}", name)

    @parameterized.expand(list(BACKWARDS.items()))
    def test_an_array_may_run_backwards(self, case, part):
        why = "The array is read backwards: its stride is negative. PyTorch has no such tensors, but NumPy can copy it."
        self.check(part(matrix()), f"{why} {self.why}", case)

    def test_each_number_is_as_exact_as_float32_can_be(self):
        numbers = [0.1, 1 / 3, 70000.123, 1e-30, 1e-40, -3e38, 2.0**31 + 2.0**10]
        why = "Each number is as exact as float32 can be, to about 7 digits. Do not go through a smaller dtype."
        expected = torch.tensor(numbers, dtype=torch.float32)
        assert_close(float32_from(np.array(numbers)), expected, rtol=0.0, atol=0.0, device=CPU, why=why)

    def test_infinity_and_nan_stay(self):
        numbers = [math.inf, 1.0, -math.inf, math.nan]
        why = "float32 has infinity and NaN too, so they stay what they are. An int on the way has neither."
        assert_close(float32_from(np.array(numbers)), numbers, device=CPU, why=why)

    def test_the_array_stays_as_it_is(self):
        array = np.array([0.1, 0.2, 0.3])
        self.check(array, self.why)
        why = "The array itself stays as it is: float64, with all its digits."
        assert_equal(array.tolist(), [0.1, 0.2, 0.3], why=why)

    def test_the_tensor_has_memory_of_its_own(self):
        array = matrix()
        x = float32_from(array)
        before = numbers_of(array, torch.float32)
        assert_close(x, before, device=CPU, why=self.why)
        written_over(array)
        why = "float32 needs other memory than float64, so the tensor does not show what is written into the array."
        assert_close(x, before, device=CPU, why=why)


class TestAddInPlaceViaNumpy(KataTest):
    subject = add_in_place_via_numpy
    why = (
        "Every number of x grows by 1. `array = array + 1` makes a new array; what is written into the old one counts."
    )

    def add(self, x, why):
        """Call the function, and say so if it wrote with PyTorch."""
        __tracebackhide__ = True
        with WritesOfPyTorch(x) as by_pytorch:
            result = add_in_place_via_numpy(x)
        if by_pytorch.found:
            why = (
                "NumPy does the writing here. x.numpy() is an array that shares the memory of x: what is written into "
                "the array shows in x at once."
            )
        assert_that(not by_pytorch.found, "Here an operation of PyTorch writes into x.", why=why)
        return result

    def check(self, x, expected, why, name="a new tensor"):
        """Check that every number in the memory of x has grown, and that x itself came back."""
        __tracebackhide__ = True
        why = f"{why} Here x is {name}: shape {tuple(x.shape)}, strides {x.stride()}."
        place = x.data_ptr(), x.stride(), x.shape
        result = self.add(x, why)
        assert_close(x, expected, dtype=x.dtype, device=CPU, rtol=0.0, atol=0.0, why=why)
        moved = place != (x.data_ptr(), x.stride(), x.shape)
        assert_that(not moved, "Your code gave x another memory.", why="x stays in its old place in memory.")
        says = f"It returned {'None' if result is None else f'another object, of type {type(result).__name__}'}."
        why = "The function returns x itself: the object that it was given, not a new tensor and not the array."
        assert_that(result is x, says, why=why)

    def test_every_number_grows_by_1(self):
        x = torch.tensor([[10.0, 20.0, 30.0], [40.0, 50.0, 60.0], [70.0, 80.0, 90.0]])
        self.check(x, [[11.0, 21.0, 31.0], [41.0, 51.0, 61.0], [71.0, 81.0, 91.0]], self.why)

    @parameterized.expand([("float64", torch.float64, 2.0**30 + 0.25), ("int64", torch.int64, 2**53 + 1)])
    def test_the_dtype_stays(self, _case, dtype, large):
        x = torch.tensor([[large, 2, 3], [-4, 5, 0]], dtype=dtype)
        expected = torch.tensor([[large + 1, 3, 4], [-3, 6, 1]], dtype=dtype)
        why = "The dtype stays. An array of whole numbers takes whole numbers only: 1, not 1.0."
        self.check(x, expected, f"{why} Another dtype on the way would round a large number.")

    def test_any_number_of_dimensions_will_do(self):
        for shape in [(5,), (2, 3, 4), (1, 4), (4, 1), (1,), (2, 1, 2, 3), (0, 3)]:
            x = torch.tensor(np.arange(math.prod(shape)).reshape(shape) + 0.5, dtype=torch.float32)
            self.check(x, oracle(x) + 1, "Every number of x grows by 1, however many dimensions there are.")

    @parameterized.expand(
        [
            ("every other column", lambda x: x[:, ::2]),
            ("a column", lambda x: x[:, 1]),
            ("a transposed matrix", lambda x: x.transpose(0, 1)),
            ("the batch last", lambda x: x.view(2, 2, 6).permute(1, 2, 0)),
        ]
    )
    def test_gaps_and_another_order_are_no_hindrance(self, case, part):
        x = part(torch.tensor(matrix().tolist()))
        why = "The numbers lie in memory with gaps or in another order. An array has strides too: no copy is needed."
        self.check(x, oracle(x) + 1, f"{self.why} {why}", case)

    def test_a_part_leaves_the_rest_alone(self):
        whole = torch.tensor(matrix().tolist())
        expected = oracle(whole)
        expected[1:3, ::2] += 1
        result = self.add(whole[1:3, ::2], self.why)
        assert_close(whole, expected, device=CPU, why="Every number of x grows by 1, and none of those around it.")
        assert_close(result, expected[1:3, ::2], device=CPU, why="x itself comes back: the part that was given.")

    def test_an_older_view_shows_it_too(self):
        x = torch.tensor([1.0, 2.0, 3.0, 4.0])
        view, array = x[1:], x.numpy()
        self.check(x, [2.0, 3.0, 4.0, 5.0], self.why)
        why = "The numbers change in their old place in memory, so each view and each array of x shows it."
        assert_close(view, [3.0, 4.0, 5.0], device=CPU, why=why)
        assert_equal(array.tolist(), [2.0, 3.0, 4.0, 5.0], why=why)

    def test_a_second_call_adds_another_1(self):
        x = torch.tensor([1.0, 2.0, 3.0])
        self.check(x, [2.0, 3.0, 4.0], self.why)
        self.check(x, [3.0, 4.0, 5.0], f"The second call adds 1 once more. {self.why}")
