"""Starts workers, keeps the time, and survives whatever a learner's file does. Does not import torch.

    for event in run(kata, ["learner"], device="cpu"): ...

A test during which the worker hung or died has one event as any other test.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from dojo.catalog import Kata
from dojo.worker import CLOSED, MARK, STACK_ON_SIGNAL  # which imports torch only when it runs

SECONDS = 10.0  # for one test, unless --timeout says otherwise
START_SECONDS = 300.0  # importing torch from a cold disk can be slow
GRACE = 0.5  # for the stack of a hanging test to be written
END_SECONDS = 2.0  # for a process to end, once there is no way for its events
PRINTED = 4000  # characters of a test's output that are kept
MEMORY = 4 << 30  # bytes that a worker may take; the katas need a tenth of that
LOOK = 0.05  # seconds from one look at the worker's memory to the next


class Worker:
    """One worker process. Start it ahead of time, `prepare` it for a kata, give it its one job with `run`."""

    popen: Any = subprocess.Popen  # the tests fork theirs

    def __init__(self, root: Path) -> None:
        # One thread: OpenMP's start costs more than these small tensors gain.
        environment = os.environ | {
            "PYTHONPATH": _python_path(root),
            "OMP_NUM_THREADS": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        group: dict[str, Any] = {"start_new_session": True}  # so that what the learner's code starts ends with it
        if sys.platform == "win32":
            group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self.process = self.popen(
            [sys.executable, "-m", "dojo.worker"],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **group,
        )
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.secret = secrets.token_hex(16)  # stands before each event: the learner's code can write none
        self.printed = Printed(self.secret)
        assert self.process.stdout is not None and self.process.stderr is not None
        self.threads = [
            threading.Thread(target=self._read_events, args=(self.process.stdout,), daemon=True),
            threading.Thread(target=self.printed.read, args=(self.process.stderr,), daemon=True),
        ]
        for thread in self.threads:
            thread.start()
        self.ready = False
        self._prepared = ""  # name of the kata
        self.on_ready: Callable[[], None] = lambda: None
        self._running = ""  # id of the test that runs
        self._asked = False  # for the stack
        self._ended = threading.Event()
        self._too_large = 0  # bytes, if it was ended because of its memory

    def prepare(self, job: dict[str, Any]) -> None:
        """Let it import, collect and rehearse for a job like this one. `ready` says when it has."""
        self.ready, self._prepared = False, job["kata"]
        self._send(job | {"wait": True})

    def complaint(self) -> str:
        """Why it ended before it was ready, if it said so."""
        while not self.lines.empty():
            line = self.lines.get()
            with contextlib.suppress(ValueError):
                event = json.loads((line or "").partition(self.secret)[2])
                if event["event"] in ("usage", "broken"):
                    return str(event["message"])
        return ""

    def _send(self, job: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.write((json.dumps(job | {"secret": self.secret}) + "\n").encode())
            self.process.stdin.flush()

    def run(self, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Send the job and yield its events, until the last one or the end of the process."""
        assert self.process.stdin is not None
        seconds = job["seconds"]
        self._send(job)
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        running, again = "", False
        stack: deque[str] = deque(maxlen=500)
        deadline = time.monotonic() + START_SECONDS
        threading.Thread(target=self._watch_memory, daemon=True).start()
        try:
            while True:
                try:
                    event = self._next_event(deadline, stack)
                except queue.Empty:
                    if self._ask_for_stack():
                        deadline = time.monotonic() + GRACE
                        continue
                    if not again:
                        yield {"event": "died", "id": running, "cause": "time", "seconds": seconds, "stack": stack}
                    return
                if event is None:
                    if not again:
                        yield {"event": "died", "id": running, "seconds": seconds, "stack": stack, **self._end()}
                    return
                again = event["event"] in ("again", "trace")  # it explains a failure: the verdict is known
                if event["event"] in ("start", "loading", "again"):
                    running, self._asked = event["id"], False
                    stack.clear()
                    deadline = time.monotonic() + seconds + (0 if STACK_ON_SIGNAL else GRACE)
                elif event["event"] in ("test", "tests", "end", "diagnosis"):
                    deadline = time.monotonic() + START_SECONDS
                if event["event"] == "done" and event["code"] in (2, 3) and running:
                    event = {"event": "died", "id": running, "cause": "broken", "stack": stack}
                elif event["event"] == "done" and event["code"] not in (0, 1, 5):
                    event = {"event": "broken", "message": f"pytest stopped with code {event['code']}, at {running}"}
                yield event
                if event["event"] in ("usage", "done", "broken", "died"):
                    return
        finally:
            self.stop()

    def _next_event(self, deadline: float, stack: deque[str]) -> dict[str, Any] | None:
        """The next event; None when there will be no more. Raises queue.Empty when time is up."""
        while True:
            line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            if line is None:
                return None
            _, secret, event = line.partition(self.secret)
            with contextlib.suppress(ValueError):  # what a fork of the process writes may come between
                if secret:
                    return json.loads(event)
            stack.append(line.rstrip()[:500])  # faulthandler's words, between the events
            if time.monotonic() > deadline:
                raise queue.Empty

    def _end(self) -> dict[str, Any]:
        """Why there are no more events."""
        try:
            code = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            code = CLOSED
        if self._too_large:
            return {"cause": "memory", "code": code}
        if self._asked and code == -signal.SIGUSR1:  # the learner's code had changed what that signal does
            return {"cause": "time", "code": code}
        return {"cause": "closed" if code == CLOSED else "exit", "code": code}

    def _watch_memory(self) -> None:
        """End the process when it takes more than MEMORY, before the machine has no more for others."""
        import psutil

        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.process.pid)
            while not self._ended.wait(LOOK):
                size = process.memory_info().rss
                if size > MEMORY:
                    self._too_large = size
                    if self._ask_for_stack():
                        time.sleep(GRACE / 5)
                    process.kill()
                    return

    def _ask_for_stack(self) -> bool:
        """Let the process write its stack among the events, once for each test. False if that cannot be (again)."""
        if self._asked or not STACK_ON_SIGNAL or self.process.poll() is not None:
            return False
        self._asked = True
        self.process.send_signal(signal.SIGUSR1)
        return True

    def stop(self) -> None:
        """End the process, and what it started."""
        import psutil

        self._ended.set()
        started: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            started = psutil.Process(self.process.pid).children(recursive=True)
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        for process in started:  # those that left the group, and all of them on Windows
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, *self.threads):
            with contextlib.suppress(OSError):
                stream.join(timeout=1) if isinstance(stream, threading.Thread) else stream.close()

    def _read_events(self, stream: IO[bytes]) -> None:
        for line in stream:
            _, secret, event = line.partition(self.secret.encode())
            if secret and event.startswith(b'{"event": "ready"'):
                self.ready = json.loads(event)["kata"] == self._prepared
                self.on_ready()
            else:
                self.lines.put(line.decode("utf-8", "replace"))
        self.lines.put(None)


