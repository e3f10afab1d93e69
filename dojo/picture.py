"""Values as a picture: expected and actual cell by cell, which cells differ, what rows and columns are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SIZE = 8  # rows and columns that are shown of a larger tensor
SHADES = " ░▒▓█"  # from 0 to 1, for weights


@dataclass
class Picture:
    """A part of two tensors, the first difference in it. `as_dict` is what the events carry to the card."""

    kind: str  # "bool", "weights" (real numbers from 0 to 1), "numbers"
    ndim: int  # of what is shown: 0, 1 or 2
    place: list[int]  # which matrix of a larger tensor, by its leading indices
    start: list[int]  # index of the first row and column shown
    of: list[int]  # how many rows and columns there are
    expected: list[list[Any]]
    actual: list[list[Any]]
    differs: list[list[bool]]
    part: int  # which result of the function, counted from 0; -1: not a result
    names: list[str] = field(default_factory=lambda: ["", ""])  # what rows and columns are called, if anybody says

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))  # dataclasses.asdict copies every cell

    def texts(self) -> tuple[str, str]:
        """Two plain texts, `expected` and `actual`. Cells that differ carry `!`."""
        title = f"[{', '.join(map(str, self.place))}]\n" if self.place else ""
        shown = [len(self.expected), len(self.expected[0]) if self.expected else 0]
        last = [first + size - 1 for first, size in zip(self.start, shown)]
        if shown != self.of and self.ndim == 2:
            title += f"rows {self.start[0]} to {last[0]}, columns {self.start[1]} to {last[1]}\n"
        elif shown != self.of:
            title += f"elements {self.start[1]} to {last[1]}\n"
        return title + _grid(self.expected, None), title + _grid(self.actual, self.differs)


def compare(actual: torch.Tensor, expected: torch.Tensor, close: torch.Tensor | None = None, part: int = -1) -> Picture:
    """The part of two tensors of equal shape where they first differ. `part`: which result of the function it is."""
    import numpy
    import torch

    actual, expected = actual.detach().cpu(), expected.detach().cpu()
    if close is None:
        close = torch.isclose(actual.double(), expected.double(), rtol=1e-4, atol=1e-6, equal_nan=True)
    kind = "numbers"
    if expected.dtype == torch.bool:
        kind = "bool"
    elif expected.is_floating_point() and expected.numel() and bool(((expected >= 0) & (expected <= 1)).all()):
        kind = "weights"
    ndim = min(close.ndim, 2)
    place: list[int] = []
    if close.ndim > 2:
        different = (~close).flatten(0, -3).flatten(1).any(1).nonzero()
        index = int(different[0]) if len(different) else 0
        place = [int(i) for i in numpy.unravel_index(index, close.shape[:-2])]
        actual, expected, close = (part.flatten(0, -3)[index] for part in (actual, expected, close))
    if close.ndim < 2:
        actual, expected, close = (part.reshape(1, -1) for part in (actual, expected, close))
    window = [_window(close.all(1 - dim)) for dim in (0, 1)]
    shown = [part[window[0], window[1]].tolist() for part in (expected, actual, ~close)]
    if expected.is_complex():  # which JSON does not know
        shown[:2] = [[[f"{value:.3g}" for value in row] for row in part] for part in shown[:2]]
    start, of = [part.start for part in window], list(close.shape)
    return Picture(kind, ndim, place, start, of, shown[0], shown[1], shown[2], part)


def _window(fine: torch.Tensor) -> slice:
    """Where to look in one dimension: SIZE places, the first difference among them."""
    wrong = (~fine).nonzero()
    first = int(wrong[0]) if len(wrong) else 0
    start = max(0, min(first - SIZE // 2, len(fine) - SIZE))
    return slice(start, min(len(fine), start + SIZE))


def _grid(rows: list[list[Any]], differs: list[list[bool]] | None) -> str:
    if not rows or not rows[0]:
        return "(empty)"
    marks = differs or [[False] * len(row) for row in rows]
    cells = [[number(value) + ("!" if mark else " ") for value, mark in zip(*row)] for row in zip(rows, marks)]
    width = max(len(cell) for row in cells for cell in row)
    return "\n".join(" ".join(cell.rjust(width) for cell in row).rstrip() for row in cells)


def number(value: Any) -> str:
    """A value in few characters."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e6 or value == 0 else f"{value:.3g}"


def cells(kind: str, rows: list[list[Any]], differs: list[list[bool]], other: list[list[Any]]) -> list[list[str]]:
    """Each value as a short text: weights with a shade that is the darker, the larger they are; `!` where they differ.

    `other` is what the values are compared with: two that differ shall look different.
    """

    decimals = 2
    if kind == "weights":
        pairs = [pair for row in zip(rows, other, differs) for pair in zip(*row) if pair[2]]
        while decimals < 4 and any(f"{one:.{decimals}f}" == f"{two:.{decimals}f}" for one, two, _ in pairs):
            decimals += 1

    def short(value: Any) -> str:
        if kind == "bool":
            return "█" if value else "·"
        if kind == "numbers" or not 0 <= value <= 1:
            return number(value)
        return SHADES[min(4, int(value * 4 + 0.999))] + f"{value:.{decimals}f}"

    marked = [list(zip(*row)) for row in zip(rows, differs)]
    return [[short(value) + ("!" if mark else " ") for value, mark in row] for row in marked]
