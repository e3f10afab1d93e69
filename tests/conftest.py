"""The table at the end of `make check`."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows: dict[str, dict] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", []):
                if name == "kata" and report.when == "call":
                    rows.setdefault(value["kata"], {}).update(value)
    if not rows:
        return
    columns = ("functions", "tests", "devices", "variants accepted", "mistakes caught", "seconds")
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
            totals.append(" of ".join(str(sum(int(part.split(" of ")[i]) for part in parts if part)) for i in (0, 1)))
        else:
            totals.append(f"{sum(float(part) for part in parts if part):g}")
    terminalreporter.line(f"{'all':<22}" + "".join(f"{total:>19}" for total in totals))
