"""The tests of kata 04. Run them with: make kata N=04"""

import math

import torch
from elementwise import (
    center,
    cosine_similarity,
    exp_scaled,
    hadamard,
    max_per_row,
    mean_per_token,
    squared_error,
)

from dojo.testing import (
    KataTest,
    assert_close,
    assert_follows_device,
    assert_left_alone,
    assert_that,
    oracle,
    parameterized,
)

SHAPES = [
    ("a vector", (4,)),
    ("a matrix", (5, 3)),
    ("a square", (3, 3)),
    ("a batch", (2, 5, 3)),
    ("four dimensions", (2, 3, 5, 4)),
    ("one row", (1, 4)),
    ("one number", ()),
]
TOKENS = [
    ("a sequence", (5, 3)),
    ("as many tokens as numbers", (3, 3)),
    ("a batch", (2, 5, 3)),
    ("four dimensions", (2, 3, 5, 4)),
    ("five dimensions", (2, 3, 1, 5, 4)),
    ("a batch of one", (1, 5, 3)),
    ("a sequence of one", (1, 4)),
    ("one number each", (4, 1)),
    ("one token", (4,)),
]
DTYPES = [("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)]
GAPS = [("in a", True, False), ("in b", False, True), ("in both", True, True)]
KEPT = "The result keeps the dtype of {}. What you make yourself is float32 unless you name another dtype."


def dtype_here(test, dtype):
    """The dtype, unless the device under test lacks it: an Apple GPU has no float64."""
    return torch.bfloat16 if dtype == torch.float64 and test.device.type == "mps" else dtype


def numbers(x):
    """The numbers of x in one Python list, row after row."""
    return oracle(x).flatten().tolist()


def rows(x):
    """A Python list for each token of x."""
    return oracle(x).reshape(-1, x.shape[-1]).tolist()


def float64(values, shape):
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def assert_new(result, x, expected):
    """Check that the result does not lie in the memory of x, so that writing into one leaves the other alone."""
    __tracebackhide__ = True
    assert_close(result, expected, why="The result is the same as the input here, number for number.")
    same = result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    why = "The result is a new tensor, always. Else, whoever writes into the result changes the input with it."
    assert_that(not same, "The result lies in the memory of the input.", why=why)


def products_by_hand(a, b):
    return torch.tensor([p * q for p, q in zip(numbers(a), numbers(b))], dtype=oracle(a).dtype).reshape(a.shape)


class TestHadamard(KataTest):
    subject = hadamard
    why = "Number by number: each number of a times the number of b in the same place. The shape stays as it is."

    def test_each_number_meets_the_one_in_its_place(self):
        a, b = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), self.tensor([[10.0, 0.0, -1.0], [2.0, 3.0, 100.0]])
        assert_close(hadamard(a, b), [[10.0, 0.0, -3.0], [8.0, 15.0, 600.0]], why=self.why)

    @parameterized.expand(SHAPES)
    def test_the_shape_does_not_matter(self, _case, shape):
        a, b = self.randn(*shape), self.randn(*shape)
        why = f"{self.why} There may be any number of dimensions, or none."
        assert_close(hadamard(a, b), products_by_hand(a, b), why=why)

    @parameterized.expand(GAPS)
    def test_gaps_in_memory_make_no_difference(self, _case, first, second):
        a, b = self.randn(4, 3, strided=first), self.randn(4, 3, strided=second)
        why = f"The numbers of a or b lie in memory with gaps. {self.why}"
        assert_close(hadamard(a, b), products_by_hand(a, b), why=why)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        dtype = dtype_here(self, dtype)
        a, b = self.randn(4, 3, dtype=dtype), self.randn(4, 3, dtype=dtype)
        assert_close(hadamard(a, b), products_by_hand(a, b), dtype=dtype, why=KEPT.format("a and b"))

    def test_whole_numbers_are_multiplied_exactly(self):
        a, b = self.tensor([[3, -5, 0], [2**53 + 1, 7, 2**31]]), self.tensor([[4, 6, 9], [3, -1, 2**31]])
        why = (
            "The product of two whole numbers (int64) is a whole number, and exact. On the way through a float, "
            "a large one would be rounded."
        )
        assert_close(hadamard(a, b), [[12, -30, 0], [3 * 2**53 + 3, -7, 2**62]], why=why)

    def test_the_inputs_are_left_alone(self):
        a, b = self.randn(4, 3), self.randn(4, 3)
        assert_left_alone(hadamard, a, b, expected=products_by_hand(a, b))

    def test_the_result_is_a_new_tensor(self):
        a, b = self.randn(4, 3), self.tensor([[1.0, 1.0, 1.0]] * 4)
        assert_new(hadamard(a, b), a, oracle(a))

    def test_it_works_on_any_device(self):
        for shape in ((4, 3), ()):
            a, b = self.randn(*shape), self.randn(*shape)
            assert_follows_device(hadamard, a, b, expected=products_by_hand(a, b))


def error_by_hand(a, b):
    squares = [(p - q) ** 2 for p, q in zip(numbers(a), numbers(b))]
    return sum(squares) / len(squares)


class TestSquaredError(KataTest):
    subject = squared_error
    why = (
        "Subtract number by number, square each difference, and take the mean over all of them. The result is one "
        "number, in a tensor of shape ()."
    )

    def test_the_squared_differences_are_averaged(self):
        a, b = self.tensor([[4.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), self.tensor([[1.0, 5.0, 3.0], [4.0, 5.0, 6.0]])
        why = f"The differences are 3, -3 and four times 0; the squares 9, 9 and 0; their mean is 18 / 6. {self.why}"
        assert_close(squared_error(a, b), 3.0, why=why)

    @parameterized.expand(SHAPES)
    def test_the_shape_does_not_matter(self, _case, shape):
        a, b = self.randn(*shape), self.randn(*shape)
        why = f"{self.why} However many dimensions there are, the mean goes over all of them."
        assert_close(squared_error(a, b), error_by_hand(a, b), why=why)

    @parameterized.expand(
        [
            ("a is larger", [5.0, 3.0, 2.0], [1.0, 1.0, 1.0], 7.0),
            ("b is larger", [1.0, 1.0, 1.0], [5.0, 3.0, 2.0], 7.0),
            ("far apart", [100.0, -200.0], [-100.0, 0.0], 40000.0),
            ("close together", [0.5, 0.25], [0.25, 0.5], 0.0625),
        ]
    )
    def test_every_difference_counts_by_its_square(self, _case, a, b, expected):
        why = "The square of a difference has no sign, and it has no limit: far apart counts much, close counts little."
        assert_close(squared_error(self.tensor(a), self.tensor(b)), expected, why=why)

    def test_large_numbers_may_be_close_together(self):
        a, b = self.tensor([5000.5, 5000.25]), self.tensor([5000.25, 5000.5])
        why = (
            "The two are large, and nearly equal: the differences are 0.25 and -0.25. Subtract first of all, while "
            "every digit is there."
        )
        assert_close(squared_error(a, b), 0.0625, why=why)

    def test_equal_tensors_have_no_error(self):
        a = self.tensor([[1.5, -2.0, 3.0], [0.0, 4.0, -1.0]])
        assert_close(squared_error(a, a.clone()), 0.0, why="Where a and b are equal, every difference is 0.")

    @parameterized.expand(GAPS)
    def test_gaps_in_memory_make_no_difference(self, _case, first, second):
        a, b = self.randn(4, 3, strided=first), self.randn(4, 3, strided=second)
        why = f"The numbers of a or b lie in memory with gaps. {self.why}"
        assert_close(squared_error(a, b), error_by_hand(a, b), why=why)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        dtype = dtype_here(self, dtype)
        a, b = self.randn(4, 3, dtype=dtype), self.randn(4, 3, dtype=dtype)
        assert_close(squared_error(a, b), error_by_hand(a, b), dtype=dtype, why=KEPT.format("a and b"))

    def test_the_inputs_are_left_alone(self):
        a, b = self.randn(4, 3), self.randn(4, 3)
        assert_left_alone(squared_error, a, b, expected=error_by_hand(a, b))

    def test_it_works_on_any_device(self):
        a, b = self.randn(4, 3), self.randn(4, 3)
        assert_follows_device(squared_error, a, b, expected=error_by_hand(a, b))


def exp_by_hand(x, temperature):
    return float64([math.exp(number / temperature) for number in numbers(x)], x.shape)


class TestExpScaled(KataTest):
    subject = exp_scaled
    why = (
        "Divide each number by the temperature, then take exp of what you get, and do no more. exp(0) is 1, exp(1) is "
        "2.71828, and exp of a negative number lies between 0 and 1."
    )

    def test_the_division_comes_first_and_then_exp(self):
        x = self.tensor([[0.0, 2.0, 4.0], [-2.0, 1.0, 6.0]])
        expected = [[1.0, 2.7182818, 7.3890561], [0.3678794, 1.6487213, 20.0855369]]
        assert_close(exp_scaled(x, 2.0), expected, why=self.why)

    @parameterized.expand([("one half", 0.5), ("one", 1.0), ("one and a half", 1.5), ("an int", 3), ("large", 50.0)])
    def test_any_temperature_above_0_will_do(self, _case, temperature):
        x = self.tensor([[0.0, 1.0, -1.0], [2.0, -3.0, 0.25]])
        why = f"{self.why} The temperature may be a fraction. A high one brings the results close together."
        assert_close(exp_scaled(x, temperature), exp_by_hand(x, temperature), why=why)

    @parameterized.expand([("one tenth", 0.1), ("one hundredth", 0.01), ("one thousandth", 0.001)])
    def test_a_low_temperature_draws_numbers_apart(self, _case, temperature):
        x = self.tensor([0.0, 1.0, -2.0, 3.0]) * temperature
        why = f"There is no lowest temperature: a low one draws the results far apart. {self.why}"
        assert_close(exp_scaled(x, temperature), [1.0, 2.7182818, 0.1353353, 20.0855369], why=why)

    def test_the_result_may_be_large(self):
        x = self.tensor([30.0, 60.0, -60.0])
        why = f"exp rises fast: exp(60) has 27 digits, and fits into a float32. {self.why}"
        assert_close(exp_scaled(x, 1.0), [1.0686475e13, 1.1420074e26, 0.0], why=why)

    @parameterized.expand(SHAPES)
    def test_the_shape_stays(self, _case, shape):
        x = self.randn(*shape)
        why = "Each number is treated on its own: the result has the shape of x, even if that is ()."
        assert_close(exp_scaled(x, 0.8), exp_by_hand(x, 0.8), why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps. {self.why}"
        assert_close(exp_scaled(x, 1.5), exp_by_hand(x, 1.5), why=why)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        dtype = dtype_here(self, dtype)
        x = self.randn(4, 3, dtype=dtype)
        assert_close(exp_scaled(x, 1.5), exp_by_hand(x, 1.5), dtype=dtype, why=KEPT.format("x"))

    @parameterized.expand([("float32", torch.float32), ("float16", torch.float16)])
    def test_large_numbers_may_meet_a_high_temperature(self, _case, dtype):
        x = self.tensor([100.0, -50.0, 250.0], dtype=dtype)
        why = "exp(100) is too large for a float32, and exp(100 / 50) is 7.389. Divide before exp, and not after."
        assert_close(exp_scaled(x, 50), [7.3890561, 0.3678794, 148.4131591], dtype=dtype, why=why)

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(exp_scaled, x, 1.5, expected=exp_by_hand(x, 1.5))

    def test_it_works_on_any_device(self):
        x = self.randn(4, 3)
        assert_follows_device(exp_scaled, x, 1.5, expected=exp_by_hand(x, 1.5))


def means_by_hand(x):
    return float64([sum(row) / len(row) for row in rows(x)], (*x.shape[:-1], 1))


class TestMeanPerToken(KataTest):
    subject = mean_per_token
    why = (
        "A token is one row of d numbers: the last dimension. Each token has its own mean, and it stays in a dimension "
        "of size 1: (..., d) becomes (..., 1)."
    )

    def test_each_token_has_its_own_mean(self):
        x = self.tensor([[1.0, 2.0, 3.0], [10.0, 20.0, 60.0]])
        assert_close(mean_per_token(x), [[2.0], [30.0]], why=self.why)

    def test_a_mean_may_be_a_fraction(self):
        x = self.tensor([[1.0, 2.0], [-1.0, 0.0], [0.25, 0.5]])
        why = "A mean need not be a whole number: the digits after the point belong to it."
        assert_close(mean_per_token(x), [[1.5], [-0.5], [0.375]], why=why)

    @parameterized.expand(TOKENS)
    def test_any_number_of_dimensions_may_stand_in_front(self, _case, shape):
        x = self.randn(*shape)
        assert_close(mean_per_token(x), means_by_hand(x), why=self.why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps. {self.why}"
        assert_close(mean_per_token(x), means_by_hand(x), why=why)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        dtype = dtype_here(self, dtype)
        x = self.randn(4, 3, dtype=dtype)
        assert_close(mean_per_token(x), means_by_hand(x), dtype=dtype, why=KEPT.format("x"))

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(mean_per_token, x, expected=means_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 4, 3)
        assert_follows_device(mean_per_token, x, expected=means_by_hand(x))


def largest_by_hand(x):
    return torch.tensor([sorted(row)[-1] for row in oracle(x).tolist()], dtype=oracle(x).dtype)


class TestMaxPerRow(KataTest):
    subject = max_per_row
    why = "Each row has its own largest number: n rows give n numbers, in a tensor of shape (n,)."

    def test_each_row_gives_its_largest_number(self):
        x = self.tensor([[1.0, 9.0, 3.0], [4.0, 2.0, 8.0]])
        assert_close(max_per_row(x), [9.0, 8.0], why=self.why)

    def test_the_largest_number_may_be_negative(self):
        x = self.tensor([[-4.0, -2.0, -9.0], [-5.0, 1.0, 0.0], [-1.0, -1.0, -3.0], [-7.0, 0.0, -7.0]])
        why = "Of two numbers below 0, the one nearer to 0 is the larger: -2 is larger than -9."
        assert_close(max_per_row(x), [-2.0, 1.0, -1.0, 0.0], why=why)

    @parameterized.expand(
        [
            ("many rows", (7, 3)),
            ("many columns", (3, 5)),
            ("a square", (4, 4)),
            ("one row", (1, 4)),
            ("one column", (4, 1)),
            ("one number", (1, 1)),
        ]
    )
    def test_any_matrix_will_do(self, _case, shape):
        x = self.randn(*shape)
        why = f"{self.why} One row gives shape (1,), a list of one number."
        assert_close(max_per_row(x), largest_by_hand(x), why=why)

    def test_the_largest_number_may_be_very_small_or_very_large(self):
        inf = math.inf
        x = self.tensor(
            [[-2e20, -1e20, -3e20], [-inf, -5e30, -inf], [-inf, -inf, -inf], [2e30, 1.0, -inf], [1.0, inf, -inf]]
        )
        why = (
            "In each row one number is the largest, however small it is. If all are minus infinity, it is that. "
            "Nothing is larger than infinity."
        )
        assert_close(max_per_row(x), [-1e20, -5e30, -inf, 2e30, inf], why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps. {self.why}"
        assert_close(max_per_row(x), largest_by_hand(x), why=why)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        dtype = dtype_here(self, dtype)
        x = self.randn(4, 3, dtype=dtype)
        assert_close(max_per_row(x), largest_by_hand(x), dtype=dtype, why=KEPT.format("x"))

    def test_every_digit_of_a_float64_stays(self):
        if self.device.type == "mps":
            return  # an Apple GPU has no float64
        x = self.tensor([[1.0, 1 + 2**-40, 1 - 2**-40], [-3.0, -3 - 2**-30, -4.0]], dtype=torch.float64)
        why = "The number comes out exactly as it stands in x. On the way through a float32, 9 of its digits are lost."
        assert_close(max_per_row(x), [1 + 2**-40, -3.0], dtype=torch.float64, rtol=0.0, atol=0.0, why=why)

    def test_whole_numbers_stay_exact(self):
        x = self.tensor([[3, 2**53 + 1, 2**53], [-(2**62) - 1, -(2**62) - 3, -(2**62) - 2]])
        why = (
            "The number comes out exactly as it stands in x. Large whole numbers (int64) are rounded on the way "
            "through a float."
        )
        assert_close(max_per_row(x), [2**53 + 1, -(2**62) - 1], why=why)

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(max_per_row, x, expected=largest_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(4, 3)
        assert_follows_device(max_per_row, x, expected=largest_by_hand(x))


def centered_by_hand(x):
    return float64([[number - sum(row) / len(row) for number in row] for row in rows(x)], x.shape)


class TestCenter(KataTest):
    subject = center
    why = "From each number subtract the mean of its own token. Afterwards the mean of every token is 0."

    def test_each_token_loses_its_own_mean(self):
        x = self.tensor([[1.0, 2.0, 6.0], [10.0, 20.0, 30.0]])
        assert_close(center(x), [[-2.0, -1.0, 3.0], [-10.0, 0.0, 10.0]], why=f"The means are 3 and 20. {self.why}")

    @parameterized.expand([case for case in TOKENS if case[0] != "one number each"])
    def test_any_number_of_dimensions_may_stand_in_front(self, _case, shape):
        x = self.randn(*shape)
        why = f"{self.why} A token is one row of d numbers, the last dimension, and no other token takes part."
        assert_close(center(x), centered_by_hand(x), why=why)

    def test_a_lone_number_becomes_0(self):
        two, one = self.tensor([[1.0, 3.0]]), self.tensor([[5.0], [-2.0], [0.5]])
        assert_close(center(two), [[-1.0, 1.0]], why=self.why)
        assert_close(center(one), [[0.0], [0.0], [0.0]], why="A token of one number is its own mean: 0 is left.")

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps. {self.why}"
        assert_close(center(x), centered_by_hand(x), why=why)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        dtype = dtype_here(self, dtype)
        x = self.randn(4, 3, dtype=dtype)
        assert_close(center(x), centered_by_hand(x), dtype=dtype, why=KEPT.format("x"))

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(center, x, expected=centered_by_hand(x))

    def test_the_result_is_a_new_tensor(self):
        x = self.tensor([[-1.0, 0.0, 1.0], [2.0, -4.0, 2.0]])
        assert_new(center(x), x, oracle(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 4, 3)
        assert_follows_device(center, x, expected=centered_by_hand(x))


def cosines_by_hand(a, b):
    pairs = zip(rows(a), rows(b))
    return float64(
        [sum(m * n for m, n in zip(p, q)) / (math.hypot(*p) * math.hypot(*q)) for p, q in pairs], a.shape[:-1]
    )


class TestCosineSimilarity(KataTest):
    subject = cosine_similarity
    why = (
        "First the dot product, then divide by the length of a and by the length of b. One number for each pair: 1 for "
        "the same direction, 0 for a right angle, -1 for opposite."
    )

    def vectors(self, *shape, **options):
        """Vectors that are not near zero: their first number is 1 or more, or -1 or less."""
        x = self.randn(*shape, **options)
        x[..., 0] += torch.where(x[..., 0] < 0, -1, 1).to(x.dtype)
        return x

    def test_each_pair_of_vectors_is_compared(self):
        a, b = self.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]]), self.tensor([[8.0, 6.0], [0.0, 5.0], [0.0, -7.0]])
        why = f"The first pair gives (3 · 8 + 4 · 6) / (5 · 10). {self.why}"
        assert_close(cosine_similarity(a, b), [0.96, 0.0, -1.0], why=why)

    @parameterized.expand(TOKENS)
    def test_any_number_of_dimensions_may_stand_in_front(self, _case, shape):
        a, b = self.vectors(*shape), self.vectors(*shape)
        why = "A vector lies along the last dimension, and that one is used up: (..., d) becomes (...)."
        assert_close(cosine_similarity(a, b), cosines_by_hand(a, b), why=why)

    @parameterized.expand([("a is longer", 100.0, 1.0), ("b is longer", 1.0, 100.0), ("both are short", 0.1, 0.2)])
    def test_the_lengths_do_not_count(self, _case, first, second):
        a, b = self.vectors(4, 3), self.vectors(4, 3)
        expected = cosines_by_hand(a, b)
        why = "A vector that is a hundred times as long still has the same direction, and the same similarity."
        assert_close(cosine_similarity(a * first, b * second), expected, why=why)

    def test_the_same_direction_gives_1_and_the_opposite_gives_minus_1(self):
        a = self.tensor([[1.0, 2.0, -2.0], [1.0, 2.0, -2.0], [0.5, 0.0, 0.0], [4.0, 0.0, 3.0]])
        b = self.tensor([[2.0, 4.0, -4.0], [-3.0, -6.0, 6.0], [0.0, 0.0, 9.0], [-4.0, 0.0, -3.0]])
        assert_close(cosine_similarity(a, b), [1.0, -1.0, 0.0, -1.0], why=self.why)

    @parameterized.expand(GAPS)
    def test_gaps_in_memory_make_no_difference(self, _case, first, second):
        a, b = self.vectors(2, 4, 3, strided=first), self.vectors(2, 4, 3, strided=second)
        why = f"The numbers of a or b lie in memory with gaps. {self.why}"
        assert_close(cosine_similarity(a, b), cosines_by_hand(a, b), why=why)

    @parameterized.expand(DTYPES)
    def test_the_dtype_stays(self, _case, dtype):
        dtype = dtype_here(self, dtype)
        a, b = self.vectors(4, 3, dtype=dtype), self.vectors(4, 3, dtype=dtype)
        assert_close(cosine_similarity(a, b), cosines_by_hand(a, b), dtype=dtype, why=KEPT.format("a and b"))

    def test_the_inputs_are_left_alone(self):
        a, b = self.vectors(4, 3), self.vectors(4, 3)
        assert_left_alone(cosine_similarity, a, b, expected=cosines_by_hand(a, b))

    def test_it_works_on_any_device(self):
        a, b = self.vectors(2, 4, 3), self.vectors(2, 4, 3)
        assert_follows_device(cosine_similarity, a, b, expected=cosines_by_hand(a, b))
