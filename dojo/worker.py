"""Runs one kata, once, in a process of its own, and writes events as JSON lines. The only part that imports torch.

    python -m dojo.worker [--warm]      one job as a JSON line on stdin -> events on stdout

With `--warm` it imports everything first, says "ready", and then waits for its job: it can be started ahead of time.
The learner's own output never mixes with the events: it goes to stderr, with a mark before each test.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import sys
from typing import Any, TextIO

# Plugins of pytest that a run does without: the events take the place of its terminal and its reports.
NOT_NEEDED = (
    *("terminal", "cacheprovider", "faulthandler", "xdist", "junitxml", "pastebin", "logging", "warnings", "doctest"),
    *("unraisableexception", "threadexception", "stepwise", "setuponly", "setupplan", "debugging"),
)
MARK = "\x1e"  # before the id of a test, in the stream of what the learner's code prints


class Channel:
    """Where events go: the stdout that this process was started with. File descriptor 1 then becomes stderr."""

    def __init__(self, seconds: float = 0) -> None:
        self.stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
        self.seconds = seconds

    def emit(self, event: dict[str, Any]) -> None:
        if event["event"] in ("start", "loading"):
            sys.stdout.flush()
            sys.stderr.flush()
            os.write(2, f"{MARK}{event.get('id', '')}\n".encode())
            if self.seconds:
                # Writes the stack into the event stream when time is up, even from a loop in native code: so that the
                # runner, which ends this process then, can name the learner's line.
                faulthandler.dump_traceback_later(self.seconds, exit=False, file=self.stream)
        elif event["event"] in ("test", "end", "done"):
            sys.stdout.flush()
            faulthandler.cancel_dump_traceback_later()
        self.stream.write(json.dumps(event) + "\n")
        self.stream.flush()


def main() -> None:
    channel = Channel()
    warm = "--warm" in sys.argv
    if warm:
        _import()
        channel.emit({"event": "ready"})
    line = sys.stdin.readline()
    if not line.strip():
        return
    job = json.loads(line)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the learner's code finds nothing to read
    channel.seconds = job["seconds"]
    faulthandler.enable(file=channel.stream)
    try:
        _import()
    except ImportError as error:
        channel.emit({"event": "usage", "message": f"The set-up is not complete: {error}. Repeat it with: make setup"})
        return
    run(channel, job)


def _import() -> None:
    import pytest  # noqa: F401
    import torch

    import dojo.plugin
    import dojo.testing  # noqa: F401

    gc.freeze()  # what is imported stays; later collections need not look at it
    torch.set_num_threads(1)  # the tensors are small; threads would only cost their start


def run(channel: Channel, job: dict[str, Any]) -> None:
    """Run the tests of one kata against each implementation of the job."""
    import pytest
    import torch

    from dojo.catalog import UsageError
    from dojo.plugin import Events, devices

    try:
        found = devices(job["device"])
    except UsageError as error:
        channel.emit({"event": "usage", "message": str(error)})
        return
    version = torch.__version__.split("+")[0]
    channel.emit({"event": "run", "devices": found, "torch": version})
    channel.emit({"event": "loading", "id": "loading", "impl": job["impls"][0]})
    options = [word for name in NOT_NEEDED for word in ("-p", f"no:{name}")]
    options += ["--assert=plain", "--capture=no", "--override-ini=addopts=", f"--rootdir={job['root']}"]
    options += [f"--device={job['device']}", f"--impl={job['impls'][0]}"]
    code = pytest.main([job["tests"], *options], plugins=[Events(channel.emit, job["impls"], job["first_failure"])])
    channel.emit({"event": "done", "code": int(code)})


if __name__ == "__main__":
    main()
