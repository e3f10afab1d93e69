"""Runs one test of a kata, and says what became of it, so that two answers can be compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from dojo import state
from dojo.elsewhere import Elsewhere
from dojo.subject import CheckFailed, Implementation, first_line
from dojo.trace import BannedCall

TOLERANCE = {torch.float64: 1e-6, torch.float32: 2e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}
REPLACED = (
    "All code would get yours from then on, the tests too. Give your function another name, and leave this one alone."
)


@dataclass
class Outcome:
    """What became of one test: nothing (it passed), or an exception at a line of the test."""

    line: int = 0
    error: BaseException | None = None

    def same(self, other: Outcome) -> bool:
        """Whether two answers did the same in this test."""
        if (self.error is None) != (other.error is None) or self.line != other.line:
            return False
        return self.error is None or other.error is None or _same_errors(self.error, other.error)


def run(item: Any, implementation: Implementation, look: bool = True) -> Outcome:
    """Run the test `item` for the implementation that is installed. The same seed, the same inputs at every run.

    Without pytest's own protocol, which takes longer than the tests: a kata's test has no fixture but `device`.
    `look`: whether to look for replaced functions after a test that passed, too. That takes as long as a small test.
    """
    implementation.last_call = None
    implementation.watch.violation = None
    test, device = item.cls(), torch.device(item.callspec.params["device"])
    error: BaseException | None = None
    try:
        with test.prepared(device, item.originalname):
            getattr(test, item.originalname)()
    except BaseException as raised:  # SystemExit and KeyboardInterrupt too: of the learner's code
        error = raised
    return ended(error, str(item.path), look)


def ended(error: BaseException | None, test_file: str, look: bool = True) -> Outcome:
    """The outcome of a test of that file that ended in `error`."""
    replaced = state.guard().mend() if look or error is not None else None
    if replaced:
        error = CheckFailed(f"Your code replaces `{replaced}`.", why=REPLACED)
    traceback, line = error.__traceback__ if error is not None else None, 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == test_file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return Outcome(line, error)


def _same_errors(one: BaseException, two: BaseException) -> bool:
    if type(one) is not type(two):
        return False
    if isinstance(one, CheckFailed) and isinstance(two, CheckFailed):
        if one.got is not None or two.got is not None:
            # The values tell. What the check says of them may differ in the last digits.
            return _same(one.got, two.got)
        return one.says == two.says and one.actual == two.actual
    if isinstance(one, BannedCall) and isinstance(two, BannedCall):
        return one.operation == two.operation
    return first_line(one) == first_line(two)


def _same(one: Any, two: Any) -> bool:
    """Equal values, up to the last digits of real numbers."""
    if isinstance(one, torch.Tensor) or isinstance(two, torch.Tensor):
        if not (isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor)):
            return False
        if one.shape != two.shape or one.dtype != two.dtype or one.device.type != two.device.type:
            return False
        first, second = ((x.values if isinstance(x, Elsewhere) else x).detach().cpu() for x in (one, two))
        if first.layout != torch.strided or second.layout != torch.strided:
            return first.layout == second.layout and _same(first.to_dense(), second.to_dense())
        if not first.dtype.is_floating_point:
            return torch.equal(first, second)
        near = TOLERANCE.get(first.dtype, 1e-2)
        return torch.allclose(first.double(), second.double(), rtol=near, atol=near, equal_nan=True)
    if isinstance(one, (tuple, list)) and type(one) is type(two):
        return len(one) == len(two) and all(map(_same, one, two))
    if type(one) is not type(two):
        return False
    if isinstance(one, float):
        return math.isclose(one, two, rel_tol=1e-6) or (math.isnan(one) and math.isnan(two))
    if isinstance(one, BaseException):
        return first_line(one) == first_line(two)
    return bool(one == two) if type(one).__module__ in ("builtins", "torch") else True
