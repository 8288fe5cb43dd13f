# What people do with the bookstore; `make` lists it.
PYTHON ?= python3
IN_VENV = .venv/bin/
WORKERS ?= 0

.PHONY: help run check check-style check-types check-imports check-units test lint protos types frontend-lint frontend-test bench clean dev audit

help:  ## lists the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run:  ## starts everything, and says which address to open; Ctrl-C ends it
	@$(PYTHON) launcher/bootstrap.py run
	@$(IN_VENV)python -m launcher

dev:
	@$(PYTHON) launcher/bootstrap.py dev

check: dev  ## runs lint, types and unit tests in less than a minute
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-units check-types frontend-lint check-style check-imports

check-style:
	@$(IN_VENV)ruff check .
	@$(IN_VENV)ruff format --check .

check-types:
	@$(IN_VENV)mypy

check-imports:
	@$(IN_VENV)lint-imports

check-units:
	@$(IN_VENV)python -m pytest -m unit -q

test: dev lint frontend-test  ## runs every check and every test; WORKERS=2 runs two test files at a time
	@$(IN_VENV)python -m tests.servers
	@$(IN_VENV)python -m pytest -n $(WORKERS) --dist loadfile --ignore=tests/browser
	@$(IN_VENV)python -m pytest tests/browser # apart: Playwright keeps an event loop in the process of its tests

lint: dev check-style check-types check-imports frontend-lint  ## runs ruff, mypy, the import rules and eslint

protos: dev  ## generates protos/gen from the proto files
	@$(IN_VENV)python -m protos.generate

types: dev  ## generates the shop's types from the gateway's OpenAPI document
	@$(IN_VENV)python -m gateway.document > frontend/openapi.json
	@npm --prefix frontend run --silent types

frontend-lint: dev
	@npm --prefix frontend run --silent lint
	@npm --prefix frontend run --silent typecheck
	@npm --prefix frontend run --silent types:check

frontend-test: dev
	@npm --prefix frontend run --silent test
	@$(IN_VENV)python -m launcher.shop
	@npm --prefix frontend run --silent size

bench: dev  ## measures requests per second, and those of a gateway with stub services
	@$(IN_VENV)python -m bench

audit: dev  ## asks whether a package in the locks has a known vulnerability; status 3 when nobody could be asked
	@$(IN_VENV)python -m launcher.audit

clean:  ## deletes everything that can be made again, but neither .env nor data/
	rm -rf .venv .tools tests/tools/node_modules frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
