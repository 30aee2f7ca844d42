# make demo | setup | check | test | bench | peers | soak | prove | break | profile | train-setup
PYTHON ?= python3
ARGS ?=
MINUTES ?= 30
BIN := .venv/bin
NODE_PATH_FIX := PATH="$(CURDIR)/$(BIN):$$PATH"

.PHONY: demo setup train-setup check test test-triton bench peers soak prove break profile system-packages screenshots

demo: setup
	$(BIN)/dermabooth demo $(ARGS)

setup: .venv/.ready .venv-triton/.ready web/dist/index.html

.venv/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) scripts/progress.py "Python environment" -- $(PYTHON) scripts/environment.py .venv requirements/dev.txt --project
	@touch $@

train-setup: .venv/.train

.venv/.train: requirements/train.txt .venv/.ready
	@$(PYTHON) scripts/progress.py "PyTorch, CPU build" -- $(PYTHON) scripts/environment.py .venv requirements/train.txt --training
	@touch $@

.venv-triton/.ready: requirements/triton.txt
	@$(PYTHON) scripts/progress.py "Triton environment" -- $(PYTHON) scripts/environment.py .venv-triton requirements/triton.txt
	@touch $@

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)

web/node_modules/.ready: web/package-lock.json .venv/.ready
	@$(PYTHON) scripts/progress.py "Front-end packages" -- sh -c 'cd web && $(NODE_PATH_FIX) npm ci --no-audit --no-fund'
	@touch $@

web/dist/index.html: web/node_modules/.ready $(WEB_SOURCES)
	@$(PYTHON) scripts/progress.py "Front end" -- sh -c 'cd web && $(NODE_PATH_FIX) npm run build'
	@touch $@

system-packages:
	@$(PYTHON) scripts/system_packages.py

check: .venv/.train web/node_modules/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	cd web && $(NODE_PATH_FIX) npm run check

test: setup train-setup system-packages
	$(BIN)/python scripts/run_tests.py $(ARGS)

test-triton: .venv/.ready
	@test -n "$(URL)" || { echo "say which server: make test-triton URL=host:8001"; exit 2; }
	DERMABOOTH_TRITON_URL="$(URL)" $(BIN)/python -m pytest tests/contract/triton $(ARGS)

bench: setup
	@$(MAKE) --no-print-directory --keep-going peers || echo "a peer without its environment is left out"
	$(BIN)/python -m benchmarks $(ARGS)

soak: setup
	$(BIN)/python -m benchmarks.live.soak --minutes $(MINUTES) $(ARGS)

peers: .venv-peer-fastrtc/.ready .venv-peer-aiortc/.ready

.venv-peer-%/.ready: requirements/peer-%.txt
	@$(PYTHON) scripts/progress.py "Peer $*" -- $(PYTHON) scripts/environment.py .venv-peer-$* $<
	@touch $@

profile: setup
	$(BIN)/python -m benchmarks.profile --write $(ARGS)

prove: setup
	$(BIN)/python -m benchmarks.prove $(ARGS)

break: setup
	$(BIN)/python -m benchmarks.prove.broken_lines $(ARGS)

screenshots: setup system-packages
	$(BIN)/python -m tests.browser.screenshots docs/images
