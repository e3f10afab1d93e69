"""What the learner has done is remembered, and survives two terminals, a new number and a broken file."""

import json
import multiprocessing
import os
import shutil
import time

import pytest

from dojo import catalog, progress, stubs
from dojo.catalog import UsageError

WHOLE, PART = {"first_function": (5, 5)}, {"first_function": (2, 5)}


@pytest.fixture
def solve(learner):
    """Records a run of a right answer."""

    def run(functions=WHOLE, body="return 2 * x"):
        kata = learner(body)
        progress.record(kata, functions, progress.digest(kata.answer))
        return kata

    return run


def file(kata):
    return kata.root / ".dojo" / "progress.json"


def test_nothing_is_remembered_at_first(kata):
    assert progress.of(kata) == progress.Entry() and progress.status(kata) == "to do"
    assert not file(kata).exists()


def test_a_run_is_remembered(solve):
    kata = solve(PART)
    entry = progress.of(kata)
    assert (entry.functions, entry.passed, entry.total, entry.solved) == (PART, 2, 5, 0)
    assert entry.answer == progress.digest(kata.answer) and entry.tests == progress.digest(kata.tests)
    assert len(entry.when) == 19 and progress.status(kata) == "2 of 5"


@pytest.mark.parametrize("functions", [{}, {"first_function": (0, 0)}, {"other": (3, 3)}])
def test_no_tests_are_no_success(solve, functions):
    kata = solve(functions)
    assert progress.of(kata).solved == 0 and progress.status(kata) != "done"


def test_a_result_holds_only_for_the_file_and_the_tests_it_was_made_with(solve):
    kata = solve()
    right = kata.answer.read_bytes()
    assert progress.status(kata) == "done"
    kata.answer.write_bytes(right + b"\n")
    assert progress.status(kata) == "changed"
    kata.answer.write_bytes(right)
    assert progress.status(kata) == "done"
    kata.tests.write_text(kata.tests.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert progress.status(kata) == "changed"
    kata.answer.unlink()
    assert progress.status(kata) == "changed"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_after_a_reset_a_kata_is_to_do(solve, newline):
    kata = solve()
    kata.answer.write_bytes(stubs.derive(kata).replace("\n", newline).encode())
    assert progress.status(kata) == "to do" and progress.of(kata).solved == 1
    progress.record(kata, {"first_function": (0, 5)}, progress.digest(kata.answer))
    assert progress.status(kata) == "to do"


def test_it_is_solved_once_until_it_is_practised_again(solve):
    kata = solve()
    first = progress.of(kata).solved_when
    solve()
    solve(PART, "return x")
    solve()
    entry = progress.of(kata)
    assert (entry.solved, entry.solved_when) == (1, first) and first
    progress.update(kata, counted=False)
    solve()
    assert progress.of(kata).solved == 2


def test_a_new_number_loses_nothing(solve):
    kata = solve()
    moved = kata.folder.with_name("31_double")
    kata.folder.rename(moved)
    kata.reference.rename(kata.reference.with_name("31_double.py"))
    assert progress.status(catalog.select("31")) == "done"


def test_the_first_unfinished_kata(solve):
    kata = solve()
    shutil.copytree(kata.folder, kata.folder.with_name("08_triple"))
    shutil.copy(kata.reference, kata.reference.with_name("08_triple.py"))
    first, second = catalog.katas()
    assert progress.first_unfinished([first, second]) == second
    assert progress.first_unfinished([first]) == first
    kata.answer.write_text("x = 1", encoding="utf-8")
    assert progress.first_unfinished([first, second]) == first
    with pytest.raises(UsageError):
        progress.first_unfinished([])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"double": 5}',
        b'{"double": {"hints": []}}',
        b'{"double": {"hints": {"first_function": "2"}}}',
        b'{"double": {"functions": {"first_function": 3}}}',
        b'{"double": {"functions": {"first_function": [1, null]}}}',
        b'{"double": {"solved": true}}',
        b'{"double": {"seed": -1}}',
    ],
)
def test_a_broken_file_is_set_aside(solve, kata, capsys, content):
    file(kata).parent.mkdir()
    file(kata).write_bytes(content)
    assert progress.of(kata) == progress.Entry()
    (aside,) = file(kata).parent.iterdir()
    error = capsys.readouterr().err
    assert aside.read_bytes() == content and aside.name.startswith("progress.json.broken-")
    assert aside.name in error and "starts anew" in error and len(error.splitlines()) == 1
    assert progress.status(solve()) == "done" and capsys.readouterr().err == ""


