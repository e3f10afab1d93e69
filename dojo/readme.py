"""`make readme`: the generated parts of README.md: the table of katas, and the picture of a real run."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from pathlib import Path

from dojo import card, catalog, stubs
from dojo.catalog import Kata
from dojo.console import write_line

README = catalog.ROOT / "README.md"
PICTURE = catalog.ROOT / ".github" / "card.svg"
PARTS = {
    "Tensors": range(1, 11),
    "Learning": range(11, 16),
    "The pieces of a transformer": range(16, 23),
    "All the bells and whistles": range(23, 100),
}
MINUTES = 3  # planned for one function, its share of the lesson included


def table() -> str:
    """The katas as a Markdown table, in parts."""
    lines = ["| | Kata | What you write | Minutes, planned |", "|---|---|---|---|"]
    for number, (title, numbers) in enumerate(PARTS.items(), 1):
        found = [kata for kata in catalog.katas() if int(kata.number) in numbers]
        if found:
            lines.append(f"| | **Part {'I' * number if number < 4 else 'IV'} · {title}** | | |")
        for kata in found:
            names = ", ".join(f"`{name}`" for name in kata.functions)
            link = f"[{kata.slug}](katas/{kata.name}/README.md)"
            lines.append(f"| {kata.number} | {link} | {names} | {minutes(kata)} |")
    return "\n".join(lines)


def minutes(kata: Kata) -> int:
    """What the kata is planned for, in steps of five."""
    return max(10, 5 * -(-MINUTES * len(kata.functions) // 5))


def current() -> str:
    """README.md with its generated part made anew."""
    text = README.read_text(encoding="utf-8")
    return re.sub(
        r"(<!-- katas: made by `make readme` -->\n).*?(<!-- end -->)",
        lambda found: found[1] + table() + "\n" + found[2],
        text,
        flags=re.DOTALL,
    )


def write() -> int:
    stubs.write_atomically(README, current().encode())
    stubs.write_atomically(PICTURE, picture().encode())
    print("README.md and .github/card.svg are current.")
    return 0


def picture() -> str:
    """An SVG of what a learner sees: softmax solved over the wrong dimension, in a copy of the repository."""
    from rich.console import Console

    kata = catalog.select("softmax")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("katas", "reference", "dojo", "conftest.py", "pyproject.toml"):
            source = catalog.ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, root / name)
        there = Kata(root / "katas" / kata.name)
        text = stubs.derive(kata)
        for function, line in {
            "exp_normalize": "return torch.exp(x) / torch.exp(x).sum(dim, keepdim=True)",
            "softmax": "weights = (x - x.amax(0)).exp()\n    return weights / weights.sum(0)",
        }.items():
            text = text.replace(f'raise NotImplementedError("{function}")', line)
        there.answer.write_text(text, encoding="utf-8")
        result = card.judge(there, device="cpu")
        console = Console(
            record=True, width=88, file=io.StringIO(), force_terminal=True, highlight=False, markup=False, emoji=False
        )
        write_line(console, f"$ make kata N={kata.number}", "bold")
        card.draw(result, console)
    svg = console.export_svg(title="make kata", unique_id="card")
    # The fonts would be fetched from the network: the reader's own monospace font serves.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
