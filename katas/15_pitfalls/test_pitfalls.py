"""The tests of kata 15. Run them with: make kata N=15

The code to repair passes some of these tests. Let it pass them afterwards, too.
"""

import gc
import math
import weakref

import pytest
import torch
from pitfalls import add_noise, average, merge_heads, mse, normalized_double, running_loss

from dojo.elsewhere import Elsewhere, MixedDevices, elsewhere, second_device
from dojo.subject import CheckFailed
from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_gradients,
    assert_lands,
    assert_left_alone,
    assert_raises,
    assert_that,
    on_two_devices,
    oracle,
    parameterized,
)

HALF = torch.float16
KEPT = "The result keeps the dtype of the input."


def placed(x, there):
    return elsewhere(x) if there else x


NEW = (
    "A new tensor is promised, also where nothing needs to be done: the caller may write into the result, and must not "
    "change the input by that."
)


def assert_new(result, *inputs):
    shared = any(result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr() for x in inputs)
    assert_that(not shared, "The result is in the memory of an input.", why=NEW)


def squares_by_hand(pred, target):
    pred, target = oracle(pred).flatten().tolist(), oracle(target).flatten().tolist()
    return sum((p - t) * (p - t) for p, t in zip(pred, target)) / len(pred)


class TestMse(KataTest):
    subject = mse
    why = "It is the mean of the squared differences, over all numbers. The shape of the result is ()."

    def test_the_squared_differences_are_averaged(self):
        pred, target = self.tensor([1.0, 2.0, 3.0, 4.0]), self.tensor([1.0, 4.0, 3.0, 0.0])
        assert_close(mse(pred, target), 5.0, why=f"The squares are 0, 4, 0 and 16. {self.why}")

    def test_a_column_and_a_row_are_refused(self):
        pred, target = self.tensor([[1.0], [2.0], [3.0], [4.0]]), self.tensor([1.0, 2.0, 3.0, 4.0])
        why = (
            "(4, 1) against (4,) broadcasts to (4, 4): every prediction met every target. These predictions are all "
            "perfect, and their loss would not be 0. Refuse shapes that are not equal: raise a ValueError."
        )
        assert_raises(ValueError, mse, pred, target, why=why)
        assert_raises(ValueError, mse, target, pred, why=why)

    @parameterized.expand(
        [
            ("one number", ()),
            ("a vector of one", (1,)),
            ("a column", (4, 1)),
            ("a row", (1, 4)),
            ("a matrix", (2, 3)),
            ("a square", (3, 3)),
            ("three dimensions", (2, 5, 3)),
        ]
    )
    def test_equal_shapes_are_welcome(self, _case, shape):
        pred, target = self.randn(*shape), self.randn(*shape)
        assert_close(mse(pred, target), squares_by_hand(pred, target), why=self.why)

    @parameterized.expand(
        [
            ("one more dimension", (2, 3), (3,)),
            ("one less dimension", (3,), (2, 3)),
            ("a row for a matrix", (2, 3), (1, 3)),
            ("a column for a matrix", (2, 3), (2, 1)),
            ("a matrix for a row", (1, 3), (2, 3)),
            ("one number for a vector", (4,), ()),
            ("a vector for one number", (), (4,)),
            ("one number in another shape", (1,), ()),
            ("a size of 1 in front", (1, 3), (3,)),
            ("sizes swapped", (2, 3), (3, 2)),
            ("as many numbers", (2, 3), (6,)),
            ("sizes that clash", (3,), (4,)),
            ("a batch of one", (1, 5, 3), (2, 5, 3)),
            ("another size in the middle", (2, 5, 3), (2, 1, 3)),
            ("another size at the end", (2, 5, 3), (2, 5, 1)),
        ]
    )
    def test_shapes_that_differ_are_refused(self, _case, first, second):
        pred, target = self.randn(*first), self.randn(*second)
        why = (
            f"The shapes {first} and {second} are not equal, so there is not one target for each prediction, at the "
            "same place. Raise a ValueError, and do not bend them into shape: the caller must know."
        )
        assert_raises(ValueError, mse, pred, target, why=why)

    @parameterized.expand([("float16", HALF), ("bfloat16", torch.bfloat16)])
    def test_the_result_has_the_dtype_of_the_predictions(self, _case, dtype):
        pred, target = self.randn(2, 3, dtype=dtype), self.randn(2, 3, dtype=dtype)
        assert_close(mse(pred, target), squares_by_hand(pred, target), why=KEPT, dtype=dtype)

    def test_one_difference_may_be_large(self):
        pred, target = self.tensor([1000.0, 2.0]), self.tensor([-1000.0, 2.0])
        assert_close(mse(pred, target), 2e6, why=f"The squares are 4000000 and 0. {self.why}")

    def test_a_prediction_that_is_no_number_shows(self):
        pred, target = self.tensor([1.0, math.nan, 3.0]), self.tensor([1.0, 2.0, 5.0])
        why = "The mean of numbers of which one is NaN is NaN. Do not leave it out: it says that something went wrong."
        assert_close(mse(pred, target), math.nan, why=why)
        assert_close(mse(target, pred), math.nan, why=why)

    @parameterized.expand([("in the predictions", True, False), ("in the targets", False, True)])
    def test_gaps_in_memory_make_no_difference(self, _case, gaps_in_pred, gaps_in_target):
        pred, target = self.randn(4, 3, strided=gaps_in_pred), self.randn(4, 3, strided=gaps_in_target)
        assert_close(mse(pred, target), squares_by_hand(pred, target), why=self.why)

    def test_the_inputs_are_left_alone(self):
        pred, target = self.randn(4, 3), self.randn(4, 3)
        assert_left_alone(mse, pred, target, expected=squares_by_hand(pred, target))

    def test_it_works_on_any_device(self):
        pred, target = self.randn(4, 3), self.randn(4, 3)
        assert_follows_device(mse, pred, target, expected=squares_by_hand(pred, target))

    def test_gradients_reach_both(self):
        pred, target = self.randn(2, 3), self.randn(2, 3)
        assert_gradients(mse, pred, target, expected=squares_by_hand(pred, target), why=REACH)


