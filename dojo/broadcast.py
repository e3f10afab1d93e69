"""How shapes line up: what stretches, what is added, what clashes, and what would mend it. Plain Python, no tensors.

The rule is from https://docs.pytorch.org/docs/stable/notes/broadcasting.html
"""

from __future__ import annotations

import contextlib
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase

from dojo.catalog import UsageError
from dojo.console import make_console, write_line, write_paragraph

Shape = tuple[int, ...]
EXAMPLE = 'Try: make broadcast SHAPES="(4,1) (1,3)"'
ASIDE = 4  # spaces before what is said of a row


@dataclass(frozen=True)
class Broadcast:
    """Two or more shapes, one above the other, so that they end together."""

    shapes: tuple[Shape, ...]

    @cached_property
    def padded(self) -> list[Shape]:
        """The shapes with 1s in front, all equally long."""
        longest = max(map(len, self.shapes))
        return [(1,) * (longest - len(shape)) + shape for shape in self.shapes]

    @cached_property
    def columns(self) -> list[int | None]:
        """The size of each dimension of the result; None where two sizes clash."""
        sizes = [set(column) - {1} or {1} for column in zip(*self.padded)]
        return [next(iter(found)) if len(found) == 1 else None for found in sizes]

    @property
    def result(self) -> Shape | None:
        """The shape of the result, or None if the shapes do not go together."""
        return None if None in self.columns else tuple(self.columns)  # type: ignore[arg-type]

    @property
    def clash(self) -> tuple[int, list[int]] | None:
        """The last dimension of the result where sizes clash, as PyTorch names it, and these sizes."""
        for dim in reversed(range(len(self.columns))):
            if self.columns[dim] is None:
                return dim, list(dict.fromkeys(shape[dim] for shape in self.padded if shape[dim] != 1))
        return None

    def rows(self, width: int = 78) -> list[str]:
        """The shapes lined up, each with a word on what happens to it, and below them the result."""
        names = [f"{_name(index)}  {text(shape)}" for index, shape in enumerate(self.shapes)]
        cells = [["·"] * (len(self.columns) - len(shape)) + list(map(str, shape)) for shape in self.shapes]
        lines = list(zip(names, cells, map(self._note, self.shapes)))
        if self.clash is None:
            lines.append(("result", list(map(str, self.columns)), text(self.result or ())))
        else:
            marks = ["✗" if size is None else "✓" for size in self.columns]
            lines.append(("", marks, f"{_and(self.clash[1])} do not go together"))
        first = max(len(name) for name, _, _ in lines) + 3
        cell = max((len(size) for _, sizes, _ in lines for size in sizes), default=0)
        drawn = [name.ljust(first) + "  ".join(size.rjust(cell) for size in sizes) for name, sizes, _ in lines]
        whole = max(map(len, drawn))
        drawn.insert(-1, " " * first + "─" * (whole - first))
        notes = [*(note for _, _, note in lines[:-1]), "", lines[-1][2]]
        if any(whole + ASIDE + len(note) > width for note in notes):  # each note below its row
            return [part for row, note in zip(drawn, notes) for part in (row, f"{'':{first}}{note}") if part.strip()]
        aside = [f"{row:<{whole + ASIDE}}{note}".rstrip() for row, note in zip(drawn, notes)]
        return [row for row in aside if row]

    def _note(self, shape: Shape) -> str:
        """What happens to this shape."""
        added = len(self.columns) - len(shape)
        own = [now for size, now in zip(shape, self.columns[added:]) if size == 1 and now not in (1, None)]
        parts = []
        if added:
            new = ", ".join(str(1 if size is None else size) for size in self.columns[:added])
            parts.append(f"added on the left: {new}")
        if own:
            parts.append(f"the 1 stretches to {own[0]}" if len(own) == 1 else f"the 1s stretch to {_and(own)}")
        return "; ".join(parts)

    def explanation(self) -> str:
        """What the rows mean, in a sentence; "" where they say all."""
        if self.clash is not None:
            dim, sizes = self.clash
            return (
                f"In dimension {dim} of the result, {_and(sizes)} meet. They differ, and neither is 1. "
                "PyTorch stops with an error."
            )
        if len(set(self.shapes)) == 1:
            return "The shapes are equal. Nothing stretches."
        return ""

    def repairs(self) -> list[tuple[str, Shape, Shape]]:
        """What would make clashing shapes go together: (call, the shape that it gives, the shape of the result).

        The usual two: `transpose` of the last two dimensions of one shape, and `unsqueeze` of one, at the place where
        the result is smallest.
        """
        found = []
        for index, shape in enumerate(self.shapes if self.clash else ()):
            name = _name(index)
            ways = [[(f"{name}.unsqueeze({dim})", (*shape[:dim], 1, *shape[dim:])) for dim in range(len(shape) + 1)]]
            if len(shape) > 1:
                ways.append([(f"{name}.transpose(-2, -1)", (*shape[:-2], shape[-1], shape[-2]))])
            for calls in ways:
                tried = [
                    (call, changed, Broadcast((*self.shapes[:index], changed, *self.shapes[index + 1 :])).result)
                    for call, changed in calls
                ]
                working = [(call, changed, result) for call, changed, result in tried if result is not None]
                found += sorted(working, key=lambda way: _cost(way[2]))[:1]
        return sorted(found, key=lambda way: _cost(way[2]))


