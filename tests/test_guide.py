"""The commands around a kata: lesson, hint, solution, progress, again, restore; and the backups that they rely on."""

import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from dojo import card, catalog, guide, progress, stubs
from dojo.catalog import UsageError
from dojo.console import make_console

WHOLE, PART = {"first_function": (5, 5)}, {"first_function": (2, 5)}


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """80 columns, no colours, and no run of the tests but where a test says so."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(card, "judge", lambda kata: pytest.fail("the kata was run"), raising=False)


@pytest.fixture
def judged(monkeypatch):
    """Lets `card.judge` find the given number of passing tests, out of 5."""

    def results(passing, recorded=True):
        def judge(kata):
            if recorded:
                progress.record(kata, {"first_function": (passing, 5)}, progress.digest(kata.answer))
            tests = [{"status": "pass" if number < passing else "fail"} for number in range(5)]
            return SimpleNamespace(of=lambda name: tests)

        monkeypatch.setattr(card, "judge", judge, raising=False)

    return results


@pytest.fixture
def show(capsys):
    """Runs a command, and gives its exit code and what it printed."""

    def run(command, *words):
        code = command(*words)
        printed = capsys.readouterr()
        assert "\x1b" not in printed.out and printed.err == ""
        return code, printed.out

    return run


def done(kata, functions):
    progress.record(kata, functions, progress.digest(kata.answer))
    return kata


# The lesson.


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in catalog.ROOT.glob("katas/*/README.md")))
def test_each_lesson_is_readable_at_80_columns(folder, show):
    kata = catalog.Kata(catalog.ROOT / "katas" / folder)
    code, text = show(guide.lesson, kata)
    lines = text.splitlines()
    source = kata.lesson.read_text(encoding="utf-8")
    pictures = [
        line.rstrip() for block in re.findall(r"^```.*?\n(.*?)^```", source, re.S | re.M) for line in block.split("\n")
    ]
    assert code == 0 and all(any(line.endswith(picture) for line in lines) for picture in pictures)
    assert lines[0] == source.split("\n")[0].removeprefix("# ") and all(line == line.rstrip() for line in lines)
    assert [line for line in lines if len(line) > 80 and line.strip() not in map(str.strip, pictures)] == []


def test_a_lesson_has_tables_and_wide_pictures_and_no_background(kata, show, monkeypatch, capsys):
    wide = "x" * 79 + "│"
    kata.lesson.write_text(
        f"# A\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n```\n{wide}\n```\n\n<https://a.b/c>\n", "utf-8"
    )
    text = show(guide.lesson, kata)[1]
    assert f"\n{wide}\n" in text and text.count("https://a.b/c") == 1
    assert re.search(r"a +b\n", text) and re.search(r"1 +2\n", text)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    guide.lesson(kata)
    colored = capsys.readouterr().out
    assert "\x1b[36m" in colored and not re.search(r"\x1b\[[\d;]*\b4\d\b", colored)


def test_a_lesson_without_utf_8_stays_readable(kata, show, monkeypatch):
    monkeypatch.setattr(guide, "_writes_unicode", lambda console: False)
    kata.lesson.write_text("# 07 · Double\n\n- 2 · √d\n\n```\n┌─┐ …\n```\n", "utf-8")
    assert show(guide.lesson, kata)[1] == "07 * Double\n\n - 2 * sqrt d\n\n  +-+ ...\n"


def test_a_lesson_that_is_gone_is_told(kata):
    kata.lesson.unlink()
    with pytest.raises(UsageError, match=r"git checkout -- katas/07_double/README\.md"):
        guide.lesson(kata)


# Hints.


def test_hints_come_one_after_the_other_and_the_earlier_ones_stay(learner, show):
    kata = done(learner("return x"), PART)
    code, text = show(guide.hint, kata)
    assert code == 0 and "first_function   hint 1 of 3" in text and "a nudge" in text and "the shapes" not in text
    assert "Edit katas/07_double/double.py:4, then: make kata N=07" in text and "make hint N=07" in text
    text = show(guide.hint, kata)[1]
    assert "hint 2 of 3" in text and text.index("a nudge") < text.index("the shapes, step by step")
    for _ in range(2):
        text = show(guide.hint, kata)[1]
        assert "hint 3 of 3" in text and "almost the code" in text and "make solution N=07 GIVE_UP=yes" in text
    assert progress.of(kata).hints == {"first_function": 3}


def test_a_hint_is_for_the_first_function_that_does_not_pass(kata):
    text = kata.source.replace(
        "HINTS = {", 'def second(x):\n    """Two."""\n    return x\n\n\nHINTS = {"second": ["a", "b", "c"], '
    )
    kata.reference.write_text(text, encoding="utf-8")
    kata = catalog.select("7")
    assert guide.next_hint(kata, {}).function == "first_function"
    assert guide.next_hint(kata, WHOLE | {"second": (0, 0)}) == guide.Hint("second", 1, 3, ["a"])
    assert guide.next_hint(kata, WHOLE | {"second": (1, 2)}) == guide.Hint("second", 2, 3, ["a", "b"])
    assert guide.next_hint(kata, PART | {"second": (1, 2)}).rung == 2
    assert guide.next_hint(kata, WHOLE | {"second": (2, 2)}) is None


@pytest.mark.parametrize("recorded", [True, False])
def test_a_hint_runs_the_kata_if_the_file_has_changed(learner, show, judged, recorded):
    kata = done(learner("return x"), PART)
    learner("return 2 * x")
    judged(5, recorded)
    code, text = show(guide.hint, kata)
    assert code == 0 and "All tests pass" in text and "make solution N=07" in text
    learner("return 3 * x")
    judged(2, recorded)
    assert "hint 1 of 3" in show(guide.hint, kata)[1]


def test_no_hint_is_spent_on_a_file_that_python_cannot_read(learner, show):
    kata = learner("return (")
    code, text = show(guide.hint, kata)
    assert code == 0 and "line 5" in text and "make kata N=07" in text
    assert progress.of(kata).hints == {}
    kata.answer.unlink()
    with pytest.raises(UsageError, match="make reset N=07"):
        guide.hint(kata)


# The solution.


def test_a_solution_must_be_earned(learner, show, judged):
    kata = learner("return x")
    judged(2)
    code, text = show(guide.solution, kata, False)
    assert code == 1 and "2 of 5 tests pass" in text and "reference" not in text and "2 * x" not in text
    assert "make hint N=07" in text and "make solution N=07 GIVE_UP=yes" in text and "solution 07 --give-up" in text
    assert not guide.earned(kata)


def test_whoever_gives_up_sees_the_solution_from_then_on(learner, show):
    kata = learner("return x")
    code, text = show(guide.solution, kata, True)
    assert code == 0 and "return 2 * x" in text and progress.of(kata).gave_up
    assert show(guide.solution, kata, False)[0] == 0


@pytest.mark.parametrize("recorded", [True, False])
def test_a_file_that_passes_earns_the_solution(learner, show, judged, recorded):
    kata = learner("return x + x")
    judged(5, recorded)
    code, text = show(guide.solution, kata, False)
    assert code == 0 and "return x + x" in text and "return 2 * x" in text and not progress.of(kata).gave_up


def test_a_kata_that_was_solved_once_stays_earned(learner, show):
    kata = done(learner("return x + x"), WHOLE)
    learner("return 3 * x")
    assert guide.earned(kata) and show(guide.solution, kata, True)[0] == 0
    assert not progress.of(kata).gave_up


@pytest.fixture
def shown(kata, capsys):
    """The drawing of a solution: of the learner's text, and of a reference where `body` stands for its function."""

    def draw(learner, reference=None, width=80):
        if reference is not None:
            old = kata.source[kata.source.index("def first_function") : kata.source.index("HINTS")]
            kata.reference.write_text(kata.source.replace(old, reference + "\n\n\n"), encoding="utf-8")
        if learner is not None:
            kata.answer.write_text(learner, encoding="utf-8")
        guide.draw_solution(catalog.select("7"), make_console(width=width))
        return capsys.readouterr().out

    return draw


