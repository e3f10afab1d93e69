"""Watches the tensor operations of one call into the learner's code: which one is banned."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


class BannedCall(Exception):
    """The learner's code reached an operation that this kata asks them to write."""

    def __init__(self, operation: str, advice: str) -> None:
        super().__init__(
            f"This kata asks you to {advice}. Your code calls PyTorch's `{operation}`, which does that work for you."
        )


@cache
def operation_name(function: Callable[..., Any]) -> str:
    """The bare name of an operation, however it was reached: `aten::_softmax`, `special_softmax` -> `softmax`."""
    name = getattr(function, "__name__", None) or str(function)
    name = name.split("::")[-1].split(".")[0].strip("_")
    for prefix in ("special_", "native_"):
        name = name.removeprefix(prefix)
    return name


class Watch:
    """Watches calls into the learner's code.

    A `TorchFunctionMode` sees what Python code calls (`x.softmax(-1)`, `F.dropout(x)`), and a `TorchDispatchMode` the
    kernels behind it, so that a scripted function or a direct call into `torch.ops` is seen too.
    """

    def __init__(self, banned: dict[str, str] | None = None) -> None:
        self.banned = banned or {}
        self._advice: dict[Any, str | None] = {}  # for each operation seen
        self.violation: BannedCall | None = None  # kept, in case the learner's code swallows the exception
        self._depth = 0

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        if self._depth:  # a learner's method called by another one
            yield
            return
        self._depth += 1
        try:
            with contextlib.ExitStack() as modes:
                if self.banned:
                    modes.enter_context(_Kernels(self))
                    modes.enter_context(_Functions(self))
                yield
        finally:
            self._depth -= 1

    def check(self, function: Callable[..., Any]) -> None:
        """Raise BannedCall if the kata bans this operation."""
        if function not in self._advice:
            name = operation_name(function)
            matching = [advice for pattern, advice in self.banned.items() if fnmatchcase(name, pattern)]
            self._advice[function] = matching[0] if matching else None
        advice = self._advice[function]
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


class _Kernels(TorchDispatchMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else the first operation imports torch._dynamo, which takes a second

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.watch.check(func)
        return func(*args, **(kwargs or {}))
