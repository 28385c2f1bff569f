#!/usr/bin/env bash
# The environment in which both subjects run, with the same libraries: aiobotocore, which SageMakerTrigger needs,
# pins botocore months behind boto3, so this cannot be the project's own .venv.
set -euo pipefail
venv=$1 uv=$2 python=$3
[ -f "$venv/.ready" ] && exit 0
grep -vE '^(boto3|botocore|boto3-stubs|botocore-stubs|s3transfer|awscli|moto|rsa|urllib3|mypy-boto3.*)==' constraints.txt \
  > "$(dirname "$venv")/bench-constraints.txt"
"$python" -m venv "$venv"
"$uv" pip install --quiet --python "$venv/bin/python" -c "$(dirname "$venv")/bench-constraints.txt" \
  -e . 'apache-airflow-providers-amazon[aiobotocore]'
touch "$venv/.ready"
