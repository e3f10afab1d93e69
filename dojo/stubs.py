"""Derives the file that the learner fills in from the reference: signatures and docstrings stay, bodies go."""

from __future__ import annotations

import ast
import os
import time
from pathlib import Path

from dojo.catalog import Function, Kata


def derive(kata: Kata) -> str:
    """The text of the learner's file of `kata`."""
    lines = kata.source.splitlines()
    what = f"The lesson is README.md. Write the functions in order, and check them with: make kata N={kata.number}"
    parts = [f'"""{kata.title}.\n\n{what}\n"""', "\n".join(_imports(kata, lines))]
    text = "\n\n".join(part for part in parts if part)
    for function in kata.functions.values():
        text += "\n\n\n" + _skeleton(function, lines)
    return text + "\n"


def write(kata: Kata) -> Path | None:
    """Write the stub of `kata`. A learner's work that was there is saved first: its new place is returned."""
    text = derive(kata).encode()
    found = kata.answer.read_bytes() if kata.answer.is_file() else b""
    saved = back_up(kata) if found not in (b"", text) and solved(found) else None
    write_atomically(kata.answer, text)
    return saved


def solved(text: str | bytes) -> list[str]:
    """The functions and classes in the text of a learner's file that do more than raise NotImplementedError.

    A file that Python cannot read counts as work.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ["?"]
    empty = (ast.Import, ast.ImportFrom, ast.Expr, ast.FunctionDef, ast.ClassDef)
    other = ["?" for node in tree.body if not isinstance(node, empty)]
    found = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    return [node.name for node in found if not _only_raises(node)] + other


def _only_raises(node: ast.FunctionDef | ast.ClassDef) -> bool:
    functions = [item for item in ast.walk(node) if isinstance(item, ast.FunctionDef)]
    return all(isinstance(item.body[-1], ast.Raise) and len(item.body) <= 2 for item in functions)


def back_up(kata: Kata) -> Path:
    """Copy the learner's file into `.dojo/backups` and return the copy's path."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    saved = kata.root / ".dojo" / "backups" / f"{kata.slug}-{stamp}.py"
    count = 1
    while saved.exists():
        count += 1
        saved = saved.with_name(f"{kata.slug}-{stamp}-{count}.py")
    write_atomically(saved, kata.answer.read_bytes())
    return saved


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old content or the new, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.write_bytes(content)
    os.replace(new, path)


def _imports(kata: Kata, lines: list[str]) -> list[str]:
    kept: list[str] = []
    for node in kata.tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not (getattr(node, "module", "") or "").startswith(
            "dojo"
        ):
            if kept and node.lineno > 1 and not lines[node.lineno - 2].strip():
                kept.append("")  # keep the blank line between groups of imports
            kept += lines[node.lineno - 1 : node.end_lineno]
    return kept


def _skeleton(function: Function, lines: list[str]) -> str:
    if not function.is_class:
        return _without_body(function.node, function.name, lines)
    parts = [_head(function.node, lines)]
    parts += [_without_body(node, f"{function.name}.{name}", lines) for name, node in function.methods.items()]
    return "\n\n".join(parts)


def _without_body(node: ast.AST, name: str, lines: list[str]) -> str:
    indent = " " * (node.col_offset + 4)  # type: ignore[attr-defined]
    return f'{_head(node, lines)}\n{indent}raise NotImplementedError("{name}")'


def _head(node: ast.AST, lines: list[str]) -> str:
    """The source from `def` or `class` to the end of the docstring, or of the signature where there is none."""
    body = node.body  # type: ignore[attr-defined]
    documented = ast.get_docstring(node) is not None  # type: ignore[arg-type]
    end = body[0].end_lineno if documented else body[0].lineno - 1
    return "\n".join(lines[node.lineno - 1 : end])  # type: ignore[attr-defined]


def command(name: str, text: str) -> int:
    """`make stubs` writes every stub, or one; `make reset` writes one, and needs N."""
    from dojo import catalog

    chosen = [catalog.select(text)] if text or name == "reset" else catalog.katas()
    for kata in chosen:
        saved = write(kata)
        place = kata.answer.relative_to(kata.root).as_posix()
        if saved is not None:
            print(f"{place} is a stub again. Your file is kept as {saved.relative_to(kata.root).as_posix()}")
        else:
            print(f"{place} is the stub.")
    return 0
