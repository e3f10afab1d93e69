"""What a test calls: `from broadcasting import add_bias` gives a `Subject`, which stands for the learner's function.

It loads the learner's file, or another implementation that `--impl` names, and never lets a broken file break the
tests: what is missing or wrong is told by the call that needed it.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.util
import inspect
import linecache
import re
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dojo import state, stubs
from dojo.catalog import Function, Kata, UsageError
from dojo.picture import Picture
from dojo.shapes import Names
from dojo.trace import Trace, Watch

INPUT_CHANGED = (
    "The caller still needs the input. `+=`, and methods whose name ends in `_`, write into it; a row taken from it is "
    "still part of it. Make a new tensor, or change a clone()."
)


class Problem(Exception):
    """The learner's file, or a name in it, cannot be used. The text says why, and what to do."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


class CheckFailed(AssertionError):
    """A check of a kata's test failed. `expected` and `actual` are texts, to be shown side by side.

    `got` is what was checked, `wanted` what it should be, both for the diagnosis. `picture` takes the texts' place.
    `says` and `picture` may be functions that make them: most failures are only counted, and never shown.
    """

    def __init__(
        self,
        says: str | Callable[[], str],
        *,
        why: str,
        expected: str | None = None,
        actual: str | None = None,
        error: BaseException | None = None,
        got: Any = None,
        wanted: Any = None,
        picture: Callable[[], Picture] | None = None,
    ) -> None:
        super().__init__()
        self.why, self.error, self.got, self.wanted = why, error, got, wanted
        self._says, self._picture, self._given = says, picture, (expected, actual)

    def __str__(self) -> str:
        return self.says

    @functools.cached_property
    def says(self) -> str:
        return self._says if isinstance(self._says, str) else self._says()

    @functools.cached_property
    def picture(self) -> Picture | None:
        return self._picture() if self._picture is not None else None

    @functools.cached_property
    def _texts(self) -> tuple[str | None, str | None]:
        return self.picture.texts() if self.picture is not None else self._given

    @property
    def expected(self) -> str | None:
        return self._texts[0]

    @property
    def actual(self) -> str | None:
        return self._texts[1]


class Stopped(Exception):
    """The learner's code tried to end the program. `cause` is the exception that it used for that."""


@dataclass
class Call:
    """One call of a test into the learner's code, as it is shown when the test fails."""

    text: str  # "softmax(x, dim)"
    given: list[tuple[str, Any]]  # the name of each argument, and what it was before the call
    node: ast.FunctionDef | None

    @functools.cached_property
    def names(self) -> Names:
        """The names of the dimensions."""
        return Names(self.node, {name: getattr(value, "shape", value) for name, value in self.given})

    @property
    def arguments(self) -> list[str]:
        """`x (2, 3) float32` for each argument."""
        shown = []
        for name, value in self.given:
            text = describe(value, few=True)
            dims = self.names.of(value.shape) if " = " not in text and hasattr(value, "shape") else ""
            shown.append(f"{name} {text}".strip() + (f" = {dims}" if dims else ""))
        return shown


def note(
    name: str, parameters: list[str], args: tuple[Any, ...], kwargs: dict[str, Any], node: ast.FunctionDef | None
) -> Call:
    """Describe a call. `args` are copies: the learner's code may change what it is given."""
    if parameters[:1] and parameters[0].startswith("*"):
        parameters = [parameters[0].strip("*")] * len(args)
    given = [*zip([*parameters, *[""] * len(args)], args), *kwargs.items()]
    passed = [*dict.fromkeys([*parameters[: len(args)], *kwargs])]
    return Call(f"{name}({', '.join(passed)})", given, node)


def describe(value: Any, few: bool = False) -> str:
    """A short text for one argument: shape and dtype of a tensor (`few`: its values too), the value of others."""
    import torch

    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        place = {"cpu": "", "meta": " on another device"}.get(value.device.type, f" on {value.device.type}")
        shown = few and 0 < value.numel() <= 8 and value.device.type != "meta"
        values = f" = {_few_values(value)}" if shown else ""
        return f"{shape_text(value.shape)} {dtype}{place}{values if len(values) <= 50 else ''}"
    if _is_array(value):
        values = f" = {value.tolist()}" if few and 0 < value.size <= 8 else ""
        return f"{shape_text(value.shape)} {value.dtype} array{values if len(values) <= 50 else ''}"
    if isinstance(value, (list, tuple)) and any(isinstance(item, torch.Tensor) for item in value):
        return f"{type(value).__name__} of " + ", ".join(describe(item) for item in value)
    text = f"= {value if isinstance(value, torch.device) else repr(value)}"
    return text if len(text) <= 60 else f"= {type(value).__name__}"


