"""All example DAGs under a real scheduler, and DAGs that are started by a tuning task's asset events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

WAIT_SECONDS = 600
"""Seconds; generous, for a busy machine."""


def run(demo: DemoSession, dag_id: str, **params: Any) -> str:
    """The id of a run that has ended well."""
    api = demo.airflow.api
    api.wait_for_dag(dag_id)
    api._call("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})  # as a person switches it on
    run_id = api.trigger(dag_id, params)
    state = api.wait_for_run(dag_id, run_id, WAIT_SECONDS)
    if state != "success":
        failed = [task for task in api.tasks(dag_id, run_id) if task["state"] == "failed"]
        pytest.fail(
            "\n".join(api.log(dag_id, run_id, task["task_id"], task["try_number"]) for task in failed)
        )
    return run_id


def states(demo: DemoSession, dag_id: str, run_id: str) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in demo.airflow.api.tasks(dag_id, run_id)}


def test_retrain_weekly(demo: DemoSession) -> None:
    """Each run starts from the one before, and registers what is better than the champion, and only that."""
    api, dag_id = demo.airflow.api, "retrain_weekly"
    for _ in range(2):
        run(demo, dag_id, training_jobs=2)
    runs = api._get(f"/api/v2/dags/{dag_id}/dagRuns?order_by=start_date")["dag_runs"]
    weeks = [one["dag_run_id"] for one in runs if one["state"] == "success"]
    assert len(weeks) >= 2, "to switch the DAG on may have started its scheduled run too"

    previous = champion = best = None
    for week in weeks:
        job = api.xcom(dag_id, week, "tune", "tuning_job_name")
        described = demo.service.client("sagemaker").describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=job
        )
        parents = described.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", [])
        assert [parent["HyperParameterTuningJobName"] for parent in parents] == (
            [previous] if previous else []
        )
        metric = api.xcom(dag_id, week, "tune", "final_metric")
        if best is None or metric < best:
            registered = api.xcom(dag_id, week, "register")
            assert registered["champion"] == champion
            champion, best = registered["model_package_arn"], metric
        else:
            assert states(demo, dag_id, week)["register"] == "skipped"
        previous = job


def test_tune_many(demo: DemoSession) -> None:
    run_id = run(demo, "tune_many", training_jobs=2)
    tasks = [task for task in demo.airflow.api.tasks("tune_many", run_id) if task["task_id"] == "tune"]
    assert {task["rendered_map_index"] for task in tasks} == {"under-40", "40-to-54", "from-55"}
    assert demo.airflow.api.xcom("tune_many", run_id, "register")["registered"] is True


def test_tune_with_a_function(demo: DemoSession) -> None:
    run_id = run(demo, "tune_with_a_function")
    name = demo.airflow.api.xcom("tune_with_a_function", run_id, "tune", "tuning_job_name")
    assert demo.airflow.api.xcom("tune_with_a_function", run_id, "report").startswith(f"{name}: ")


def test_compare_algorithms(demo: DemoSession) -> None:
    run_id = run(demo, "compare_algorithms", training_jobs=3)
    ranking = demo.airflow.api.xcom("compare_algorithms", run_id, "ranking")
    assert set(ranking) == {"boosting", "forest", "linear"}
    assert demo.airflow.api.xcom("compare_algorithms", run_id, "register")["registered"] is True


def test_cheap_spot(demo: DemoSession) -> None:
    run_id = run(demo, "cheap_spot", training_jobs=2, epochs=3)
    assert demo.airflow.api.xcom("cheap_spot", run_id, "tune", "final_metric") > 0


def test_a_tuning_task_starts_the_dags_that_its_assets_schedule(demo: DemoSession) -> None:
    api = demo.airflow.api
    for dag_id in ("on_asset", "on_partition"):
        api.wait_for_dag(dag_id)
    runs = [run(demo, "updates_assets") for _ in range(2)]
    jobs = {api.xcom("updates_assets", run_id, "tune", "tuning_job_name"): run_id for run_id in runs}

    def started(dag_id: str, count: int) -> list[str]:
        def enough() -> list[str] | None:
            found = api._get(f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]
            return [one["dag_run_id"] for one in found] if len(found) >= count else None

        return wait_until(enough, WAIT_SECONDS, f"{dag_id} was not started")

    reported: list[dict[str, Any]] = []
    for run_id in started("on_partition", 2):
        assert api.wait_for_run("on_partition", run_id, WAIT_SECONDS) == "success"
        value = api.xcom("on_partition", run_id, "reported_one")
        (event,) = value["events"]
        assert value["partition"] == event["tuning_job_name"]
        reported.append(event)
    assert {event["tuning_job_name"] for event in reported} == set(jobs), "one run for each tuning job"
    for event in reported:
        tuned = jobs[event["tuning_job_name"]]
        assert event["final_metric"] == api.xcom("updates_assets", tuned, "tune", "final_metric")
        assert event["best_training_job"] == api.xcom("updates_assets", tuned, "tune", "best_training_job")

    names = set()
    for run_id in started("on_asset", 1):
        assert api.wait_for_run("on_asset", run_id, WAIT_SECONDS) == "success"
        names |= {event["tuning_job_name"] for event in api.xcom("on_asset", run_id, "reported")}
    assert names <= set(jobs)
    assert names
