"""The tests of kata 01. Run them with: make kata N=01"""

import copy
import math

import pytest
import torch
from tensor_creation import even_numbers, filled, from_rows, random_embeddings, token_ids, zeros_like_input

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_left_alone,
    assert_made_where_asked,
    assert_that,
    parameterized,
    unwritten_memory_filled,
)


@pytest.fixture(autouse=True)
def unwritten_memory_holds_nan():
    """Memory that nobody wrote to often holds zeros by chance. Here PyTorch fills it, so that chance is out."""
    with unwritten_memory_filled():
        yield


def assert_new_each_time(make, expected):
    """Check that two results do not lie in the same memory, so that writing into one leaves the other alone."""
    __tracebackhide__ = True
    first, second = make(), make()
    assert_close(second, expected, why="The result is not right yet.")
    same = first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()
    why = "Each call makes a new tensor. Else, whoever writes into the first result changes the second one with it."
    assert_that(not same, "Two calls gave tensors that lie in the same memory.", why=why)


class TestFromRows(KataTest):
    subject = from_rows

    def test_each_list_becomes_one_row(self):
        why = "Each list is one row, and the numbers of the rows stay in their order. The dtype is float32."
        assert_close(from_rows([[1.0, 2.0], [3.0, 4.0]], self.device), [[1.0, 2.0], [3.0, 4.0]], why=why)

    @parameterized.expand(
        [
            ("two rows of three", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
            ("five rows of two", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0]]),
            ("one row", [[1.0, 2.0, 3.0]]),
            ("one column", [[1.0], [2.0], [3.0]]),
            ("one number", [[5.0]]),
        ]
    )
    def test_any_number_of_rows_and_columns_will_do(self, _case, rows):
        why = "The shape is (number of rows, numbers in a row). One row or one column is still a matrix."
        assert_close(from_rows(copy.deepcopy(rows), self.device), rows, why=why)

    def test_fractions_are_kept(self):
        why = "These numbers have a fraction. It must not be lost on the way to float32."
        result = from_rows([[0.5, -1.25], [3.75, 0.0], [-0.125, 2.5]], self.device)
        assert_close(result, [[0.5, -1.25], [3.75, 0.0], [-0.125, 2.5]], why=why)

    @parameterized.expand(
        [
            ("only ints", [[1, 2, 3], [4, 5, 6]], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
            ("an int comes first", [[1, 2.5], [3, 4]], [[1.0, 2.5], [3.0, 4.0]]),
            ("a row of ints comes first", [[1, 2], [2.5, 4]], [[1.0, 2.0], [2.5, 4.0]]),
            ("an int comes last", [[0.5, 2], [-3, 4]], [[0.5, 2.0], [-3.0, 4.0]]),
        ]
    )
    def test_ints_become_float32_as_well(self, _case, rows, expected):
        why = "PyTorch guesses the dtype from the numbers: ints give int64. Name the dtype: float32."
        assert_close(from_rows(copy.deepcopy(rows), self.device), expected, why=why)

    def test_the_rows_are_left_alone(self):
        rows = [[1, 2.5, 3], [4, 5, 6]]
        before = repr(rows)
        result = from_rows(rows, self.device)
        why = "The caller still needs the list of rows. Do not change it: += changes a list, and so does row[0] = ..."
        says = "Your code changed its input `rows`."
        assert_that(repr(rows) == before, says, why=why, expected=before, actual=repr(rows))
        right = [[1.0, 2.5, 3.0], [4.0, 5.0, 6.0]]
        assert_close(result, right, why="The rows are left alone, but the result is not right yet.")

    def test_each_call_makes_a_new_tensor(self):
        assert_new_each_time(lambda: from_rows([[1.0, 2.0]], self.device), [[1.0, 2.0]])

    def test_infinity_and_nan_are_floats_too(self):
        why = "Infinity and NaN (not a number) are floats as well: each keeps its place."
        rows = [[math.inf, 1.0], [-math.inf, math.nan]]
        assert_close(from_rows(copy.deepcopy(rows), self.device), rows, why=why)

    def test_the_numbers_are_as_exact_as_float32_can_be(self):
        rows = [[0.1, 70000.0], [1e-6, 1234.567], [-3.4e38, 2e-30]]
        why = "Every number is kept as exactly as float32 can, to about 7 digits. A 16-bit float on the way keeps 3."
        assert_close(from_rows(copy.deepcopy(rows), self.device), rows, rtol=1e-6, atol=0.0, why=why)

    def test_an_int_may_be_large(self):
        why = "float32 holds large numbers too, to 7 digits. An int of 32 bits on the way ends at 2,147,483,647."
        rows = [[3_000_000_000, 2**40], [-5, 7]]
        assert_close(from_rows(rows, self.device), [[3e9, 2.0**40], [-5.0, 7.0]], rtol=1e-6, atol=0.0, why=why)

    def test_the_tensor_is_made_on_the_device_that_is_asked_for(self):
        assert_made_where_asked(
            lambda device: from_rows([[1, 2, 3], [4, 5, 6]], device), expected=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
        )


class TestTokenIds(KataTest):
    subject = token_ids

    @parameterized.expand([("a text", [15496, 995, 0, 318]), ("a text that repeats a token", [5, 2, 9, 2, 2, 7])])
    def test_each_token_keeps_its_id_and_its_place(self, _case, ids):
        why = "There is one id for each token, in the order of the text: shape (tokens,). Ids are whole numbers, int64."
        assert_close(token_ids(list(ids), self.device), ids, why=why)

    def test_a_text_may_have_one_token(self):
        why = "One token is still one dimension: shape (1,), a list of one id. Shape () would be a bare number."
        assert_close(token_ids([7], self.device), [7], why=why)

    @parameterized.expand(
        [
            ("beyond float32", [3, 2**24 + 1, 4]),
            ("beyond 32 bits", [2**31 + 5, 1, 2**32]),
            ("beyond float64", [2**53 + 1, 8, 9]),
            ("the largest and the smallest", [2**63 - 1, -(2**63), -100]),
        ]
    )
    def test_every_id_stays_exact(self, _case, ids):
        why = (
            "A large id is rounded by a float on the way, and cut by an int of fewer than 64 bits. Then it names "
            "another token. Go straight to int64."
        )
        assert_close(token_ids(list(ids), self.device), ids, why=why)

    def test_the_list_is_left_alone(self):
        ids = [5, 2, 9, 2]
        result = token_ids(ids, self.device)
        says, why = "Your code changed its input `ids`.", "The caller still needs the list of ids. Do not change it."
        assert_that(ids == [5, 2, 9, 2], says, why=why, expected="[5, 2, 9, 2]", actual=repr(ids))
        assert_close(result, [5, 2, 9, 2], why="The list is left alone, but the result is not right yet.")

    def test_the_tensor_is_made_on_the_device_that_is_asked_for(self):
        assert_made_where_asked(lambda device: token_ids([15496, 995, 0], device), expected=[15496, 995, 0])

    def test_each_call_makes_a_new_tensor(self):
        assert_new_each_time(lambda: token_ids([5, 2], self.device), [5, 2])


class TestFilled(KataTest):
    subject = filled

    def test_every_place_holds_the_value(self):
        why = "The tuple holds the sizes of the dimensions, and every place holds the value, as a float32."
        assert_close(filled((4, 3), 7.0, self.device), [[7.0, 7.0, 7.0]] * 4, why=why)

    @parameterized.expand([("a quarter", 0.25), ("below zero", -1.5)])
    def test_a_fraction_is_kept(self, _case, value):
        assert_close(filled((2, 2), value, self.device), [[value] * 2] * 2, why="A fraction is part of the value.")

    @parameterized.expand(
        [
            ("an int", 7, 7.0),
            ("an int below zero", -3, -3.0),
            ("zero", 0, 0.0),
            ("True", True, 1.0),
            ("False", False, 0.0),
        ]
    )
    def test_the_dtype_is_float32_whatever_the_value(self, _case, value, expected):
        why = "It is float32 whatever kind of number the value is. PyTorch would make int64 of an int and bool of True."
        assert_close(filled((2, 3), value, self.device), [[expected] * 3] * 2, why=why)

    @parameterized.expand(
        [
            ("one dimension", (5,)),
            ("three dimensions", (2, 3, 4)),
            ("five dimensions", (2, 5, 3, 4, 2)),
            ("no rows", (0, 3)),
            ("rows of none", (3, 0)),
            ("a single number", ()),
        ]
    )
    def test_the_shape_may_have_any_length(self, _case, shape):
        expected = torch.tensor([2.5] * math.prod(shape)).reshape(shape)
        why = "The tuple may have any length: one size for each dimension. With () the result is a single number."
        assert_close(filled(shape, 2.5, self.device), expected, why=why)

    @parameterized.expand([("in front", (1, 3)), ("at the end", (3, 1)), ("in between", (2, 1, 3)), ("alone", (1,))])
    def test_a_size_of_1_is_a_dimension_too(self, _case, shape):
        expected = torch.tensor([2.5] * math.prod(shape)).reshape(shape)
        why = "A dimension of size 1 is a dimension too: it was asked for, so it stays."
        assert_close(filled(shape, 2.5, self.device), expected, why=why)

    @parameterized.expand([("infinity", math.inf), ("minus infinity", -math.inf)])
    def test_infinity_is_a_number_too(self, _case, value):
        why = "Infinity is a float, and every place holds it. Arithmetic may make NaN of it: 0 times infinity does."
        assert_close(filled((2,), value, self.device), [value, value], why=why)

    @parameterized.expand([("a tenth", 0.1), ("too large for 16 bits", 70000.0), ("very small", 1e-30)])
    def test_the_value_is_as_exact_as_float32_can_be(self, _case, value):
        why = "The value is kept as exactly as float32 can, to about 7 digits. A 16-bit float on the way keeps 3."
        assert_close(filled((2,), value, self.device), [value, value], rtol=1e-6, atol=0.0, why=why)

    def test_each_call_makes_a_new_tensor(self):
        assert_new_each_time(lambda: filled((2,), 7.0, self.device), [7.0, 7.0])

    @parameterized.expand([("an int", (2, 3), 7), ("True", (2, 3), True), ("a single number", (), 0.5)])
    def test_the_tensor_is_made_on_the_device_that_is_asked_for(self, _case, shape, value):
        assert_made_where_asked(lambda device: filled(shape, value, device), expected=torch.full(shape, float(value)))


class TestEvenNumbers(KataTest):
    subject = even_numbers

    def test_the_even_numbers_below_stop_are_listed(self):
        why = (
            "The list starts with 0, goes on in steps of 2, and holds what is below stop. stop itself is not included. "
            "It is a tensor of whole numbers, int64."
        )
        assert_close(even_numbers(8, self.device), [0, 2, 4, 6], why=why)

    @parameterized.expand([("9", 9, [0, 2, 4, 6, 8]), ("7", 7, [0, 2, 4, 6]), ("3", 3, [0, 2])])
    def test_an_odd_stop_works_as_well(self, _case, stop, expected):
        why = "Before an odd stop stands an even number, stop - 1. It is below stop, so it belongs to the list."
        assert_close(even_numbers(stop, self.device), expected, why=why)

    @parameterized.expand([("1", 1), ("2", 2)])
    def test_the_list_may_hold_0_alone(self, _case, stop):
        why = "0 is even and below stop. It is the only such number here, and the shape is (1,)."
        assert_close(even_numbers(stop, self.device), [0], why=why)

    def test_below_0_there_is_nothing(self):
        why = "Nothing is below 0, so the tensor is empty: shape (0,). It is int64 still; an empty list gives no hint."
        assert_close(even_numbers(0, self.device), torch.tensor([], dtype=torch.int64), why=why)

    @parameterized.expand([("5000", 5000), ("5001", 5001)])
    def test_a_long_list_is_right_to_the_end(self, _case, stop):
        expected = [number for number in range(stop) if number % 2 == 0]
        why = "Every even number from 0 up to the last one below stop is there, once, in rising order."
        assert_close(even_numbers(stop, self.device), expected, why=why)

    @parameterized.expand([("8", 8, [0, 2, 4, 6]), ("5", 5, [0, 2, 4]), ("0", 0, torch.zeros(0, dtype=torch.int64))])
    def test_the_tensor_is_made_on_the_device_that_is_asked_for(self, _case, stop, expected):
        assert_made_where_asked(lambda device: even_numbers(stop, device), expected=expected)

    def test_each_call_makes_a_new_tensor(self):
        assert_new_each_time(lambda: even_numbers(4, self.device), [0, 2])


class TestRandomEmbeddings(KataTest):
    subject = random_embeddings
    big = (16, 25, 60)  # 24,000 numbers: enough to tell 0 from 0.05

    def draw(self, *shape, why="The shape is (batch, seq_len, d_model), and the numbers are float32, near 0."):
        """Call the function, check all that holds for any draw, and return the numbers on the CPU."""
        x = random_embeddings(*shape, self.device)
        assert_close(x, torch.zeros(shape), atol=math.inf, why=why)
        # A standard normal number is farther than 10 from 0 about once in 10^23 draws.
        far = float(x.detach().abs().max())
        says = "A number is too far from 0 for the standard normal distribution."
        assert_that(far < 10, says, why=why, expected="none beyond 10", actual=f"{far:.4g}")
        return x.detach().cpu()

    @parameterized.expand(
        [
            ("a batch", (2, 5, 4)),
            ("one sequence", (1, 7, 3)),
            ("one token each", (3, 1, 4)),
            ("one number each", (4, 6, 1)),
        ]
    )
    def test_there_is_a_number_for_each_sequence_token_and_feature(self, _case, shape):
        self.check_that_numbers_differ(self.draw(*shape))

    def check_that_numbers_differ(self, x):
        why = "Each number is drawn by itself, so no token repeats another, and two numbers are hardly ever equal."
        different = x.unique().numel()
        assert_that(different > 0.9 * x.numel(), f"Of {x.numel()} numbers only {different} are different.", why=why)

    def test_the_numbers_gather_around_0(self):
        x = self.draw(*self.big)
        mean = float(x.double().mean())
        why = "The numbers gather around 0: as many below as above, so their mean is nearly 0."
        says = "The mean is not 0."
        assert_that(abs(mean) < 0.05, says, why=why, expected="0, give or take 0.05", actual=f"{mean:.4f}")
        self.check_that_numbers_differ(x)

    def test_their_usual_distance_from_0_is_1(self):
        spread = float(self.draw(*self.big).double().std())
        why = "The standard deviation, the usual distance from the mean, is 1, whatever the sizes are."
        says = "The standard deviation is not 1."
        assert_that(abs(spread - 1) < 0.04, says, why=why, expected="1, give or take 0.04", actual=f"{spread:.4f}")

    def test_they_follow_the_bell_curve(self):
        x = self.draw(*self.big).double().abs()
        why = "The bell curve of the normal distribution has 68% of its numbers between -1 and 1, a few far outside."
        near = float((x < 1).double().mean())
        says = "The share of numbers between -1 and 1 is not right."
        assert_that(abs(near - 0.6827) < 0.025, says, why=why, expected="0.683, nearly", actual=f"{near:.3f}")
        far = int((x > 3).sum())
        assert_that(far > 5, "Too few numbers are far from 0.", why=why, expected="about 65 beyond 3", actual=str(far))

    def test_another_call_gives_other_numbers(self):
        first, second = self.draw(2, 5, 4), self.draw(2, 5, 4)
        same = int((first == second).sum())
        why = "Another call gives other numbers: the stream of them goes on. A seed set inside starts it anew."
        assert_that(same < 20, f"{same} of 40 numbers came again in the second call.", why=why)

    def test_the_seed_is_left_to_the_caller(self):
        torch.manual_seed(7)
        first = self.draw(2, 5, 4)
        why = "This function sets no seed: all that is random later in the program would change with it."
        assert_that(torch.initial_seed() == 7, "Your code set a new seed.", why=why)
        second = self.draw(2, 5, 4)
        assert_that(not torch.equal(first, second), "The next call gave the same numbers again.", why=why)

    def test_the_same_seed_gives_the_same_numbers(self):
        draws = []
        for seed in (7, 7, 8):
            torch.manual_seed(seed)
            draws.append(self.draw(2, 5, 4))
        why = "The same seed gives the same numbers, so that a run can be repeated. Draw from PyTorch's own stream."
        says = "After torch.manual_seed(7) the numbers were different each time."
        assert_that(torch.equal(draws[0], draws[1]), says, why=why)
        why = "Another seed gives other numbers. The caller's seed decides, so leave it as it is."
        assert_that(not torch.equal(draws[0], draws[2]), "Seed 7 and seed 8 gave the same numbers.", why=why)

    def test_a_single_number_is_drawn_as_well(self):
        why = "Each number is drawn by itself. Nothing is done to the numbers together, so one alone works as well."
        x = torch.stack([self.draw(1, 1, 1, why=why) for _ in range(100)])
        spread = float(x.double().std())
        says = "100 single numbers do not spread as normal ones do."
        assert_that(0.6 < spread < 1.4, says, why=why, expected="a deviation of about 1", actual=f"{spread:.3f}")
        near = float((x.abs() < 0.5).double().mean())  # 0.383 for a normal number
        assert_that(0.15 < near < 0.62, says, why=why, expected="about 0.38 between -0.5 and 0.5", actual=f"{near:.2f}")

    @parameterized.expand([("sequences", (2, 1, 1)), ("tokens", (1, 2, 1)), ("numbers of one token", (1, 1, 2))])
    def test_no_number_follows_another(self, _case, shape):
        pairs = torch.stack([self.draw(*shape).flatten() for _ in range(200)]).double()
        tie = float(torch.corrcoef(pairs.T)[0, 1])
        why = "Each number is drawn by itself: to know one says nothing about the next. Do not scale or sort them."
        says = "In 200 pairs of numbers, the second number follows the first."
        assert_that(abs(tie) < 0.35, says, why=why, expected="a correlation of 0, nearly", actual=f"{tie:.2f}")

    def test_the_tensor_is_made_on_the_device_that_is_asked_for(self):
        assert_made_where_asked(
            lambda device: random_embeddings(2, 5, 4, device), expected=torch.zeros(2, 5, 4), atol=10.0
        )
        spread = float(self.draw(2, 5, 4).std())
        why = "The device is right, but these are not random numbers yet."
        assert_that(0.3 < spread < 2, "The numbers do not spread as normal ones do.", why=why)


class TestZerosLikeInput(KataTest):
    subject = zeros_like_input

    def test_every_number_is_zero_and_the_shape_is_that_of_x(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [1.5, 2.5, 3.5]])
        why = "The result has the shape of x, and every number in it is zero: written there, not left to chance."
        assert_close(zeros_like_input(x), [[0.0, 0.0, 0.0]] * 4, why=why)

    def test_the_numbers_of_x_do_not_matter(self):
        x = self.tensor([[math.nan, math.inf], [-math.inf, 3e38], [-1.0, 2.0]])
        why = "Do not compute the zeros from x: 0 times NaN is NaN, so is 0 times infinity, and infinity minus itself."
        assert_close(zeros_like_input(x), [[0.0, 0.0]] * 3, why=why)

    @parameterized.expand(
        [
            ("int64", torch.int64),
            ("bool", torch.bool),
            ("float16", torch.float16),
            ("bfloat16", torch.bfloat16),
            ("float64", torch.float64),
            ("uint8", torch.uint8),
            ("int32", torch.int32),
            ("complex64", torch.complex64),
        ]
    )
    def test_the_dtype_is_that_of_x(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            pytest.skip("an Apple GPU has no float64")
        x = torch.tensor([[1, 2, 3], [4, 5, 6]]).to(dtype).to(self.device)
        why = "The zeros have the dtype of x. Without one, PyTorch makes float32."
        assert_close(zeros_like_input(x), torch.zeros(2, 3).to(dtype), dtype=dtype, why=why)

    @parameterized.expand(
        [
            ("a single number", ()),
            ("one dimension", (4,)),
            ("three dimensions", (2, 3, 4)),
            ("four dimensions", (2, 5, 3, 4)),
            ("sizes of 1", (1, 3, 1)),
            ("no rows", (0, 3)),
        ]
    )
    def test_x_may_have_any_shape(self, _case, shape):
        why = "x may have any number of dimensions, even none. The result has the same."
        assert_close(zeros_like_input(self.randn(*shape)), torch.zeros(shape), why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(4, 3, strided=True)
        why = "The numbers of this x do not lie side by side in memory. Its shape is what counts."
        assert_close(zeros_like_input(x), torch.zeros(4, 3), why=why)

    def test_x_is_left_alone(self):
        why = "x must be left alone: the caller still needs its numbers. Make a new tensor."
        assert_left_alone(zeros_like_input, self.randn(4, 3), expected=torch.zeros(4, 3), why=why)

    def test_the_zeros_have_memory_of_their_own(self):
        x = self.tensor([0.0, 0.0])
        result = zeros_like_input(x)
        assert_close(result, [0.0, 0.0], why="The zeros are the first thing to get right.")
        same = result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
        why = "Make new zeros even if x is all zeros: whoever writes into them must not write into x."
        assert_that(not same, "The zeros lie in the memory of x.", why=why)
        assert_new_each_time(lambda: zeros_like_input(x), [0.0, 0.0])

    def test_the_zeros_are_made_on_the_device_of_x(self):
        why = "The zeros belong on the device of x. Made on the CPU, they could not meet x on a graphics card."
        assert_follows_device(zeros_like_input, self.randn(4, 3), expected=torch.zeros(4, 3), why=why)

    def test_the_zeros_are_not_tied_to_x(self):
        x = (self.randn(4, 3) + 10).requires_grad_()
        why = "PyTorch can remember how a tensor was computed, to find its gradient (kata 11). New zeros owe x nothing."
        for given in (x, x * 2):
            result = zeros_like_input(given)
            assert_close(result, torch.zeros(4, 3), why="The zeros are the first thing to get right.")
            assert_that(result.grad_fn is None, "The result remembers that it was computed from x.", why=why)
        says = "Your code switched off `requires_grad` of x."
        assert_that(x.requires_grad, says, why="x is left alone, and so is its wish to have a gradient.")
