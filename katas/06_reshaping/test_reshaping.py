"""The tests of kata 06. Run them with: make kata N=06"""

import math

import torch
from reshaping import (
    add_batch_dim,
    drop_batch_dim,
    flatten_features,
    flatten_tokens,
    tokens_first,
    transpose_last,
    unflatten_tokens,
)

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

DTYPES = [
    ("float16", torch.float16),
    ("large whole numbers", torch.int64),
    ("bool", torch.bool),
    ("complex numbers", torch.complex64),
]
MEMORY = [("with gaps", "gaps"), ("turned over", "turned")]

ONES = "A size of 1 stays where it is: it may be a batch of one, or a token of one number."
LAID_OUT = "The numbers of x lie in memory in another order than the one in which they are read. {}"
EXACT = {"rtol": 0.0, "atol": 0.0}
KEPT = (
    "The numbers only move: none changes, not even infinity or NaN (not a number), and the dtype of x stays. What you "
    "make yourself is float32 by default."
)
DIGITS = "The digits of each number say where it stood in x: 120 was at [1, 2, 0]."


def places(test, *shape):
    """Numbers whose digits say where they stand: 120 is at [1, 2, 0]."""
    x = torch.tensor(0.0)
    for size in shape:
        x = 10 * x[..., None] + torch.arange(float(size))
    return x.to(test.device)


def drawn(test, dtype, *shape):
    """Numbers of this dtype. Those of float16 hold infinity and NaN, and those of int64 are too large for a float."""
    if dtype == torch.bool:
        return test.randint(0, 2, shape).bool()
    if dtype == torch.int64:
        return test.randint(-(2**62), 2**62, shape)
    if dtype == torch.complex64:
        return torch.complex(test.randint(-9, 10, shape).float(), test.randint(1, 10, shape).float())
    x = test.randn(*shape, dtype=dtype)
    x[..., -1] = math.inf
    x[..., -1, 0], x[..., -1, 1] = math.nan, -math.inf
    return x


def laid_out(test, kind, *shape):
    """Numbers that do not lie side by side in memory."""
    if kind == "gaps":
        return test.randn(*shape, strided=True)
    return test.randn(shape[1], shape[0], *shape[2:]).transpose(0, 1)


def nested(x):
    return oracle(x).tolist()


def tensor_of(lists, like):
    return torch.tensor(lists, dtype=oracle(like).dtype)


def flat_tokens_by_hand(x):
    return tensor_of([token for sequence in nested(x) for token in sequence], x)


class TestFlattenTokens(KataTest):
    subject = flatten_tokens
    why = (
        "First come the tokens of sequence 0, in their order, then those of sequence 1. Each token stays whole, in one "
        "row: (batch, seq, d) becomes (batch · seq, d)."
    )

    def test_all_tokens_stand_in_one_list(self):
        x = places(self, 2, 3, 2)
        expected = [[0.0, 1.0], [10.0, 11.0], [20.0, 21.0], [100.0, 101.0], [110.0, 111.0], [120.0, 121.0]]
        assert_close(flatten_tokens(x), expected, why=f"{DIGITS} {self.why}")

    @parameterized.expand(
        [("a batch", (3, 5, 4)), ("more numbers than tokens", (2, 3, 7)), ("all sizes equal", (3, 3, 3))]
    )
    def test_any_sizes_will_do(self, _case, shape):
        x = self.randn(*shape)
        assert_close(flatten_tokens(x), flat_tokens_by_hand(x), why=f"Read the sizes from x. {self.why}")

    @parameterized.expand(
        [
            ("one sequence", (1, 5, 3)),
            ("one token each", (4, 1, 3)),
            ("one number each", (2, 5, 1)),
            ("one token in all", (1, 1, 4)),
            ("one sequence of single numbers", (1, 5, 1)),
        ]
    )
    def test_a_size_of_1_is_a_size_too(self, _case, shape):
        x = self.randn(*shape)
        assert_close(flatten_tokens(x), flat_tokens_by_hand(x), why=f"{ONES} {self.why}")

    @parameterized.expand(MEMORY)
    def test_the_memory_may_be_in_any_order(self, _case, kind):
        x = laid_out(self, kind, 2, 5, 3)
        assert_close(flatten_tokens(x), flat_tokens_by_hand(x), why=LAID_OUT.format(self.why))

    @parameterized.expand(DTYPES)
    def test_no_number_changes(self, _case, dtype):
        x = drawn(self, dtype, 2, 5, 3)
        assert_close(flatten_tokens(x), flat_tokens_by_hand(x), dtype=x.dtype, why=KEPT, **EXACT)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(flatten_tokens, x, expected=flat_tokens_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(flatten_tokens, x, expected=flat_tokens_by_hand(x))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3, 2)
        assert_gradients(flatten_tokens, x, expected=flat_tokens_by_hand(x))


