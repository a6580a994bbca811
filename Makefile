# `make help` prints what can be made, one line each: the text behind ##.
# Another Python beside the usual one: make test PYTHON=python3.13 VENV=/tmp/py313
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Of each property in `make proof`.
EXAMPLES ?= 2000
# Tests without a homeserver share two processes; they use folders of their own and no fixed port.
PYTEST := $(BIN)/pytest $(ARGS)
SHARED := $(PYTEST) -n 2 --dist worksteal

.PHONY: help demo check test proof proof-tools lint bench constraints clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

demo: $(STAMP)  ## run the whole thing on this machine and talk to it
	$(BIN)/paicha demo $(ARGS)

# For the daily loop, ARGS are pytest's: make check ARGS="-k reminders"
check: lint  ## format, lint, types and every test that needs no homeserver: a minute and a half on two cores
	$(SHARED) -m "not synapse"

# The tests on a real homeserver come one after the other: the one Synapse of the session fills the second core.
test: check  ## check, then the tests on a real Synapse: what .ci/run calls
	$(PYTEST) -m synapse

# Long, and with other examples each time: what fails prints the example, or the seed, that it failed with.
proof: lint proof-tools  ## the long numbers: properties with thousands of examples, chats from disk anew, 200 kills, benches
	PAICHA_EXAMPLES=$(EXAMPLES) $(SHARED) -m "not synapse" --reopen --timeout 1800
	$(PYTEST) -m synapse
	$(BIN)/python -m bench.chaos --kills 200 --messages 300 --seed 1
	$(MAKE) bench

# Programs that only the long tests need, taken from Debian where they are missing. What needs another (Chromium, say)
# adds its line here.
proof-tools:
	@command -v soffice >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends libreoffice-calc; } \
		|| { echo "make proof opens ledgers in LibreOffice: install it, or run this as root" >&2; exit 1; }

lint: $(STAMP)  ## format, lint, types
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

bench: $(STAMP)  ## the numbers of the README
	-$(MAKE) $(VENV)/bench/.installed
	$(BIN)/python -m bench.turn
	$(BIN)/python -m bench.replies
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
constraints:  ## pin the dependencies anew
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra dev pyproject.toml -o constraints.txt

clean:  ## remove what was made here
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-data *.egg-info
