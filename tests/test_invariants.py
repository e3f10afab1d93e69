"""Each invariant fails on a kata that is broken in its way; it names the kata, the function, the mending command."""

import re

import invariants
import pytest

from dojo import stubs


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def only(problems, *words):
    """One of the problems says all of these words."""
    assert any(all(word in problem for word in words) for problem in problems), problems


def fresh(kata):
    """The kata as its files are now."""
    return type(kata)(kata.folder)


def test_the_skeleton_keeps_every_invariant(kata):
    assert [problem for check in invariants.INVARIANTS for problem in check(kata)] == []


def test_a_solved_stub_is_found(kata):
    replace(kata.answer, 'raise NotImplementedError("first_function")', "return 2 * x")
    only(invariants.stub_is_current(kata), "07_double", "first_function is solved", "make reset N=07")


def test_a_stale_stub_is_found(kata):
    replace(kata.reference, "Say in one sentence", "Say in a few words")
    only(invariants.stub_is_current(fresh(kata)), "07_double", "first_function is stale", "make stubs N=07")


@pytest.fixture
def repair(kata):
    """The kata with broken code in its stub."""
    replace(kata.reference, 'first_function, says="twice"', 'first_function, says="twice", in_stub=True')
    kata = fresh(kata)
    stubs.write(kata)
    return kata


def test_broken_code_to_repair_stands_in_the_stub(repair):
    text = repair.answer.read_text(encoding="utf-8")
    assert "    return x * x\n" in text and "NotImplementedError" not in text
    assert "You multiplied x" not in text  # what the mistake says to the learner
    assert stubs.solved(text, text) == [] and stubs.untouched(text.encode(), text)
    assert [problem for check in invariants.INVARIANTS for problem in check(repair)] == []


def test_tests_that_accept_the_broken_code_are_found(repair):
    text = repair.tests.read_text(encoding="utf-8")
    repair.tests.write_text(re.sub(r"assert_\w+\(.*", "first_function(x)", text), encoding="utf-8")
    only(invariants.stub_fails_every_test(repair), "07_double", "all tests of first_function pass on its broken code")


def test_a_missing_stub_is_found(kata):
    kata.answer.unlink()
    only(invariants.stub_is_current(kata), "07_double", "missing", "make stubs N=07")


def test_a_missing_hint_is_found(kata):
    replace(kata.reference, '"a nudge", ', "")
    only(invariants.has_three_hints(fresh(kata)), "07_double", "first_function has 2 hints", "reference/07_double.py")


@pytest.mark.parametrize("kind", ["variant", "mistake"])
def test_a_function_without_other_answers_is_found(kata, kind):
    text = kata.reference.read_text(encoding="utf-8")
    start = text.index(f"@{kind}(")
    end = text.index("@mistake(") if kind == "variant" else len(text)
    kata.reference.write_text(text[:start] + text[end:], encoding="utf-8")
    only(invariants.has_variants_and_mistakes(fresh(kata)), "07_double", f"first_function has no {kind}", f"@{kind}(")


def test_a_mistake_that_does_not_speak_to_the_learner_is_found(kata):
    text = kata.reference.read_text(encoding="utf-8")
    start = text.index('    """You multiplied x')
    end = text.index("\n", start)
    kata.reference.write_text(text[:start] + text[end + 1 :], encoding="utf-8")
    only(invariants.has_variants_and_mistakes(fresh(kata)), "07_double", "the mistake squared has no docstring")


def test_a_wrong_example_is_found(kata):
    replace(kata.reference, "tensor([2., 4.])", "tensor([2., 5.])")
    only(invariants.examples_are_right(fresh(kata)), "07_double", "the example of first_function")


def test_an_incomplete_lesson_is_found(kata):
    replace(kata.lesson, "make kata N=07", "run it")
    only(invariants.lesson_is_complete(kata), "07_double", "make kata N=07", "README.md")


def test_an_untested_function_is_found(kata):
    replace(kata.tests, "subject = first_function", "subject = None")
    only(invariants.tests_are_in_order(kata), "07_double", "subject = first_function", "test_double.py")


def test_a_check_without_a_reason_is_found(kata):
    replace(kata.tests, ', why="Every number is taken twice."', "")
    only(invariants.tests_are_in_order(kata), "07_double", "without why=")


BROKEN = '''

@variant(first_function)
def in_another_dtype(x):
    return (2 * x).double()


@mistake(first_function, says="twice")
def wrong_for_large_numbers_only(x):
    """You looked at small numbers only."""
    return torch.where(x > 1e6, x, 2 * x)


@mistake(first_function, says="words that nobody says")
def three_times(x):
    """You took it three times."""
    return 3 * x


@mistake(first_function, says="twice")
def misspelled(x):
    """You wrote a name that does not exist."""
    return dobule(x)
'''
BROKEN_TESTS = """
    def test_that_passes_on_the_stub(self):
        pass

    def test_that_looks_at_the_shape_only(self):
        x = self.randn(4, 3)
        if first_function(x).shape != x.shape:
            raise ValueError
"""


def test_broken_tests_and_answers_are_found(kata):
    kata.reference.write_text(kata.reference.read_text(encoding="utf-8") + BROKEN, encoding="utf-8")
    kata.tests.write_text(kata.tests.read_text(encoding="utf-8") + BROKEN_TESTS, encoding="utf-8")
    kata = fresh(kata)
    stubs.write(kata)
    only(
        invariants.stub_fails_every_test(kata),
        "07_double",
        "'that passes on the stub' of first_function",
        "test_double.py",
    )
    only(
        invariants.variants_pass(kata),
        "07_double",
        "in_another_dtype of first_function",
        "--impl variant:in_another_dtype",
    )
    caught = invariants.mistakes_are_caught(kata)
    only(
        caught,
        "07_double",
        "wrong_for_large_numbers_only of first_function is missed",
        "--impl mistake:wrong_for_large",
    )
    only(caught, "07_double", "three_times of first_function is unhelpful", "--impl mistake:three_times")
    only(caught, "07_double", "misspelled of first_function is unviable", "--impl mistake:misspelled")
    thoughtless = invariants.no_test_passes_without_thought(kata)
    only(
        thoughtless,
        "07_double",
        "'that looks at the shape only'",
        "first_function that returns zeros",
        "test_double.py",
    )
    assert invariants.reference_passes(kata) == []


def test_a_wrong_reference_is_found(kata):
    replace(kata.reference, "return 2 * x", "return 3 * x")
    only(invariants.reference_passes(fresh(kata)), "07_double", "first_function", "--impl reference")


def test_what_is_banned_is_read_with_or_without_an_annotation(kata):
    replace(kata.reference, "BANNED: dict[str, str] = {}", 'BANNED: dict[str, str] = {"relu": "write it"}')
    assert fresh(kata).constant("BANNED") == {"relu": "write it"}
    replace(kata.reference, "BANNED: dict[str, str] =", "BANNED =")
    assert fresh(kata).constant("BANNED") == {"relu": "write it"}
