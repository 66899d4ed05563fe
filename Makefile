# make run   set up, then run the Russia–Belarus case (quick) and leave a report in runs/
# make test  set up, then lint and test (make test-long: types and the long tests)
# Needs make and Python 3.11 or newer; everything else is installed, pinned by hash, into .venv.

SHELL := /bin/sh
CASE ?= cases/russia-belarus
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
WORKERS ?= 2

# The first interpreter that is new enough, can make a virtual environment, and really starts
# (a version manager's shim may exist for a Python that is not active). Newer than 3.14 comes last:
# the pinned wheels may not exist for it yet.
PROBE := import sys, venv, ensurepip; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 14)))
LATER := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python

# A .venv whose interpreter is gone, or that was made in another folder, is set up anew.
STALE := $(shell if [ -e $(VENV)/.stamp-venv ]; then \
  { [ "$$(cat $(VENV)/.stamp-venv)" = "$(CURDIR)" ] && $(BIN)/python -c '' 2>/dev/null; } || rm -f $(VENV)/.stamp-*; fi)

.PHONY: help run test test-long fits hindcasts evidence pages docs lint style bench setup setup-dev lock clean
.DEFAULT_GOAL := help

help: ## this list
	@echo "Tightrope: targets"
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo "Variables: PYTHON=python3.12 CASE=cases/russia-belarus WORKERS=2"

run: $(VENV)/.stamp-run ## run a case quickly and write its report (set-up included)
	$(BIN)/python -m tightrope run $(CASE) --quick

# NPROC is what XLA sizes its thread pool by: one thread a worker, or they fight over the cores.
PYTEST := NPROC=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=15

test: $(VENV)/.stamp-dev style ## lint and all tests but the long ones (set-up included)
	$(PYTEST) -m "not long"

test-long: $(VENV)/.stamp-dev ## the long tests: types, pages followed command by command, kills, browsers
	$(PYTEST) -m long

fits: $(VENV)/.stamp-run ## fit at the origins of past questions and put the fits into the case (long)
	$(BIN)/python -m tightrope.workflow.ship $(CASE)

hindcasts: $(VENV)/.stamp-run ## forecast from past origins and put the forecasts into the case (long)
	$(BIN)/python -m tightrope hindcast $(CASE) --ship

evidence: $(VENV)/.stamp-run ## weigh the readings of a case and put their evidence into it (hours)
	$(BIN)/python -m tightrope compare $(CASE) --quick --ship

pages: $(VENV)/.stamp-dev ## write the pages of docs/ that follow from the code
	$(BIN)/python -m pages

docs: $(VENV)/.stamp-dev ## build the documentation as a site, in build/site
	$(BIN)/python -m mkdocs build --quiet

lint: style ## style and types only (types are one of the long tests)
	$(BIN)/python -m mypy --strict src

style: $(VENV)/.stamp-dev ## style only
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

bench: $(VENV)/.stamp-dev ## measure every part of the engine beside its peers: benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

setup: $(VENV)/.stamp-run ## only make .venv with what a run needs

setup-dev: $(VENV)/.stamp-dev ## only make .venv with what the tests need

$(VENV)/.stamp-venv:
	@set -e; \
	if $(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  printf '%s' "$(CURDIR)" > $@; exit 0; \
	fi; \
	found=; \
	for probe in '$(PROBE)' '$(LATER)'; do \
	  for python in $(CANDIDATES); do \
	    if "$$python" -c "$$probe" 2>/dev/null; then found="$$python"; break 2; fi; \
	  done; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Tightrope needs Python 3.11 or newer with its venv module (tried: $(strip $(CANDIDATES)))." >&2; \
	  echo "Install one (on Debian and Ubuntu also the package python3-venv), or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
	  exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$found ($$("$$found" --version 2>&1))" >&2; \
	"$$found" -m venv --clear $(VENV); \
	printf '%s' "$(CURDIR)" > $@

# Modules are compiled when first imported: doing all of them here would take most of the set-up's time.
$(VENV)/.stamp-run: $(VENV)/.stamp-venv requirements.txt pyproject.toml
	@echo "Installing pinned packages into $(VENV) (about 700 MB; once)" >&2
	$(PIP) install --quiet --no-compile --require-hashes -r requirements.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

# requirements-dev.txt holds everything in requirements.txt too, with the same pins, and the extras `discover`, `app` and `cluster`.
$(VENV)/.stamp-dev: $(VENV)/.stamp-venv requirements-dev.txt pyproject.toml
	@echo "Installing pinned packages, those of the tests too, into $(VENV) (about 1 GB; once)" >&2
	$(PIP) install --quiet --no-compile --require-hashes -r requirements-dev.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $(VENV)/.stamp-run $@

# For maintainers: pin anew from pyproject.toml (needs uv on the path), for every platform and Python.
UV ?= uv
LOCK := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-header --no-annotate --no-config --quiet
lock: ## pin requirements*.txt anew (maintainers)
	$(LOCK) --upgrade --group build -o requirements.txt
	$(LOCK) --upgrade --group build --group dev --extra discover --extra app --extra cluster -c requirements.txt -o requirements-dev.txt

clean: ## remove .venv and caches; runs/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
