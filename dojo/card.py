"""Shows the events of a run: as a card for a person, or as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dojo import catalog, runner
from dojo.catalog import Kata, UsageError
from dojo.console import make_console, write_line, write_paragraph
from dojo.picture import cells

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {
    "pass": ("✓", "green"),
    "fail": ("✗", "red"),
    "error": ("✗", "red"),
    "todo": ("·", "dim"),
    "skip": ("○", "dim"),
}
TRACED = 12  # rows of a shape trace that are shown


def run(kata: Kata, impl: str, device: str, seconds: float, as_json: bool = False) -> int:
    """Run one kata and print its card, or its JSON. Returns the exit code."""
    result = judge(kata, impl, device, seconds, details=len(kata.functions) if as_json else 1)
    if as_json:
        print(json.dumps(as_exercism(result), indent=2))
    else:
        draw(result, make_console())
    return 0 if result.passed else 1


def judge(kata: Kata, impl: str = "learner", device: str = "", seconds: float = 10.0, details: int = 1) -> Result:
    """Run one kata. A result of the learner's own file is remembered."""
    worker = runner.Worker(kata.root)  # it imports torch while this process imports what draws the card
    before = kata.answer.read_bytes() if kata.answer.is_file() else None
    try:
        import rich.console  # noqa: F401

        events = runner.run(kata, [impl], device or "all", seconds, worker=worker, details=details)
        result = Result(kata, events, worker.printed, impl)
    finally:
        worker.stop()
    if impl == "learner":
        keep(result, before)
    return result


def keep(result: Result, before: bytes | None) -> None:
    """Remember the result. If the learner's file deleted itself, or made itself empty, it is kept as a backup."""
    from dojo import progress, stubs

    kata = result.kata
    if result.digest:
        progress.record(kata, {name: result.counts(name) for name in kata.functions}, result.digest)
    if before and not (kata.answer.is_file() and kata.answer.stat().st_size):
        saved = stubs.save(kata, before)
        result.notice = (
            f"{place_of(kata)} is gone: did your code delete it? What it held is kept. "
            f"To have it back: make restore N={kata.number}   ({place_of(kata, saved)})"
        )


