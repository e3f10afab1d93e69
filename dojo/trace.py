"""Watches the tensor operations of a call into the learner's code: which is banned, and which shapes they make."""

from __future__ import annotations

import ast
import contextlib
import itertools
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter


class BannedCall(Exception):
    """The learner's code reached an operation that this kata asks them to write."""

    def __init__(self, operation: str, advice: str) -> None:
        super().__init__(
            f"This kata asks you to {advice}. Your code calls PyTorch's `{operation}`, which does that work for you."
        )
        self.operation = operation


@cache
def operation_name(function: Callable[..., Any]) -> str:
    """The bare name of an operation, however it was reached: `aten::_softmax`, `special_softmax` -> `softmax`."""
    name = getattr(function, "__name__", None) or str(function)
    name = name.split("::")[-1].split(".")[0].strip("_")
    for prefix in ("special_", "native_"):
        name = name.removeprefix(prefix)
    return name


@cache
def _seen(patterns: tuple[tuple[str, str], ...]) -> dict[Any, str | None]:
    """What is known of operations, for these patterns: one dict for all that ask."""
    return {}


class Watch:
    """Watches calls into the learner's code.

    A `TorchFunctionMode` sees what Python code calls (`x.softmax(-1)`, `F.dropout(x)`), and a `TorchDispatchMode` the
    kernels behind it, so that a scripted function or a direct call into `torch.ops` is seen too.

    `banned` is BANNED of the reference: patterns of operations with an advice, for every function of the kata; or,
    under the name of one function, such a dict for this function alone.
    """

    def __init__(self, banned: dict[str, Any] | None = None) -> None:
        self.banned = banned or {}
        self._patterns: dict[str, str] = {}  # for the function that runs
        self._advice: dict[Any, str | None] = {}  # for each operation that was seen
        self.violation: BannedCall | None = None  # kept, in case the learner's code swallows the exception
        self._depth = 0

    @contextlib.contextmanager
    def __call__(self, function: str) -> Iterator[None]:
        """Around a call of the learner's `function`."""
        if self._depth:  # a learner's method called by another one
            yield
            return
        self._depth += 1
        self._patterns = {pattern: advice for pattern, advice in self.banned.items() if isinstance(advice, str)}
        own = self.banned.get(function)
        self._patterns |= own if isinstance(own, dict) else {}
        self._advice = _seen(tuple(self._patterns.items()))
        try:
            with contextlib.ExitStack() as modes:
                if self._patterns:
                    modes.enter_context(_Kernels(self))
                    modes.enter_context(_Functions(self))
                yield
        finally:
            self._depth -= 1

    def check(self, function: Callable[..., Any]) -> None:
        """Raise BannedCall if the kata bans this operation."""
        # An operator is one object for ever, and its own hash is slow.
        key = id(function) if isinstance(function, torch._ops.OpOverload) else function
        if key not in self._advice:
            name = operation_name(function)
            matching = [advice for pattern, advice in self._patterns.items() if fnmatchcase(name, pattern)]
            self._advice[key] = matching[0] if matching else None
        advice = self._advice[key]
        if advice is not None:
            self.violation = BannedCall(operation_name(function), advice)
            raise self.violation


