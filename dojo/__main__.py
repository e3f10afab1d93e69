"""`python -m dojo ...`: reads the arguments. `make help` lists the same commands."""

from __future__ import annotations

import argparse
import sys

from dojo import catalog
from dojo.catalog import UsageError


def main(arguments: list[str] | None = None) -> int:
    """Run one command. 0: all is well; 1: not yet; 2: wrong usage, with the mending command in the message."""
    parser = argparse.ArgumentParser(prog="python -m dojo", description="Tensor Katas: learn tensors by writing them.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    kata = commands.add_parser("kata", help="run the tests of one kata and show what to do next")
    kata.add_argument("kata", nargs="?", default="", help="5, 05 or broadcasting")
    kata.add_argument("--device", default="", help="cpu, cuda, mps or all (default: the CPU and every GPU found)")
    kata.add_argument("--impl", default="learner", help="learner, reference, variant:NAME, mistake:NAME")
    kata.add_argument("--timeout", type=float, default=10.0, help="seconds for one test (default: 10)")
    kata.add_argument("--json", action="store_true", help="print the results for a program")

    reset = commands.add_parser("reset", help="write the stub of a kata again; your file is saved first")
    reset.add_argument("kata", nargs="?", default="")

    stubs = commands.add_parser("stubs", help="for maintainers: derive the stubs from the reference")
    stubs.add_argument("kata", nargs="?", default="")

    new = commands.add_parser("new", help="for maintainers: write the skeleton of a new kata")
    new.add_argument("name", nargs="?", default="")
    new.add_argument("number", nargs="?", default="")

    check = commands.add_parser("check", help="for maintainers: prove the whole repository, or one kata")
    check.add_argument("kata", nargs="?", default="")
    check.add_argument("--device", default="")

    commands.add_parser("readme", help="for maintainers: write the generated parts of README.md")
    commands.add_parser("bench-feedback", help="measure how long a verdict takes")

    options = parser.parse_args(arguments)
    try:
        return _dispatch(options)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _dispatch(options: argparse.Namespace) -> int:
    # Each command imports what it needs: a verdict should not wait for the others.
    if options.command == "kata":
        from dojo import card

        return card.run(
            catalog.select(options.kata), options.impl, options.device, options.timeout, as_json=options.json
        )
    if options.command in ("reset", "stubs"):
        from dojo import stubs

        return stubs.command(options.command, options.kata)
    if options.command == "new":
        from dojo import skeleton

        return skeleton.write(options.name, options.number)
    if options.command == "check":
        from dojo import check

        return check.run(options.kata, options.device)
    if options.command == "readme":
        from dojo import readme

        return readme.write()
    from dojo import bench

    return bench.feedback()


if __name__ == "__main__":
    sys.exit(main())
