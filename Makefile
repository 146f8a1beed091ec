# What a fresh machine needs: Python 3.11 or newer, Node 20 or newer, make.
# `make` alone lists the targets. A .venv or node_modules that is a link is used as it is.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup setup-spark run start test bench bench-full torture lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

setup: .venv/.ready node_modules/.ready  ## make .venv and node_modules from the lock files

.venv/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make setup: no Python 3.11 or newer found; install it, or name it: make setup PYTHON=/path/to/python3"; exit 1; }
	@test -L .venv || $(PYTHON) -m venv .venv || { echo "make setup: $(PYTHON) cannot make a virtual environment; its venv and ensurepip modules are needed"; exit 1; }
	@test -L .venv || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@test -L .venv || $(BIN)/pip check --disable-pip-version-check >/dev/null || { $(BIN)/pip check; exit 1; }
	@test -L .venv || $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

node_modules/.ready: package-lock.json package.json
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null || { echo "make setup: Node 20 or newer with npm is needed"; exit 1; }
	@test -L node_modules || npm ci --omit=dev --loglevel=error
	@touch $@

setup-spark: setup  ## beside that, Apache Spark for the time series (450 MB; it needs Java 17 or newer)
	@test -L .venv || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-build-isolation -r requirements-spark.lock
	@command -v java >/dev/null || test -n "$$JAVA_HOME" || echo "make setup-spark: no Java found; install a runtime of Java 17 or newer, on Debian openjdk-17-jre-headless"

run: setup  ## the demonstration on http://127.0.0.1:8000 (database in var/demonstration); Ctrl-C stops
	@exec $(BIN)/shuangkong run

start: setup  ## an empty installation on http://127.0.0.1:8000 (database in var/live); Ctrl-C stops
	@exec $(BIN)/shuangkong start

test: setup  ## all gates and tests that this machine can run; what it cannot is named with the reason
	@exec $(BIN)/python -m tests.gates

bench: setup  ## ratios to references measured in the same run
	@exec $(BIN)/python -m bench

bench-full: setup  ## 175 million readings: memory, and what a row costs beside 20 million (takes long, needs 15 GB)
	@exec $(BIN)/python -m bench.series --full

torture: setup  ## kills, a full disk, a crowd and an hour of fuzzing; SHORT=--short for minutes
	@$(BIN)/python -m bench.torture_series $(SHORT)
	@exec $(BIN)/python -m bench.torture_gateway $(SHORT)

lock: .venv/.ready  ## make the lock files anew with current releases
	$(BIN)/pip install --quiet "pip-tools>=7.5"
	$(BIN)/pip-compile --quiet --upgrade --extra dev --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep="\n")' \
	  | $(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint requirements.lock --output-file requirements-spark.lock -
	npm install --package-lock-only

clean:  ## remove what setup made; databases in var/ stay
	rm -rf .venv node_modules build dist src/*.egg-info
