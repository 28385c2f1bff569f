# `make demo` and `make test` are all a newcomer needs; both prepare the environment by themselves.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help:             ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

env: $(READY)     ## make .venv with everything pinned by constraints.txt

# uv because it takes seconds; plain pip where uv cannot reach the registry that pip is set up for.
$(READY): pyproject.toml constraints.txt airflow_hpt_provider/__init__.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip uv -c constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[demo]' --group dev --group docs \
	  || $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[demo]' --group dev --group docs
	@touch $(READY)

demo: env         ## tune a real model in Airflow on the local tuning service, and register the best
	$(BIN)/airflow-hpt demo

up: env ui-if-npm ## the same with Airflow's UI, for clicking through; Ctrl-C ends it
	$(BIN)/airflow-hpt up

FRONTEND := airflow_hpt_provider/ui/frontend
BUNDLE   := airflow_hpt_provider/ui/static/index.html
NPM      := $(shell command -v npm 2>/dev/null)

ui: $(BUNDLE)     ## build the tuning page (needs Node.js with npm)

$(FRONTEND)/node_modules/.ready: $(FRONTEND)/package.json $(FRONTEND)/package-lock.json
	@test -n "$(NPM)" || { echo "make ui needs npm: install Node.js 20 or newer."; exit 1; }
	cd $(FRONTEND) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUNDLE): $(FRONTEND)/node_modules/.ready $(FRONTEND)/index.html $(FRONTEND)/vite.config.ts $(FRONTEND)/licences.ts $(FRONTEND)/tsconfig.json \
           $(shell find $(FRONTEND)/src $(FRONTEND)/public -type f)
	cd $(FRONTEND) && npm run --silent types && npm run --silent build -- --logLevel warn
	@touch $@

ui-if-npm:        ## the same where npm is there and works; else the page says what to do
ifneq ($(NPM),)
	@$(MAKE) --no-print-directory ui || echo "The tuning page could not be built (see above): Airflow runs without it."
endif

# Skipped, and said so, only where there is no way to have its packages.
test-ui:          ## the tuning page's own unit tests; skipped where npm or its registry is missing
ifneq ($(NPM),)
	@if [ -e $(FRONTEND)/node_modules/.ready ] || (cd $(FRONTEND) && npm view preact version >/dev/null 2>&1); then \
	  $(MAKE) --no-print-directory ui && cd $(FRONTEND) && npm test --silent; \
	else echo "test-ui: skipped, npm cannot reach its registry"; fi
else
	@echo "test-ui: skipped, npm is not installed"
endif

env-browser: env  ## Playwright, to drive an installed Chromium
	@$(BIN)/python -c "import playwright" 2>/dev/null || \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --group browser

env-clients: env  ## the AWS CLI 2, rclone, s3cmd (Debian, as root), pyarrow, pandas, s3fs, DuckDB, polars, for their tests
	@echo "Installed: $$(.ci/clients)"

S3_LIBRARIES := .heavy/s3-libraries
env-s3-libraries: env
	@test -x $(S3_LIBRARIES)/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) $(S3_LIBRARIES) && \
	  $(BIN)/uv pip install -q -p $(S3_LIBRARIES)/bin/python \
	    pyarrow pandas s3fs polars duckdb-extensions duckdb-extension-httpfs || { rm -rf $(S3_LIBRARIES); exit 1; }; }

env-fab: env      ## Airflow's FAB auth manager, in an environment of its own, for the tests of roles on the tuning page
	@test -x .heavy/fab/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/fab && \
	  $(BIN)/uv pip install -q -p .heavy/fab/bin/python -c constraints.txt -e . --group fab || { rm -rf .heavy/fab; exit 1; }; }

test: lint types contracts test-ui test-fast test-integration  ## everything CI runs

test-fast: env    ## unit tests
	$(BIN)/pytest tests/unit -n 2 --dist worksteal

test-integration: env  ## against the local tuning service over HTTP
	$(BIN)/pytest tests/integration tests/faults -m "not heavy"

