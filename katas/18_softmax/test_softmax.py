"""The tests of kata 18. Run them with: make kata N=18"""

import math

import torch
from softmax import exp_normalize, log_softmax, log_sum_exp, softmax, softmax_with_temperature

from dojo.testing import (
    KataTest,
    assert_close,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    assert_raises,
    oracle,
    parameterized,
)

INF = math.inf
LOGS = [math.log(2), math.log(3), math.log(5)]  # e^x of these is 2, 3 and 5: together 10
HIDDEN = [  # some entries are -inf: the last, or the first ones
    [1.0, -INF, 2.0, 0.5],
    [0.5, 3.0, -1.0, -INF],
    [-INF, -INF, 1.0, 2.0],
]

MATRIX = [("each row is a slice", 1), ("each column is a slice", 0)]
DIMENSIONS = [
    ("one dimension", (7,), 0),
    ("the last of three", (2, 5, 7), 2),
    ("the middle of three", (2, 5, 7), 1),
    ("the first of three", (2, 5, 7), 0),
    ("the second of four", (2, 3, 5, 4), 1),
]
FROM_THE_END = [
    ("the last of two", (5, 7), -1),
    ("the only one", (7,), -1),
    ("the first of three", (2, 5, 7), -3),
    ("the second of four", (2, 3, 5, 4), -3),
]
ONES = [("along dim", (5, 1), 1), ("beside dim", (1, 5, 1), 1)]
DTYPES = [("float16", torch.float16), ("bfloat16", torch.bfloat16)]
LARGE_DTYPES = [("float32", torch.float32), ("float16", torch.float16)]
# Near 10000 two neighbours of float16 are 8 apart, so its scores stand far apart here.
LARGE = [
    ("float32", torch.float32, [10000.0, 9998.0, 9984.0, 0.0, -10000.0]),
    ("float16", torch.float16, [10000.0, 5000.0, 0.0, -10000.0]),
]
FAR_BELOW = [
    ("float32", torch.float32, [-10000.0, -9998.0, -9997.0]),
    ("float16", torch.float16, [-10000.0, -9000.0, -5000.0]),
]

ANY_DIMENSION = (
    "x may be a tensor of any number of dimensions, and dim any of them. The other dimensions are left as they are."
)
NEGATIVE = "A negative dim counts from the end: -1 is the last dimension, -2 the one before it."
SIZE_ONE = (
    "The result keeps every dimension of x, also one of size 1. In a slice with a single entry it has all the weight."
)
DTYPE = "The result has the dtype of x, and the digits that this dtype can hold."
STRIDED = "The numbers of this x do not lie in one piece in memory: it is a view of a larger tensor."


def fine(test):
    """The dtype with the most digits on this device: an Apple GPU has no float64."""
    return torch.float32 if test.device.type == "mps" else torch.float64


