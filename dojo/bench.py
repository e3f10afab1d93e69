"""`make bench-feedback`: how long a verdict takes, beside what no verdict can do without. Ratios, from one run."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time

from dojo import catalog

ROUNDS = 15


def feedback() -> int:
    """Measure from the prompt to the verdict, against importing torch and pytest. Prints a table; returns 0."""
    kata = next(kata for kata in catalog.katas() if kata.slug == "broadcasting")
    python = [sys.executable]
    commands = {
        'python -c "import torch, pytest"': [*python, "-c", "import torch, pytest"],
        f"python -m dojo kata {kata.number}": [*python, "-m", "dojo", "kata", kata.number, "--device", "cpu"],
        f"make kata N={kata.number}": ["make", "kata", f"N={kata.number}", "DEVICE=cpu"],
        f"python -m pytest katas/{kata.name}": [*python, "-m", "pytest", "-q", str(kata.folder), "--device", "cpu"],
    }
    if shutil.which("make") is None or not (catalog.ROOT / ".venv" / ".ready").exists():
        del commands[f"make kata N={kata.number}"]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    print(f"{ROUNDS} rounds, each command once a round, on {kata.name} as it is now:")
    for turn in range(ROUNDS + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=catalog.ROOT, capture_output=True, check=False)
            if turn:  # the first round warms the disk's cache
                seconds[name].append(time.perf_counter() - start)
    base = seconds[next(iter(commands))]
    print(f"{'':<38} {'ratio':>7} {'median':>9} {'quartiles':>17}")
    for name, times in seconds.items():
        ratio = statistics.median(one / two for one, two in zip(times, base))
        low, middle, high = statistics.quantiles(times, n=4)
        print(f"{name:<38} {ratio:>6.2f}x {middle:>7.2f} s {low:>8.2f} - {high:.2f} s")
    return 0
