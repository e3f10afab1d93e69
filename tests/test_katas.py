"""The invariants, for every kata of the repository."""

import invariants
import pytest

from dojo import catalog

KATAS = [pytest.param(kata, marks=pytest.mark.xdist_group(kata.name), id=f"{kata.name}_") for kata in catalog.katas()]


@pytest.mark.parametrize("check", invariants.INVARIANTS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kata", KATAS)
def test_invariant(kata, check):
    problems = check(kata)
    assert not problems, "\n\n" + "\n\n".join(problems)


@pytest.mark.parametrize("kata", KATAS)
def test_count(kata, record_property):
    """Counts for the closing table."""
    record_property("kata", invariants.counts(kata))
    assert invariants.counts(kata)["tests"]
