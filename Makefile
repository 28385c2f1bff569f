# `make demo` and `make test` are all a newcomer needs; both prepare the environment by themselves.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help env demo up test test-fast test-integration test-system test-heavy test-faults lint types contracts \
        bench-import bench-search bench-service bench-overhead bench-waiting clean

help:             ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

env: $(READY)     ## make .venv with everything pinned by constraints.txt

# uv because it takes seconds; plain pip where uv cannot reach the registry that pip is set up for.
$(READY): pyproject.toml constraints.txt airflow_hpt_provider/__init__.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip uv -c constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[demo]' --group dev \
	  || $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[demo]' --group dev
	@touch $(READY)

demo: env         ## tune a real model in Airflow on the local tuning service, and register the best
	$(BIN)/airflow-hpt demo

up: env           ## the same with Airflow's UI, for clicking through; Ctrl-C ends it
	$(BIN)/airflow-hpt up

test: lint types contracts test-fast test-integration  ## everything CI runs

test-fast: env    ## unit tests
	$(BIN)/pytest tests/unit

test-integration: env  ## against the local tuning service over HTTP
	$(BIN)/pytest tests/integration tests/faults -m "not heavy"

test-heavy: env   ## what takes minutes or large packages: 25 kills in one tuning job, the SageMaker SDKs
	test -x .heavy/sdk/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/sdk && \
	  $(BIN)/uv pip install -q -p .heavy/sdk/bin/python 'sagemaker<3' pandas; }
	test -x .heavy/core/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/core && \
	  $(BIN)/uv pip install -q -p .heavy/core/bin/python sagemaker-core; }
	$(BIN)/pytest tests/integration -m heavy

test-faults: env  ## 100 and more runs through faulty calls and kills (SEED=n; TABLE=docs/faults.md keeps the table)
	$(BIN)/pytest tests/faults/test_kills.py tests/faults/test_calls.py -m heavy $(if $(SEED),--fault-seed $(SEED)) $(if $(TABLE),--fault-table $(TABLE))

test-system: env  ## a real scheduler, triggerer and API server
	$(BIN)/pytest tests/system

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

contracts: env
	$(BIN)/lint-imports

bench-import: env  ## import time of our operators beside SageMakerTuningOperator's
	$(BIN)/python benchmarks/import_time.py

bench-search: env  ## regret and speed of the search strategies beside other libraries
	$(BIN)/python -m benchmarks.search

bench-service: env  ## latency of Describe and List with 1, 100 and 10,000 known tuning jobs
	$(BIN)/python -m benchmarks.service

bench-overhead: env  ## 40 training jobs beside a bare subprocess pool
	$(BIN)/python -m benchmarks.overhead

bench-waiting: env  ## thousands of waits in one triggerer loop, beside SageMakerTrigger (20 minutes; own venv)
	@mkdir -p .local
	benchmarks/waiting/make_venv.sh .local/bench-venv $(BIN)/uv $(BIN)/python
	.local/bench-venv/bin/python -m benchmarks.waiting $(ARGS)

clean:            ## remove what make made
	rm -rf $(VENV) .local