def _few_values(x: Any) -> str:
    numbers = x.detach().cpu().tolist()
    return re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda number: f"{float(number[0]):.6g}", str(numbers))


def shape_text(shape: Any) -> str:
    """`(2, 3)`, `(3,)`, `()`: a shape as Python writes it."""
    return str(tuple(int(size) for size in shape))


@dataclass
class Implementation:
    """Everything that one run calls: the learner's file or a stand-in for it."""

    kata: Kata
    impl: str
    module: types.ModuleType | None = None
    problem: Problem | None = None
    watch: Watch = field(default_factory=Watch)
    last_call: Call | None = None
    trace: Trace | None = None  # set while a failing test is run again, to show what the learner's lines do
    digest: str = ""  # sha256 of the learner's file, as it was read
    stands_in_for: str = ""  # the function that a variant or a mistake replaces
    catch_stops: bool = False  # in a worker, Ctrl-C raised inside the learner's code is a failure of that test

    @property
    def path(self) -> Path:
        """The file whose lines are shown to the learner."""
        return self.kata.answer if self.impl == "learner" else self.kata.reference

    def source_line(self, line: int | None) -> str:
        return linecache.getline(str(self.path), line).strip() if line else ""


class Subject:
    """Stands for one function or class of the kata. Calling it calls the implementation, under watch."""

    def __init__(self, function: Function, implementation: Implementation) -> None:
        self.function = function
        self.__name__ = function.name
        self.bind(implementation)

    def bind(self, implementation: Implementation) -> None:
        """Stand for this implementation from now on."""
        self.implementation = implementation
        self.problem = implementation.problem
        self.target: Any = None
        if self.problem is None:
            self.target = getattr(implementation.module, self.function.name, None)
            self.problem = self._unusable()
        if self.problem is None and self.function.is_class:
            self._watch_methods()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.problem is not None:
            raise self.problem
        function = self.function
        return self._call(self.target, function.name, function.parameters(), args, kwargs, function.method("__init__"))

    def __repr__(self) -> str:
        return self.function.name

    def _call(
        self,
        target: Any,
        name: str,
        parameters: list[str],
        args: tuple[Any, ...],
        kwargs: Any,
        node: ast.FunctionDef | None,
    ) -> Any:
        implementation = self.implementation
        outermost = implementation.watch._depth == 0
        if outermost:
            before = _snapshots(args)
            call = implementation.last_call = note(name, parameters, before, kwargs, node)
        trace = implementation.trace if outermost else None
        try:
            with implementation.watch(self.function.name), trace.call(call) if trace else contextlib.nullcontext():
                result = target(*args, **kwargs)
        except KeyboardInterrupt as error:
            if implementation.catch_stops:
                raise Stopped from error
            raise
        except Exception:
            if implementation.watch.violation is None:
                raise  # else PyTorch may have wrapped our exception in one of its own
        if outermost and implementation.watch.violation is not None:
            raise implementation.watch.violation
        if trace:
            trace.returned(result)
        if outermost and not (name.endswith("_") or "in_place" in name):
            # At once: what the test goes on to compute from a changed input would only confuse.
            _check_unchanged(args, before, parameters)
        return result

    def _unusable(self) -> Problem | None:
        """Why the name cannot be called as it should, if so."""
        name, target = self.function.name, self.target
        kind = "class" if self.function.is_class else "function"
        mend = f"To start it again: make reset N={self.implementation.kata.number} (your file is saved first)."
        if target is None:
            module = self.implementation.module
            close = [
                other
                for other, value in vars(module).items()
                if getattr(value, "__module__", None) == module.__name__  # type: ignore[union-attr]
                and other not in self.implementation.kata.functions
            ]
            hint = f" It has `{close[0]}`: was that `{name}`?" if len(close) == 1 else ""
            return Problem(f"Your file has no {kind} named `{name}`.{hint}\n{mend}")
        if self.function.is_class and not isinstance(target, type):
            return Problem(
                f"`{name}` should be a class (`class {name}:`), but here it is {with_article(type(target).__name__)}."
            )
        if not self.function.is_class and isinstance(target, type):
            return Problem(f"`{name}` should be a function (`def {name}(...):`), but here it is a class.")
        if not callable(target):
            return Problem(f"`{name}` should be a {kind}, but here it is {with_article(type(target).__name__)}.")
        return None

    def _watch_methods(self) -> None:
        """Put the class's own methods, and the documented ones that it inherits, under watch."""
        cls = self.target
        own = {name for name, value in vars(cls).items() if inspect.isfunction(value)}
        for name in own | set(self.function.methods):
            method = getattr(cls, name, None)
            if inspect.isfunction(method) and not hasattr(method, "parameters"):
                setattr(cls, name, self._watched(method, name))

    def _watched(self, method: Any, name: str) -> Any:
        parameters = self.function.parameters(name) if name in self.function.methods else []
        shown = self.function.name if name == "__init__" else f"{self.function.name}.{name}"

        @functools.wraps(method)
        def call(instance: Any, *args: Any, **kwargs: Any) -> Any:
            bound = functools.partial(method, instance)
            return self._call(bound, shown, parameters, args, kwargs, self.function.method(name))

        watched: Any = call
        watched.parameters = parameters  # for messages; and it marks what is watched already
        return watched


