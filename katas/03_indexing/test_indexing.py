"""The tests of kata 03. Run them with: make kata N=03"""

import math

import torch
from indexing import (
    every_other_token,
    first_token,
    first_token_kept,
    last_token,
    pick_token,
    values_above,
    zero_padding,
)

from dojo.testing import (
    KataTest,
    assert_close,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    oracle,
    parameterized,
)

TWO_SEQUENCES = [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]]
IN_FRONT = [
    ("one sequence", (6, 3)),
    ("a batch of sequences", (2, 6, 3)),
    ("four dimensions", (2, 5, 6, 3)),
    ("five dimensions", (3, 2, 5, 4, 7)),
    ("as many sequences as tokens", (4, 4, 3)),
    ("many tokens", (2, 34, 2)),
]
SIZES_OF_1 = [
    ("one sequence", (1, 4, 3)),
    ("one number for each token", (2, 4, 1)),
    ("one token", (2, 1, 3)),
]
DTYPES = [torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool, torch.complex64]
DTYPE = "The numbers are taken as they are, so the result has the dtype of x."
ANYTHING = "The numbers are taken as they are, whatever they are: NaN (not a number) and infinity too."
GAPS = "The numbers of x lie in memory with gaps. Its shape is what counts."


def tokens_at(x, places, kept=True):
    """The tokens at these places of each sequence, found in plain Python lists."""
    x = oracle(x)
    sequences = x.reshape(-1, *x.shape[-2:]).tolist()
    rows = [[sequence[place] for place in places] for sequence in sequences]
    middle = (len(places),) if kept else ()
    return torch.tensor(rows, dtype=x.dtype).reshape(*x.shape[:-2], *middle, x.shape[-1])


def there(test, *dtypes):
    """These dtypes, without float64 where there is none: on an Apple GPU."""
    return [dtype for dtype in dtypes if not (test.device.type == "mps" and dtype == torch.float64)]


def of_dtype(numbers, dtype):
    """Whole numbers in another dtype. float64 and int64 get numbers that no smaller dtype can hold."""
    if dtype == torch.float64:
        return numbers.to(dtype) + 1 / 3
    if dtype == torch.complex64:
        return numbers.to(dtype) * (1 + 2j)
    return numbers * (2**53 + 1) if dtype == torch.int64 else numbers.to(dtype)


def with_anything(x):
    """x with NaN, infinity and minus infinity in its first, third and last token."""
    x[..., 0, 0], x[..., 2, 1], x[..., -1, 1] = math.nan, math.inf, -math.inf
    x[0, -1, 0] = math.nan
    return x


class TestFirstToken(KataTest):
    subject = first_token

    def test_the_first_token_of_each_sequence_is_taken(self):
        why = (
            "In (..., T, D) the tokens are the second last dimension. Take the first one of every sequence, as it is. "
            "Then this dimension is gone: (..., D)."
        )
        assert_close(first_token(self.tensor(TWO_SEQUENCES)), [[1.0, 2.0], [7.0, 8.0]], why=why)

    @parameterized.expand(IN_FRONT)
    def test_whatever_stands_in_front_makes_no_difference(self, _case, shape):
        x = self.randn(*shape)
        why = "In front there may be any number of dimensions, or none. The tokens are always the second last one."
        assert_close(first_token(x), tokens_at(x, [0], kept=False), why=why)

    @parameterized.expand(SIZES_OF_1)
    def test_sizes_of_1_stay(self, _case, shape):
        x = self.randn(*shape)
        why = "Sizes of 1 stay, for they are dimensions too. Only the dimension of the tokens is gone."
        assert_close(first_token(x), tokens_at(x, [0], kept=False), why=why)

    def test_the_result_has_the_dtype_of_x(self):
        for dtype in there(self, *DTYPES):
            x = of_dtype(self.randint(-1, 2, (2, 6, 3)), dtype)
            assert_close(first_token(x), tokens_at(x, [0], kept=False), dtype=dtype, rtol=0.0, atol=0.0, why=DTYPE)

    def test_a_token_may_hold_anything(self):
        x = with_anything(self.randn(2, 5, 3))
        assert_close(first_token(x), tokens_at(x, [0], kept=False), why=ANYTHING)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 5, 3, strided=True)
        assert_close(first_token(x), tokens_at(x, [0], kept=False), why=GAPS)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(first_token, x, expected=tokens_at(x, [0], kept=False))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(first_token, x, expected=tokens_at(x, [0], kept=False))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3, 2)
        assert_gradients(first_token, x, expected=tokens_at(x, [0], kept=False))


