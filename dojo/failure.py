"""Turns what went wrong in a test into words: what happened, on which of the learner's lines, and why."""

from __future__ import annotations

import ast
import linecache
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Any

import torch

from dojo.subject import CheckFailed, Implementation, Problem, Stopped, first_line, line_in
from dojo.trace import BannedCall


@dataclass
class Failure:
    """One failed test, ready to be shown or written as JSON."""

    status: str  # "fail", "todo" (not written yet) or "error" (the code stopped)
    says: str
    why: str = ""
    expected: str | None = None
    actual: str | None = None
    call: str = ""
    arguments: list[str] = field(default_factory=list)
    line: int | None = None  # in the learner's file
    source: str = ""
    kind: str = ""  # name of the exception, if the code stopped
    picture: dict[str, Any] | None = None  # expected and actual values, cell by cell

    @property
    def message(self) -> str:
        """The whole as plain text."""
        parts = [self.says]
        if self.line:
            parts.append(f"line {self.line}: {self.source}")
        if self.call:
            parts.append("\n   ".join([self.call, *self.arguments]))
        if self.expected is not None:
            parts.append(f"expected\n{_indent(self.expected)}\ngot\n{_indent(self.actual or '')}")
        if self.why:
            parts.append(f"Why: {self.why}")
        return "\n".join(parts)

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "message": self.message}


def explain(error: BaseException, implementation: Implementation, test_file: str) -> Failure:
    """What `error`, raised by a test, means for the learner."""
    failure = _explain(error, implementation)
    call = implementation.last_call
    if call is not None and failure.status != "todo" and not isinstance(error, Problem):
        failure.call, failure.arguments = call.text, call.arguments
        if failure.picture is not None:
            failure.picture["names"] = call.names.labels(failure.picture["part"], failure.picture["kind"])
    if failure.status == "error" and not failure.why and not isinstance(error, Problem):
        failure.why = _why_of_statement(error, test_file)
    if failure.line and not failure.source:
        failure.source = implementation.source_line(failure.line)
    return failure


def status_of(error: BaseException, implementation: Implementation) -> str:
    """ "fail", "todo" (not written yet) or "error" (the code stopped)."""
    if isinstance(error, (CheckFailed, BannedCall)):
        return "fail"
    line = line_in(error, implementation.path)
    not_written = isinstance(error, NotImplementedError) and _not_written(error, implementation, line)
    return "todo" if not_written else "error"


def _explain(error: BaseException, implementation: Implementation) -> Failure:
    path = implementation.path
    line = line_in(error, path)
    if isinstance(error, CheckFailed):
        if error.error is not None:
            line = line_in(error.error, path)
        picture = error.picture.as_dict() if error.picture is not None else None
        return Failure("fail", str(error), error.why, error.expected, error.actual, line=line, picture=picture)
    if isinstance(error, Problem):
        return Failure("error", str(error), line=error.line, kind="Problem")
    if isinstance(error, BannedCall):
        return Failure("fail", str(error), line=line, kind="BannedCall", why="You learn it by writing it.")
    if status_of(error, implementation) == "todo":
        return Failure("todo", f"`{error}` is not written yet.", line=line)
    if isinstance(error, Stopped):
        error = error.__cause__ or error
        line = line_in(error, path)
    name = type(error).__name__
    if isinstance(error, SystemExit):
        says = "Your code ends the program here (`exit`). Return a result instead."
    elif isinstance(error, KeyboardInterrupt):
        says = "Your code stops the program here. Return a result instead."
    elif isinstance(error, RecursionError):
        says = "Your function calls itself without end (RecursionError)."
    elif isinstance(error, EOFError):
        says = "Your code waits for keyboard input here. A test cannot type."
    elif isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        says = "Your code asks here for more memory than there is."
    elif line is not None:
        text = first_line(error)
        says = "\n".join([f"{name}: {text}", *(help for sign, help in HELP.items() if sign in text)][:2])
    elif isinstance(error, TypeError) and _inside_call(error):
        says = f"The test could not call your function with these arguments. Python says: {first_line(error)}"
    else:
        says = f"The test could not go on with what your code returned. Python says: {name}: {first_line(error)}"
    return Failure("error", says, line=line, kind=name)


