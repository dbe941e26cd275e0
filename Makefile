# Every command does its own set-up into .venv, needs python3.11 and make only, and reads PORT.
.DEFAULT_GOAL := help
.PHONY: help run test soak check bench lock
.DELETE_ON_ERROR:

PYTHON ?= python3.11
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEV := .venv/.dev

help: ## Say what there is
	@echo "make run              set up and start the demo on 127.0.0.1:8000 (PORT=9000 for another port)"
	@echo "make test             set up and run every test"
	@echo "make soak             the same tests at full volume: fuzz, kills, schedules"
	@echo "make check            format, lint, types, import contracts"
	@echo "make bench            every benchmark as JSON lines; BENCH=name runs one"
	@echo "make lock             compile requirements/ from pyproject.toml again"

run: $(RUNTIME)
	@$(BIN)/portnet demo

# `python -m pytest`, never plain pytest: only with the root on sys.path does a graphql/__init__.py show.
test: $(DEV)
	@$(BIN)/python -m pytest -p tests.support.no_skips

soak: export PORTNET_TEST_VOLUME := full
soak: test

# Every tool runs, so that one read shows everything there is to mend. pyright is told its project:
# by itself it prefers a pyrightconfig.json of any folder above.
check: $(DEV)
	@failed=; \
	step() { echo "== $$*"; "$(BIN)/$$@" || failed="$$failed $$1"; }; \
	step ruff format --check --quiet; \
	step ruff check --quiet; \
	step mypy; \
	step pyright --project pyproject.toml; \
	step lint-imports; \
	step portnet schema check; \
	step portnet catalogue check; \
	step portnet catalogue draw --check; \
	if [ -n "$$failed" ]; then echo "make check failed:$$failed" >&2; exit 1; fi

bench: $(DEV)
	@$(BIN)/python -m benchmarks $(BENCH)

LOCK = $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11

lock: $(DEV)
	@$(LOCK) --group installer --output-file requirements/installer.txt
	@$(LOCK) pyproject.toml --extra build --output-file requirements/runtime.txt
	@$(LOCK) pyproject.toml --extra build --extra dev --output-file requirements/dev.txt

# uv installs in a fifth of pip's time, but reads none of pip's configuration: where only pip
# reaches an index (a mirror in pip.conf), pip takes over.
define install
	@echo "Installing requirements/$(1).txt into .venv ..."
	@{ $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt \
	   && $(BIN)/uv pip install --quiet --system-certs --require-hashes --python $(BIN)/python -r requirements/$(1).txt; } \
	 || { echo "uv could not, trying pip ..."; \
	      $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).txt; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
endef

$(RUNTIME): requirements/runtime.txt requirements/installer.txt pyproject.toml | .venv/bin/pip
	$(call install,runtime)
	@touch $@

$(DEV): requirements/dev.txt requirements/installer.txt pyproject.toml | .venv/bin/pip
	$(call install,dev)
	@touch $@ $(RUNTIME)

.venv/bin/pip:
	@command -v "$(PYTHON)" >/dev/null || { echo "PortNet needs Python 3.11: '$(PYTHON)' was not found. On Debian: apt install python3.11 python3.11-venv" >&2; exit 1; }
	@"$(PYTHON)" -c "import ensurepip, venv" 2>/dev/null || { echo "'$(PYTHON)' has no venv module. On Debian: apt install python3.11-venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv .venv
