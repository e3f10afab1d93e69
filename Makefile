# Tensor Katas. `make help` lists what you can do. Windows has no make: README.md says what to type there.

N      ?=
NAME   ?=
DEVICE ?=
SHAPES ?=
SEED   ?=
GIVE_UP ?=
PYTHON ?= python3
# VENV= (empty) uses the Python at hand, and installs only what it lacks.
VENV   ?= .venv

ifeq ($(strip $(VENV)),)
PY    := "$(PYTHON)"
READY := here
else
PY    := .venv/bin/python
READY := .venv/.ready
# A .venv whose Python is gone (moved, upgraded) is set up again.
ifeq ($(wildcard $(PY)),)
.PHONY: .venv/.ready .venv/.check-ready
endif
endif

define need_python
@command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) here. Install Python 3.10 or newer, or name the one that you have: PYTHON=python3.12"; exit 2; }
endef

.DEFAULT_GOAL := help
.PHONY: help kata watch lesson hint progress solution reset restore again setup here here-check check stubs new readme
.PHONY: bench bench-feedback broadcast explore quiz

help: ## list what you can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

kata: $(READY) ## run one kata and see what to do next: make kata N=05 (DEVICE=cpu, cuda, mps or all)
	@$(PY) -m dojo kata "$(N)" --device "$(DEVICE)" || test $$? -eq 1

watch: $(READY) ## a verdict at every save, from the first unfinished kata on (or N=05)
	@$(PY) -m dojo watch "$(N)" --device "$(DEVICE)"

lesson: $(READY) ## read the lesson of a kata: make lesson N=05
	@$(PY) -m dojo lesson "$(N)"

hint: $(READY) ## get the next hint: make hint N=05
	@$(PY) -m dojo hint "$(N)"

progress: $(READY) ## see what is done, and what is next
	@$(PY) -m dojo progress

solution: $(READY) ## compare your code with the reference, once it passes: make solution N=05 (or GIVE_UP=yes)
	@$(PY) -m dojo solution "$(N)" $(if $(filter yes,$(GIVE_UP)),--give-up) || test $$? -eq 1

reset: $(READY) ## write the stub of a kata again, and keep your file as a backup: make reset N=05
	@$(PY) -m dojo reset "$(N)"

restore: $(READY) ## bring back the newest backup of your file: make restore N=05
	@$(PY) -m dojo restore "$(N)"

again: $(READY) ## practise a kata once more, with new random inputs: make again N=05
	@$(PY) -m dojo again "$(N)"

broadcast: $(READY) ## see how shapes line up: make broadcast SHAPES="(4,1) (1,3)"
	@$(PY) -m dojo broadcast "$(SHAPES)"

quiz: $(READY) ## predict the shape: ten questions (SEED=3 repeats round 3)
	@$(PY) -m dojo quiz --seed "$(SEED)"

bench: $(READY) ## measure your function beside PyTorch's own, once the kata passes: make bench N=18
	@$(PY) -m dojo bench "$(N)" --device "$(DEVICE)" || test $$? -eq 1

explore: $(READY) ## open a page to play with broadcasting, strides and masks (Ctrl-C ends it)
	@$(PY) -m dojo explore

setup: ## install what the katas need, or repair it
	$(need_python)
	@"$(PYTHON)" dojo/setup.py $(if $(strip $(VENV)),,--here)

bench-feedback: $(READY) ## measure how long a verdict takes, against the imports alone
	@$(PY) -m dojo bench-feedback

check: $(subst .ready,.check-ready,$(READY:here=here-check)) ## for maintainers: prove that everything is right: make check (N=05 for one kata)
	@$(PY) -m dojo check "$(N)" --device "$(DEVICE)"

stubs: $(READY) ## for maintainers: derive the stubs from the reference (N=05 for one kata)
	@$(PY) -m dojo stubs "$(N)"

new: $(READY) ## for maintainers: write the skeleton of a new kata: make new NAME=rope N=25
	@$(PY) -m dojo new "$(NAME)" "$(N)"

readme: $(READY) ## for maintainers: write the table and the picture of README.md anew
	@$(PY) -m dojo readme

.venv/.ready: pyproject.toml constraints.txt
	$(need_python)
	@"$(PYTHON)" dojo/setup.py

.venv/.check-ready: pyproject.toml constraints.txt
	$(need_python)
	@"$(PYTHON)" dojo/setup.py --check

here:
	$(need_python)
	@"$(PYTHON)" dojo/setup.py --here

here-check:
	$(need_python)
	@"$(PYTHON)" dojo/setup.py --here --check