REACH = "Training follows the gradient back to the inputs. A .detach(), .item() or a change in place cuts the way."


class TestAddNoise(KataTest):
    subject = add_noise
    why = "The result is x + noise, where x is. The noise must come to the same device: use what noise.to(...) returns."
    sum = "The noise that you were given is added to x, number by number."

    def test_the_noise_is_added(self):
        x, noise = self.tensor([1.0, 2.0, 3.0]), self.tensor([0.5, -0.5, 0.25])
        assert_close(add_noise(x, noise), [1.5, 1.5, 3.25], why=self.sum)

    @parameterized.expand(
        [
            ("x here and the noise there", False, True),
            ("x there and the noise here", True, False),
            ("both there", True, True),
        ]
    )
    def test_the_noise_comes_to_the_device_of_x(self, _case, x_there, noise_there):
        x, noise = self.randn(2, 3), self.randn(2, 3)
        expected = oracle(x) + oracle(noise)
        assert_close(add_noise(x, noise), expected, why=self.sum)
        result = on_two_devices(add_noise, placed(x, x_there), placed(noise, noise_there), why=self.why)
        assert_lands(result, expected, x_there, why=self.why)

    @parameterized.expand(
        [
            ("one number", ()),
            ("one dimension", (4,)),
            ("a single row", (1, 3)),
            ("three dimensions", (2, 5, 3)),
            ("a size of 1 in between", (2, 1, 3)),
            ("a size of 0", (0, 3)),
        ]
    )
    def test_the_shape_may_be_any(self, _case, shape):
        x, noise = self.randn(*shape), self.randn(*shape)
        expected = oracle(x) + oracle(noise)
        assert_close(add_noise(x, noise), expected, why=self.sum)
        for there in (True, False):
            result = on_two_devices(add_noise, placed(x, there), placed(noise, not there), why=self.why)
            assert_lands(result, expected, there, why=f"{self.why} That holds for a single number as well.")

    @parameterized.expand([("float16", HALF), ("bfloat16", torch.bfloat16)])
    def test_the_dtype_stays(self, _case, dtype):
        x, noise = self.randn(2, 3, dtype=dtype), self.randn(2, 3, dtype=dtype)
        expected = oracle(x) + oracle(noise)
        why = "Both have one dtype, and the sum has it too."
        assert_close(add_noise(x, noise), expected, why=why, dtype=dtype)
        for there in (True, False):
            result = on_two_devices(add_noise, placed(x, there), placed(noise, not there), why=self.why)
            assert_lands(result, expected, there, why=why, dtype=dtype)

    def test_infinity_and_nan_stay(self):
        x, noise = self.tensor([math.inf, 1.0, -math.inf, 2.0]), self.tensor([1.0, math.nan, 1.0, 0.5])
        expected = [math.inf, math.nan, -math.inf, 2.5]
        assert_close(add_noise(x, noise), expected, why=f"{self.sum} What comes out is not repaired.")

    def test_the_result_is_a_new_tensor(self):
        x, noise = self.randn(2, 3), self.tensor([[0.0] * 3] * 2)
        result = add_noise(x, noise)
        assert_close(result, oracle(x), why=self.sum)
        assert_new(result, x, noise)

    @parameterized.expand([("in x", True, False), ("in the noise", False, True)])
    def test_gaps_in_memory_make_no_difference(self, _case, gaps_in_x, gaps_in_noise):
        x, noise = self.randn(4, 3, strided=gaps_in_x), self.randn(4, 3, strided=gaps_in_noise)
        expected = oracle(x) + oracle(noise)
        assert_close(add_noise(x, noise), expected, why=self.sum)
        for there in (True, False):
            result = on_two_devices(add_noise, placed(x, there), placed(noise, not there), why=self.why)
            assert_lands(result, expected, there, why=self.why)

    def test_the_inputs_are_left_alone(self):
        x, noise = self.randn(2, 3), self.randn(2, 3)
        assert_left_alone(add_noise, x, noise, expected=oracle(x) + oracle(noise))

    @parameterized.expand([("a matrix", (2, 3)), ("one number", ()), ("a vector of one", (1,))])
    def test_gradients_reach_both(self, _case, shape):
        x, noise = self.randn(*shape), self.randn(*shape)
        assert_gradients(add_noise, x, noise, expected=oracle(x) + oracle(noise), why=REACH)

    @parameterized.expand([("x", 0, True), ("x", 0, False), ("noise", 1, True), ("noise", 1, False)])
    def test_gradients_reach_both_devices(self, name, index, x_there):
        x, noise = self.randn(2, 3), self.randn(2, 3)
        expected = oracle(x) + oracle(noise)
        assert_close(add_noise(x, noise), expected, why=self.sum)
        given = placed(x, x_there), placed(noise, not x_there)
        leaf = given[index].requires_grad_()
        why = "A gradient travels back the same way, from device to device. Do not move the noise under no_grad."
        result = on_two_devices(add_noise, *given, why=self.why, gradients=True)
        assert_lands(result, expected, x_there, why=self.why)
        assert_that(result.requires_grad, f"The result has no gradient: the way back to `{name}` is cut.", why=why)
        sent = torch.arange(1.0, 7.0).view(2, 3).to(x.device)
        with second_device():
            gradient = torch.autograd.grad(result, leaf, placed(sent, x_there))[0]
        assert_lands(gradient, sent.cpu().double(), isinstance(leaf, Elsewhere), why=why)


