"""The invariants, for every kata of the repository."""

import invariants
import pytest

from dojo import catalog


@pytest.mark.parametrize("kata", catalog.katas(), ids=lambda kata: f"{kata.name}_")
def test_kata(kata, record_property):
    """All of them in one test, because they share the runs of the kata, and xdist would give each a process."""
    problems = [problem for check in invariants.INVARIANTS for problem in check(kata)]
    assert not problems, "\n\n" + "\n\n".join(problems)
    record_property("kata", invariants.counts(kata))
