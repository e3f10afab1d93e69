"""Writes lines for a person: with NO_COLOR, in a pipe, in a narrow terminal, and in one without UTF-8."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PLAIN = {"✓": "+", "✗": "x", "·": "-", "○": "o", "│": "|", "–": "-", "−": "-", "→": "->", "×": "x", "≠": "!="}
PLAIN |= {"░": ".", "▒": ":", "▓": "%", "█": "#", "…": "~"}


def make_console(**options: Any) -> Console:
    """A console that respects NO_COLOR, pipes and narrow terminals."""
    from rich.console import Console

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False, **options)


def write_paragraph(console: Console, head: str, text: str, style: str = "") -> None:
    """Wrapped text, indented; `head` stands before its first line."""
    import textwrap

    width = max(30, min(console.width, 92) - 2)
    indent = "  " + (" " * (len(head) + 3) if head else "")
    first = f"  {head}   " if head else "  "
    for index, part in enumerate(text.split("\n")):
        for line in textwrap.wrap(part, width, initial_indent=indent if index else first, subsequent_indent=indent):
            write_line(console, line, style)


def write_line(console: Console, text: Any, style: str = "") -> None:
    from rich.text import Text

    line = text if isinstance(text, Text) else Text(text, style)
    if "utf" not in (console.encoding or "").lower():
        plain = line.plain
        for sign, instead in PLAIN.items():
            plain = plain.replace(sign, instead)
        line = Text(plain.encode("ascii", "replace").decode(), line.style)
    console.print(line, overflow="fold")