test-heavy: env   ## what takes minutes or large packages: 25 kills in one tuning job, the SageMaker SDKs
	test -x .heavy/sdk/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/sdk && \
	  $(BIN)/uv pip install -q -p .heavy/sdk/bin/python 'sagemaker<3' pandas; }
	test -x .heavy/core/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/core && \
	  $(BIN)/uv pip install -q -p .heavy/core/bin/python sagemaker-core; }
	test -x .heavy/sdk3/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/sdk3 && \
	  $(BIN)/uv pip install -q -p .heavy/sdk3/bin/python 'sagemaker>=3,<4'; }
	test -x .heavy/mlflow/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/mlflow && \
	  $(BIN)/uv pip install -q -p .heavy/mlflow/bin/python 'mlflow-skinny>=3' 'pydantic>=2.11' pyyaml boto3; }
	$(BIN)/pytest tests/integration -m heavy

test-faults: env  ## 100 and more runs through faulty calls and kills (SEED=n; TABLE=docs/faults.md keeps the table)
	$(BIN)/pytest tests/faults/test_kills.py tests/faults/test_calls.py -m heavy $(if $(SEED),--fault-seed $(SEED)) $(if $(TABLE),--fault-table $(TABLE))

env-cluster: env wheel  ## Airflow with Celery and the provider's wheel, in an environment of its own
	.ci/install-packages
	test -x .heavy/cluster/bin/python || $(BIN)/uv venv -q -p $(PYTHON) .heavy/cluster
	$(BIN)/uv pip install -q -p .heavy/cluster/bin/python -c constraints.txt --reinstall-package airflow-hpt-provider \
	  "$$(ls -t dist/*.whl | head -1)" --group cluster
	@env -u PYTHONDONTWRITEBYTECODE .heavy/cluster/bin/python -m compileall -q .heavy/cluster/lib  # a dozen processes import it

test-cluster: env-cluster  ## PostgreSQL, Redis, Celery, two of each component: kills, drains, outages (SEED=n KILLS=n TABLE=page)
	$(BIN)/pytest tests/cluster -m cluster $(if $(SEED),--cluster-seed $(SEED)) $(if $(KILLS),--cluster-kills $(KILLS)) \
	  $(if $(TABLE),--cluster-table $(TABLE)) $(ARGS)

test-cluster-short: env-cluster  ## the part of it that CI runs (minutes)
	$(BIN)/pytest tests/cluster -m "not heavy"

test-system: env ui-if-npm env-browser  ## a real scheduler, triggerer and API server
	$(BIN)/pytest tests/system

test-aws: env     ## real AWS beside the local service, compared (ARGS="--bucket B --role-arn R --image I --yes"; costs cents)
	$(BIN)/python -m tests.aws $(ARGS)

fuzz: env         ## 10,000 malformed requests at a real local service (minutes; ARGS="--seed 2 --count 1000")
	$(BIN)/python -m tests.fuzz $(ARGS)

soak: env         ## 200 tuning jobs, S3 traffic and a kill every 30 s for 20 minutes (SECONDS=90 for a short one; ARGS="--seed 2")
	$(BIN)/python -m tests.soak $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

test-mutants: env ## 20 single changes of each part that decides about money, ownership and data (ARGS="--seed 2 --only creation")
	$(BIN)/python -m tests.mutants $(ARGS)

audit: env        ## known vulnerabilities in what constraints.txt pins; says so where it cannot know
	test -x .heavy/audit/bin/pip-audit || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/audit && \
	  $(BIN)/uv pip install -q -p .heavy/audit/bin/python pip-audit; }
	$(BIN)/python .ci/audit.py .heavy/audit/bin/pip-audit

wheel: env        ## build the wheel into dist/; the same bytes for the same commit
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 0) \
	  $(BIN)/python -m build --wheel --no-isolation --outdir dist

