"""Events of tuning jobs under a real Airflow: SageMaker -> EventBridge -> SQS -> DAG runs, and waits that end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.models import TuningResult
from tests.system.test_tuning_in_airflow import WAIT_SECONDS, started

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

CONSUMER, TASK = (
    ("after_tuning_job", "react_to_partition")
    if has("asset_partitions")
    else ("on_tuning_finished", "react_to_each")
)


def reactions(demo: DemoSession) -> dict[str, list[Any]]:
    """What the example DAG has made of events so far: payloads by tuning job."""
    api, found = demo.airflow.api, {}  # type: ignore[var-annotated]
    for run in api.runs(CONSUMER):
        if run["state"] == "success":
            for task in api.tasks(CONSUMER, run["dag_run_id"]):
                if task["task_id"] == TASK and task["state"] == "success":
                    value = api.xcom(CONSUMER, run["dag_run_id"], TASK, map_index=task["map_index"])
                    found.setdefault(value["tuning_job_name"], []).append(value)
    return found


def test_the_end_of_each_tuning_job_starts_the_example_dag_with_its_best_training_job(
    demo: DemoSession,
) -> None:
    """Two jobs that end at almost the same moment. Airflow may leave the second one's event for the next one's run."""
    api = demo.airflow.api
    api.wait_for_dag(CONSUMER)
    together, later = ["together-1", "together-2"], "together-3"
    names = [*together, later]
    runs = {name: started(demo, "watched", name=name) for name in together}
    for name, run_id in runs.items():
        assert api.wait_for_run("watched", run_id, WAIT_SECONDS) == "success", name
    wait_until(lambda: reactions(demo), WAIT_SECONDS, "the events started no runs")
    runs[later] = started(demo, "watched", name=later)
    assert api.wait_for_run("watched", runs[later], WAIT_SECONDS) == "success"
    wait_until(lambda: set(names) <= set(reactions(demo)), WAIT_SECONDS, "not every event came to a run")
    reported = reactions(demo)
    for name, run_id in runs.items():
        (payload,) = reported[name]
        assert payload["status"] == "Completed"
        assert payload["best_training_job"] == api.xcom("watched", run_id, "tune", "best_training_job")
        assert payload["final_metric"] == api.xcom("watched", run_id, "tune", "final_metric")
    if has("asset_partitions"):
        keys = [run["partition_key"] for run in api.runs(CONSUMER)]
        assert [keys.count(name) for name in names] == [1, 1, 1]


def test_waits_end_on_the_event(demo: DemoSession) -> None:
    """Their poll comes only after five minutes: longer than this test waits."""
    api, dag_id = demo.airflow.api, "wait_on_events"
    run_id = started(demo, dag_id)
    assert api.wait_for_run(dag_id, run_id, WAIT_SECONDS) == "success"
    for task in ("tune", "wait"):
        assert TuningResult.from_xcom(api.xcom(dag_id, run_id, task)).succeeded
