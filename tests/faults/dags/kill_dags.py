"""Tasks that wait on their worker, or in the triggerer, and are tried again when they fail; and one that is not."""

from __future__ import annotations

import json
import os
from datetime import timedelta

from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

for mode in ("sync", "deferrable"):
    with DAG(mode, schedule=None, max_active_runs=100, max_active_tasks=100):
        HyperParameterTuningJobOperator(
            task_id="tune",
            config=json.loads(os.environ["FAULTS_JOB"]),
            deferrable=mode == "deferrable",
            poll_interval=1,
            retries=4,
            retry_delay=timedelta(seconds=2),
        )

with DAG("once", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="tune", config=json.loads(os.environ["FAULTS_LONG_JOB"]), deferrable=False, poll_interval=1
    )
