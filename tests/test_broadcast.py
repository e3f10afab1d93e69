"""The broadcasting explorer agrees with PyTorch, and says what happens in words."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo import broadcast
from dojo.__main__ import main
from dojo.broadcast import Broadcast

SIZES = (0, 1, 1, 1, 2, 3, 7)
shape = st.binary(max_size=5).map(lambda sizes: tuple(SIZES[size % 7] for size in sizes))
shapes = st.lists(shape, min_size=2, max_size=4).map(tuple)


def of_torch(given_shapes):
    try:
        return tuple(torch.broadcast_shapes(*given_shapes))
    except RuntimeError:
        return None


def cases(data, many):
    """Lists of 2 to 4 shapes, of up to 5 dimensions: hypothesis takes long for each value that it draws itself."""
    numbers = iter(data)
    return [
        tuple(tuple(SIZES[next(numbers) % 7] for _ in range(next(numbers) % 6)) for _ in range(2 + next(numbers) % 3))
        for _ in range(many)
    ]


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary(min_size=50 * 25, max_size=50 * 25))
def test_it_agrees_with_pytorch(data):
    for given_shapes in cases(data, many=50):  # 10,000 in all
        found = Broadcast(given_shapes)
        assert found.result == of_torch(given_shapes), given_shapes
        assert (found.clash is None) == (found.result is not None)


@settings(max_examples=200, deadline=None, database=None)
@given(shapes)
def test_what_it_calls_a_repair_is_one(given_shapes):
    for call, changed, result in Broadcast(given_shapes).repairs():
        index = ord(call[0]) - ord("a")
        x = torch.empty(given_shapes[index])
        assert tuple(eval(call, {call[0]: x}).shape) == changed
        assert of_torch((*given_shapes[:index], changed, *given_shapes[index + 1 :])) == result


@settings(max_examples=200, deadline=None, database=None)
@given(shapes)
def test_the_clash_is_the_one_that_pytorch_names(given_shapes):
    first, second = given_shapes[:2]
    if of_torch((first, second)) is not None:
        return
    with pytest.raises(RuntimeError) as raised:
        torch.empty(first) + torch.empty(second)
    dim, (one, other) = Broadcast((first, second)).clash
    says = str(raised.value)
    assert f"dimension {dim}" in says and f"({one})" in says and f"({other})" in says


def shown(capsys, *arguments):
    assert main(["broadcast", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("given_shapes", "parts"),
    [
        ("(4,1) (1,3)", ["a  (4, 1)   4  1    the 1 stretches to 3", "1  3    the 1 stretches to 4", "(4, 3)"]),
        ("(3,4) (1)", ["·  1    added on the left: 3; the 1 stretches to 4", "(3, 4)"]),
        ("(2,3) (2,3)", ["The shapes are equal. Nothing stretches.", "(2, 3)"]),
        ("(3,4) (2,4)", ["✗  ✓    3 and 2 do not go together", "dimension 0", "a.unsqueeze(1)        (3, 1, 4), "]),
        ("(32,10,64) (64)", ["·   ·  64    added on the left: 32, 10", "(32, 10, 64)"]),
        ("(4,3) (4)", ["a.transpose(-2, -1)   (3, 4), and", "b.unsqueeze(1)        (4, 1), and the result is (4, 3)"]),
        ("(2,3) (4,5)", ["No single unsqueeze or transpose mends it."]),
        ("() (3)", ["a  ()     ·    added on the left: 3"]),
        ("(5) (0,1)", ["result      0  5    (0, 5)"]),
    ],
)  # fmt: skip
def test_the_rows_say_what_happens(capsys, monkeypatch, given_shapes, parts):
    monkeypatch.setenv("COLUMNS", "80")
    text = shown(capsys, given_shapes)
    assert all(part in text for part in parts), text
    assert max(map(len, text.splitlines())) <= 80


def test_notes_that_are_too_long_stand_below_their_rows():
    rows = Broadcast(((8, 1, 6, 1), (7, 1, 5), (1,))).rows(70)
    assert max(map(len, rows)) <= 70 and rows[3].strip() == "added on the left: 8; the 1 stretches to 6"


@pytest.mark.parametrize(
    "words",
    ["(4,1) (1,3)", "4,1 1,3", "4, 1 1, 3", "[4, 1], [1, 3]", "torch.Size([4, 1]) torch.Size([1, 3])", "4x1 1x3"],
)
def test_shapes_may_be_written_in_many_ways(words):
    assert broadcast.parse(words) == ((4, 1), (1, 3))


def test_a_shape_of_no_or_one_dimension():
    assert broadcast.parse("() 3 (3,) (4,3)") == ((), (3,), (3,), (4, 3))


@pytest.mark.parametrize("words", ["(4,-1) (3)", "foo", "(4,1 (3)", "(3)", "4.5 2", "(a,b) (3)", "x 3", "(,) (3)"])
def test_what_is_no_shape_gets_a_command_that_mends_it(capsys, words):
    assert main(["broadcast", words]) == 2
    assert 'Try: make broadcast SHAPES="(4,1) (1,3)"' in capsys.readouterr().err


def test_it_is_interactive_without_shapes(capsys, monkeypatch):
    lines = iter(["(4,1) (1,3)", "what", "(2,3) (3)", ""])
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))
    text = shown(capsys)
    assert "(4, 3)" in text and "'what' is no shape" in text and "(2, 3)" in text and list(lines) == []


def test_it_does_not_wait_for_pytorch():
    code = (
        "import sys; from dojo.__main__ import main; main(['broadcast', '4,1 1,3']); sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).returncode == 0
