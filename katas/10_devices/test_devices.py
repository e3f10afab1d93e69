"""The tests of kata 10. Run them with: make kata N=10

Some tensors of these tests live on a second device. It is not a real one, but they cannot meet a tensor that was made
on this one, as tensors on a graphics card could not. So the tests find what would stop there, on every computer.
"""

import math
from unittest import mock

import pytest
import torch
from devices import Scaler, add_anywhere, like_device, pick_device, positions_for, same_device

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
    assert_that,
    on_two_devices,
    oracle,
    parameterized,
)

PLACES = [
    ("x here and the other there", False, True),
    ("x there and the other here", True, False),
    ("both there", True, True),
]
SHAPES = [
    ("a single number", ()),
    ("one dimension", (4,)),
    ("a single row", (1, 3)),
    ("three dimensions", (2, 5, 3)),
    ("four dimensions", (3, 1, 2, 4)),
    ("a size of 0", (0, 3)),
]


def assert_gradient_comes_back(call, *args, name, expected, there, why):
    """Check that a gradient of the result of `call(*args)` arrives at the first or second of them as it was."""
    x = args[name == "b"].requires_grad_()
    result = on_two_devices(call, *args, why=why, gradients=True)
    assert_lands(result, expected, there, why=why)
    assert_that(result.requires_grad, f"The result has no gradient: the way back to `{name}` is cut.", why=why)
    sent = torch.arange(1.0, 7.0).view(2, 3)
    with second_device():
        gradient = torch.autograd.grad(result, x, placed(sent.to(x.dtype), isinstance(result, Elsewhere)))[0]
    assert_lands(gradient, sent.double(), isinstance(x, Elsewhere), why=why)


def placed(x, there):
    return elsewhere(x) if there else x


def storage(x):
    return x.untyped_storage().data_ptr()


class TestPickDevice(KataTest):
    subject = pick_device

    @parameterized.expand(
        [
            ("an NVIDIA card", True, False, "cuda"),
            ("an Apple computer", False, True, "mps"),
            ("neither", False, False, "cpu"),
        ]
    )
    def test_the_best_device_is_chosen(self, _case, cuda, mps, expected):
        why = (
            'With an NVIDIA card it is the string "cuda"; else, on an Apple computer, "mps"; else "cpu". '
            "The two arguments alone decide."
        )
        assert_equal(pick_device(cuda, mps), expected, why=why)

    def test_cuda_comes_before_mps(self):
        assert_equal(pick_device(True, True), "cuda", why="Where both can be used, cuda comes before mps.")

    def test_each_question_gets_its_own_answer(self):
        asked = [(True, True), (False, True), (False, False), (False, True), (True, False), (False, False)]
        found = [pick_device(cuda, mps) for cuda, mps in asked]
        why = "Each call is answered by its own two arguments alone, whatever was asked before."
        assert_equal(found, ["cuda", "mps", "cpu", "mps", "cuda", "cpu"], why=why)

    @parameterized.expand([("everything", True), ("nothing", False)])
    def test_the_two_arguments_decide_on_a_machine_with(self, _case, there):
        answers = {(True, True): "cuda", (True, False): "cuda", (False, True): "mps", (False, False): "cpu"}
        cuda, mps = torch.cuda, torch.backends.mps
        with (
            mock.patch.object(cuda, "is_available", lambda: there),
            mock.patch.object(mps, "is_available", lambda: there),
        ):
            found = {asked: pick_device(*asked) for asked in answers}
        why = "Do not ask the machine what it has: the caller did. The two arguments alone decide."
        assert_equal(found, answers, why=why)


