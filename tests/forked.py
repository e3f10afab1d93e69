"""Workers for the tests: each would import torch, for seconds. On Linux they are forked from a process that has it.

REAL_WORKERS=1 starts real ones, as a learner's command does.
"""

import os
import subprocess
import sys

from dojo import runner, worker


class Forked(subprocess.Popen):
    """In place of the program, the child goes on as a worker."""

    def __init__(self, words, **options):
        worker._import()
        super().__init__(words, preexec_fn=lambda: work(options.get("env") or os.environ), **options)


def work(environment):
    os.closerange(3, 1024)
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
