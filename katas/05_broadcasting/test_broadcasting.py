"""The tests of kata 05. Run them with: make kata N=05"""

import torch
from broadcasting import (
    add_bias,
    add_positions,
    broadcast_shape,
    outer_sum,
    pairwise_differences,
    scale_rows,
    strict_add,
)

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_left_alone,
    assert_raises,
    oracle,
    parameterized,
)


class TestBroadcastShape(KataTest):
    subject = broadcast_shape

    @parameterized.expand(
        [("one dimension", (3,), (3,)), ("two dimensions", (4, 3), (4, 3)), ("no dimensions", (), ())]
    )
    def test_equal_shapes_stay_as_they_are(self, _case, a, b):
        assert_equal(broadcast_shape(a, b), a, why="Equal sizes go together. The result is a tuple, as every shape is.")

    @parameterized.expand(
        [
            ("in the second shape", (4, 3), (4, 1), (4, 3)),
            ("in the first shape", (1, 3), (4, 3), (4, 3)),
            ("in both shapes", (4, 1), (1, 3), (4, 3)),
            ("on both sides", (5, 1, 1), (5, 1, 2), (5, 1, 2)),
        ]
    )
    def test_a_size_of_1_stretches(self, _case, a, b, expected):
        assert_equal(
            broadcast_shape(a, b),
            expected,
            why=f"{a} against {b} gives {expected}. A size of 1 stretches to the size that it meets.",
        )

    @parameterized.expand(
        [
            ("a vector meets a matrix", (4, 3), (3,), (4, 3)),
            ("a matrix meets three dimensions", (3, 2), (5, 3, 2), (5, 3, 2)),
            ("a single number meets a matrix", (), (4, 3), (4, 3)),
            ("a column meets a vector", (4, 1), (3,), (4, 3)),
        ]
    )
    def test_shapes_line_up_from_the_right(self, _case, a, b, expected):
        why = f"{a} against {b} gives {expected}. Shapes line up from the right. What a shape lacks counts as 1."
        assert_equal(broadcast_shape(a, b), expected, why=why)

    @parameterized.expand(
        [
            ("3 against 4", (2, 3), (2, 4), "3", "4"),
            ("in the first column", (5, 3), (7, 3), "5", "7"),
            ("2 against 4", (6, 2), (6, 4), "2", "4"),
            ("lined up from the right", (8, 3), (8,), "3", "8"),
            ("0 against 3", (0,), (3,), "0", "3"),
            ("far to the left", (9, 1, 3), (8, 5, 3), "9", "8"),
        ]
    )
    def test_sizes_that_clash_raise_an_error(self, _case, a, b, m, n):
        why = "Two sizes that differ clash when neither is 1. Raise a ValueError whose message names the two sizes."
        assert_raises(ValueError, broadcast_shape, a, b, mentions=(m, n), why=why)

    def test_large_sizes_follow_the_same_rule(self):
        a, b = tuple(torch.empty(500, 300, 1).shape), tuple(torch.empty(300, 700).shape)
        why = "Equal sizes go together, however large. Compare numbers with == and !=, not with `is`."
        assert_equal(broadcast_shape(a, b), (500, 300, 700), why=why)

    @parameterized.expand([("a 1 against a 0", (4, 1), (0,), (4, 0)), ("a 0 against a 1", (0, 3), (1, 3), (0, 3))])
    def test_a_1_takes_even_a_size_of_0(self, _case, a, b, expected):
        why = "A 1 takes the other size, whatever it is: 1 against 0 gives 0."
        assert_equal(broadcast_shape(a, b), expected, why=why)

    def test_the_rule_agrees_with_pytorch_on_many_shapes(self):
        why = "PyTorch gives another shape. Line up from the right; equal sizes stay; a 1 takes the other size."
        for a in SHAPES:
            for b in SHAPES:
                try:
                    expected = tuple((torch.empty(a) + torch.empty(b)).shape)
                except RuntimeError:
                    assert_raises(ValueError, broadcast_shape, a, b, why=f"{a} and {b} clash: see which sizes differ.")
                else:
                    assert_equal(broadcast_shape(a, b), expected, why=f"{a} against {b}. {why}")


SHAPES = [
    (),
    (1,),
    (2,),
    (0,),
    (4,),
    (1, 1),
    (2, 1),
    (1, 4),
    (2, 4),
    (4, 2),
    (3, 1, 4),
    (3, 2, 4),
    (1, 3, 1, 1),
    (6, 3, 1, 4),
    (2, 1, 1, 4),
]


def bias_by_hand(x, bias):
    """Each column with its number of the bias added, one column after the other."""
    x, bias = oracle(x), oracle(bias)
    for column in range(len(bias)):
        x[..., column] += bias[column]
    return x


