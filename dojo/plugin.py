"""The pytest hooks: thin, the work is elsewhere. The root conftest.py loads this module."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dojo import outcome
from dojo.authoring import degenerate
from dojo.catalog import Kata, UsageError
from dojo.diagnosis import ENOUGH, Diagnosis
from dojo.failure import Failure, explain, status_of
from dojo.subject import Implementation, Problem, implement, install

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give a kata's report our words instead of a traceback."""
    implementation = _of(item)
    if implementation is None:
        return (yield)
    error = call.excinfo.value if call.excinfo is not None else None
    if call.when == "call":
        error = outcome.ended(error, str(item.path)).error
    if error is None or isinstance(error, pytest.skip.Exception):
        return (yield)
    failure = explain(error, implementation, str(item.path))
    call.excinfo = None  # pytest's own text would be a traceback
    report = yield
    report.outcome = "failed"
    report.longrepr = _text(failure, implementation, item)
    return report


def _text(failure: Failure, implementation: Implementation, item: pytest.Item) -> str:
    place = f"{implementation.path}:{failure.line}\n" if failure.line else ""
    return f"{place}{failure.message}\nThe test: {item.location[0]}:{(item.location[1] or 0) + 1}"


def spread(items: list[Any], count: int) -> list[Any]:
    """`count` of the items, evenly from first to last."""
    return items[:: max(1, -(-len(items) // count))]


@dataclass
class Ran:
    """One test that ran."""

    status: str
    outcome: outcome.Outcome
    seconds: float


class Events:
    """Runs the collected tests against one implementation after another, and writes an event for all that happens.

    The worker registers it. One session for many implementations, because collecting costs more than running.
    `wait`, if given, returns the job to run once all is ready for it: for another kata, this session ends.
    """

    def __init__(
        self,
        emit: Callable[[dict[str, Any]], None],
        job: dict[str, Any],
        wait: Callable[[], dict[str, Any] | None] | None = None,
    ) -> None:
        self.emit, self.job, self.wait = emit, job, wait
        self.next_job: dict[str, Any] | None = None
        self.labels: dict[str, dict[str, str]] = {}
        self.tests: dict[str, Ran] = {}  # of the implementation that runs
        self.diagnosis: Diagnosis | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[_in_worker] = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.emit({"event": "broken", "message": str(report.longrepr)})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        implementations = session.stash[_implementations]
        self.labels = {item.nodeid: label(item) for item in session.items}
        fresh = self.wait is None  # the first implementation is the one that the tests were collected with
        if self.wait is not None:
            self._rehearse(session)
            job = self.wait()
            if job is None or job["kata"] != self.job["kata"]:
                self.next_job = job
                return True
            self.job = job
        for impl in self.job["impls"]:
            if not fresh:
                self.emit({"event": "loading", "id": "loading", "impl": impl})
                for implementation in list(implementations.values()):
                    put(implementation.kata, impl, session)
            (implementation,) = implementations.values()
            if impl == "learner":
                self.emit({"event": "loaded", "digest": implementation.digest})
            stands_in_for = implementation.stands_in_for
            items = [item for item in session.items if stands_in_for in ("", self.labels[item.nodeid]["function"])]
            tests = [{"id": item.nodeid, **self.labels[item.nodeid]} for item in items]
            self.emit({"event": "tests", "impl": impl, "tests": tests})
            mistake = impl.startswith("mistake:")
            until_failure = self.job["first_failure"] and mistake
            self._run(items, implementation, until_failure)
            self.emit({"event": "end", "impl": impl})
            if mistake or not self.job["first_failure"]:
                self._explain(items, implementation)
            fresh = False
        return True

    def _rehearse(self, session: pytest.Session) -> None:
        """What a first run would have to wait for: imports on the way to a failure, first calls of PyTorch's."""
        emit, self.emit = self.emit, lambda event: None
        items = list({function_of(item): item for item in reversed(session.items)}.values())[::-1]
        for impl in ("reference", "degenerate:zeros"):
            for implementation in list(session.stash[_implementations].values()):
                put(implementation.kata, impl, session)
                self._run(items, implementation, until_failure=False)
                self._explain(items[:1], implementation)
        self.emit = emit

    def _run(self, items: list[pytest.Item], implementation: Implementation, until_failure: bool) -> None:
        self.tests = {}
        explained = False
        for item, following in zip(items, [*items[1:], None]):
            self.emit({"event": "start", "id": item.nodeid})
            function = self.labels[item.nodeid]["function"]
            last = following is None or self.labels[following.nodeid]["function"] != function
            degenerate.wrong = 0  # type: ignore[attr-defined]
            started = time.perf_counter()
            found = outcome.run(item, implementation, look=last)
            ran = self.tests[item.nodeid] = Ran("pass", found, time.perf_counter() - started)
            event: dict[str, Any] = {"event": "test", "id": item.nodeid, **self.labels[item.nodeid], "message": ""}
            if isinstance(found.error, pytest.skip.Exception):
                ran.status, event["message"] = "skip", str(found.error)
            elif found.error is not None and explained and not isinstance(found.error, Problem):
                ran.status = status_of(found.error, implementation)  # it is only counted
            elif found.error is not None:
                event |= explain(found.error, implementation, str(item.path)).as_dict()
                ran.status = event["status"]
                explained = self.job["details"] <= 1 and ran.status != "todo"
            self.emit(event | {"status": ran.status, "wrong": vars(degenerate)["wrong"], "duration": ran.seconds})
            if ran.status not in ("pass", "skip") and until_failure:
                return

    def _explain(self, items: list[pytest.Item], implementation: Implementation) -> None:
        """Of the first failures, as many as the job asks for, one of a function: the shape trace and the diagnosis."""
        seen: set[str] = set()
        for item in items:
            function = function_of(item)
            ran = self.tests.get(item.nodeid)
            if (
                ran is None
                or ran.status not in ("fail", "error")
                or function in seen
                or len(seen) >= self.job["details"]
            ):
                continue
            if isinstance(ran.outcome.error, Problem):
                return
            seen.add(function)
            self.emit({"event": "again", "id": item.nodeid})
            if self.diagnosis is None:
                self.diagnosis = Diagnosis(implementation.kata)
            others = [other for other in items if function_of(other) == function and other is not item]
            known = self._known(item, implementation, others)
            self.emit({"event": "diagnosis", "id": item.nodeid, "diagnosis": known})

    def _known(
        self, item: pytest.Item, implementation: Implementation, others: list[pytest.Item]
    ) -> list[dict[str, str]]:
        diagnosis, ran = self.diagnosis, self.tests[item.nodeid]
        assert diagnosis is not None
        kind, _, name = implementation.impl.partition(":")
        of = function_of(item)
        if kind == "mistake":  # for the invariants: there is time, and its other tests have not run
            others = spread(others, 2 * ENOUGH)
            names = diagnosis.diagnose(
                item, of, ran.outcome, [], others, lambda other: diagnosis.of_mistake(other, name), math.inf, 0
            )
        else:
            rows = diagnosis.trace(item, implementation, ran.outcome)
            self.emit({"event": "trace", "id": item.nodeid, "trace": rows})
            others.sort(key=lambda other: self.tests[other.nodeid].seconds)
            failing = [other for other in others if self.tests[other.nodeid].status in ("fail", "error")]
            passing = [other for other in others if self.tests[other.nodeid].status == "pass"]
            passing = spread(passing[: len(passing) * 3 // 4], ENOUGH)  # the slowest quarter takes most of the time
            names = diagnosis.diagnose(
                item, of, ran.outcome, failing, passing, lambda other: self.tests[other.nodeid].outcome
            )
        words = [(getattr(diagnosis.module, name).__doc__ or "").split() for name in names]
        return [{"name": name, "words": " ".join(text)} for name, text in zip(names, words)]
