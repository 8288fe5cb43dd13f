# Common tasks; `make` lists them.
PYTHON ?= python3
IN_VENV = .venv/bin/
WORKERS ?= 2
UV = $(or $(shell command -v uv),.tools/bin/uv)

.PHONY: help run check check-style check-types check-imports check-units test lint protos contracts release-contracts types frontend-lint frontend-test bench clean dev audit sbom pin-images

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run:  ## start everything and print the address to open; Ctrl-C stops it
	@$(PYTHON) -ES launcher/bootstrap.py start

dev:
	@$(PYTHON) -ES launcher/bootstrap.py dev

check: dev  ## run the linters, the type checkers and the unit tests, in less than a minute
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

test: dev  ## run every check and every test; WORKERS=0 runs one test file at a time
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types frontend-lint frontend-test check-style check-imports
	@$(IN_VENV)python -m tests.servers
	@$(IN_VENV)python -m pytest -n $(WORKERS) --dist loadfile --ignore=tests/browser
	@$(IN_VENV)python -m pytest -n $(WORKERS) --dist loadfile --ignore=tests/browser/test_speed.py tests/browser # apart: Playwright keeps an event loop in its process
	@$(IN_VENV)python -m pytest tests/browser/test_speed.py # alone: it measures time

lint: dev check-style check-types check-imports frontend-lint  ## run ruff, mypy, the import rules and eslint

protos: dev  ## generate protos/gen from the proto files
	@$(IN_VENV)python -m protos.generate

contracts: dev  ## write the wheel, the descriptor set and the archive of the contracts to dist/
	@$(IN_VENV)python -m protos.publish

release-contracts: protos  ## release the contracts: later changes must not break clients of this state
	@$(IN_VENV)python -m protos.generate release
	@echo "Commit protos/released.binpb together with the new version in protos/pyproject.toml."

types: dev  ## generate the shop's types from the gateway's OpenAPI document
	@$(IN_VENV)python -m gateway.openapi > frontend/openapi.json
	@npm --prefix frontend run --silent types

frontend-lint: dev
	@npm --prefix frontend run --silent lint
	@npm --prefix frontend run --silent typecheck
	@npm --prefix frontend run --silent types:check

frontend-test: dev
	@npm --prefix frontend run --silent test
	@$(IN_VENV)python -m launcher.frontend_build
	@npm --prefix frontend run --silent size

bench: dev  ## measure requests per second, also of a gateway with stub services
	@$(IN_VENV)python -m bench

audit: dev  ## check the locked packages for known vulnerabilities; status 3 if an advisory service cannot be reached
	@$(IN_VENV)python -m launcher.audit

sbom: dev  ## write the software bills of materials (CycloneDX 1.5) of the images to dist/
	@mkdir -p dist
	@$(UV) export --frozen --no-dev --quiet --format cyclonedx1.5 --preview-features sbom-export --output-file dist/python.cdx.json >/dev/null
	@npm --prefix frontend sbom --sbom-format cyclonedx --package-lock-only >dist/frontend.cdx.json
	@echo "Wrote dist/python.cdx.json and dist/frontend.cdx.json."

pin-images:  ## write the digests of the base images into the Dockerfiles and docker-compose.yml; needs docker or skopeo
	@.ci/pin-images .

clean:  ## delete everything that can be built again; .env and data/ stay
	rm -rf .venv .tools tests/tools/node_modules frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
