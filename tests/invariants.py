"""What must be true of every kata. Each check returns sentences: what is wrong, and the mending command."""

from __future__ import annotations

import ast
import doctest
import functools
import io
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from dojo import runner, stubs
from dojo.catalog import Kata
from dojo.subject import load_reference

Check = Callable[[Kata], list[str]]
DEGENERATE = ("input", "zeros", "none", "shape")
HELPERS = {"assert_close", "assert_equal", "assert_that", "assert_raises"}  # these need a why of their own


def stub_is_current(kata: Kata) -> list[str]:
    """The learner's file is the stub that the reference gives: not solved, not stale."""
    if not kata.answer.is_file():
        return [f"{kata.name}: the stub is missing. Write it with: make stubs N={kata.number}"]
    text, wanted = kata.answer.read_text(encoding="utf-8"), stubs.derive(kata)
    if text == wanted:
        return []
    found = {node.name: node for node in ast.parse(text).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    right = {node.name: node for node in ast.parse(wanted).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    solved = [name for name in stubs.solved(text, wanted) if name in right]
    if solved:
        return [
            f"{kata.name}: {name} is solved in the stub. A learner must find it empty. Put the stub back: "
            f"make reset N={kata.number}"
            for name in solved
        ]
    stale = [name for name in right if name not in found or ast.dump(found[name]) != ast.dump(right[name])]
    names = ", ".join(stale or sorted(found.keys() - right.keys())) or "its head"
    return [f"{kata.name}: the stub of {names} is stale. Write it again: make stubs N={kata.number}"]


def has_three_hints(kata: Kata) -> list[str]:
    hints = kata.constant("HINTS")
    wrong = [(name, len(hints.get(name, []))) for name in kata.functions if len(hints.get(name, [])) != 3]
    problems = [
        f"{kata.name}: {name} has {count} hints, and three are needed: a nudge, the shapes, almost the code. "
        f"Write them in HINTS of reference/{kata.name}.py"
        for name, count in wrong
    ]
    problems += [
        f"{kata.name}: a hint of {name} is empty. Write it in HINTS of reference/{kata.name}.py"
        for name, rungs in hints.items()
        if not all(rung.strip() for rung in rungs)
    ]
    unknown = sorted(hints.keys() - kata.functions.keys())
    return problems + [f"{kata.name}: HINTS names {name}, which is no function of the kata." for name in unknown]


def has_variants_and_mistakes(kata: Kata) -> list[str]:
    """Every function has another right answer and some wrong ones, and every mistake tells the learner its reason."""
    problems = []
    module = _reference(kata)
    for kind, names in kata.answers.items():
        of = [getattr(module, name).answer.of for name in names]
        problems += [
            f"{kata.name}: {name} has no {kind}. Add one to reference/{kata.name}.py, below @{kind}({name}...)"
            for name in kata.functions
            if name not in of
        ]
        if len(set(names)) < len(names):
            problems.append(f"{kata.name}: two {kind}s have the same name in reference/{kata.name}.py")
    for name in kata.answers["mistake"]:
        if not (getattr(module, name).__doc__ or "").strip():
            problems.append(
                f"{kata.name}: the mistake {name} has no docstring: say to the learner why people write it."
            )
    return problems


def examples_are_right(kata: Kata) -> list[str]:
    """Every docstring holds a worked example, and the reference gives what it shows."""
    module = _reference(kata)
    problems = []
    for function in kata.functions.values():
        text = ast.get_docstring(function.node) or ""
        if ">>>" not in text:
            problems.append(f"{kata.name}: the docstring of {function.name} has no example (>>>). Add one that runs.")
            continue
        test = doctest.DocTestParser().get_doctest(text, dict(vars(module)), function.name, str(kata.reference), 0)
        output = io.StringIO()
        result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=output.write)
        if result.failed:
            problems.append(
                f"{kata.name}: the example of {function.name} is not what the reference gives:\n{output.getvalue()}"
            )
    return problems


def lesson_is_complete(kata: Kata) -> list[str]:
    """The lesson fits on a page, names every function, its command, and what it does not teach."""
    if not kata.lesson.is_file():
        return [f"{kata.name}: the lesson is missing. Write katas/{kata.name}/README.md"]
    text = kata.lesson.read_text(encoding="utf-8")
    wanted = [f"make kata N={kata.number}", "does not teach", *kata.functions]
    problems = [
        f"{kata.name}: the lesson does not contain {part!r}. Mend katas/{kata.name}/README.md"
        for part in wanted
        if part not in text
    ]
    for picture in re.findall(r"(?ms)^```\n.*?^```", text):
        wide = [part for part in picture.splitlines() if len(part) > 78]
        problems += [f"{kata.name}: a picture of the lesson is wider than 78 characters: {part}" for part in wide]
    if len(text.splitlines()) > 75:
        problems.append(f"{kata.name}: the lesson has {len(text.splitlines())} lines. A page has 75.")
    return problems


def tests_are_in_order(kata: Kata) -> list[str]:
    """One test class for each function, in the order of the stub; checks go through dojo.testing and say why."""
    tree = ast.parse(kata.tests.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    subjects = [_subject(node) for node in classes]
    problems = []
    for name in kata.functions:
        if name not in subjects:
            problems.append(
                f"{kata.name}: no test class has `subject = {name}`. Add it to katas/{kata.name}/{kata.tests.name}"
            )
    if not problems and list(dict.fromkeys(subjects)) != list(kata.functions):
        problems.append(f"{kata.name}: the test classes are not in the order of the stub: {', '.join(kata.functions)}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            problems.append(f"{kata.name}: line {node.lineno} of the tests uses `assert`. Use a check of dojo.testing.")
        helper = isinstance(node, ast.Call) and getattr(node.func, "id", "") in HELPERS
        if helper and not any(keyword.arg == "why" for keyword in node.keywords):
            problems.append(f"{kata.name}: line {node.lineno} of the tests has a check without why=.")
    return problems


def _subject(node: ast.ClassDef) -> str:
    for item in node.body:
        if isinstance(item, ast.Assign) and getattr(item.targets[0], "id", "") == "subject":
            return getattr(item.value, "id", "")
    return ""


def stub_fails_every_test(kata: Kata) -> list[str]:
    """On the stub every test says "to do"; where the stub gives broken code, some test of it fails."""
    results = runs(kata)["stub"]
    unnoticed = [
        f"{kata.name}: all tests of {name} pass on its broken code. Mend katas/{kata.name}/{kata.tests.name}"
        for name in kata.broken
        if not any(test["status"] in ("fail", "error") for test in results if test["function"] == name)
    ]
    return unnoticed + [
        f"{kata.name}: the test '{test['name']}' of {test['function'] or '(no function)'} does not fail on the stub"
        f" ({test['status']}). It must call the function first. Mend katas/{kata.name}/{kata.tests.name}"
        for test in results
        if test["status"] != "todo" and test["function"] not in kata.broken
    ]


def reference_passes(kata: Kata) -> list[str]:
    return [
        f"{kata.name}: the reference fails '{test['name']}' of {test['function']} on {test['device']}. See: "
        f"python -m dojo kata {kata.number} --impl reference\n{test['message']}"
        for test in runs(kata)["reference"]
        if test["status"] not in ("pass", "skip")
    ] or ([] if runs(kata)["reference"] else [f"{kata.name}: no test ran for the reference."])


def variants_pass(kata: Kata) -> list[str]:
    """The tests reject no right answer."""
    return [
        f"{kata.name}: the variant {name} of {test['function']} is right, but '{test['name']}' rejects it on "
        f"{test['device']}. See: python -m dojo kata {kata.number} --impl variant:{name}\n{test['message']}"
        for name in kata.answers["variant"]
        for test in runs(kata)[f"variant:{name}"]
        if test["status"] not in ("pass", "skip")
    ]


def mistakes_are_caught(kata: Kata) -> list[str]:
    """The tests catch every wrong answer, with words that help."""
    mends = {
        "missed": "the tests accept it. Add a test that tells it from the right answer.",
        "unhelpful": "it is caught, but the first message does not contain its says=.",
        "unviable": "it fails for a reason of its own (a name that does not exist, say). Mend the mistake.",
    }
    return [
        f"{kata.name}: the mistake {name} of {of} is {verdict}: {mends[verdict]} See: "
        f"python -m dojo kata {kata.number} --impl mistake:{name}\n{message}"
        for name, of, verdict, message in verdicts(kata)
        if verdict != "caught"
    ]


def verdicts(kata: Kata) -> Iterator[tuple[str, str, str, str]]:
    """(mistake, function, caught | missed | unhelpful | unviable, the first message) for each mistake."""
    module = _reference(kata)
    for name in kata.answers["mistake"]:
        answer = getattr(module, name).answer
        failed = [test for test in runs(kata)[f"mistake:{name}"] if test["status"] not in ("pass", "skip")]
        if not failed:
            yield name, answer.of, "missed", ""
            continue
        first = failed[0]
        if first.get("kind") in ("NameError", "ImportError", "UnboundLocalError", "Problem", "Timeout"):
            verdict = "unviable"
        elif answer.says not in first["message"]:
            verdict = "unhelpful"
        else:
            verdict = "caught"
        yield name, answer.of, verdict, f"says {answer.says!r}; the message: {first['message']}"


def mistakes_are_diagnosed(kata: Kata) -> list[str]:
    """The learner who makes a mistake is told its name, or that of others that behave alike in all tests."""
    return [
        f"{kata.name}: the mistake {name} of {of} is diagnosed as {', '.join(names) or 'nothing'}. Is it the same "
        f"at every run? See: python -m dojo kata {kata.number} --impl mistake:{name}"
        for of, mistakes in kata.answers_of("mistake").items()
        for name in mistakes
        if name not in (names := diagnosed(kata, name))
    ]


def diagnosed(kata: Kata, mistake: str) -> list[str]:
    """The mistakes that a learner who makes this one is told of."""
    return [known["name"] for known in _diagnoses.get(kata.name, {}).get(f"mistake:{mistake}", [])]


def no_test_passes_without_thought(kata: Kata) -> list[str]:
    """No test passes on a function that returns its input, zeros, None, or a wrong shape, where that is wrong."""
    return [
        f"{kata.name}: the test '{test['name']}' passes on a {test['function']} that returns "
        f"{ {'input': 'its input', 'zeros': 'zeros', 'none': 'None', 'shape': 'a wrong shape'}[kind] }. "
        f"Make it check the values first (expected=). Mend katas/{kata.name}/{kata.tests.name}"
        for kind in DEGENERATE
        for test in runs(kata)[f"degenerate:{kind}"]
        if test["status"] == "pass" and test.get("wrong")
    ]


INVARIANTS: list[Check] = [
    stub_is_current,
    has_three_hints,
    has_variants_and_mistakes,
    examples_are_right,
    lesson_is_complete,
    tests_are_in_order,
    stub_fails_every_test,
    reference_passes,
    variants_pass,
    mistakes_are_caught,
    mistakes_are_diagnosed,
    no_test_passes_without_thought,
]


@functools.cache
def runs(kata: Kata) -> dict[str, list[dict[str, Any]]]:
    """The results of every implementation of the kata, all from one worker."""
    whole = ["stub", "reference", *(f"variant:{name}" for name in kata.answers["variant"])]
    whole += [f"degenerate:{kind}" for kind in DEGENERATE]
    mistakes = [f"mistake:{name}" for name in kata.answers["mistake"]]
    results: dict[str, list[dict[str, Any]]] = {impl: [] for impl in [*whole, *mistakes]}
    started = time.monotonic()
    device = os.environ.get("DEVICE") or "all"
    diagnoses = _diagnoses.setdefault(kata.name, {})
    for event in runner.run(kata, [*whole, *mistakes], device=device, seconds=30, first_failure=True, details=1):
        if event["event"] in ("usage", "broken"):
            raise AssertionError(f"{kata.name}: {event['message']}")
        if event["event"] == "test":
            results[event["impl"]].append(event)
        elif event["event"] == "diagnosis":
            diagnoses[event["impl"]] = event["diagnosis"]
    _seconds[kata.name] = time.monotonic() - started
    return results


_reference = functools.cache(load_reference)


def counts(kata: Kata) -> dict[str, Any]:
    """What `make check` prints of this kata."""
    started = time.monotonic()
    results = runs(kata)
    reference = results["reference"]
    names = [f"variant:{name}" for name in kata.answers["variant"]]
    accepted = sum(all(test["status"] in ("pass", "skip") for test in results[name]) for name in names)
    caught = [verdict for _, _, verdict, _ in verdicts(kata)]
    return {
        "kata": kata.name,
        "functions": len(kata.functions),
        "tests": len({test["id"].split("[")[0] for test in reference}),
        "devices": " ".join(dict.fromkeys(test["device"] for test in reference)),
        "variants accepted": f"{accepted} of {len(names)}",
        "mistakes caught": f"{caught.count('caught')} of {len(caught)}",
        "mistakes named": f"{sum(name in diagnosed(kata, name) for name in kata.answers['mistake'])} of {len(caught)}",
        "seconds": f"{_seconds.get(kata.name, time.monotonic() - started):.1f}",
    }


_diagnoses: dict[str, dict[str, list[dict[str, str]]]] = {}  # of a kata, of each of its mistakes
_seconds: dict[str, float] = {}  # how long the runs of a kata took
