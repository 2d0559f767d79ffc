# Everything lives in .venv; stamp files tell what is up to date, so that a second run does nothing and needs no network.
PYTHON_IN_VENV := .venv/bin/python
PACKAGES := .venv/.packages
TOOLS := .venv/.tools
BROKER := .venv/.broker
CONTRACT := .venv/.contract
DEBIAN := .venv/.debian

# The tools and the broker need nothing of each other: they are fetched at the same time.
MAKEFLAGS += --jobs=2

# An environment whose checkout was moved, whose interpreter is gone, or whose Java is gone is made again.
ifneq ($(shell cat .venv/.home 2>/dev/null),$(CURDIR))
$(shell rm -f $(PACKAGES) $(TOOLS) $(BROKER) $(CONTRACT) $(DEBIAN))
endif
ifneq ($(shell test -x $(PYTHON_IN_VENV) && echo whole),whole)
$(shell rm -f $(PACKAGES) $(TOOLS) $(BROKER) $(CONTRACT) $(DEBIAN))
endif
ifneq ($(shell test -x "$$(cat $(BROKER) 2>/dev/null)" && echo whole),whole)
$(shell rm -f $(BROKER))
endif

.PHONY: setup run test lint bench lock

setup: $(BROKER) $(TOOLS) $(CONTRACT) $(DEBIAN)

# Who only runs it needs no tool of its developers.
run: $(BROKER)
	.venv/bin/vigil demo

test: lint
	$(PYTHON_IN_VENV) -m pytest

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: setup
	$(PYTHON_IN_VENV) -m tests.bench
	$(PYTHON_IN_VENV) -m tests.bench.adapters
	$(PYTHON_IN_VENV) -m tests.bench.read_model
	$(PYTHON_IN_VENV) -m tests.bench.streams

# Resolves what pyproject.toml asks for; versions that are locked stay as they are where they may.
lock:
	@tools/lock.sh

$(PACKAGES): requirements.lock pyproject.toml tools/packages.sh
	@tools/packages.sh packages
	@touch $@

$(TOOLS): $(PACKAGES) requirements-dev.lock
	@tools/packages.sh tools
	@touch $@

# AsyncAPI's own parser; without Node.js (3) its tests are skipped and say so.
$(CONTRACT): $(PACKAGES) tools/asyncapi.sh tools/asyncapi/package-lock.json
	@tools/asyncapi.sh || [ $$? -eq 3 ]
	@touch $@

# Programs that tests need from the system's packages; where they cannot be installed (3) those tests are skipped.
$(DEBIAN): $(PACKAGES) tools/debian.sh
	@tools/debian.sh || [ $$? -eq 3 ]
	@touch $@

# The stamp holds the path of the Java that was found.
$(BROKER): $(PACKAGES) requirements-jvm.lock eventlog/node/kafka.lock.toml eventlog/node/install.py eventlog/node/class_archive.py
	@$(PYTHON_IN_VENV) -m eventlog.node.java >/dev/null 2>&1 || tools/packages.sh jvm
	@$(PYTHON_IN_VENV) -m eventlog.node.install
	@$(PYTHON_IN_VENV) -m eventlog.node.java >$@.new && mv $@.new $@
