"""`make check`: proves the whole repository, or one kata. The same on every system."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from dojo import catalog


def run(text: str, device: str) -> int:
    """Run every step, and stop at the first that fails. Returns 0 or 1."""
    tests = ["pytest", "tests", "-n", "2", "--dist", "worksteal", "-q"]
    steps = {
        "lint": ["ruff", "check", "--quiet", "."],
        "format": ["ruff", "format", "--check", "--quiet", "."],
        "types": ["mypy", "--no-error-summary"],
        "workflow": ["check_jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/check.yml"],
        "tests": tests,
    }
    if text:
        kata = catalog.select(text)
        places = [str(path.relative_to(kata.root)) for path in (kata.reference, kata.folder)]
        steps = {"lint": [*steps["lint"][:-1], *places], "format": [*steps["format"][:-1], *places]}
        steps["tests"] = ["pytest", "tests/test_katas.py", "-q", "-k", f"{kata.name}_"]
    environment = os.environ | {"DEVICE": device or "all"}
    start = time.monotonic()
    for name, words in steps.items():
        print(f"{name} ...", flush=True)
        if subprocess.call([sys.executable, "-m", *words], cwd=catalog.ROOT, env=environment) != 0:
            mend = {
                "format": "Mend it with: .venv/bin/ruff format .",
                "lint": "Much of it: .venv/bin/ruff check --fix .",
            }
            print(f"\nmake check failed at: {name}. {mend.get(name, 'What is wrong stands above.')}")
            return 1
    print(f"make check passed in {time.monotonic() - start:.0f} s")
    return 0
