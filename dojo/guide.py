"""The commands around a kata: its lesson, a hint, the solution, the progress; to practise again, to restore a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dojo import card, catalog, stubs
from dojo import progress as memory
from dojo.card import line_of, place_of
from dojo.catalog import Kata, UsageError
from dojo.console import make_console, write_line, write_paragraph

if TYPE_CHECKING:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.text import Text

WITHOUT_UTF = dict.fromkeys("└┘┌┐├┤┬┴┼", "+") | {"─": "-", "│": "|", "•": "-", "·": "*", "…": "...", "√": "sqrt "}
WITHOUT_UTF |= {"²": "^2", "³": "^3", "⁴": "^4", "ᵀ": "^T"}
MARKS = {"done": ("✓", "green"), "to do": ("·", "dim"), "changed": ("*", "yellow")}  # else some tests pass: "~"
BAR = 10
WIDTH = 80  # of a lesson


# The lesson.


def lesson(kata: Kata) -> int:
    """Print the lesson of `kata`."""
    from rich.segment import Segment
    from rich.text import Text
    from rich.theme import Theme

    try:
        text = kata.lesson.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        place = place_of(kata, kata.lesson)
        raise UsageError(f"The lesson {place} cannot be read. Bring it back with: git checkout -- {place}") from None
    wide = make_console()
    unicode = _writes_unicode(wide)
    styles = {f"markdown.h{level}": "bold" for level in range(1, 7)}
    theme = Theme(styles | {"markdown.code": "cyan", "markdown.code_block": "cyan", "markdown.item.bullet": ""})
    console = make_console(theme=theme, width=min(wide.width, WIDTH))
    for segments in Segment.split_lines(console.render(_markdown(text if unicode else _plain(text)))):
        line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
        _whole(console, line if unicode else Text(_plain(line.plain)))
    return 0


def _markdown(text: str) -> Markdown:
    """Markdown without boxes, background colours and wrapped pictures."""
    from rich.markdown import CodeBlock, Heading, Markdown
    from rich.text import Text

    class PlainHeading(Heading):
        def __rich_console__(self, console: Any, options: Any) -> Any:
            self.text.justify = "left"
            yield self.text

    class Picture(CodeBlock):
        def __rich_console__(self, console: Any, options: Any) -> Any:
            lines = str(self.text).rstrip().expandtabs(4).split("\n")
            indent = "  " if max(map(len, lines)) + 2 <= options.max_width else ""
            for line in lines:
                yield Text(indent + line, "markdown.code_block", no_wrap=True, overflow="ignore")

    class Lesson(Markdown):
        elements: ClassVar = {
            **Markdown.elements,
            "heading_open": PlainHeading,
            "fence": Picture,
            "code_block": Picture,
        }

    text = re.sub(r"<(https?://[^>\s]+)>", r"\1", text)  # else the address is shown twice
    return Lesson(text, hyperlinks=False)


def _plain(text: str) -> str:
    return "".join(WITHOUT_UTF.get(sign, sign) for sign in text)


def _writes_unicode(console: Console) -> bool:
    return "utf" in (console.encoding or "").lower()


def _whole(console: Console, line: Text) -> None:
    """Print a line that is never wrapped or cut here, so that it stays one line when it is copied."""
    line.rstrip()
    if _writes_unicode(console):
        console.print(line, soft_wrap=True)
    else:
        write_line(console, line)


# Hints.


@dataclass(frozen=True)
class Hint:
    function: str
    rung: int
    of: int
    texts: list[str]  # all that were shown so far; the last one is new


def hint(kata: Kata) -> int:
    """Show the next hint for the first function that does not pass."""
    problem = _syntax_error(kata)
    console = make_console()
    found = None if problem else next_hint(kata, _functions(kata))
    _title(kata, console)
    if problem:
        write_paragraph(console, "", f"Python cannot read {place_of(kata)}: {problem}. No hint helps before that.")
        write_line(console, f"  Mend it, then: make kata N={kata.number}")
    elif found is None:
        write_line(console, f"  All tests pass. Kata {kata.number} is done, and there is nothing to hint.", "green")
        write_line(console, f"  To compare your code with the reference: make solution N={kata.number}")
    else:
        draw_hint(found, console)
        console.print()
        write_line(console, f"  Edit {place_of(kata)}:{line_of(kata, found.function)}, then: make kata N={kata.number}")
        if found.rung < found.of:
            write_line(console, f"  The next hint: make hint N={kata.number}")
        else:
            write_line(console, "  That was the last hint. To give up, and see the solution:")
            write_line(console, f"  {give_up_command(kata)}")
    return 0


def draw_hint(hint: Hint | None, console: Console) -> None:
    """Print a hint, after those that were shown before it."""
    if hint is None:
        write_line(console, "  All tests pass. There is nothing to hint.", "green")
        return
    write_line(console, f"  {hint.function}   hint {hint.rung} of {hint.of}", "bold")
    console.print()
    for number, text in enumerate(hint.texts, 1):
        write_paragraph(console, str(number), text, "" if number == hint.rung else "dim")


def next_hint(kata: Kata, functions: dict[str, tuple[int, int]]) -> Hint | None:
    """The next hint for the first function that does not pass, remembered as shown; None if all pass."""
    name = next((name for name in kata.functions if not memory.passes(functions, name)), None)
    if name is None:
        return None
    texts = kata.constant("HINTS").get(name) or ["There is no hint for this one. Read its docstring and its tests."]
    with memory.edit(kata) as entry:
        rung = entry.hints[name] = min(entry.hints.get(name, 0) + 1, len(texts))
    return Hint(name, rung, len(texts), texts[:rung])


def _functions(kata: Kata) -> dict[str, tuple[int, int]]:
    """For each function, tests passed and in all: as remembered, if that is of the present file, or from a run."""
    entry = memory.of(kata)
    if memory.is_current(kata, entry):
        return entry.functions
    result = card.judge(kata)
    entry = memory.of(kata)
    if memory.is_current(kata, entry):
        return entry.functions
    tests = {name: result.of(name) for name in kata.functions}  # nothing could be remembered
    return {name: (sum(test["status"] in ("pass", "skip") for test in of), len(of)) for name, of in tests.items()}


def _syntax_error(kata: Kata) -> str:
    if not kata.answer.is_file():
        raise UsageError(f"There is no file {place_of(kata)}. Write it with: make reset N={kata.number}")
    _, tree, error = _read(kata.answer)
    return "" if tree is not None else error


# The solution.


def solution(kata: Kata, give_up: bool) -> int:
    """Show the learner's code and the reference's, if it is earned or given up; 1 if not."""
    console = make_console()
    if not earned(kata):
        functions = {} if give_up else _functions(kata)
        if give_up:
            memory.update(kata, gave_up=memory.now())
        elif not memory.all_pass(kata, functions):
            passed, total = (sum(pair[index] for pair in functions.values()) for index in (0, 1))
            done = f"{passed} of {total} tests pass" if total else "no test ran"
            write_line(console, f"Not yet: {done} in kata {kata.number}.", "bold")
            write_line(console, "The solution is shown when all of them pass.")
            console.print()
            write_line(console, f"  A hint:       make hint N={kata.number}")
            write_line(console, f"  To give up:   {give_up_command(kata)}")
            write_line(console, f"  without make: python -m dojo solution {kata.number} --give-up")
            return 1
    draw_solution(kata, console)
    return 0


def earned(kata: Kata) -> bool:
    """Whether the solution may be shown, by what is remembered: all tests pass, or did once, or it was given up."""
    entry = memory.of(kata)
    return bool(
        entry.solved or entry.gave_up or (memory.is_current(kata, entry) and memory.all_pass(kata, entry.functions))
    )


def draw_solution(kata: Kata, console: Console) -> None:
    """Print each function twice: the learner's and the reference's."""
    _title(kata, console)
    source, tree, error = _read(kata.answer)
    yours = {} if tree is None else _code_of(kata, source, tree)
    reference = _code_of(kata, kata.source, kata.tree, helper="_")
    if tree is None:
        write_line(console, f"  yours (Python cannot read it: {error})", "dim")
        _column(console, source.rstrip("\n").split("\n"))
        console.print()
    for name in kata.functions:
        left, right = yours.get(name, ["(not in your file)"]), reference[name]
        write_line(console, f"  {name}", "bold")
        if tree is None:
            write_line(console, "  reference", "dim")
            _column(console, right)
        elif left == right:
            write_line(console, "  yours and the reference are the same", "dim")
            _column(console, right)
        else:
            head = _signature(right) if _signature(left) == _signature(right) else []
            _column(console, head)
            _columns(console, [("yours", left[len(head) :]), ("reference", right[len(head) :])])
        console.print()


def _signature(lines: list[str]) -> list[str]:
    """The lines up to the end of the signature."""
    end = next((number for number, line in enumerate(lines, 1) if line.endswith(":")), 0)
    return lines[:end]


def _columns(console: Console, columns: list[tuple[str, list[str]]]) -> None:
    """Side by side where no line is too long for that, else one under the other."""
    from rich.cells import cell_len
    from rich.text import Text

    widths = [max(map(cell_len, [title, *lines])) for title, lines in columns]
    if 2 + widths[0] + 3 + widths[1] > console.width:
        for title, lines in columns:
            write_line(console, f"  {title}", "dim")
            _column(console, lines)
        return
    (left, right), (first, second) = (title for title, _ in columns), (_colored(lines) for _, lines in columns)
    write_line(console, f"  {left.ljust(widths[0])} │ {right}", "dim")
    for index in range(max(len(first), len(second))):
        line = first[index] if index < len(first) else Text()
        line.pad_right(widths[0] - line.cell_len)
        _whole(console, Text("  ") + line + Text(" │ ", "dim") + (second[index] if index < len(second) else Text()))


def _column(console: Console, lines: list[str]) -> None:
    from rich.text import Text

    for line in _colored(lines):
        _whole(console, Text("  ") + line)


def _colored(lines: list[str]) -> list[Text]:
    from rich.syntax import Syntax

    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    text = syntax.highlight("\n".join(lines))
    return [*text.split("\n", allow_blank=True)][: len(lines)]


def _read(path: Path) -> tuple[str, ast.Module | None, str]:
    """A learner's file: its text, its tree (None if Python cannot read it), and why not."""
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        return "", None, error.strerror or str(error)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return text, ast.parse(text), ""
    except SyntaxError as error:
        return text, None, f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return text, None, str(error)


