"""The tests of kata 16. Run them with: make kata N=16"""

import re

import torch
from embedding import Embedding, lookup, one_hot_lookup, token_and_position
from torch import nn

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
from dojo.trace import KernelMode

VOCAB, D = 7, 3
SHAPES = [
    ("one token", (1,)),
    ("a sequence", (5,)),
    ("as many ids as columns", (3,)),
    ("a batch of sequences", (2, 5)),
    ("a batch of one", (1, 5)),
    ("sequences of one token", (4, 1)),
    ("as many tokens as columns", (2, 3)),
    ("four dimensions", (2, 3, 1, 4)),
]
EMPTY = [("an empty list", (0,)), ("empty sequences", (2, 0)), ("an empty batch", (0, 5))]
DTYPES = [("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float64", torch.float64)]

ROWS = "There is one row for each id, in the order of the ids, and just as they stand in the table. Id 0 is the first."
ANY = "The ids may have any shape. Their dimensions come first, then the d numbers of each row: (..., d)."
ONE = "Here is a single id, of shape (), so the result is a single row, of shape (d,)."
NONE = "Here is no id at all. The result has no rows either, but its shape is still (..., d)."
ALL_DIGITS = "float64 keeps about 16 digits, and float32 on the way only 7."
GAPS = "The numbers lie in memory with gaps, or column after column. Their values count."
DEVICE = "What you make lives on the CPU unless you say where. On a GPU this line would stop."
FLOWS = (
    "The gradient flows back to each row of the table that was used: from all places of its id, added up. A .detach() "
    "or .data cuts it off."
)


def rows_of(table, ids):
    """The rows of these ids, one after the other, from Python lists."""
    rows = oracle(table).tolist()
    found = [rows[i] for i in oracle(ids).flatten().tolist()]
    return torch.tensor(found, dtype=torch.float64).reshape(*ids.shape, table.shape[1])


def exactly(dtype):
    """Tolerances for rows as they stand: a float64 number does not come back from float32 with all its digits."""
    return {"rtol": 1e-12, "atol": 0.0} if dtype == torch.float64 else {}


class Products(KernelMode):
    """Notes the matrix products that run inside it, by whatever route: the shapes of their two factors.

    With zeros=True every product gives zeros: whatever is made of them shows it.
    """

    def __init__(self, zeros=False):
        super().__init__()
        self.zeros = zeros
        self.factors = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func._schema.name.split("::")[-1]
        result = func(*args, **(kwargs or {}))
        if re.search(r"(mm|mv|dot|linear|matmul)_?$", name):
            shapes = [tuple(x.shape) for x in args if isinstance(x, torch.Tensor)]
            self.factors.append(shapes[:2] if name == "linear" else shapes[-2:])  # addmm takes a tensor before them
            if self.zeros:
                result.zero_()
        return result