def scaled_by_hand(x):
    x = oracle(x)
    largest = max(abs(2 * number) for number in x.flatten().tolist())
    return 2 * x / largest


class TestNormalizedDouble(KataTest):
    subject = normalized_double
    why = (
        "Double the numbers, and divide them by the largest absolute value of what you have, its own largest. "
        "The signs stay."
    )
    flows = (
        "The gradient flows through the numbers, and through the largest value, which depends on x as well. PyTorch "
        "must see every step: .data, detach and no_grad hide it."
    )

    @parameterized.expand(
        [
            ("a negative one", [1.0, -4.0, 2.0], [0.25, -1.0, 0.5]),
            ("a positive one", [-3.0, 0.0, 6.0], [-0.5, 0.0, 1.0]),
            ("the only one", -0.5, -1.0),
        ]
    )
    def test_the_largest_absolute_value_becomes_1(self, _case, x, expected):
        assert_close(normalized_double(self.tensor(x)), expected, why=self.why)

    @parameterized.expand(
        [
            ("one number", ()),
            ("one row", (1, 4)),
            ("one column", (4, 1)),
            ("a matrix", (4, 3)),
            ("a square", (3, 3)),
            ("three dimensions", (2, 5, 3)),
        ]
    )
    def test_one_largest_value_for_the_whole_tensor(self, _case, shape):
        x = self.randn(*shape)
        why = f"{self.why} There is one largest value for the whole tensor, of any shape."
        assert_close(normalized_double(x), scaled_by_hand(x), why=why)

    @parameterized.expand([("two rows", (2, 3)), ("one dimension", (5,)), ("one number", ())])
    def test_the_gradient_can_be_computed(self, _case, shape):
        x = self.randn(*shape)
        assert_gradients(normalized_double, x, expected=scaled_by_hand(x), why=self.flows)

    @parameterized.expand([("positive", [0.5, 2.0, -1.0]), ("negative", [0.5, -2.0, 1.0])])
    def test_the_gradient_flows_through_a_largest_value_of_either_sign(self, _case, x):
        x = self.tensor(x)
        assert_gradients(normalized_double, x, expected=scaled_by_hand(x), why=self.flows)

    @parameterized.expand([("small", 1e-7), ("very small", 1e-20), ("large", 1e20)])
    def test_the_size_of_the_numbers_does_not_matter(self, _case, factor):
        x = self.randn(4, 3) * factor
        why = "The largest absolute value becomes 1, however small or large the numbers are. Nothing else is added."
        assert_close(normalized_double(x), scaled_by_hand(x), why=why)

    @parameterized.expand([("float16", HALF), ("bfloat16", torch.bfloat16)])
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        x = self.randn(4, 3, dtype=dtype)
        assert_close(normalized_double(x), scaled_by_hand(x), why=KEPT, dtype=dtype)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(4, 3, strided=True)
        assert_close(normalized_double(x), scaled_by_hand(x), why=self.why)

    def test_x_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(normalized_double, x, expected=scaled_by_hand(x))

    @parameterized.expand([("1", [0.5, -1.0, 0.25]), ("a half", [0.5, -0.25, 0.0])])
    def test_the_result_is_a_new_tensor_where_the_largest_value_is(self, _case, x):
        x = self.tensor(x)
        result = normalized_double(x)
        assert_close(result, scaled_by_hand(x), why=self.why)
        assert_new(result, x)

    def test_it_works_on_any_device(self):
        x = self.randn(4, 3)
        assert_follows_device(normalized_double, x, expected=scaled_by_hand(x))


