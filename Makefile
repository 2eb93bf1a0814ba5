# Everything a person or CI does here, one word each; `make` alone lists the words.
.DEFAULT_GOAL := help
.PHONY: help setup run test coverage check check-types check-rules deep bench lock generate format clean

BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python
# A start reads some 2,000 modules: without their compiled form it takes four seconds longer, every time.
export PYTHONDONTWRITEBYTECODE :=

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup: .venv/.ready-run ## make .venv with the pinned packages and the crm command
	@echo "Ready: .venv/bin/crm"

run: .venv/.ready-run ## start Rounds with the demo company at http://127.0.0.1:8000 (Ctrl-C stops it)
	@DEMO=$${DEMO:-1} $(BIN)/crm up

# uv comes through pip, hash-checked; it then installs the rest some twenty times faster than pip would.
$(BIN)/uv: tools/uv.txt
	@echo "Making .venv"
	@$$(tools/find-python) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes --disable-pip-version-check -r tools/uv.txt
	@touch $@

.venv/.ready-run: requirements-run.txt tools/build.txt pyproject.toml $(BIN)/uv
	@echo "Installing what Rounds runs on, each package checked against its hash"
	@$(INSTALL) --require-hashes --build-constraint tools/build.txt -r requirements-run.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

.venv/.ready-test: requirements.txt .venv/.ready-run
	@echo "Installing what its tests need"
	@$(INSTALL) --require-hashes --build-constraint tools/build.txt -r requirements.txt
	@touch $@

# One test process more than there are cores: those that wait for a server or a browser leave theirs idle.
PYTEST := $(BIN)/python -m pytest tests -q -n $(shell expr $$(nproc) + 1) --dist worksteal

test: .venv/.ready-test ## run the tests on SQLite and PostgreSQL (TESTS=tests/visits for some)
ifdef TESTS
	@$(BIN)/python -m pytest $(TESTS)
else
	@$(PYTEST)
endif

# Apart from the tests: to measure it doubles their time.
coverage: .venv/.ready-test ## which lines the tests on SQLite run
	@$(PYTEST) --engines sqlite --cov --cov-report=term

check: .venv/.ready-test ## style, types, who may import whom, templates, spelling, generated files
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-rules

check-types:
	$(BIN)/mypy

check-rules:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --check --quiet
	$(BIN)/codespell
	$(BIN)/python -m tools.generate --check
	@$(BIN)/python -m tools.sizes

deep: .venv/.ready-test ## the exhaustive runs: every kill point, seed and page, all of it on both databases
	$(BIN)/python -m pytest tests -n auto --run-deep

bench: .venv/.ready-test ## measure the API beside its ceilings (ROWS=100000, ARGS=--sqlite)
	$(BIN)/python -m bench.api --rows $(or $(ROWS),100000) $(ARGS)

lock: $(BIN)/uv ## pin requirements*.in with hashes (UPGRADE=1 takes newer versions)
	$(BIN)/python tools/lock.py $(if $(UPGRADE),--upgrade)

generate: .venv/.ready-test ## rewrite .env.example and openapi.json from the code
	$(BIN)/python -m tools.generate

format: .venv/.ready-test ## put the code in house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what the tools left behind; .venv and data stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* htmlcov build *.egg-info
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
