"""README.md is current."""

from dojo import catalog, readme


def test_the_table_of_katas_is_current():
    assert readme.README.read_text(encoding="utf-8") == readme.current(), "Write it again with: make readme"


def test_every_command_of_the_makefile_is_explained_in_one_line():
    lines = (catalog.ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    targets = [
        line.split(":")[0] for line in lines if line[:1].islower() and ":" in line and "=" not in line.split(":")[1]
    ]
    for target in sorted({target for target in targets if " " not in target} - {"here", "here-check"}):
        assert any(line.startswith(f"{target}:") and "## " in line for line in lines), (
            f"`make help` says nothing of {target}"
        )