def merged_by_hand(x):
    rows = [[[n for head in b for n in head[t]] for t in range(x.shape[2])] for b in oracle(x).tolist()]
    return torch.tensor(rows, dtype=oracle(x).dtype)


class TestMergeHeads(KataTest):
    subject = merge_heads
    why = "A token's heads stand side by side: its d numbers of head 0, then those of head 1. Each row is one token's."

    def test_the_heads_of_a_token_stand_side_by_side(self):
        first, second = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]]
        expected = [[1.0, 2.0, 10.0, 20.0], [3.0, 4.0, 30.0, 40.0], [5.0, 6.0, 50.0, 60.0]]
        assert_close(merge_heads(self.tensor([[first, second]])), [expected], why=f"{self.why} {MEMORY}")

    @parameterized.expand(
        [
            ("all sizes different", (2, 3, 5, 4)),
            ("one sequence", (1, 3, 2, 4)),
            ("one head", (2, 1, 5, 4)),
            ("one token", (2, 3, 1, 4)),
            ("one number in each head", (2, 3, 5, 1)),
            ("as many heads as tokens", (2, 3, 3, 4)),
            ("all sizes equal", (2, 2, 2, 2)),
            ("one number", (1, 1, 1, 1)),
        ]
    )
    def test_it_works_for_any_sizes(self, _case, shape):
        x = self.randn(*shape)
        assert_close(merge_heads(x), merged_by_hand(x), why=f"{self.why} {MEMORY}")

    @parameterized.expand(
        [
            ("with gaps", lambda x: x),
            ("split from one row for each token", lambda x: x.transpose(1, 2).contiguous().transpose(1, 2)),
            ("with d in front", lambda x: x.permute(3, 0, 1, 2).contiguous().permute(1, 2, 3, 0)),
            ("the same for the whole batch", lambda x: x[:1].expand(2, -1, -1, -1)),
            ("every other token", lambda x: torch.cat([x, x], dim=2)[:, :, ::2]),
            ("the end of a longer tensor", lambda x: torch.cat([x + 1, x])[2:]),
        ]
    )
    def test_the_numbers_may_lie_in_memory_in_any_order(self, _case, lay_out):
        x = lay_out(self.randn(2, 3, 5, 4, strided=True))
        assert_close(merge_heads(x), merged_by_hand(x), why=f"x need not be contiguous. {self.why} {MEMORY}")

    @parameterized.expand(
        [
            ("float16", HALF),
            ("bfloat16", torch.bfloat16),
            ("int64", torch.int64),
            ("int32", torch.int32),
            ("uint8", torch.uint8),
            ("bool", torch.bool),
        ]
    )
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        x = self.randint(0, 2, (2, 3, 5, 4)).to(dtype)
        assert_close(merge_heads(x), merged_by_hand(x), why=f"{KEPT} {MEMORY}", dtype=dtype)

    @parameterized.expand(
        [
            ("float32", torch.float32, [[1.0, math.nan], [math.inf, -2.0]]),
            ("float64", torch.float64, [[1.0000000001, 2.0], [1e300, -2.0]]),
            ("int64", torch.int64, [[2**53 + 1, 2], [3, -(2**53) - 1]]),
        ]
    )
    def test_no_number_is_changed(self, _case, dtype, rows):
        if dtype == torch.float64 and self.device.type == "mps":
            pytest.skip("an Apple GPU has no float64")
        x = self.tensor([[[row] for row in rows]], dtype=dtype)  # two heads, and one token
        why = f"The numbers come to another place, and nothing else: they are not computed with. {KEPT}"
        assert_close(merge_heads(x), [[rows[0] + rows[1]]], why=why, dtype=dtype, rtol=0.0, atol=0.0)

    def test_complex_numbers_keep_both_parts(self):
        real, imaginary = self.randn(2, 3, 5, 4), self.randn(2, 3, 5, 4)
        result = merge_heads(torch.complex(real, imaginary))
        why = f"A complex number is a pair of two numbers, and it moves as one. {KEPT}"
        complex64 = isinstance(result, torch.Tensor) and result.dtype == torch.complex64
        assert_that(complex64, "The result has no complex numbers.", why=why)
        assert_close(result.real, merged_by_hand(real), why=f"{self.why} {MEMORY}")
        assert_close(result.imag, merged_by_hand(imaginary), why=why)

    def test_x_is_left_alone(self):
        x = self.randn(2, 3, 5, 4)
        assert_left_alone(merge_heads, x, expected=merged_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 3, 5, 4)
        assert_follows_device(merge_heads, x, expected=merged_by_hand(x))

    def test_gradients_reach_x(self):
        x = self.randn(1, 2, 3, 2)
        assert_gradients(merge_heads, x, expected=merged_by_hand(x), why=REACH)


