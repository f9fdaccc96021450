# `make run` starts the product, `make test` tests it; `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
PIN := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-strip-extras --upgrade
LOCK := $(PIN) --extra build

# The SDKs that the tests send with. Two versions cannot share an environment: each has a folder of its own.
PYTHON_SDKS := $(patsubst tests/sdks/%.in,%,$(wildcard tests/sdks/*.in))
NPM_SDKS := $(patsubst tests/sdks/%/package.json,%,$(wildcard tests/sdks/*/package.json))
SDKS := $(patsubst %,.venv/sdks/%/installed,$(PYTHON_SDKS) $(if $(shell command -v npm 2>/dev/null),$(NPM_SDKS)))

.PHONY: help run test lint types bench latency soak chaos lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed  ## install what is needed, then start everything
	@exec $(BIN)/analytics run

test: .venv/tested  ## install what is needed, then run all tests
	@$(BIN)/pytest -n auto --dist loadgroup

lint: .venv/tested  ## what ruff thinks of the code, and of its format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/tested  ## what mypy thinks of the types
	@$(BIN)/mypy

bench: .venv/benched  ## measure how fast it is here, beside an endpoint that does nothing (PARTS="memory large": the long ones)
	@$(BIN)/python -m tests.benchmarks $(PARTS)

latency: .venv/tested  ## measure how long events take through the whole product, for half an hour
	@$(BIN)/python -m tests.benchmarks latency runs

soak: .venv/tested  ## live through a month on each database, 50 times smaller than life (SOAK=10: ten times)
	@$(BIN)/python -W ignore -m tests.soak

chaos: .venv/tested  ## kill, freeze and cut off everything for ten minutes on each database, and count (MINUTES, SEED)
	@$(BIN)/python -W ignore -m tests.chaos

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this one is %d.%d: install one, then: make run PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv failed: on Debian and Ubuntu run: apt install python3-venv" >&2; exit 1; }
	@touch $@

# Compiled bytecode halves the start of every run, so it is made sure of here.
.venv/installed: .venv/created requirements.lock pyproject.toml
	@echo "Installing the pinned dependencies into .venv (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q .venv/lib event_registry ingest_api analytics_platform || true
	@touch $@

.venv/tested: .venv/installed requirements-dev.lock $(SDKS)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.venv/benched: .venv/tested requirements-bench.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

.venv/sdks/%/installed: tests/sdks/%.lock | .venv/created
	@rm -rf $(@D)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-warn-conflicts --target $(@D) -r $<
	@touch $@

.venv/sdks/%/installed: tests/sdks/%/package.json tests/sdks/%/package-lock.json | .venv/created
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@cd $(@D) && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts >/dev/null
	@touch $@

lock:  ## pin the newest versions that pyproject.toml allows (needs uv and npm)
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(LOCK) --extra bench -c requirements-dev.lock pyproject.toml -o requirements-bench.lock
	for sdk in $(PYTHON_SDKS); do $(PIN) --no-annotate tests/sdks/$$sdk.in -o tests/sdks/$$sdk.lock; done
	for sdk in $(NPM_SDKS); do (cd tests/sdks/$$sdk && \
		npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved); done

clean:  ## remove the environment and all local data
	rm -rf .venv .data
