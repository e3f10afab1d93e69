"""The names of dimensions: what `Float[Tensor, "*batch Tq d"]` in a signature says of a shape."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Sequence
from typing import Any

# What a learner calls them, in the labels of a picture.
WORDS = {"Tq": "query", "Tk": "key"}


def dims_of(annotation: ast.expr | None) -> list[list[str]]:
    """The dimensions that an annotation names: one list for each tensor in it."""
    if not isinstance(annotation, ast.Subscript):
        return []
    if isinstance(annotation.slice, ast.Tuple):
        parts = annotation.slice.elts
        if len(parts) == 2 and isinstance(parts[1], ast.Constant) and isinstance(parts[1].value, str):
            return [parts[1].value.split()]
        return [dims for part in parts for dims in dims_of(part)]
    return []


def named(shape: Sequence[int], dims: list[str]) -> list[str] | None:
    """A name for each dimension of `shape`, "" where it has none. None if the shape does not fit."""
    stars = [index for index, dim in enumerate(dims) if dim.startswith("*") or dim == "..."]
    if len(shape) < len(dims) - len(stars) or (not stars and len(shape) != len(dims)):
        return None
    if stars:
        many = len(shape) - (len(dims) - 1)
        dims = [*dims[: stars[0]], *[dims[stars[0]]] * many, *dims[stars[0] + 1 :]]
    return [_bare(dim) for dim in dims]


def _bare(dim: str) -> str:
    name = dim.lstrip("*#_?")
    if name in ("...", "shape", "rest") or not re.fullmatch(r"[A-Za-z]\w*", name):
        return "batch" if dim == "..." else ""
    return name


class Names:
    """The names of the sizes in one call: from its arguments, for every shape that is made of them."""

    def __init__(self, node: ast.FunctionDef | None, given: dict[str, Any]) -> None:
        """`given`: the shape of each argument, or the argument itself if it is a number."""
        self.results = dims_of(node.returns) if node is not None else []
        self._of: dict[int, str | None] = {}  # size: name; None if two names have this size
        self._many: set[str] = set()  # names that may stand for several dimensions: `*batch`
        annotations = {arg.arg: arg.annotation for arg in node.args.args} if node is not None else {}
        for name, value in given.items():
            if isinstance(value, int) and not isinstance(value, bool):
                self._note(value, name if any(name in dims for dims in self.results) else "")
            dims = dims_of(annotations.get(name))
            if dims and isinstance(value, tuple):
                self._many |= {_bare(dim) for dim in dims[0] if dim.startswith("*")}
                for size, dim in zip(value, named(value, dims[0]) or []):
                    self._note(size, dim)

    def _note(self, size: int, name: str) -> None:
        if name and size > 1:
            self._of[size] = name if self._of.get(size, name) == name else None

    def of(self, shape: Sequence[int]) -> str:
        """`(batch, Tq, d)` for a shape of two dimensions or more; "" unless every size that is not 1 has one name."""
        found = ["1" if size == 1 else self._of.get(size) for size in shape]
        if len(found) > 1 and found[0] == found[1] and found[0] in self._many:
            first = found[0]
            found = ["…", *itertools.dropwhile(lambda name: name == first, found)]
        if len(found) < 2 or not all(found) or all(name == "1" for name in found):
            return ""
        return f"({', '.join(map(str, found))})"

    def labels(self, part: int, kind: str) -> list[str]:
        """What the rows and columns of a result are called: `["query", "key"]`."""
        dims = self.results[part] if 0 <= part < len(self.results) else []
        last = [_bare(dim) for dim in dims[-2:]] if len(dims) > 1 else []
        if len(last) < 2:
            return ["", ""]
        if last[0] == last[1] and last[0] and kind in ("bool", "weights"):  # square: a mask, or attention to itself
            return ["query", "key"]
        return [WORDS.get(name, name) for name in last]