MEMORY = "After the transpose, memory is in another order. A view cannot change that; what copies the numbers can."


def mean_by_hand(a, b):
    a, b = oracle(a), oracle(b)
    return torch.tensor([(p + q) / 2 for p, q in zip(a.flatten().tolist(), b.flatten().tolist())]).reshape(a.shape)


ORDERS = [("float16 first", HALF, torch.float32), ("float32 first", torch.float32, HALF)]


class TestAverage(KataTest):
    subject = average
    why = (
        "Each number is (a + b) / 2. One tensor is float16, the other float32, and the dtype of the result is float32."
    )

    @parameterized.expand(ORDERS)
    def test_the_mean_is_taken_number_by_number(self, _case, first, second):
        a, b = self.tensor([1.0, 2.0, -3.0], dtype=first), self.tensor([4.0, 6.0, 3.0], dtype=second)
        assert_close(average(a, b), [2.5, 4.0, 0.0], why=self.why)

    @parameterized.expand(ORDERS)
    def test_the_sum_may_be_larger_than_float16_can_hold(self, _case, first, second):
        a = self.tensor([60000.0, -65504.0, 40000.0], dtype=first)
        b = self.tensor([49984.0, -65504.0, 0.0], dtype=second)
        why = "The largest number of float16 is 65504; beyond that is infinity. So do not add in float16."
        assert_close(average(a, b), [54992.0, -65504.0, 20000.0], why=why)

    @parameterized.expand([("float16 first", True), ("float32 first", False)])
    def test_the_float32_numbers_may_be_large(self, _case, half_first):
        a, b = self.tensor([1.0, 2.0, -3.0], dtype=HALF), self.tensor([1e6, -3e20, 70000.0])
        why = "The largest number of float16 is 65504, and these are larger. So do not bring them to float16."
        result = average(a, b) if half_first else average(b, a)
        assert_close(result, [500000.5, -1.5e20, 34998.5], why=why, rtol=1e-6)

    @parameterized.expand([("float16 first", True), ("float32 first", False)])
    def test_the_digits_of_float32_are_kept(self, _case, half_first):
        a, b = self.tensor([0.0, 1.0, -0.5], dtype=HALF), self.tensor([1.2345678, 1e-6, 2.0000002])
        why = "float32 has 7 digits, float16 has 3. What is lost in float16 does not come back: go up to float32."
        result = average(a, b) if half_first else average(b, a)
        assert_close(result, mean_by_hand(a, b), why=why, rtol=1e-6, atol=0.0)

    @parameterized.expand([("float16 first", True), ("float32 first", False)])
    def test_half_of_the_smallest_float16_number_is_kept(self, _case, half_first):
        a, b = self.tensor([2.0**-24, -(2.0**-24), 2.0**-24], dtype=HALF), self.tensor([0.0, 0.0, 2.0**-24])
        why = (
            "2**-24 is the smallest positive number of float16, and half of it is 0 there. Go up to float32 before you "
            "halve."
        )
        result = average(a, b) if half_first else average(b, a)
        assert_close(result, [2.0**-25, -(2.0**-25), 2.0**-24], why=why, rtol=1e-6, atol=0.0)

    @parameterized.expand(ORDERS)
    def test_nan_stays(self, _case, first, second):
        a, b = self.tensor([math.nan, 1.0, 2.0], dtype=first), self.tensor([1.0, math.nan, 3.0], dtype=second)
        why = f"{self.why} What is NaN already is not repaired: it says that something went wrong before."
        assert_close(average(a, b), [math.nan, math.nan, 2.5], why=why)

    @parameterized.expand(ORDERS)
    def test_the_result_is_a_new_tensor(self, _case, first, second):
        a, b = self.tensor([1.0, -2.0], dtype=first), self.tensor([1.0, -2.0], dtype=second)
        result = average(a, b)
        assert_close(result, [1.0, -2.0], why=self.why)
        assert_new(result, a, b)

    @parameterized.expand(
        [
            ("one number", ()),
            ("one row", (1, 3)),
            ("a matrix", (4, 3)),
            ("three dimensions", (2, 5, 3)),
            ("a size of 0", (0, 3)),
        ]
    )
    def test_the_shape_may_be_any(self, _case, shape):
        for first, second in ((HALF, torch.float32), (torch.float32, HALF)):
            a, b = self.randn(*shape, dtype=first), self.randn(*shape, dtype=second)
            assert_close(average(a, b), mean_by_hand(a, b), why=self.why)

    @parameterized.expand(ORDERS)
    def test_gaps_in_memory_make_no_difference(self, _case, first, second):
        a, b = self.randn(4, 3, dtype=first, strided=True), self.randn(4, 3, dtype=second)
        assert_close(average(a, b), mean_by_hand(a, b), why=self.why)

    @parameterized.expand(ORDERS)
    def test_the_inputs_are_left_alone(self, _case, first, second):
        a, b = self.randn(4, 3, dtype=first), self.randn(4, 3, dtype=second)
        assert_left_alone(average, a, b, expected=mean_by_hand(a, b))

    @parameterized.expand(ORDERS)
    def test_it_works_on_any_device(self, _case, first, second):
        a, b = self.randn(4, 3, dtype=first), self.randn(4, 3, dtype=second)
        assert_follows_device(average, a, b, expected=mean_by_hand(a, b))

    @parameterized.expand(
        [
            (f"{name}, {case}", first, second, sent)
            for name, first, second in ORDERS
            for case, sent in (("a matrix", [[1.0, 2.0, -4.0], [8.0, 0.5, 0.0]]), ("one number", 4.0))
        ]
    )
    def test_gradients_reach_both(self, _case, first, second, sent):
        sent = self.tensor(sent)
        a, b = (self.randn(*sent.shape, dtype=dtype).requires_grad_() for dtype in (first, second))
        result = average(a, b)
        assert_close(result, mean_by_hand(a, b), why=self.why)
        assert_that(result.requires_grad, "The result has no gradient: the way back to the inputs is cut.", why=REACH)
        gradients = torch.autograd.grad(result, [a, b], sent, allow_unused=True)
        for name, x, gradient in zip("ab", (a, b), gradients):
            assert_that(gradient is not None, f"No gradient reaches `{name}`.", why=REACH)
            assert_close(gradient, oracle(sent) / 2, why=f"{REACH} It comes back halved.", dtype=x.dtype)


