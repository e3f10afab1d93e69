"""What is said of a failure: the shape trace, the names of dimensions, the picture of values, the known mistake."""

import ast

import pytest
import torch
from test_hostile import drawn, run_here
from torch import nn

from dojo import picture, shapes, state, testing
from dojo.catalog import Function
from dojo.outcome import Outcome
from dojo.subject import CheckFailed, note
from dojo.trace import Trace, shortened


def helper(x):
    return x * 2


def traced(function, *args, dims=""):
    """The rows of the trace of one call."""
    node = ast.parse(f"def f(x{dims}): pass").body[0]
    trace = Trace(__file__)
    call = note("f", ["x"], args, {}, Function("f", node).method(""))
    try:
        with trace.call(call):
            result = function(*args)
        trace.returned(result)
    except (RuntimeError, ValueError):
        pass
    return trace.rows


def shown(rows):
    return [f"{row.source}: {row.inputs} -> {row.result}{row.error}".strip() for row in rows]


X = torch.ones(5, 7)


def test_a_trace_shows_each_operation_of_the_learners_lines():
    rows = traced(lambda x: (x - x.amax(0)).exp().sum(1), X)
    assert shown(rows) == [
        "x.amax(0): (5, 7) -> (7,)",
        "x - x.amax(0): (5, 7) - (7,) -> (5, 7)",
        "(x - x.amax(0)).exp(): (5, 7) -> (5, 7)",
        "(x - x.amax(0)).exp().sum(1): (5, 7) -> (5,)",
        "returns:  -> (5,)",
    ]


def test_a_trace_says_where_the_dtype_changes_and_what_is_written_in_place():
    def masked(x):
        y = x.clone()
        y[x > 2] = 0.0
        return y.half()

    assert [row.result for row in traced(masked, X)] == [
        "(5, 7)",
        "(5, 7) bool",
        "(5, 7)",
        "(5, 7) float16",
        "(5, 7)",
    ]


def test_a_loop_is_folded():
    def loop(x):
        total = torch.zeros(7)
        for row in x:
            total = total + helper(row)
        return total

    rows = {row.source: row.times for row in traced(loop, X)}
    assert rows["total + helper(row)"] == 5 and rows["x * 2"] == 5 and rows["torch.zeros(7)"] == 1


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (lambda x: x + torch.ones(5), "7 and 5 do not line up"),
        (lambda x: x @ x, "7 and 5 do not meet"),
        (lambda x: x @ torch.ones(7, 2, dtype=torch.float64), "float32 with float64"),
        (lambda x: x.view(3), "stops here"),
    ],
)
def test_a_trace_ends_where_the_code_stopped_and_says_why(function, error):
    assert traced(function, X)[-1].error == error


def test_a_layer_of_pytorch_is_one_operation():
    layer = nn.Sequential(nn.Linear(7, 3), nn.Softmax(-1))
    assert shown(traced(lambda x: layer(x), X)) == ["layer(x): (5, 7) -> (5, 3)", "returns:  -> (5, 3)"]


def test_the_names_of_the_signature_are_used():
    rows = traced(lambda x: x.transpose(-2, -1), torch.ones(2, 5, 4), dims=': Float[Tensor, "... Tq d"]')
    assert rows[0].names == "(batch, d, Tq)"


@pytest.mark.parametrize(
    ("annotation", "shape", "names"),
    [
        ('x: Float[Tensor, "*batch T d"]', (2, 5, 4), "(batch, T, d)"),
        ('x: Float[Tensor, "*batch T d"]', (2, 3, 5, 4), "(…, T, d)"),
        ('x: Float[Tensor, "n m"]', (3, 1), "(n, 1)"),
        ('x: Float[Tensor, "*shape"]', (2, 5), ""),
        ('x: Float[Tensor, "n m"]', (4, 4), ""),  # two names for one size
    ],
)
def test_sizes_get_the_names_of_their_dimensions(annotation, shape, names):
    node = ast.parse(f"def f({annotation}): pass").body[0]
    if names == "(…, T, d)":
        assert shapes.Names(node, {"x": shape}).of((2, 5, 4)) == "(batch, T, d)"
    assert shapes.Names(node, {"x": shape}).of(shape) == names