class Result:
    """The events of one run, counted. They may be added one by one, while they come."""

    def __init__(
        self, kata: Kata, events: Iterable[dict[str, Any]], printed: runner.Printed | None, impl: str = "learner"
    ) -> None:
        self.kata = kata
        self.file = kata.answer if impl == "learner" else kata.reference
        self.tests: list[dict[str, Any]] = []
        self.planned: list[dict[str, Any]] = []
        self.about: dict[str, Any] = {}
        self.digest = ""  # of the learner's file, as it was judged
        self.saved = ""  # when, as `make watch` shows it
        self.notice = ""  # what else the learner must know
        for event in events:
            self.add(event)
        if printed is not None:
            self.finish(printed)

    def add(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "usage":
            raise UsageError(event["message"])
        if kind == "broken":
            raise UsageError(f"The tests of {self.kata.name} cannot be loaded:\n{event['message']}")
        if kind == "run":
            self.about = event
        elif kind == "loaded":
            self.digest = event["digest"]
        elif kind == "tests":
            self.planned = event["tests"]
        elif kind == "test":
            self.tests.append(event)
        elif kind in ("trace", "diagnosis"):
            for test in self.tests:
                if test["id"] == event["id"]:
                    test[kind] = event[kind]

    def finish(self, printed: runner.Printed) -> None:
        """When the worker has ended: now it is sure what the learner's code printed."""
        for test in self.tests:
            test["output"], test["printed"] = printed.of(test["id"])

    def counts(self, function: str) -> tuple[int, int]:
        """How many tests of a function passed, and how many there are."""
        planned = sum(test["function"] == function for test in self.planned)
        return sum(test["status"] in ("pass", "skip") for test in self.of(function)), planned

    @property
    def passed(self) -> bool:
        whole = len(self.tests) >= len(self.planned) > 0
        return whole and all(test["status"] in ("pass", "skip") for test in self.tests)

    def of(self, function: str) -> list[dict[str, Any]]:
        return [test for test in self.tests if test["function"] == function]

    def first(self, *statuses: str) -> dict[str, Any] | None:
        return next((test for test in self.tests if test["status"] in statuses), None)

    def count(self, *statuses: str) -> int:
        return sum(test["status"] in statuses for test in self.tests)


def draw(result: Result, console: Console, commands: bool = True) -> None:
    """Print the card: first what works, then one failure, whole, then what to do next (`commands`: and how)."""
    kata, about = result.kata, result.about
    title = f"Kata {kata.number} · {kata.slug}"
    where = " ".join([*about.get("devices", []), "· torch", about.get("torch", "")]) if about else ""
    if result.saved:
        where = f"saved {result.saved} · {where}"
    write_line(console, title + where.rjust(max(2, min(console.width, 88) - len(title))), "bold")
    console.print()
    problem = next((test for test in result.tests if test.get("kind") == "Problem"), None)
    whole = all(test.get("kind") == "Problem" for test in result.tests)
    if (problem is not None and whole) or not result.planned:  # the file cannot be loaded, or hung while it was
        if problem or result.tests:
            _failure(result, problem or result.tests[0], console)
        write_line(
            console, "\n  No test ran." + (f" Edit {place_of(kata)}, then: make kata N={kata.number}" * commands)
        )
        _notice(result, console)
        return
    for name in kata.functions:
        _function(name, result, console)
    failed, todo = result.first("fail", "error"), result.first("todo")
    if failed is not None:
        console.print()
        _failure(result, failed, console)
    elif todo is not None:
        console.print()
        _next_function(result, todo, console)
    _summary(result, console, commands)
    _notice(result, console)


def _notice(result: Result, console: Console) -> None:
    if result.notice:
        console.print()
        write_paragraph(console, "", result.notice, "bold yellow")


def _function(name: str, result: Result, console: Console) -> None:
    tests = result.of(name)
    passing, total = result.counts(name)
    width = max(len(name) for name in result.kata.functions)
    if not tests:
        status, says = "todo", "not run"
    elif passing == total:
        status, says = "pass", f"{passing} tests pass" if passing > 1 else "1 test passes"
    elif all(test["status"] == "todo" for test in tests):
        status, says = "todo", "to do"
    else:
        status, says = "fail", f"{passing} of {total} tests pass"
    mark, style = MARKS[status]
    write_line(console, f"  {mark} {name.ljust(width)}   {says}", style)
    for reason in dict.fromkeys(test["message"] for test in tests if test["status"] == "skip"):
        write_paragraph(console, "    skipped:", reason, "dim")


def _failure(result: Result, test: dict[str, Any], console: Console) -> None:
    kata = result.kata
    device = f" [{test['device']}]" if len(result.about.get("devices", [])) > 1 and test["device"] else ""
    if test.get("kind") != "Problem":
        write_line(console, f"  ✗ {test['name']}{device}", "bold red")
        console.print()
    if test.get("call"):
        write_line(console, f"  {test['call']}")
        for argument in test["arguments"]:
            write_line(console, f"     {argument}", "cyan")
    trace = test.get("trace") or []
    place = place_of(kata, result.file) + (f":{test['line']}" if test.get("line") else "")
    if test.get("line") or test.get("kind") == "Problem":
        write_line(console, f"  {place}", "dim")
    if trace:
        _trace(console, trace)
        _lined_up(console, tuple(map(tuple, trace[-1].get("clash", []))))
    if test.get("line") and not any(row["line"] == test["line"] and row["error"] for row in trace):
        write_line(console, f"     {test.get('source', '')}", "yellow")
    console.print()
    write_paragraph(console, "", test.get("says") or test["message"], "bold")
    if test.get("picture") is not None:
        console.print()
        _picture(console, test["picture"])
    elif test.get("expected") is not None:
        console.print()
        _side_by_side(console, test["expected"].splitlines(), (test.get("actual") or "").splitlines())
    if test.get("why"):
        console.print()
        write_paragraph(console, "Why", test["why"])
    if test.get("diagnosis"):
        console.print()
        _diagnosis(console, test["diagnosis"])
    if test.get("printed"):
        console.print()
        _printed(console, test)


def _trace(console: Console, rows: list[dict[str, Any]]) -> None:
    """The operations of the learner's lines, with their shapes."""
    if len(rows) > TRACED:
        hidden = len(rows) - TRACED
        rows = [*rows[: TRACED // 2], {"line": 0, "source": f"({hidden} more)", "inputs": ""}, *rows[-TRACED // 2 :]]
    lines = []
    for row in rows:
        shapes = row["inputs"]
        if row.get("error"):
            shapes += f"   ✗ {row['error']}"
        elif row.get("result"):
            shapes += f"{' → ' if shapes else ''}{row['result']}"
        if row.get("times", 1) > 1:
            shapes += f"   × {row['times']}"
        lines.append((f"     {'line ' + str(row['line']) if row['line'] else '':<9} ", row["source"], shapes, row))
    room = console.width - 15 - 2 - max((len(shapes) for _, _, shapes, row in lines if not row.get("error")), default=0)
    width = min(max(len(source) for _, source, _, _ in lines), max(room, 18))
    for place, source, shapes, row in lines:
        start = place + (source if len(source) <= width else source[: width - 1] + "…").ljust(width) + "  "
        style = "red" if row.get("error") else "cyan"
        names = f" = {row['names']}" if row.get("names") else ""
        if len(start + shapes) > console.width:
            write_line(console, start.rstrip(), style)
            start = " " * 15
        write_line(
            console, (start + shapes + (names if len(start + shapes + names) <= console.width else "")).rstrip(), style
        )


def _lined_up(console: Console, shapes: tuple[tuple[int, ...], ...]) -> None:
    """The rows of the broadcasting explorer, where an operation stopped because shapes do not line up."""
    from dojo.broadcast import Broadcast

    if len(shapes) > 1 and (lined_up := Broadcast(shapes)).clash is not None:
        console.print()
        for row in lined_up.rows(console.width - 15):
            write_line(console, f"{'':15}{row}", "cyan")


def _diagnosis(console: Console, known: list[dict[str, str]]) -> None:
    """The known mistakes that do what the learner's code does."""
    if len(known) == 1:
        write_line(console, f"  This is a known mistake: {_in_words(known[0]['name'])}", "bold magenta")
        write_paragraph(console, "", known[0]["words"])
        return
    write_line(console, "  Known mistakes that look just like this:", "bold magenta")
    for mistake in known[:3]:
        write_paragraph(console, "-", f"{_in_words(mistake['name'])}: {mistake['words']}")


def _in_words(name: str) -> str:
    """`summed_dimension_dropped`, `GammaStartsAtZero`: as words."""
    import re

    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).replace("_", " ").lower()


def _printed(console: Console, test: dict[str, Any]) -> None:
    lines = test["output"].splitlines()
    shown = [line[:200] for line in lines[:10]]
    write_line(console, "  Printed while your code ran")
    for line in shown:
        write_line(console, f"     {line}", "cyan")
    size = test["printed"]
    if len(lines) > 10 or size > len(test["output"].encode()):
        unit = f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size} characters"
        write_line(console, f"     ... {unit} in all", "dim")


def _picture(console: Console, picture: dict[str, Any]) -> None:
    """Expected and actual values as two grids, side by side if there is room."""
    if picture["place"]:
        write_line(console, f"     of the matrix at [{', '.join(map(str, picture['place']))}]", "dim")
    named = [f"{what}: {name}" for what, name in zip(("rows", "columns"), picture["names"]) if name]
    if picture["ndim"] == 2 and named:
        write_line(console, f"     {' · '.join(named)}", "dim")
    _side_by_side(console, *(_grid(picture, side) for side in ("expected", "actual")))


def _grid(picture: dict[str, Any], side: str) -> list[str]:
    values, differs = picture[side], picture["differs"]
    if not values or not values[0]:
        return ["(empty)"]
    other = picture["actual" if side == "expected" else "expected"]
    shown = cells(picture["kind"], values, differs, other)
    if side == "expected":
        shown = [[cell[:-1] + " " for cell in row] for row in shown]
    ends: list[list[str]] = [[], []]
    for axis, count in enumerate((len(values), len(values[0]))):
        numbers = range(picture["start"][axis], picture["start"][axis] + count)
        ends[axis] = [str(number) for number in numbers]
    width = max(len(text) for row in [*shown, ends[1]] for text in row)
    lines = [" ".join(cell.rjust(width) for cell in row) for row in shown]
    if picture["ndim"] == 2:
        first = max(map(len, ends[0]))
        lines = [f"{index.rjust(first)}  {line}" for index, line in zip(ends[0], lines)]
        head = " ".join(f"{index} ".rjust(width) for index in ends[1])
        lines = [f"{' ' * first}  {head}", *lines]
        if [len(values), len(values[0])] != picture["of"]:
            lines.append(f"... of {picture['of'][0]} rows, {picture['of'][1]} columns")
    elif len(values[0]) != picture["of"][1]:
        lines.append(f"elements {ends[1][0]} to {ends[1][-1]} of {picture['of'][1]}")
    return [line.rstrip() for line in lines]


def _side_by_side(console: Console, left: list[str], right: list[str]) -> None:
    width = max([len("expected"), *map(len, left)])
    if 5 + width + 4 + max([3, *map(len, right)]) <= console.width:
        write_line(console, f"     {'expected'.ljust(width)}    got", "dim")
        for index in range(max(len(left), len(right))):
            first = left[index] if index < len(left) else ""
            second = right[index] if index < len(right) else ""
            _cells(console, f"     {first.ljust(width)}    ", second)
        return
    for title, rows in (("expected", left), ("got", right)):
        write_line(console, f"     {title}", "dim")
        for row in rows:
            _cells(console, "     ", row)


def _cells(console: Console, before: str, row: str) -> None:
    """One row of values: cells marked with `!` are red as well."""
    from rich.text import Text

    text = Text(before)
    for index, word in enumerate(row.split(" ")):
        text.append((" " if index else "") + word, "bold red" if word.endswith("!") else "")
    write_line(console, text)


def _next_function(result: Result, test: dict[str, Any], console: Console) -> None:
    kata = result.kata
    function = kata.functions[test["function"]]
    write_line(console, f"  Next: {function.signature}", "bold")
    place = f"{place_of(kata)}:{line_of(kata, function.name)}"
    write_line(console, f"  {place}", "dim")
    console.print()
    write_paragraph(console, "", function.summary)
    console.print()
    write_paragraph(console, "", f"Its first test: {result.of(function.name)[0]['name']}.")
    if result.count("pass") == 0:
        write_paragraph(console, "", f"The lesson: make lesson N={kata.number}")


def _summary(result: Result, console: Console, commands: bool) -> None:
    kata = result.kata
    devices = result.about.get("devices", [])
    ways = f" on {' and '.join(devices)}" if len(devices) > 1 else ""
    total = max(len(result.planned), len(result.tests))
    not_run = total - len(result.tests)
    more = f" · {not_run} not run" if not_run else ""
    console.print()
    if result.passed and not not_run:
        following = catalog.after(kata)
        write_line(console, f"  All {total} tests pass{ways}. Kata {kata.number} is done.", "bold green")
        if not commands:
            return
        if following is not None:
            write_line(console, f"  Next: make kata N={following.number}   ({following.slug})")
        else:
            write_line(console, "  That was the last kata.")
    else:
        write_line(console, f"  {result.count('pass', 'skip')} of {total} tests pass{ways}{more}.")
        if commands:
            write_line(console, f"  Edit {place_of(kata)}, then: make kata N={kata.number}")
            if result.tests:
                write_line(console, f"  A hint: make hint N={kata.number}")


def place_of(kata: Kata, path: Any = None) -> str:
    return (path or kata.answer).relative_to(kata.root).as_posix()


def line_of(kata: Kata, name: str) -> int:
    """Where the learner's file defines `name`; 1 if it does not."""
    text = kata.answer.read_text("utf-8", "replace") if kata.answer.is_file() else ""
    starts = (f"def {name}(", f"class {name}(", f"class {name}:")
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith(starts)), 1)


