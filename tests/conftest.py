"""A small repository to break, and the table at the end of `make check`."""

import shutil
from pathlib import Path

import forked
import pytest

from dojo import catalog, skeleton

REPOSITORY = catalog.ROOT
forked.use()


@pytest.fixture
def kata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> catalog.Kata:
    """A working kata, `07_double` with `first_function`, in a repository of its own, in a path with a space."""
    root = tmp_path / "a path with spaces"
    root.mkdir()
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, root / name)
    monkeypatch.setattr(catalog, "ROOT", root)
    skeleton.write("double", "7")
    return catalog.select("7")


@pytest.fixture
def learner(kata: catalog.Kata):
    """Writes the body of the learner's `first_function`, below what stands at the top of the file."""

    def write(body: str, top: str = "") -> catalog.Kata:
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        kata.answer.write_text(f"import torch\n{top}\n\ndef first_function(x):\n{lines}\n", encoding="utf-8")
        return kata

    return write


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows: dict[str, dict] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", []):
                if name == "kata" and report.when == "call":
                    rows.setdefault(value["kata"], {}).update(value)
    if not rows:
        return
    columns = ("functions", "tests", "devices", "variants accepted", "mistakes caught", "mistakes named", "seconds")
    terminalreporter.section("the katas")
    terminalreporter.line(f"{'kata':<22}" + "".join(f"{column:>19}" for column in columns))
    for name in sorted(rows):
        cells = "".join(f"{rows[name].get(column, ''):>19}" for column in columns)
        terminalreporter.line(f"{name:<22}{cells}")
    totals = []
    for column in columns:
        parts = [str(row.get(column, "")) for row in rows.values()]
        if column == "devices":
            totals.append("")
        elif " of " in parts[0]:
            totals.append(" of ".join(str(sum(int(part.split(" of ")[i]) for part in parts)) for i in (0, 1)))
        else:
            totals.append(f"{sum(float(part) for part in parts):g}")
    terminalreporter.line(f"{'all':<22}" + "".join(f"{total:>19}" for total in totals))
