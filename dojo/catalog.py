"""Finds the katas. A folder `katas/NN_slug` is a kata: its number is the order, its name the slug."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ANSWERS = ("variant", "mistake")  # the decorators of a reference file
ROOT = Path(__file__).resolve().parent.parent


class UsageError(Exception):
    """A wrong command. Its text says what is wrong and then the command that mends it."""


@dataclass(frozen=True)
class Function:
    """One thing to write: a function or a class of the reference."""

    name: str
    node: ast.FunctionDef | ast.ClassDef

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @cached_property
    def methods(self) -> dict[str, ast.FunctionDef]:
        """The methods that the learner writes: `__init__` and the public ones."""
        found = [node for node in self.node.body if isinstance(node, ast.FunctionDef)] if self.is_class else []
        return {node.name: node for node in found if node.name == "__init__" or not node.name.startswith("_")}

    def method(self, name: str) -> ast.FunctionDef | None:
        """The definition of a method; of a function, its own."""
        return self.node if isinstance(self.node, ast.FunctionDef) else self.methods.get(name)

    def parameters(self, method: str | None = None) -> list[str]:
        """Names of the parameters of the function, or of one method without `self`."""
        node = self.method(method or "__init__")
        if node is None:
            return []
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        names = names[1:] if self.is_class else names
        return names + ([f"*{node.args.vararg.arg}"] if node.args.vararg else [])

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(self.parameters())})"

    @property
    def summary(self) -> str:
        """The first paragraph of the docstring, on one line."""
        return " ".join((ast.get_docstring(self.node) or "").split("\n\n")[0].split())


@dataclass(frozen=True)
class Kata:
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name  # "05_broadcasting"

    @property
    def number(self) -> str:
        return self.name.split("_", 1)[0]  # "05"

    @property
    def slug(self) -> str:
        return self.name.split("_", 1)[1]  # "broadcasting"

    @property
    def root(self) -> Path:
        return self.folder.parent.parent

    @property
    def answer(self) -> Path:
        """The learner's file."""
        return self.folder / f"{self.slug}.py"

    @property
    def tests(self) -> Path:
        return self.folder / f"test_{self.slug}.py"

    @property
    def lesson(self) -> Path:
        return self.folder / "README.md"

    @property
    def reference(self) -> Path:
        return self.root / "reference" / f"{self.name}.py"

    @cached_property
    def source(self) -> str:
        return self.reference.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, filename=str(self.reference))

    @cached_property
    def title(self) -> str:
        return (ast.get_docstring(self.tree) or self.slug).split("\n")[0].rstrip(".")

    @cached_property
    def functions(self) -> dict[str, Function]:
        """What the learner writes, in order: every public, undecorated function and class of the reference."""
        found = [node for node in self.tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        return {
            node.name: Function(node.name, node)
            for node in found
            if not node.name.startswith("_") and not node.decorator_list
        }

    def constant(self, name: str) -> dict[str, Any]:
        """HINTS or BANNED of the reference, read without running it; empty if it is not there."""
        for node in self.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if getattr(targets[0], "id", "") == name and isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
                return ast.literal_eval(node.value)
        return {}

    @cached_property
    def answers(self) -> dict[str, list[str]]:
        """The names declared in the reference with `@variant` and `@mistake`, in order."""
        return {kind: [name for names in self.answers_of(kind).values() for name in names] for kind in ANSWERS}

    @cached_property
    def broken(self) -> dict[str, ast.FunctionDef]:
        """The broken code that the learner repairs, by function: the mistakes declared with `in_stub=True`."""
        return {
            of: node
            for of, decorator, node in self._declared("mistake")
            if isinstance(node, ast.FunctionDef) and any(keyword.arg == "in_stub" for keyword in decorator.keywords)
        }

    def answers_of(self, kind: str) -> dict[str, list[str]]:
        """The names declared with `@variant` or `@mistake`, by the function that they replace."""
        found: dict[str, list[str]] = {}
        for of, _, node in self._declared(kind):
            found.setdefault(of, []).append(node.name)
        return found

    def _declared(self, kind: str) -> Iterator[tuple[str, ast.Call, ast.FunctionDef | ast.ClassDef]]:
        """What is declared with this decorator: the function that it is for, the decorator, the definition."""
        for node in self.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == kind:
                        yield getattr(decorator.args[0], "id", ""), decorator, node


def katas(root: Path | None = None) -> list[Kata]:
    """Every kata under `root`, in order."""
    folders = ((root or ROOT) / "katas").glob("[0-9][0-9]_*")
    return [Kata(folder) for folder in sorted(folders) if folder.is_dir()]


def select(text: str | None, root: Path | None = None) -> Kata:
    """The kata that the learner means by `5`, `05`, `broadcasting` or `05_broadcasting`."""
    found = katas(root)
    wanted = (text or "").strip().strip("/").lower()
    for kata in found:
        number = re.fullmatch(r"\d+", wanted) and int(wanted) == int(kata.number)
        if number or wanted in (kata.slug, kata.name):
            return kata
    says = f"There is no kata {text.strip()!r}." if wanted and text else "Which kata? N is missing."
    names = "\n".join(f"  {kata.number}  {kata.slug}" for kata in found)
    example = found[0].number if found else "01"
    raise UsageError(f"{says} The katas are:\n{names}\nTry: make kata N={example}")


def after(kata: Kata) -> Kata | None:
    """The next kata, or None after the last."""
    return next((other for other in katas(kata.root) if other.name > kata.name), None)