class TestAddBias(KataTest):
    subject = add_bias
    why = "The d numbers of the bias belong to the d columns, one for each column: every token gets the same bias."

    def test_every_token_gets_the_same_bias(self):
        x, bias = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), self.tensor([10.0, 20.0, 30.0])
        assert_close(add_bias(x, bias), [[11.0, 22.0, 33.0], [14.0, 25.0, 36.0]], why=self.why)

    @parameterized.expand(
        [
            ("one token", (3,)),
            ("a sequence", (4, 3)),
            ("a square", (3, 3)),
            ("a batch", (2, 5, 3)),
            ("a batch of one", (1, 5, 3)),
            ("one row", (1, 3)),
            ("all sizes equal", (3, 3, 3)),
            ("heads", (2, 6, 5, 3)),
            ("one column", (4, 1)),
        ]
    )
    def test_any_number_of_dimensions_may_stand_in_front(self, _case, shape):
        x, bias = self.randn(*shape), self.randn(shape[-1])
        why = f"{self.why} Before the last dimension, x may have any number of others, or none."
        assert_close(add_bias(x, bias), bias_by_hand(x, bias), why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x, bias = self.randn(2, 4, 3, strided=True), self.randn(3, strided=True)
        assert_close(
            add_bias(x, bias), bias_by_hand(x, bias), why=f"The numbers of x lie in memory with gaps. {self.why}"
        )

    @parameterized.expand([("float16", torch.float16), ("float64", torch.float64)])
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        x, bias = self.randn(4, 3, dtype=dtype), self.randn(3, dtype=dtype)
        assert_close(
            add_bias(x, bias),
            bias_by_hand(x, bias),
            dtype=dtype,
            why="The result keeps the dtype of x. What you make yourself is float32 unless you say dtype=x.dtype.",
        )

    def test_the_input_is_left_alone(self):
        x, bias = self.randn(4, 3), self.randn(3)
        why = "The caller still needs x. Make a new tensor instead of writing into the old one."
        assert_left_alone(add_bias, x, bias, expected=bias_by_hand(x, bias), why=why)

    def test_it_works_on_any_device(self):
        x, bias = self.randn(2, 4, 3), self.randn(3)
        assert_follows_device(add_bias, x, bias, expected=bias_by_hand(x, bias))


def rows_by_hand(x, factor):
    x, factor = oracle(x), oracle(factor)
    for row in range(len(factor)):
        x[row] *= factor[row]
    return x


class TestScaleRows(KataTest):
    subject = scale_rows
    why = "There is one factor for each row. Shapes line up from the right, so the factor must stand upright: (n, 1)."

    def test_each_row_gets_its_own_factor(self):
        x, factor = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), self.tensor([10.0, 100.0])
        why = f"To scale is to multiply. {self.why}"
        assert_close(scale_rows(x, factor), [[10.0, 20.0, 30.0], [400.0, 500.0, 600.0]], why=why)

    @parameterized.expand(
        [("more rows than columns", (5, 2)), ("as many", (3, 3)), ("one row", (1, 4)), ("one column", (4, 1))]
    )
    def test_it_works_for_any_matrix(self, _case, shape):
        x, factor = self.randn(*shape), self.randn(shape[0])
        why = f"{self.why} In a square matrix the wrong direction raises no error, and is still wrong."
        assert_close(scale_rows(x, factor), rows_by_hand(x, factor), why=why)

    def test_factors_may_be_zero_or_negative(self):
        x, factor = self.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), self.tensor([0.0, -1.0, 10.0])
        assert_close(scale_rows(x, factor), [[0.0, 0.0], [-3.0, -4.0], [50.0, 60.0]], why=self.why)

    def test_gaps_in_memory_make_no_difference(self):
        x, factor = self.randn(4, 3, strided=True), self.randn(4, strided=True)
        assert_close(
            scale_rows(x, factor), rows_by_hand(x, factor), why=f"The numbers of x lie in memory with gaps. {self.why}"
        )

    def test_the_result_has_the_dtype_of_x(self):
        x, factor = self.randn(4, 3, dtype=torch.float16), self.randn(4, dtype=torch.float16)
        why = "The result keeps the dtype of x. What you make yourself is float32 unless you say dtype=x.dtype."
        assert_close(scale_rows(x, factor), rows_by_hand(x, factor), dtype=torch.float16, why=why)

    def test_the_input_is_left_alone(self):
        x, factor = self.randn(4, 3), self.randn(4)
        why = "The caller still needs x. Make a new tensor instead of writing into the old one."
        assert_left_alone(scale_rows, x, factor, expected=rows_by_hand(x, factor), why=why)

    def test_it_works_on_any_device(self):
        x, factor = self.randn(4, 3), self.randn(4)
        assert_follows_device(scale_rows, x, factor, expected=rows_by_hand(x, factor))