class TestLikeDevice(KataTest):
    subject = like_device
    moves = "x comes to where `other` is, and other.device says where. Return what .to gives: it does not move x."
    kept = "Only the place changes. The values of x, its shape and its dtype stay as they are, whatever `other` has."

    def test_the_values_stay_as_they_are(self):
        x, other = self.tensor([[1.0, 2.0], [3.0, 4.0]]), self.tensor([[7.0, 8.0], [9.0, 0.0]])
        why = f"{self.kept} Name no device in the code, for it may not be there: `other` knows its own."
        assert_close(like_device(x, other), [[1.0, 2.0], [3.0, 4.0]], why=why)

    @parameterized.expand(PLACES)
    def test_x_comes_to_the_device_of_the_other(self, _case, x_there, other_there):
        x, other = self.randn(2, 3), self.randn(4)
        assert_close(like_device(x, other), oracle(x), why=self.kept)
        result = on_two_devices(like_device, placed(x, x_there), placed(other, other_there), why=self.moves)
        assert_lands(result, oracle(x), other_there, why=self.moves)

    @parameterized.expand(SHAPES)
    def test_x_may_have_any_shape(self, _case, shape):
        x, other = self.randn(*shape), self.randn(2, 7)
        assert_close(like_device(x, other), oracle(x), why=self.kept)
        for there in (True, False):
            result = on_two_devices(like_device, placed(x, not there), placed(other, there), why=self.moves)
            assert_lands(result, oracle(x), there, why=f"{self.moves} {self.kept}")

    @parameterized.expand(SHAPES)
    def test_the_other_may_have_any_shape(self, _case, shape):
        x, other = self.randn(2, 7), self.randn(*shape)
        assert_close(like_device(x, other), oracle(x), why=self.kept)
        for there in (True, False):
            result = on_two_devices(like_device, placed(x, not there), placed(other, there), why=self.moves)
            assert_lands(result, oracle(x), there, why=f"{self.moves} {self.kept}")

    @parameterized.expand(
        [
            ("float16", torch.float16),
            ("bfloat16", torch.bfloat16),
            ("int64", torch.int64),
            ("uint8", torch.uint8),
            ("bool", torch.bool),
        ]
    )
    def test_the_dtype_is_that_of_x(self, _case, dtype):
        x, other = self.tensor([[0, 1, 2], [3, 100, 0]]).to(dtype), self.randn(4)
        expected = oracle(x)
        assert_close(like_device(x, other), expected, why=self.kept, dtype=dtype)
        assert_close(like_device(other, x), oracle(other), why=self.kept)
        for there in (True, False):
            result = on_two_devices(like_device, placed(x, not there), placed(other, there), why=self.moves)
            assert_lands(result, expected, there, why=self.kept, dtype=dtype)

    def test_large_whole_numbers_stay_exact(self):
        x, other = self.tensor([2**53 + 1, -(2**60) - 1, 16_777_217]), self.randn(3)
        why = "Nothing is computed on the way. As real numbers, these would lose their last digit."
        assert_close(like_device(x, other), [2**53 + 1, -(2**60) - 1, 16_777_217], why=why)

    def test_infinity_and_nan_move_like_other_numbers(self):
        x, other = self.tensor([math.inf, math.nan, -math.inf, 1.0]), self.randn(4)
        assert_close(like_device(x, other), [math.inf, math.nan, -math.inf, 1.0], why=self.kept)

    def test_the_numbers_of_the_other_do_not_matter(self):
        x, other = self.tensor([1.0, 2.0]), self.tensor([math.nan, math.inf])
        assert_close(like_device(x, other), [1.0, 2.0], why=f"Only the device of `other` counts. {self.kept}")

    def test_gaps_in_memory_make_no_difference(self):
        x, other = self.randn(4, 3, strided=True), self.randn(4, 3, strided=True)
        assert_close(like_device(x, other), oracle(x), why=self.kept)
        for there in (True, False):
            result = on_two_devices(like_device, placed(x, not there), placed(other, there), why=self.moves)
            assert_lands(result, oracle(x), there, why=self.kept)

    @parameterized.expand([("of equal shapes", (2, 3)), ("of one more dimension", (4, 2, 3))])
    def test_the_inputs_are_left_alone(self, _case, shape):
        x, other = self.randn(2, 3), self.randn(*shape)
        why = "The caller still needs x as well as `other`. Nothing is written into either of them."
        assert_left_alone(like_device, x, other, expected=oracle(x), why=why)

    def test_gradients_flow_back_to_x(self):
        x, other = self.randn(2, 3), self.randint(0, 9, (4,))
        why = "A moved tensor remembers where it came from, so the gradient finds its way back to x. Do not cut it off."
        assert_gradients(like_device, x, other, expected=oracle(x), why=why)

    @parameterized.expand(PLACES)
    def test_gradients_flow_back_to_the_other_device(self, _case, x_there, other_there):
        x, other = self.randn(2, 3), self.randn(4)
        told = {"name": "x", "expected": oracle(x), "there": other_there}
        assert_close(like_device(x, other), oracle(x), why=self.kept)
        why = "A gradient travels back the same way, from the device of `other` to that of x. Move x without no_grad."
        assert_gradient_comes_back(like_device, placed(x, x_there), placed(other, other_there), why=why, **told)


