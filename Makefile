# make demo   run the whole thing on this machine and talk to it
# make test   format, lint, types, all tests (what .ci/run calls)
# make bench  the numbers of the README
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint bench clean constraints

demo: $(STAMP)
	$(BIN)/paicha demo $(ARGS)

test: lint
	$(BIN)/pytest $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Everything is pinned and checked by hash; the project itself is linked, not copied.
$(STAMP): constraints.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Paicha needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r constraints.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $(STAMP)

bench: $(STAMP)
	-$(MAKE) $(VENV)/bench/.installed
	$(BIN)/python -m bench.turn
	$(BIN)/python -m bench.rooms
	$(BIN)/python -m bench.ledger
	$(BIN)/python -m bench.stub
	$(BIN)/python -m bench.chat

# Bots on other libraries, to compare with; the benches go on without those that cannot be installed.
$(VENV)/bench/.installed: bench/requirements.txt
	$(PYTHON) -m venv $(VENV)/bench
	$(VENV)/bench/bin/pip install --quiet --require-hashes -r bench/requirements.txt
	touch $@

# Needs uv (pip install uv). Never commit uv.lock: it names registries.
constraints:
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra dev pyproject.toml -o constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-data *.egg-info