def test_a_long_expression_gives_way_inside():
    assert shortened("torch.softmax(q @ k.transpose(-2, -1) / d ** 0.5, dim=-1)") == "torch.softmax(…, dim=-1)"
    assert len(shortened("something_with_a_very_long_name_indeed(and_an_argument)")) <= 34


def test_a_picture_marks_what_differs_and_shades_what_is_large():
    right, wrong = torch.tensor([[0.1, 0.9], [0.5, 0.501]]), torch.tensor([[0.1, 0.9], [0.5, 0.502]])
    seen = picture.compare(wrong, right)
    assert seen.kind == "weights" and seen.differs == [[False, False], [False, True]]
    cells = picture.cells(seen.kind, seen.actual, seen.differs, seen.expected)
    assert cells[0] == ["░0.100 ", "█0.900 "] and cells[1][1] == "▓0.502!"  # as many digits as tell them apart
    mask = torch.tensor([[True, False]])
    seen = picture.compare(~mask, mask)
    assert picture.cells(seen.kind, seen.actual, seen.differs, seen.expected) == [["·!", "█!"]]


def test_rows_and_columns_have_names():
    node = ast.parse('def f(q: Float[Tensor, "... Tq d"]) -> Float[Tensor, "... Tq Tk"]: pass').body[0]
    assert shapes.Names(node, {}).labels(0, "numbers") == ["query", "key"]
    node = ast.parse('def f(size: int) -> Bool[Tensor, "size size"]: pass').body[0]
    assert shapes.Names(node, {}).labels(0, "bool") == ["query", "key"]
    assert shapes.Names(node, {}).labels(-1, "bool") == ["", ""], "a gradient is no result"


def failed(got=None, says="", actual=None, line=3, by_chance=False, wanted=None):
    return Outcome(line, CheckFailed(says, why="", actual=actual, got=got, wanted=wanted), by_chance)


ALIKE = [
    (failed(X), failed(X * (1 + 1e-6))),
    (failed(torch.tensor([float("nan")])), failed(torch.tensor([float("nan")]))),
    (failed((1, 2.0)), failed((1, 2.0))),
    (failed(says="3 of 5", actual="a"), failed(says="3 of 5", actual="a")),
    (Outcome(), Outcome()),
    (Outcome(3, RuntimeError("a (2) and b (3)")), Outcome(3, RuntimeError("a (3) and b (2)"))),
    (failed(says="9 of 40", actual="31%", by_chance=True), failed(says="10 of 40", actual="30%", by_chance=True)),
    (
        failed(X * torch.tensor([0, 1, 1, 0, 1, 0, 1]), wanted=X * 2, by_chance=True),
        failed(X * torch.tensor([1, 0, 0, 1, 1, 1, 0]), wanted=X * 2, by_chance=True),
    ),
]
DIFFERENT = [
    (failed(X), failed(X + 1e-3)),
    (failed(X), failed(X.double())),
    (failed(X), failed(X[None])),
    (failed(X), failed(None)),
    (failed(X), failed(X, line=4)),
    (failed(1), failed(True)),
    (failed(says="3 of 5", actual="a"), failed(says="4 of 5", actual="a")),
    (failed(X), Outcome()),
    (Outcome(3, RuntimeError("a")), Outcome(3, ValueError("a"))),
    (Outcome(3, RuntimeError("a (2)")), Outcome(3, RuntimeError("a (3)"))),
    (failed(says="9 of 40", actual="31%", by_chance=True), failed(says="9 of 40", actual="70%", by_chance=True)),
    (failed(X * 2, wanted=X, by_chance=True), failed(X * 3, wanted=X, by_chance=True)),
]