class TestPositionsFor(KataTest):
    subject = positions_for
    why = "x is (batch, seq, d): its second size counts the places. The first place is 0, so the list starts at 0."

    def test_the_places_are_numbered(self):
        x = self.tensor([[[0.5, 0.5, 0.5], [1.0, 2.0, 3.0]] * 2] * 3)
        why = f"{self.why} The shape is (seq,), and whole numbers are int64."
        assert_close(positions_for(x), [0, 1, 2, 3], why=why)

    @parameterized.expand(
        [
            ("more places than sequences", (2, 5, 3)),
            ("fewer places than sequences", (4, 2, 3)),
            ("all sizes equal", (3, 3, 3)),
            ("one sequence", (1, 6, 2)),
            ("one place", (3, 1, 2)),
            ("one number for each token", (3, 4, 1)),
            ("long tokens", (2, 3, 11)),
        ]
    )
    def test_the_second_size_counts(self, _case, shape):
        x = self.randn(*shape)
        expected = [place for place in range(shape[1])]
        assert_close(positions_for(x), expected, why=self.why)

    @parameterized.expand([("zeros", 0.0), ("NaN", math.nan), ("infinity", math.inf)])
    def test_the_numbers_in_x_do_not_matter(self, _case, value):
        x = self.tensor([[[value, value]] * 5] * 3)
        why = "The numbers in x do not matter: even a token of zeros or NaN has its place. Only shape and device count."
        assert_close(positions_for(x), [0, 1, 2, 3, 4], why=why)

    @parameterized.expand(
        [("float16", torch.float16), ("int64", torch.int64), ("uint8", torch.uint8), ("bool", torch.bool)]
    )
    def test_positions_are_int64_for_every_dtype_of_x(self, _case, dtype):
        x = self.randint(0, 2, (2, 5, 3)).to(dtype)
        why = "Positions are whole numbers, int64, whatever the dtype of x. Only the device is that of x."
        assert_close(positions_for(x), [0, 1, 2, 3, 4], why=why)

    @parameterized.expand(
        [("bfloat16", torch.bfloat16, 300), ("float16", torch.float16, 2100), ("uint8", torch.uint8, 300)]
    )
    def test_positions_are_exact_in_a_long_sequence(self, _case, dtype, seq):
        x = torch.ones(1, seq, 1, dtype=dtype).to(self.device)
        why = "Each position is exact: count in int64 from the start. bfloat16 has no 257, and uint8 stops at 255."
        assert_close(positions_for(x), [place for place in range(seq)], why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 4, 3, strided=True)
        assert_close(positions_for(x), [0, 1, 2, 3], why=f"{self.why} How x lies in memory does not matter.")

    def test_each_call_makes_a_new_tensor(self):
        x = self.randn(2, 4, 3)
        first, second = positions_for(x), positions_for(x)
        assert_close(first, [0, 1, 2, 3], why=self.why)
        assert_close(second, [0, 1, 2, 3], why=self.why)
        why = "Each call makes a new tensor. Whoever writes into one result must not change another with it."
        assert_that(storage(first) != storage(second), "Two calls returned the same tensor.", why=why)

    def test_x_is_left_alone(self):
        assert_left_alone(positions_for, self.randn(2, 4, 3), expected=[0, 1, 2, 3])

    @parameterized.expand([("real numbers", torch.float32), ("whole numbers", torch.int64)])
    def test_the_positions_live_where_x_lives(self, _case, dtype):
        x = self.randn(2, 4, 3).to(dtype)
        why = "Positions are used together with x, so they must be on the same device: x.device says which one it is."
        assert_follows_device(positions_for, x, expected=[0, 1, 2, 3], why=why)


