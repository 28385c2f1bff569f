"""Tasks that fail before they have a tuning job."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

REFUSED: dict[str, Any] = {"HyperParameterTuningJobConfig": {"Strategy": "Random"}}

with DAG("refused", schedule=None):
    for deferrable in (False, True):
        HyperParameterTuningJobOperator(task_id=f"config_{deferrable}", config=REFUSED, deferrable=deferrable)
    HyperParameterTuningJobOperator(task_id="template", config="{{ undefined.member }}")
    HyperParameterTuningJobOperator.partial(task_id="mapped", deferrable=True).expand(
        config=[REFUSED, REFUSED]
    )