class TestExpNormalize(KataTest):
    subject = exp_normalize
    along = "A slice runs along dim. Its weights sum to 1; other slices do not count. (5, 7) with dim=1 has 5 sums."

    def test_each_score_gets_its_share_of_the_sum(self):
        x = self.tensor(LOGS)
        why = "x holds log 2, log 3, log 5: e^x is 2, 3 and 5, and their sum is 10. Each weight is its part of that."
        assert_close(exp_normalize(x, 0), [0.2, 0.3, 0.5], why=why)

    @parameterized.expand([("low", -18.0), ("high", 18.0)])
    def test_only_the_differences_count(self, _case, shift):
        x = self.tensor([score + shift for score in LOGS])
        why = "Each weight is a share of the sum, however small or large the sum is. Nothing is added, nothing cut off."
        assert_close(exp_normalize(x, 0), [0.2, 0.3, 0.5], atol=1e-4, why=why)

    @parameterized.expand(MATRIX)
    def test_every_slice_along_dim_stands_alone(self, _case, dim):
        x = self.randn(5, 7)
        expected = torch.softmax(oracle(x), dim)
        assert_close(exp_normalize(x, dim), expected, why=self.along)

    @parameterized.expand(DIMENSIONS)
    def test_dim_may_be_any_dimension(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x), dim)
        assert_close(exp_normalize(x, dim), expected, why=f"{ANY_DIMENSION} {self.along}")

    @parameterized.expand(FROM_THE_END)
    def test_a_negative_dim_counts_from_the_end(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x), dim)
        assert_close(exp_normalize(x, dim), expected, why=NEGATIVE)

    @parameterized.expand(ONES)
    def test_dimensions_of_size_one_work(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x), dim)
        assert_close(exp_normalize(x, dim), expected, why=SIZE_ONE)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        x, dim = self.randn(5, 7, dtype=dtype), 1
        expected = torch.softmax(oracle(x), dim)
        assert_close(exp_normalize(x, dim), expected, dtype=dtype, why=DTYPE)

    @parameterized.expand([("the last dimension", 2), ("the first dimension", 0)])
    def test_gaps_in_memory_make_no_difference(self, _case, dim):
        x = self.randn(2, 5, 7, strided=True)
        expected = torch.softmax(oracle(x), dim)
        assert_close(exp_normalize(x, dim), expected, why=STRIDED)

    def test_float64_stays_float64(self):
        dtype, dim = fine(self), 0
        x = self.randn(5, 7, dtype=dtype)
        expected = torch.softmax(oracle(x), dim)
        assert_close(exp_normalize(x, dim), expected, dtype=dtype, why=DTYPE)

    def test_the_input_is_left_alone(self):
        x, dim = self.randn(5, 7), 1
        assert_left_alone(exp_normalize, x, dim, expected=torch.softmax(oracle(x), dim))

    def test_it_works_on_any_device(self):
        x, dim = self.randn(2, 5, 7), 1
        assert_follows_device(exp_normalize, x, dim, expected=torch.softmax(oracle(x), dim))

    def test_gradients_reach_x(self):
        x, dim = self.randn(3, 4), 0
        assert_gradients(exp_normalize, x, dim, expected=torch.softmax(oracle(x), dim))