def test_the_code_of_both_stands_side_by_side_where_there_is_room(shown):
    mine, right = "def first_function(x):\n    return x + x\n", "def first_function(x):\n    return 2 * x"
    rows = ["  def first_function(x):", "  yours            │ reference", "      return x + x │     return 2 * x"]
    needed = max(map(len, rows))
    assert "\n".join(rows) in shown(mine, right, width=needed)
    narrow = shown(mine, right, width=needed - 1)
    assert "│" not in narrow and "  yours\n      return x + x\n  reference\n      return 2 * x\n" in narrow
    assert "are the same" in shown(right + "\n", right)
    assert "  def first_function(y): │ def first_function(x):\n" in shown("def first_function(y):\n    return y\n")


def test_only_the_code_is_shown(shown):
    text = shown(
        'UNUSED, FACTOR = 1, 2\n\n\ndef first_function(x):\n    """My notes."""\n\n    return times(x)\n\n\n'
        'def times(x):\n    "A docstring."\n    # a comment\n    return FACTOR * x\n\n\ndef unused():\n    pass\n',
        '_TWO = 2\n\n\n@lru_cache\ndef _double(x):\n    """Helps."""\n    return _TWO * x\n\n\n'
        'def first_function(x):\n    """Says what it does."""\n    return _double(x)\n\n\ndef _unused():\n    pass',
    )
    for part in ("return times(x)", "# a comment", "FACTOR = 1, 2", "@lru_cache", "return _TWO * x", "_TWO = 2"):
        assert text.count(part) == 1, part
    for part in ("notes", "docstring", "Helps", "Says", "unused", "mistake", "variant", "squared", "nudge"):
        assert part not in text, part