class TestLastToken(KataTest):
    subject = last_token

    def test_the_last_token_of_each_sequence_is_taken(self):
        why = (
            "In (..., T, D) the tokens are the second last dimension. Along it, -1 is the last place. Take it from "
            "every sequence; then this dimension is gone: (..., D)."
        )
        assert_close(last_token(self.tensor(TWO_SEQUENCES)), [[5.0, 6.0], [11.0, 12.0]], why=why)

    @parameterized.expand(IN_FRONT)
    def test_whatever_stands_in_front_makes_no_difference(self, _case, shape):
        x = self.randn(*shape)
        why = (
            "In front there may be any number of dimensions, or none. The tokens are always the second last one, and "
            "along it, -1 is the last place."
        )
        assert_close(last_token(x), tokens_at(x, [-1], kept=False), why=why)

    @parameterized.expand(SIZES_OF_1)
    def test_sizes_of_1_stay(self, _case, shape):
        x = self.randn(*shape)
        why = "Sizes of 1 stay, for they are dimensions too. Only the dimension of the tokens is gone."
        assert_close(last_token(x), tokens_at(x, [-1], kept=False), why=why)

    def test_a_token_of_zeros_is_a_token(self):
        x = self.tensor([[[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]], [[5.0, 6.0], [7.0, 8.0], [-9.0, 1.0]]])
        why = "The last token is the one at the last place, whatever it holds."
        assert_close(last_token(x), [[0.0, 0.0], [-9.0, 1.0]], why=why)

    def test_the_result_has_the_dtype_of_x(self):
        for dtype in there(self, *DTYPES):
            x = of_dtype(self.randint(-1, 2, (2, 6, 3)), dtype)
            assert_close(last_token(x), tokens_at(x, [-1], kept=False), dtype=dtype, rtol=0.0, atol=0.0, why=DTYPE)

    def test_a_token_may_hold_anything(self):
        x = with_anything(self.randn(2, 5, 3))
        assert_close(last_token(x), tokens_at(x, [-1], kept=False), why=ANYTHING)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 5, 3, strided=True)
        assert_close(last_token(x), tokens_at(x, [-1], kept=False), why=GAPS)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(last_token, x, expected=tokens_at(x, [-1], kept=False))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(last_token, x, expected=tokens_at(x, [-1], kept=False))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3, 2)
        assert_gradients(last_token, x, expected=tokens_at(x, [-1], kept=False))