def _code_of(kata: Kata, source: str, tree: ast.Module, helper: str = "") -> dict[str, list[str]]:
    """The lines of each function, without docstrings, before the helpers that it is the first to use.

    Helpers are what else stands at the top level under a name that starts with `helper`.
    """
    lines = source.split("\n")
    defined = {name: node for node in tree.body for name in _names(node)}
    shown: set[str] = set(kata.functions)
    found: dict[str, list[str]] = {}

    def helpers(node: ast.AST) -> list[ast.stmt]:
        names = [item.id for item in ast.walk(node) if isinstance(item, ast.Name)]
        needed: list[ast.stmt] = []
        for name in names:
            if name in defined and name not in shown and name.startswith(helper):
                shown.update(_names(defined[name]))
                needed += [defined[name], *helpers(defined[name])]
        return needed

    for name in kata.functions:
        if name in defined:
            parts = [_undocumented(node, lines) for node in [defined[name], *helpers(defined[name])]]
            found[name] = [line for part in parts for line in ["", "", *part]][2:]
    return found


def _names(node: ast.stmt) -> list[str]:
    """What a statement at the top level defines; nothing for an import."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        return [node.name]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets: Iterable[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [item.id for target in targets for item in ast.walk(target) if isinstance(item, ast.Name)]
    return []


def _undocumented(node: ast.stmt, lines: list[str]) -> list[str]:
    """The source of a statement without the docstrings in it."""
    left_out: set[int] = set()
    for item in ast.walk(node):
        if isinstance(item, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) and len(item.body) > 1:
            doc, after = item.body[0], item.body[1]
            alone = item.lineno < doc.lineno and (doc.end_lineno or 0) < after.lineno
            if ast.get_docstring(item, clean=False) is not None and alone:
                start = min([after.lineno, *(one.lineno for one in getattr(after, "decorator_list", []))])
                blank = [n for n in range((doc.end_lineno or 0) + 1, start) if not lines[n - 1].strip()]
                left_out |= {*range(doc.lineno, (doc.end_lineno or 0) + 1), *blank}
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    numbers = range(first, (node.end_lineno or first) + 1)
    return [lines[number - 1].expandtabs(4).rstrip() for number in numbers if number not in left_out]


def give_up_command(kata: Kata) -> str:
    return f"make solution N={kata.number} GIVE_UP=yes"


def _title(kata: Kata, console: Console) -> None:
    write_line(console, f"Kata {kata.number} · {kata.slug}", "bold")
    console.print()


# The progress.


def progress(root: Path | None = None) -> int:
    """Print every kata with what is done, and the next one."""
    draw_progress(root, make_console())
    return 0


def draw_progress(root: Path | None, console: Console) -> None:
    from dojo.readme import PARTS

    found = catalog.katas(root)
    following = memory.first_unfinished(found)
    states = {kata.name: memory.status(kata) for kata in found}
    width = max(len(kata.slug) for kata in found)
    longest = max(len(title) for title in PARTS)
    for title, numbers in PARTS.items():
        part = [kata for kata in found if int(kata.number) in numbers]
        if part:
            done = sum(states[kata.name] == "done" for kata in part)
            filled = BAR * done // len(part)
            bar = "#" * filled + "-" * (BAR - filled)
            katas = "kata" if len(part) == 1 else "katas"
            write_line(console, f"{title.ljust(longest)}  [{bar}] {done} of {len(part)} {katas}", "bold")
            for kata in part:
                _row(console, kata, states[kata.name], width)
            console.print()
    if states[following.name] == "done":
        write_line(console, f"All {len(found)} katas are done.", "bold green")
        write_line(console, f"To practise one again: make again N={found[0].number}")
    else:
        write_line(console, f"Next: make kata N={following.number} ({following.slug})")


def _row(console: Console, kata: Kata, state: str, width: int) -> None:
    entry = memory.of(kata)
    mark, style = MARKS.get(state, ("~", "yellow"))
    when = entry.when[:16].replace("T", " ") if state != "to do" else ""
    hints = sum(entry.hints.values())
    more = [
        f"{hints} hint{'s' if hints > 1 else ''}" if hints else "",
        f"solved {entry.solved} times" if entry.solved > 1 else "",
        "given up" if entry.gave_up else "",
    ]
    start = f"  {mark} {kata.number}  {kata.slug.ljust(width)}  {state.ljust(10)}  {when.ljust(16)}"
    says = " · ".join(part for part in more if part)
    if says and len(start) + 2 + len(says) > console.width:
        write_line(console, start.rstrip(), style)
        write_line(console, f"        {says}", style)
    else:
        write_line(console, f"{start}  {says}".rstrip(), style)


# To practise again, and to undo.


def again(kata: Kata) -> int:
    """Put the stub back, to practise with new random inputs; the learner's file is kept."""
    console = make_console()
    saved = stubs.write(kata)
    with memory.edit(kata) as entry:
        entry.forget_result()
        entry.hints, entry.counted, entry.seed = {}, False, entry.seed + 1
    write_line(console, f"{place_of(kata)} is a stub again.")
    if saved is not None:
        write_line(console, f"Your answer is kept as {place_of(kata, saved)}")
    write_line(console, "The random inputs of the tests are new.")
    write_line(console, f"Go on with: make kata N={kata.number}")
    return 0


def restore(kata: Kata) -> int:
    """Bring back the newest backup that differs from the learner's file, which is saved first."""
    console = make_console()
    present = memory.digest(kata.answer)
    found = stubs.backups(kata)
    backup = next((path for path in found if memory.digest(path) != present), None)
    if backup is None:
        why = "All are the same as your file." if found else "`make reset` and `make again` make one."
        raise UsageError(
            f"There is no backup of kata {kata.number} to bring back. {why}\nGo on with: make kata N={kata.number}"
        )
    saved = stubs.put(kata, backup.read_bytes())
    write_line(console, f"{place_of(kata)} is back, as it was on {stubs.saved_at(backup)}.")
    if saved is not None:
        write_line(console, f"What was there until now is kept as {place_of(kata, saved)}")
    write_line(console, f"Go on with: make kata N={kata.number}")
    return 0