@pytest.mark.parametrize("pair", ALIKE)
def test_two_answers_that_do_the_same(pair):
    assert pair[0].same(pair[1]) and pair[1].same(pair[0])


@pytest.mark.parametrize("pair", DIFFERENT)
def test_two_answers_that_do_not(pair):
    assert not pair[0].same(pair[1]) and not pair[1].same(pair[0])


@pytest.mark.parametrize(
    "body", ["return x ** 2", "y = x.clone()\nfor i in range(len(y)):\n    y[i] = x[i] * x[i]\nreturn y"]
)
def test_the_mistake_is_named_however_it_is_written(learner, body):
    text = drawn(run_here(learner(body)))
    assert "This is a known mistake: squared" in text and "You multiplied x by itself." in text


@pytest.mark.parametrize("body", ["return x + 2", "return x ** 2 + 1", "return x ** 3", "return None", "return x[0]"])
def test_no_mistake_is_claimed_where_none_matches(learner, body):
    assert "known mistake" not in drawn(run_here(learner(body)))


def test_a_mistake_that_fits_one_test_only_is_not_claimed(learner):
    result = run_here(learner("return x * x if x.ndim == 1 else 5 * x"))
    assert result.first("fail")["diagnosis"] == []


def test_mistakes_that_behave_alike_are_told_together(learner):
    kata = learner("return x * x")
    text = kata.reference.read_text(encoding="utf-8")
    more = '\n\n@mistake(first_function, says=\'twice\')\ndef power(x):\n    """You took a power."""\n    return x**2\n'
    kata.reference.write_text(text + more, encoding="utf-8")
    shown = drawn(run_here(type(kata)(kata.folder)))
    assert "Known mistakes that look just like this" in shown and "power: You took a power." in shown


def test_the_card_shows_the_trace(learner):
    text = drawn(run_here(learner("y = x * x\nreturn y - x")))
    assert "line 5    x * x" in text and "line 6    y - x" in text and "returns" in text


def test_a_trace_that_ends_otherwise_is_not_shown(learner):
    text = drawn(run_here(learner("calls.append(1)\nreturn x * len(calls) * 9", top="calls = []")))
    assert "line 6" not in text and "values differ" in text


WRONG_BUT_CLEVER = {
    "an own class of tensor": "class Yes(torch.Tensor):\n"
    "    __torch_function__ = classmethod(lambda *words, **options: torch.tensor(True))\nreturn x.as_subclass(Yes)",
    "equal to all": "class Yes(torch.Tensor):\n    def __eq__(self, other):\n        return True\n"
    "return x.as_subclass(Yes)",
    "isclose replaced": "torch.isclose = lambda *a, **k: torch.tensor(True)\nreturn x",
    "the check replaced": "import dojo.testing\ndojo.testing._check_one = lambda *a, **k: None\nreturn x",
    "the oracle replaced": "torch.Tensor.double = lambda self: self / 2\nreturn x",
}


@pytest.mark.parametrize("name", WRONG_BUT_CLEVER)
def test_a_wrong_answer_stays_wrong(learner, name):
    result = run_here(learner(WRONG_BUT_CLEVER[name]))
    assert result.first("fail", "error") is not None and state.guard().mend() is None


@pytest.mark.parametrize(
    "value",
    [
        type("Yes", (tuple,), {"__eq__": lambda self, other: True, "__hash__": None})((9, 9)),
        type("Yes", (tuple,), {"__iter__": lambda self: iter((1, 2))})((9, 9)),
    ],
)
def test_a_tuple_that_says_it_is_equal_is_not(value):
    with pytest.raises(CheckFailed):
        testing.assert_equal(value, (1, 2), why="")


def test_what_pytorch_replaces_itself_is_not_told():
    guard = state.Guard()
    kept, nn.functional.silu = nn.functional.silu, nn.functional.relu
    assert guard.mend() is None
    nn.functional.silu = kept
