"""`make watch`: a verdict at every save. A worker that has everything ready is always waiting for the next one.

An event of the file system only wakes this up: what counts is what is on the disk then. So a save that no event told of
(a network drive, a folder that git replaced, a laptop that slept) is seen all the same, a moment later.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from dojo import card, catalog, guide, progress, runner, terminal
from dojo.catalog import Kata
from dojo.console import make_console, write_line, write_paragraph

SPARES = 2  # workers that wait: one is ready, another under way
LOOK = 0.25  # seconds from one look at the disk to the next, should no event come
STEP = 4  # milliseconds without another event that make a save complete
RESTLESS = 20  # saves in a row, each during a run, after which a save must be older than a second
DEATHS = 3  # of workers, one after another, that are too many
LARGE = 1 << 20  # bytes: of a larger file only the time and size are looked at
CTRL_Z = "\x1a"
KEYS = " n next  p previous  h hint  l list  s solution  r run  q quit  "


def run(kata: Kata | None, device: str, seconds: float, as_json: bool = False) -> int:
    """Watch one kata, or the first unfinished one, until the learner has enough. Returns the exit code."""
    kata = kata or progress.first_unfinished(catalog.katas())
    watch = Watch(kata, device or "all", seconds)
    if terminal.interactive() and not as_json:
        screen = terminal.Screen(watch.events.put)
        view: Cards | Lines = Cards(screen)
        with screen():
            return watch.run(view)
    view = Lines(as_json)
    signal.signal(signal.SIGTERM, terminal.end)  # else a worker with an endless loop would outlive this process
    with contextlib.suppress(BrokenPipeError):
        return watch.run(view)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read the output is gone
    return 0


class Run:
    """One save that is judged."""

    def __init__(self, kata: Kata, worker: runner.Worker, saved: float) -> None:
        self.kata, self.worker = kata, worker
        self.result = card.Result(kata, [], None)
        self.result.saved = time.strftime("%H:%M:%S", time.localtime(saved)) if saved else ""
        self.content = _content(kata)
        self.ended = False

    def work(self, job: dict[str, Any], tell: Callable[[tuple[Any, ...]], None]) -> None:
        """In a thread: hand the events on."""
        try:
            for event in runner.events(self.kata, job, self.worker):
                if event["event"] != "start":
                    tell(("event", self, event))
        finally:
            tell(("ended", self))


class Watch:
    """Sees saves, keeps workers ready, and lets a `view` show what comes of it."""

    def __init__(self, kata: Kata, device: str, seconds: float) -> None:
        self.kata, self.device, self.seconds = kata, device, seconds
        self.events: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()  # may be filled by a signal's handler
        self.spares: list[tuple[runner.Worker, Any]] = []  # each with the stamp of what it was prepared from
        self.current: Run | None = None
        self.last: Run | None = None  # the last one that ended by itself
        self.stamp: Any = None  # of what is judged, or will be as soon as a worker is ready
        self.wanted = False  # a run is
        self.changed = 0.0  # when the last save was seen
        self.in_a_row = 0  # saves that came during a run
        self.deaths = 0  # of workers that were not ready yet, one after another
        self.trouble = ""  # why no worker gets ready: the tests of the kata cannot be loaded, say
        self.content: bytes | None = None  # of the learner's file in the run before, in case that the file is gone
        self.over = threading.Event()
        self.view: Cards | Lines

    def run(self, view: Cards | Lines) -> int:
        self.view = view
        threading.Thread(target=self._follow_disk, daemon=True).start()
        try:
            self.begin(self.kata)
            self.start()
            while True:
                try:
                    name, *about = self.events.get(timeout=LOOK)
                except queue.Empty:
                    name, about = "look", []
                if name == "key" and about[0] == "q":
                    return 0
                self.handle(name, *about)
        except KeyboardInterrupt:
            return 0
        finally:
            self.over.set()
            for worker in [*(worker for worker, _ in self.spares), *([self.current.worker] if self.current else [])]:
                worker.stop()

    def handle(self, name: str, *about: Any) -> None:
        if name in ("look", "saved"):
            self.look()
        elif name == "key":
            self.key(about[0])
        elif name == "resized":
            self.view.draw(self)
        elif name == "continued" and isinstance(self.view, Cards):
            self.view.screen.go_on()
        elif name == "event" and about[0] is self.current:
            self.event(*about)
        elif name == "ended":
            self.ended(about[0])
        if name != "event":
            self.start()

    def begin(self, kata: Kata) -> None:
        """Watch this kata from now on."""
        self.cancel()
        self.kata, self.last, self.content = kata, None, None
        for worker, _ in self.spares:
            worker.prepare(self.job())
        self.spares = [(worker, _stamp(kata.tests, kata.reference)) for worker, _ in self.spares]
        self.stamp, self.wanted = _stamp(kata.answer, kata.tests), True
        self.view.draw(self)

    def look(self) -> None:
        """Is there another version on the disk than the one that is judged?"""
        stamp = _stamp(self.kata.answer, self.kata.tests)
        if stamp != self.stamp:
            self.in_a_row = self.in_a_row + 1 if self.current is not None else 0
            self.stamp, self.wanted, self.changed = stamp, True, time.monotonic()
            if self.in_a_row <= RESTLESS:  # else each run itself may change the file: one must end
                self.cancel()

    def cancel(self) -> None:
        if self.current is not None:
            run, self.current = self.current, None
            self.content = run.content or self.content
            threading.Thread(target=run.worker.stop, daemon=True).start()

    def start(self) -> None:
        """Judge the version on the disk, if that is wanted and a worker is ready. Make more workers, if needed."""
        made_of = _stamp(self.kata.tests, self.kata.reference)
        for worker in [worker for worker, stamp in self.spares if stamp != made_of]:  # the tests were edited
            self.take(worker).stop()
        broken = next((worker for worker, _ in self.spares if worker.process.poll() is not None), None)
        if broken is not None and not self.trouble:
            self.trouble = broken.complaint()
            self.deaths += 1
            if not self.trouble and self.deaths < DEATHS:  # something ended it: another one may live
                self.take(broken).stop()
                return
            self.trouble = self.trouble or f"The workers end before they are ready. {broken.printed.texts['']}"
            self.view.draw(self)
        if broken is not None:
            return  # until somebody mends the tests
        self.trouble = ""
        ready = next((worker for worker, _ in self.spares if worker.ready), None)
        restless = self.in_a_row > RESTLESS and time.monotonic() - self.changed < 1
        if ready is not None:
            self.deaths = 0
        if self.wanted and ready is not None and self.current is None and not restless:
            self.wanted = False
            self.current = Run(self.kata, self.take(ready), self.stamp[0][0] / 1e9 if self.stamp[0] else 0)
            threading.Thread(target=self.current.work, args=(self.job(), self.events.put), daemon=True).start()
        idle = self.current is None  # else the learner waits for a verdict: that comes first
        if not self.spares or (idle and len(self.spares) < SPARES and all(worker.ready for worker, _ in self.spares)):
            worker = runner.Worker(self.kata.root)
            worker.on_ready = lambda: self.events.put(("ready",))
            worker.prepare(self.job())
            self.spares.append((worker, made_of))

    def take(self, worker: runner.Worker) -> runner.Worker:
        """Out of the spares."""
        self.spares = [spare for spare in self.spares if spare[0] is not worker]
        return worker

    def job(self) -> dict[str, Any]:
        return runner.job_for(self.kata, ["learner"], self.device, self.seconds, details=1)

    def event(self, run: Run, event: dict[str, Any]) -> None:
        first = run.result.first("fail", "error") is None
        run.result.add(event)
        failed = event["event"] == "test" and event["status"] in ("fail", "error")
        if (first and failed) or event["event"] in ("end", "diagnosis"):
            self.last = run
            self.view.draw(self)

    def ended(self, run: Run) -> None:
        if run is not self.current:
            return
        self.current, self.last, run.ended = None, run, True
        run.result.finish(run.worker.printed)
        card.keep(run.result, run.content or self.content)
        self.content = run.content
        self.view.draw(self)
        self.look()

    def key(self, key: str) -> None:
        if key in ("n", "p"):
            names = catalog.katas(self.kata.root)
            place = [kata.name for kata in names].index(self.kata.name) + (1 if key == "n" else -1)
            if 0 <= place < len(names):
                self.begin(names[place])
                return
        if key == "r":
            self.cancel()
            self.wanted = True
        self.view.key(self, key)

    def _follow_disk(self) -> None:
        """In a thread: say when something was saved. What is missed here, a later look finds."""
        from watchfiles import watch

        folder = self.kata.root / "katas"
        while not self.over.is_set():
            try:
                number = folder.stat().st_ino
                options: dict[str, Any] = {"step": STEP, "debounce": 50, "rust_timeout": 1000, "raise_interrupt": False}
                for changes in watch(folder, yield_on_timeout=True, stop_event=self.over, watch_filter=None, **options):
                    if changes:
                        self.events.put(("saved",))
                    elif folder.stat().st_ino != number:
                        break  # another folder of that name: watch that one
            except (OSError, RuntimeError):
                time.sleep(LOOK)


class Lines:
    """Without a terminal: one card, or one line of JSON, for each save."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.trouble = ""  # as it was told
        self.told: Run | None = None

    def draw(self, watch: Watch) -> None:
        if watch.trouble != self.trouble:
            self.trouble = watch.trouble
            print(self.trouble, file=sys.stderr)
        run = watch.last
        if run is None or not run.ended or run is self.told:
            return
        self.told = run
        if self.as_json:
            print(json.dumps(card.as_exercism(run.result) | {"saved": run.result.saved, "digest": run.result.digest}))
        else:
            console = make_console()
            card.draw(run.result, console)
            console.print()
        sys.stdout.flush()

    def key(self, watch: Watch, key: str) -> None:
        pass