class TestLookup(KataTest):
    subject = lookup

    def test_each_id_gets_its_row(self):
        table = self.tensor([[0.0, 0.5], [10.0, 10.5], [20.0, 20.5], [30.0, 30.5]])
        assert_close(
            lookup(table, self.tensor([2, 0, 2, 1, 3])),
            [[20.0, 20.5], [0.0, 0.5], [20.0, 20.5], [10.0, 10.5], [30.0, 30.5]],
            why=ROWS,
        )

    @parameterized.expand(SHAPES)
    def test_the_ids_may_have_any_shape(self, _case, shape):
        table, ids = self.randn(VOCAB, D), self.randint(0, VOCAB, shape)
        assert_close(lookup(table, ids), rows_of(table, ids), why=f"{ANY} {ROWS}")

    def test_a_single_id_has_no_dimension(self):
        table = self.randn(VOCAB, D)
        for i in (4, 0):
            assert_close(lookup(table, self.tensor(i)), oracle(table)[i], why=ONE)

    @parameterized.expand(EMPTY)
    def test_there_may_be_no_id_at_all(self, _case, shape):
        table = self.randn(VOCAB, D)
        assert_close(lookup(table, self.randint(0, VOCAB, shape)), torch.zeros(*shape, D), why=NONE)

    @parameterized.expand([("one row", (1, 4)), ("one column", (5, 1)), ("many rows", (2100, 2)), ("a square", (4, 4))])
    def test_the_table_may_have_any_size(self, _case, size):
        table, ids = self.randn(*size), self.randint(0, size[0], (2, 3))
        ids[0, 1] = size[0] - 1
        assert_close(lookup(table, ids), rows_of(table, ids), why=ROWS)

    def test_gaps_in_memory_make_no_difference(self):
        table, ids = self.randn(VOCAB, D, strided=True), self.randint(0, VOCAB, (5, 2)).T
        assert_close(lookup(table, ids), rows_of(table, ids), why=f"{GAPS} {ROWS}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_the_table(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        table, ids = self.randn(300, D, dtype=dtype), self.tensor([[257, 0, 299], [258, 2, 256]])
        why = f"The result has the dtype of the table. The ids stay whole numbers. {ALL_DIGITS}"
        assert_close(lookup(table, ids), rows_of(table, ids), dtype=dtype, **exactly(dtype), why=why)

    def test_the_inputs_are_left_alone(self):
        table, ids = 5 * self.randn(VOCAB, D), self.randint(0, VOCAB, (2, 5))
        assert_left_alone(lookup, table, ids, expected=rows_of(table, ids))

    def test_it_works_on_any_device(self):
        table, ids = self.randn(VOCAB, D), self.randint(0, VOCAB, (2, 5))
        why = f"The result lives where the table lives. {DEVICE}"
        assert_follows_device(lookup, table, ids, expected=rows_of(table, ids), why=why)

    @parameterized.expand([("a sequence", [2, 0, 2, 4, 2]), ("a batch", [[0, 3, 0], [3, 3, 1]]), ("a single id", 3)])
    def test_the_gradients_of_an_id_add_up(self, _case, ids):
        table, ids = self.randn(5, 2), self.tensor(ids)
        assert_gradients(lookup, table, ids, expected=rows_of(table, ids), why=FLOWS)


class TestOneHotLookup(KataTest):
    subject = one_hot_lookup
    why = (
        "A one-hot row is as long as the vocabulary, with a 1 at the place of its id, counted from 0. It meets the "
        "rows of the table, and both have the same dtype."
    )

    def test_a_one_picks_its_row(self):
        table = self.tensor([[0.0, 0.5], [10.0, 10.5], [20.0, 20.5], [30.0, 30.5]])
        expected = [[20.0, 20.5], [0.0, 0.5], [20.0, 20.5], [10.0, 10.5]]
        assert_close(one_hot_lookup(table, self.tensor([2, 0, 2, 1])), expected, why=self.why)

    def test_a_matrix_product_does_the_lookup(self):
        table, ids = self.randn(VOCAB, D), self.tensor([2, 0, 6, 2, 1])
        with Products() as products:
            result = one_hot_lookup(table, ids)
        why = (
            "This time the way there counts: one-hot rows (..., vocab) and a matrix product with the table (vocab, d)."
        )
        assert_close(
            result, rows_of(table, ids), why="The result is not right yet. How it is made is the next question."
        )
        assert_that(products.factors, "Your code uses no matrix product.", why=why)
        over_the_rows = any(first[-1] == VOCAB for first, _second in products.factors)
        sizes = ", ".join(f"{first} @ {second}" for first, second in products.factors)
        says = "Your matrix product does not go over the rows of the table."
        assert_that(over_the_rows, says, why=why, expected=f"{(5, VOCAB)} @ {(VOCAB, D)}", actual=sizes)

    def test_the_result_comes_from_the_product(self):
        table, ids = self.randn(VOCAB, D), self.tensor([2, 0, 6, 2, 1])
        assert_close(one_hot_lookup(table, ids), rows_of(table, ids), why=self.why)
        with Products(zeros=True):
            result = one_hot_lookup(table, ids)
        why = "For this test, matrix products give zeros. Your rows did not change, so they come from somewhere else."
        assert_close(result, torch.zeros(5, D), why=f"{why} What the product gives is the answer.")

    @parameterized.expand(SHAPES)
    def test_the_ids_may_have_any_shape(self, _case, shape):
        table, ids = self.randn(VOCAB, D), self.randint(0, VOCAB - 2, shape)
        assert_close(one_hot_lookup(table, ids), rows_of(table, ids), why=f"{ANY} {self.why}")

    def test_a_single_id_has_no_dimension(self):
        table = self.randn(VOCAB, D)
        for i in (4, 0, 6):
            assert_close(one_hot_lookup(table, self.tensor(i)), oracle(table)[i], why=ONE)

    @parameterized.expand(EMPTY)
    def test_there_may_be_no_id_at_all(self, _case, shape):
        table = self.randn(VOCAB, D)
        assert_close(one_hot_lookup(table, self.randint(0, VOCAB, shape)), torch.zeros(*shape, D), why=NONE)

    @parameterized.expand([("one row", (1, 4)), ("one column", (5, 1)), ("a square", (4, 4))])
    def test_the_table_may_have_any_size(self, _case, size):
        table, ids = self.randn(*size), self.randint(0, size[0], (2, 3))
        assert_close(one_hot_lookup(table, ids), rows_of(table, ids), why=self.why)

    def test_gaps_in_memory_make_no_difference(self):
        table, ids = self.randn(VOCAB, D, strided=True), self.randint(0, VOCAB, (5, 2)).T
        assert_close(one_hot_lookup(table, ids), rows_of(table, ids), why=f"{GAPS} {self.why}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_the_table(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        table, ids = self.randn(VOCAB, D, dtype=dtype), self.randint(0, VOCAB, (2, 5))
        why = f"The result has the dtype of the table. In the product, both factors have it. {ALL_DIGITS}"
        assert_close(one_hot_lookup(table, ids), rows_of(table, ids), dtype=dtype, **exactly(dtype), why=why)

    @parameterized.expand(DTYPES[:2])
    def test_ids_stay_whole_numbers(self, _case, dtype):
        size = 2060 if dtype == torch.float16 else 300
        table = self.randn(size, 2, dtype=dtype)
        ids = self.tensor([size - 1, 257, 0, size - 3, 258])
        why = "A small dtype rounds large whole numbers: bfloat16 has no 257, float16 no 2049. The ids stay int64."
        assert_close(one_hot_lookup(table, ids), rows_of(table, ids), dtype=dtype, why=why)

    def test_the_inputs_are_left_alone(self):
        table, ids = self.randn(VOCAB, D), self.randint(0, VOCAB, (2, 5))
        assert_left_alone(one_hot_lookup, table, ids, expected=rows_of(table, ids))

    def test_it_works_on_any_device(self):
        table, ids = self.randn(VOCAB, D), self.randint(0, VOCAB, (2, 5))
        why = f"The result lives where the table lives. {DEVICE}"
        assert_follows_device(one_hot_lookup, table, ids, expected=rows_of(table, ids), why=why)

    def test_the_gradients_of_an_id_add_up(self):
        table, ids = self.randn(5, 2), self.tensor([[0, 3, 0], [3, 3, 1]])
        assert_gradients(one_hot_lookup, table, ids, expected=rows_of(table, ids), why=FLOWS)


class TestEmbedding(KataTest):
    subject = Embedding
    owns = "The table is one nn.Parameter of the name `weight`: one row of d numbers for each of the n tokens."
    looks = "The layer gives the rows of `weight`, with the numbers that it has by now, and just as they stand there."

    def with_numbers(self, *size):
        """A layer whose weight holds other numbers than in the beginning, as after a training."""
        layer = self.make(Embedding, *size)
        with torch.no_grad():
            layer.weight.copy_(self.randn(*size))
        return layer

    def test_its_table_is_a_parameter(self):
        layer = self.make(Embedding, VOCAB, D)
        found = {name: tuple(parameter.shape) for name, parameter in layer.named_parameters()}
        wanted = {"weight": (VOCAB, D)}
        others = {name: tuple(buffer.shape) for name, buffer in layer.named_buffers()}
        assert_that(
            found == wanted,
            "The parameters are not right.",
            why=self.owns,
            expected=f"parameters {wanted}",
            actual=f"parameters {found or 'none'}" + (f", buffers {others}" if others else ""),
        )

    def test_you_wrote_it_yourself(self):
        owners, ids = [], self.tensor([2, 0])
        hook = nn.modules.module.register_module_parameter_registration_hook(
            lambda module, name, parameter: owners.append(module)
        )
        try:
            layer = self.make(Embedding, VOCAB, D)
            rows = layer(ids)
        finally:
            hook.remove()
        used = any(isinstance(owner, nn.Embedding) for owner in [*layer.modules(), *owners])
        why = "This kata asks you to write the layer: inherit from nn.Module, and do not use nn.Embedding."
        assert_that(not used, "Your layer is PyTorch's own nn.Embedding, or uses it.", why=why)
        assert_close(rows, rows_of(layer.weight, ids), why=self.looks)

    def test_nothing_else_is_saved(self):
        layer = self.make(Embedding, n=VOCAB, d=D)
        why = "Nothing else is saved in state_dict(): the table is all that the layer has learned."
        assert_equal(sorted(layer.state_dict()), ["weight"], why=f"{self.owns} {why}")

    def test_it_is_trainable(self):
        layer = self.make(Embedding, VOCAB, D)
        assert_equal(
            layer.weight.requires_grad, True, why="The table is trainable: a gradient must be able to reach it."
        )

    def test_it_starts_with_standard_normal_numbers(self):
        weight = oracle(self.make(Embedding, 1000, 2).weight)
        size = weight.abs()
        seen = {
            "mean": (float(weight.mean()), 0.0, 0.12),
            "standard deviation": (float(weight.std()), 1.0, 0.1),
            "part between -1 and 1": (float((size < 1).double().mean()), 0.683, 0.06),
            "part beyond -2 and 2": (float((size > 2).double().mean()), 0.046, 0.026),
            "part that is unlike all others": (weight.unique().numel() / weight.numel(), 1.0, 0.02),
        }
        why = "The numbers are drawn from the standard normal distribution, each by itself, as torch.randn does."
        for name, (found, wanted, room) in seen.items():
            says = f"The {name} is not that of standard normal numbers."
            assert_that(abs(found - wanted) < room, says, why=why, expected=f"about {wanted}", actual=f"{found:.3f}")

    def test_each_new_layer_draws_its_own_numbers(self):
        layers = [self.make(Embedding, VOCAB, D) for _ in range(3)]
        first, second, third = (oracle(layer.weight) for layer in layers)
        same = bool((first == second).any() or (second == third).any() or (first == third).any())
        why = "Each new layer draws another table. Set no seed, and keep the table in the layer, not in its class."
        assert_that(not same, "Two new layers have numbers in common.", why=why)

    def test_it_looks_up_the_rows_of_its_table(self):
        layer = self.make(Embedding, 4, 2)
        with torch.no_grad():
            layer.weight.copy_(self.tensor([[0.5, 1.0], [10.0, 10.5], [20.0, 20.5], [30.0, 30.5]]))
        expected = [[20.0, 20.5], [0.5, 1.0], [20.0, 20.5], [30.0, 30.5]]
        assert_close(layer(self.tensor([2, 0, 2, 3])), expected, why=self.looks)

    @parameterized.expand(SHAPES)
    def test_the_ids_may_have_any_shape(self, _case, shape):
        layer, ids = self.with_numbers(VOCAB, D), self.randint(0, VOCAB, shape)
        assert_close(layer(ids), rows_of(layer.weight, ids), why=f"{ANY} The ids are of any shape. {ROWS}")

    def test_a_single_id_has_no_dimension(self):
        layer = self.with_numbers(VOCAB, D)
        for i in (4, 0):
            assert_close(layer(self.tensor(i)), oracle(layer.weight)[i], why=ONE)

    def test_there_may_be_no_id_at_all(self):
        layer = self.with_numbers(VOCAB, D)
        for _name, shape in EMPTY:
            assert_close(layer(self.randint(0, VOCAB, shape)), torch.zeros(*shape, D), why=NONE)

    @parameterized.expand(
        [("one row", (1, 4)), ("one column", (5, 1)), ("more columns than rows", (2, 6)), ("many rows", (2100, 2))]
    )
    def test_the_table_may_have_any_size(self, _case, size):
        layer, ids = self.with_numbers(*size), self.randint(0, size[0], (2, 3))
        ids[0, 1] = size[0] - 1
        assert_close(layer(ids), rows_of(layer.weight, ids), why=ROWS)

    def test_gaps_in_memory_make_no_difference(self):
        layer, ids = self.with_numbers(VOCAB, D), self.randint(0, VOCAB, (5, 2)).T
        assert_close(layer(ids), rows_of(layer.weight, ids), why=f"{GAPS} {ROWS}")

    def test_training_and_evaluation_give_the_same(self):
        layer, ids = self.with_numbers(VOCAB, D), self.randint(0, VOCAB, (2, 5))
        for mode in (True, False):
            why = f"{self.looks} Training and evaluation make no difference."
            assert_close(layer.train(mode)(ids), rows_of(layer.weight, ids), why=why)

    def test_a_saved_layer_can_be_loaded(self):
        layer, fresh, ids = self.with_numbers(VOCAB, D), self.make(Embedding, VOCAB, D), self.randint(0, VOCAB, (5,))
        fresh.load_state_dict(layer.state_dict())
        assert_close(fresh(ids), rows_of(layer.weight, ids), why=f"A table was loaded here. {self.looks}")

    @parameterized.expand(DTYPES)
    def test_the_rows_have_the_dtype_of_weight(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        layer, ids = self.make(Embedding, VOCAB, D).to(dtype), self.randint(0, VOCAB, (2, 5))
        with torch.no_grad():
            layer.weight.copy_(self.randn(VOCAB, D, dtype=dtype))
        why = f"The rows have the dtype of `weight`, which layer.to(dtype) changes. {ALL_DIGITS}"
        assert_close(layer(ids), rows_of(layer.weight, ids), dtype=dtype, **exactly(dtype), why=why)

    def test_the_ids_are_left_alone(self):
        layer, ids = self.with_numbers(VOCAB, D), self.randint(0, VOCAB, (2, 5))
        expected = rows_of(layer.weight, ids)
        assert_left_alone(layer, ids, expected=expected)
        assert_close(layer(ids), expected, why="A call changes nothing: neither the ids nor the table.")

    def test_it_moves_to_another_device(self):
        layer, ids = self.with_numbers(VOCAB, D), self.randint(0, VOCAB, (2, 5))
        assert_follows_device(layer, ids, expected=rows_of(layer.weight, ids))

    def test_the_gradients_of_an_id_add_up(self):
        layer, ids = self.with_numbers(5, 2), self.tensor([[0, 3, 0], [3, 3, 1]])
        assert_gradients(layer, ids, expected=rows_of(layer.weight, ids), why=FLOWS)

    def test_gradients_flow_in_evaluation_too(self):
        layer, ids = self.with_numbers(5, 2).eval(), self.tensor([4, 0, 4])
        why = f"layer.eval() does not switch gradients off: evaluation gives the same as training. {FLOWS}"
        assert_gradients(layer, ids, expected=rows_of(layer.weight, ids), why=why)


def rows_and_places(token_table, position_table, ids):
    """Each token with its place, one number after the other."""
    tokens, places = oracle(token_table).tolist(), oracle(position_table).tolist()
    return torch.tensor(
        [[[p + q for p, q in zip(tokens[i], places[t])] for t, i in enumerate(row)] for row in oracle(ids).tolist()],
        dtype=torch.float64,
    )


class TestTokenAndPosition(KataTest):
    subject = token_and_position
    why = "At [b, t] stands the row of token ids[b, t] plus row t of the position table: places count 0, 1, 2, ..."

    def inputs(self, batch, tokens, places, vocab=VOCAB, d=D, **options):
        ids = self.randint(0, vocab, (batch, tokens))
        return self.randn(vocab, d, **options), self.randn(places, d, **options), ids

    def test_a_token_gets_the_row_of_its_place(self):
        token_table = self.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5], [3.0, 3.5]])
        position_table = self.tensor([[10.0, 10.0], [20.0, 20.0], [30.0, 30.0], [40.0, 40.0], [50.0, 50.0]])
        ids = self.tensor([[3, 0, 3], [1, 2, 0]])
        expected = [[[13.0, 13.5], [20.0, 20.5], [33.0, 33.5]], [[11.0, 11.5], [22.0, 22.5], [30.0, 30.5]]]
        assert_close(token_and_position(token_table, position_table, ids), expected, why=self.why)

    @parameterized.expand(
        [
            ("fewer tokens than places", 2, 5, 8),
            ("as many sequences as tokens", 4, 4, 6),
            ("one sequence", 1, 5, 6),
            ("one token", 2, 1, 6),
            ("one token in one sequence", 1, 1, 6),
            ("more places than words", 2, 3, 11),
        ]
    )
    def test_each_sequence_begins_at_place_0(self, _case, batch, tokens, places):
        inputs = self.inputs(batch, tokens, places)
        why = f"{self.why} It is the same in each sequence."
        assert_close(token_and_position(*inputs), rows_and_places(*inputs), why=why)

    @parameterized.expand(
        [("five", 2, 5), ("one", 1, 1), ("in one sequence", 1, 4), ("three in three sequences", 3, 3)]
    )
    def test_as_many_tokens_as_places_is_fine(self, _case, batch, tokens):
        inputs = self.inputs(batch, tokens, places=tokens)
        why = f"There are as many tokens as places here: the sequence just fits. {self.why}"
        assert_close(token_and_position(*inputs), rows_and_places(*inputs), why=why)

    @parameterized.expand(
        [
            ("one token too many", 2, 6, 5),
            ("twice as many", 2, 6, 3),
            ("a table of one place", 2, 5, 1),
            ("one sequence", 1, 6, 5),
            ("few sequences", 3, 9, 6),
        ]
    )
    def test_too_many_tokens_raise_an_error(self, _case, batch, tokens, places):
        why = (
            f"A sequence has {tokens} tokens here, and the position table {places} "
            f"row{'s' if places > 1 else ''}. For the places beyond there is nothing to add: raise a ValueError."
        )
        assert_raises(ValueError, token_and_position, *self.inputs(batch, tokens, places), why=why)

    @parameterized.expand([("more sequences than places", 6, 2, 4), ("far more", 9, 3, 3), ("larger ids", 2, 3, 4)])
    def test_only_the_length_of_a_sequence_counts(self, _case, batch, tokens, places):
        inputs = self.inputs(batch, tokens, places, vocab=20)
        inputs[2][0, 0] = 19
        why = "Places are counted in a sequence. It does not matter how many sequences there are, or how large ids are."
        assert_close(token_and_position(*inputs), rows_and_places(*inputs), why=why)

    @parameterized.expand([("a small vocabulary", 2, 4), ("one column", 7, 1), ("a square table", 5, 5)])
    def test_the_tables_may_have_any_size(self, _case, vocab, d):
        inputs = self.inputs(2, 3, 5, vocab=vocab, d=d)
        assert_close(token_and_position(*inputs), rows_and_places(*inputs), why=self.why)

    def test_gaps_in_memory_make_no_difference(self):
        token_table, position_table, ids = self.inputs(5, 2, 6, strided=True)
        inputs = token_table, position_table, ids.T
        assert_close(token_and_position(*inputs), rows_and_places(*inputs), why=f"{GAPS} {self.why}")

    @parameterized.expand(DTYPES)
    def test_the_result_has_the_dtype_of_the_tables(self, _case, dtype):
        if dtype == torch.float64 and self.device.type == "mps":
            dtype = torch.bfloat16  # an Apple GPU has no float64
        inputs = self.inputs(2, 5, 6, dtype=dtype)
        why = "The result has the dtype of token_table, which is that of position_table as well."
        assert_close(token_and_position(*inputs), rows_and_places(*inputs), dtype=dtype, why=why)

    def test_the_inputs_are_left_alone(self):
        inputs = self.inputs(2, 5, 6)
        assert_left_alone(token_and_position, *inputs, expected=rows_and_places(*inputs))

    def test_it_works_on_any_device(self):
        inputs = self.inputs(2, 5, 6)
        why = f"The result lives where the tables live. {DEVICE}"
        assert_follows_device(token_and_position, *inputs, expected=rows_and_places(*inputs), why=why)

    def test_gradients_reach_both_tables(self):
        inputs = self.randn(4, 2), self.randn(4, 2), self.tensor([[0, 3, 0], [3, 3, 1]])
        why = f"Both tables are learned. {FLOWS}"
        assert_gradients(token_and_position, *inputs, expected=rows_and_places(*inputs), why=why)