def tensors(test, there):
    """A tensor for each of `there`: on the second device where it says True. Shapes and dtypes differ."""
    made = [test.randn(2, 3), test.randn(4), test.randint(0, 9, (1, 5)), test.randn(3, 1, dtype=torch.float16)]
    return [placed(x, place) for x, place in zip(made * 3, there)]


class TestSameDevice(KataTest):
    subject = same_device
    why = "Look at all of them: each must be on the device of the others. The answer is True or False."

    def test_two_tensors_on_one_device(self):
        a, b = self.tensor([1.0, 2.0]), self.tensor([3.0, 4.0])
        assert_equal(
            same_device(a, b),
            True,
            why=f"Both are on one device. Compare with ==: `is` finds two objects. {self.why}",
        )

    def test_shapes_and_dtypes_do_not_matter(self):
        given = self.randn(2, 3), self.randn(4), self.randint(0, 9, (5,)), self.tensor([True]), self.tensor(3.0)
        why = "Only the device counts. Shapes and dtypes may differ."
        assert_equal(same_device(*given), True, why=why)

    @parameterized.expand([("the second", (False, True)), ("the first", (True, False))])
    def test_one_of_two_is_elsewhere(self, _case, there):
        a, b = self.randn(3), self.randn(3)
        assert_equal(same_device(a, b), True, why=f"Both are on one device. {self.why}")
        result = on_two_devices(same_device, placed(a, there[0]), placed(b, there[1]), why=ASK)
        assert_equal(result, False, why=f"One of the two is on another device. {self.why}")

    @parameterized.expand(
        [
            ("the first of three", (True, False, False)),
            ("the second of three", (False, True, False)),
            ("the last of three", (False, False, True)),
            ("two of three", (True, False, True)),
            ("two of four", (True, True, False, False)),
            ("the fourth of six", (False, False, False, True, False, False)),
            ("all but the third", (True, True, False, True, True)),
        ]
    )
    def test_one_elsewhere_among_many_is_enough(self, _case, there):
        given = tensors(self, [False] * len(there))
        assert_equal(same_device(*given), True, why=f"They are all on one device. {self.why}")
        result = on_two_devices(same_device, *tensors(self, there), why=ASK)
        assert_equal(result, False, why=f"Not all of them are on one device. {self.why}")

    @parameterized.expand([("one", 1), ("two", 2), ("three", 3), ("seven", 7)])
    def test_they_may_all_be_together_elsewhere(self, _case, count):
        assert_equal(same_device(*tensors(self, [False] * count)), True, why=f"They are all on one device. {self.why}")
        result = on_two_devices(same_device, *tensors(self, [True] * count), why=ASK)
        why = "They are together on one device, whichever that is. It need not be the CPU."
        assert_equal(result, True, why=why)

    def test_one_tensor_is_not_in_two_places(self):
        assert_equal(same_device(self.randn(2, 3)), True, why="One tensor is on one device, and no other disagrees.")

    def test_without_tensors_it_is_true(self):
        assert_equal(same_device(), True, why="Without tensors, no two devices differ: the answer is True.")

    def test_a_single_number_has_a_device_too(self):
        number, x = self.tensor(3.0), self.randn(2, 3)
        assert_equal(same_device(number, x), True, why=f"Both are on one device. {self.why}")
        why = "A tensor of shape () has a device as well. PyTorch lets it meet others, but it is still elsewhere."
        for a, b in ((number, elsewhere(x)), (elsewhere(number), x), (elsewhere(x), number)):
            assert_equal(on_two_devices(same_device, a, b, why=ASK), False, why=why)

    def test_a_tensor_without_numbers_has_a_device_too(self):
        nothing, x = self.randn(0, 3), self.randn(2, 3)
        assert_equal(same_device(nothing, x), True, why=f"Both are on one device. {self.why}")
        why = "A tensor with a size of 0 holds no numbers, and has a device all the same."
        for a, b in ((nothing, elsewhere(x)), (elsewhere(nothing), x)):
            assert_equal(on_two_devices(same_device, a, b, why=ASK), False, why=why)

    def test_two_cards_are_two_devices(self):
        a, b = self.randn(3), self.randn(3)
        assert_equal(same_device(a, b), True, why=f"Both are on one device. {self.why}")
        first, second, again = (pretended(x, device) for x, device in ((a, "cuda:0"), (b, "cuda:1"), (b, "cuda:0")))
        why = "These lie on two graphics cards, cuda:0 and cuda:1. Cards of one kind are still two devices."
        assert_equal(on_two_devices(same_device, first, second, why=ASK), False, why=why)
        why = "These lie on one graphics card, cuda:0."
        assert_equal(on_two_devices(same_device, first, again, why=ASK), True, why=why)

    def test_the_inputs_are_left_alone(self):
        a, b = self.randn(2, 3), self.randn(2, 3)
        before = oracle(a), oracle(b)
        assert_equal(same_device(a, b), True, why=f"Both are on one device. {self.why}")
        assert_close((a, b), before, why="You only look at the tensors. Their numbers are still needed.")


