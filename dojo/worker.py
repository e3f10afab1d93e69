"""Runs one kata, once, in a process of its own, and writes events as JSON lines. The only part that imports torch.

    python -m dojo.worker      one job as a JSON line on stdin -> events on stdout

It can be started ahead of time: a job to "wait" makes it import everything, collect the tests and rehearse, and say
"ready". The job to run is then its next line.
The learner's own output never mixes with the events: it goes to stderr, with a mark before each test.
Each job names a secret word, which stands before each event and in each mark: what the learner's code writes has none.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import signal
import sys
from typing import Any, TextIO

# Plugins of pytest that a run does without: the events take the place of its terminal and its reports.
NOT_NEEDED = (
    *("terminal", "cacheprovider", "faulthandler", "xdist", "junitxml", "pastebin", "logging", "warnings", "doctest"),
    *("unraisableexception", "threadexception", "stepwise", "setuponly", "setupplan", "debugging"),
)
# The runner asks for the stack with a signal. Windows has none that would do: there a timer writes it.
STACK_ON_SIGNAL = hasattr(faulthandler, "register")
MARK = "\x1e"  # before the secret and the id of a test, in the stream of what the learner's code prints
CLOSED = 97  # the exit code, if the learner's code closed the way to the runner


class Channel:
    """Where events go: the stdout that this process was started with. File descriptor 1 then becomes stderr."""

    def __init__(self, seconds: float = 0, secret: str = "") -> None:
        self.stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
        self.seconds, self.secret = seconds, secret

    def emit(self, event: dict[str, Any]) -> None:
        if event["event"] in ("start", "loading", "again"):
            _flush()
            name = "again" if event["event"] == "again" else event["id"]  # what it prints again was shown already
            with contextlib.suppress(OSError):
                os.write(2, f"{MARK}{self.secret}{name}\n".encode())
            if self.seconds and not STACK_ON_SIGNAL:
                # Writes the stack into the event stream when time is up, even from a loop in native code: so that the
                # runner, which ends this process then, can name the learner's line. (It starts a thread: 0.1 ms.)
                faulthandler.dump_traceback_later(self.seconds, exit=False, file=self.stream)
        elif event["event"] in ("test", "end", "done"):
            _flush()
            if not STACK_ON_SIGNAL:
                faulthandler.cancel_dump_traceback_later()
        try:
            self.stream.write(f"{self.secret}{json.dumps(event)}\n")
            self.stream.flush()
        except (OSError, ValueError):
            os._exit(CLOSED)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the learner's code may have closed or replaced it
            stream.flush()


def main() -> None:
    channel = Channel()
    job = _read_job()
    if job is None:
        return
    channel.secret = job["secret"]
    try:
        _import()
    except ImportError as error:
        channel.emit({"event": "usage", "message": f"The set-up is not complete: {error}. Repeat it with: make setup"})
        return
    while job is not None:
        job = run(channel, job)


def _read_job() -> dict[str, Any] | None:
    """The next line of stdin; None at its end."""
    line = sys.stdin.readline()
    return json.loads(line) if line.strip() else None


def _import() -> None:
    import pytest  # noqa: F401
    import torch

    import dojo.plugin
    import dojo.testing  # noqa: F401
    from dojo import state

    state.seed_no_missing_devices()
    gc.freeze()  # what is imported stays; later collections need not look at it
    torch.set_num_threads(1)  # the tensors are small; threads would only cost their start


def run(channel: Channel, job: dict[str, Any]) -> dict[str, Any] | None:
    """Run the tests of one kata against each implementation of the job.

    A job to `wait` collects the tests, says "ready", and waits for the next line of stdin: that is the job to run,
    here if it is for the same kata. If it is for another one, it is returned.
    """
    import pytest
    import torch

    from dojo.catalog import UsageError
    from dojo.plugin import Events, devices

    def begin(job: dict[str, Any]) -> None:
        os.environ["DOJO_SEED"] = str(job["seed"])
        channel.seconds = job["seconds"]
        channel.emit({"event": "run", "devices": found, "torch": torch.__version__.split("+")[0]})
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the learner's code finds nothing to read
        if hasattr(channel, "stream"):
            faulthandler.enable(file=channel.stream)
            if STACK_ON_SIGNAL:
                faulthandler.register(signal.SIGUSR1, file=channel.stream, all_threads=False)

    def wait() -> dict[str, Any] | None:
        gc.collect()
        gc.freeze()
        channel.emit({"event": "ready", "kata": job["kata"]})
        following = _read_job()
        if following is not None and following["kata"] == job["kata"]:
            begin(following)
        return following

    try:
        found = devices(job["device"])
    except UsageError as error:
        channel.emit({"event": "usage", "message": str(error)})
        return None
    waits = job["wait"]
    first = "stub" if waits else job["impls"][0]
    if not waits:
        begin(job)
        channel.emit({"event": "loading", "id": "loading", "impl": first})
    options = [word for name in NOT_NEEDED for word in ("-p", f"no:{name}")]
    options += ["--assert=plain", "--capture=no", "--override-ini=addopts=", f"--rootdir={job['root']}"]
    options += [f"--device={job['device']}", f"--impl={first}"]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # of what else is installed: some take a second to import
    events = Events(channel.emit, job, wait if waits else None)
    try:
        code = pytest.main([job["tests"], *options], plugins=[events])
    finally:
        os.environ.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
    if events.next_job is not None:
        return events.next_job
    channel.emit({"event": "done", "code": int(code)})
    return None


if __name__ == "__main__":
    main()