class Printed:
    """Reads what the learner's code prints. Of each test it keeps the beginning, and how much there was."""

    def __init__(self, secret: str = "") -> None:
        self.mark = re.compile(re.escape(MARK + secret).encode() + rb"([^\n]*)\n")
        self.texts: dict[str, str] = {"": ""}
        self.sizes: dict[str, int] = {"": 0}

    def read(self, stream: IO[bytes]) -> None:
        current, rest = "", b""
        while chunk := os.read(stream.fileno(), 1 << 16):
            *others, last = self.mark.split(rest + chunk)  # text, id, text, id, text
            place = last.rfind(MARK.encode())  # of a mark that the end of the chunk cuts? Keep it for the next one
            keep = len(last) if place < 0 or len(last) - place > 1000 else place
            rest = last[keep:]
            for index, part in enumerate([*others, last[:keep]]):
                if index % 2:
                    current = part.decode("utf-8", "replace")
                else:
                    self._add(current, part)
        self._add(current, rest)

    def of(self, name: str) -> tuple[str, int]:
        """The beginning of what was printed in the test with this id, and how many bytes there were."""
        return self.texts.get(name, ""), self.sizes.get(name, 0)

    def _add(self, name: str, text: bytes) -> None:
        kept = self.texts.get(name, "")
        if len(kept) < PRINTED:
            self.texts[name] = (kept + text.decode("utf-8", "replace"))[:PRINTED]
        self.sizes[name] = self.sizes.get(name, 0) + len(text)


def run(
    kata: Kata,
    impls: list[str],
    device: str = "all",
    seconds: float = SECONDS,
    first_failure: bool = False,
    worker: Worker | None = None,
    details: int = 0,
) -> Iterator[dict[str, Any]]:
    """Run the kata's tests against each of `impls` in one worker, and yield events.

    `first_failure` ends the run of each mistake at its first failing test: that is what a learner would see.
    `details` asks for the shape trace and the diagnosis of so many failures, one of a function.
    """
    job = job_for(kata, impls, device, seconds, first_failure, details)
    yield from events(kata, job, worker or Worker(kata.root))


