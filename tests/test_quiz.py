"""The quiz asks what PyTorch answers, repeats a round, and keeps a score that nothing breaks."""

import json
import random

import pytest
import torch

from dojo import catalog, quiz
from dojo.__main__ import main

TOPICS = {"matmul", "broadcasting", "transpose", "reshape", "reduction", "indexing", "heads"}
MAKERS = [(level, maker) for level, makers in quiz.MAKERS.items() for maker in makers]


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "ROOT", tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def on_the_cpu(asks):
    tensors = {name: torch.zeros(shape) for name, shape in asks.given.items()}
    try:
        return tuple(eval(asks.code, {"torch": torch, **tensors}).shape)
    except (RuntimeError, IndexError):
        return quiz.ERROR


@pytest.mark.parametrize("maker", [maker for _, maker in MAKERS], ids=lambda maker: maker.__name__)
def test_the_answer_is_pytorchs_and_the_steps_lead_to_it(maker):
    for seed in range(12):
        asks = maker(random.Random(seed))
        answer = asks.answer()
        assert answer == on_the_cpu(asks), asks
        last = asks.steps()[-1]
        assert (last.result or quiz.ERROR) == answer and bool(last.error) == (answer == quiz.ERROR)
        assert all(step.rule for step in asks.steps()), asks


def test_every_topic_is_asked_and_some_questions_are_errors():
    asked = [maker(random.Random(seed)) for _, maker in MAKERS for seed in range(12)]
    assert {asks.topic for asks in asked} == TOPICS
    errors = sum(asks.answer() == quiz.ERROR for asks in asked)
    assert 0.05 < errors / len(asked) < 0.3


def test_a_round_gets_harder_and_its_number_repeats_it():
    for seed in (2, 3, 77):
        asked = quiz.questions(seed)
        assert len(asked) == quiz.QUESTIONS == len({asks.code + str(asks.given) for asks in asked})
        assert asked == quiz.questions(seed) != quiz.questions(seed + 1)
    level = {}
    for number, maker in MAKERS:
        for seed in range(40):
            asks = maker(random.Random(seed))
            level.setdefault((asks.topic, asks.code), number)
    assert len(quiz.MAKERS[1]) >= 3 and len(quiz.MAKERS[2]) >= 3 and len(quiz.MAKERS[3]) >= 4


def test_the_first_round_begins_with_the_questions_of_the_course():
    answers = [asks.answer() for asks in quiz.questions(1)[:3]]
    assert answers == [(32, 128, 256), (32, 64, 128), (32, 128)]
    assert "is 1" in quiz.questions(1)[2].note  # what the course asks for is the sum


def play(capsys, monkeypatch, answers, *arguments):
    lines = iter(answers)

    def type_in(prompt):
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", type_in)
    assert main(["quiz", *arguments]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    return text


def in_words(answer):
    return answer if answer == quiz.ERROR else str(answer)


def test_right_answers_make_a_score_and_a_streak(capsys, monkeypatch, root):
    answers = [in_words(asks.answer()) for asks in quiz.questions(1)]
    text = play(capsys, monkeypatch, answers)
    assert "10 of 10 right" in text and "Longest streak: 10" in text and "10 in a row" in text and "✗" not in text
    assert "round 2" in play(capsys, monkeypatch, ["q"])
    assert json.loads((root / ".dojo" / "quiz.json").read_text())["right"] == 10


def test_a_wrong_answer_is_explained_and_ends_the_streak(capsys, monkeypatch):
    text = play(capsys, monkeypatch, ["(32, 128, 256)", "(1, 2)", "no idea", "32,128"], "--seed", "1")
    assert "✗ It is (32, 64, 128)." in text and "transpose(i, j) swaps" in text
    assert "Type a shape" in text  # "no idea" is no answer, and costs nothing
    assert "2 of 3 right" in text and "Longest streak: 1" in text and "make quiz SEED=1" in text


def test_a_clash_is_explained_with_the_rows_of_the_explorer():
    console = quiz.make_console(width=80, record=True)
    quiz._explain(quiz.Question("broadcasting", {"a": (3, 4), "b": (2, 4)}, "a + b"), quiz.ERROR, console)
    text = console.export_text()
    assert "It stops with an error" in text and "✗  ✓    3 and 2 do not go together" in text
    quiz._explain(quiz.Question("matmul", {"A": (5, 3, 4), "B": (2, 6, 4)}, "A @ B"), quiz.ERROR, console)
    text = console.export_text()
    assert "4 and 6, the sizes in the middle, differ" in text and "5 and 2 do not go together" in text


@pytest.mark.parametrize("seed", ["x", "-1", "1.5"])
def test_a_seed_is_a_whole_number(capsys, seed):
    assert main(["quiz", "--seed=" + seed]) == 2
    assert "Try: make quiz SEED=1" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{", "[]", '{"rounds": "x"}', '{"rounds": -5, "best": null}'])
def test_a_broken_score_is_no_reason_to_stop(capsys, monkeypatch, root, content):
    (root / ".dojo").mkdir()
    (root / ".dojo" / "quiz.json").write_text(content)
    assert "0 of 0 right" in play(capsys, monkeypatch, ["q"])
