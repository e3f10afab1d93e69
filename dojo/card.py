"""Shows the events of a run: as a card for a person, or as JSON for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dojo import catalog, runner
from dojo.catalog import Kata, UsageError

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {
    "pass": ("✓", "green"),
    "fail": ("✗", "red"),
    "error": ("✗", "red"),
    "todo": ("·", "dim"),
    "skip": ("○", "dim"),
}
PLAIN = {"✓": "+", "✗": "x", "·": "-", "○": "o", "│": "|", "–": "-", "−": "-", "→": "->", "×": "x", "≠": "!="}


def run(kata: Kata, impl: str, device: str, seconds: float, as_json: bool = False) -> int:
    """Run one kata and print its card, or its JSON. Returns the exit code."""
    worker = runner.Worker(kata.root)  # it imports torch while this process imports what draws the card
    try:
        events = runner.run(kata, [impl], device or "all", seconds, worker=worker)
        if as_json:
            result = Result(kata, events, worker.printed)
            print(json.dumps(as_exercism(result), indent=2))
        else:
            console = make_console()
            result = Result(kata, events, worker.printed, impl)
            draw(result, console)
        return 0 if result.passed else 1
    finally:
        worker.stop()


class Result:
    """The events of one run, counted."""

    def __init__(self, kata: Kata, events: Iterable[dict[str, Any]], printed: runner.Printed, impl: str = "learner"):
        self.kata = kata
        self.file = kata.answer if impl == "learner" else kata.reference
        self.tests: list[dict[str, Any]] = []
        self.planned = 0
        self.about: dict[str, Any] = {}
        for event in events:
            if event["event"] == "usage":
                raise UsageError(event["message"])
            if event["event"] == "broken":
                raise UsageError(f"The tests of {kata.name} cannot be loaded:\n{event['message']}")
            if event["event"] == "run":
                self.about = event
            elif event["event"] == "tests":
                self.planned = len(event["tests"])
            elif event["event"] == "test":
                self.tests.append(event)
        for test in self.tests:  # known for sure only when the worker has ended
            test["output"], test["printed"] = printed.of(test["id"])

    @property
    def passed(self) -> bool:
        return bool(self.tests) and all(test["status"] in ("pass", "skip") for test in self.tests)

    def of(self, function: str) -> list[dict[str, Any]]:
        return [test for test in self.tests if test["function"] == function]

    def first(self, *statuses: str) -> dict[str, Any] | None:
        return next((test for test in self.tests if test["status"] in statuses), None)

    def count(self, *statuses: str) -> int:
        return sum(test["status"] in statuses for test in self.tests)


def make_console(**options: Any) -> Console:
    """A console that respects NO_COLOR, pipes and narrow terminals."""
    from rich.console import Console

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False, **options)


def draw(result: Result, console: Console) -> None:
    """Print the card: first what works, then one failure, whole, then what to do next."""
    kata, about = result.kata, result.about
    title = f"Kata {kata.number} · {kata.slug}"
    where = " ".join([*about.get("devices", []), "· torch", about.get("torch", "")]) if about else ""
    _line(console, title + where.rjust(max(2, min(console.width, 88) - len(title))), "bold")
    console.print()
    problem = next((test for test in result.tests if test.get("kind") == "Problem"), None)
    whole = all(test.get("kind") == "Problem" for test in result.tests)
    if (problem is not None and whole) or not result.planned:  # the file cannot be loaded, or hung while it was
        _failure(result, problem or result.tests[0], console)
        _line(console, f"\n  No test ran. Edit {_place(kata)}, then: make kata N={kata.number}")
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
    _summary(result, console)


def _function(name: str, result: Result, console: Console) -> None:
    tests = result.of(name)
    passing = sum(test["status"] in ("pass", "skip") for test in tests)
    width = max(len(name) for name in result.kata.functions)
    if not tests:
        status, says = "todo", "not run"
    elif passing == len(tests):
        status, says = "pass", f"{passing} tests pass" if passing > 1 else "1 test passes"
    elif all(test["status"] == "todo" for test in tests):
        status, says = "todo", "to do"
    else:
        status, says = "fail", f"{passing} of {len(tests)} tests pass"
    mark, style = MARKS[status]
    _line(console, f"  {mark} {name.ljust(width)}   {says}", style)
    for reason in dict.fromkeys(test["message"] for test in tests if test["status"] == "skip"):
        _paragraph(console, "    skipped:", reason, "dim")


def _failure(result: Result, test: dict[str, Any], console: Console) -> None:
    kata = result.kata
    device = f" [{test['device']}]" if len(result.about.get("devices", [])) > 1 and test["device"] else ""
    if test.get("kind") != "Problem":
        _line(console, f"  ✗ {test['name']}{device}", "bold red")
        console.print()
    if test.get("call"):
        _line(console, f"  {test['call']}")
        for argument in test["arguments"]:
            _line(console, f"     {argument}", "cyan")
    place = _place(kata, result.file) + (f":{test['line']}" if test.get("line") else "")
    if test.get("line"):
        _line(console, f"  {place}", "dim")
        _line(console, f"     {test.get('source', '')}", "yellow")
    elif test.get("kind") == "Problem":
        _line(console, f"  {place}", "dim")
    console.print()
    _paragraph(console, "", test.get("says") or test["message"], "bold")
    if test.get("expected") is not None:
        console.print()
        _side_by_side(console, test["expected"], test.get("actual") or "")
    if test.get("why"):
        console.print()
        _paragraph(console, "Why", test["why"])
    if test.get("printed"):
        console.print()
        _printed(console, test)


def _printed(console: Console, test: dict[str, Any]) -> None:
    lines = test["output"].splitlines()
    shown = [line[:200] for line in lines[:10]]
    _line(console, "  Printed while your code ran")
    for line in shown:
        _line(console, f"     {line}", "cyan")
    size = test["printed"]
    if len(lines) > 10 or size > len(test["output"].encode()):
        unit = f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size} characters"
        _line(console, f"     ... {unit} in all", "dim")


def _side_by_side(console: Console, expected: str, actual: str) -> None:
    rows_left, rows_right = expected.splitlines(), actual.splitlines()
    width = max([len("expected"), *map(len, rows_left)])
    if 5 + width + 4 + max([3, *map(len, rows_right)]) <= console.width:
        _line(console, f"     {'expected'.ljust(width)}    got", "dim")
        for index in range(max(len(rows_left), len(rows_right))):
            first = rows_left[index] if index < len(rows_left) else ""
            second = rows_right[index] if index < len(rows_right) else ""
            _cells(console, f"     {first.ljust(width)}    ", second)
        return
    for title, rows in (("expected", rows_left), ("got", rows_right)):
        _line(console, f"     {title}", "dim")
        for row in rows:
            _cells(console, "     ", row)


def _cells(console: Console, before: str, row: str) -> None:
    """One row of values: cells marked with `!` are red as well."""
    from rich.text import Text

    text = Text(before)
    for index, word in enumerate(row.split(" ")):
        text.append((" " if index else "") + word, "red" if word.endswith("!") else "")
    _line(console, text)


def _next_function(result: Result, test: dict[str, Any], console: Console) -> None:
    kata = result.kata
    function = kata.functions[test["function"]]
    _line(console, f"  Next: {function.signature}", "bold")
    place = f"{_place(kata)}:{_line_of(kata, function.name)}"
    _line(console, f"  {place}", "dim")
    console.print()
    _paragraph(console, "", function.summary)
    console.print()
    _paragraph(console, "", f"Its first test: {result.of(function.name)[0]['name']}.")
    if result.count("pass") == 0:
        _paragraph(console, "", f"The lesson: {_place(kata, kata.lesson)}")


def _summary(result: Result, console: Console) -> None:
    kata = result.kata
    devices = result.about.get("devices", [])
    ways = f" on {' and '.join(devices)}" if len(devices) > 1 else ""
    total = max(result.planned, len(result.tests))
    not_run = total - len(result.tests)
    more = f" · {not_run} not run" if not_run else ""
    console.print()
    if result.passed and not not_run:
        following = catalog.after(kata)
        _line(console, f"  All {total} tests pass{ways}. Kata {kata.number} is done.", "bold green")
        if following is not None:
            _line(console, f"  Next: make kata N={following.number}   ({following.slug})")
        else:
            _line(console, "  That was the last kata.")
    else:
        _line(console, f"  {result.count('pass', 'skip')} of {total} tests pass{ways}{more}.")
        _line(console, f"  Edit {_place(kata)}, then: make kata N={kata.number}")


def _place(kata: Kata, path: Any = None) -> str:
    return (path or kata.answer).relative_to(kata.root).as_posix()


def _line_of(kata: Kata, name: str) -> int:
    """Where the learner's file defines `name`; 1 if it does not."""
    text = kata.answer.read_text("utf-8", "replace") if kata.answer.is_file() else ""
    starts = (f"def {name}(", f"class {name}(", f"class {name}:")
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith(starts)), 1)


def _paragraph(console: Console, head: str, text: str, style: str = "") -> None:
    """Wrapped text, indented; `head` stands before its first line."""
    import textwrap

    width = max(30, min(console.width, 92) - 2)
    indent = "  " + (" " * (len(head) + 3) if head else "")
    first = f"  {head}   " if head else "  "
    for index, part in enumerate(text.split("\n")):
        for line in textwrap.wrap(part, width, initial_indent=indent if index else first, subsequent_indent=indent):
            _line(console, line, style)


def _line(console: Console, text: Any, style: str = "") -> None:
    from rich.text import Text

    line = text if isinstance(text, Text) else Text(text, style)
    if "utf" not in (console.encoding or "").lower():
        plain = line.plain
        for sign, instead in PLAIN.items():
            plain = plain.replace(sign, instead)
        line = Text(plain.encode("ascii", "replace").decode(), line.style)
    console.print(line, overflow="fold")


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
                "diagnosis": None,
                "trace": [],
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
