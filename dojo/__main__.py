"""`python -m dojo ...`: reads the arguments. `make help` lists the same commands."""

from __future__ import annotations

import argparse
import sys

from dojo import catalog
from dojo.catalog import UsageError

GUIDE = {  # commands about one kata
    "lesson": "show the lesson of a kata",
    "hint": "show the next hint for the first function that does not pass",
    "solution": "show your code beside the reference, once the kata passes",
    "reset": "write the stub of a kata again; your file is saved first",
    "restore": "bring back the newest backup of your file",
    "again": "practise a kata once more: the stub again, with new random inputs",
}


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

    watch = commands.add_parser("watch", help="judge a kata at every save")
    watch.add_argument("kata", nargs="?", default="", help="the kata to start with (default: the first unfinished one)")
    watch.add_argument("--device", default="")
    watch.add_argument("--timeout", type=float, default=10.0)
    watch.add_argument("--json", action="store_true", help="print one line for each save, for a program")

    for name, text in GUIDE.items():
        about = commands.add_parser(name, help=text)
        about.add_argument("kata", nargs="?", default="")
        if name == "solution":
            about.add_argument("--give-up", action="store_true", help="show it though not all tests pass")
    commands.add_parser("progress", help="show what is done, and what is next")

    broadcast = commands.add_parser("broadcast", help="see how shapes line up")
    broadcast.add_argument("shapes", nargs="*", help='such as 4,1 1,3 or "(4,1) (1,3)" (default: ask for them)')

    bench = commands.add_parser("bench", help="measure your function beside PyTorch's own")
    bench.add_argument("kata", nargs="?", default="")
    bench.add_argument("--device", default="")

    explore = commands.add_parser("explore", help="a page to play with broadcasting, strides and masks")
    explore.add_argument("--port", type=int, default=8765)
    explore.add_argument("--no-browser", action="store_true", help="print the address, and open nothing")

    quiz = commands.add_parser("quiz", help="predict the shape: ten questions")
    quiz.add_argument("--seed", default="", help="repeat the round of this number")

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
    if options.command == "watch":
        from dojo import watch

        kata = catalog.select(options.kata) if options.kata.strip() else None
        return watch.run(kata, options.device, options.timeout, as_json=options.json)
    if options.command in GUIDE and options.command != "reset":
        from dojo import guide

        more = {"give_up": options.give_up} if options.command == "solution" else {}
        return getattr(guide, options.command)(catalog.select(options.kata), **more)
    if options.command == "progress":
        from dojo import guide

        return guide.progress()
    if options.command == "broadcast":
        from dojo import broadcast

        return broadcast.run(" ".join(options.shapes))
    if options.command == "explore":
        from dojo import explore

        return explore.serve(options.port, browser=not options.no_browser)
    if options.command == "quiz":
        from dojo import quiz

        return quiz.run(options.seed)
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
    if options.command == "bench":
        from dojo import bench

        return bench.run(catalog.select(options.kata), options.device)
    from dojo import feedback

    return feedback.run()


if __name__ == "__main__":
    sys.exit(main())
