"""`make bench-feedback`: from a save to the verdict, for `make watch` and for what else there is. Ratios, from one run.

Each way has a copy of the repository to itself, in a temporary folder. Nothing of the learner's is touched.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

from dojo import catalog, runner, stubs
from dojo.catalog import Kata

SAVES = 20  # that are timed, for each way
RANDOM_SAVES = 200  # that are written at random intervals
SHORTEST, LONGEST = 0.005, 0.3  # seconds between two of those
PATIENCE = 60.0  # seconds to wait for a verdict
WATCHER = ["pytest-watcher==0.6.3", "watchdog==4.0.2"]  # with watchdog 7 it sees no save at all
SLUG = "softmax"


def run() -> int:
    """Measure, and print tables. Returns 0."""
    if os.name == "nt":
        print("This benchmark needs a Unix system: it reads the screen of a pseudo-terminal.")
        return 2
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        ways: list[Way] = [Screen(Path(folder) / "watch"), Cold(Path(folder) / "cold")]
        with contextlib.suppress(subprocess.CalledProcessError):
            ways.append(PytestWatcher(Path(folder) / "pytest-watcher"))
        for way in ways:
            stack.callback(way.stop)
        _timed(ways)
        for way in ways[:1] + ways[2:]:
            _lost(way)
        _details(ways[0].kata)
    return 0


class Way:
    """One way to a verdict, with a copy of the repository, in which only the first function is tested."""

    name = ""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        for name in ("katas", "reference", "dojo", "conftest.py", "pyproject.toml"):
            source = catalog.ROOT / name
            copy: Any = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, root / name)
        self.kata = catalog.select(SLUG, root)
        self.log = root / "versions"  # which saves were run
        self.tests = _keep_first_class(self.kata)
        self.shown = b""
        self.process: subprocess.Popen[bytes] | None = None

    def save(self, version: int) -> None:
        """Write a wrong answer: its values, and so what is shown, are the number of this version."""
        first = next(iter(self.kata.functions))
        body = f"return x * 0 + {version}"
        text = stubs.derive(self.kata).replace(f'raise NotImplementedError("{first}")', body)
        text += f"\n\nwith open({str(self.log)!r}, 'a') as log:\n    log.write('{version}\\n')\n"
        stubs.write_atomically(self.kata.answer, text.encode())

    def seconds(self, version: int) -> float | None:
        """Save, and wait for the verdict on this version; None if it never comes."""
        self.shown = b""
        start = time.perf_counter()
        self.save(version)
        while time.perf_counter() - start < PATIENCE:
            if self.judged(version):
                return time.perf_counter() - start
            time.sleep(0.001)
        return None

    def judged(self, version: int) -> bool:
        raise NotImplementedError

    def judged_last(self) -> int:
        """The newest version that was run."""
        return int(self.log.read_text().split()[-1]) if self.log.exists() else 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def read(self, stream: IO[bytes]) -> None:
        """In a thread: keep what is shown."""
        with contextlib.suppress(OSError):
            while chunk := os.read(stream.fileno(), 1 << 16):
                self.shown += chunk


class Screen(Way):
    name = "make watch"

    def __init__(self, root: Path) -> None:
        import fcntl
        import pty
        import struct
        import termios

        super().__init__(root)
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 100, 0, 0))
        command = [sys.executable, "-m", "dojo", "watch", self.kata.number, "--device", "cpu"]
        self.process = subprocess.Popen(command, cwd=root, stdin=theirs, stdout=theirs)
        threading.Thread(target=self.read, args=(os.fdopen(ours, "rb", buffering=0),), daemon=True).start()
        while b"q quit" not in self.shown:  # it is ready
            time.sleep(0.1)

    def judged(self, version: int) -> bool:
        """Whether the last whole screen shows this version, with all its tests counted."""
        screens = self.shown.split(b"\x1b[H")
        return any(b"%d.0000!" % version in screen and b"not run." not in screen for screen in screens[-3:])


class Cold(Way):
    name = "python -m pytest, cold"

    def judged(self, version: int) -> bool:
        command = [sys.executable, "-m", "pytest", "-q", str(self.kata.folder), "--device", "cpu"]
        found = subprocess.run(command, cwd=self.kata.root, capture_output=True, check=False)
        return b"%d.0000!" % version in found.stdout


class PytestWatcher(Way):
    """In a throw-away environment, which sees the packages of this one."""

    name = "pytest-watcher"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        venv = root.parent / "venv"
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        python = str(venv / "bin" / "python")
        place = next(path for path in map(Path, sys.path) if (path / "torch").is_dir())
        site = subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True)
        Path(site.strip(), "all.pth").write_text(f"{place}\n")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *WATCHER]
        if subprocess.run(install, capture_output=True, check=False).returncode != 0:
            print(f"({WATCHER[0]} could not be installed: left out)")
            raise subprocess.CalledProcessError(1, "pip")
        command = [str(venv / "bin" / "ptw"), "katas", "--runner", python, "-m", "pytest", str(self.kata.folder)]
        command += ["--device", "cpu"]
        self.process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert self.process.stdout is not None
        threading.Thread(target=self.read, args=(self.process.stdout,), daemon=True).start()
        time.sleep(3)  # it says nothing when it is ready

    def judged(self, version: int) -> bool:
        mark = self.shown.find(b"%d.0000!" % version)
        return mark >= 0 and re.search(rb"\d+ failed.* in [\d.]+s", self.shown[mark:]) is not None


def _keep_first_class(kata: Kata) -> int:
    """Cut the tests down to those of the first function. Returns how many they are."""
    first = next(iter(kata.functions))
    for path in catalog.ROOT.glob(f"katas/*/test_{kata.slug}.py"):
        classes = re.split(r"(?m)^(?=class Test)", path.read_text(encoding="utf-8"))
        kept = [part for part in classes if not part.startswith("class Test") or f"subject = {first}\n" in part]
        kata.tests.write_text("".join(kept), encoding="utf-8")
    worker = runner.Worker(kata.root)
    planned = [event for event in runner.run(kata, ["stub"], "cpu", worker=worker) if event["event"] == "tests"]
    return len(planned[0]["tests"])


def _timed(ways: list[Way]) -> None:
    print(f"From the write of a file to the verdict: kata {ways[0].kata.slug}, {ways[0].tests} tests, CPU.")
    print(f"{SAVES} saves each, in turn, after one to warm up:", flush=True)
    times: dict[str, list[float]] = {way.name: [] for way in ways}
    for turn in range(SAVES + 1):
        for way in ways:
            _until_quiet()
            found = way.seconds(1000 + turn)
            if turn and found is not None:
                times[way.name].append(found)
    base = times[ways[0].name]
    print(f"{'':<26} {'median':>9} {'quartiles':>20} {'slowest':>9} {'against watch':>14} {'verdicts':>10}")
    for name, seconds in times.items():
        if len(seconds) < 2:
            print(f"{name:<26} no verdict")
            continue
        low, middle, high = statistics.quantiles(seconds, n=4)
        ratio = middle / statistics.median(base)
        print(
            f"{name:<26} {_ms(middle):>9} {_ms(low):>9} -{_ms(high):>9} {_ms(max(seconds)):>9} {ratio:>13.1f}x"
            f" {len(seconds):>6} of {SAVES}"
        )


def _until_quiet() -> None:
    """Wait for what runs after a verdict, such as a spare worker that gets ready: each way is measured alone."""
    import psutil

    for _ in range(30):
        if psutil.cpu_percent(0.5) < 25:
            return


def _lost(way: Way) -> None:
    """Saves at random intervals: the last version must get a verdict. Saves after the last that ran are lost."""
    chance = random.Random(1)
    start = time.perf_counter()
    for version in range(2001, 2001 + RANDOM_SAVES):
        way.save(version)
        time.sleep(chance.uniform(SHORTEST, LONGEST))
    wrote = time.perf_counter() - start
    while way.judged_last() < version and time.perf_counter() - start < wrote + PATIENCE:
        time.sleep(0.05)
    runs = len([line for line in way.log.read_text().split() if int(line) > 2000])
    print(
        f"{way.name}: {RANDOM_SAVES} saves in {wrote:.0f} s, {runs} of them run, the last one "
        f"{'run' if way.judged_last() == version else 'NOT run'}; lost: {version - way.judged_last()}",
        flush=True,
    )


def _details(kata: Kata) -> None:
    """How long the trace and the diagnosis of a failure take: for each kata, in the function with most mistakes."""
    print("\nAfter the verdict, in a warm worker, a failure is explained:")
    print(f"{'':<22} {'function':<24} {'mistakes':>8} {'shape trace':>12} {'diagnosis':>10}")
    for other in catalog.katas(kata.root):
        if other.slug == kata.slug:  # its tests were cut
            continue
        of = other.answers_of("mistake")
        function = max(of, key=lambda name: len(of[name]))
        mistake = of[function][len(of[function]) // 2]
        other.answer.write_text(f"{other.source}\n\n{function} = {mistake}\n", encoding="utf-8")
        worker, ready = runner.Worker(kata.root), threading.Event()
        worker.on_ready = ready.set
        worker.prepare(runner.job_for(other, ["learner"], "cpu"))
        ready.wait(PATIENCE)
        at = {}
        for event in runner.run(other, ["learner"], "cpu", worker=worker, details=1):
            at[event["event"]] = time.perf_counter()
        spans = (_ms(at[two] - at[one]) for one, two in (("end", "trace"), ("trace", "diagnosis")))
        print(f"{other.name:<22} {function:<24} {len(of[function]):>8} {next(spans):>12} {next(spans):>10}", flush=True)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"