def _cost(result: Shape) -> tuple[int, int]:
    return len(result), math.prod(result)


def _name(index: int) -> str:
    """What a shape is called in the rows: a, b, c, as in PyTorch's own message."""
    return ascii_lowercase[index] if index < 26 else f"t{index}"


def text(shape: Sequence[int]) -> str:
    """`(4, 1)`, `(3,)`, `()`: a shape as Python writes it."""
    return str(tuple(shape))


def _and(sizes: Sequence[int | None]) -> str:
    words = [str(size) for size in sizes]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def parse(words: str) -> tuple[Shape, ...]:
    """The shapes in a text: `(4,1) (1,3)`, `4,1 1,3`, `[4, 1], [1, 3]` or `torch.Size([4, 1])`."""
    found = re.sub(r"torch\.Size\((.*?)\)", r"\1", words).replace("[", "(").replace("]", ")")
    if "(" not in found:
        found = " ".join(f"({part})" for part in re.sub(r"\s*,\s*", ",", found.strip()).split())
    found = re.sub(r"(?<![\w(,\s])\s*,\s*(?=\()", " ", found)  # a comma between two shapes
    outside = re.sub(r"\([^()]*\)", " ", found).replace(",", " ").split()
    if outside and not all(map(str.isdigit, outside)):
        raise UsageError(f"{words.strip()!r}: what is a shape here? {EXAMPLE}")
    parts = re.findall(r"\([^()]*\)|\d+", found)
    return tuple(_shape(part) for part in parts)


def _shape(part: str) -> Shape:
    inside = part.strip("() ")
    sizes = [size for size in re.split(r"[\s,x×]+", inside) if size]
    if (inside and not sizes) or not all(re.fullmatch(r"\d{1,18}", size) for size in sizes):
        raise UsageError(f"{inside!r} is no shape: its sizes are whole numbers, 0 or more. {EXAMPLE}")
    return tuple(map(int, sizes))


def run(words: str) -> int:
    """Show how these shapes line up; without shapes, ask for them again and again."""
    if words.strip():
        show(_enough(words))
        return 0
    if sys.stdin.isatty():
        print("Type two shapes or more, such as (4,1) (1,3). An empty line ends it.\n")
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  # the arrow keys bring back what was typed before
    while True:
        try:
            line = input("shapes> " if sys.stdin.isatty() else "")
        except EOFError:
            return 0
        if not line.strip():
            return 0
        try:
            show(_enough(line))
        except UsageError as error:
            write_paragraph(make_console(), "", f"{error}\n")


def _enough(words: str) -> tuple[Shape, ...]:
    shapes = parse(words)
    if len(shapes) < 2:
        raise UsageError(f"Two shapes or more are needed, and this is {'one' if shapes else 'none'}. {EXAMPLE}")
    return shapes


def show(shapes: tuple[Shape, ...]) -> None:
    """Print the rows, what they mean, and what would mend a clash."""
    console = make_console()
    lined_up = Broadcast(shapes)
    console.print()
    for row in lined_up.rows(console.width - 2):
        write_line(console, f"  {row}")
    console.print()
    if lined_up.explanation():
        write_paragraph(console, "", lined_up.explanation())
        console.print()
    if lined_up.clash is None:
        return
    repairs = lined_up.repairs()
    if not repairs:
        write_paragraph(console, "", "No single unsqueeze or transpose mends it. Where does each shape come from?")
    else:
        write_paragraph(console, "", "What would make them go together. Only one of them is what you mean:")
        for call, changed, result in repairs:
            write_paragraph(console, f"  {call:<19}", f"{text(changed)}, and the result is {text(result)}")
    console.print()