def _snapshots(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments, with a copy of each tensor and array."""
    import torch

    return tuple(arg if isinstance(arg, torch.Tensor) and arg.is_inference() else _copy(arg) for arg in args)


def _copy(value: Any) -> Any:
    """A copy of a tensor or an array; anything else as it is."""
    import torch

    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return value.copy() if _is_array(value) else value


def _is_array(value: Any) -> bool:
    """Whether it is an array of NumPy's. NumPy need not be imported to know."""
    return type(value).__module__ == "numpy" and type(value).__name__ == "ndarray"


def _check_unchanged(args: tuple[Any, ...], before: tuple[Any, ...], parameters: list[str]) -> None:
    for index, (arg, old) in enumerate(zip(args, before)):
        if arg is not old and not _unchanged(arg, old):
            name = parameters[index] if index < len(parameters) else f"argument {index + 1}"
            raise CheckFailed(f"Your code changed its input `{name}`.", why=INPUT_CHANGED, got=_copy(arg))


def _unchanged(arg: Any, old: Any) -> bool:
    import torch

    if arg.shape != old.shape or arg.dtype != old.dtype:
        return False
    if _is_array(arg):
        return bool(((arg == old) | ((arg != arg) & (old != old))).all())  # NaN is not equal to NaN
    if arg.device.type == "meta" or torch.equal(arg, old):
        return True
    return bool(torch.isclose(arg.detach(), old, rtol=0, atol=0, equal_nan=True).all())


def implement(kata: Kata, impl: str, catch_stops: bool = False) -> Implementation:
    """Load the implementation that `impl` names.

    `learner`, `stub`, `reference`, `variant:NAME`, `mistake:NAME`, or `degenerate:KIND` for the invariants.
    """
    implementation = Implementation(kata, impl, catch_stops=catch_stops)
    kind, _, name = impl.partition(":")
    if kind == "learner":
        try:
            content = _read(kata)
            implementation.digest = hashlib.sha256(content).hexdigest()
            implementation.module = _load_learner(kata, content)
        except Problem as problem:
            implementation.problem = problem
    elif kind == "stub":
        implementation.module = _execute(stubs.derive(kata), kata.slug, kata.reference)
    elif kind in ("reference", "variant", "mistake", "degenerate"):
        implementation.module = load_reference(kata)
        if kind in ("variant", "mistake"):
            if name not in kata.answers[kind]:
                raise UsageError(f"{kata.name} has no {kind} {name!r}. It has: {', '.join(kata.answers[kind])}")
            stand_in = getattr(implementation.module, name)
            implementation.stands_in_for = stand_in.answer.of
            setattr(implementation.module, stand_in.answer.of, stand_in)
        elif kind == "degenerate":
            from dojo.authoring import degenerate

            for function in kata.functions.values():
                original = getattr(implementation.module, function.name)
                setattr(implementation.module, function.name, degenerate(original, name, function.is_class))
    else:
        raise UsageError(f"There is no implementation {impl!r}. Use learner, reference, variant:NAME or mistake:NAME.")
    if kind not in ("stub", "degenerate"):
        implementation.watch.banned = kata.constant("BANNED")
    return implementation


def install(implementation: Implementation) -> None:
    """Put the implementation behind `from <slug> import ...`. A later call puts another one behind the same names."""
    kata = implementation.kata
    front = sys.modules.get(kata.slug)
    if getattr(front, "subjects_of", None) != kata.folder:
        front = sys.modules[kata.slug] = types.ModuleType(kata.slug, "Stands for the learner's file.")
        front.__file__ = str(kata.answer)
        front.subjects_of = kata.folder  # type: ignore[attr-defined]
    for function in kata.functions.values():
        if isinstance(getattr(front, function.name, None), Subject):
            getattr(front, function.name).bind(implementation)
        else:
            setattr(front, function.name, Subject(function, implementation))


def load_reference(kata: Kata) -> types.ModuleType:
    """Run the reference and return it as a module, a new one each time."""
    module = types.ModuleType(f"reference_{kata.name}")
    module.__file__ = str(kata.reference)
    exec(_compiled(kata.reference, kata.source), module.__dict__)
    return module


@functools.lru_cache(maxsize=4)
def _compiled(path: Path, source: str) -> types.CodeType:
    return compile(source, str(path), "exec", dont_inherit=True)


def _read(kata: Kata) -> bytes:
    """The learner's file, or a `Problem`."""
    if kata.answer.is_dir():
        raise Problem(f"`{kata.answer.name}` is a folder, not a file. Move it away, then: make reset N={kata.number}")
    try:
        return kata.answer.read_bytes()
    except FileNotFoundError:
        raise Problem(f"The file `{kata.answer.name}` is gone. To have it back: make reset N={kata.number}") from None
    except OSError as error:
        raise Problem(f"`{kata.answer.name}` cannot be read: {error.strerror}.") from None


def _load_learner(kata: Kata, content: bytes) -> types.ModuleType:
    """Run the learner's file. Whatever goes wrong in it becomes a `Problem` with words and a line."""
    mend = f"To start it again: make reset N={kata.number} (your file is saved first)."
    try:
        source = importlib.util.decode_source(content)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        line = _line_of_bad_byte(content)
        raise Problem(
            f"The file is not saved as UTF-8 text ({error}). In your editor: Save with Encoding, UTF-8.\n{mend}", line
        ) from None
    if "\0" in source:
        raise Problem(f"The file holds zero bytes, so it is not text. Save it as UTF-8.\n{mend}")
    guard = state.guard()
    try:
        with state.restored():
            module = _execute(source, kata.slug, kata.answer)
    except SyntaxError as error:
        if error.filename != str(kata.answer):
            raise Problem(f"{type(error).__name__}: {error.msg} (in {error.filename})") from None
        raise Problem(f"Python cannot read this line: {error.msg}.", error.lineno) from None
    except BaseException as error:
        guard.mend()
        raise _raised(error, kata) from None
    replaced = guard.mend()
    if replaced:
        name = replaced.rsplit(".", 1)[-1]
        raise Problem(
            f"Your file replaces `{replaced}`. All code would get yours then, the tests too.\n"
            "Give your function another name, and leave this one alone.",
            _line_with(source, name),
        )
    return module


def _raised(error: BaseException, kata: Kata) -> Problem:
    """The problem when the file stops while Python reads it from top to bottom."""
    line = line_in(error, kata.answer)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return Problem(
            f"There is no module named `{error.name}`. Is it spelled right? The stub imports all that is needed.",
            line,
        )
    if isinstance(error, ImportError):
        return Problem(f"This import does not work: {error}.", line)
    if isinstance(error, SystemExit):
        return Problem("The file ends the program here (`exit`) while Python loads it. Remove this line.", line)
    if isinstance(error, RecursionError):
        return Problem("Code outside the functions calls itself without end.", line)
    if isinstance(error, EOFError):
        return Problem("The file waits for keyboard input (`input`). A test cannot type. Remove this line.", line)
    return Problem(f"The file stops while Python loads it: {type(error).__name__}: {first_line(error)}", line)


def _execute(source: str, name: str, path: Path) -> types.ModuleType:
    module = types.ModuleType(f"{name}_answer")
    module.__file__ = str(path)
    # Tools that read source lines (linecache, dataclasses, pickle) find the module by its name and its text here.
    linecache.cache[str(path)] = (len(source), None, source.splitlines(keepends=True), str(path))
    sys.modules[module.__name__] = module
    exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    return module


def line_in(error: BaseException, path: Path) -> int | None:
    """The innermost line of `path` in the traceback of `error`."""
    line, traceback = None, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def first_line(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # an exception of the learner's
        text = ""
    return (text.strip().splitlines() or [""])[0].removesuffix(", but expected one of:")


def _line_of_bad_byte(content: bytes) -> int | None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return content[: error.start].count(b"\n") + 1
    return None


def _line_with(source: str, name: str) -> int | None:
    """The first line that writes to something of this name."""
    for number, line in enumerate(source.splitlines(), 1):
        if re.search(rf"\b{re.escape(name)}\s*=[^=]|setattr\(.*{re.escape(name)}", line):
            return number
    return None


def with_article(noun: str) -> str:
    """`a list`, `an int`."""
    return f"{'an' if re.match('[aeiouAEIOU]', noun) else 'a'} {noun}"
