"""`make quiz`: predict the shape. PyTorch answers on `meta`, where tensors have a shape and no numbers."""

from __future__ import annotations

import ast
import contextlib
import json
import random
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dojo import broadcast, catalog, stubs
from dojo.broadcast import Broadcast, Shape
from dojo.catalog import UsageError
from dojo.console import make_console, write_line, write_paragraph

if TYPE_CHECKING:
    from rich.console import Console

QUESTIONS = 10  # of a round
ERROR = "error"


@dataclass
class Question:
    """`code` is one expression of the tensors in `given`. Its answer is the shape of the result, or an error."""

    topic: str
    given: Mapping[str, Shape]
    code: str
    note: str = ""  # what else there is to know, once it is answered

    def answer(self) -> Shape | str:
        """The shape that PyTorch gives on `meta`, or "error"."""
        try:
            return tuple(self._run(self.code).shape)
        except (RuntimeError, IndexError, ValueError, TypeError):
            return ERROR

    def _run(self, code: str) -> Any:
        import torch

        names = {name: torch.empty(shape, device="meta") for name, shape in self.given.items()}
        return eval(code, {"torch": torch, **names})

    def steps(self) -> list[Step]:
        """The parts of `code` in the order in which Python runs them, up to the one that fails."""
        found: list[Step] = []
        for node in _operations(ast.parse(self.code, mode="eval").body):
            source = ast.unparse(node)
            try:
                result = self._run(source)
            except (RuntimeError, IndexError, ValueError, TypeError) as error:
                return [*found, self._step(node, source, None, str(error).split("\n")[0])]
            if hasattr(result, "shape"):
                found.append(self._step(node, source, tuple(result.shape), ""))
        return found

    def _step(self, node: ast.expr, source: str, result: Shape | None, error: str) -> Step:
        step = Step(source, result, error, RULES.get(_name(node), ""))
        if isinstance(node, ast.BinOp):
            with contextlib.suppress(AttributeError):  # one of them is a number
                left, right = (tuple(self._run(ast.unparse(side)).shape) for side in (node.left, node.right))
                if not isinstance(node.op, ast.MatMult):
                    step.lined_up = (left, right)
                elif left[:-2] != right[:-2]:
                    step.lined_up, step.leading = (left[:-2], right[:-2]), True
                if isinstance(node.op, ast.MatMult) and left[-1] != right[-2]:
                    step.error = f"{left[-1]} and {right[-2]}, the sizes in the middle, differ."
        return step


@dataclass
class Step:
    """One operation of a question."""

    source: str
    result: Shape | None
    error: str
    rule: str
    lined_up: tuple[Shape, ...] = ()  # the shapes that broadcast here
    leading: bool = False  # these are the dimensions before the last two of a matrix product


RULES = {  # the operation: what it does to a shape
    "@": "A matrix product: (n, k) @ (k, m) gives (n, m). The two sizes in the middle must be equal, and go.",
    "+": "Broadcasting: lined up from the right, sizes are equal, or one of them is 1 and stretches.",
    "transpose": "transpose(i, j) swaps the sizes at the places i and j. Negative places count from the right.",
    "permute": "permute lists the old places in their new order.",
    "reshape": "A reshape keeps the number of elements. -1 stands for the size that is left over.",
    "view": "A view keeps the number of elements, and their places in memory. -1 is the size that is left over.",
    "flatten": "flatten(i) makes one dimension of the dimensions from place i on: their sizes are multiplied.",
    "unsqueeze": "unsqueeze(i) puts a size of 1 at place i.",
    "squeeze": "squeeze(i) takes a size of 1 away; another size at place i stays.",
    "sum": "A sum over dim takes this dimension away. With keepdim=True it stays, with size 1.",
    "mean": "A mean over dim takes this dimension away. With keepdim=True it stays, with size 1.",
    "amax": "A maximum over dim takes this dimension away. With keepdim=True it stays, with size 1.",
    "softmax": "softmax changes the values, and not the shape.",
    "[]": "From the left: a number takes a dimension away, a slice shortens it, None puts a size of 1, ... skips.",
    "cat": "cat joins along dim: the sizes there are added, and all others must be equal.",
    "stack": "stack puts a new dimension at dim: its size is how many tensors there are.",
}


