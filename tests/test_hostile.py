"""Whatever a learner's file does, it ends in a message of a few lines: what happened, where, and what to do."""

import io
import sys

import pytest

from dojo import card, runner
from dojo import worker as worker_module
from dojo.subject import Problem, implement


def run(kata, seconds=10.0):
    worker = runner.Worker(kata.root)
    return card.Result(kata, runner.run(kata, ["learner"], "cpu", seconds, worker=worker), worker.printed)


def run_here(kata):
    """The same without a process of its own, for what does not need one: it saves importing torch again."""
    events = []

    class Channel:
        def emit(self, event):
            events.append(event)

    sys.modules.pop(kata.tests.stem, None)  # of the test before this one
    worker_module.run(Channel(), runner.job_for(kata, ["learner"], "cpu", 0, details=1))
    return card.Result(kata, events, runner.Printed())


def drawn(result, width=80, **options):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False, **options)
    card.draw(result, console)
    return console.file.getvalue()


def problem(kata):
    found = implement(kata, "learner").problem
    assert isinstance(found, Problem)
    return found


BROKEN_FILES = {
    "a syntax error": ("def first_function(x:\n    return x\n", 1, ["cannot read this line"]),
    "a wrong indent": ("def first_function(x):\nreturn x\n", 2, ["cannot read this line"]),
    "an import that does not exist": (
        "import torch\nimport tensorflou\n",
        2,
        ["no module named `tensorflou`", "spelled"],
    ),
    "a name that does not exist": ("from torch import sofmax\n", 1, ["import", "sofmax"]),
    "an exit": ("import sys\nsys.exit()\n", 2, ["ends the program", "Remove"]),
    "an error on the way": ("x = 1\nx = x / 0\n", 2, ["ZeroDivisionError"]),
    "a question": ("import torch\nname = input()\n", 2, []),
    "endless recursion": ("def f():\n    f()\nf()\n", 2, ["without end"]),
    "zero bytes": ("import torch\x00\n", None, ["UTF-8"]),
}


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_a_file_that_cannot_be_loaded(kata, name, monkeypatch):
    text, line, words = BROKEN_FILES[name]
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    kata.answer.write_text(text, encoding="utf-8")
    found = problem(kata)
    assert found.line == line
    assert all(word in str(found) for word in words), str(found)
    assert "Traceback" not in str(found) and len(str(found).splitlines()) <= 4
    assert kata.answer.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_that_is_not_utf_8(kata, encoding):
    kata.answer.write_bytes("x = 1\n# café\n".encode(encoding))
    assert "UTF-8" in str(problem(kata))


def test_a_file_with_a_byte_order_mark_is_fine(learner):
    kata = learner("return 2 * x")
    kata.answer.write_bytes(b"\xef\xbb\xbf" + kata.answer.read_bytes())
    assert implement(kata, "learner").problem is None


def test_a_file_that_is_gone_or_a_folder(kata):
    kata.answer.unlink()
    assert "gone" in str(problem(kata)) and "make reset N=07" in str(problem(kata))
    kata.answer.mkdir()
    assert "is a folder" in str(problem(kata))


WRONG_NAMES = {
    "renamed": ("def firstfunction(x):\n    return 2 * x\n", ["no function named `first_function`", "`firstfunction`"]),
    "gone": ("import torch\n", ["no function named `first_function`", "make reset N=07"]),
    "a class": ("class first_function:\n    pass\n", ["should be a function", "is a class"]),
    "a number": ("first_function = 3\n", ["should be a function", "an int"]),
}


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_a_function_that_is_not_one(kata, name):
    text, words = WRONG_NAMES[name]
    kata.answer.write_text(text, encoding="utf-8")
    from dojo.subject import Subject

    subject = Subject(kata.functions["first_function"], implement(kata, "learner"))
    with pytest.raises(Problem) as found:
        subject(None)
    assert all(word in str(found.value) for word in words), str(found.value)


def test_what_stops_the_process_is_told_and_the_card_says_where(learner):
    kata = learner("import os\nos._exit(3)")
    result = run(kata)
    (test,) = result.tests
    assert (test["kind"], test["line"]) == ("Exit", 6)
    text = drawn(result)
    assert "ended the whole Python process (exit code 3)" in text and "double.py:6" in text and "not run" in text


