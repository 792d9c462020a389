# One word for each thing to do. Every target first sees to it that what it needs is installed; that is quick when
# nothing is missing.

SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# Tests start the service some hundred times: to compile it anew for each is a quarter of each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help deps deps-az deps-azurite deps-browser deps-js deps-peers deps-samples deps-sdk check test-fast test test-long demo demo-down compatibility clients bench

help: deps ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## Install packages and the Python environment (quick when they are there)
	@tools/deps.sh base

deps-az: deps
	@tools/deps.sh az

deps-azurite: deps
	@tools/deps.sh azurite

deps-browser: deps
	@tools/deps.sh browser

deps-js: deps
	@tools/deps.sh js

deps-peers: deps
	@tools/deps.sh peers

deps-sdk: deps
	@tools/deps.sh sdk

deps-samples: deps
	@tools/deps.sh samples

check: deps ## Format, lint, types, import rules, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell

test-fast: deps-sdk deps-azurite deps-samples ## What needs no guest and little time (at most 90 s)
	$(PYTEST) -m "not guest and not long and not slow" -n 2

# A file's slower tests stay together: what they share, a service mostly, starts once.
test: check test-fast deps-az deps-browser deps-js ## Everything a change must pass: check, test-fast, slower tests, tests with real guests
	$(PYTEST) -m "slow and not guest and not long" -n 2 --dist loadfile
	$(PYTEST) -m "guest and not long"

test-long: deps-browser deps-sdk deps-samples ## What is too slow for every change
	$(PYTEST) -m "not guest and not long and not slow" -n 2 --hypothesis-profile=explore
	$(PYTEST) -m long

demo: deps ## The main job, for real: create, generalize, capture, three clones
	$(BIN)/calco demo

demo-down: deps ## End the demo's service, its guests and its networks
	$(BIN)/calco down --guests

compatibility: deps ## Ask Azure's recorded questions again; write docs/replay.md, compatibility.md, rights.md, checks.md, cloud-shell.md
	$(BIN)/python -m tests.contract.report

clients: deps-sdk deps-az deps-js deps-samples ## Run what pages show again; write it into docs/clients and docs/three-failures.md
	CALCO_WRITE_PAGES=1 $(PYTEST) -n 2 tests/contract/test_{az_page,python_page,js,terraform,powershell}.py \
		tests/inspection/test_three_failures.py

bench: deps-peers deps-sdk deps-azurite ## Measure, print the table, keep it in docs/benchmarks.md
	$(BIN)/python -m bench
