"""The katas' tests do not lean on one another: any order, and several processes, give the same."""

import os
import subprocess
import sys
from pathlib import Path

from dojo import catalog


def test_the_katas_pass_together_in_random_order_and_in_parallel():
    command = [sys.executable, "-m", "pytest", "katas", "--impl", "reference", "--device", "cpu", "-q"]
    command += ["-n", "2", "--random-order", "-p", "no:cacheprovider", "-p", "every_fourth"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    result = subprocess.run(command, cwd=catalog.ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-2000:]
