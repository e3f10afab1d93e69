"""Names the learner's mistake: the known mistakes are run on the failing test, and one of them does the same.

Two answers do the same where the same check of a test gets the same value from both, or the same error arises.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from dojo import outcome
from dojo.catalog import Kata
from dojo.outcome import Outcome
from dojo.subject import Implementation, install, load_reference
from dojo.trace import Trace

SECONDS = 0.1  # for telling apart the mistakes that do the same on the failing test
ENOUGH = 6  # failing tests, and passing ones, that suffice


class Diagnosis:
    """Runs single tests of a kata again: under the eyes of a trace, and with the known mistakes."""

    def __init__(self, kata: Kata) -> None:
        self.kata = kata
        self.module = load_reference(kata)
        self.mistakes = {name: getattr(self.module, name) for name in kata.answers["mistake"]}
        self._outcomes: dict[tuple[str, str], Outcome] = {}  # of (test, mistake)

    def trace(self, item: Any, implementation: Implementation, expected: Outcome) -> list[dict[str, Any]]:
        """The operations of the last call in a failing test. None if the test ends differently this time."""
        implementation.trace = Trace(str(implementation.path))
        try:
            install(implementation)
            found = outcome.run(item, implementation)
            return implementation.trace.as_dicts() if found.same(expected) else []
        finally:
            implementation.trace = None

    def of_mistake(self, item: Any, name: str) -> Outcome:
        """The outcome of the test `item` for the mistake of this name: remembered, for it is always the same."""
        key = (item.nodeid, name)
        if key not in self._outcomes:
            stand_in = self.mistakes[name]
            of = stand_in.answer.of
            right = getattr(self.module, of)
            setattr(self.module, of, stand_in)
            implementation = Implementation(self.kata, f"mistake:{name}", self.module, catch_stops=True)
            implementation.watch.banned = self.kata.constant("BANNED")
            try:
                install(implementation)
                self._outcomes[key] = outcome.run(item, implementation, look=False)
            finally:
                setattr(self.module, of, right)
        return self._outcomes[key]

    def diagnose(
        self,
        item: Any,
        function: str,
        found: Outcome,
        failing: Sequence[Any],
        passing: Sequence[Any],
        outcome_of: Callable[[Any], Outcome],
        seconds: float = SECONDS,
        enough: int = ENOUGH,
    ) -> list[str]:
        """The mistakes of `function` that do in the failing test `item` what the learner's code did.

        One test may be the same by chance, and several mistakes may do the same in it. So other tests are asked:
        those that fail for the learner, where two of three must be the same (there may be a second mistake), and those
        that pass, where the mistake must pass too. Where one mistake is left, `enough` of either kind will do. What is
        left in the end behaves alike, or the `seconds` were over.
        """
        names = [name for name, stand_in in self.mistakes.items() if stand_in.answer.of == function]
        left = [name for name in names if self.of_mistake(item, name).same(found)]
        deadline = time.monotonic() + seconds
        agreed = {name: 0 for name in left}
        asked = 0
        for other in failing:
            if not left or (len(left) == 1 and asked >= enough) or time.monotonic() > deadline:
                break
            asked += 1
            for name in left:
                agreed[name] += self.of_mistake(other, name).same(outcome_of(other))
        best = max(agreed.values(), default=0)
        left = [name for name in left if agreed[name] == best] if 3 * best >= 2 * asked else []
        for count, other in enumerate(passing):
            if not left or (len(left) == 1 and count >= enough) or time.monotonic() > deadline:
                break
            left = [name for name in left if self.of_mistake(other, name).same(outcome_of(other))]
        return left
