"""`make watch` survives what a file does: the learner reads words that help, and the next good save passes."""

import contextlib
import hashlib
import json
import os
import queue
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

import dojo
from dojo import catalog, skeleton, stubs, terminal

if sys.platform == "win32":
    pytest.skip("with signals, forks and terminals as Unix has them", allow_module_level=True)

import fcntl
import pty
import termios

SECONDS = 90  # that a verdict may take on a slow, busy machine
START = """
import pathlib, sys
from dojo import catalog
catalog.ROOT = pathlib.Path(sys.argv[1])
exec(sys.argv[2])
from dojo.__main__ import main
sys.exit(main(sys.argv[3:]))
"""
LIMITS = "from dojo import runner, watch; runner.MEMORY, watch.RESTLESS = 3 << 27, 3\n"
FORKED = f"""
import psutil, rich.console, watchfiles
sys.path[:0] = [{str(Path(__file__).parent)!r}, sys.argv[1]]
import forked
forked.use()
"""
CRASH = """
import os
from dojo import watch
watch.Watch.look = lambda self: 1 / 0 if os.path.exists("crash") else None
"""


def start(kata, code, *words, **options):
    """`make watch N=07` in the repository of `kata`, after some code of the test's."""
    environment = os.environ | {"PYTHONPATH": str(Path(dojo.__file__).parent.parent)}
    environment = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-c", START, str(kata.root), code, "watch", "7", "--device", "cpu", "--timeout", "2"]
    return subprocess.Popen([*command, *words], cwd=kata.root, env=environment, **options)


def function(body, top=""):
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"import os, sys\nimport torch\n{top}\n\ndef first_function(x):\n{lines}\n"


