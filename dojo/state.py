"""What a learner's file may change for everybody: settings are put back, replaced functions are put back and told."""

from __future__ import annotations

import builtins
import contextlib
import functools
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch


def _default_device() -> Any:
    return getattr(getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None), "device", None)


_SETTINGS: list[tuple[Callable[[], Any], Callable[[Any], Any]]] = [
    (torch.get_default_dtype, torch.set_default_dtype),
    (_default_device, torch.set_default_device),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_num_threads, torch.set_num_threads),
    # Not torch.use_deterministic_algorithms: it imports torch._inductor, which takes a second.
    (torch.are_deterministic_algorithms_enabled, torch._C._set_deterministic_algorithms),
    (torch.is_anomaly_enabled, torch.set_anomaly_enabled),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (sys.getrecursionlimit, sys.setrecursionlimit),
]


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Put back what a learner's code may change for everybody: dtype, device, gradient mode, folder, warnings...

    Not the random generators: every test sets their seeds.
    """
    before = [read() for read, _ in _SETTINGS]
    folder = _folder()
    filters = warnings.filters[:]
    try:
        yield
    finally:
        for (read, write), old in zip(_SETTINGS, before):
            if read() != old:  # writing some of them imports half of PyTorch
                write(old)
        if warnings.filters != filters:
            warnings.filters[:] = filters  # type: ignore[index]
        if folder and _folder() != folder:
            os.chdir(folder)


def seed_no_missing_devices() -> None:
    """Let `torch.manual_seed` leave out the devices that are not there.

    For each of them it would remember the seed, and with it the stack as text: 5 ms for each call.
    """
    for backend in (torch.cuda, torch.xpu):
        if not backend.is_available() and hasattr(backend.random, "_lazy_call"):
            backend.random._lazy_call = lambda call, **options: None


class Guard:
    """Remembers the functions that tests and oracles call, and finds those that a learner's file has replaced."""

    def __init__(self, *more: Any) -> None:
        holders = [torch, torch.Tensor, torch.nn.functional, torch.nn.Module, torch.nn.Linear, torch.testing]
        holders += [torch.linalg, torch.special, torch.autograd, builtins, math, *more]
        self._holders = [(holder, dict(vars(holder))) for holder in holders]
        self._values = [tuple(vars(holder).values()) for holder in holders]

    def mend(self) -> str | None:
        """Put back what was replaced. Returns the name of the first such function, as a learner would write it."""
        found = None
        for index, (holder, kept) in enumerate(self._holders):
            if tuple(vars(holder).values()) == self._values[index]:  # the same objects: this compares no contents
                continue
            for name in [name for name in vars(holder) if name not in kept]:
                if any(name in vars(base) for base in getattr(holder, "__mro__", ())[1:]):  # it hides an inherited one
                    delattr(holder, name)
                    found = found or f"{_written(holder)}{name}"
            for name, value in kept.items():
                now = vars(holder).get(name)
                if now is value or not (callable(value) or isinstance(value, float)) or _by_a_library(now):
                    continue
                setattr(holder, name, value)
                found = found or f"{_written(holder)}{name}"
            self._values[index] = tuple(vars(holder).values())
        return found


@functools.cache
def guard() -> Guard:
    """The one guard of this process: of PyTorch's functions, and of those that the tests are made with."""
    ours = ("testing", "subject", "failure", "plugin", "trace", "picture", "outcome", "diagnosis", "elsewhere")
    return Guard(*(sys.modules[f"dojo.{name}"] for name in ours if f"dojo.{name}" in sys.modules))


def _by_a_library(value: Any) -> bool:
    """PyTorch replaces some functions of its own, when more of it is imported."""
    code = getattr(value, "__code__", None)
    place = code.co_filename if code is not None else getattr(sys.modules.get(type(value).__module__), "__file__", "")
    return any(part in str(place) for part in (f"{os.sep}torch{os.sep}", f"{os.sep}numpy{os.sep}"))


def _written(holder: Any) -> str:
    if holder is builtins:
        return ""
    name = holder.__name__ if not isinstance(holder, type) else f"{holder.__module__}.{holder.__name__}"
    return name.replace("torch.nn.modules.linear", "torch.nn").replace("torch.nn.modules.module", "torch.nn") + "."
