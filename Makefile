# make demo    set up, train on the small corpus that ships here, test, export, transcribe
# make test    set up, run the fast tests
# make check   lint and types
# make clean   remove what these made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow check clean

demo: $(VENV)/.trainer
	$(BIN)/python scripts/demo.py

test: $(VENV)/.developer
	$(BIN)/python -m pytest

test-slow: $(VENV)/.developer
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build demo-run

# Installed in place: Python code is used from src/, the C++ extension is built again when native/ changes.
NATIVE := $(wildcard native/CMakeLists.txt native/src/*)

$(VENV)/.trainer: pyproject.toml constraints.txt $(NATIVE)
	@$(PYTHON) scripts/bare_machine.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.developer: $(VENV)/.trainer
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	@touch $@