def test_methods_lose_their_docstrings_too_and_keep_their_decorators(shown):
    text = shown(
        'class first_function:\n    """A."""\n\n    @property\n    def f(self):\n        """B."""\n        return 1\n\n'
        '    def g(self): "C"; return 2\n\n    def h(self):\n        """The only line."""\n'
    )
    assert '"""A' not in text and '"""B' not in text and '"C"; return 2' in text and "The only line" in text
    assert "  class first_function:\n      @property\n      def f(self):\n          return 1\n" in text


def test_a_file_that_python_cannot_read_is_shown_whole(shown, kata):
    text = shown("x = 1  # mine\ndef first_function(x:\n")
    assert "line 2" in text and "# mine" in text and "return 2 * x" in text
    assert "(not in your file)" in shown("x = 1\n")
    kata.answer.unlink()
    assert "return 2 * x" in shown(None)
    kata.answer.write_bytes(b"\xef\xbb\xbfdef first_function(x):\r\n\treturn x  # \xff\r\n")
    assert "return x  # " in shown(None)


# The progress.


def test_the_progress_shows_each_kata_and_the_next_command(learner, show):
    kata = learner("return 2 * x")
    for name in ("05_a", "06_b", "16_c"):
        slug = name.split("_")[1]
        shutil.copytree(kata.folder, kata.folder.with_name(name))
        shutil.copy(kata.reference, kata.reference.with_name(f"{name}.py"))
        (kata.folder.with_name(name) / "test_double.py").rename(kata.folder.with_name(name) / f"test_{slug}.py")
        (kata.folder.with_name(name) / "double.py").rename(kata.folder.with_name(name) / f"{slug}.py")
    first, second, third, fourth = catalog.katas()
    for other in (first, second, third):
        done(other, PART if other == second else WHOLE)
    progress.update(first, solved=12, hints={"first_function": 3, "g": 300}, gave_up="2025-01-01T00:00:00")
    third.answer.write_text("x = 1", encoding="utf-8")
    code, text = show(guide.progress)
    lines = text.splitlines()
    assert code == 0 and max(map(len, lines)) <= 80
    assert re.search(r"^Tensors +\[###-------\] 1 of 3 katas$", text, re.M)
    assert (
        re.search(r"^The pieces of a transformer +\[----------\] 0 of 1 kata$", text, re.M) and "Learning" not in text
    )
    assert re.search(
        r"✓ 05  a       done        \d{4}-\d\d-\d\d \d\d:\d\d\n? +303 hints · solved 12 times · given up", text
    )
    assert re.search(r"~ 06  b       2 of 5 ", text) and re.search(r"\* 07  double  changed ", text)
    assert "  · 16  c       to do\n" in text and lines[-1] == "Next: make kata N=06 (b)"
    for other in (second, third, fourth):
        done(other, WHOLE)
    assert "All 4 katas are done." in show(guide.progress)[1]


# To practise again, and to undo.


def test_again_puts_the_stub_back_with_new_inputs_and_keeps_the_rest(learner, show):
    kata = done(learner("return 2 * x"), WHOLE)
    mine = kata.answer.read_bytes()
    progress.update(kata, hints={"first_function": 2})
    code, text = show(guide.again, kata)
    (saved,) = stubs.backups(kata)
    assert code == 0 and saved.read_bytes() == mine and saved.name in text and "make kata N=07" in text
    assert kata.answer.read_text(encoding="utf-8") == stubs.derive(kata) and progress.status(kata) == "to do"
    entry = progress.of(kata)
    assert (entry.seed, entry.solved, entry.hints, entry.functions) == (1, 1, {}, {})
    kata.answer.write_bytes(mine)
    assert progress.status(kata) == "to do"  # not judged with the new inputs
    assert progress.of(done(kata, WHOLE)).solved == 2