ASK = "There is no need to compute with the tensors. Each one says where it is: x.device."


def pretended(x, device):
    """A tensor that says that it is on `device`, which need not be there."""
    values = x.detach().cpu()
    made = torch.Tensor._make_wrapper_subclass(Elsewhere, values.shape, dtype=values.dtype, device=torch.device(device))
    made.values = values
    return made


class TestAddAnywhere(KataTest):
    subject = add_anywhere
    why = (
        "The result is a + b. b comes to where a is, and a.device says where that is; two tensors can meet only there."
    )

    def test_two_tensors_are_added(self):
        a, b = self.tensor([1.0, 2.0, 3.0]), self.tensor([10.0, 20.0, 30.0])
        assert_close(add_anywhere(a, b), [11.0, 22.0, 33.0], why="The result is a + b, number by number.")

    @parameterized.expand(
        [("a here and b there", False, True), ("a there and b here", True, False), ("both there", True, True)]
    )
    def test_b_comes_to_where_a_is(self, _case, a_there, b_there):
        a, b = self.randn(2, 3), self.randn(2, 3)
        expected = oracle(a) + oracle(b)
        assert_close(add_anywhere(a, b), expected, why="The result is a + b, number by number.")
        result = on_two_devices(add_anywhere, placed(a, a_there), placed(b, b_there), why=self.why)
        assert_lands(result, expected, a_there, why=self.why)

    @parameterized.expand(SHAPES)
    def test_the_shape_may_be_any(self, _case, shape):
        a, b = self.randn(*shape), self.randn(*shape)
        expected = oracle(a) + oracle(b)
        assert_close(add_anywhere(a, b), expected, why="The result is a + b, number by number.")
        for there in (True, False):
            result = on_two_devices(add_anywhere, placed(a, there), placed(b, not there), why=self.why)
            assert_lands(result, expected, there, why=f"{self.why} That holds for a single number as well.")

    @parameterized.expand(
        [
            ("float16", torch.float16),
            ("bfloat16", torch.bfloat16),
            ("int64", torch.int64),
            ("int32", torch.int32),
        ]
    )
    def test_the_dtype_stays(self, _case, dtype):
        a, b = (self.tensor([[1, 2, 300], [4, 5, -6]]).to(dtype), self.tensor([[10, -20, 30], [0, 0, 7]]).to(dtype))
        expected = oracle(a) + oracle(b)
        why = "Both have one dtype, and the sum has it too."
        assert_close(add_anywhere(a, b), expected, why=why, dtype=dtype)
        for there in (True, False):
            result = on_two_devices(add_anywhere, placed(a, there), placed(b, not there), why=self.why)
            assert_lands(result, expected, there, why=why, dtype=dtype)

    def test_large_whole_numbers_stay_exact(self):
        a, b = self.tensor([2**53 + 1, -(2**60) - 1]), self.tensor([1, -1])
        why = "Whole numbers are added as whole numbers. As real numbers, these would lose their last digit."
        assert_close(add_anywhere(a, b), [2**53 + 2, -(2**60) - 2], why=why)

    @parameterized.expand([("in the first", True, False), ("in the second", False, True), ("in both", True, True)])
    def test_gaps_in_memory_make_no_difference(self, _case, first, second):
        a, b = self.randn(4, 3, strided=first), self.randn(4, 3, strided=second)
        expected = oracle(a) + oracle(b)
        assert_close(add_anywhere(a, b), expected, why=self.why)
        for there in (True, False):
            result = on_two_devices(add_anywhere, placed(a, there), placed(b, not there), why=self.why)
            assert_lands(result, expected, there, why=self.why)

    def test_the_inputs_are_left_alone(self):
        a, b = self.randn(2, 3), self.randn(2, 3)
        why = "The caller still needs both. Where b is already on the device of a, .to gives b itself, not a copy."
        assert_left_alone(add_anywhere, a, b, expected=oracle(a) + oracle(b), why=why)

    def test_infinity_and_nan_stay(self):
        a, b = self.tensor([math.inf, 1.0, 2.0]), self.tensor([1.0, math.nan, 0.5])
        why = "The result is a + b, number by number. What comes out is not repaired."
        assert_close(add_anywhere(a, b), [math.inf, math.nan, 2.5], why=why)

    def test_the_result_is_a_new_tensor(self):
        x, zeros = self.randn(2, 3), self.tensor([[0.0] * 3] * 2)
        for a, b in ((x, zeros), (zeros, x)):
            result = add_anywhere(a, b)
            assert_close(result, oracle(x), why="The result is a + b, number by number.")
            why = "A new tensor is promised, also where one of the two is 0. The caller may write into it."
            assert_that(storage(result) not in (storage(a), storage(b)), "The result is an input itself.", why=why)

    @parameterized.expand([("of a matrix", (2, 3)), ("of a single number", ()), ("of a vector of one", (1,))])
    def test_gradients_flow_back_to_both(self, _case, shape):
        a, b = self.randn(*shape), self.randn(*shape)
        why = "A moved tensor remembers where it came from, so the gradient finds its way back to b as well as to a."
        assert_gradients(add_anywhere, a, b, expected=oracle(a) + oracle(b), why=why)

    @parameterized.expand(
        [
            ("to a, which is there", "a", True),
            ("to b, which is here", "b", True),
            ("to a, which is here", "a", False),
            ("to b, which is there", "b", False),
        ]
    )
    def test_gradients_flow_back_to_two_devices(self, _case, name, a_there):
        a, b = self.randn(2, 3), self.randn(2, 3)
        told = {"name": name, "expected": oracle(a) + oracle(b), "there": a_there}
        assert_close(add_anywhere(a, b), oracle(a) + oracle(b), why="The result is a + b, number by number.")
        why = "A gradient travels back the same way, from the device of a to that of b. Move b without no_grad."
        assert_gradient_comes_back(add_anywhere, placed(a, a_there), placed(b, not a_there), why=why, **told)