class Watched:
    """One `watch --json` of a kata, and the verdicts that it gives."""

    def __init__(self, kata):
        self.kata, self.count, self.lines = kata, 0, queue.Queue()
        self.process = start(kata, LIMITS + FORKED, "--json", stdout=subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while line := self.process.stdout.readline():
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def good(self):
        """Another right file at each call."""
        self.count += 1
        return function(f"return 2 * x  # {self.count:06}").encode()

    def verdict(self, says=lambda report: True):
        """The next verdict of which `says` is true."""
        end = time.monotonic() + SECONDS
        while report := self.lines.get(timeout=max(0.01, end - time.monotonic())):
            if says(report):
                return report
        pytest.fail("make watch has ended")

    def save(self, content):
        """Save the learner's file as many editors do, by a rename. Returns the verdict on it."""
        if self.kata.answer.is_dir():
            self.kata.answer.rmdir()
        stubs.write_atomically(self.kata.answer, content)
        return self.verdict(lambda report: report["digest"] in (digest(content), ""))

    def save_a_good_one(self):
        content = self.good()
        stubs.write_atomically(self.kata.answer, content)
        report = self.verdict(lambda report: report["digest"] == digest(content))
        assert report["status"] == "pass", report


def digest(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """One watch for all the tests here that save: it takes seconds to start."""
    root = tmp_path_factory.mktemp("watch") / "a path with spaces"
    root.mkdir()
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(catalog.ROOT / name, root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "ROOT", root)
        skeleton.write("double", "7")
        watched = Watched(catalog.select("7"))
    try:
        watched.save_a_good_one()
        yield watched
        watched.kata.answer.write_text(function(LOOP))
        time.sleep(1)  # now it runs
        with nothing_left(watched.process):
            watched.process.terminate()
    finally:
        watched.process.kill()
        watched.process.wait()


@contextlib.contextmanager
def nothing_left(process):
    """What happens inside ends the process, and all that it started."""
    started = psutil.Process(process.pid).children(recursive=True)
    assert started
    yield
    process.wait(SECONDS)
    left = psutil.wait_procs(started, timeout=10)[1]
    assert [process for process in left if runs(process.pid)] == []


RIGHT, WRONG, LOOP = "\nreturn 2 * x", "\nreturn 3 * x", "\nwhile True:\n    pass"
PASSES, DIFFER, CLOSED, RUNS = "", "values differ", "closed files", "still running after 2 seconds"
EXIT, CRASHED, REPLACES = "ended the whole Python process", "Python itself crashed", "Your code replaces `{}`"
FORGE = r"""
import contextlib, json
cases = ["every_number_is_taken_twice_0_one_row", "every_number_is_taken_twice_1_a_batch", "the_input_is_left_alone",
         "it_works_on_any_device", "gradients_reach_x"]
test = {"event": "test", "function": "first_function", "name": "", "device": "cpu", "message": "", "status": "pass"}
ids = [f"katas/07_double/test_double.py::TestFirstFunction::test_{case}[cpu]" for case in cases]
events = [*(test | {"id": id, "wrong": 0, "duration": 0.0} for id in ids), {"event": "done", "code": 0}]
text = "5\n{}\n[]\n" + "".join(json.dumps(event | {"impl": "learner"}) + "\n" for event in events) + "and no newline"
print(text, "\x1e", ids[0], end="")
for fd in range(1, 21):
    for place in (lambda: fd, lambda: os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)):
        with contextlib.suppress(OSError):
            os.write(place(), text.encode())
"""
LIAR = """
class Liar(torch.Tensor):
    __eq__ = lambda self, other: torch.ones(self.shape, dtype=torch.bool)
    __torch_function__ = classmethod(lambda cls, function, types, args=(), kwargs=None: True)
"""
STATE = """
import random, warnings
def change():
    torch.set_default_dtype(torch.float64); torch.set_default_device("meta"); torch.set_grad_enabled(False)
    torch._C._set_deterministic_algorithms(not torch.are_deterministic_algorithms_enabled())
    torch.set_num_threads(2); torch.manual_seed(1); random.seed(1)
    warnings.simplefilter("error"); sys.setrecursionlimit(100_000); os.chdir("/")
def now():
    return [torch.get_default_dtype(), torch.empty(0).device.type, torch.get_num_threads(), sys.getrecursionlimit(),
            warnings.filters[:1], os.getcwd()]
deterministic, before = [], now()
"""
SAME = "deterministic.append(torch.are_deterministic_algorithms_enabled())\n"
SAME += "assert now() == before and deterministic[0] == deterministic[-1], 'touched'"
PROCESSES = """
import subprocess
for options in ({}, {"start_new_session": True}):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], **options)
    print(process.pid, file=open("started", "a"))
"""
SIGNALS = "import signal\nfor name in ('SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGHUP'):\n"
SIGNALS += "    signal.signal(getattr(signal, name), signal.SIG_{})"
ODD = "class Odd(type):\n    __call__ = lambda cls, x: 2 * x\n    __hash__ = type.__hash__\n"
ODD += "    __eq__ = __bool__ = __repr__ = __len__ = __instancecheck__ = lambda *words: 1 / 0\n"
MUTE = "class Mute(Exception):\n    __str__ = __repr__ = lambda self: 1 / 0\n"
THREADS = "import threading, time\nfor daemon in (True, False):\n"
THREADS += "    threading.Thread(target=time.sleep, args=(1000,), daemon=daemon).start()"
LONG = "if not calls:\n    for _ in range(15):\n        print('x' * 2_000_000, end={!r})\ncalls.append(1)"
GONE = "import tempfile\nfolder = tempfile.mkdtemp()\nos.chdir(folder)\nos.rmdir(folder)"
DEEP = "sys.setrecursionlimit(10**9)\nreturn max(map(first_function, [x]))"
PATCHED = ["torch.softmax", "torch.allclose", "torch.isclose", "torch.testing.assert_close"]
PATCHED += ["dojo.testing.assert_close", "dojo.testing._check_one", "builtins.all"]
PATCH = "import builtins, dojo.testing\n{} = lambda *words, **options: True"

HOSTILE = {  # name: the file, and a phrase that its learner reads
    "a syntax error": ("def first_function(x:\n    return x\n", "cannot read this line"),
    "a wrong indent": ("def first_function(x):\nreturn 2 * x\n", "cannot read this line"),
    "latin-1": (function("return 2 * x  # café").encode("latin-1"), "not saved as UTF-8"),
    "utf-16": (function("return 2 * x").encode("utf-16"), "not saved as UTF-8"),
    "zero bytes": (b"\0" * 100, "holds zero bytes"),
    "empty": ("", "no function named `first_function`"),
    "a missing module": ("import tensorflou\n", "no module named `tensorflou`"),
    "a missing name": (function("return 2 * y"), "name 'y' is not defined"),
    "sys.exit while loaded": ("import sys\nsys.exit()\n", "ends the program here"),
    "sys.exit": (function("sys.exit()"), "ends the program here"),
    "os._exit while loaded": ("import os\nos._exit(0)\n", EXIT),
    "os._exit": (function("os._exit(3)"), EXIT),
    "os.abort": (function("os.abort()"), CRASHED),
    "a segfault": (function("import ctypes\nctypes.string_at(0)"), CRASHED),
    "an endless loop while loaded": (function(RIGHT, LOOP), RUNS),
    "an endless loop": (function(LOOP), RUNS),
    "an endless loop in native code": (function("return x * sum(range(10**13))"), RUNS),
    "an endless loop that ignores signals": (function(SIGNALS.format("IGN") + LOOP), RUNS),
    "an endless loop that a signal ends": (function(SIGNALS.format("DFL") + LOOP), RUNS),
    "recursion": (function("return first_function(x)"), "calls itself without end"),
    "recursion without a limit": (function(DEEP), CRASHED),
    "input()": (function("return 2 * x + int(input())"), "waits for keyboard input"),
    "the terminal": (function("open('/dev/tty').readline()"), "/dev/tty"),
    "stdin": (function("return (2 + len(sys.stdin.read())) * x"), PASSES),
    "30 MB of output": (function(LONG.format("\n") + WRONG, "calls = []"), DIFFER),
    "30 MB of output without newlines": (function(LONG.format("\x1e") + WRONG, "calls = []"), DIFFER),
    "forged events while loaded": (function(WRONG, FORGE), DIFFER),
    "forged events": (function(FORGE + WRONG), DIFFER),
    "a flood of events": (function("while True:\n    os.write(3, b'x\\n')"), RUNS),
    "closed files while loaded": (function(RIGHT, "os.closerange(0, 100)" + LOOP), CLOSED),
    "closed files": (function("os.closerange(0, 100)" + WRONG), CLOSED),
    "no stdout": (function("sys.stdout.close()\nsys.stdout = sys.stderr = None" + WRONG), DIFFER),
    "threads": (function(THREADS + RIGHT), PASSES),
    "a fork": (function("if not calls:\n    calls.append(1)\n    os.fork()" + RIGHT, "calls = []"), PASSES),
    "processes": (function(RIGHT, PROCESSES), PASSES),
    "a tensor that lies": (function("return (3 * x).as_subclass(Liar)", LIAR), DIFFER),
    "state while loaded": (function(SAME + RIGHT, STATE + "change()"), PASSES),
    "state": (function(SAME + "\nif len(deterministic) == 1:\n    change()" + RIGHT, STATE), PASSES),
    "memory": (function("x = [bytearray(1 << 26) for _ in range(1000)]"), "GB of memory"),
    "signal handlers": (function(RIGHT, SIGNALS.format("IGN")), PASSES),
    "a signal to the parent": (function("os.kill(os.getppid(), 0)" + RIGHT), PASSES),
    "an end that hangs": (function(RIGHT, "import atexit, time\natexit.register(time.sleep, 1000)"), PASSES),
    "a __del__ that raises": (function("D()" + RIGHT, "class D:\n    __del__ = lambda self: 1 / 0"), PASSES),
    "a metaclass": (f"{ODD}\nclass first_function(metaclass=Odd):\n    pass\n", "should be a function"),
    "a metaclass beside": (function(RIGHT, ODD + "\nclass Beside(metaclass=Odd):\n    pass"), PASSES),
    "an error without words while loaded": (f"{MUTE}\nraise Mute\n", "while Python loads it: Mute"),
    "an error without words": (function("raise Mute", MUTE), "Mute"),
    "a result without words": (function("return Mute()", MUTE), "ZeroDivisionError"),
    "a folder that is gone": (function(GONE + RIGHT), PASSES),
    "no time": (function("import time\ntime.perf_counter = None" + RIGHT), "could not be finished"),
    "2 MB": (function(RIGHT) + "# long\n" * 300_000, PASSES),
    "all replaced while loaded": (function(WRONG, "\n".join(map(PATCH.format, PATCHED))), "Your file replaces `"),
}
for name in PATCHED:
    says = REPLACES.format(name.removeprefix("builtins."))
    HOSTILE[f"{name} replaced"] = function(PATCH.format(name) + WRONG), says


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_and_then_a_good_one(watched, name):
    content, phrase = HOSTILE[name]
    report = watched.save(content if isinstance(content, bytes) else content.encode())
    watched.save_a_good_one()
    says = "\n".join(filter(None, [report["message"], *(test["message"] for test in report["tests"])]))
    assert (report["status"] == "pass") == (phrase == PASSES), report
    assert phrase in says and "Traceback" not in says, says
    assert all(len(test["output"] or "") <= 4000 for test in report["tests"])
    if name == "processes":
        first, second = map(int, (watched.kata.root / "started").read_text().split())
        wait_until(lambda: not runs(first) and not runs(second))


ITSELF = {
    "is gone": "os.unlink(__file__)",
    "is a folder": "os.unlink(__file__)\nos.mkdir(__file__)",
    "no function named": "open(__file__, 'w').close()",
    "differ": "open(__file__, 'a').write('#')",
}


@pytest.mark.parametrize("phrase", ITSELF)
def test_a_file_that_changes_itself(watched, phrase):
    content = function(WRONG, ITSELF[phrase])
    watched.kata.answer.write_text(content, encoding="utf-8")
    watched.verdict(lambda report: phrase in json.dumps(report))
    if watched.kata.answer.is_dir():
        watched.kata.answer.rmdir()
    watched.save_a_good_one()
    kept = [path.read_text(encoding="utf-8") for path in stubs.backups(watched.kata)]
    assert content in kept or phrase == "differ"


def in_pieces(file, content, before="truncate"):
    if before == "delete":
        file.unlink()
        time.sleep(0.02)
    with file.open("wb") as stream:
        for part in (content[:20], content[20:]):
            stream.write(part)
            stream.flush()
            time.sleep(0.02)


def through_a_link(file, content):
    other = file.parents[2] / "elsewhere.py"
    in_pieces(other, content)
    file.unlink()
    file.symlink_to(other)


def in_a_new_folder(file, content, levels):
    """As `git checkout` does. A save in the new folder must be seen, too."""
    folder, away = file.parents[levels], file.parents[2] / "away"
    folder.rename(away)
    time.sleep(0.3)
    copy = shutil.copytree(away, away.with_name("copy"))
    (copy / file.relative_to(folder)).write_bytes(content.replace(b"2", b"3"))
    copy.rename(folder)
    shutil.rmtree(away)
    time.sleep(0.3)
    in_pieces(file, content)


def with_the_same_size_and_time(file, content):
    before = file.stat()
    with file.open("r+b") as stream:
        assert stream.write(content) == before.st_size
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def many_times(file, content, times):
    pauses = random.Random(1)
    for count in range(1, times):
        file.write_text(function(f"return {count} * x"))
        time.sleep(pauses.uniform(0.005, 0.06) if times > 2 else 0)
    file.write_bytes(content)


SAVES = {
    "truncated and written": in_pieces,
    "deleted and written": partial(in_pieces, before="delete"),
    "through a link": through_a_link,
    "through the same link": lambda file, content: in_pieces(file.resolve(), content),
    "in a new folder of the kata": partial(in_a_new_folder, levels=0),
    "in a new folder of katas": partial(in_a_new_folder, levels=1),
    "the same size and time": with_the_same_size_and_time,
    "twice at once": partial(many_times, times=2),
    "forty times": partial(many_times, times=40),
}


@pytest.mark.parametrize("name", SAVES)
def test_the_last_save_is_judged(watched, name):
    watched.save_a_good_one()
    content = watched.good()
    SAVES[name](watched.kata.answer, content)
    assert watched.verdict(lambda report: report["digest"] == digest(content))["status"] == "pass"
    time.sleep(0.3)
    assert all(watched.lines.get()["digest"] == digest(content) for _ in range(watched.lines.qsize()))


class Terminal:
    """A `make watch` on a terminal of its own: presses keys, and remembers all that is drawn."""

    def __init__(self, kata, code=""):
        self.kata, self.code, self.drawn, self.seen = kata, code, "", 0

    def __enter__(self):
        self.master, self.slave = pty.openpty()
        self.resize(40, 80)
        self.before = termios.tcgetattr(self.slave)
        options = dict.fromkeys(("stdin", "stdout", "stderr"), self.slave)
        options["preexec_fn"] = partial(fcntl.ioctl, self.slave, termios.TIOCSCTTY, 0)
        self.process = start(self.kata, self.code, start_new_session=True, **options)
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.slave)

    def _read(self):
        with contextlib.suppress(OSError):
            while True:
                self.drawn += os.read(self.master, 1 << 16).decode("utf-8", "replace")

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, key):
        self.seen = len(self.drawn)
        os.write(self.master, key.encode())

    def shows(self, phrase, rows=40):
        """Wait until the last screen since the last key holds a phrase."""

        def found():
            frame = self.drawn[self.seen :].rpartition("\x1b[H")[2]
            shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame)
            assert self.process.poll() is None, self.drawn[-2000:]
            return phrase in shown and shown.count("\n") == rows - 1

        wait_until(found)

    def is_given_back(self):
        wait_until(lambda: self.drawn.rfind(terminal.LEAVE) > self.drawn.rfind(terminal.ENTER) >= 0)
        return termios.tcgetattr(self.slave) == self.before


