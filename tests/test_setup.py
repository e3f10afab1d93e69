"""The set-up, without a network: what it would install, and what it says when it cannot."""

import sys

import pytest

from dojo import setup


def test_an_old_python_is_told_which_one_to_use(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 8, 0))
    with pytest.raises(SystemExit) as stopped:
        setup.main([])
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and "3.10 or newer; this is Python 3.8" in error and "PYTHON=" in error


def test_the_requirements_come_from_pyproject():
    names = setup.requirements(sys.executable, check=False)
    assert any(name.startswith("torch>=") for name in names) and not any("ruff" in name for name in names)
    assert any("ruff" in name for name in setup.requirements(sys.executable, check=True))


def test_an_environment_at_hand_gets_only_what_it_lacks(monkeypatch):
    asked = []
    monkeypatch.setattr(setup, "missing", lambda python, wanted: [name for name in wanted if name.startswith("rich")])
    monkeypatch.setattr(setup, "pip", lambda python, words, needed=True: asked.append(words))
    setup.main(["--here"])
    assert len(asked) == 1 and [word.split(">")[0] for word in asked[0]] == ["rich"]


def test_the_cpu_build_is_tried_first_and_the_ordinary_index_serves_as_well(monkeypatch, tmp_path):
    asked = []

    def pip(python, words, needed=True):
        asked.append(words)
        return 1 if setup.CPU_INDEX in words else 0

    monkeypatch.setattr(setup, "VENV", str(tmp_path))
    monkeypatch.setattr(setup, "make_venv", lambda: sys.executable)
    monkeypatch.setattr(setup, "pip", pip)
    monkeypatch.setattr(setup, "missing", lambda python, wanted: wanted)
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "platform", "linux")
    setup.main([])
    assert setup.CPU_INDEX in asked[0] and setup.CPU_INDEX not in asked[1] and (tmp_path / ".ready").exists()
    asked.clear()
    monkeypatch.setattr(setup.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    setup.main([])
    assert all(setup.CPU_INDEX not in words for words in asked)


@pytest.mark.parametrize(("there", "works", "made"), [(False, False, True), (True, False, True), (True, True, False)])
def test_a_broken_environment_is_made_anew(monkeypatch, tmp_path, there, works, made):
    venv = tmp_path / "a path with spaces" / ".venv"
    python = venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if there:
        python.parent.mkdir(parents=True)
        python.write_text("")
    calls = []

    def run(command, quiet=False, no_errors=False):
        calls.append(command)
        return 0 if works or "venv" in command else 1

    monkeypatch.setattr(setup, "VENV", str(venv))
    monkeypatch.setattr(setup, "run", run)
    assert setup.make_venv() == str(python)
    assert ([sys.executable, "-m", "venv", "--clear", str(venv)] in calls) == made