class _Functions(TorchFunctionMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.watch.check(func)
        return func(*args, **(kwargs or {}))


class KernelMode(TorchDispatchMode):
    """The base of what watches kernels, here and in tests."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else the first operation imports torch._dynamo, which takes a second


class _Kernels(KernelMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.watch.check(func)
        return func(*args, **(kwargs or {}))


SIGNS = {"add": "+", "radd": "+", "sub": "-", "rsub": "-", "mul": "*", "rmul": "*", "matmul": "@", "rmatmul": "@"}
SIGNS |= {"truediv": "/", "rtruediv": "/", "div": "/", "pow": "**", "rpow": "**", "and": "&", "or": "|", "xor": "^"}
SIGNS |= {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
CLASH = re.compile(r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)")
WIDEST = 34  # characters of source that a row of the trace shows


@dataclass
class Row:
    """One operation of the learner's own lines."""

    line: int
    source: str  # the part of the line that is this operation
    inputs: str  # "(2, 5, 4) @ (2, 4, 7)"
    result: str = ""  # "(2, 5, 7) bool": the dtype where it changed
    names: str = ""  # "(batch, Tq, Tk)", where every size has one name
    error: str = ""  # why it stopped here
    clash: list[list[int]] = field(default_factory=list)  # the shapes, where it stopped because they do not line up
    times: int = 1  # in a loop


class Trace:
    """Records the operations of the last call into the learner's file `path`: line, source, shapes in and out."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows: list[Row] = []
        self._places: dict[Any, Row] = {}
        self._call: Any = None
        self.inside_layer = 0  # a layer of PyTorch's is running: its operations are not the learner's

    @contextlib.contextmanager
    def call(self, call: Any) -> Iterator[None]:
        """Around one call of a test: forgets the one before."""
        self.rows, self._places, self._call, self.inside_layer = [], {}, call, 0
        hooks = torch.nn.modules.module
        before = hooks.register_module_forward_pre_hook(self._layer_starts)
        after = hooks.register_module_forward_hook(self._layer_ends, always_call=True)
        try:
            with _Shapes(self):
                yield
        finally:
            before.remove()
            after.remove()

    def returned(self, result: Any) -> None:
        """The last row: what the function returned."""
        tensors = [item for item in tree_iter(result) if isinstance(item, torch.Tensor)]
        if self.rows and tensors:
            shapes = ", ".join(_text(item) for item in tensors[:3])
            names = self._call.names.of(tensors[0].shape) if len(tensors) == 1 else ""
            self.rows.append(Row(0, "returns", "", shapes, names))

    def as_dicts(self) -> list[dict[str, Any]]:
        return [asdict(row) for row in self.rows]

    def add(self, function: Any, args: Any, kwargs: Any, run: Callable[[], Any]) -> Any:
        """Run one operation, and note it if a line of the learner's called for it."""
        frame = None if self.inside_layer else self._frame()
        if frame is None:
            return run()
        inputs = [item for item in tree_iter((args, kwargs)) if isinstance(item, torch.Tensor)]
        name = getattr(function, "__name__", "").strip("_")
        sign = SIGNS.get(name)
        mixed = len({item.device.type for item in inputs if item.ndim}) > 1
        shapes = [_text(item, mixed) for item in inputs]  # now: it may change them
        if sign and len(shapes) == 1:  # the other one is a number
            numbers = [item for item in args if isinstance(item, (int, float))]
            shapes += [f"{number:g}" for number in numbers[:1]]
            if name[0] == "r" and name != "radd":
                shapes.reverse()
        joined = f" {sign or ','} ".replace(" , ", ", ").join(shapes[:3])
        try:
            result = run()
        except Exception as error:
            row = self._note(frame, name, joined, error=_cause(error, sign, inputs))
            if CLASH.search(str(error)) and "matmul" not in name:
                row.clash = [list(map(int, item.shape)) for item in inputs]
            raise
        made = next((item for item in tree_iter(result) if isinstance(item, torch.Tensor)), None)
        if name == "setitem":
            made = args[0]
        if made is not None and not (name == "get" and made.ndim == 0):
            changed = made.dtype != (inputs[0].dtype if inputs else torch.get_default_dtype())
            dtype = f" {str(made.dtype).removeprefix('torch.')}" if changed else ""
            self._note(frame, name, joined, _text(made) + dtype, self._call.names.of(made.shape))
        return result

    def _note(
        self, frame: FrameType, name: str, inputs: str, result: str = "", names: str = "", error: str = ""
    ) -> Row:
        position = _position(frame)
        key = (position, name)
        row = self._places.get(key)
        if row is not None and not error:  # the next turn of a loop
            row.times, row.inputs, row.result, row.names = row.times + 1, inputs, result, names
            return row
        row = Row(frame.f_lineno, _source(self.path, position), inputs, result, names, error)
        self._places[key] = row
        self.rows.append(row)
        return row

    def _frame(self) -> FrameType | None:
        """The innermost running line of the learner's file."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != self.path:
            frame = frame.f_back
        return frame

    def _layer_starts(self, module: Any, args: Any) -> None:
        if type(module).__module__.startswith("torch."):
            self.inside_layer += 1

    def _layer_ends(self, module: Any, args: Any, result: Any) -> None:
        if not type(module).__module__.startswith("torch."):
            return
        self.inside_layer -= 1
        frame = self._frame()
        inputs = ", ".join(_text(item) for item in tree_iter(args) if isinstance(item, torch.Tensor))
        if self.inside_layer or frame is None:
            return
        if isinstance(result, torch.Tensor):
            self._note(frame, type(module).__name__, inputs, _text(result), self._call.names.of(result.shape))
        else:  # it raised
            self._note(frame, type(module).__name__, inputs, error="stops here")


class _Shapes(TorchFunctionMode):
    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.trace.add(func, args, kwargs, lambda: func(*args, **(kwargs or {})))


def _text(x: torch.Tensor, device: bool = False) -> str:
    place = {"cpu": " on the CPU", "meta": " on another device"}.get(x.device.type, f" on {x.device.type}")
    return str(tuple(int(size) for size in x.shape)) + (place if device else "")


def _cause(error: Exception, sign: str | None, inputs: list[torch.Tensor]) -> str:
    """Why an operation stopped, in a few words."""
    if isinstance(error, BannedCall):
        return "not in this kata"
    if "at least two devices" in str(error):
        return "two devices"
    clash = CLASH.search(str(error))
    if clash:
        return f"{clash[1]} and {clash[2]} do not line up"
    if sign == "@" and len(inputs) == 2 and min(item.ndim for item in inputs) > 1:
        middle = int(inputs[0].shape[-1]), int(inputs[1].shape[-2])
        if middle[0] != middle[1]:
            return f"{middle[0]} and {middle[1]} do not meet"
    kinds = [str(item.dtype).removeprefix("torch.") for item in inputs]
    if len(set(kinds)) > 1 and re.search("dtype|scalar type", str(error)):
        return f"{kinds[0]} with {kinds[1]}"
    return "stops here"


def _position(frame: FrameType) -> tuple[int, int, int, int]:
    """Where the running operation stands in the source: first and last line, first and last byte in it."""
    if sys.version_info >= (3, 11):
        found = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
        if found is not None and None not in found:
            return found  # type: ignore[return-value]
    return (frame.f_lineno, frame.f_lineno, 0, 1 << 20)


def _source(path: str, position: tuple[int, int, int, int]) -> str:
    """The source at this position on one line, shortened."""
    first, last, start, end = position
    lines = [linecache.getline(path, number).encode() for number in range(first, last + 1)]
    if not lines:
        return ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    text = " ".join(b" ".join(line.strip() for line in lines).decode("utf-8", "replace").split())
    return shortened(text)


def shortened(text: str) -> str:
    """An expression whose inner parts give way to `…` if it is long: `torch.softmax(…, -1)`."""
    if len(text) <= WIDEST:
        return text
    with contextlib.suppress(SyntaxError, ValueError, RecursionError):
        text = ast.unparse(_Outermost().visit(ast.parse(text, mode="eval")))
        text = text.replace("__etc", "…")
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


class _Outermost(ast.NodeTransformer):
    """Keeps the outermost operation; what is calculated inside it becomes `…`."""

    def visit_Expression(self, node: ast.Expression) -> ast.AST:
        outer = node.body
        for name, value in ast.iter_fields(outer):
            if isinstance(value, list):
                setattr(outer, name, [self._inner(item) for item in value])
            elif name == "func" and isinstance(value, ast.Attribute):
                value.value = self._inner(value.value)
            elif isinstance(value, ast.expr) and name not in ("func", "slice"):
                setattr(outer, name, self._inner(value))
        return node

    def _inner(self, node: Any) -> Any:
        if isinstance(node, (ast.BinOp, ast.Call, ast.Subscript, ast.UnaryOp)) and len(ast.unparse(node)) > 9:
            return ast.Name("__etc")
        return node
