# Plaudit: `make demo` shows it, `make test` checks it. Needs git, make and Python 3.11 or newer; nothing else, no root.
# Written for GNU make 3.81 (macOS) on purpose: no .ONESHELL, no grouped targets, no $(file).

SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
DEMO ?= demo
UV ?= uv

# PYTHON=/path/to/python overrides; else the newest of the usual names that is 3.11 to 3.14, looked for once, when needed.
ifeq ($(origin PYTHON),undefined)
PYTHON = $(eval PYTHON := $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	if "$$p" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 14)))' >/dev/null 2>&1; then \
	echo "$$p"; break; fi; done))$(PYTHON)
endif

# Compiled modules are kept whatever the caller's shell says: without them every command compiles all it imports anew,
# which takes longer than auditing a small log.
unexport PYTHONDONTWRITEBYTECODE

# `pip` inside the environment, quiet unless something is wrong. Python compiles what it imports when it does: compiling
# everything at once would take longer than the rest of the installation.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
INSTALL := $(PIP) install --no-compile

.PHONY: help demo test lint format bench lock wheel clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   audit a small planted world and say how right the audit was"
	@echo "make test   ruff, mypy --strict, the import-layer check and the tests"
	@echo "make lint   the first three of those"
	@echo "make bench  measures accuracy, sweeps and speed into docs/benchmarks.md (hours)"
	@echo "make format puts the code in the shape lint asks for"
	@echo "make lock   pin the requirements again (needs uv)"
	@echo "make wheel  build the wheel into dist/"
	@echo "make clean  remove what make made"

# --- environment: every step leaves a stamp, so the second call is instant ---

$(STAMPS)/venv:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Plaudit needs Python 3.11 to 3.14 and found none: install one, or say 'make PYTHON=/path/to/python3'." >&2; exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || { \
		echo "Plaudit needs Python 3.11 or newer and $(PYTHON) is not: say 'make PYTHON=/path/to/python3'." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make environments: on Debian or Ubuntu install the package python3-venv, then run make again." >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv --clear "$(VENV)"
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/run: $(STAMPS)/venv requirements.txt requirements-build.txt pyproject.toml
	@echo "Installing what Plaudit needs (pinned, with hashes)"
	@$(INSTALL) --require-hashes -r requirements.txt -r requirements-build.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/dev: $(STAMPS)/run requirements-dev.txt
	@echo "Installing the tools of the tests (pinned, with hashes)"
	@$(INSTALL) --require-hashes --no-build-isolation -r requirements-dev.txt
	@touch $@

# --- what people ask for ---

demo: $(STAMPS)/run
	@$(BIN)/python -m plaudit.app.demo "$(DEMO)"

test: lint
	@$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(STAMPS)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --num-workers 2
	@$(BIN)/lint-imports --no-cache

wheel: $(STAMPS)/run
	@$(BIN)/python -m hatchling build -t wheel -d dist

format: $(STAMPS)/dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Pins for every platform at once; the later files keep the versions of the first. They name no index and no address.
COMPILE := $(UV) pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet $(LOCK)

bench: $(STAMPS)/dev
	@$(BIN)/python -m benchmarks.accuracy --write
	@$(BIN)/python -m benchmarks.other_worlds --write
	@$(BIN)/python -m benchmarks.sweeps --write
	@$(BIN)/python -m benchmarks.coverage --write
	@$(BIN)/python -m benchmarks.curves --write
	@$(BIN)/python -m benchmarks.genuine_comments --write
	@$(BIN)/python -m benchmarks.wording --write
	@$(BIN)/python -m benchmarks.sections --write
	@$(BIN)/python -m benchmarks.herd --write
	@$(BIN)/python -m benchmarks.rank --write
	@$(BIN)/python -m benchmarks.redteam --write
	@$(BIN)/python -m benchmarks.section_speed --write
	@$(BIN)/python -m benchmarks.sketches --write
	@$(BIN)/python -m benchmarks.speed --write

lock:
	@$(COMPILE) pyproject.toml --output-file requirements.txt
	@mkdir -p build
	@sed -e 's/ *\\$$//' -e '/--hash/d' requirements.txt > build/constraints.txt
	@$(COMPILE) --group build --constraint build/constraints.txt --output-file requirements-build.txt
	@$(COMPILE) pyproject.toml --group dev --constraint build/constraints.txt --output-file requirements-dev.txt

clean:
	rm -rf "$(VENV)" build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +
