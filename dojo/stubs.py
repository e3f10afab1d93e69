"""Derives the file that the learner fills in from the reference: signatures and docstrings stay, bodies go."""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import time
import tokenize
from pathlib import Path

from dojo.catalog import Function, Kata, UsageError


def derive(kata: Kata) -> str:
    """The text of the learner's file of `kata`."""
    lines = kata.source.splitlines()
    task = "Repair" if kata.broken else "Write"
    what = f"The lesson is README.md. {task} the functions in order, and check them with: make kata N={kata.number}"
    parts = [f'"""{kata.title}.\n\n{what}\n"""', "\n".join(_imports(kata, lines))]
    text = "\n\n".join(part for part in parts if part)
    for function in kata.functions.values():
        text += "\n\n\n" + _skeleton(function, lines, kata.broken.get(function.name))
    return text + "\n"


def write(kata: Kata) -> Path | None:
    """Write the stub of `kata`. A learner's work that was there is saved first: its new place is returned."""
    return put(kata, derive(kata).encode())


def put(kata: Kata, content: bytes) -> Path | None:
    """Write the learner's file. What the learner had there is saved first: its new place is returned."""
    path, saved = kata.answer, None
    try:
        if path.is_dir() and not path.is_symlink():
            saved = _new_place(kata, suffix="")
            saved.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, saved)
        elif path.is_file():
            found = path.read_bytes()
            if found != content and not untouched(found, derive(kata)):
                saved = back_up(kata)
        write_atomically(path, content)  # a link is replaced; what it points to stays as it is
    except OSError as error:
        place = path.relative_to(kata.root).as_posix()
        raise UsageError(
            f"{place} cannot be written, or its backup in .dojo cannot: {error.strerror or error}.\n"
            "Nothing is lost. Make these folders writable, or free some space, and repeat the command."
        ) from None
    return saved


def untouched(found: bytes, stub: str) -> bool:
    """Whether a learner's file is empty, or a stub that nobody wrote in: `stub`, or one of an older version."""
    text = found.decode("utf-8", "replace").replace("\r\n", "\n")
    if text.strip() in ("", stub.strip()):
        return True
    if solved(found, stub) or set(stub.splitlines()) <= set(
        text.splitlines()
    ):  # all of the stub, and notes between its lines
        return False
    try:
        return _comments(text) <= _comments(stub)
    except (tokenize.TokenError, SyntaxError):
        return False


def solved(text: str | bytes, stub: str) -> list[str]:
    """The functions and classes in the text of a learner's file that do more than raise NotImplementedError.

    The broken code of the stub does not count. A file that Python cannot read counts as work, and so does every other
    statement.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ["?"]
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    known = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    other = ["?" for node in _without_docstring(tree) if not isinstance(node, known)]
    given = {ast.dump(node) for node in ast.parse(stub).body}
    return [node.name for node in functions if not _only_raises(node) and ast.dump(node) not in given] + other


def _only_raises(node: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef):
        return all(_only_raises(item) for item in _without_docstring(node))
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return False
    return [ast.unparse(item)[:25] for item in _without_docstring(node)] == ["raise NotImplementedError"]


def _without_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> list[ast.stmt]:
    return node.body if ast.get_docstring(node) is None else node.body[1:]


def _comments(text: str) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.string for token in tokens if token.type == tokenize.COMMENT}


def back_up(kata: Kata) -> Path:
    """Copy the learner's file into `.dojo/backups` and return the copy's path."""
    return save(kata, kata.answer.read_bytes())


def save(kata: Kata, content: bytes) -> Path:
    """Write a backup with this content."""
    saved = _new_place(kata, suffix=".py")
    write_atomically(saved, content)
    return saved


def backups(kata: Kata) -> list[Path]:
    """The saved files of `kata`, the newest first."""
    return [path for _, path in _saved(kata) if path.is_file()]


def saved_at(backup: Path) -> str:
    """When a backup was made, as its name says: `2025-11-28 13:56`."""
    return re.sub(r".*-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)\d\d(-\d+)?\.py", r"\1-\2-\3 \4:\5", backup.name)


def _saved(kata: Kata) -> list[tuple[tuple[str, int], Path]]:
    """All that is saved of `kata`, files and folders, with the time and the count of their names; the newest first."""
    found = []
    for path in (kata.root / ".dojo" / "backups").glob(f"{kata.slug}-*"):
        name = re.fullmatch(rf"{kata.slug}-(\d{{8}}-\d{{6}})(?:-(\d+))?(?:\.py)?", path.name)
        if name:
            found.append(((name[1], int(name[2] or 1)), path))
    return sorted(found, reverse=True)


def _new_place(kata: Kata, suffix: str) -> Path:
    """A new path in `.dojo/backups`, whose name sorts as the newest even where the clock was set back."""
    stamp, count = time.strftime("%Y%m%d-%H%M%S"), 1
    for (latest, counted), _ in _saved(kata)[:1]:
        if latest >= stamp:
            stamp, count = latest, counted + 1
    name = f"{kata.slug}-{stamp}" + (f"-{count}" if count > 1 else "")
    return kata.root / ".dojo" / "backups" / f"{name}{suffix}"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old content or the new, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        new.write_bytes(content)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


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


def _skeleton(function: Function, lines: list[str], broken: ast.FunctionDef | None) -> str:
    if broken is not None:
        start = broken.body[0].end_lineno if ast.get_docstring(broken) is not None else broken.body[0].lineno - 1
        return "\n".join([_head(function.node, lines), *lines[start : broken.end_lineno]])
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