class TestSoftmax(KataTest):
    subject = softmax
    along = "A slice runs along dim. Its weights sum to 1; other slices do not count. (5, 7) with dim=1 has 5 sums."

    def test_each_score_gets_its_share_of_the_sum(self):
        x = self.tensor(LOGS)
        why = "e^x of these scores is 2, 3 and 5. The weights are in the same proportion, and they sum to 1."
        assert_close(softmax(x, 0), [0.2, 0.3, 0.5], why=why)

    @parameterized.expand(MATRIX)
    def test_every_slice_along_dim_stands_alone(self, _case, dim):
        x = self.randn(5, 7)
        expected = torch.softmax(oracle(x), dim)
        assert_close(softmax(x, dim), expected, why=self.along)

    @parameterized.expand(DIMENSIONS)
    def test_dim_may_be_any_dimension(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x), dim)
        assert_close(softmax(x, dim), expected, why=f"{ANY_DIMENSION} {self.along}")

    @parameterized.expand(FROM_THE_END)
    def test_a_negative_dim_counts_from_the_end(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x), dim)
        assert_close(softmax(x, dim), expected, why=NEGATIVE)

    @parameterized.expand(ONES)
    def test_dimensions_of_size_one_work(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x), dim)
        assert_close(softmax(x, dim), expected, why=SIZE_ONE)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        x, dim = self.randn(5, 7, dtype=dtype), 1
        expected = torch.softmax(oracle(x), dim)
        assert_close(softmax(x, dim), expected, dtype=dtype, why=DTYPE)

    def test_one_number_added_to_every_score_changes_nothing(self):
        x = self.tensor([score + 100.0 for score in LOGS])
        why = (
            "e^100 is too big for float32. Choose a number to subtract from the whole slice: the weights stay the same."
        )
        assert_close(softmax(x, 0), [0.2, 0.3, 0.5], why=why, atol=1e-4)

    @parameterized.expand(LARGE)
    def test_scores_of_ten_thousand_work(self, _case, dtype, scores):
        x = self.tensor(scores, dtype=dtype)
        expected = torch.softmax(oracle(x), 0)
        why = "Scores may be as large as 10000. Choose the shift so that no exponent is far above 0."
        assert_close(softmax(x, 0), expected, dtype=dtype, why=why, rtol=1e-2)

    @parameterized.expand(FAR_BELOW)
    def test_scores_far_below_zero_work(self, _case, dtype, scores):
        x = self.tensor(scores, dtype=dtype)
        expected = torch.softmax(oracle(x), 0)
        why = "These scores are all of them far below 0. If every e^x becomes 0, their sum is 0, and 0 / 0 is NaN."
        assert_close(softmax(x, 0), expected, dtype=dtype, why=why, rtol=1e-2)

    @parameterized.expand(MATRIX)
    def test_every_slice_is_shifted_by_its_own_number(self, _case, dim):
        rows = self.randn(4, 6) + self.tensor([[10000.0], [0.0], [-10000.0], [500.0]])
        x = rows if dim == 1 else rows.transpose(0, 1)
        expected = torch.softmax(oracle(x), dim)
        why = "One slice is near 10000, another near -10000: each needs its own shift, from its own largest score."
        assert_close(softmax(x, dim), expected, why=why, rtol=1e-2)

    @parameterized.expand(LARGE_DTYPES)
    def test_a_score_of_minus_infinity_gets_no_weight(self, _case, dtype):
        x = self.tensor(HIDDEN, dtype=dtype)
        expected = torch.softmax(oracle(x), 1)
        why = "e^(-inf) is 0: the entry gets weight 0, and the finite scores of its slice share the whole."
        assert_close(softmax(x, 1), expected, dtype=dtype, why=why)

    def test_minus_infinity_is_lower_than_any_low_score(self):
        x = self.tensor([-10000.0, -INF, -10000.0])
        why = (
            "Two equal scores share the whole, however low they are. A score of -inf is lower still, and gets nothing."
        )
        assert_close(softmax(x, 0), [0.5, 0.0, 0.5], rtol=1e-2, why=why)

    @parameterized.expand([("the last dimension", 2), ("the first dimension", 0)])
    def test_gaps_in_memory_make_no_difference(self, _case, dim):
        x = self.randn(2, 5, 7, strided=True)
        expected = torch.softmax(oracle(x), dim)
        assert_close(softmax(x, dim), expected, why=STRIDED)

    def test_float64_stays_float64(self):
        dtype, dim = fine(self), 0
        x = self.randn(5, 7, dtype=dtype)
        expected = torch.softmax(oracle(x), dim)
        assert_close(softmax(x, dim), expected, dtype=dtype, why=DTYPE)

    def test_the_input_is_left_alone(self):
        x, dim = self.randn(5, 7), 1
        assert_left_alone(softmax, x, dim, expected=torch.softmax(oracle(x), dim))

    def test_it_works_on_any_device(self):
        x, dim = self.randn(2, 5, 7), 1
        assert_follows_device(softmax, x, dim, expected=torch.softmax(oracle(x), dim))

    def test_gradients_reach_x(self):
        x, dim = self.randn(3, 4), 0
        assert_gradients(softmax, x, dim, expected=torch.softmax(oracle(x), dim))

    def test_gradients_are_right_for_large_scores_too(self):
        x = self.tensor([[800.0, 799.0, -800.0], [-800.0, -800.0, -801.0]])
        why = "A gradient of NaN spoils every weight of the model. Nothing on the way may be inf, or 0 / 0."
        assert_gradients(softmax, x, 1, expected=torch.softmax(oracle(x), 1), why=why)