def sequences_by_hand(x, batch):
    tokens = nested(x)
    seq = len(tokens) // batch
    return tensor_of([[tokens[seq * b + t] for t in range(seq)] for b in range(batch)], x)


class TestUnflattenTokens(KataTest):
    subject = unflatten_tokens
    why = (
        "The list is cut into `batch` pieces of equal length: the first sequence gets the first tokens, in their "
        "order, the second one those that follow. Each token stays whole: the shape is (batch, seq, d)."
    )

    def test_the_list_is_cut_into_sequences(self):
        x = self.tensor([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0], [30.0, 31.0], [40.0, 41.0], [50.0, 51.0]])
        expected = [[[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]], [[30.0, 31.0], [40.0, 41.0], [50.0, 51.0]]]
        assert_close(unflatten_tokens(x, 2), expected, why=f"Here token 3 is [30, 31]. {self.why}")

    @parameterized.expand(
        [
            ("three sequences of two", 3, (6, 4)),
            ("five sequences of three", 5, (15, 2)),
            ("four sequences of four", 4, (16, 4)),
        ]
    )
    def test_batch_says_how_many_sequences_there_are(self, _case, batch, shape):
        x = self.randn(*shape)
        why = f"batch says how many sequences there are, not how long they are. {self.why}"
        assert_close(unflatten_tokens(x, batch), sequences_by_hand(x, batch), why=why)

    @parameterized.expand(
        [
            ("one sequence", 1, (5, 3)),
            ("one token each", 4, (4, 3)),
            ("one number each", 2, (6, 1)),
            ("one token in all", 1, (1, 3)),
            ("one sequence of single numbers", 1, (5, 1)),
        ]
    )
    def test_a_size_of_1_is_a_size_too(self, _case, batch, shape):
        x = self.randn(*shape)
        assert_close(unflatten_tokens(x, batch), sequences_by_hand(x, batch), why=f"{ONES} {self.why}")

    @parameterized.expand(MEMORY)
    def test_the_memory_may_be_in_any_order(self, _case, kind):
        x = laid_out(self, kind, 6, 4)
        assert_close(unflatten_tokens(x, 2), sequences_by_hand(x, 2), why=LAID_OUT.format(self.why))

    @parameterized.expand(DTYPES)
    def test_no_number_changes(self, _case, dtype):
        x = drawn(self, dtype, 10, 3)
        assert_close(unflatten_tokens(x, 2), sequences_by_hand(x, 2), dtype=x.dtype, why=KEPT, **EXACT)

    def test_the_input_is_left_alone(self):
        x = self.randn(10, 3)
        assert_left_alone(unflatten_tokens, x, 2, expected=sequences_by_hand(x, 2))

    def test_it_works_on_any_device(self):
        x = self.randn(10, 3)
        assert_follows_device(unflatten_tokens, x, 2, expected=sequences_by_hand(x, 2))

    def test_gradients_reach_x(self):
        x = self.randn(6, 2)
        assert_gradients(unflatten_tokens, x, 2, expected=sequences_by_hand(x, 2))


def batch_by_hand(x):
    return tensor_of([nested(x)], x)


