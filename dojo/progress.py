"""What the learner has done, in one small file: `.dojo/progress.json`, by the slugs of the katas."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dojo import catalog, stubs
from dojo.catalog import Kata, UsageError


@dataclass
class Entry:
    """What is remembered of one kata. The first six fields are the last run of the learner's own file."""

    answer: str = ""  # digest of the learner's file, as it was judged
    tests: str = ""  # digest of the tests that judged it
    functions: dict[str, tuple[int, int]] = field(default_factory=dict)  # name: tests passed, tests in all
    passed: int = 0
    total: int = 0
    when: str = ""
    hints: dict[str, int] = field(default_factory=dict)  # name of a function: how many of its hints were shown
    solved: int = 0  # how many times
    solved_when: str = ""
    counted: bool = False  # whether `solved` counts this round already: until `make again`
    gave_up: str = ""  # when the solution was shown before the kata was solved
    seed: int = 0  # of the random inputs; `make again` raises it

    def forget_result(self) -> None:
        self.answer, self.tests, self.functions, self.passed, self.total, self.when = "", "", {}, 0, 0, ""


def of(kata: Kata) -> Entry:
    """What is remembered of `kata`."""
    return _entry(_load(kata.root), kata)


def record(kata: Kata, functions: dict[str, tuple[int, int]], answer: str) -> None:
    """Remember a run of the learner's file, whose digest was `answer`: for each function, tests passed and in all."""
    with edit(kata) as entry:
        entry.answer, entry.tests = answer, digest(kata.tests)
        entry.functions = dict(functions)
        entry.passed = sum(passed for passed, _ in functions.values())
        entry.total = sum(total for _, total in functions.values())
        entry.when = now()
        if all_pass(kata, functions) and not entry.counted:
            entry.solved, entry.solved_when, entry.counted = entry.solved + 1, entry.when, True


def update(kata: Kata, **changes: Any) -> None:
    """Change fields of what is remembered of `kata`."""
    with edit(kata) as entry:
        for name, value in changes.items():
            setattr(entry, name, value)


@contextlib.contextmanager
def edit(kata: Kata) -> Iterator[Entry]:
    """The entry of `kata`, to be changed. It is saved at the end of the block, and no other process comes between."""
    with _locked(kata.root) as problem:
        data = _load(kata.root, locked=True)
        entry = _entry(data, kata)
        yield entry
        data[kata.slug] = _as_json(entry, data.get(kata.slug, {}))
        if problem is None:
            try:
                stubs.write_atomically(_file(kata.root), (json.dumps(data, indent=2) + "\n").encode())
            except OSError as error:
                problem = error
    if problem is not None:
        print(f"This is not remembered: .dojo cannot be written ({problem.strerror or problem}).", file=sys.stderr)


def status(kata: Kata) -> str:
    """`done`, `3 of 17` (tests that pass), `to do`, or `changed` (the file or the tests, since the last run)."""
    entry = of(kata)
    current = is_current(kata, entry)
    if current and all_pass(kata, entry.functions):
        return "done"
    if not entry.total or _is_stub(kata):
        return "to do"
    return f"{entry.passed} of {entry.total}" if current else "changed"


def first_unfinished(katas: Sequence[Kata]) -> Kata:
    """The first kata that is not done; the last one if all are."""
    if not katas:
        raise UsageError("There are no katas here. Bring the folder back with: git checkout katas")
    return next((kata for kata in katas if status(kata) != "done"), katas[-1])


def is_current(kata: Kata, entry: Entry) -> bool:
    """Whether the remembered result was made with the file and the tests that are on disk now."""
    return bool(entry.answer) and (entry.answer, entry.tests) == (digest(kata.answer), digest(kata.tests))


def passes(functions: dict[str, tuple[int, int]], name: str) -> bool:
    passed, total = functions.get(name, (0, 0))
    return passed == total > 0


def all_pass(kata: Kata, functions: dict[str, tuple[int, int]]) -> bool:
    return all(passes(functions, name) for name in kata.functions)


def digest(path: Path) -> str:
    """The SHA-256 of a file; "" if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S")


def _is_stub(kata: Kata) -> bool:
    try:
        text = kata.answer.read_bytes()
    except OSError:
        return False
    return text.replace(b"\r\n", b"\n") == stubs.derive(kata).encode()


def _file(root: Path) -> Path:
    return root / ".dojo" / "progress.json"


def _load(root: Path, locked: bool = False) -> dict[str, Any]:
    """All that is remembered. A file that cannot be read is set aside, and `{}` stands for it."""
    try:
        data = json.loads(_file(root).read_bytes().decode("utf-8"))
        if not isinstance(data, dict):
            raise TypeError("the file is not an object")
        for kata in catalog.katas(root):
            _entry(data, kata)
        return data
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, TypeError, RecursionError):
        if not locked:  # look again under the lock: another process may have mended it by now
            with _locked(root):
                return _load(root, locked=True)
        _set_aside(_file(root))
        return {}


def _set_aside(path: Path) -> None:
    name, count = f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}", 1
    place = path.with_name(name)
    while place.exists():
        count += 1
        place = path.with_name(f"{name}-{count}")
    says = f"Your progress in .dojo/{path.name} cannot be read"
    try:
        path.rename(place)
        says += f". It is kept as .dojo/{place.name}"
    except OSError as error:
        says += f", nor moved ({error.strerror or error})"
    print(f"{says}, and starts anew: the next run of each kata writes it again.", file=sys.stderr)


def _entry(data: dict[str, Any], kata: Kata) -> Entry:
    """The entry of `kata` in `data`. Raises TypeError or ValueError where it has a wrong type."""
    entry, found = Entry(), data.get(kata.slug, {})
    for name, default in vars(Entry()).items():
        value = found.get(name, default) if isinstance(found, dict) else None
        if type(value) is not type(default):
            raise TypeError(f"{name} of {kata.slug} is {value!r}")
        setattr(entry, name, value)
    entry.functions = {name: (passed, total) for name, (passed, total) in entry.functions.items()}
    numbers = [entry.passed, entry.total, entry.solved, entry.seed, *entry.hints.values()]
    if any(type(number) is not int or number < 0 for number in [*numbers, *sum(entry.functions.values(), ())]):
        raise TypeError(f"a number of {kata.slug} is none")
    return entry


def _as_json(entry: Entry, old: dict[str, Any]) -> dict[str, Any]:
    """What is worth writing: all that differs from an empty entry, and what a newer version may have put there."""
    empty = vars(Entry())
    kept = {name: value for name, value in old.items() if name not in empty}
    return kept | {name: value for name, value in vars(entry).items() if value != empty[name]}


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[OSError | None]:
    """Keep other processes out of the file. Gives the reason where nothing can be written at all."""
    lock, problem, held = root / ".dojo" / "progress.lock", None, False
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = _take(lock)
    except OSError as error:
        problem = error
    try:
        yield problem
    finally:
        if held:
            with contextlib.suppress(OSError):
                lock.unlink()


def _take(lock: Path, patience: float = 2.0, stale: float = 10.0) -> bool:
    """Make the lock file. False if another process does not let go: then it is dead, and one goes on without."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            return True
        except FileExistsError:
            pass
        except PermissionError:  # Windows says so while another process deletes the file
            if os.name != "nt":
                raise
        with contextlib.suppress(OSError):
            if abs(time.time() - lock.stat().st_mtime) > stale:
                lock.unlink()
                continue
        time.sleep(0.02)
    return False
