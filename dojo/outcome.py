"""Runs one test of a kata, and says what became of it, so that two answers can be compared."""

from __future__ import annotations

import linecache
import math
import re
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
    by_chance: bool = False  # random numbers were drawn

    def same(self, other: Outcome) -> bool:
        """Whether two answers did the same in this test."""
        if self.error is None or other.error is None:
            return self.error is other.error
        if self.line != other.line or type(self.error) is not type(other.error):
            return False
        return _same_errors(self.error, other.error, self.by_chance and other.by_chance)


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
    found = ended(error, str(item.path), look)
    found.by_chance = error is not None and test.drew_by_chance()
    return found


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


def _same_errors(one: BaseException, two: BaseException, by_chance: bool) -> bool:
    if isinstance(one, CheckFailed) and isinstance(two, CheckFailed):
        if one.got is not None or two.got is not None:
            # The values tell. What the check says of them may differ in the last digits.
            return _same(one.got, two.got) or (by_chance and _alike(one, two))
        if by_chance:
            return all(
                _words(first) == _words(second) and _near(first, second)
                for first, second in ((one.says, two.says), (str(one.actual), str(two.actual)))
            )
        return one.says == two.says and one.actual == two.actual
    if isinstance(one, BannedCall) and isinstance(two, BannedCall):
        return one.operation == two.operation
    # PyTorch's words do not depend on who wrote the call, but for the order of the two tensors in it.
    own = _raised_by_hand(one) or _raised_by_hand(two)
    texts = [re.sub(r" at non-singleton dimension \d+", "", first_line(error)) for error in (one, two)]
    return _numbers(texts[0]) == _numbers(texts[1]) and (own or _words(texts[0]) == _words(texts[1]))


def _raised_by_hand(error: BaseException) -> bool:
    """Whether a `raise` of the answer made this error: its words are up to who wrote it."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and "raise" in linecache.getline(
        traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
    )


def _words(text: str) -> list[str]:
    return sorted(re.findall(r"[^\W\d]+", text))


def _numbers(text: str) -> list[float]:
    return sorted(float(number) for number in re.findall(r"\d+(?:\.\d+)?", text))


def _near(one: str, two: str) -> bool:
    """Two texts whose numbers are the same, but for chance."""
    first, second = _numbers(one), _numbers(two)
    return len(first) == len(second) and all(
        math.isclose(*pair, rel_tol=0.15, abs_tol=1e-6) for pair in zip(first, second)
    )


def _alike(one: CheckFailed, two: CheckFailed) -> bool:
    """Two results that were drawn by chance: the same shape, and the same few factors between it and what is right."""
    got, other, wanted = one.got, two.got, one.wanted
    if not all(isinstance(x, torch.Tensor) and x.device.type == "cpu" for x in (got, other, wanted, two.wanted)):
        return False
    if got.shape != other.shape or got.dtype != other.dtype:
        return False
    if wanted.shape != got.shape:
        return True  # that is what the check found
    factors = [
        {
            round(factor, 2)
            for factor in (x.detach().double() / right.double()).flatten().tolist()
            if math.isfinite(factor)
        }
        for x, right in ((got, wanted), (other, two.wanted))
    ]
    return factors[0] == factors[1] and len(factors[0]) <= 8


def _same(one: Any, two: Any) -> bool:
    """Equal values, up to the last digits of real numbers."""
    if isinstance(one, torch.Tensor) or isinstance(two, torch.Tensor):
        if not (isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor)):
            return False
        if one.shape != two.shape or one.dtype != two.dtype or one.device.type != two.device.type:
            return False
        first, second = ((x.values if isinstance(x, Elsewhere) else x).detach().cpu() for x in (one, two))
        first, second = first.resolve_conj(), second.resolve_conj()
        if first.layout != torch.strided or second.layout != torch.strided:
            return first.layout == second.layout and _same(first.to_dense(), second.to_dense())
        if first.is_complex():
            first, second = torch.view_as_real(first), torch.view_as_real(second)
        if not first.dtype.is_floating_point:
            return torch.equal(first, second)
        near = TOLERANCE.get(first.dtype, 1e-2)
        return torch.allclose(first.double(), second.double(), rtol=near, atol=near, equal_nan=True)
    if isinstance(one, (tuple, list)) and type(one) is type(two):
        return len(one) == len(two) and all(map(_same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_same(one[key], two[key]) for key in one)
    if isinstance(one, torch.nn.Module) and isinstance(two, torch.nn.Module):
        return True  # of what is in them, other checks speak
    if type(one) is not type(two):
        return False
    if isinstance(one, BaseException):
        return first_line(one) == first_line(two)
    if isinstance(one, float):
        return math.isclose(one, two, rel_tol=1e-6) or (math.isnan(one) and math.isnan(two))
    return bool(one == two) if type(one).__module__ in ("builtins", "torch") else True
