# `make run` starts the product, `make test` tests it; `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-strip-extras --extra build

.PHONY: help run test lint types bench lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

run: .venv/installed  ## install what is needed, then start everything
	@exec $(BIN)/analytics run

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this one is %d.%d: install one, then: make run PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv failed: on Debian and Ubuntu run: apt install python3-venv" >&2; exit 1; }
	@touch $@

# Compiled bytecode halves the start of every run, so it is made sure of here.
.venv/installed: .venv/created requirements.lock pyproject.toml
	@echo "Installing the pinned dependencies into .venv (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q .venv/lib event_registry ingest_api analytics_platform || true
	@touch $@

.venv/tested: .venv/installed requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

lock:  ## pin the newest versions that pyproject.toml allows (needs uv)
	$(LOCK) --upgrade pyproject.toml -o requirements.lock
	$(LOCK) --upgrade --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## remove the environment and all local data
	rm -rf .venv .data