class TestRunningLoss(KataTest):
    subject = running_loss
    why = "It is the total of all losses, as a Python float."

    def losses(self, *numbers):
        """Losses with a graph, as they come from a training step; and a reference to a tensor that only it holds."""
        made, inside = [], []
        for number in numbers:
            weight = self.tensor([number, 1.0]).requires_grad_()
            hidden = weight * 2  # the next step remembers it, for the gradient
            made.append((hidden * hidden).sum())
            inside.append(weakref.ref(hidden))
        return made, inside

    @parameterized.expand([("plain", False), ("with a graph", True)])
    def test_the_losses_are_added_up(self, _case, graph):
        losses = [self.tensor(number).requires_grad_(graph) for number in (1.5, 2.0, 0.25)]
        why = f"{self.why} A tensor plus a number is a tensor, and it remembers how it was computed."
        assert_equal(running_loss(losses), 3.75, why=why)

    @parameterized.expand(
        [
            ("one loss", [0.75]),
            ("negative ones", [-1.5, 2.0, -4.25]),
            ("a zero", [0.0, 0.5]),
            ("equal ones", [0.25, 0.25, 0.25]),
            ("many", [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0]),
            ("large ones", [65536.0, 65536.0, 3.0]),
            ("hundreds", [0.5] * 300),
            ("many digits", [0.5, 2.0**-20]),
        ]
    )
    def test_there_may_be_any_number_of_losses(self, _case, numbers):
        losses = [self.tensor(number) for number in numbers]
        assert_equal(running_loss(losses), math.fsum(numbers), why=self.why)

    def test_a_tuple_is_welcome_too(self):
        losses = (self.tensor(1.5), self.tensor(2.0))
        assert_equal(running_loss(losses), 3.5, why=f"{self.why} They may come in a list or in a tuple.")

    def test_an_infinite_loss_shows(self):
        total = running_loss([self.tensor(1.0), self.tensor(math.inf), self.tensor(2.0)])
        why = "A sum with infinity in it is infinity. Do not leave it out: a total shows when training goes wrong."
        assert_equal(total, math.inf, why=f"{self.why} {why}")

    def test_a_loss_that_is_not_a_number_shows(self):
        total = running_loss([self.tensor(1.0), self.tensor(math.nan), self.tensor(2.0)])
        why = "A sum with NaN in it is NaN. Do not leave it out: a total shows when training goes wrong."
        is_nan = isinstance(total, float) and math.isnan(total)
        assert_that(is_nan, "The NaN was left out.", why=why, expected="nan", actual=repr(total))

    def test_the_same_loss_may_come_twice(self):
        loss = self.tensor(1.5)
        assert_equal(
            running_loss([loss, self.tensor(2.0), loss]), 5.0, why=f"{self.why} It counts as often as it comes."
        )

    def test_losses_with_and_without_a_graph_may_be_mixed(self):
        losses = [self.tensor(1.5), self.tensor(2.0).requires_grad_(), self.tensor(0.25)]
        assert_equal(running_loss(losses), 3.75, why=f"{self.why} All of them count, with or without a graph.")

    @parameterized.expand(
        [
            ("float16", HALF, (1.5, 2.0, -0.25)),
            ("bfloat16", torch.bfloat16, (1.5, 2.0, -0.25)),
            ("float64", torch.float64, (1.5, 2.0, 2.0**-40)),
        ]
    )
    def test_the_losses_may_have_any_real_dtype(self, _case, dtype, numbers):
        if dtype == torch.float64 and self.device.type == "mps":
            pytest.skip("an Apple GPU has no float64")
        losses = [self.tensor(number, dtype=dtype) for number in numbers]
        why = f"{self.why} It has the digits of float64: of such losses none is lost."
        assert_equal(running_loss(losses), math.fsum(numbers), why=why)

    def test_the_list_is_left_alone(self):
        losses = [self.tensor(1.5), self.tensor(2.0)]
        given = list(losses)
        assert_equal(running_loss(losses), 3.5, why=self.why)
        why = "The caller's list stays as it is, and so do the losses in it."
        same = len(losses) == len(given) and all(one is other for one, other in zip(losses, given))
        assert_that(
            same, "Your code changed the list of losses.", why=why, expected="2 losses", actual=f"{len(losses)}"
        )
        assert_close(torch.stack(losses), [1.5, 2.0], why=why)

    def test_each_call_starts_at_0(self):
        losses = [self.tensor(1.5), self.tensor(2.0)]
        first = running_loss(losses)
        why = "Each call adds up the losses that it is given, and no others."
        assert_equal(running_loss(losses), 3.5, why=why)
        assert_equal(first, 3.5, why=why)

    def test_no_graph_is_kept_alive(self):
        losses, inside = self.losses(1.0, 2.0, 3.0)
        total = running_loss(losses)
        assert_equal(total, 68.0, why=self.why)
        losses.clear()
        if any(ref() is not None for ref in inside):
            gc.collect()
        alive = sum(ref() is not None for ref in inside)
        why = "When the caller lets go of the losses, their memory must become free. Do not keep the tensors anywhere."
        assert_that(alive == 0, f"The graphs of {alive} of 3 losses are still in memory.", why=why)

    def test_each_loss_keeps_its_graph(self):
        losses, _inside = self.losses(1.0, 2.0)
        total = running_loss(losses)
        assert_equal(total, 28.0, why=self.why)
        why = "Each loss keeps its graph: the caller may still want gradients. Take the number out, and change nothing."
        for loss in losses:
            assert_that(loss.grad_fn is not None, "A loss has lost its graph.", why=why)
            try:
                torch.autograd.backward(loss)
            except RuntimeError as error:
                raise CheckFailed("The gradient of a loss was already computed.", why=why, error=error) from error

    def test_the_losses_are_left_alone(self):
        weight = self.tensor(3.0).requires_grad_()
        losses = [weight * 2, self.tensor(1.5), self.tensor(2.0).requires_grad_()]
        assert_equal(running_loss(losses), 9.5, why=self.why)
        why = "The losses stay as they are, and so do their settings. Take the number out of each."
        asked = [loss.requires_grad for loss in losses]
        assert_that(asked == [True, False, True], "Your code changed `requires_grad` of a loss.", why=why)
        assert_that(not losses[0].retains_grad, "Your code called retain_grad: each gradient would be kept.", why=why)

    def test_gradients_stay_switched_on(self):
        weight = self.tensor(3.0).requires_grad_()
        assert_equal(running_loss([weight * 2]), 6.0, why=self.why)
        why = (
            "torch.set_grad_enabled(False) holds for the whole program: nothing would learn any more. Where you want "
            "no gradients, write `with torch.no_grad():`, which ends with its block."
        )
        assert_that((weight * 2).requires_grad, "After your code, nothing has gradients any more.", why=why)

    def test_no_gradient_is_computed(self):
        weight = self.tensor(3.0).requires_grad_()
        losses = [weight * 2, weight * 0.5]
        assert_equal(running_loss(losses), 7.5, why=self.why)
        why = "Each loss keeps its graph, and nobody has asked for gradients here. Take the number out of the tensor."
        assert_that(weight.grad is None, "Your code computed a gradient.", why=why)
        sum(losses).backward()
        assert_close(weight.grad, 2.5, why="The caller's own backward gives the gradients that it would have given.")

    def test_it_works_on_any_device(self):
        losses = [self.tensor(1.5).requires_grad_(), self.tensor(2.0).requires_grad_()]
        assert_equal(running_loss(losses), 3.5, why=self.why)
        why = f"{self.why} The losses may lie on any device; the number is taken out of each."
        result = on_two_devices(running_loss, [elsewhere(loss) for loss in losses], why=why)
        assert_equal(result, 3.5, why=why)
