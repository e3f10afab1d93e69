"""`make new`: the two files that a person writes for a new kata, the rest being derived from them."""

from __future__ import annotations

import re

from dojo import catalog, stubs
from dojo.catalog import Kata, UsageError

REFERENCE = '''"""{title}: what it is, in half a sentence."""

import torch
from jaxtyping import Float
from torch import Tensor

from dojo.authoring import mistake, variant


def first_function(x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    """Say in one sentence what it does.

    Args:
        x: what it is, shape (..., d).

    Returns:
        What comes out: its shape, its dtype and its device.

    Example:
        >>> first_function(torch.tensor([1.0, 2.0]))
        tensor([2., 4.])
    """
    return 2 * x


HINTS = {{"first_function": ["a nudge", "the shapes, step by step", "almost the code"]}}

BANNED: dict[str, str] = {{}}  # name of an operation: what to do instead


@variant(first_function)
def added_to_itself(x):
    return x + x


@mistake(first_function, says="twice")
def squared(x):
    """You multiplied x by itself. Say here why people do this, in a sentence or two."""
    return x * x
'''

TESTS = '''"""The tests of kata {number}. Run them with: make kata N={number}"""

from {slug} import first_function

from dojo.testing import (
    KataTest,
    assert_close,
    assert_follows_device,
    assert_gradients,
    assert_left_alone,
    oracle,
    parameterized,
)


class TestFirstFunction(KataTest):
    subject = first_function

    @parameterized.expand([("one row", (3,)), ("a batch", (2, 5, 3))])
    def test_every_number_is_taken_twice(self, _case, shape):
        x = self.randn(*shape)
        assert_close(first_function(x), oracle(x) + oracle(x), why="Every number is taken twice.")

    def test_the_input_is_left_alone(self):
        x = self.randn(4, 3)
        assert_left_alone(first_function, x, expected=oracle(x) + oracle(x))

    def test_it_works_on_any_device(self):
        x = self.randn(4, 3)
        assert_follows_device(first_function, x, expected=oracle(x) + oracle(x))

    def test_gradients_reach_x(self):
        x = self.randn(4, 3)
        assert_gradients(first_function, x, expected=oracle(x) + oracle(x))
'''

LESSON = """# {number} · {title}

Why a transformer needs it, in two or three sentences.

## The idea

```
 a picture of the shapes
```

## Your task

In `{slug}.py`:

- `first_function(x)`: one line.

Then: `make kata N={number}`

## What this kata does not teach

What a learner might expect here, and where it comes instead.
"""


def write(name: str, number: str) -> int:
    """Write the skeleton of kata `number`, called `name`: a reference, tests, a lesson, and the stub from them."""
    example = "Try: make new NAME=rope N=25"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(f"NAME must be a word of small letters, digits and _, not {name!r}. {example}")
    if not re.fullmatch(r"\d{1,2}", number):
        raise UsageError(f"N must be a number from 1 to 99, not {number!r}. {example}")
    kata = Kata(catalog.ROOT / "katas" / f"{int(number):02}_{name}")
    for other in catalog.katas():
        if other.number == kata.number or other.slug == kata.slug:
            raise UsageError(f"There is already a kata {other.name}. Choose another number and name.")
    words = {"number": kata.number, "slug": kata.slug, "title": kata.slug.replace("_", " ").capitalize()}
    for path, text in ((kata.reference, REFERENCE), (kata.tests, TESTS), (kata.lesson, LESSON)):
        stubs.write_atomically(path, text.format(**words).encode())
    stubs.write(kata)
    print(f"A working kata to start from. Write these, from top to bottom:\n  reference/{kata.name}.py")
    print(f"  katas/{kata.name}/test_{kata.slug}.py\n  katas/{kata.name}/README.md")
    print(f"Then: make stubs N={kata.number}, and make check N={kata.number}. CONTRIBUTING.md says what good ones are.")
    return 0
