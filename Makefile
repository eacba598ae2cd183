# Everything a person needs: make sandbox, make test. Only Python 3.11+ and make are assumed; the rest goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: help sandbox run doctor test test-long browser screenshots check format bench lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# One line instead of a page of errors when Python is too old or lacks venv.
define check_python
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Muster needs Python 3.11 or newer as $(PYTHON): install it, or name another with make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python lacks venv: install it (Debian and Ubuntu: apt install python3-venv), then run make again." >&2; exit 1; }
endef

$(VENV)/.runtime: requirements.lock pyproject.toml
	$(check_python)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip -q
	@echo "Installing what Muster needs into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@printf '#!/bin/sh\ncd "$(CURDIR)" && exec "$(CURDIR)/$(BIN)/python" -m bot "$$@"\n' > $(BIN)/muster && chmod +x $(BIN)/muster
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what the tests need into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

sandbox: $(VENV)/.runtime ## a local workspace with the bot in it, and a first incident
	@$(BIN)/python -m bot sandbox

run: $(VENV)/.runtime ## the bot itself (settings from .env)
	@$(BIN)/python -m bot run

doctor: $(VENV)/.runtime ## check every step of the installation
	@$(BIN)/python -m bot doctor

# A file's tests share a stage, so a file stays with one worker. Browser tests and kill points run on their own:
# Playwright keeps an event loop of its own, and kill points are spread over the workers one by one.
PYTEST := $(BIN)/python -m pytest -q -rs -n $(WORKERS)
COVERED := --cov --cov-append --cov-report=

test: $(VENV)/.dev ## the tests that run everywhere, within 5 minutes
	@$(PYTEST) --dist loadfile -m "not long and not later and not browser"

# What keeps state is shown on both databases: a second time with everything on PostgreSQL.
ON_POSTGRES := MUSTER_TEST_DATABASE=postgres $(PYTEST) --dist loadfile -m "not sqlite and not long" \
	tests/unit/store tests/unit/services tests/unit/worker tests/scenarios --ignore tests/scenarios/crash

test-long: $(VENV)/.dev ## everything: every kill point on both databases, Chromium; coverage is enforced
	@rm -f .coverage .coverage.*
	@$(PYTEST) $(COVERED) --dist loadfile -m "not browser" --ignore tests/scenarios/crash
	@$(PYTEST) $(COVERED) --dist loadfile tests/browser
	@$(BIN)/coverage report --skip-covered --fail-under=$(COVERAGE)
	@$(ON_POSTGRES)
	@$(PYTEST) tests/scenarios/crash

COVERAGE ?= 90

browser: $(VENV)/.dev ## the sandbox's page in headless Chromium
	@$(PYTEST) --dist loadfile tests/browser

screenshots: $(VENV)/.dev ## the README's pictures, taken anew in headless Chromium
	@$(BIN)/python -m tests.browser.screenshots

check: $(VENV)/.dev ## lint, types, architecture, docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy bot handlers blocks
	@$(BIN)/lint-imports
	@$(BIN)/codespell bot handlers blocks tests *.md
	@$(BIN)/python -m pytest -q tests/architecture

format: $(VENV)/.dev ## let ruff format and mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## benchmarks: ratios against a baseline of the same run
	@$(BIN)/python -m tests.benchmarks

lock: ## make the hashed locks anew (needs uv)
	@uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.lock
	@uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock

clean: ## remove what make made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .coverage