def test_restore_undoes_a_reset_and_itself(learner, show):
    kata = learner("return 1")
    old = kata.answer.read_bytes()
    stubs.write(kata)
    code, text = show(guide.restore, kata)
    assert code == 0 and kata.answer.read_bytes() == old and "kept" not in text
    assert re.search(r"as it was on \d{4}-\d\d-\d\d \d\d:\d\d\.", text)
    new = learner("return 2").answer.read_bytes()
    text = show(guide.restore, kata)[1]
    assert kata.answer.read_bytes() == old and stubs.backups(kata)[0].read_bytes() == new
    assert stubs.backups(kata)[0].name in text
    guide.restore(kata)
    assert kata.answer.read_bytes() == new


def test_restore_without_a_backup_is_an_error(learner):
    kata = learner("return 1")
    with pytest.raises(UsageError, match="There is no backup of kata 07"):
        guide.restore(kata)
    stubs.back_up(kata)
    with pytest.raises(UsageError, match="the same as your file"):
        guide.restore(kata)


# Nothing of the learner's is lost.


def test_notes_in_a_stub_are_kept(kata):
    stub = stubs.derive(kata)
    older = stub.replace("Say in", "Say with")
    raising = 'raise NotImplementedError("first_function")'
    for touched in (
        stub + "# my note\n",
        older + "# my note\n",
        stub.replace("    Args:", "    My note.\n\n    Args:"),
        older.replace(raising, f"y = x  # a start\n    {raising}"),
        older.replace(raising, "raise ValueError(x)"),
        older.replace(raising, "pass"),
        older + "\nprint(1)\n",
        older + "\nclass Mine:\n    x = 1\n",
    ):
        kata.answer.write_text(touched, encoding="utf-8")
        saved = stubs.write(kata)
        assert saved is not None and saved.read_text(encoding="utf-8") == touched
    for untouched in (stub, older, older.replace("\n", "\r\n"), stub.replace("\n", "\r\n"), "", "\n"):
        kata.answer.write_bytes(untouched.encode())
        assert stubs.write(kata) is None


def test_a_folder_and_what_a_link_points_to_are_kept(kata, learner):
    kata.answer.unlink()
    kata.answer.mkdir()
    (kata.answer / "mine.py").write_text("x = 1", encoding="utf-8")
    saved = stubs.write(kata)
    assert (saved / "mine.py").is_file() and kata.answer.is_file() and stubs.backups(kata) == []
    target = kata.root / "elsewhere.py"
    learner("return 1").answer.rename(target)
    mine = target.read_bytes()
    kata.answer.symlink_to(target)
    saved = stubs.write(kata)
    assert saved.read_bytes() == target.read_bytes() == mine and not kata.answer.is_symlink()
    assert kata.answer.read_text(encoding="utf-8") == stubs.derive(kata)


def test_backups_are_in_order_even_where_the_clock_is_set_back(learner, monkeypatch):
    times = ["20251026-025959"] * 12 + ["20251026-020000", "20251026-020001", "20251026-030000"]
    monkeypatch.setattr(stubs.time, "strftime", lambda form: times[len(stubs.backups(kata))])
    for number in range(len(times)):
        kata = learner(f"return {number}")
        stubs.back_up(kata)
    (kata.root / ".dojo" / "backups" / "double-notes.py").write_text("not a backup", encoding="utf-8")
    found = [int(path.read_text(encoding="utf-8").split()[-1]) for path in stubs.backups(kata)]
    assert found == [*reversed(range(len(times)))]
    assert stubs.saved_at(stubs.backups(kata)[0]) == "2025-10-26 03:00"


def test_a_place_that_cannot_be_written_is_told_and_nothing_is_lost(learner):
    kata = learner("return 1")
    mine = kata.answer.read_bytes()
    (kata.root / ".dojo").write_text("a file", encoding="utf-8")
    for command in (stubs.write, guide.again):
        with pytest.raises(UsageError, match=r"katas/07_double/double\.py cannot be written"):
            command(kata)
    assert kata.answer.read_bytes() == mine and len(list(kata.folder.iterdir())) == 3


def test_these_commands_do_not_wait_for_torch():
    words = [sys.executable, "-c", "import sys; from dojo import guide, readme; sys.exit('torch' in sys.modules)"]
    assert subprocess.run(words, cwd=catalog.ROOT, check=False).returncode == 0
