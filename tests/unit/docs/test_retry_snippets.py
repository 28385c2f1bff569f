"""The DAGs that docs/retries.md quotes are DAGs."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.retries.strategy import TuningRetryStrategy

SNIPPETS = Path(__file__).parents[3] / "docs" / "snippets"


def only_task(name):
    from airflow.sdk import DAG

    [dag] = [each for each in runpy.run_path(str(SNIPPETS / name)).values() if isinstance(each, DAG)]
    [task] = dag.tasks
    return task


def test_three_levels():
    task = only_task("retries.py")
    assert TuningRetryStrategy.of(task.retry_strategy) == TuningRetryStrategy(2)
    assert (task.max_billable_seconds, task.max_failed_training_jobs, task.retries) == (200_000, 10, 2)


@pytest.mark.skipif(not has("retry_policy"), reason="Airflow 3.3+")
def test_the_policy():
    assert type(only_task("retry_policy.py").retry_policy).__name__ == "TuningRetryPolicy"
