# `make demo` and `make test` are all a fresh machine needs: Python 3.11 or newer, and make.
PYTHON ?= python3
PORT ?= 8080
VENV := .venv
BIN := $(VENV)/bin
SOURCES := fhir_pgx tests benchmarks .ci
CLIENTS := tests/clients/node

.PHONY: demo test check format knowledge bench docs screenshots clean
.DELETE_ON_ERROR:

demo: $(VENV)/ready-run
	@$(BIN)/python -m fhir_pgx.cli.demo --port $(PORT) $(if $(filter-out 0,$(DETACH)),--detach)

test: $(VENV)/ready-test $(VENV)/ready-clients
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/ready-dev
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/python .ci/audit.py

format: $(VENV)/ready-dev
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

knowledge: $(VENV)/ready-run
	$(BIN)/python -m fhir_pgx.knowledge.compile

bench: $(VENV)/ready-run
	$(BIN)/python benchmarks/stages.py
	$(BIN)/python benchmarks/first_card.py
	$(BIN)/python benchmarks/order_sign.py
	$(BIN)/python benchmarks/security.py
	$(BIN)/python benchmarks/calling.py
	$(BIN)/python benchmarks/store.py
	$(BIN)/python benchmarks/fhir_server.py

docs: $(VENV)/ready-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The pictures in docs/images, as the pages look now.
screenshots: $(VENV)/ready-test
	FHIR_PGX_SCREENSHOTS=docs/images $(BIN)/python -m pytest -m browser tests/docs/test_pictures.py

clean:
	rm -rf site $(VENV) $(CLIENTS)/node_modules .demo .mypy_cache .ruff_cache .pytest_cache dist build

# A stamp a kind of installation; the package itself is installed in place, so an edit needs none.
$(VENV)/ready-run: EXTRA :=
$(VENV)/ready-test: EXTRA := [test]
$(VENV)/ready-dev: EXTRA := [dev]
$(VENV)/ready-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$(EXTRA)'
	@touch $@

# JavaScript clients that the tests hold a session with; where npm is absent or fails, those tests
# say so and skip.
$(VENV)/ready-clients: $(CLIENTS)/package.json | $(BIN)/python
	@command -v npm >/dev/null && cd $(CLIENTS) && \
	  npm install --no-audit --no-fund --no-package-lock --silent || true
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "This Python cannot make a venv; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