class TestAddBatchDim(KataTest):
    subject = add_batch_dim
    why = "A batch of one: a new dimension of size 1 in front, and then all sizes of x as they are."

    def test_a_new_dimension_stands_in_front(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        expected = [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]
        assert_close(add_batch_dim(x), expected, why=f"(2, 3) becomes (1, 2, 3). {self.why}")

    @parameterized.expand(
        [
            ("one dimension", (4,)),
            ("three dimensions", (2, 5, 3)),
            ("a square", (3, 3)),
            ("four dimensions", (2, 3, 5, 4)),
            ("five dimensions", (2, 3, 2, 5, 4)),
            ("one number", ()),
        ]
    )
    def test_x_may_have_any_number_of_dimensions(self, _case, shape):
        x = self.randn(*shape)
        assert_close(
            add_batch_dim(x), batch_by_hand(x), why=f"x may have any number of dimensions, or none. {self.why}"
        )

    @parameterized.expand([("in front", (1, 5, 3)), ("everywhere", (1, 1)), ("alone", (1,)), ("at the end", (3, 1))])
    def test_x_may_have_sizes_of_1_already(self, _case, shape):
        x = self.randn(*shape)
        why = f"{self.why} It is added even if its first size is 1 already: that 1 may be a sequence of one token."
        assert_close(add_batch_dim(x), batch_by_hand(x), why=why)

    @parameterized.expand(MEMORY)
    def test_the_memory_may_be_in_any_order(self, _case, kind):
        x = laid_out(self, kind, 5, 3)
        assert_close(add_batch_dim(x), batch_by_hand(x), why=LAID_OUT.format(self.why))

    @parameterized.expand(DTYPES)
    def test_no_number_changes(self, _case, dtype):
        x = drawn(self, dtype, 5, 3)
        assert_close(add_batch_dim(x), batch_by_hand(x), dtype=x.dtype, why=KEPT, **EXACT)

    def test_the_input_is_left_alone(self):
        x = self.randn(5, 3)
        assert_left_alone(add_batch_dim, x, expected=batch_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(5, 3)
        assert_follows_device(add_batch_dim, x, expected=batch_by_hand(x))

    def test_gradients_reach_x(self):
        x = self.randn(3, 2)
        assert_gradients(add_batch_dim, x, expected=batch_by_hand(x))


def item_by_hand(x):
    (item,) = nested(x)
    return tensor_of(item, x)


class TestDropBatchDim(KataTest):
    subject = drop_batch_dim
    why = "The first dimension is removed, if its size is 1. What is left is the one item of the batch, as it was."

    def test_the_one_item_is_taken_out(self):
        x = self.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
        expected = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
        assert_close(drop_batch_dim(x), expected, why=f"(1, 2, 3) becomes (2, 3). {self.why}")

    @parameterized.expand([("one dimension is left", (1, 4)), ("three are left", (1, 2, 5, 3)), ("none is left", (1,))])
    def test_any_number_of_dimensions_may_be_left(self, _case, shape):
        x = self.randn(*shape)
        why = f"{self.why} Any number of dimensions may be left, also none: no batch of one is refused."
        assert_close(drop_batch_dim(x), item_by_hand(x), why=why)

    @parameterized.expand(
        [
            ("at the end", (1, 5, 1)),
            ("in second place", (1, 1, 3)),
            ("in both", (1, 1, 1)),
            ("one number", (1, 1)),
            ("in the middle", (1, 3, 1, 4)),
        ]
    )
    def test_other_sizes_of_1_stay(self, _case, shape):
        x = self.randn(*shape)
        why = f"{ONES} Here {shape} becomes {shape[1:]}: only the first dimension goes."
        assert_close(drop_batch_dim(x), item_by_hand(x), why=why)

    @parameterized.expand([("no numbers", (1, 0)), ("two rows of nothing", (1, 2, 0))])
    def test_the_one_item_may_hold_nothing(self, _case, shape):
        x = self.randn(*shape)
        why = f"There is one item, even if it holds nothing: {shape} becomes {shape[1:]}. Only the first size counts."
        assert_close(drop_batch_dim(x), item_by_hand(x), why=why)

    @parameterized.expand(
        [
            ("two items", (2, 3)),
            ("many items", (5, 4, 3)),
            ("the 1 comes last", (3, 1)),
            ("the 1s come later", (2, 1, 1)),
            ("a vector", (4,)),
        ]
    )
    def test_a_batch_of_several_raises_an_error(self, _case, shape):
        x = self.randn(*shape)
        before = oracle(x)
        why = f"The first size of {shape} is not 1, so there is no one item to take out. Raise a ValueError."
        assert_raises(ValueError, drop_batch_dim, x, why=why)
        assert_close(x, before, why="Where an error is raised, x stays as it was, too.")

    @parameterized.expand([("of vectors", (0, 3)), ("of single numbers", (0,)), ("of ones", (0, 1))])
    def test_an_empty_batch_raises_an_error(self, _case, shape):
        x = self.randn(*shape)
        why = f"The first size of {shape} is 0, and 0 is not 1: there is no item at all. Raise a ValueError."
        assert_raises(ValueError, drop_batch_dim, x, why=why)

    def test_a_single_number_raises_an_error(self):
        x = self.tensor(7.0)
        why = "The shape () has no dimensions, so it has no first one to remove. Raise a ValueError, no other error."
        assert_raises(ValueError, drop_batch_dim, x, why=why)

    @parameterized.expand(MEMORY)
    def test_the_memory_may_be_in_any_order(self, _case, kind):
        x = laid_out(self, kind, 1, 5, 3)
        assert_close(drop_batch_dim(x), item_by_hand(x), why=LAID_OUT.format(self.why))

    @parameterized.expand(DTYPES)
    def test_no_number_changes(self, _case, dtype):
        x = drawn(self, dtype, 1, 5, 3)
        assert_close(drop_batch_dim(x), item_by_hand(x), dtype=x.dtype, why=KEPT, **EXACT)

    def test_the_input_is_left_alone(self):
        x = self.randn(1, 5, 3)
        assert_left_alone(drop_batch_dim, x, expected=item_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(1, 5, 3)
        assert_follows_device(drop_batch_dim, x, expected=item_by_hand(x))

    def test_gradients_reach_x(self):
        x = self.randn(1, 3, 2)
        assert_gradients(drop_batch_dim, x, expected=item_by_hand(x))


def turned_by_hand(x):
    def turned(lists, dimensions):
        if dimensions == 2:
            return [list(column) for column in zip(*lists)]
        return [turned(part, dimensions - 1) for part in lists]

    return tensor_of(turned(nested(x), x.ndim), x)


class TestTransposeLast(KataTest):
    subject = transpose_last
    why = "The rows become the columns: what stood in row i and column j stands in row j and column i."

    def test_rows_become_columns(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        why = f"{self.why} A new shape alone does not do that: it reads row by row, as before."
        assert_close(transpose_last(x), [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], why=why)

    def test_a_square_is_turned_over_too(self):
        x = self.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
        assert_close(transpose_last(x), [[1.0, 4.0, 7.0], [2.0, 5.0, 8.0], [3.0, 6.0, 9.0]], why=self.why)

    @parameterized.expand(
        [
            ("a batch", (2, 5, 3)),
            ("four dimensions", (2, 3, 5, 4)),
            ("five dimensions", (2, 3, 2, 5, 4)),
            ("all sizes equal", (3, 3, 3)),
        ]
    )
    def test_any_number_of_dimensions_may_stand_in_front(self, _case, shape):
        x = self.randn(*shape)
        why = f"{self.why} Any number of dimensions may stand in front of these two. The dimensions in front stay."
        assert_close(transpose_last(x), turned_by_hand(x), why=why)

    @parameterized.expand(
        [
            ("one row", (1, 4)),
            ("one column", (4, 1)),
            ("a batch of one", (1, 5, 3)),
            ("columns", (2, 5, 1)),
            ("a batch of one column", (1, 5, 1)),
            ("one number", (1, 1)),
        ]
    )
    def test_a_size_of_1_is_a_size_too(self, _case, shape):
        x = self.randn(*shape)
        why = f"A size of 1 stays a size: one row becomes one column. {self.why}"
        assert_close(transpose_last(x), turned_by_hand(x), why=why)

    @parameterized.expand(MEMORY)
    def test_the_memory_may_be_in_any_order(self, _case, kind):
        x = laid_out(self, kind, 2, 5, 3)
        assert_close(transpose_last(x), turned_by_hand(x), why=LAID_OUT.format(self.why))

    @parameterized.expand(DTYPES)
    def test_no_number_changes(self, _case, dtype):
        x = drawn(self, dtype, 2, 5, 3)
        assert_close(transpose_last(x), turned_by_hand(x), dtype=x.dtype, why=KEPT, **EXACT)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(transpose_last, x, expected=turned_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(transpose_last, x, expected=turned_by_hand(x))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3, 2)
        assert_gradients(transpose_last, x, expected=turned_by_hand(x))


def tokens_first_by_hand(x):
    sequences = nested(x)
    return tensor_of([[sequence[t] for sequence in sequences] for t in range(x.shape[1])], x)


class TestTokensFirst(KataTest):
    subject = tokens_first
    why = "At [t, b] stands token t of sequence b, whole: (batch, seq, d) becomes (seq, batch, d)."

    def test_the_place_in_the_sequence_comes_first(self):
        x = places(self, 2, 3, 2)
        expected = [[[0.0, 1.0], [100.0, 101.0]], [[10.0, 11.0], [110.0, 111.0]], [[20.0, 21.0], [120.0, 121.0]]]
        assert_close(tokens_first(x), expected, why=f"{DIGITS} {self.why}")

    @parameterized.expand(
        [
            ("a batch", (4, 5, 3)),
            ("as many sequences as places", (3, 3, 2)),
            ("as many places as numbers", (2, 4, 4)),
            ("all sizes equal", (3, 3, 3)),
        ]
    )
    def test_any_sizes_will_do(self, _case, shape):
        x = self.randn(*shape)
        why = f"{self.why} Where sizes are equal, the shape cannot show whether the order is right."
        assert_close(tokens_first(x), tokens_first_by_hand(x), why=why)

    @parameterized.expand(
        [
            ("one sequence", (1, 5, 3)),
            ("one token each", (4, 1, 3)),
            ("one number each", (2, 5, 1)),
            ("one token in all", (1, 1, 4)),
            ("one sequence of single numbers", (1, 5, 1)),
        ]
    )
    def test_a_size_of_1_is_a_size_too(self, _case, shape):
        x = self.randn(*shape)
        why = f"A size of 1 stays a size, and changes places like any other. {self.why}"
        assert_close(tokens_first(x), tokens_first_by_hand(x), why=why)

    @parameterized.expand(MEMORY)
    def test_the_memory_may_be_in_any_order(self, _case, kind):
        x = laid_out(self, kind, 2, 5, 3)
        assert_close(tokens_first(x), tokens_first_by_hand(x), why=LAID_OUT.format(self.why))

    @parameterized.expand(DTYPES)
    def test_no_number_changes(self, _case, dtype):
        x = drawn(self, dtype, 2, 5, 3)
        assert_close(tokens_first(x), tokens_first_by_hand(x), dtype=x.dtype, why=KEPT, **EXACT)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(tokens_first, x, expected=tokens_first_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(tokens_first, x, expected=tokens_first_by_hand(x))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3, 2)
        assert_gradients(tokens_first, x, expected=tokens_first_by_hand(x))


def features_by_hand(x):
    def numbers(item):
        return [number for part in item for number in numbers(part)] if isinstance(item, list) else [item]

    return tensor_of([numbers(item) for item in nested(x)], x)


class TestFlattenFeatures(KataTest):
    subject = flatten_features
    why = (
        "The batch stays, with one row for each item. A row holds all numbers of its item, in the order in which they "
        "are read."
    )

    def test_each_item_becomes_one_row(self):
        x = places(self, 2, 3, 2)
        expected = [[0.0, 1.0, 10.0, 11.0, 20.0, 21.0], [100.0, 101.0, 110.0, 111.0, 120.0, 121.0]]
        assert_close(flatten_features(x), expected, why=f"{DIGITS} {self.why}")

    @parameterized.expand(
        [
            ("three dimensions", (3, 5, 4)),
            ("two dimensions", (3, 5)),
            ("four dimensions", (2, 3, 4, 5)),
            ("five dimensions", (3, 2, 4, 2, 5)),
            ("all sizes equal", (3, 3, 3)),
        ]
    )
    def test_all_dimensions_but_the_first_are_joined(self, _case, shape):
        x = self.randn(*shape)
        why = f"Read the sizes from x, however many dimensions it has. {self.why}"
        assert_close(flatten_features(x), features_by_hand(x), why=why)

    @parameterized.expand(
        [
            ("a batch of one", (1, 5, 3)),
            ("one feature each", (4, 1, 1)),
            ("one number", (1, 1)),
            ("sizes of 1 in between", (2, 1, 5, 1)),
        ]
    )
    def test_a_size_of_1_is_a_size_too(self, _case, shape):
        x = self.randn(*shape)
        why = f"A batch of size 1 stays a batch: a size of 1 stays, in front and behind. {self.why}"
        assert_close(flatten_features(x), features_by_hand(x), why=why)

    @parameterized.expand(MEMORY)
    def test_the_memory_may_be_in_any_order(self, _case, kind):
        x = laid_out(self, kind, 2, 5, 3)
        assert_close(flatten_features(x), features_by_hand(x), why=LAID_OUT.format(self.why))

    @parameterized.expand(DTYPES)
    def test_no_number_changes(self, _case, dtype):
        x = drawn(self, dtype, 2, 5, 3)
        assert_close(flatten_features(x), features_by_hand(x), dtype=x.dtype, why=KEPT, **EXACT)

    def test_the_input_is_left_alone(self):
        x = self.randn(2, 5, 3)
        assert_left_alone(flatten_features, x, expected=features_by_hand(x))

    def test_it_works_on_any_device(self):
        x = self.randn(2, 5, 3)
        assert_follows_device(flatten_features, x, expected=features_by_hand(x))

    def test_gradients_reach_x(self):
        x = self.randn(2, 3, 2)
        assert_gradients(flatten_features, x, expected=features_by_hand(x))