@pytest.mark.parametrize(
    ("body", "line"), [("while True:\n    x = x", 5), ("sum(range(10**13))\nreturn x", 5)], ids=["python", "native"]
)
def test_an_endless_loop_is_stopped_and_located(learner, body, line):
    result = run(learner(body), seconds=1)
    (test,) = result.tests
    assert test["kind"] == "Timeout" and test["line"] in (line, line + 1)
    assert "after 1 seconds" in drawn(result)


def test_an_endless_loop_while_the_file_is_loaded(kata):
    kata.answer.write_text("import torch\nwhile True:\n    pass\n", encoding="utf-8")
    result = run(kata, seconds=1)
    text = drawn(result)
    assert "still running after 1 seconds" in text and "No test ran" in text and "double.py:" in text


def test_a_crash_of_python_is_told(learner):
    result = run(learner("import ctypes\nctypes.string_at(0)"))
    (test,) = result.tests
    assert test["kind"] == "Crash" and test["line"] == 6


IN_PROCESS = {
    "sys.exit": ("import sys\nsys.exit(0)", ["ends the program", "Return a result"]),
    "Ctrl-C": ("raise KeyboardInterrupt", ["stops the program"]),
    "recursion": ("return first_function(x)", ["calls itself without end"]),
    "a question": ("input()\nreturn 2 * x", ["keyboard input"]),
    "None": ("y = 2 * x", ["returned None", "return"]),
    "a list": ("return (2 * x).tolist()", ["a list", "tensor"]),
    "a shape error": ("return x @ torch.ones(17, 2)", ["RuntimeError", "Every number is taken twice"]),
    "too many arguments": ("return torch.relu(x, 1, 2, 3)", ["TypeError"]),
    "a change of the input": ("return x.mul_(2)", ["changed its input `x`"]),
    "the CPU": ("return x * torch.full(x.shape[-1:], 2.0)", ["two devices", "GPU"]),
    "no gradient": ("return 2 * x.detach()", ["gradient"]),
    "the wrong dtype": ("return (2 * x).half()", ["dtype"]),
}


@pytest.mark.parametrize("name", IN_PROCESS)
def test_what_goes_wrong_in_a_function(learner, name, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    body, words = IN_PROCESS[name]
    result = run_here(learner(body))
    text = drawn(result)
    first = result.first("fail", "error")
    assert all(word in first["message"] for word in words), first["message"]
    assert "Traceback" not in text and len(text.splitlines()) < 45
    assert len(result.tests) == len(result.planned), "the other tests run all the same"


def test_a_hundred_megabytes_of_prints_are_cut_and_told(learner):
    body = "for _ in range(0 if calls else 100):\n    print('x' * 1_000_000)\ncalls.append(1)\nreturn 3 * x"
    result = run(learner(body, top="calls = []"))
    text = drawn(result)
    assert "100 MB in all" in text and len(text) < 6000


def test_what_the_function_prints_is_shown_with_its_failure(learner):
    text = drawn(run(learner("print('the shape is', tuple(x.shape))\nreturn 3 * x")))
    assert "Printed while your code ran" in text and "the shape is (3,)" in text


def test_a_changed_signature_is_told(kata):
    kata.answer.write_text("def first_function():\n    return 1\n", encoding="utf-8")
    first = run_here(kata).first("error")
    assert "could not call your function with these arguments" in first["message"]


def test_global_state_is_put_back_for_the_next_test(learner):
    top = "import os, random\ncalls = []"
    body = """
calls.append(1)
assert torch.get_default_dtype() == torch.float32 and os.getcwd() != "/", "the last test's state is still there"
if len(calls) == 1:
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.manual_seed(1)
    torch.use_deterministic_algorithms(True)
    os.chdir("/")
return 2 * x
""".strip()
    result = run_here(learner(body, top))
    assert result.passed, result.first("fail", "error")["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="uses sh")
def test_the_learners_processes_end_with_the_worker(learner, tmp_path):
    body = f"import subprocess\nsubprocess.Popen(['sh', '-c', 'sleep 3; touch {tmp_path}/late'])\nreturn 2 * x"
    body = body.replace("'sh'", repr("sh"))
    run(learner(body.replace(str(tmp_path), str(tmp_path).replace(" ", "\\ "))))
    import time

    time.sleep(3.5)
    assert not (tmp_path / "late").exists()