class TestFirstTokenKept(KataTest):
    subject = first_token_kept

    def test_the_first_token_is_taken_and_the_dimension_stays(self):
        why = (
            "Take the first token of every sequence. This time the dimension of the tokens stays, with size 1: "
            "(..., 1, D). A slice keeps it, and a slice stops before its end."
        )
        assert_close(first_token_kept(self.tensor(TWO_SEQUENCES)), [[[1.0, 2.0]], [[7.0, 8.0]]], why=why)

    @parameterized.expand(IN_FRONT)
    def test_whatever_stands_in_front_makes_no_difference(self, _case, shape):
        x = self.randn(*shape)
        why = (
            "In front there may be any number of dimensions, or none. The second last one, that of the tokens, stays, "
            "with size 1."
        )
        assert_close(first_token_kept(x), tokens_at(x, [0]), why=why)

    @parameterized.expand(SIZES_OF_1)
    def test_sizes_of_1_stay(self, _case, shape):
        other = self.randn(*shape[:-2], 5, shape[-1])
        why = "Sizes of 1 stay, for they are dimensions too. The second last dimension stays, with size 1."
        assert_close(first_token_kept(other), tokens_at(other, [0]), why=why)
        x = self.randn(*shape)
        assert_close(first_token_kept(x), tokens_at(x, [0]), why=why)

    def test_the_result_has_the_dtype_of_x(self):
        for dtype in there(self, *DTYPES):
            x = of_dtype(self.randint(-1, 2, (2, 6, 3)), dtype)
            assert_close(first_token_kept(x), tokens_at(x, [0]), dtype=dtype, rtol=0.0, atol=0.0, why=DTYPE)

    def test_a_token_may_hold_anything(self):
        x = with_anything(self.randn(2, 5, 3))
        assert_close(first_token_kept(x), tokens_at(x, [0]), why=ANYTHING)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 5, 3, strided=True)
        assert_close(first_token_kept(x), tokens_at(x, [0]), why=GAPS)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(first_token_kept, x, expected=tokens_at(x, [0]))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(first_token_kept, x, expected=tokens_at(x, [0]))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3, 2)
        assert_gradients(first_token_kept, x, expected=tokens_at(x, [0]))


class TestEveryOtherToken(KataTest):
    subject = every_other_token

    def test_one_token_is_taken_and_the_next_is_left_out(self):
        x = self.tensor(
            [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], [[9.0, 1.0], [8.0, 2.0], [7.0, 3.0], [6.0, 4.0]]]
        )
        why = (
            "Tokens are the second last dimension. The result starts with the first of them. Two places on comes the "
            "next one, and so on, in their order; those between are left out."
        )
        assert_close(every_other_token(x), [[[1.0, 2.0], [5.0, 6.0]], [[9.0, 1.0], [7.0, 3.0]]], why=why)

    @parameterized.expand(IN_FRONT)
    def test_whatever_stands_in_front_makes_no_difference(self, _case, shape):
        x = self.randn(*shape)
        why = (
            "In front there may be any number of dimensions, or none. The tokens are always the second last one: take "
            "the places 0, 2, 4, ... along it."
        )
        assert_close(every_other_token(x), tokens_at(x, range(0, shape[-2], 2)), why=why)

    @parameterized.expand([("7 tokens", (2, 7, 3)), ("5 tokens", (5, 2)), ("3 tokens", (4, 2, 3, 2))])
    def test_an_odd_number_of_tokens_works_as_well(self, _case, shape):
        x = self.randn(*shape)
        why = f"Of {shape[-2]} tokens, the last one is at an even place too, so that the result must end with the last."
        assert_close(every_other_token(x), tokens_at(x, range(0, shape[-2], 2)), why=why)

    @parameterized.expand([("one sequence", (1, 4, 3)), ("one number for each token", (2, 5, 1)), ("two", (1, 2, 1))])
    def test_sizes_of_1_stay(self, _case, shape):
        x = self.randn(*shape)
        why = "Sizes of 1 stay, for they are dimensions too."
        assert_close(every_other_token(x), tokens_at(x, range(0, shape[-2], 2)), why=why)

    def test_a_single_token_is_the_first(self):
        x, longer = self.randn(2, 1, 3), self.randn(2, 3, 3)
        why = "A single token is the first one, so it is taken. The dimension of the tokens stays, with size 1."
        assert_close(every_other_token(longer), tokens_at(longer, [0, 2]), why=why)
        assert_close(every_other_token(x), tokens_at(x, [0]), why=why)

    def test_the_result_has_the_dtype_of_x(self):
        for dtype in there(self, *DTYPES):
            x = of_dtype(self.randint(-1, 2, (2, 5, 3)), dtype)
            assert_close(every_other_token(x), tokens_at(x, [0, 2, 4]), dtype=dtype, rtol=0.0, atol=0.0, why=DTYPE)

    def test_a_token_may_hold_anything(self):
        x = with_anything(self.randn(2, 5, 3))
        assert_close(every_other_token(x), tokens_at(x, [0, 2, 4]), why=ANYTHING)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 5, 3, strided=True)
        assert_close(every_other_token(x), tokens_at(x, [0, 2, 4]), why=GAPS)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(every_other_token, x, expected=tokens_at(x, [0, 2, 4]))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(every_other_token, x, expected=tokens_at(x, [0, 2, 4]))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3, 2)
        assert_gradients(every_other_token, x, expected=tokens_at(x, [0, 2]))


