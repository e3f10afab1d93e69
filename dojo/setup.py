"""Makes `.venv` and installs what the katas need. Runs on any Python 3, before anything is installed.

    python3 dojo/setup.py            make .venv, and install from pyproject.toml with constraints.txt
    python3 dojo/setup.py --here     use this interpreter, and install only what it lacks (make kata VENV=)
    ... --check                      the tools of `make check` as well

An interrupted install is repaired by the next call: `.venv/.ready` is written last.
"""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
OLDEST = (3, 10)
# A Linux machine without an NVIDIA GPU would otherwise download gigabytes of CUDA. Only torch comes from there.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def main(arguments):
    if sys.version_info < OLDEST:
        stop(
            "The katas need Python %d.%d or newer; this is Python %d.%d (%s)."
            % (OLDEST + sys.version_info[:2] + (sys.executable,)),
            "Install a newer Python, then name it: make setup PYTHON=python3.12",
        )
    here, check = "--here" in arguments, "--check" in arguments
    python = sys.executable if here else make_venv()
    wanted = requirements(python, check)
    if here:
        wanted = missing(python, wanted)
        if wanted:
            say("Installing what this Python lacks: " + ", ".join(wanted))
            pip(python, wanted)
        return
    constraints = ["-c", os.path.join(ROOT, "constraints.txt")]
    torch = missing(python, [requirement for requirement in wanted if requirement.startswith("torch")])
    if torch and sys.platform.startswith("linux") and not shutil.which("nvidia-smi"):
        say("PyTorch for the CPU, about 200 MB ...")
        options = ["--index-url", CPU_INDEX, "--no-deps", "--retries", "0", "--timeout", "15"]
        if pip(python, torch + constraints + options, needed=False) != 0:
            say("PyTorch's own server was not reached. Trying the ordinary package index ...")
    say("The packages of pyproject.toml ...")
    pip(python, wanted + constraints)
    for name in ["ready"] + (["check-ready"] if check else []):
        with open(os.path.join(VENV, "." + name), "w") as stamp:
            stamp.write("%d.%d\n" % sys.version_info[:2])
    say("Ready.")


def make_venv():
    """Make .venv, or make it anew if its Python or its pip does not run. Returns its Python."""
    python = os.path.join(VENV, *(["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"]))
    works = [python, "-c", "import sys, pip; sys.exit(sys.version_info < %r)" % (OLDEST,)]
    if os.path.exists(python) and run(works, quiet=True) == 0:
        say("Completing .venv ...")
        return python
    if os.path.lexists(VENV):
        say("The .venv that is here does not work. Making it anew ...")
    else:
        say("Setting up, once: making .venv with Python %d.%d ..." % sys.version_info[:2])
    if run([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
        stop(
            "Python could not make a virtual environment in .venv.",
            "On Debian and Ubuntu: sudo apt install python3-venv   Then repeat the command.",
        )
    return python


def requirements(python, check):
    """The requirements of pyproject.toml, and those of its group `check` if asked for."""
    code = (
        "try:\n"
        "    import tomllib\n"
        "except ImportError:\n"  # Python 3.10
        "    from pip._vendor import tomli as tomllib\n"
        "with open(%r, 'rb') as file:\n"
        "    data = tomllib.load(file)\n"
        "answer = data['project']['dependencies'] + (data['dependency-groups']['check'] if %r else [])\n"
    )
    return ask(python, code % (os.path.join(ROOT, "pyproject.toml"), check))


def missing(python, wanted):
    """Those of the requirements of which no version is there."""
    code = (
        "import importlib.metadata, re\n"
        "answer = []\n"
        "for requirement in %r:\n"
        "    try:\n"
        "        importlib.metadata.version(re.split('[^A-Za-z0-9._-]', requirement)[0])\n"
        "    except importlib.metadata.PackageNotFoundError:\n"
        "        answer.append(requirement)\n"
    )
    return ask(python, code % (wanted,))


def ask(python, code):
    """What `answer` is after `code` ran in that Python: in this process if it is this one."""
    if python == sys.executable:
        names = {}
        exec(code, names)
        return names["answer"]
    import json

    return json.loads(
        subprocess.check_output([python, "-c", code + "\nimport json; print(json.dumps(answer))"]).decode()
    )


def pip(python, words, needed=True):
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-warn-script-location"]
    # A terminal shows pip's progress bars; where the packages may come from elsewhere, its errors are not the news.
    code = run(command + ["--quiet"] * (not sys.stdout.isatty()) + words, no_errors=not needed)
    if code != 0 and needed:
        stop(
            "pip could not install the packages; its message is above.",
            "Mend what it names, then repeat the command: what is installed is kept.",
        )
    return code


def run(command, quiet=False, no_errors=False):
    sink = subprocess.DEVNULL
    return subprocess.call(
        command, cwd=ROOT, stdout=sink if quiet else None, stderr=sink if quiet or no_errors else None
    )


def say(text):
    sys.stdout.write("[set-up] " + text + "\n")
    sys.stdout.flush()


def stop(problem, mend):
    sys.stderr.write(problem + "\n" + mend + "\n")
    sys.exit(2)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        stop("\nThe set-up was interrupted.", "Repeat the command: it goes on where it stopped.")