def sums_by_hand(a, b):
    return torch.tensor([[first + second for second in b.tolist()] for first in a.tolist()], dtype=torch.float64)


class TestOuterSum(KataTest):
    subject = outer_sum
    why = "At row i and column j stands a[i] + b[j]: the rows come from a, which stands upright, the columns from b."

    def test_every_number_of_a_meets_every_number_of_b(self):
        a, b = self.tensor([10.0, 20.0]), self.tensor([1.0, 2.0, 3.0])
        assert_close(outer_sum(a, b), [[11.0, 12.0, 13.0], [21.0, 22.0, 23.0]], why=self.why)

    @parameterized.expand([("more rows", 5, 3), ("a square", 4, 4), ("one row", 1, 3), ("one column", 3, 1)])
    def test_the_two_lengths_may_differ(self, _case, n, m):
        a, b = self.randn(n), self.randn(m)
        assert_close(outer_sum(a, b), sums_by_hand(a, b), why=self.why)

    def test_large_numbers_are_added_too(self):
        a, b = self.tensor([1000.0, -2000.0]), self.tensor([500.0, 0.0, -250.0])
        assert_close(outer_sum(a, b), [[1500.0, 1000.0, 750.0], [-1500.0, -2000.0, -2250.0]], why=self.why)

    def test_gaps_in_memory_make_no_difference(self):
        a, b = self.randn(4, strided=True), self.randn(3, strided=True)
        assert_close(outer_sum(a, b), sums_by_hand(a, b), why=f"The numbers lie in memory with gaps. {self.why}")

    def test_the_result_has_the_dtype_of_a(self):
        a, b = self.randn(4, dtype=torch.float16), self.randn(3, dtype=torch.float16)
        why = "The result keeps the dtype of a. What you make yourself is float32 unless you say dtype=a.dtype."
        assert_close(outer_sum(a, b), sums_by_hand(a, b), dtype=torch.float16, why=why)

    def test_the_inputs_are_left_alone(self):
        a, b = self.randn(4), self.randn(3)
        assert_left_alone(outer_sum, a, b, expected=sums_by_hand(a, b))

    def test_it_works_on_any_device(self):
        a, b = self.randn(4), self.randn(3)
        assert_follows_device(outer_sum, a, b, expected=sums_by_hand(a, b))


def differences_by_hand(x):
    rows = oracle(x).tolist()
    return torch.tensor([[[p - q for p, q in zip(i, j)] for j in rows] for i in rows], dtype=torch.float64)


class TestPairwiseDifferences(KataTest):
    subject = pairwise_differences
    why = "At [i, j] stands token i minus token j, with one entry for each of the d columns."

    def test_every_token_is_compared_with_every_token(self):
        x = self.tensor([[1.0, 1.0], [5.0, 3.0], [0.0, 9.0]])
        assert_close(pairwise_differences(x), differences_by_hand(x), why=self.why)

    @parameterized.expand(
        [("five tokens", (5, 2)), ("a square", (3, 3)), ("one token", (1, 4)), ("one column", (4, 1))]
    )
    def test_it_works_for_any_number_of_tokens(self, _case, shape):
        x = self.randn(*shape)
        if shape[0] == 1:  # all zeros: right for one token only, so it is checked beside two tokens
            two = self.randn(2, 4)
            assert_close(pairwise_differences(two), differences_by_hand(two), why=self.why)
        assert_close(pairwise_differences(x), differences_by_hand(x), why=self.why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(4, 3, strided=True)
        assert_close(
            pairwise_differences(x), differences_by_hand(x), why=f"The numbers of x lie in memory with gaps. {self.why}"
        )

    def test_the_result_has_the_dtype_of_x(self):
        x = self.randn(4, 3, dtype=torch.float16)
        why = "The result keeps the dtype of x. What you make yourself is float32 unless you say dtype=x.dtype."
        assert_close(pairwise_differences(x), differences_by_hand(x), dtype=torch.float16, why=why)

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(pairwise_differences, x, expected=differences_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(4, 3)
        assert_follows_device(pairwise_differences, x, expected=differences_by_hand(x))


def positions_by_hand(x, positions):
    x, positions = oracle(x), oracle(positions)
    for sequence in x:
        for place in range(len(positions)):
            sequence[place] += positions[place]
    return x


class TestAddPositions(KataTest):
    subject = add_positions
    why = "Row t of positions is added at place t: each place has its own row, and it is the same in each sequence."

    def test_each_place_gets_its_own_row(self):
        x = self.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]])
        positions = self.tensor([[100.0, 200.0], [300.0, 400.0], [500.0, 600.0]])
        assert_close(add_positions(x, positions), positions_by_hand(x, positions), why=self.why)

    @parameterized.expand(
        [
            ("one sequence", (1, 5, 2)),
            ("as many sequences as places", (4, 4, 3)),
            ("all sizes equal", (3, 3, 3)),
            ("one place", (2, 1, 3)),
            ("one column", (2, 5, 1)),
        ]
    )
    def test_it_works_for_any_batch(self, _case, shape):
        x, positions = self.randn(*shape), self.randn(*shape[1:])
        assert_close(add_positions(x, positions), positions_by_hand(x, positions), why=self.why)

    def test_gaps_in_memory_make_no_difference(self):
        x, positions = self.randn(2, 4, 3, strided=True), self.randn(4, 3, strided=True)
        why = f"The numbers of x lie in memory with gaps. {self.why}"
        assert_close(add_positions(x, positions), positions_by_hand(x, positions), why=why)

    def test_the_result_has_the_dtype_of_x(self):
        x, positions = self.randn(2, 4, 3, dtype=torch.float16), self.randn(4, 3, dtype=torch.float16)
        expected = positions_by_hand(x, positions)
        assert_close(
            add_positions(x, positions),
            expected,
            dtype=torch.float16,
            why="The result keeps the dtype of x. What you make yourself is float32 unless you say dtype=x.dtype.",
        )

    def test_the_input_is_left_alone(self):
        x, positions = self.randn(2, 4, 3), self.randn(4, 3)
        why = "The caller still needs x. Make a new tensor instead of writing into the old one."
        assert_left_alone(add_positions, x, positions, expected=positions_by_hand(x, positions), why=why)

    def test_it_works_on_any_device(self):
        x, positions = self.randn(2, 4, 3), self.randn(4, 3)
        assert_follows_device(add_positions, x, positions, expected=positions_by_hand(x, positions))