class Cards:
    """On a terminal: the card of the last save, and what keys ask for."""

    def __init__(self, screen: terminal.Screen) -> None:
        self.screen = screen
        self.shown: Callable[[Any], None] | None = None  # in place of the card
        self.added: Callable[[Any], None] | None = None  # below it
        self.of: Run | None = None  # what it was added to

    def draw(self, watch: Watch) -> None:
        run = watch.last
        if run is not self.of:
            self.of, self.shown, self.added = run, None, None
        if self.shown is not None:
            self.screen.show(terminal.rendered(self.shown), " any key: back to the kata ")
            return

        def everything(console: Any) -> None:
            if run is None:
                write_line(console, f"Kata {watch.kata.number} · {watch.kata.slug}", "bold")
                write_line(console, "\n  Getting ready ..." * (not watch.trouble))
            else:
                card.draw(run.result, console, commands=False)
            if watch.trouble:
                write_paragraph(console, "", watch.trouble, "bold red")
            if self.added is not None:
                console.print()
                self.added(console)

        busy = watch.current is not None or watch.wanted
        state = " running ... " if busy and (run is None or run.ended) else KEYS
        self.screen.show(terminal.rendered(everything), state, to_the_end=self.added is not None)

    def key(self, watch: Watch, key: str) -> None:
        if key in ("up", "down"):
            self.screen.scroll(key)
            return
        if key == CTRL_Z:
            self.screen.suspend()
            return
        if self.shown is not None:
            self.shown = None
        elif key == "l":
            self.shown = lambda console: guide.draw_progress(watch.kata.root, console)
        elif key == "h" and watch.last is not None:
            functions = {name: watch.last.result.counts(name) for name in watch.kata.functions}
            hint = guide.next_hint(watch.kata, functions)
            self.added = lambda console: guide.draw_hint(hint, console)
        elif key == "s":
            if guide.earned(watch.kata):
                self.shown = lambda console: guide.draw_solution(watch.kata, console)
            else:
                text = "The solution is shown when all tests pass. To give up on purpose, quit, then:"
                command = guide.give_up_command(watch.kata)
                self.added = lambda console: write_paragraph(console, "", f"{text}\n{command}", "bold")
        elif key not in ("n", "p", "r"):
            return
        self.draw(watch)


def _content(kata: Kata) -> bytes | None:
    with contextlib.suppress(OSError):
        return kata.answer.read_bytes()
    return None


def _stamp(*paths: Any) -> tuple[Any, ...]:
    """What tells one version of files from another: their times, their sizes, their contents."""
    return tuple(map(_stamp_of, paths))


def _stamp_of(path: Any) -> Any:
    try:
        about = os.stat(path)
        content = path.read_bytes() if about.st_size < LARGE else b""
    except OSError as error:
        return (0, type(error).__name__)
    return (about.st_mtime_ns, about.st_size, about.st_ino, hashlib.sha256(content).digest())