def scaled(x, scale):
    """Each column times its own number, one column after the other."""
    x, scale = oracle(x), oracle(scale)
    for column in range(x.shape[-1]):
        x[..., column] *= scale[column] if scale.ndim else scale
    return x


def held(module):
    """What a module holds, in words."""
    kinds = {
        "buffers": {name: tuple(x.shape) for name, x in module.named_buffers()},
        "parameters": {name: tuple(x.shape) for name, x in module.named_parameters()},
    }
    return ", ".join(f"{kind} {found}" if found else f"no {kind}" for kind, found in kinds.items())


class TestScaler(KataTest):
    subject = Scaler
    product = "Column j of the result is column j of x times scale[j]."

    def layer(self, scale):
        """A Scaler, after a look at what it holds."""
        module = self.make(Scaler, scale)
        wanted = {"scale": tuple(scale.shape)}
        found = {name: tuple(x.shape) for name, x in module.named_buffers()}
        why = "The layer keeps the tensor as a buffer, named scale, and its shape stays. So PyTorch knows what to move."
        expected = f"buffers {wanted}, no parameters"
        says = "The layer has no buffers." if not found else "The buffers of the layer are not right."
        if not list(module.parameters()):
            assert_that(found == wanted, says, why=why, expected=expected, actual=held(module))
        why = "There is no parameter: parameters are what training changes, and the scale is fixed. It is a buffer."
        says = "The layer has a parameter."
        assert_that(not list(module.parameters()), says, why=why, expected=expected, actual=held(module))
        return module

    def test_each_column_is_multiplied_by_its_number(self):
        x, scale = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), self.tensor([1.0, 10.0, 100.0])
        module = self.make(Scaler, scale)
        assert_close(module(x), [[1.0, 20.0, 300.0], [4.0, 50.0, 600.0]], why=self.product)

    def test_the_scale_is_a_buffer(self):
        scale = self.tensor([1.0, -2.0, 0.0, 0.5])
        module = self.layer(scale)
        assert_close(module.scale, [1.0, -2.0, 0.0, 0.5], why="The buffer holds the numbers that the layer was given.")
        says = "The buffer asks for a gradient."
        assert_that(not module.scale.requires_grad, says, why="Training must not change the scale.")
        says = "Your code changed `requires_grad` of the scale."
        assert_that(not scale.requires_grad, says, why="The scale is the caller's tensor, and stays as it is.")

    def test_the_scale_is_saved(self):
        module = self.layer(self.tensor([1.0, -2.0, 0.5]))
        saved = {name: tuple(x.shape) for name, x in module.state_dict().items()}
        why = "state_dict() holds what is saved of a layer: its parameters, and its buffers unless you refuse."
        assert_equal(saved, {"scale": (3,)}, why=why)
        assert_close(module.state_dict()["scale"], [1.0, -2.0, 0.5], why=why)

    def test_one_number_may_scale_all_columns(self):
        x, scale = self.randn(2, 5, 3), self.tensor(-2.5)
        module = self.layer(scale)
        assert_close(
            module(x), scaled(x, scale), why="A scale of shape () is one number, and it multiplies every column."
        )

    @parameterized.expand(
        [
            ("one token", (3,)),
            ("a sequence", (5, 3)),
            ("a square", (3, 3)),
            ("a batch", (2, 5, 3)),
            ("a batch of one", (1, 5, 3)),
            ("heads", (2, 4, 5, 3)),
            ("one column", (5, 1)),
        ]
    )
    def test_any_number_of_dimensions_may_stand_in_front(self, _case, shape):
        x, scale = self.randn(*shape), self.randn(shape[-1])
        why = f"{self.product} Before the last dimension, x may have any number of others, or none."
        assert_close(self.layer(scale)(x), scaled(x, scale), why=why)

    def test_each_layer_has_its_own_scale(self):
        x, one, two = self.randn(5, 3), self.randn(3), self.randn(3)
        first, second = self.layer(one), self.layer(two)
        why = "Each layer has its own scale, the one that it was made with."
        assert_close((first(x), second(x), first(x)), (scaled(x, one), scaled(x, two), scaled(x, one)), why=why)

    @parameterized.expand([("a number for each column", (3,)), ("one number", ())])
    def test_a_saved_scale_can_be_loaded(self, _case, shape):
        x, scale, ones = self.randn(5, 3), self.randn(*shape), torch.ones(shape).to(self.device)
        module, fresh = self.layer(scale), self.layer(ones)
        fresh.to(torch.float16).to(torch.float32)  # so the buffer is not the tensor any more that it was made of
        assert_close(fresh(x), oracle(x), why=self.product)  # a call before the loading must not freeze the scale
        why = "The layer multiplies by its buffer as it is by now: load_state_dict() has put other numbers there."
        fresh.load_state_dict(module.state_dict())
        assert_close(fresh(x), scaled(x, scale), why=why)

    def test_it_moves_to_another_dtype(self):
        x, scale = self.randn(5, 3, dtype=torch.float16), self.randn(3)
        module = self.layer(scale).to(torch.float16)
        why = "`.to` changes the buffers of a layer, here to float16. The layer uses its buffer as it is by now."
        assert_close(module.scale, oracle(scale), why=why, dtype=torch.float16)
        assert_close(module(x), scaled(x, scale), why=why, dtype=torch.float16)

    @parameterized.expand([("float16", torch.float16), ("bfloat16", torch.bfloat16)])
    def test_the_buffer_has_the_dtype_of_the_scale(self, _case, dtype):
        x, scale = self.randn(5, 3, dtype=dtype), self.randn(3, dtype=dtype)
        module = self.layer(scale)
        why = "The buffer keeps the dtype of the scale that it was made of, and the result has that of x."
        assert_close(module.scale, oracle(scale), why=why, dtype=dtype)
        assert_close(module(x), scaled(x, scale), why=why, dtype=dtype)

    def test_float64_stays_exact(self):
        if self.device.type == "mps":
            pytest.skip("an Apple GPU has no float64")
        x, scale = self.tensor([[1.0, 3.0]], dtype=torch.float64), self.tensor([1 + 2**-40, 0.1], dtype=torch.float64)
        why = "The dtype is float64 from end to end. float32 on the way would lose half of the digits."
        assert_close(self.layer(scale)(x), scaled(x, scale), why=why, dtype=torch.float64, rtol=1e-14, atol=0.0)

    def test_gaps_in_memory_make_no_difference(self):
        x, scale = self.randn(2, 5, 3, strided=True), self.randn(3, strided=True)
        assert_close(self.layer(scale)(x), scaled(x, scale), why=self.product)

    def test_each_column_stays_by_itself(self):
        x, scale = self.tensor([[math.inf, 1.0, 2.0], [3.0, math.nan, -4.0]]), self.tensor([2.0, -1.0, 0.5])
        why = f"{self.product} Infinity or NaN in one column does not reach another, and is not repaired."
        assert_close(self.layer(scale)(x), [[math.inf, -1.0, 1.0], [6.0, math.nan, -2.0]], why=why)

    def test_the_result_is_a_new_tensor(self):
        x, ones = self.randn(5, 3), self.tensor([1.0, 1.0, 1.0])
        result = self.layer(ones)(x)
        assert_close(result, oracle(x), why=self.product)
        why = "A new tensor is promised, also where the scale is 1. The caller may write into it, and keep x."
        assert_that(storage(result) != storage(x), "The result is x itself.", why=why)

    def test_training_and_evaluation_give_the_same(self):
        x, scale = self.randn(5, 3), self.randn(3)
        module = self.layer(scale)
        expected = scaled(x, scale)
        why = "The scale is fixed. Neither the mode of the layer nor an earlier call changes it."
        for mode in (True, False, True):
            assert_close(module.train(mode)(x), expected, why=why)

    @parameterized.expand([("a number for each column", (3,)), ("one number", ())])
    def test_x_is_left_alone(self, _case, shape):
        x, scale = self.randn(5, 3), self.randn(*shape)
        before = oracle(scale)
        assert_left_alone(self.layer(scale), x, expected=scaled(x, scale))
        assert_close(scale, before, why="The scale is the caller's tensor. Nothing is written into it.")

    @parameterized.expand([("a number for each column", (3,)), ("one number", ())])
    def test_it_moves_to_another_device(self, _case, shape):
        x, scale = self.randn(5, 3), self.randn(*shape)
        why = "The layer has moved, and its buffer with it. forward multiplies by the buffer as it is by now."
        assert_follows_device(self.layer(scale), x, expected=scaled(x, scale), why=why)

    def test_the_layer_can_be_built_on_another_device(self):
        x, scale = self.randn(5, 3), self.randn(3)
        assert_close(self.layer(scale)(x), scaled(x, scale), why=self.product)
        why = "The buffer is where the scale was that the layer is made of."
        module = on_two_devices(Scaler, elsewhere(scale), why=why)
        assert_that(isinstance(module.scale, Elsewhere), "The buffer is on the wrong device.", why=why)
        assert_lands(on_two_devices(module, elsewhere(x), why=why), scaled(x, scale), True, why=why)

    def test_gradients_flow_back_to_x(self):
        x, scale = self.randn(2, 3), self.randn(3)
        why = "The scale is fixed, but x comes from layers that learn: the gradient flows through this one to them."
        assert_gradients(self.layer(scale), x, expected=scaled(x, scale), why=why)