def _operations(node: ast.expr) -> Iterator[ast.expr]:
    """The operations of an expression, the innermost first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _operations(child)
    if isinstance(node, (ast.BinOp, ast.Subscript)) or (isinstance(node, ast.Call) and _name(node) in RULES):
        yield node


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.BinOp):
        return "@" if isinstance(node.op, ast.MatMult) else "+"
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "")
    return "[]"


# The questions. Each of these makes one of a level, 1 to 3, with sizes drawn at random.

Maker = Callable[[random.Random], Question]
MAKERS: dict[int, list[Maker]] = {1: [], 2: [], 3: []}


def question(level: int) -> Callable[[Maker], Maker]:
    def add(maker: Maker) -> Maker:
        MAKERS[level].append(maker)
        return maker

    return add


def _sizes(rng: random.Random, many: int, among: tuple[int, ...] = (2, 3, 4, 5, 6, 8, 10, 16, 32, 64)) -> list[int]:
    return rng.sample(among, many)


@question(1)
def projection(rng: random.Random) -> Question:
    batch, seq, d, out = _sizes(rng, 4, (4, 8, 16, 32, 64, 128, 256, 512))
    return Question("matmul", {"x": (batch, seq, d), "W": (d, out)}, "x @ W", "Every token is projected by the same W.")


@question(1)
def two_matrices(rng: random.Random) -> Question:
    n, k, m = _sizes(rng, 3)
    return Question("matmul", {"A": (n, k), "B": (k, m)}, "A @ B")


@question(1)
def transposed(rng: random.Random) -> Question:
    batch, seq, d = _sizes(rng, 3)
    return Question("transpose", {"x": (batch, seq, d)}, rng.choice(["x.transpose(-2, -1)", "x.transpose(1, 2)"]))


@question(1)
def bias(rng: random.Random) -> Question:
    batch, seq, d = _sizes(rng, 3)
    return Question("broadcasting", {"x": (batch, seq, d), "bias": (d,)}, "x + bias")


@question(1)
def reduced(rng: random.Random) -> Question:
    shape = tuple(_sizes(rng, 3))
    name, dim = rng.choice(["sum", "mean", "amax"]), rng.choice([0, 1, -1])
    return Question("reduction", {"x": shape}, f"x.{name}(dim={dim})")


@question(1)
def one_token(rng: random.Random) -> Question:
    return Question("indexing", {"x": tuple(_sizes(rng, 3))}, rng.choice(["x[:, 0]", "x[:, -1]", "x[0]", "x[..., 0]"]))


@question(2)
def column_and_row(rng: random.Random) -> Question:
    n, m = _sizes(rng, 2)
    first, second = rng.choice([((n, 1), (1, m)), ((n, 1), (m,)), ((1, m), (n, 1))])
    return Question("broadcasting", {"a": first, "b": second}, rng.choice(["a + b", "a * b", "a - b"]))


@question(2)
def kept(rng: random.Random) -> Question:
    dim = rng.choice([0, 1, -1])
    return Question("reduction", {"x": tuple(_sizes(rng, 3))}, f"x - x.mean(dim={dim}, keepdim=True)")


@question(2)
def left_over(rng: random.Random) -> Question:
    batch, seq, d = _sizes(rng, 3, (2, 3, 4, 5, 6, 8))
    code = rng.choice([f"x.reshape({batch}, -1)", f"x.reshape(-1, {d})", "x.flatten(1)", "x.reshape(-1)"])
    return Question("reshape", {"x": (batch, seq, d)}, code)


@question(2)
def part_of_a_sequence(rng: random.Random) -> Question:
    batch, d = _sizes(rng, 2)
    seq = rng.choice([7, 9, 12, 20])
    return Question(
        "indexing", {"x": (batch, seq, d)}, rng.choice(["x[:, :3]", "x[:, 1:]", "x[:, ::2]", "x[:, -2:, 0]"])
    )


@question(2)
def attention_scores(rng: random.Random) -> Question:
    batch, queries, keys, d = _sizes(rng, 4)
    note = "A row for each query, and in it a score for each key."
    given = {"q": (batch, queries, d), "k": (batch, keys, d)}
    return Question("matmul", given, "q @ k.transpose(-2, -1)", note)


@question(2)
def in_another_order(rng: random.Random) -> Question:
    order = rng.choice([(1, 0, 2), (2, 0, 1), (0, 2, 1), (1, 2, 0)])
    return Question("transpose", {"x": tuple(_sizes(rng, 3))}, f"x.permute{order}")


@question(2)
def softmax_then_sum(rng: random.Random) -> Question:
    batch, queries, keys = _sizes(rng, 3)
    given = {"scores": (batch, queries, keys)}
    return Question("reduction", given, "scores.softmax(dim=-1).sum(dim=-1)", "Each of these sums is 1.")


@question(3)
def split_into_heads(rng: random.Random) -> Question:
    (batch, seq), heads, d = _sizes(rng, 2), rng.choice([2, 4, 8]), rng.choice([4, 8, 16])
    code = f"x.view({batch}, {seq}, {heads}, {d}).transpose(1, 2)"
    return Question("heads", {"x": (batch, seq, heads * d)}, code, "Each head sees all tokens, with its own part of d.")


@question(3)
def merged_heads(rng: random.Random) -> Question:
    (batch, seq), heads, d = _sizes(rng, 2, (3, 5, 6, 7, 10)), rng.choice([2, 4, 8]), rng.choice([4, 8, 16])
    step = rng.choice(["reshape", "reshape", "view"])
    code = f"x.transpose(1, 2).{step}({batch}, {seq}, {heads * d})"
    note = (
        "" if step == "reshape" else "After transpose the numbers lie in memory in another order: reshape copies them."
    )
    return Question("heads", {"x": (batch, heads, seq, d)}, code, note)


@question(3)
def scores_of_heads(rng: random.Random) -> Question:
    batch, heads, seq, d = _sizes(rng, 4)
    given = {"q": (batch, heads, seq, d), "k": (batch, heads, seq, d)}
    if rng.random() < 0.3:
        return Question("heads", given, "q @ k", "k has to be transposed: its last two dimensions swap.")
    return Question("heads", given, "q @ k.transpose(-2, -1)")


@question(3)
def padding_over_heads(rng: random.Random) -> Question:
    batch, heads, seq = _sizes(rng, 3)
    given = {"scores": (batch, heads, seq, seq), "mask": (batch, seq)}
    return Question("broadcasting", given, "scores + mask[:, None, None, :]", "Each sequence hides its own keys.")


@question(3)
def may_clash(rng: random.Random) -> Question:
    n, m, k = _sizes(rng, 3)
    first, second = rng.choice([((n, m), (k, m)), ((n, m), (n,)), ((n, m, k), (m, 1)), ((n, m), (n, 1))])
    return Question("broadcasting", {"a": first, "b": second}, "a + b")


@question(3)
def batched_product(rng: random.Random) -> Question:
    batch, n, k, m = _sizes(rng, 4)
    first, second = rng.choice(
        [((batch, n, k), (batch, k, m)), ((batch, n, k), (1, k, m)), ((batch, n, k), (n, k)), ((n, k), (batch, k, m))]
    )
    return Question("matmul", {"A": first, "B": second}, "A @ B")


@question(3)
def may_not_fit(rng: random.Random) -> Question:
    n, m = rng.choice([(4, 6), (3, 8), (2, 12), (6, 10)])
    code = rng.choice([f"x.reshape(-1, {n * m // 2})", "x.reshape(-1, 7)", f"x.reshape({m}, {n})"])
    return Question("reshape", {"x": (n, m)}, code)


@question(3)
def new_places(rng: random.Random) -> Question:
    code = rng.choice(["x[:, None] - x[None, :]", "x.unsqueeze(1) - x", "x[:, :, None] * x[:, None, :]"])
    return Question("broadcasting", {"x": tuple(_sizes(rng, 2))}, code, "Each row of x meets each row, or each column.")


@question(3)
def rows_by_number(rng: random.Random) -> Question:
    n, m, d = _sizes(rng, 3)
    code = rng.choice(["torch.stack([x, x], dim=1)", "torch.cat([x, x], dim=1)", "x[:, 0].unsqueeze(-1)"])
    return Question("indexing", {"x": (n, m, d)}, code)


# The first round begins with what a reader of a PyTorch course meets at its end.
FIRST = [
    Question("matmul", {"A": (32, 128, 512), "W": (512, 256)}, "A @ W", "Every token is projected by the same W."),
    Question("transpose", {"B": (32, 128, 64)}, "B.transpose(-2, -1)"),
    Question("reduction", {"scores": (32, 128, 128)}, "scores.softmax(dim=-1).sum(dim=-1)", "Each of these sums is 1."),
]
ASKED_FIRST = (projection, transposed, softmax_then_sum)


def questions(seed: int) -> list[Question]:
    """The questions of a round, from easy to hard; the same for the same seed."""
    rng = random.Random(seed)
    made: list[Question] = list(FIRST) if seed == 1 else []
    for level, goal in ((1, 3), (2, 6), (3, QUESTIONS)):
        makers = [maker for maker in MAKERS[level] if seed != 1 or maker not in ASKED_FIRST]
        rng.shuffle(makers)
        made += [maker(rng) for maker in makers[: max(0, goal - len(made))]]
    return made


@dataclass
class Score:
    """What is remembered: `.dojo/quiz.json`."""

    rounds: int = 0
    asked: int = 0
    right: int = 0
    streak: int = 0  # right answers in a row, up to now
    best: int = 0
    path: Path = field(default_factory=lambda: catalog.ROOT / ".dojo" / "quiz.json")

    @classmethod
    def load(cls) -> Score:
        score = cls()
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            saved = json.loads(score.path.read_text(encoding="utf-8"))
            for name in ("rounds", "asked", "right", "streak", "best"):
                setattr(score, name, max(0, int(saved.get(name, 0))))
        return score

    def add(self, right: bool) -> None:
        self.asked, self.right = self.asked + 1, self.right + right
        self.streak = self.streak + 1 if right else 0
        self.best = max(self.best, self.streak)

    def save(self) -> None:
        saved = {name: value for name, value in vars(self).items() if name != "path"}
        try:
            stubs.write_atomically(self.path, (json.dumps(saved) + "\n").encode())
        except OSError as error:
            print(f"The score is not remembered: .dojo cannot be written ({error.strerror}).", file=sys.stderr)


def run(seed: str) -> int:
    """Ask one round. With a seed, the round of this number is repeated."""
    if seed.strip() and not re.fullmatch(r"\d{1,9}", seed.strip()):
        raise UsageError(f"SEED must be a whole number, not {seed.strip()!r}. Try: make quiz SEED=1")
    score = Score.load()
    number = int(seed) if seed.strip() else score.rounds + 1
    importing = threading.Thread(target=_import_torch, daemon=True)  # while the first question is read
    importing.start()
    console = make_console()
    write_line(console, f"Predict the shape · round {number}", "bold")
    write_paragraph(console, "", 'Answer with a shape, such as (2, 3), or with "error". Enter q to stop.')
    right = asked = 0
    for place, asks in enumerate(questions(number), 1):
        console.print()
        _draw(asks, place, console)
        given = _ask()
        if given is None:
            break
        if importing.is_alive():
            write_line(console, "  PyTorch is still starting ...", "dim")
            importing.join()
        wanted = asks.answer()
        correct = given == wanted
        asked, right = asked + 1, right + correct
        score.add(correct)
        score.save()
        if correct:
            shown = "It stops with an error." if wanted == ERROR else ""
            in_a_row = f"{score.streak} in a row." if score.streak > 2 else ""
            write_paragraph(console, "", " ".join(["✓ Right.", *filter(None, [shown, asks.note, in_a_row])]), "green")
        else:
            _explain(asks, wanted, console)
    if asked == QUESTIONS and not seed.strip():
        score.rounds += 1
        score.save()
    console.print()
    write_line(
        console,
        f"  {right} of {asked} right. In all: {score.right} of {score.asked}. Longest streak: {score.best}.",
        "bold",
    )
    write_line(console, f"  The next round: make quiz. This one again: make quiz SEED={number}")
    return 0


def _import_torch() -> None:
    import torch  # noqa: F401


def _draw(asks: Question, place: int, console: Console) -> None:
    write_line(console, f"  {place} of {QUESTIONS} · {asks.topic}", "dim")
    width = max(map(len, asks.given))
    for name, shape in asks.given.items():
        write_line(console, f"     {name:<{width}}  {broadcast.text(shape)}", "cyan")
    write_line(console, f"     What is the shape of   {asks.code}   ?")


def _ask() -> Shape | str | None:
    """A shape or "error"; None to stop."""
    while True:
        try:
            words = input("  > " if sys.stdin.isatty() else "").strip().lower()
        except EOFError:
            return None
        if words in ("q", "quit", "exit"):
            return None
        if words.strip("\"'") in ("e", "err", "error"):
            return ERROR
        with contextlib.suppress(UsageError):
            found = broadcast.parse(words if "(" in words or "[" in words else f"({words})") if words else ()
            if len(found) == 1:
                return found[0]
        print('  Type a shape, such as (2, 3), or "error". A single number has the shape ().')


def _explain(asks: Question, wanted: Shape | str, console: Console) -> None:
    says = "It stops with an error." if wanted == ERROR else f"It is {broadcast.text(wanted)}."  # type: ignore[arg-type]
    write_paragraph(console, "", f"✗ {says}", "bold red")
    steps = asks.steps()
    width = min(44, max(len(step.source) for step in steps))
    for step in steps:
        result = broadcast.text(step.result) if step.result is not None else "✗"
        write_line(console, f"     {step.source:<{width}}   {result}", "cyan" if step.result is not None else "red")
        if step.leading:
            write_line(console, "         The dimensions before the last two:")
        for row in Broadcast(step.lined_up).rows(console.width - 9) if step.lined_up else []:
            write_line(console, f"         {row}")
        if step.error and (step.leading or not step.lined_up):
            write_paragraph(console, "    ", step.error)
    for rule in dict.fromkeys(step.rule for step in steps if step.rule):
        write_paragraph(console, "", rule)
    if asks.note:
        write_paragraph(console, "", asks.note)
