"""The pytest hooks: thin, the work is elsewhere. The root conftest.py loads this module."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from dojo.authoring import degenerate
from dojo.catalog import Kata, UsageError
from dojo.failure import Failure, explain
from dojo.subject import Implementation, implement, install

DEVICES = ("cpu", "cuda", "mps")
_implementations = pytest.StashKey[dict[Path, Implementation]]()
_in_worker = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dojo", "tensor katas")
    group.addoption("--impl", default="learner", help="learner, reference, variant:NAME, mistake:NAME")
    group.addoption(
        "--device",
        default=os.environ.get("DEVICE") or "all",
        help="cpu, cuda, mps, or all: the CPU and every accelerator found",
    )


def devices(wanted: str) -> list[str]:
    """The devices that `wanted` asks for. One that is asked for by name and is missing is an error."""
    import torch

    found = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "all":
        return [name for name in DEVICES if found[name]]
    if wanted not in found:
        raise UsageError(f"There is no device {wanted!r}. Use DEVICE=cpu, cuda, mps or all.")
    if not found[wanted]:
        why = {"cuda": "PyTorch finds no NVIDIA GPU here", "mps": "PyTorch finds no Apple GPU here"}[wanted]
        raise UsageError(f"DEVICE={wanted} was asked for, but {why}. Use DEVICE=cpu, or leave DEVICE out.")
    return [wanted]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "device" in metafunc.fixturenames:
        try:
            metafunc.parametrize("device", devices(metafunc.config.getoption("--device")), indirect=True)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    """Before a kata's tests are imported, put the implementation behind the name that they import."""
    kata = Kata(module_path.parent)
    if re.fullmatch(r"\d\d_\w+", kata.name) and module_path == kata.tests:
        put(kata, parent.config.getoption("--impl"), parent.session)


def put(kata: Kata, impl: str, session: pytest.Session) -> None:
    """Let the kata's tests run against this implementation."""
    try:
        implementation = implement(kata, impl, catch_stops=_in_worker in session.config.stash)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    install(implementation)
    session.stash.setdefault(_implementations, {})[kata.tests] = implementation


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _in_worker not in config.stash:  # there, one session runs several implementations
        items[:] = [item for item in items if concerns(item)]


def concerns(item: pytest.Item) -> bool:
    """A variant or a mistake stands in for one function: the tests of the others would only repeat the reference."""
    implementation = _of(item)
    stand_in = implementation.stands_in_for if implementation is not None else ""
    return not stand_in or function_of(item) == stand_in


def _of(item: pytest.Item) -> Implementation | None:
    return item.session.stash.get(_implementations, {}).get(item.path)


def function_of(item: pytest.Item) -> str:
    """The function that the test's class has as its subject."""
    return getattr(getattr(getattr(item, "cls", None), "subject", None), "__name__", "")


def label(item: pytest.Item) -> dict[str, str]:
    """What a person calls this test: the function, the sentence, the device."""
    function = getattr(item, "obj", None)
    name = getattr(item, "originalname", item.name)
    plain = getattr(getattr(function, "__func__", function), "place_as", None)  # what parameterized.expand expanded
    case = ""
    if plain is not None:
        case = re.sub(r"^_\d+_?", "", name.removeprefix(plain.__name__)).replace("_", " ")
        name = plain.__name__
    device = getattr(item, "callspec", None)
    return {
        "function": function_of(item),
        "name": name.removeprefix("test_").replace("_", " ") + (f": {case}" if case else ""),
        "device": device.params.get("device", "") if device else "",
    }


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    implementation = _of(item)
    if implementation is not None:
        implementation.last_call = None
        implementation.watch.violation = None
        degenerate.wrong = 0  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give a kata's report our words instead of a traceback."""
    implementation = _of(item)
    if implementation is None or call.excinfo is None or call.excinfo.errisinstance(pytest.skip.Exception):
        report = yield
        if implementation is not None:
            report.kata = {"wrong": degenerate.wrong}  # type: ignore[attr-defined]
        return report
    failure = explain(call.excinfo.value, implementation, str(item.path))
    text, call.excinfo = call.excinfo, None  # pytest's own text, a traceback, would cost 0.3 s the first time
    report = yield
    call.excinfo = text
    report.outcome = "failed"
    report.longrepr = _text(failure, implementation, item)
    report.kata = {**failure.as_dict(), "wrong": degenerate.wrong}  # type: ignore[attr-defined]
    return report


def _text(failure: Failure, implementation: Implementation, item: pytest.Item) -> str:
    place = f"{implementation.path}:{failure.line}\n" if failure.line else ""
    return f"{place}{failure.message}\nThe test: {item.location[0]}:{(item.location[1] or 0) + 1}"


class Events:
    """Runs the collected tests against one implementation after another, and writes an event for all that happens.

    The worker registers it. One session for many implementations, because collecting costs more than running.
    """

    def __init__(self, emit: Callable[[dict[str, Any]], None], impls: list[str], first_failure: bool) -> None:
        self.emit, self.impls, self.first_failure = emit, impls, first_failure
        self.failed = False

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[_in_worker] = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.emit({"event": "broken", "message": str(report.longrepr)})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for index, impl in enumerate(self.impls):
            if index:
                self.emit({"event": "loading", "id": "loading", "impl": impl})
                for implementation in list(session.stash[_implementations].values()):
                    put(implementation.kata, impl, session)
            items = [item for item in session.items if concerns(item)]
            tests = [{"id": item.nodeid, **label(item)} for item in items]
            self.emit({"event": "tests", "impl": impl, "tests": tests})
            self._run(items, again=index > 0, until_failure=self.first_failure and impl.startswith("mistake:"))
            self.emit({"event": "end", "impl": impl})
        return True

    def _run(self, items: list[pytest.Item], again: bool, until_failure: bool) -> None:
        self.failed = False
        for item, following in zip(items, [*items[1:], None]):
            if again:
                item._initrequest()  # type: ignore[attr-defined]  # as pytest-rerunfailures does
            self.label = label(item)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed and until_failure:
                item.session._setupstate.teardown_exact(None)
                return

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.emit({"event": "start", "id": nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        self.failed = self.failed or report.failed
        event: dict[str, Any] = {"event": "test", "id": report.nodeid, **self.label}
        event |= {"status": {"passed": "pass", "skipped": "skip"}.get(report.outcome, "error"), "message": ""}
        if report.skipped and isinstance(report.longrepr, tuple):
            event["message"] = report.longrepr[2].removeprefix("Skipped: ")
        elif report.failed:
            event["message"] = str(report.longrepr)
        event |= getattr(report, "kata", {})
        self.emit({**event, "duration": report.duration})