HELP = {  # part of what Python or PyTorch says: what it means
    "Boolean value of Tensor": "`and`, `or`, `not` and `if` ask one question. For many values: &, |, ~, torch.where.",
    "modified by an inplace operation": "A value that the gradient needs was overwritten. Make a new tensor instead.",
    "must match the size of tensor": "Two shapes do not line up. From the right: equal sizes, or one of them is 1.",
    "cannot be multiplied": "A matrix product (n, k) @ (k, m) needs the two sizes in the middle to be equal.",
    "Expected size for first two dimensions": "In a @ b, the last size of a and the second last of b must be equal.",
    "expected m1 and m2 to have the same dtype": "A matrix product needs two tensors of the same dtype.",
    "torch.return_types.max": "x.max(dim) gives two things, the values and their places. x.amax(dim) gives the values.",
    "before Module.__init__() call": "Call super().__init__() first in your __init__: nn.Module gets ready there.",
    "'Linear' object has no attribute": "That is the layer itself. Call it with x to get its result: self.query(x).",
    "expected scalar type": "Two tensors of different dtypes meet here. Both need the same one.",
    "same dtype": "Both tensors need the same dtype.",
    "view size is not compatible": "The numbers lie in memory in another order. reshape copies them; view never does.",
    "Dimension out of range": "It has fewer dimensions than that. Negative numbers count from the last one.",
    "is invalid for input of size": "The new shape must hold exactly as many numbers as the old one.",
    "leaf Variable that requires grad": "It writes into what records a gradient. Make a new one, or use no_grad.",
    "only one element tensors can be converted": "A Python number can be made of a tensor with one value only.",
    "doesn't match the broadcast shape": "In place, the left side keeps its shape. The other one has to fit into it.",
    "is not defined": "Python does not know this name here. Is it spelled right, and imported or defined above?",
    "Torch not compiled with CUDA": "This machine has none. Name no device: ask a tensor where it is, x.device.",
    "'torch.device' object is not callable": "x.device is no function: it has no parentheses.",
    "does not require grad": "No way back: requires_grad=True is missing, or a detach, .item() or no_grad cuts it.",
}


def _not_written(error: BaseException, implementation: Implementation, line: int | None) -> bool:
    """Whether this is the stub's own error, not one of an operation that PyTorch does not have on some device."""
    known = str(error).split(".")[0] in implementation.kata.functions
    return known or "NotImplementedError" in implementation.source_line(line)


def _inside_call(error: BaseException) -> bool:
    """Whether `error` arose where a `Subject` calls the learner's function."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and traceback.tb_frame.f_code.co_name == "_call"


def _why_of_statement(error: BaseException, test_file: str) -> str:
    """The `why=` nearest to the line of the test that was running.

    The learner's function is called before the check that would give its `why`, so an exception there has none.
    """
    traceback: TracebackType | None = error.__traceback__
    frame, line = None, 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == test_file:
            frame, line = traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next
    if frame is None:
        return ""
    whys, ends = _whys_of(test_file)
    first = frame.f_code.co_firstlineno
    end = min((end for start, end in ends if start <= line <= end), default=0)
    nearest = min(
        (why for why in whys if first <= why.lineno <= end and (why.end_lineno or 0) >= line),
        key=lambda why: why.lineno,
        default=None,
    )
    if nearest is None:
        return ""
    try:
        return str(eval(compile(ast.Expression(nearest), test_file, "eval"), frame.f_globals, frame.f_locals))
    except Exception:
        return ""


@lru_cache
def _whys_of(test_file: str) -> tuple[list[ast.expr], list[tuple[int, int]]]:
    """The `why=` expressions of a test file, and where its functions begin and end."""
    nodes = list(ast.walk(ast.parse("".join(linecache.getlines(test_file)))))
    keywords = [keyword for node in nodes if isinstance(node, ast.Call) for keyword in node.keywords]
    functions = [(node.lineno, node.end_lineno or 0) for node in nodes if isinstance(node, ast.FunctionDef)]
    return [keyword.value for keyword in keywords if keyword.arg == "why"], functions


def _indent(text: str) -> str:
    return "\n".join("   " + line for line in text.splitlines())