class TestStrictAdd(KataTest):
    subject = strict_add

    @parameterized.expand(
        [
            ("a vector", (3,)),
            ("a matrix", (4, 3)),
            ("three dimensions", (2, 4, 3)),
            ("a number", ()),
            ("sizes of 1", (1, 4, 1)),
            ("no numbers", (0, 3)),
        ]
    )
    def test_equal_shapes_are_added(self, _case, shape):
        a, b = self.randn(*shape), self.randn(*shape)
        assert_close(strict_add(a, b), oracle(a) + oracle(b), why="Equal shapes are added, number by number.")

    @parameterized.expand(
        [
            ("a matrix and a vector", (4, 3), (3,)),
            ("a vector and a matrix", (3,), (2, 3)),
            ("a column and a row", (3, 1), (1, 3)),
            ("a column and a vector", (3, 1), (3,)),
            ("a column and a matrix", (3, 1), (3, 4)),
            ("a matrix and a number", (4, 3), ()),
            ("the same sizes in another order", (1, 2), (2, 1)),
            ("one 1 more in front", (1, 3), (3,)),
            ("a number and a vector of one", (), (1,)),
            ("another batch size", (2, 4, 3), (1, 4, 3)),
            ("another size in the middle", (2, 4, 3), (2, 1, 3)),
            ("four dimensions", (2, 5, 4, 3), (1, 5, 4, 3)),
            ("sizes that clash", (2, 3), (4, 3)),
        ]
    )
    def test_shapes_that_differ_raise_an_error(self, _case, first, second):
        a, b = self.randn(*first), self.randn(*second)
        why = "The two shapes differ: raise a ValueError, even where PyTorch would broadcast without a word."
        assert_raises(ValueError, strict_add, a, b, why=why)

    @parameterized.expand([("in the first", True, False), ("in the second", False, True), ("in both", True, True)])
    def test_gaps_in_memory_make_no_difference(self, _case, first, second):
        a, b = self.randn(4, 3, strided=first), self.randn(4, 3, strided=second)
        why = "Equal shapes are added, however the numbers lie in memory."
        assert_close(strict_add(a, b), oracle(a) + oracle(b), why=why)

    def test_the_result_has_the_dtype_of_both(self):
        a, b = self.randn(4, 3, dtype=torch.float16), self.randn(4, 3, dtype=torch.float16)
        why = "Two tensors of one dtype have a sum of that dtype."
        assert_close(strict_add(a, b), oracle(a) + oracle(b), dtype=torch.float16, why=why)

    def test_the_inputs_are_left_alone(self):
        a, b = self.randn(4, 3), self.randn(4, 3)
        assert_left_alone(strict_add, a, b, expected=oracle(a) + oracle(b))

    def test_it_works_on_any_device(self):
        a, b = self.randn(4, 3), self.randn(4, 3)
        assert_follows_device(strict_add, a, b, expected=oracle(a) + oracle(b))