def events(kata: Kata, job: dict[str, Any], worker: Worker) -> Iterator[dict[str, Any]]:
    """The events of a job. If the worker hangs or dies, that is the result of the test that was running."""
    tests: dict[str, dict[str, Any]] = {}
    impl = job["impls"][0]
    for event in worker.run(job):
        impl = event.get("impl", impl)
        if event["event"] == "tests":
            tests = {test["id"]: test for test in event["tests"]}
        if event["event"] != "died":
            yield event | {"impl": impl}
            continue
        test = tests.get(event["id"], {"id": event["id"], "function": "", "name": "the file is loaded", "device": ""})
        yield {"event": "test", "impl": impl, "duration": 0.0, **test, **_death(event, kata)}


def job_for(
    kata: Kata,
    impls: list[str],
    device: str = "all",
    seconds: float = SECONDS,
    first_failure: bool = False,
    details: int = 0,
) -> dict[str, Any]:
    """The line that a worker is waiting for."""
    from dojo import progress

    return {
        "kata": kata.name,
        "root": str(kata.root),
        "tests": str(kata.tests),
        "impls": impls,
        "device": device,
        "seconds": seconds,
        "first_failure": first_failure,
        "details": details,
        "seed": progress.of(kata).seed if impls == ["learner"] else int(os.environ.get("DOJO_SEED", "0")),
        "wait": False,
    }


def _death(event: dict[str, Any], kata: Kata) -> dict[str, Any]:
    """The result of the test during which the worker hung or died."""
    line = _line_of_stack(event["stack"], kata.answer)
    source = _source(kata, line)
    if event["cause"] == "time":
        says = f"Your code was still running after {event['seconds']:g} seconds, so it was stopped."
        why = "Is there a loop whose condition never becomes false?"
        kind = "Timeout"
    elif event["cause"] == "memory":
        says = f"Your code took more than {MEMORY / (1 << 30):g} GB of memory, so it was stopped."
        why = "The tensors of this kata are small. Does something grow in a loop, or get a far too large shape?"
        kind = "Memory"
    elif event["cause"] == "closed":
        says = "Your code closed files that it had not opened: also the one that the result of this test goes to."
        why = "Something like os.close(3) or os.closerange() does that. Close only what you open."
        kind = "Closed"
        line = line or _line_with(kata, r"\b(close|closerange|dup2)\(")
        source = _source(kata, line)
    elif event["cause"] == "broken":
        says = "This test could not be finished. What your code did stopped what runs the tests, too."
        why = "Does it change something that all of Python needs, or return an object that cannot be shown?"
        kind = "Broken"
    elif event["code"] < 0 or event["stack"]:
        name = signal.Signals(-event["code"]).name if event["code"] < 0 else str(event["code"])
        says = f"Python itself crashed while your code ran ({name})."
        why = "Often the memory was full, or native code got a bad address."
        kind = "Crash"
    else:
        says = f"Your code ended the whole Python process (exit code {event['code']})."
        why = "Something like os._exit() does that. Return a result instead."
        kind = "Exit"
        line = line or _line_with(kata, r"\b(_exit|abort|kill)\(")
        source = _source(kata, line)
    place = f"line {line}: {source}\n" if line else ""
    message = f"{says}\n{place}Why: {why}"
    return {
        "status": "error",
        "says": says,
        "why": why,
        "line": line,
        "source": source,
        "kind": kind,
        "message": message,
    }


def _line_of_stack(stack: Iterable[str], path: Path) -> int | None:
    """The innermost line of `path` in what faulthandler wrote (the most recent call comes first)."""
    for text in stack:
        found = re.search(r'File "(.+)", line (\d+)', text)
        if found and found[1] == str(path):
            return int(found[2])
    return None


def _line_with(kata: Kata, pattern: str) -> int | None:
    lines = kata.answer.read_text("utf-8", "replace").splitlines() if kata.answer.is_file() else []
    return next((number for number, text in enumerate(lines, 1) if re.search(pattern, text)), None)


def _source(kata: Kata, line: int | None) -> str:
    if not line or not kata.answer.is_file():
        return ""
    lines = kata.answer.read_text("utf-8", "replace").splitlines()
    return lines[line - 1].strip() if line <= len(lines) else ""


def _python_path(root: Path) -> str:
    """The worker finds `dojo` where this runner did, and the kata's own root before it."""
    places = [str(root), str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(dict.fromkeys(place for place in places if place))
