"""The commands: their exit codes, their messages, and that nothing of the learner's is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dojo import catalog, plugin, stubs
from dojo.__main__ import main
from dojo.catalog import UsageError


def shell(kata, *words, **environment):
    """Run `python -m dojo ...` as a learner does, from the root of the kata's repository."""
    import dojo

    environment = os.environ | {"PYTHONPATH": str(Path(dojo.__file__).parent.parent), "COLUMNS": "80"} | environment
    command = [sys.executable, "-c", RUN, str(kata.root), *words]
    return subprocess.run(command, cwd=kata.root, env=environment, capture_output=True, text=True, check=False)


# The command with the repository of the test as its root.
RUN = (
    "import sys, pathlib; from dojo import catalog; catalog.ROOT = pathlib.Path(sys.argv[1]);"
    "from dojo.__main__ import main; sys.exit(main(sys.argv[2:]))"
)


@pytest.mark.parametrize("text", ["7", "07", "double", "07_double", " 7 ", "katas/07_double/"])
def test_a_kata_may_be_named_in_many_ways(kata, text):
    assert catalog.select(text.removeprefix("katas/")).name == "07_double"


@pytest.mark.parametrize("text", ["99", "abc", "", "-1", "0"])
def test_an_unknown_kata_lists_the_valid_ones(kata, text, capsys):
    assert main(["kata", text]) == 2
    error = capsys.readouterr().err
    assert "07  double" in error and "make kata N=07" in error and "Traceback" not in error


def test_an_unfinished_kata_exits_with_1_and_shows_the_next_function(kata):
    result = shell(kata, "kata", "7", "--device", "cpu")
    assert result.returncode == 1, result.stderr
    assert "Next: first_function(x)" in result.stdout and "katas/07_double/double.py:11" in result.stdout
    assert "Say in one sentence what it does." in result.stdout and "0 of 5 tests pass" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80 and "\x1b[" not in result.stdout


def test_a_solved_kata_exits_with_0_and_names_the_next(learner):
    kata = learner("return 2 * x")
    (kata.root / "katas" / "25_rope").mkdir()
    result = shell(kata, "kata", "7", "--device", "cpu")
    assert result.returncode == 0
    assert "All 5 tests pass. Kata 07 is done." in result.stdout and "Next: make kata N=25   (rope)" in result.stdout


def test_json_has_the_shape_of_exercism(learner):
    result = shell(learner("print('hello')\nreturn 3 * x"), "kata", "double", "--json", "--device", "cpu")
    assert result.returncode == 1
    report = json.loads(result.stdout)
    assert report["version"] == 3 and report["status"] == "fail" and report["message"] is None
    first = report["tests"][0]
    assert first["status"] == "fail" and first["function"] == "first_function" and first["output"] == "hello\n"
    assert "def test_every_number_is_taken_twice" in first["test_code"] and "Every number" in first["message"]
    assert {"name", "device", "diagnosis", "trace", "duration"} <= first.keys()


def test_a_device_that_is_not_there_is_an_error(kata):
    result = shell(kata, "kata", "7", "--device", "tpu")
    assert result.returncode == 2 and result.stdout == ""
    assert "no device 'tpu'" in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("wanted", ["cuda", "mps"])
def test_a_device_that_was_asked_for_is_never_left_out_in_silence(wanted, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert plugin.devices("all") == ["cpu"]
    with pytest.raises(UsageError, match=f"DEVICE={wanted} was asked for, but .* Use DEVICE=cpu"):
        plugin.devices(wanted)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert plugin.devices("all") == ["cpu", "cuda", "mps"] and plugin.devices(wanted) == [wanted]


def test_an_output_without_utf_8_stays_readable(kata):
    result = shell(kata, "kata", "7", "--device", "cpu", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert result.returncode == 1 and "Kata 07 - double" in result.stdout and "?" not in result.stdout


def test_reset_keeps_the_learners_file(learner, capsys):
    kata = learner("return 4 * x")
    mine = kata.answer.read_bytes()
    assert main(["reset", "7"]) == 0
    assert kata.answer.read_text(encoding="utf-8") == stubs.derive(kata)
    (saved,) = (kata.root / ".dojo" / "backups").iterdir()
    assert saved.read_bytes() == mine and str(saved.relative_to(kata.root)) in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"def broken(:", b"x = 1\n"])
def test_whatever_the_file_holds_is_kept(kata, content):
    kata.answer.write_bytes(content)
    saved = stubs.write(kata)
    assert saved.read_bytes() == content


def test_two_resets_in_one_second_keep_both(learner):
    first = stubs.write(learner("return 1"))
    second = stubs.write(learner("return 2"))
    assert first != second and b"return 1" in first.read_bytes() and b"return 2" in second.read_bytes()


def test_a_stub_that_nobody_touched_is_not_kept(kata):
    kata.answer.write_text(stubs.derive(kata).replace("Say in", "Say with"), encoding="utf-8")
    assert stubs.write(kata) is None


@pytest.mark.parametrize(
    ("name", "number", "word"),
    [
        ("", "8", "NAME"),
        ("Rope", "8", "NAME"),
        ("rope", "", "N must"),
        ("rope", "x", "N must"),
        ("rope", "7", "already"),
    ],
)
def test_new_refuses_what_cannot_be(kata, name, number, word, capsys):
    assert main(["new", name, number]) == 2
    assert word in capsys.readouterr().err


def test_bare_pytest_speaks_the_same_words(learner):
    kata = learner("return 3 * x")
    for folder in (kata.root, kata.folder):
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--device=cpu",
            *([str(kata.folder)] if folder == kata.root else []),
        ]
        import dojo

        environment = os.environ | {"PYTHONPATH": str(Path(dojo.__file__).parent.parent)}
        result = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 1 and "5 failed" in result.stdout, result.stdout + result.stderr
        assert "Why: Every number is taken twice." in result.stdout and "Traceback" not in result.stdout
