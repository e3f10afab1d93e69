"""Workers for the tests: each would import torch, for seconds. On Linux they are forked from a process that has it.

That process runs nothing else, for a worker must not be forked after autograd or OpenMP have worked.
REAL_WORKERS=1 starts real ones, as a learner's command does.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
from multiprocessing.reduction import DupFd
from pathlib import Path
from unittest import mock

from dojo import runner

ROOT = Path(runner.__file__).parent.parent


class Forked:
    """What the runner uses of `subprocess.Popen`, for a process that goes on as a worker."""

    def __init__(self, words, cwd, env, **options):
        (stdin, to_it), (from_it, stdout), (errors, stderr) = (os.pipe() for _ in range(3))
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["forked_ready"])
        ends = [DupFd(end) for end in (stdin, stdout, stderr)]
        self._process = context.Process(target=work, args=(str(cwd), env, ends), daemon=True)
        with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join([str(Path(__file__).parent), str(ROOT)])):
            self._process.start()
        for end in (stdin, stdout, stderr):
            os.close(end)
        self.stdin, self.stdout, self.stderr = os.fdopen(to_it, "wb"), os.fdopen(from_it, "rb"), os.fdopen(errors, "rb")
        self.pid = self._process.pid

    def poll(self):
        return self._process.exitcode

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("worker", timeout)
        return self._process.exitcode

    def send_signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def work(cwd, environment, ends):
    """In the forked process."""
    from dojo import worker

    os.setsid()
    for number, end in enumerate(ends):
        os.dup2(end.detach(), number)
    os.closerange(3, 1024)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.stdin = os.fdopen(0)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
    try:
        worker.main()
    except BaseException:
        os._exit(1)
    os._exit(0)


def use():
    """Let the runner fork its workers from now on."""
    if sys.platform == "linux" and not os.environ.get("REAL_WORKERS"):
        runner.Worker.popen = Forked