def runs(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_until(says):
    end = time.monotonic() + SECONDS
    while not says():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_keys_on_a_terminal(kata):
    skeleton.write("half", "8")
    kata.answer.write_text(function("print('\x1b[2J\x1b[?1049l')\nreturn 3 * x"), encoding="utf-8")
    keys = {"h": "a nudge", "l": "half", "x": "Every number", "s": "when all tests pass"}
    keys |= {"n": "Kata 08 · half", "p": "Kata 07 · double", "r": "Every number"}
    with Terminal(kata) as screen:
        screen.shows("Printed while your code ran")
        for key, phrase in keys.items():
            screen.press(key)
            screen.shows(phrase)
        screen.resize(20, 60)
        screen.shows("space: more", rows=20)
        assert "\x1b[2J" not in screen.drawn and terminal.LEAVE not in screen.drawn
        screen.press("\x1a")  # Ctrl-Z; but what leads a session of its own cannot stop
        wait_until(lambda: -1 < screen.drawn.rfind(terminal.LEAVE) < screen.drawn.rfind(terminal.ENTER))
        screen.shows("space: more", rows=20)
        assert termios.tcgetattr(screen.slave) != screen.before
        with nothing_left(screen.process):
            screen.press("q")
        assert screen.is_given_back() and screen.process.returncode == 0


ENDS = {
    "Ctrl-C": ("", lambda screen: screen.press("\x03"), 0),
    "SIGTERM": ("", lambda screen: os.kill(screen.process.pid, signal.SIGTERM), 143),
    "SIGHUP": ("", lambda screen: os.kill(screen.process.pid, signal.SIGHUP), 143),
    "a crash": (CRASH, lambda screen: (screen.kata.root / "crash").touch(), 1),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_terminal_is_given_back(kata, name):
    code, end, returned = ENDS[name]
    with Terminal(kata, code) as screen:
        screen.shows("Getting ready")
        wait_until(psutil.Process(screen.process.pid).children)
        with nothing_left(screen.process):
            end(screen)
        assert screen.is_given_back() and screen.process.returncode == returned, screen.drawn[-2000:]