release-check: wheel  ## may dist/ be published? Links, version, changelog, licences, and twine's checks (TAG=v1.2.3)
	test -x .heavy/release/bin/twine || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/release && \
	  $(BIN)/uv pip install -q -p .heavy/release/bin/python twine; }
	.heavy/release/bin/twine check --strict dist/*.whl
	$(BIN)/python .ci/release_check.py dist/*.whl $(if $(TAG),--tag $(TAG))

test-wheel: env ui-if-npm  ## install the wheel alone, with and without extras, and run the demo from it
	$(BIN)/pytest tests/wheel tests/unit/packaging

test-matrix: env  ## the suite's core on Airflow 3.1, 3.2, 3.3 and Python 3.11 to 3.13, as far as they are here
	$(BIN)/python -m tests.matrix $(ARGS)

docs: env         ## build the documentation into .local/site; a broken link or anchor is an error
	$(BIN)/python -m docs.site

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
	$(BIN)/python -m benchmarks.strategies

RIVAL ?= optuna
RIVAL_optuna := -c constraints.txt optuna torch
RIVAL_smac   := -c constraints.txt smac
RIVAL_hebo   := HEBO==0.3.6 'GPy>=1.13'
bench-search-external: env  ## the search beside optuna's, SMAC3 or HEBO (RIVAL=smac) on problems of others (ARGS=--help)
	@test -n "$(RIVAL_$(RIVAL))" || { echo "RIVAL must be optuna, smac or hebo, got $(RIVAL)"; exit 2; }
	@test -x .heavy/search-$(RIVAL)/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/search-$(RIVAL) && \
	  $(BIN)/uv pip install -q -p .heavy/search-$(RIVAL)/bin/python $(RIVAL_$(RIVAL)) numpy scipy threadpoolctl coco-experiment \
	  "$$(grep ^scikit-learn= constraints.txt)" || { rm -rf .heavy/search-$(RIVAL); exit 1; }; }
	OMP_NUM_THREADS=1 LOKY_MAX_CPU_COUNT=1 nice -n 19 .heavy/search-$(RIVAL)/bin/python -m benchmarks.external $(ARGS)

bench-curves: env  ## Hyperband and early stopping beside optuna's pruners on learning curves (ARGS=--help)
	@test -x .heavy/curves/bin/python || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/curves && $(BIN)/uv pip install -q \
	  -p .heavy/curves/bin/python -c constraints.txt numpy scipy scikit-learn threadpoolctl optuna; }
	OMP_NUM_THREADS=1 nice -n 19 .heavy/curves/bin/python -m benchmarks.external.curves $(ARGS)

bench-service: env  ## latency of Describe and List with 1, 100 and 10,000 known tuning jobs
	$(BIN)/python -m benchmarks.service

bench-overhead: env  ## 40 training jobs beside a bare subprocess pool
	$(BIN)/python -m benchmarks.overhead

bench-waiting: env  ## thousands of waits in one triggerer loop, beside SageMakerTrigger (20 minutes; own venv)
	@mkdir -p .local
	benchmarks/waiting/make_venv.sh .local/bench-venv $(BIN)/uv $(BIN)/python
	.local/bench-venv/bin/python -m benchmarks.waiting $(ARGS)

bench-slots: env  ## worker seconds and task launches per tuning job in each mode, beside SageMakerTuningOperator
	@mkdir -p .local
	benchmarks/waiting/make_venv.sh .local/bench-venv $(BIN)/uv $(BIN)/python
	$(BIN)/python -m benchmarks.slots --python .local/bench-venv/bin/python $(ARGS)

bench-cluster: env  ## 300 deferred tasks on two triggerers, PostgreSQL and Celery, and SageMakerTuningOperator (ARGS="--jobs 30")
	.ci/install-packages
	@mkdir -p .local
	benchmarks/waiting/make_venv.sh .local/bench-venv $(BIN)/uv $(BIN)/python
	grep -vE '^(aiobotocore|boto)' .local/bench-constraints.txt > .local/bench-cluster-constraints.txt
	$(BIN)/uv pip install -q -p .local/bench-venv/bin/python -c .local/bench-cluster-constraints.txt --group cluster
	@env -u PYTHONDONTWRITEBYTECODE .local/bench-venv/bin/python -m compileall -q .local/bench-venv/lib airflow_hpt_provider
	$(BIN)/python -m benchmarks.cluster --python .local/bench-venv/bin/python $(ARGS)

bench-page: env ui env-browser  ## the tuning page with 1,000 training jobs: bytes, first paint, refresh
	$(BIN)/python -m benchmarks.page
	@test -x .heavy/optuna/bin/optuna-dashboard || { $(BIN)/uv venv -q -p $(PYTHON) .heavy/optuna && \
	  $(BIN)/uv pip install -q -p .heavy/optuna/bin/python optuna-dashboard; }
	$(BIN)/python -m benchmarks.page.peers
	@test -x .heavy/lighthouse/node_modules/.bin/lighthouse || { mkdir -p .heavy/lighthouse && \
	  npm install --prefix .heavy/lighthouse --no-audit --no-fund --loglevel=error lighthouse; }
	$(BIN)/python -m benchmarks.page.lighthouse

screenshots: env ui env-browser  ## docs/images of the tuning page, from a real Airflow
	$(BIN)/python -m docs.screenshots

clean:            ## remove what make made
	rm -rf $(VENV) .local $(FRONTEND)/node_modules airflow_hpt_provider/ui/static
