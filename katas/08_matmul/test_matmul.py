"""The tests of kata 08. Run them with: make kata N=08"""

import torch
from matmul import batched, gram, linear, matmul_by_hand, matmul_shape, weighted_sum

from dojo.testing import (
    KataTest,
    assert_close,
    assert_equal,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    assert_raises,
    assert_that,
    oracle,
    parameterized,
)

DTYPES = [("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)]
GAPS = "The numbers lie in memory with gaps, or column after column. Their values count."
KEEPS_ONES = "A size of 1 is a size like any other: all dimensions stay."
DTYPE = "The result has the dtype of {}. What you make yourself is float32 unless you say its dtype."
DEVICE = "A tensor that you make yourself lives on the CPU unless you say where. On a GPU this line would stop."
FLOWS = "Training follows the gradient back to every input. A .detach(), .item() or torch.tensor(...) cuts it off."


def dot(row, column):
    return sum(p * q for p, q in zip(row, column))


def product(a, b):
    """The matrix product of two nested lists."""
    return [[dot(row, column) for column in zip(*b)] for row in a]


def products(a, b):
    """The products of two batches, pair by pair."""
    pairs = zip(oracle(a).tolist(), oracle(b).tolist())
    return torch.tensor([product(one, two) for one, two in pairs], dtype=torch.float64)


class TestMatmulShape(KataTest):
    subject = matmul_shape
    rule = "(m, k) @ (k, n) gives (m, n). The outer two stay, in their order; the inner two are equal, and disappear."

    @parameterized.expand(
        [
            ("a small product", (2, 3), (3, 4), (2, 4)),
            ("a column meets a row", (4, 1), (1, 3), (4, 3)),
            ("a row meets a column", (1, 5), (5, 1), (1, 1)),
            ("equal sizes", (3, 3), (3, 3), (3, 3)),
        ]
    )
    def test_the_inner_size_disappears(self, _case, a, b, expected):
        assert_equal(matmul_shape(a, b), expected, why=f"{self.rule} A shape is a tuple.")

    @parameterized.expand(
        [
            ("3 against 4", (2, 3), (4, 5), "3", "4"),
            ("equal at the end", (2, 3), (4, 3), "3", "4"),
            ("equal at the start", (6, 3), (6, 2), "3", "6"),
            ("equal on the outside", (6, 3), (5, 6), "3", "5"),
            ("1 against 5", (2, 1), (5, 3), "1", "5"),
            ("5 against 1", (2, 5), (1, 3), "5", "1"),
            ("0 against 3", (2, 0), (3, 4), "0", "3"),
            ("768 against 512", (2, 768), (512, 4), "768", "512"),
        ]
    )
    def test_inner_sizes_that_differ_raise_an_error(self, _case, a, b, m, n):
        why = (
            "The two inner sizes must be equal, and a 1 does not stretch here. Raise a ValueError whose message names "
            "the two sizes that clash."
        )
        assert_raises(ValueError, matmul_shape, a, b, mentions=(m, n), why=why)

    @parameterized.expand(
        [
            ("one batch size", (7, 2, 3), (7, 3, 4), (7, 2, 4)),
            ("two batch sizes", (6, 7, 2, 3), (6, 7, 3, 4), (6, 7, 2, 4)),
            ("three batch sizes", (5, 1, 7, 2, 3), (5, 1, 7, 3, 4), (5, 1, 7, 2, 4)),
            ("five batch sizes", (9, 8, 5, 1, 7, 2, 3), (9, 8, 5, 1, 7, 3, 4), (9, 8, 5, 1, 7, 2, 4)),
        ]
    )
    def test_equal_batch_sizes_stay_in_front(self, _case, a, b, expected):
        why = "The last two sizes are those of the matrices. The batch sizes stand in front of them, and stay there."
        assert_equal(matmul_shape(a, b), expected, why=why)

    @parameterized.expand(
        [
            ("a batch", (9, 2, 5), (9, 6, 7), "5", "6"),
            ("one weight for a batch", (9, 2, 5), (6, 7), "5", "6"),
            ("the batch size fits", (3, 7, 3), (3, 5, 4), "3", "5"),
            ("two batch sizes", (8, 9, 2, 3), (8, 9, 2, 3), "3", "2"),
        ]
    )
    def test_behind_batch_sizes_the_inner_sizes_must_be_equal_too(self, _case, a, b, m, n):
        why = (
            "Behind the batch sizes stand the sizes of the matrices, the last two. Of these, the inner ones must be "
            "equal. Raise a ValueError whose message names the two sizes that clash."
        )
        assert_raises(ValueError, matmul_shape, a, b, mentions=(m, n), why=why)

    @parameterized.expand(
        [
            ("in the first shape", (1, 2, 3), (7, 3, 4), (7, 2, 4)),
            ("in the second shape", (7, 2, 3), (1, 3, 4), (7, 2, 4)),
            ("in both shapes", (5, 1, 2, 3), (1, 7, 3, 4), (5, 7, 2, 4)),
            ("in both at one place", (5, 1, 2, 3), (5, 1, 3, 4), (5, 1, 2, 4)),
        ]
    )
    def test_a_batch_size_of_1_stretches(self, _case, a, b, expected):
        why = f"{a} @ {b} gives {expected}. Batch sizes broadcast as in kata 05: a 1 stretches to the size it meets."
        assert_equal(matmul_shape(a, b), expected, why=why)

    @parameterized.expand(
        [
            ("one weight for a batch", (7, 2, 3), (3, 4), (7, 2, 4)),
            ("one matrix against a batch", (2, 3), (7, 3, 4), (7, 2, 4)),
            ("two batch sizes against one", (5, 7, 2, 3), (7, 3, 4), (5, 7, 2, 4)),
            ("one batch size against two", (7, 2, 3), (5, 7, 3, 4), (5, 7, 2, 4)),
            ("none against two", (2, 3), (6, 5, 3, 4), (6, 5, 2, 4)),
            ("a batch size as large as m", (2, 7, 2, 3), (7, 3, 2), (2, 7, 2, 2)),
        ]
    )
    def test_batch_sizes_line_up_from_the_right(self, _case, a, b, expected):
        why = f"{a} @ {b} gives {expected}. Batch sizes line up from the right, and what a shape lacks counts as 1."
        assert_equal(matmul_shape(a, b), expected, why=why)

    @parameterized.expand(
        [
            ("6 against 7", (6, 2, 3), (7, 3, 5), "6", "7"),
            ("from the right", (8, 6, 2, 3), (8, 3, 5), "6", "8"),
            ("far to the left", (9, 1, 2, 3), (8, 5, 3, 4), "9", "8"),
            ("2 against 4", (2, 5, 3), (4, 3, 7), "2", "4"),
            ("0 against 6", (0, 2, 3), (6, 3, 4), "0", "6"),
            ("32 against 64", (32, 2, 3), (64, 3, 4), "32", "64"),
        ]
    )
    def test_batch_sizes_that_clash_raise_an_error(self, _case, a, b, m, n):
        why = (
            "Two batch sizes that differ clash when neither is 1. Raise a ValueError whose message names the two sizes "
            "that clash."
        )
        assert_raises(ValueError, matmul_shape, a, b, mentions=(m, n), why=why)

    @parameterized.expand(
        [
            ("an empty batch", (0, 2, 3), (0, 3, 4), (0, 2, 4)),
            ("no rows", (0, 3), (3, 4), (0, 4)),
            ("no columns", (2, 3), (3, 0), (2, 0)),
            ("nothing to add up", (2, 0), (0, 4), (2, 4)),
            ("a 1 against a 0", (1, 2, 3), (0, 3, 4), (0, 2, 4)),
            ("a 0 against a 1", (0, 2, 3), (1, 3, 4), (0, 2, 4)),
            ("a 0 against a missing size", (0, 2, 3), (3, 4), (0, 2, 4)),
        ]
    )
    def test_0_is_a_size_like_any_other(self, _case, a, b, expected):
        why = f"{a} @ {b} gives {expected}. 0 is a size like any other. In the batch, 1 against 0 gives 0."
        assert_equal(matmul_shape(a, b), expected, why=why)

    def test_large_sizes_follow_the_same_rule(self):
        a, b = (int("300"), 1, int("400")), (int("300"), int("400"), 1)
        why = "Equal sizes go together, however large. Compare numbers with == and !=, not with `is`."
        assert_equal(matmul_shape(a, b), (300, 1, 1), why=why)

    def test_the_rule_agrees_with_pytorch_on_many_shapes(self):
        why = "PyTorch gives another shape. The inner sizes must be equal; the batch sizes broadcast from the right."
        for a in SHAPES:
            for b in SHAPES:
                try:
                    expected = tuple((torch.empty(a) @ torch.empty(b)).shape)
                except RuntimeError:
                    assert_raises(ValueError, matmul_shape, a, b, why=f"{a} @ {b} does not go: see which sizes clash.")
                else:
                    assert_equal(matmul_shape(a, b), expected, why=f"{a} @ {b}. {why}")


SHAPES = [
    (2, 3),
    (3, 2),
    (3, 3),
    (1, 3),
    (3, 1),
    (0, 3),
    (4, 3, 2),
    (2, 2, 3),
    (1, 2, 3),
    (0, 3, 1),
    (2, 1, 3, 3),
    (1, 2, 3, 2),
    (3, 4, 2, 3),
]

PRODUCTS = [
    ("more rows than columns", 5, 3, 2),
    ("more columns than rows", 2, 3, 5),
    ("many products", 2, 7, 3),
    ("equal sizes", 3, 3, 3),
    ("as many columns as products", 2, 3, 3),
    ("one row", 1, 3, 4),
    ("one column", 4, 3, 1),
    ("one product", 4, 1, 3),
    ("one number", 1, 1, 1),
]


class TestMatmulByHand(KataTest):
    subject = matmul_by_hand
    why = "At row i and column j stands row i of a times column j of b: multiply number by number, then add up."

    def test_every_row_meets_every_column(self):
        a, b = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), self.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]])
        why = f"{self.why} The first number: 1·1 + 2·0 + 3·2 = 7."
        assert_close(matmul_by_hand(a, b), [[7.0, -1.0], [16.0, -1.0]], why=why)

    @parameterized.expand(PRODUCTS)
    def test_it_works_for_any_sizes(self, _case, m, k, n):
        a, b = self.randn(m, k), self.randn(k, n)
        why = f"{self.why} (m, k) and (k, n) give (m, n), whatever the sizes are."
        assert_close(matmul_by_hand(a, b), product(oracle(a).tolist(), oracle(b).tolist()), why=why)

    def test_large_and_negative_numbers_are_multiplied_too(self):
        a, b = self.tensor([[1000.0, -2000.0, 0.0]]), self.tensor([[500.0, -1.0], [250.0, 3.0], [7.0, 7.0]])
        assert_close(matmul_by_hand(a, b), [[0.0, -7000.0]], why=self.why)

    @parameterized.expand([("in the first", True, False), ("in the second", False, True), ("in both", True, True)])
    def test_gaps_in_memory_make_no_difference(self, _case, first, second):
        a, b = self.randn(4, 3, strided=first), self.randn(3, 5, strided=second)
        expected = product(oracle(a).tolist(), oracle(b).tolist())
        assert_close(matmul_by_hand(a, b), expected, why=f"{GAPS} {self.why}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_a(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        a, b = self.randn(4, 3, dtype=dtype), self.randn(3, 2, dtype=dtype)
        expected = product(oracle(a).tolist(), oracle(b).tolist())
        assert_close(matmul_by_hand(a, b), expected, dtype=dtype, why=DTYPE.format("a"))

    def test_one_product_is_a_number_by_itself(self):
        a, b = self.tensor([[1.0], [2.0], [3.0]]), self.tensor([[10.0, 20.0, 30.0]])
        why = (
            "With k = 1 there is nothing to add up, so every product is a number by itself. Each row meets each column."
        )
        expected = [[10.0, 20.0, 30.0], [20.0, 40.0, 60.0], [30.0, 60.0, 90.0]]
        assert_close(matmul_by_hand(a, b), expected, why=why)

    def test_the_result_is_a_new_tensor(self):
        a, identity = self.randn(4, 3), self.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        result = matmul_by_hand(a, identity)
        assert_close(result, oracle(a), why=f"This b has a 1 in each row and column, so a comes out again. {self.why}")
        same = result.untyped_storage().data_ptr() == a.untyped_storage().data_ptr()
        why = "The result is a new tensor, always. Else, whoever writes into the result changes the input with it."
        assert_that(not same, "The result lies in the memory of the input.", why=why)

    def test_the_inputs_are_left_alone(self):
        a, b = self.randn(4, 3), self.randn(3, 2)
        expected = product(oracle(a).tolist(), oracle(b).tolist())
        assert_left_alone(matmul_by_hand, a, b, expected=expected)

    def test_it_works_on_any_device(self):
        a, b = self.randn(4, 3), self.randn(3, 2)
        expected = product(oracle(a).tolist(), oracle(b).tolist())
        assert_follows_device(matmul_by_hand, a, b, expected=expected, why=f"The result lives where a lives. {DEVICE}")

    def test_gradients_flow_back_to_both(self):
        a, b = self.randn(2, 3), self.randn(3, 4)
        expected = product(oracle(a).tolist(), oracle(b).tolist())
        assert_gradients(matmul_by_hand, a, b, expected=expected, why=FLOWS)


class TestBatched(KataTest):
    subject = batched
    why = "In the batch, matrix i of a meets matrix i of b, and no other one. Each pair has a matrix product."

    def test_each_matrix_meets_its_partner(self):
        a = self.tensor([[[1.0, 2.0], [0.0, 1.0]], [[3.0, 4.0], [1.0, 0.0]]])
        b = self.tensor([[[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], [[10.0, 0.0, 0.0], [0.0, 100.0, 1.0]]])
        expected = [[[1.0, 2.0, 3.0], [0.0, 1.0, 1.0]], [[30.0, 400.0, 4.0], [10.0, 0.0, 0.0]]]
        assert_close(batched(a, b), expected, why=self.why)

    @parameterized.expand(
        [
            ("all sizes differ", 2, 5, 3, 4),
            ("a large batch", 6, 2, 3, 5),
            ("all sizes equal", 3, 3, 3, 3),
            ("as many pairs as rows", 4, 4, 3, 2),
            ("as many pairs as columns", 4, 2, 3, 4),
            ("as many pairs as products", 3, 2, 3, 5),
        ]
    )
    def test_it_works_for_any_sizes(self, _case, batch, n, m, p):
        a, b = self.randn(batch, n, m), self.randn(batch, m, p)
        why = f"{self.why} (batch, n, m) and (batch, m, p) give (batch, n, p)."
        assert_close(batched(a, b), products(a, b), why=why)

    @parameterized.expand(
        [
            ("one pair", 1, 2, 3, 4),
            ("one row", 2, 1, 3, 4),
            ("one product", 2, 4, 1, 3),
            ("one column", 2, 4, 3, 1),
            ("one of each", 1, 1, 1, 1),
        ]
    )
    def test_sizes_of_1_stay(self, _case, batch, n, m, p):
        a, b = self.randn(batch, n, m), self.randn(batch, m, p)
        assert_close(batched(a, b), products(a, b), why=f"{KEEPS_ONES} {self.why}")

    def test_gaps_in_memory_make_no_difference(self):
        a, b = self.randn(2, 5, 3, strided=True), self.randn(2, 3, 4, strided=True)
        assert_close(batched(a, b), products(a, b), why=f"{GAPS} {self.why}")

    def test_a_batch_that_lies_across_memory_will_do(self):
        a, b = self.randn(5, 2, 3).transpose(0, 1), self.randn(3, 2, 4).transpose(0, 1)
        assert_close(batched(a, b), products(a, b), why=f"{GAPS} {self.why}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_a(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        a, b = self.randn(2, 5, 3, dtype=dtype), self.randn(2, 3, 4, dtype=dtype)
        assert_close(batched(a, b), products(a, b), dtype=dtype, why=DTYPE.format("a"))

    def test_the_inputs_are_left_alone(self):
        a, b = self.randn(2, 5, 3), self.randn(2, 3, 4)
        assert_left_alone(batched, a, b, expected=products(a, b))

    def test_it_works_on_any_device(self):
        a, b = self.randn(2, 5, 3), self.randn(2, 3, 4)
        assert_follows_device(batched, a, b, expected=products(a, b), why=f"The result lives where a lives. {DEVICE}")

    def test_gradients_flow_back_to_both(self):
        a, b = self.randn(2, 1, 3), self.randn(2, 3, 2)
        assert_gradients(batched, a, b, expected=products(a, b), why=FLOWS)


def layer(x, weight, bias):
    """x @ W + b, one number after the other."""
    rows = oracle(x).reshape(-1, x.shape[-1]).tolist()
    columns = [*zip(*oracle(weight).tolist())]
    result = [[dot(row, column) + b for column, b in zip(columns, oracle(bias).tolist())] for row in rows]
    return torch.tensor(result, dtype=torch.float64).reshape(*x.shape[:-1], len(columns))


class TestLinear(KataTest):
    subject = linear
    why = "The formula is x @ W + b: each token is a row of n numbers, and meets the p columns of the weight."

    def inputs(self, *shape, p, **options):
        return self.randn(*shape, **options), self.randn(shape[-1], p, **options), self.randn(p, **options)

    def test_a_token_goes_through_the_weight_and_gets_the_bias(self):
        x, bias = self.tensor([[3.0, 4.0], [1.0, -1.0]]), self.tensor([0.0, 5.0, 100.0])
        weight = self.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
        why = f"{self.why} The last number of the first token: 3·1 + 4·1 + 100 = 107."
        assert_close(linear(x, weight, bias), [[3.0, 9.0, 107.0], [1.0, 4.0, 100.0]], why=why)

    @parameterized.expand(
        [
            ("a token", (3,), 4),
            ("a sequence", (5, 3), 2),
            ("a batch of sequences", (2, 5, 3), 4),
            ("heads", (2, 4, 5, 3), 6),
            ("five dimensions", (2, 1, 4, 5, 3), 2),
        ]
    )
    def test_any_dimensions_may_stand_in_front(self, _case, shape, p):
        x, weight, bias = self.inputs(*shape, p=p)
        why = f"{self.why} What stands in front of n stays as it is: (..., n) becomes (..., p)."
        assert_close(linear(x, weight, bias), layer(x, weight, bias), why=why)

    @parameterized.expand(
        [
            ("a token", (3,)),
            ("a sequence", (5, 3)),
            ("a square of tokens", (3, 3)),
            ("a batch of sequences", (2, 5, 3)),
            ("all sizes equal", (3, 3, 3)),
        ]
    )
    def test_a_square_weight_is_not_turned_round(self, _case, shape):
        x, weight, bias = self.inputs(*shape, p=3)
        why = f"This weight is square, so a wrong turn raises no error. {self.why}"
        assert_close(linear(x, weight, bias), layer(x, weight, bias), why=why)

    @parameterized.expand(
        [
            ("one sequence", (1, 5, 3), 4),
            ("one token each", (2, 1, 3), 4),
            ("one number goes in", (2, 5, 1), 4),
            ("one number comes out", (2, 5, 3), 1),
            ("one of each", (1, 1, 1), 1),
        ]
    )
    def test_sizes_of_1_stay(self, _case, shape, p):
        x, weight, bias = self.inputs(*shape, p=p)
        assert_close(linear(x, weight, bias), layer(x, weight, bias), why=f"{KEEPS_ONES} {self.why}")

    def test_gaps_in_memory_make_no_difference(self):
        x, weight, bias = self.inputs(2, 5, 3, p=4, strided=True)
        assert_close(linear(x, weight, bias), layer(x, weight, bias), why=f"{GAPS} {self.why}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        x, weight, bias = self.inputs(2, 5, 3, p=4, dtype=dtype)
        assert_close(linear(x, weight, bias), layer(x, weight, bias), dtype=dtype, why=DTYPE.format("x"))

    def test_the_inputs_are_left_alone(self):
        for shape in [(2, 5, 3), (3,)]:
            x, weight, bias = self.inputs(*shape, p=4)
            assert_left_alone(linear, x, weight, bias, expected=layer(x, weight, bias))

    def test_it_works_on_any_device(self):
        x, weight, bias = self.inputs(2, 5, 3, p=4)
        why = f"The result lives where x lives. {DEVICE}"
        assert_follows_device(linear, x, weight, bias, expected=layer(x, weight, bias), why=why)

    def test_gradients_flow_back_to_x_weight_and_bias(self):
        for shape in [(2, 2, 3), (3,)]:
            x, weight, bias = self.inputs(*shape, p=2)
            assert_gradients(linear, x, weight, bias, expected=layer(x, weight, bias), why=FLOWS)


def mixed(weights, values):
    """One sequence and one column after the other."""
    pairs = zip(oracle(weights).tolist(), oracle(values).tolist())
    return torch.tensor([[dot(row, column) for column in zip(*rows)] for row, rows in pairs], dtype=torch.float64)


class TestWeightedSum(KataTest):
    subject = weighted_sum
    why = "Each token, a row of d numbers, is taken times its own weight. Then the tokens of a sequence are added up."

    def inputs(self, batch, tokens, d, **options):
        return self.randn(batch, tokens, **options), self.randn(batch, tokens, d, **options)

    def test_the_tokens_of_a_sequence_are_mixed(self):
        weights = self.tensor([[1.0, 10.0, 2.0], [0.0, 1.0, 5.0]])
        values = self.tensor([[[1.0, 2.0], [3.0, 4.0], [0.5, 0.0]], [[9.0, 9.0], [7.0, 8.0], [1.0, 0.0]]])
        why = f"{self.why} The first number: 1·1 + 10·3 + 2·0.5 = 32."
        assert_close(weighted_sum(weights, values), [[32.0, 42.0], [12.0, 8.0]], why=why)

    def test_weights_may_be_negative_zero_or_large(self):
        weights = self.tensor([[-1.0, 0.0, 1000.0], [0.0, 0.0, 0.0]])
        values = self.tensor([[[1.0, 2.0], [3.0, 4.0], [0.5, -0.25]], [[9.0, 9.0], [7.0, 8.0], [1.0, 0.0]]])
        why = "Weights may be negative, and they need not sum to 1. They are used as they come."
        assert_close(weighted_sum(weights, values), [[499.0, -252.0], [0.0, 0.0]], why=why)

    @parameterized.expand(
        [
            ("all sizes differ", 2, 5, 3),
            ("wide tokens", 2, 3, 7),
            ("as many sequences as tokens", 4, 4, 3),
            ("as many sequences as columns", 3, 5, 3),
        ]
    )
    def test_it_works_for_any_sizes(self, _case, batch, tokens, d):
        weights, values = self.inputs(batch, tokens, d)
        assert_close(weighted_sum(weights, values), mixed(weights, values), why=self.why)

    @parameterized.expand([("a small square", 2, 3, 3), ("all sizes equal", 4, 4, 4)])
    def test_a_weight_belongs_to_a_token_not_to_a_column(self, _case, batch, tokens, d):
        weights, values = self.inputs(batch, tokens, d)
        why = f"There are as many tokens as columns here, so weights on the columns raise no error. {self.why}"
        assert_close(weighted_sum(weights, values), mixed(weights, values), why=why)

    @parameterized.expand(
        [
            ("one sequence", 1, 5, 3),
            ("one token", 2, 1, 3),
            ("one column", 2, 5, 1),
            ("one column of one sequence", 1, 5, 1),
            ("one of each", 1, 1, 1),
        ]
    )
    def test_sizes_of_1_stay(self, _case, batch, tokens, d):
        weights, values = self.inputs(batch, tokens, d)
        why = f"{KEEPS_ONES} Only the dimension of the tokens is added up. {self.why}"
        assert_close(weighted_sum(weights, values), mixed(weights, values), why=why)

    def test_gaps_in_memory_make_no_difference(self):
        weights, values = self.inputs(2, 5, 3, strided=True)
        assert_close(weighted_sum(weights, values), mixed(weights, values), why=f"{GAPS} {self.why}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_values(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        weights, values = self.inputs(2, 5, 3, dtype=dtype)
        why = DTYPE.format("values")
        assert_close(weighted_sum(weights, values), mixed(weights, values), dtype=dtype, why=why)

    def test_the_inputs_are_left_alone(self):
        weights, values = self.inputs(2, 5, 3)
        assert_left_alone(weighted_sum, weights, values, expected=mixed(weights, values))

    def test_it_works_on_any_device(self):
        weights, values = self.inputs(2, 5, 3)
        why = f"The result lives where values lives. {DEVICE}"
        assert_follows_device(weighted_sum, weights, values, expected=mixed(weights, values), why=why)

    def test_gradients_flow_back_to_both(self):
        weights, values = self.inputs(2, 3, 2)
        assert_gradients(weighted_sum, weights, values, expected=mixed(weights, values), why=FLOWS)


def table(x):
    """Every token with every token, one sequence after the other."""
    sequences = oracle(x).tolist()
    return torch.tensor([[[dot(i, j) for j in rows] for i in rows] for rows in sequences], dtype=torch.float64)


class TestGram(KataTest):
    subject = gram
    why = "At [b, i, j] stands the dot product of token i and token j of sequence b: multiply number by number, add up."

    def test_every_token_meets_every_token(self):
        x = self.tensor([[[1.0, 2.0], [3.0, 0.0], [0.0, -1.0]], [[0.0, 1.0], [2.0, 2.0], [1.0, -3.0]]])
        first, second = [[5.0, 3.0, -2.0], [3.0, 9.0, 0.0], [-2.0, 0.0, 1.0]], [[1.0, 2, -3], [2, 8, -4], [-3, -4, 10]]
        why = f"{self.why} It may be negative. Only tokens of the same sequence meet."
        assert_close(gram(x), [first, second], why=why)

    @parameterized.expand(
        [
            ("all sizes differ", 2, 5, 3),
            ("wide tokens", 3, 2, 7),
            ("as many tokens as columns", 2, 4, 4),
            ("all sizes equal", 3, 3, 3),
            ("as many sequences as tokens", 5, 5, 2),
            ("as many sequences as columns", 3, 4, 3),
        ]
    )
    def test_each_sequence_has_its_own_table(self, _case, batch, tokens, d):
        x = self.randn(batch, tokens, d)
        why = f"{self.why} Only tokens of the same sequence meet."
        assert_close(gram(x), table(x), why=why)

    @parameterized.expand(
        [("one sequence", 1, 5, 3), ("one token", 2, 1, 3), ("one column", 2, 5, 1), ("one of each", 1, 1, 1)]
    )
    def test_sizes_of_1_stay(self, _case, batch, tokens, d):
        x = self.randn(batch, tokens, d)
        assert_close(gram(x), table(x), why=f"{KEEPS_ONES} {self.why}")

    def test_long_tokens_and_large_numbers_are_not_scaled(self):
        x = self.tensor([[[100.0, -200.0, 300.0, 0.0], [-100.0, 0.0, 0.0, 50.0]]])
        why = f"A dot product may be negative or large: nothing is divided. {self.why}"
        assert_close(gram(x), [[[140000.0, -10000.0], [-10000.0, 12500.0]]], why=why)

    def test_gaps_in_memory_make_no_difference(self):
        x = self.randn(2, 5, 3, strided=True)
        assert_close(gram(x), table(x), why=f"{GAPS} {self.why}")

    def test_a_batch_that_lies_across_memory_will_do(self):
        x = self.randn(5, 2, 3).transpose(0, 1)
        assert_close(gram(x), table(x), why=f"{GAPS} {self.why}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_x(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        x = self.randn(2, 5, 3, dtype=dtype)
        assert_close(gram(x), table(x), dtype=dtype, why=DTYPE.format("x"))

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(gram, x, expected=table(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(gram, x, expected=table(x), why=f"The result lives where x lives. {DEVICE}")

    def test_the_gradient_comes_from_both_sides(self):
        x = self.randn(2, 3, 2)
        why = f"x stands on both sides of the product, and the gradient flows back through both. {FLOWS}"
        assert_gradients(gram, x, expected=table(x), why=why)