class TestLogSoftmax(KataTest):
    subject = log_softmax
    along = "A slice runs along dim. Its weights sum to 1; other slices do not count. (5, 7) with dim=1 has 5 sums."

    def test_it_is_the_logarithm_of_the_weights(self):
        x = self.tensor(LOGS)
        expected = [math.log(0.2), math.log(0.3), math.log(0.5)]
        why = "The weights of these scores are 0.2, 0.3 and 0.5. The results are their natural logarithms, all below 0."
        assert_close(log_softmax(x, 0), expected, why=why)

    @parameterized.expand(MATRIX)
    def test_every_slice_along_dim_stands_alone(self, _case, dim):
        x = self.randn(5, 7)
        expected = torch.log_softmax(oracle(x), dim)
        assert_close(log_softmax(x, dim), expected, why=self.along)

    @parameterized.expand(DIMENSIONS)
    def test_dim_may_be_any_dimension(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.log_softmax(oracle(x), dim)
        assert_close(log_softmax(x, dim), expected, why=f"{ANY_DIMENSION} {self.along}")

    @parameterized.expand(FROM_THE_END)
    def test_a_negative_dim_counts_from_the_end(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.log_softmax(oracle(x), dim)
        assert_close(log_softmax(x, dim), expected, why=NEGATIVE)

    @parameterized.expand(ONES)
    def test_dimensions_of_size_one_work(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.log_softmax(oracle(x), dim)
        assert_close(log_softmax(x, dim), expected, why=SIZE_ONE)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        x, dim = self.randn(5, 7, dtype=dtype), 1
        expected = torch.log_softmax(oracle(x), dim)
        assert_close(log_softmax(x, dim), expected, dtype=dtype, why=DTYPE)

    @parameterized.expand(LARGE_DTYPES)
    def test_a_weight_too_small_for_the_dtype_still_has_a_logarithm(self, _case, dtype):
        x = self.tensor([0.0, -1.0, -200.0, -30.0], dtype=dtype)
        expected = torch.log_softmax(oracle(x), 0)
        why = "e^-200 fits into no float32, but it still has a logarithm, about -200. Do not make the weight first."
        assert_close(log_softmax(x, 0), expected, dtype=dtype, why=why)

    @parameterized.expand(LARGE_DTYPES)
    def test_scores_of_ten_thousand_work(self, _case, dtype):
        x = self.tensor([10000.0, 5000.0, 0.0, -10000.0], dtype=dtype)
        expected = torch.log_softmax(oracle(x), 0)
        why = "e^10000 is too big for float32, but no result here is below -20000: all of them fit, in float16 too."
        assert_close(log_softmax(x, 0), expected, dtype=dtype, why=why)

    @parameterized.expand(LARGE_DTYPES)
    def test_scores_far_below_zero_work(self, _case, dtype):
        x = self.tensor([-10000.0, -9000.0, -5000.0], dtype=dtype)
        expected = torch.log_softmax(oracle(x), 0)
        why = "These scores are all of them far below 0. If every e^x becomes 0, the logarithm of their sum is -inf."
        assert_close(log_softmax(x, 0), expected, dtype=dtype, why=why)

    @parameterized.expand(MATRIX)
    def test_every_slice_is_shifted_by_its_own_number(self, _case, dim):
        rows = self.randn(4, 6) + self.tensor([[10000.0], [0.0], [-10000.0], [500.0]])
        x = rows if dim == 1 else rows.transpose(0, 1)
        expected = torch.log_softmax(oracle(x), dim)
        why = "One slice is near 10000, another near -10000: each needs its own shift, from its own largest score."
        assert_close(log_softmax(x, dim), expected, why=why, atol=4e-3)

    def test_a_score_of_minus_infinity_stays_minus_infinity(self):
        x = self.tensor(HIDDEN)
        expected = torch.log_softmax(oracle(x), 1)
        why = "The weight of a score of -inf is 0, so its logarithm is -inf as well. The finite scores share the whole."
        assert_close(log_softmax(x, 1), expected, atol=4e-3, why=why)

    @parameterized.expand([("the last dimension", 2), ("the first dimension", 0)])
    def test_gaps_in_memory_make_no_difference(self, _case, dim):
        x = self.randn(2, 5, 7, strided=True)
        expected = torch.log_softmax(oracle(x), dim)
        assert_close(log_softmax(x, dim), expected, why=STRIDED)

    def test_float64_stays_float64(self):
        dtype, dim = fine(self), 0
        x = self.randn(5, 7, dtype=dtype)
        expected = torch.log_softmax(oracle(x), dim)
        assert_close(log_softmax(x, dim), expected, dtype=dtype, why=DTYPE)

    def test_the_input_is_left_alone(self):
        x, dim = self.randn(5, 7), 1
        assert_left_alone(log_softmax, x, dim, expected=torch.log_softmax(oracle(x), dim))

    def test_it_works_on_any_device(self):
        x, dim = self.randn(2, 5, 7), 1
        assert_follows_device(log_softmax, x, dim, expected=torch.log_softmax(oracle(x), dim))

    def test_gradients_reach_x(self):
        x, dim = self.randn(3, 4), 0
        assert_gradients(log_softmax, x, dim, expected=torch.log_softmax(oracle(x), dim))

    def test_gradients_are_right_for_large_scores_too(self):
        x = self.tensor([[800.0, 799.0, -800.0], [-800.0, -800.0, -801.0]])
        why = "A gradient of NaN spoils every weight of the model. Nothing on the way may be inf, or divide by 0."
        assert_gradients(log_softmax, x, 1, expected=torch.log_softmax(oracle(x), 1), why=why)


class TestSoftmaxWithTemperature(KataTest):
    subject = softmax_with_temperature
    along = "A slice runs along dim. Its weights sum to 1; other slices do not count. (5, 7) with dim=1 has 5 sums."

    def test_a_high_temperature_makes_the_weights_more_even(self):
        x = self.tensor([2 * score for score in LOGS])
        why = "Each score is divided by the temperature, 2, before the exponential: that gives 2, 3 and 5, together 10."
        assert_close(softmax_with_temperature(x, 2.0, 0), [0.2, 0.3, 0.5], why=why)

    def test_a_low_temperature_makes_the_weights_sharper(self):
        x = self.tensor(LOGS)
        why = "Any number above 0 is a temperature, so a half is allowed. The scores double: 4, 9 and 25, together 38."
        assert_close(softmax_with_temperature(x, 0.5, 0), [4 / 38, 9 / 38, 25 / 38], why=why)

    @parameterized.expand([("1", 1), ("3", 3)])
    def test_the_temperature_may_be_an_int(self, _case, temperature):
        x = self.randn(7)
        expected = torch.softmax(oracle(x) / temperature, 0)
        why = "A temperature may be a whole number, too: an int works as a float does."
        assert_close(softmax_with_temperature(x, temperature, 0), expected, why=why)

    @parameterized.expand([("below zero", -1.0), ("a little below zero", -0.01), ("zero", 0.0), ("zero as an int", 0)])
    def test_a_temperature_that_is_not_above_zero_is_refused(self, _case, temperature):
        x = self.randn(5, 7)
        why = "A temperature is greater than 0: at 0 comes NaN, below 0 the smallest score wins. Raise ValueError."
        assert_raises(ValueError, softmax_with_temperature, x, temperature, 1, why=why)

    @parameterized.expand(MATRIX)
    def test_every_slice_along_dim_stands_alone(self, _case, dim):
        x = self.randn(5, 7)
        expected = torch.softmax(oracle(x) / 0.5, dim)
        assert_close(softmax_with_temperature(x, 0.5, dim), expected, why=self.along)

    @parameterized.expand(DIMENSIONS)
    def test_dim_may_be_any_dimension(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x) / 0.5, dim)
        assert_close(softmax_with_temperature(x, 0.5, dim), expected, why=f"{ANY_DIMENSION} {self.along}")

    @parameterized.expand(FROM_THE_END)
    def test_a_negative_dim_counts_from_the_end(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x) / 0.5, dim)
        assert_close(softmax_with_temperature(x, 0.5, dim), expected, why=NEGATIVE)

    @parameterized.expand(ONES)
    def test_dimensions_of_size_one_work(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.softmax(oracle(x) / 0.5, dim)
        assert_close(softmax_with_temperature(x, 0.5, dim), expected, why=SIZE_ONE)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        x, dim = self.randn(5, 7, dtype=dtype), 1
        expected = torch.softmax(oracle(x) / 0.5, dim)
        assert_close(softmax_with_temperature(x, 0.5, dim), expected, dtype=dtype, why=DTYPE)

    @parameterized.expand(LARGE)
    def test_scores_of_ten_thousand_work(self, _case, dtype, scores):
        x = self.tensor(scores, dtype=dtype)
        expected = torch.softmax(oracle(x) / 0.5, 0)
        why = "A low temperature makes large scores larger: shift the scores that e^x meets, those after the division."
        assert_close(softmax_with_temperature(x, 0.5, 0), expected, dtype=dtype, why=why, rtol=1e-2)

    @parameterized.expand(FAR_BELOW)
    def test_scores_far_below_zero_work(self, _case, dtype, scores):
        x = self.tensor(scores, dtype=dtype)
        expected = torch.softmax(oracle(x) / 0.5, 0)
        why = "These scores are all of them far below 0. If every e^x becomes 0, their sum is 0, and 0 / 0 is NaN."
        assert_close(softmax_with_temperature(x, 0.5, 0), expected, dtype=dtype, why=why, rtol=1e-2)

    @parameterized.expand(LARGE_DTYPES)
    def test_a_large_temperature_evens_out_large_scores(self, _case, dtype):
        x = self.tensor([8192.0, 0.0, -8192.0], dtype=dtype)
        expected = torch.softmax(oracle(x) / 4096, 0)
        why = (
            "A large temperature brings even these scores close together. A weight made before that is 0, and stays 0."
        )
        assert_close(softmax_with_temperature(x, 4096.0, 0), expected, dtype=dtype, why=why)

    def test_a_small_temperature_is_taken_as_it_is(self):
        x = self.tensor([1.0, 0.999, 0.5])
        expected = torch.softmax(oracle(x) / 0.001, 0)
        why = "A small temperature is allowed and is not rounded: 0.001 makes a difference of 0.001 count as 1."
        assert_close(softmax_with_temperature(x, 0.001, 0), expected, why=why, rtol=1e-3)

    @parameterized.expand(MATRIX)
    def test_every_slice_is_shifted_by_its_own_number(self, _case, dim):
        rows = self.randn(4, 6) + self.tensor([[10000.0], [0.0], [-10000.0], [500.0]])
        x = rows if dim == 1 else rows.transpose(0, 1)
        expected = torch.softmax(oracle(x) / 0.5, dim)
        why = "One slice is near 10000, another near -10000: each needs its own shift, from its own largest score."
        assert_close(softmax_with_temperature(x, 0.5, dim), expected, why=why, rtol=1e-2)

    @parameterized.expand([("the last dimension", 2), ("the first dimension", 0)])
    def test_gaps_in_memory_make_no_difference(self, _case, dim):
        x = self.randn(2, 5, 7, strided=True)
        expected = torch.softmax(oracle(x) / 0.5, dim)
        assert_close(softmax_with_temperature(x, 0.5, dim), expected, why=STRIDED)

    def test_float64_stays_float64(self):
        dtype, dim = fine(self), 0
        x = self.randn(5, 7, dtype=dtype)
        expected = torch.softmax(oracle(x) / 0.5, dim)
        assert_close(softmax_with_temperature(x, 0.5, dim), expected, dtype=dtype, why=DTYPE)

    def test_the_input_is_left_alone(self):
        x, dim = self.randn(5, 7), 1
        assert_left_alone(softmax_with_temperature, x, 0.5, dim, expected=torch.softmax(oracle(x) / 0.5, dim))

    def test_it_works_on_any_device(self):
        x, dim = self.randn(2, 5, 7), 1
        assert_follows_device(softmax_with_temperature, x, 0.5, dim, expected=torch.softmax(oracle(x) / 0.5, dim))

    def test_gradients_reach_x(self):
        x, dim = self.randn(3, 4), 0
        assert_gradients(softmax_with_temperature, x, 0.5, dim, expected=torch.softmax(oracle(x) / 0.5, dim))

    @parameterized.expand([("a tiny one", 1e-6), ("a large one", 20000.0)])
    def test_any_temperature_above_zero_counts(self, _case, temperature):
        x = self.tensor([score * min(temperature, 1000.0) for score in LOGS])
        expected = torch.softmax(oracle(x) / temperature, 0)
        why = "Every temperature above 0 is used as it is, the tiny and the large ones too."
        assert_close(softmax_with_temperature(x, temperature, 0), expected, rtol=1e-3, why=why)


class TestLogSumExp(KataTest):
    subject = log_sum_exp
    along = "A slice runs along dim, and becomes one number: the result has the shape of x without dim."

    def test_it_is_the_logarithm_of_the_sum(self):
        x = self.tensor(LOGS)
        why = "e^x of these scores is 2, 3 and 5: the logarithm of 10. `dim` is gone: one number for each slice."
        assert_close(log_sum_exp(x, 0), math.log(10), why=why)

    @parameterized.expand(MATRIX)
    def test_every_slice_along_dim_stands_alone(self, _case, dim):
        x = self.randn(5, 7)
        expected = torch.logsumexp(oracle(x), dim)
        assert_close(log_sum_exp(x, dim), expected, why=self.along)

    @parameterized.expand(DIMENSIONS)
    def test_dim_may_be_any_dimension(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.logsumexp(oracle(x), dim)
        assert_close(log_sum_exp(x, dim), expected, why=f"{ANY_DIMENSION} {self.along}")

    @parameterized.expand(FROM_THE_END)
    def test_a_negative_dim_counts_from_the_end(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.logsumexp(oracle(x), dim)
        assert_close(log_sum_exp(x, dim), expected, why=NEGATIVE)

    @parameterized.expand(ONES)
    def test_dimensions_of_size_one_work(self, _case, shape, dim):
        x = self.randn(*shape)
        expected = torch.logsumexp(oracle(x), dim)
        why = "Of the shape of x only `dim` goes. Other dimensions of size 1 belong to x, and stay."
        assert_close(log_sum_exp(x, dim), expected, why=why)

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        x, dim = self.randn(5, 7, dtype=dtype), 1
        expected = torch.logsumexp(oracle(x), dim)
        assert_close(log_sum_exp(x, dim), expected, dtype=dtype, why=DTYPE)

    def test_one_number_added_to_every_score_is_added_to_the_result(self):
        x = self.tensor([score + 100.0 for score in LOGS])
        why = "e^100 is too big for float32, but the result, 100 + log 10, is not. Take the common part out of the sum."
        assert_close(log_sum_exp(x, 0), 100 + math.log(10), why=why)

    @parameterized.expand(LARGE_DTYPES)
    def test_scores_of_ten_thousand_work(self, _case, dtype):
        x = self.tensor([10000.0, 10000.0, 10000.0, 0.0, -10000.0], dtype=dtype)
        expected = torch.logsumexp(oracle(x), 0)
        why = (
            "e^10000 fits into no dtype, but the result is close to 10000. Make the scores small before e^x, not after."
        )
        rtol = 1e-6 if dtype == torch.float32 else None
        assert_close(log_sum_exp(x, 0), expected, dtype=dtype, why=why, rtol=rtol)

    @parameterized.expand(LARGE_DTYPES)
    def test_scores_far_below_zero_work(self, _case, dtype):
        x = self.tensor([-10000.0, -9998.0, -9998.0], dtype=dtype)
        expected = torch.logsumexp(oracle(x), 0)
        why = "These scores are all of them far below 0. If every e^x becomes 0, the logarithm of their sum is -inf."
        rtol = 1e-6 if dtype == torch.float32 else None
        assert_close(log_sum_exp(x, 0), expected, dtype=dtype, why=why, rtol=rtol)

    @parameterized.expand(MATRIX)
    def test_every_slice_is_shifted_by_its_own_number(self, _case, dim):
        rows = self.randn(4, 6) + self.tensor([[10000.0], [0.0], [-10000.0], [500.0]])
        x = rows if dim == 1 else rows.transpose(0, 1)
        expected = torch.logsumexp(oracle(x), dim)
        why = "One slice is near 10000, another near -10000: each needs its own shift, from its own largest score."
        assert_close(log_sum_exp(x, dim), expected, why=why, rtol=1e-6)

    def test_a_score_of_minus_infinity_adds_nothing(self):
        x = self.tensor(HIDDEN)
        expected = torch.logsumexp(oracle(x), 1)
        why = "e^(-inf) is 0: the entry adds nothing to the sum, and the finite scores count as always."
        assert_close(log_sum_exp(x, 1), expected, why=why)

    @parameterized.expand([("the last dimension", 2), ("the first dimension", 0)])
    def test_gaps_in_memory_make_no_difference(self, _case, dim):
        x = self.randn(2, 5, 7, strided=True)
        expected = torch.logsumexp(oracle(x), dim)
        assert_close(log_sum_exp(x, dim), expected, why=STRIDED)

    def test_float64_stays_float64(self):
        dtype, dim = fine(self), 0
        x = self.randn(5, 7, dtype=dtype)
        expected = torch.logsumexp(oracle(x), dim)
        assert_close(log_sum_exp(x, dim), expected, dtype=dtype, why=DTYPE)

    def test_the_input_is_left_alone(self):
        x, dim = self.randn(5, 7), 1
        assert_left_alone(log_sum_exp, x, dim, expected=torch.logsumexp(oracle(x), dim))

    def test_it_works_on_any_device(self):
        x, dim = self.randn(2, 5, 7), 1
        assert_follows_device(log_sum_exp, x, dim, expected=torch.logsumexp(oracle(x), dim))

    def test_gradients_reach_x(self):
        x, dim = self.randn(3, 4), 0
        assert_gradients(log_sum_exp, x, dim, expected=torch.logsumexp(oracle(x), dim))

    def test_gradients_are_right_for_large_scores_too(self):
        x = self.tensor([[800.0, 799.0, -800.0], [-800.0, -800.0, -801.0]])
        why = "A gradient of NaN spoils every weight of the model. Nothing on the way may be inf, or divide by 0."
        assert_gradients(log_sum_exp, x, 1, expected=torch.logsumexp(oracle(x), 1), why=why)