def as_exercism(result: Result) -> dict[str, Any]:
    """The result in the shape of exercism's test runner interface, version 3, with more keys of ours."""
    broken = next((test for test in result.tests if test.get("kind") == "Problem"), None)
    return {
        "version": 3,
        "status": "pass" if result.passed else "error" if broken or not result.planned else "fail",
        "message": broken["message"] if broken else None,
        "kata": result.kata.name,
        "devices": result.about.get("devices", []),
        "tests": [
            {
                "name": test["name"],
                "status": {"todo": "fail", "skip": "pass"}.get(test["status"], test["status"]),
                "message": test["message"] or None,
                "output": test.get("output") or None,
                "test_code": _test_code(result.kata, test["id"]),
                "function": test["function"],
                "device": test["device"],
                "todo": test["status"] == "todo",
                "skipped": test["status"] == "skip",
                "why": test.get("why") or None,
                "line": test.get("line"),
                "diagnosis": test.get("diagnosis", []),
                "trace": test.get("trace", []),
                "duration": test["duration"],
            }
            for test in result.tests
        ],
    }


def _test_code(kata: Kata, name: str) -> str | None:
    """The source of the test with this pytest id."""
    import ast

    if not kata.tests.is_file() or "::" not in name:
        return None
    source = kata.tests.read_text(encoding="utf-8")
    *_, cls, method = name.split("[")[0].split("::")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.name == cls:
            tests = [item for item in node.body if isinstance(item, ast.FunctionDef) and method.startswith(item.name)]
            if tests:
                best = max(tests, key=lambda item: len(item.name))
                return ast.get_source_segment(source, best, padded=True)
    return None
