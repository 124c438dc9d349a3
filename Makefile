# On a fresh machine `make index` and `make test` are enough; the other targets are for developers.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# Two workers, whatever the machine has: a full build and a browser each take a few gigabytes at most.
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: help index test test-tools check lint audit spark spark-cluster superset dev docs bench scale torture lock clean

help: ## List these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

index: .venv/installed ## Install, build everything from seeds/, publish, and show the ten councils with the highest need
	@$(BIN)/missions build

test: .venv/installed ## Install and run all tests
	@$(BIN)/python -m pytest $(WORKERS) --durations 25

test-tools: .venv/installed ## Run the tests on other programs: Superset, LibreOffice, a Spark cluster, Caddy
	@$(BIN)/python -m pytest -m tools --durations=0

check: .venv/installed ## Run the tests that need no build, in under two minutes
	@$(BIN)/python -m pytest $(WORKERS) -m fast

lint: .venv/installed ## Check style, types, the direction of imports and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	@mkdir -p build # sqlfluff compiles with dbt, which opens the build file
	cd dbt_project && ../$(BIN)/sqlfluff lint models tests --processes 2 --disable-progress-bar

audit: .venv/installed ## Check the locked dependencies for known vulnerabilities; needs the network
	@for lock in requirements.txt requirements-spark.txt requirements-superset.txt; do \
	  $(BIN)/pip-audit --require-hashes --disable-pip --progress-spinner off -r $$lock || exit; done

spark: .venv/spark ## Build all models on Apache Spark, in build/spark; needs Java 17 (docs/scale.md)
	@$(BIN)/missions build --target spark

spark-cluster: .venv/spark ## Build all models on a Spark cluster of two workers on this machine, of which one is killed
	@MISSIONS_SPARK_CLUSTER=whole $(BIN)/python -m pytest -s tests/tools/test_spark_cluster.py

superset: .venv-superset/installed ## Start Superset on this machine with our dashboard (docs/bi.md)
	@.venv-superset/bin/python deploy/superset/serve.py

dev: .venv/installed ## Open the Dagster UI
	@mkdir -p build/dagster && cp orchestration/dagster.yaml build/dagster/
	DAGSTER_HOME="$(CURDIR)/build/dagster" $(BIN)/dagster dev -w workspace.yaml

docs: .venv/installed ## Regenerate what is made from the registry and the publication
	$(BIN)/python -m missions.sources.generated
	$(BIN)/python -m tools.figures
	$(BIN)/python -m tools.bi

bench: .venv/installed ## Time everything and write docs/PERFORMANCE.md
	$(BIN)/python bench/run.py

scale: .venv/installed ## Measure how time and memory grow, up to a million units, and write docs/PERFORMANCE.md
	$(BIN)/python bench/scale.py

KILLS ?= 50
torture: .venv/installed ## Inject every fault many times (about an hour) and write docs/reliability.md
	MISSIONS_TORTURE=$(KILLS) $(BIN)/python -m pytest tests/orchestration/test_faults_*.py \
	  tests/orchestration/test_reliability.py

lock: ## Regenerate the lock files, with hashes and without addresses (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-strip-extras --extra dev pyproject.toml --output-file requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-strip-extras --extra spark --constraint requirements.txt pyproject.toml --output-file requirements-spark.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-strip-extras deploy/superset/requirements.in --output-file requirements-superset.txt

clean: ## Remove the environment and everything built, except published/
	rm -rf .venv .venv-superset build dbt_project/target dbt_project/logs

# The same locked packages by uv, which takes a fraction of the time, or by pip. uv leaves bytecode out unless asked.
UV ?= $(shell command -v uv)
PIP = $(if $(UV),VIRTUAL_ENV=.venv UV_COMPILE_BYTECODE=1 $(UV) pip,$(BIN)/python -m pip)

# $(call step,what,command): one line with the seconds it took, and what the command printed only if it failed.
step = @begun=$$SECONDS; if said=$$($(2) 2>&1); then echo "$(1): $$((SECONDS - begun)) s"; else echo "$$said" >&2; exit 1; fi

# An interrupted install leaves no stamp, so the next run starts it again.
.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in [(3, 11), (3, 12)])' \
	  || { echo "Python 3.11 or 3.12 is needed: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	$(call step,Made .venv,$(PYTHON) -m venv .venv)
	@echo "Installing packages into .venv ($(if $(UV),a minute,a few minutes) the first time)"
	$(call step,Installed the packages of requirements.txt,$(PIP) install --require-hashes -r requirements.txt)
	$(call step,Installed missions,$(PIP) install --no-deps --no-build-isolation --editable .)
	@touch $@

.venv/spark: .venv/installed requirements-spark.txt
	$(call step,Installed Spark,$(PIP) install --require-hashes -r requirements-spark.txt)
	@touch $@

# Superset needs older versions of packages that we use, so it has an environment of its own.
.venv-superset/installed: requirements-superset.txt
	@echo "Installing Superset into .venv-superset (takes a few minutes)"
	@$(PYTHON) -m venv .venv-superset
	@.venv-superset/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
