# Drystone. `make run` and `make test` do all of their own set-up; `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench docs lock clean setup-%

BIN := .venv/bin
export PYTHON

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile

setup-%:
	@sh tools/setup $*

run: setup-run ## start Drystone on this machine (UP="--demo" for the demo school)
	@exec $(BIN)/drystone up $(UP)

# Two files at a time. What measures time, or starts Squid and whole houses, has the machine to itself.
SIDE_BY_SIDE := $(BIN)/pytest --numprocesses 2 --dist loadfile
# What these test is no matter of the database: once is enough.
ONE_DATABASE := $(addprefix --ignore=tests/,site/test_boot.py registers/network/test_selftest.py \
	registers/network/test_expressions.py)

test: setup-test ## everything that must hold: style, layers, types, all tests, and the web tests on PostgreSQL
	@$(MAKE) --no-print-directory checks
	$(BIN)/python tools/check_docs.py
	$(SIDE_BY_SIDE) tests/engine tests/registers tests/oversight tests/site $(ARGS)
	$(SIDE_BY_SIDE) tests/browser tests/cli $(ARGS)
	$(BIN)/pytest tests/gateway tests/house $(ARGS)
	DRYSTONE_TEST_DATABASE=postgresql $(SIDE_BY_SIDE) $(ONE_DATABASE) tests/registers tests/oversight tests/site $(ARGS)

lint: setup-lint checks ## style, types and layers

.PHONY: checks
checks:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	DRYSTONE_HOME=build/lint $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_scope.py

bench: setup-bench ## measure the filter against SquidGuard (DRYSTONE_BENCH_DATA names the lists)
	$(BIN)/python -m bench $(ARGS)

docs: setup-docs ## check that every link, command, option and make target that the docs name exists
	$(BIN)/python tools/check_docs.py

PIN := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" pyproject.toml

lock: setup-lock ## bring the locks of Python and front-end packages up to date
	$(PIN) --upgrade --group build -o requirements/base.txt
	$(PIN) --upgrade --group build --group dev -c requirements/base.txt -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --upgrade --group node -o requirements/node.txt
	npm install --package-lock-only --ignore-scripts

clean: ## remove what make built, never a home folder
	rm -rf .venv node_modules build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	find src tests bench tools -name __pycache__ -prune -exec rm -rf {} +
