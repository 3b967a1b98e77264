# Parley. `make run` shows the main job, `make test` proves it; both set up whatever they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BOARD ?= virtual
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
FIRMWARE := $(shell find firmware -name '*.py' -not -path '*/tests/*' 2>/dev/null) $(wildcard boards/$(BOARD)/*)
NATIVE := $(shell find native/src native/include native/io native/sip native/micropython native/cpython native/port_mps2 native/lwip_rtp -type f \( -name '*.[ch]' -o -name '*.py' -o -name '*.ld' \) 2>/dev/null)
IMAGE := host/parleyd/images/$(BOARD)/manifest.json

.PHONY: help run test build wheel lint hil soak bench requirements clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: build ## the main job: a server, two boards, three real phones, one ad hoc conference
	@$(BIN)/python -m hil_tests.demo

test: build ## every test: units on both Pythons, native kernels, server, real phones
	@tools/test.sh

build: $(STAMPS)/build $(IMAGE) ## commands in .venv/bin and the image of BOARD (default: virtual)

hil: build ## the tests with real phones against BOARD
	@$(BIN)/python -m pytest hil_tests -m "hil and not soak" --board $(BOARD) -q

soak: build ## the tests that take long, against BOARD
	@$(BIN)/python -m pytest hil_tests -m soak --board $(BOARD) -q

bench: build ## all measurements, JSON and plots in out/bench, beside other bridges that are installed for it
	@tools/setup_bench.sh
	@$(BIN)/python tools/bench.py

wheel: build ## the installable package in dist: commands, dashboard and the firmware images built so far
	@rm -rf build/lib build/bdist.*
	@$(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir dist .
	@ls dist/parley-*.whl

lint: $(STAMPS)/build ## ruff, pyright, layers, generated files
	@tools/lint.sh

requirements: $(STAMPS)/venv ## pin again what pyproject.toml and requirements/*.in ask for
	@tools/pin.sh

clean: ## what was built (the virtual environment stays)
	rm -rf build dist out $(STAMPS)/build host/parleyd/images native/cpython/*/*.so

$(STAMPS)/packages: tools/setup_packages.sh
	@mkdir -p $(STAMPS)
	@tools/setup_packages.sh
	@touch $@

$(STAMPS)/venv: requirements/development.txt tools/setup_venv.sh | $(STAMPS)/packages
	@PYTHON=$(PYTHON) tools/setup_venv.sh $(VENV)
	@touch $@

$(STAMPS)/build: $(STAMPS)/venv pyproject.toml setup.py $(NATIVE)
	@echo "[3/4] Parley itself: the commands and the native kernels for this machine"
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

$(IMAGE): $(STAMPS)/build $(FIRMWARE) $(NATIVE) tools/build.py tools/build_mps2.py tools/fetch_sources.py
	@echo "[4/4] Firmware image for the board '$(BOARD)'"
	@$(BIN)/python tools/build.py --board $(BOARD)
