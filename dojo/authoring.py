"""What a reference file uses to declare other right answers and the wrong answers that people write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """How one `@variant` or `@mistake` of a reference file relates to the function that it stands in for."""

    of: str  # name of the function or class that it replaces
    says: str = ""  # words that the learner must read when this mistake is caught; "" for a variant


def variant(target: Any) -> Callable[[Any], Any]:
    """Declare another right answer for `target`: the tests must accept it."""
    return _declare(Answer(target.__name__))


def mistake(target: Any, *, says: str, in_stub: bool = False) -> Callable[[Any], Any]:
    """Declare a wrong answer for `target`: the tests must catch it, in a message that contains `says`.

    The docstring of the mistake tells the learner, in a sentence or two, why people write it. With `in_stub` it is
    broken code that the learner repairs: its body stands in the stub.
    """
    if not says.strip():
        raise ValueError(f"a mistake of {target.__name__} needs says=: words that its message must contain")
    return _declare(Answer(target.__name__, says))


@dataclass(frozen=True)
class Benchmark:
    """What `make bench` measures: see `benchmark`."""

    of: str  # the function of the kata that is measured; "" to compare the others only
    title: str
    sizes: tuple[Any, ...]
    why: str
    make: Callable[..., tuple[tuple[Any, ...], dict[str, Callable[[], Any]]]]

    def label(self, size: Any) -> str:
        return " × ".join(map(str, size if isinstance(size, tuple) else (size, size)))


def benchmark(target: Any, *, title: str, sizes: tuple[Any, ...], why: str) -> Callable[[Any], Benchmark]:
    """Declare what `target` (or None) is measured against.

    What is decorated makes the inputs: `make(size, device)` returns the arguments for `target`, and by name the calls
    that compute the same, PyTorch's own first. `why` explains the difference to the learner.
    """
    return lambda make: Benchmark(getattr(target, "__name__", ""), title, sizes, why, make)


def _declare(answer: Answer) -> Callable[[Any], Any]:
    def declare(obj: Any) -> Any:
        obj.answer = answer
        return obj

    return declare


def degenerate(original: Any, kind: str, is_class: bool) -> Any:
    """An answer without thought: it returns its `input`, `zeros`, `none`, or the right values in a wrong `shape`.

    It counts in `degenerate.wrong` how often that differed from the right answer.
    """

    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            right = original(*args, **kwargs)
        except Exception:
            degenerate.wrong += 1  # type: ignore[attr-defined]  # it should have raised
            right = None
        given = _degenerate_result(kind, right, args)
        if not _same(given, right):
            degenerate.wrong += 1  # type: ignore[attr-defined]
        return given

    if not is_class:
        return answer

    class Degenerate(original):
        def forward(self, *args: Any, **kwargs: Any) -> Any:
            right = super().forward(*args, **kwargs)
            given = _degenerate_result(kind, right, args)
            if not _same(given, right):
                degenerate.wrong += 1  # type: ignore[attr-defined]
            return given

    return Degenerate


degenerate.wrong = 0  # type: ignore[attr-defined]


def _degenerate_result(kind: str, right: Any, args: tuple[Any, ...]) -> Any:
    import torch

    if kind == "none":
        return None
    if kind == "input":
        return next((arg for arg in args if isinstance(arg, torch.Tensor)), args[0] if args else None)
    if isinstance(right, torch.Tensor):
        return torch.zeros_like(right) if kind == "zeros" else right.unsqueeze(0)
    if isinstance(right, tuple) and all(isinstance(item, torch.Tensor) for item in right):
        return tuple(_degenerate_result(kind, item, args) for item in right)
    return type(right)() if kind == "zeros" and right is not None else right


def _same(given: Any, right: Any) -> bool:
    import torch

    if isinstance(given, torch.Tensor) and isinstance(right, torch.Tensor):
        if given.device.type == "meta" or right.device.type == "meta":
            return given.shape == right.shape and given.dtype == right.dtype and given.device == right.device
        return (
            given.dtype == right.dtype
            and given.shape == right.shape
            and bool(torch.equal(given.nan_to_num(), right.nan_to_num()))
        )
    if isinstance(given, tuple) and isinstance(right, tuple):
        return len(given) == len(right) and all(map(_same, given, right))
    return type(given) is type(right) and (given == right or (given != given and right != right))  # NaN