def test_a_run_sets_a_folder_in_place_of_the_file_aside(solve, kata, capsys):
    for _ in range(2):  # in one second: the second must not meet the first
        file(kata).mkdir(parents=True)
        assert progress.status(solve()) == "done"
        assert len(capsys.readouterr().err.splitlines()) == 1
        file(kata).unlink()
    assert len(list(file(kata).parent.glob("*.broken-*"))) == 2


def test_what_it_does_not_know_is_kept(solve, kata):
    file(kata).parent.mkdir()
    kept = {"version": 3, "other": ["x"], "double": {"mood": "good"}}
    file(kata).write_text(json.dumps(kept), encoding="utf-8")
    solve()
    data = json.loads(file(kata).read_text(encoding="utf-8"))
    assert (data["version"], data["other"], data["double"]["mood"]) == (3, ["x"], "good")
    assert "gave_up" not in data["double"] and progress.status(kata) == "done"


def test_a_folder_that_cannot_be_written_is_told_in_one_line(kata, solve, capsys):
    (kata.root / ".dojo").write_text("a file", encoding="utf-8")
    solve()
    error = capsys.readouterr().err
    assert ".dojo cannot be written" in error and len(error.splitlines()) == 1
    assert progress.status(kata) == "to do"


def test_a_full_disk_is_told_in_one_line(solve, monkeypatch, capsys):
    kata = solve(PART)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    progress.update(kata, seed=4)
    error = capsys.readouterr().err
    assert "No space left on device" in error and len(error.splitlines()) == 1
    assert progress.of(kata).seed == 0 and [path.name for path in file(kata).parent.iterdir()] == ["progress.json"]


def _raise_the_seed(kata, times):
    for _ in range(times):
        with progress.edit(kata) as entry:
            entry.seed += 1


def test_two_terminals_lose_nothing(kata):
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_raise_the_seed, args=(kata, 20)) for _ in range(2)]
    for other in others:
        other.start()
    _raise_the_seed(kata, 20)
    for other in others:
        other.join(30)
    assert progress.of(kata).seed == 60
    assert [path.name for path in file(kata).parent.iterdir()] == ["progress.json"]


def test_the_lock_of_a_dead_process_is_broken(kata):
    lock = kata.root / ".dojo" / "progress.lock"
    lock.parent.mkdir()
    lock.touch()
    os.utime(lock, (time.time() - 60, time.time() - 60))
    start = time.monotonic()
    progress.update(kata, seed=1)
    assert progress.of(kata).seed == 1 and not lock.exists() and time.monotonic() - start < 1


def test_the_lock_of_a_living_process_is_waited_for(kata, monkeypatch):
    lock = kata.root / ".dojo" / "progress.lock"
    lock.parent.mkdir()
    lock.touch()
    waits = []
    monkeypatch.setattr(time, "sleep", lambda seconds: waits.append(seconds) or (len(waits) == 3 and lock.unlink()))
    progress.update(kata, seed=1)
    assert len(waits) == 3 and progress.of(kata).seed == 1 and not lock.exists()


def test_a_digest_of_what_cannot_be_read_is_empty(kata):
    assert progress.digest(kata.folder) == progress.digest(kata.folder / "nothing") == ""
    assert len(progress.digest(kata.tests)) == 64