def above_by_hand(x, threshold):
    flat = oracle(x).flatten()
    return torch.tensor([value for value in flat.tolist() if value > threshold], dtype=flat.dtype)


class TestValuesAbove(KataTest):
    subject = values_above
    why = "The result is a tensor of one dimension, (n,): the numbers that are greater than the threshold, row by row."

    def test_the_greater_numbers_are_taken(self):
        x = self.tensor([[5.0, 1.0, 9.0], [2.0, 7.0, 4.0]])
        why = (
            "The result is a tensor of one dimension, (n,): the numbers themselves that are greater than the "
            "threshold, each as it was, row by row."
        )
        assert_close(values_above(x, 3.0), [5.0, 9.0, 7.0, 4.0], why=why)

    def test_an_equal_number_is_not_greater(self):
        x = self.tensor([[3.0, 1.0, 3.5], [2.0, 3.0, 3.0001]])
        why = "A number that is equal to the threshold is not greater than it. One that is a little more is greater."
        assert_close(values_above(x, 3.0), [3.5, 3.0001], rtol=1e-6, why=why)

    def test_a_number_that_occurs_twice_is_taken_twice(self):
        x = self.tensor([[5.0, 1.0, 9.0], [9.0, 5.0, 5.0]])
        why = "A number is taken each time that it occurs."
        assert_close(values_above(x, 3.0), [5.0, 9.0, 9.0, 5.0, 5.0], why=why)

    @parameterized.expand(
        [
            ("above zero", 3, [4.0]),
            ("zero", 0.0, [0.5, 1.0, 4.0]),
            ("below zero", -1.5, [-1.0, 0.0, 0.5, 1.0, 4.0]),
            ("minus infinity", -math.inf, [-9.0, -1.0, 0.0, 0.5, 1.0, 4.0]),
        ]
    )
    def test_the_sign_counts(self, _case, threshold, expected):
        why = "Numbers are compared with their sign: -9 is less than -1, and -1 is less than 0. A 0 is a number too."
        x = self.tensor([-9.0, -1.0, 0.0, 0.5, 1.0, 4.0])
        assert_close(values_above(x, threshold), expected, why=why)

    def test_there_may_be_no_such_number(self):
        x = self.tensor([[5.0, 1.0], [2.0, 7.0], [4.0, 6.0]])
        why = "Where nothing is greater, the result holds nothing: shape (0,). It still has the dtype of x."
        assert_close(values_above(x, 7.0), torch.zeros(0), why=why)
        assert_close(values_above(self.tensor([3, 4]), 9), torch.zeros(0, dtype=torch.int64), why=why)

    def test_infinity_is_greater_and_nan_is_not(self):
        x = self.tensor([math.nan, 4.0, math.inf, -math.inf, math.nan, 1.0])
        why = "Infinity is greater than any number. NaN (not a number) is not greater than anything."
        assert_close(values_above(x, 3.0), [4.0, math.inf], why=why)
        assert_close(values_above(x, -3.0), [4.0, math.inf, 1.0], why=why)

    @parameterized.expand(
        [
            ("one dimension", (7,)),
            ("four dimensions", (2, 3, 4, 2)),
            ("one row", (1, 6)),
            ("one column", (6, 1)),
            ("no rows", (0, 3)),
        ]
    )
    def test_x_may_have_any_shape(self, _case, shape):
        x = self.randn(*shape)
        why = f"x may have any shape, here {shape}. {self.why}"
        assert_close(values_above(x, 0.25), above_by_hand(x, 0.25), why=why)

    def test_the_result_has_the_dtype_of_x(self):
        for dtype in (torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8):
            x = self.tensor([[5, 1, 9], [2, 7, 2]], dtype=dtype)
            why = f"The numbers are taken as they are, so the result has the dtype of x, here {dtype}."
            assert_close(values_above(x, 2), torch.tensor([5, 9, 7], dtype=dtype), dtype=dtype, why=why)

    def test_whole_numbers_may_be_compared_with_a_fraction(self):
        why = (
            "Whole numbers may be compared with a fraction: 3 is greater than 2.5, and -2 is greater than -2.5. The "
            "fraction stays a fraction. The numbers that are taken stay whole, in the dtype of x, and exact."
        )
        assert_close(values_above(self.tensor([2, 2**53 + 1, 3]), 2.5), [2**53 + 1, 3], why=why)
        assert_close(values_above(self.tensor([-2, -3, -7, 0]), -2.5), [-2, 0], why=why)

    def test_numbers_of_every_precision_are_exact(self):
        for dtype in there(self, torch.float32, torch.float64):
            x = self.tensor([[0.1, -0.3, 1 / 3], [0.7, -4.0, 1e30]], dtype=dtype)
            why = f"Each number is taken as it was, to its last digit, here in {dtype}."
            expected = above_by_hand(x, 0.25)
            assert_close(values_above(x, 0.25), expected, dtype=dtype, rtol=0.0, atol=0.0, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps, and in another order. Row by row is the order. {self.why}"
        assert_close(values_above(x, -0.25), above_by_hand(x, -0.25), why=why)

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(values_above, x, 0.25, expected=above_by_hand(x, 0.25))

    def test_it_works_on_any_device(self):
        x = self.tensor([[5.0, 1.0, 9.0], [2.0, 7.0, 4.0]])
        assert_follows_device(values_above, x, 3.0, expected=[5.0, 9.0, 7.0, 4.0])

    def test_gradients_reach_x(self):
        x = self.tensor([[5.0, 1.0, 9.0], [2.0, 7.0, 4.0]])
        assert_gradients(values_above, x, 3.0, expected=[5.0, 9.0, 7.0, 4.0])


def zeroed_by_hand(x, is_padding):
    x = oracle(x)
    hidden = is_padding.tolist()
    rows = [
        [[0.0 if hidden[b][t] else number for number in token] for t, token in enumerate(sequence)]
        for b, sequence in enumerate(x.tolist())
    ]
    return torch.tensor(rows, dtype=torch.float64)


class TestZeroPadding(KataTest):
    subject = zero_padding
    why = "True means padding: there all D numbers are 0. All other numbers are as they were."

    def mask(self, *rows):
        """A mask for each sequence, from strings: `#` is padding, `.` is a token."""
        return self.tensor([[place == "#" for place in row] for row in rows])

    def test_what_is_padded_becomes_0(self):
        x, is_padding = self.tensor(TWO_SEQUENCES), self.mask("..#", ".##")
        why = (
            "True means padding: there all D numbers are 0. Each sequence has its own places. The shape of x stays, "
            "and each entry of the mask lines up with a whole token."
        )
        expected = [[[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]], [[7.0, 8.0], [0.0, 0.0], [0.0, 0.0]]]
        assert_close(zero_padding(x, is_padding), expected, rtol=0.0, atol=0.0, why=why)

    @parameterized.expand(
        [
            ("as many tokens as numbers", (2, 3, 3), ("..#", ".##")),
            ("as many sequences as tokens", (3, 3, 2), ("..#", "...", ".##")),
            ("all sizes equal", (3, 3, 3), ("..#", "...", ".##")),
        ]
    )
    def test_equal_sizes_hide_no_mistake(self, _case, shape, rows):
        x, is_padding = self.randn(*shape), self.mask(*rows)
        why = (
            "The mask is (B, T): each entry lines up with a token, and not with a number of it. Equal sizes hide this."
        )
        assert_close(zero_padding(x, is_padding), zeroed_by_hand(x, is_padding), why=why)

    def test_padding_may_be_anywhere(self):
        x, is_padding = self.randn(3, 4, 2), self.mask("##..", ".#.#", "#...")
        why = f"Padding may be at the end, in front, or in between: the mask says where. {self.why}"
        assert_close(zero_padding(x, is_padding), zeroed_by_hand(x, is_padding), why=why)

    @parameterized.expand(
        [
            ("one sequence is all padding", ("###", "..#")),
            ("no padding", ("...", "...")),
            ("nothing but padding", ("###", "###")),
        ]
    )
    def test_there_may_be_much_padding_or_none(self, _case, rows):
        x, is_padding = self.randn(2, 3, 4), self.mask(*rows)
        assert_close(zero_padding(x, is_padding), zeroed_by_hand(x, is_padding), why=self.why)

    @parameterized.expand([("NaN", math.nan), ("infinity", math.inf), ("minus infinity", -math.inf)])
    def test_padding_may_hold_anything(self, _case, value):
        x, is_padding = self.randn(2, 3, 2), self.mask("..#", "#..")
        x[0, 2], x[1, 0, 1] = value, value
        why = (
            "Padding may hold anything, and it becomes 0. Do not multiply: NaN (not a number) times 0 is NaN, and so "
            "is infinity times 0. Choose between x and 0."
        )
        assert_close(zero_padding(x, is_padding), zeroed_by_hand(x, is_padding), why=why)

    def test_tokens_may_hold_anything_too(self):
        x, is_padding = self.randn(2, 3, 2), self.mask("..#", "#..")
        x[0, 0, 1], x[0, 1, 0], x[1, 2, 1], x[1, 1, 0] = math.nan, math.inf, -math.inf, 3e38
        x[0, 2] = math.nan
        why = "All other numbers are as they were. A NaN in a token is the trace of a bug: let it be seen."
        assert_close(zero_padding(x, is_padding), zeroed_by_hand(x, is_padding), why=why)

    @parameterized.expand(
        [
            ("one sequence", (1, 4, 3), ("..##",)),
            ("one token each", (3, 1, 2), (".", "#", ".")),
            ("one number for each token", (2, 4, 1), (".#.#", "...#")),
        ]
    )
    def test_sizes_of_1_stay(self, _case, shape, rows):
        x, is_padding = self.randn(*shape), self.mask(*rows)
        why = f"The shape of x stays, sizes of 1 included. {self.why}"
        assert_close(zero_padding(x, is_padding), zeroed_by_hand(x, is_padding), why=why)

    def test_the_result_has_the_dtype_of_x(self):
        for dtype in there(self, torch.float16, torch.bfloat16, torch.float64):
            x, is_padding = self.randn(2, 3, 4, dtype=dtype), self.mask("..#", ".##")
            x[0, 0] = torch.finfo(dtype).max
            why = f"The result has the dtype of x, here {dtype}. {self.why}"
            expected = zeroed_by_hand(x, is_padding)
            assert_close(zero_padding(x, is_padding), expected, dtype=dtype, rtol=0.0, atol=0.0, why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x, is_padding = self.randn(2, 3, 4, strided=True), self.mask(".#", "..", "##").T
        why = f"The numbers of x lie in memory with gaps, and those of the mask in another order. {self.why}"
        assert_close(zero_padding(x, is_padding), zeroed_by_hand(x, is_padding), why=why)

    def test_the_inputs_are_left_alone(self):
        x, is_padding = self.randn(2, 3, 4), self.mask("..#", ".##")
        assert_left_alone(zero_padding, x, is_padding, expected=zeroed_by_hand(x, is_padding))

    def test_it_works_on_any_device(self):
        x, is_padding = self.randn(2, 3, 4), self.mask("..#", ".##")
        assert_follows_device(zero_padding, x, is_padding, expected=zeroed_by_hand(x, is_padding))

    @parameterized.expand([("numbers", 1.5), ("NaN in the padding", math.nan)])
    def test_gradients_reach_x(self, _case, value):
        x, is_padding = self.randn(2, 3, 2), self.mask("..#", "#..")
        x[0, 2, 0] = value
        assert_gradients(zero_padding, x, is_padding, expected=zeroed_by_hand(x, is_padding))


def picked_by_hand(x, index):
    x = oracle(x)
    rows = [sequence[place] for sequence, place in zip(x.tolist(), index.tolist())]
    return torch.tensor(rows, dtype=x.dtype)


class TestPickToken(KataTest):
    subject = pick_token
    why = "Sequences and places go in pairs: row b of the result is the token at place index[b] of sequence b."

    def test_each_sequence_gives_one_token(self):
        x, index = self.tensor(TWO_SEQUENCES), self.tensor([2, 0])
        why = (
            "Sequences and places go in pairs: sequence 0 with place 2, and sequence 1 with place 0. Places count from "
            "0. The result is (B, D): all D numbers of each token."
        )
        assert_close(pick_token(x, index), [[5.0, 6.0], [7.0, 8.0]], why=why)

    @parameterized.expand(
        [
            ("more sequences than tokens", (4, 3, 2), [2, 0, 1, 2]),
            ("more tokens than sequences", (2, 6, 3), [5, 1]),
            ("as many sequences as tokens", (3, 3, 2), [1, 0, 2]),
            ("as many sequences as numbers", (3, 4, 3), [3, 0, 1]),
            ("all sizes equal", (3, 3, 3), [2, 0, 1]),
        ]
    )
    def test_the_sizes_may_be_any(self, _case, shape, places):
        x, index = self.randn(*shape), self.tensor(places)
        assert_close(pick_token(x, index), picked_by_hand(x, index), why=self.why)

    @parameterized.expand([("in between", [1, 1, 1]), ("the last", [3, 3, 3])])
    def test_all_may_have_the_same_place(self, _case, places):
        x, index = self.randn(3, 4, 2), self.tensor(places)
        why = f"Several sequences may have the same place. Each of them gives its own token there. {self.why}"
        assert_close(pick_token(x, index), picked_by_hand(x, index), why=why)

    @parameterized.expand(
        [
            ("one sequence", (1, 4, 3), [2]),
            ("one token each", (3, 1, 2), [0, 0, 0]),
            ("one number for each token", (2, 4, 1), [3, 1]),
            ("one number in all", (1, 1, 1), [0]),
        ]
    )
    def test_sizes_of_1_stay(self, _case, shape, places):
        x, index = self.randn(*shape), self.tensor(places)
        why = "The result is (B, D), even if there is only one sequence, or one number for each token."
        assert_close(pick_token(x, index), picked_by_hand(x, index), why=why)

    def test_the_result_has_the_dtype_of_x(self):
        for dtype in there(self, torch.float16, torch.bfloat16, torch.float64, torch.int64):
            x, index = of_dtype(self.randint(-99, 100, (3, 5, 2)), dtype), self.tensor([4, 0, 2])
            expected = picked_by_hand(x, index)
            assert_close(pick_token(x, index), expected, dtype=dtype, rtol=0.0, atol=0.0, why=DTYPE)

    def test_gaps_in_memory_make_no_difference(self):
        x, index = self.randn(3, 5, 2, strided=True), self.tensor([[4, 9], [0, 9], [2, 9]])[:, 0]
        why = f"The numbers of x and of index lie in memory with gaps. {self.why}"
        assert_close(pick_token(x, index), picked_by_hand(x, index), why=why)

    def test_the_inputs_are_left_alone(self):
        x, index = self.randn(3, 5, 2), self.tensor([4, 0, 2])
        assert_left_alone(pick_token, x, index, expected=picked_by_hand(x, index))

    def test_it_works_on_any_device(self):
        x, index = self.randn(3, 5, 2), self.tensor([4, 0, 2])
        assert_follows_device(pick_token, x, index, expected=picked_by_hand(x, index))

    def test_gradients_reach_x(self):
        x, index = self.randn(2, 3, 2), self.tensor([2, 0])
        assert_gradients(pick_token, x, index, expected=picked_by_hand(x, index))
