"""The operators and sensors under a real scheduler, triggerer and API server, tuning on the local service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.models import TuningResult

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

WAIT_SECONDS = 240
"""Seconds; generous, for a busy machine."""


def started(demo: DemoSession, dag_id: str, **params: Any) -> str:
    demo.airflow.api.wait_for_dag(dag_id)
    return demo.airflow.api.trigger(dag_id, params)


def until_task_is(demo: DemoSession, dag_id: str, run_id: str, task_id: str, state: str) -> dict[str, Any]:
    def reached() -> dict[str, Any] | None:
        task = demo.airflow.api.task(dag_id, run_id, task_id)
        assert task["state"] != "failed" or state == "failed", demo.airflow.api.log(dag_id, run_id, task_id)
        return task if task["state"] == state else None

    return wait_until(reached, WAIT_SECONDS, f"task {task_id} of {dag_id} did not become {state}", every=0.1)


def occupation(demo: DemoSession) -> tuple[int, int, int]:
    """Of the default pool: how many tasks are deferred, hold a slot, run."""
    pool = demo.airflow.api.pool("default_pool")
    return pool["deferred_slots"], pool["occupied_slots"], pool["running_slots"]


def test_the_example_dag_waits_in_the_triggerer_and_registers_the_best(demo: DemoSession) -> None:
    api, dag_id = demo.airflow.api, "tune_and_register"
    # The pool is everybody's: what other tests have left behind there shall be over.
    wait_until(lambda: occupation(demo) == (0, 0, 0), WAIT_SECONDS, "tasks of other tests keep running")
    run_id = started(demo, dag_id, training_jobs=6)

    deferred = until_task_is(demo, dag_id, run_id, "tune", "deferred")
    assert deferred["trigger"]["classpath"].endswith(".HyperParameterTuningJobTrigger")
    assert occupation(demo) == (1, 0, 0)
    job = api.xcom(dag_id, run_id, "tune", "tuning_job_name")
    assert isinstance(job, str)
    assert len(job) <= 32
    assert api.xcom(dag_id, run_id, "tune", "tuning_job_arn").endswith(f":hyper-parameter-tuning-job/{job}")

    assert api.wait_for_run(dag_id, run_id, WAIT_SECONDS) == "success"
    best = api.xcom(dag_id, run_id, "tune", "best_training_job")
    final_metric = api.xcom(dag_id, run_id, "tune", "final_metric")
    assert isinstance(final_metric, float)
    objective = best["FinalHyperParameterTuningJobObjectiveMetric"]
    assert objective["MetricName"] == "validation:log_loss"
    assert objective["Value"] == pytest.approx(final_metric, rel=1e-6)
    assert set(best["TunedHyperParameters"]) == {
        "learning-rate",
        "max-leaf-nodes",
        "l2-regularization",
        "class-weight",
    }
    artifact = best["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifact.endswith(f"/{best['TrainingJobName']}/output/model.tar.gz")
    bucket, _, key = artifact.removeprefix("s3://").partition("/")
    assert demo.service.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 0

    result = TuningResult.from_xcom(api.xcom(dag_id, run_id, "tune"))
    assert result.status == "Completed"
    assert result.final_metric == final_metric

    arn = api.xcom(dag_id, run_id, "register")["model_package_arn"]
    package = demo.service.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == artifact


def test_the_short_dag_of_the_readme_runs_as_it_stands(demo: DemoSession) -> None:
    api, dag_id = demo.airflow.api, "tune_from_yaml"
    run_id = started(demo, dag_id)
    assert api.wait_for_run(dag_id, run_id, WAIT_SECONDS) == "success"
    result = TuningResult.from_xcom(api.xcom(dag_id, run_id, "tune"))
    assert result.status == "Completed"
    assert api.xcom(dag_id, run_id, "register")["registered"] is True


def test_the_training_jobs_of_the_result_are_those_of_the_service(demo: DemoSession) -> None:
    """In sync mode: the worker waits itself, and the task is never deferred."""
    api = demo.airflow.api
    run_id = started(demo, "sync")
    assert api.wait_for_run("sync", run_id, WAIT_SECONDS) == "success"
    job = api.xcom("sync", run_id, "tune", "tuning_job_name")
    summaries = demo.service.client("sagemaker").list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=job
    )["TrainingJobSummaries"]
    values = {
        one["TrainingJobName"]: one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        for one in summaries
    }
    assert len(values) == 4
    best = api.xcom("sync", run_id, "tune", "best_training_job")
    assert best["TrainingJobName"] == min(values, key=values.__getitem__)
    assert api.xcom("sync", run_id, "tune", "final_metric") == pytest.approx(min(values.values()), rel=1e-6)
    assert "DEFERRED" not in api.log("sync", run_id, "tune")


def test_a_job_whose_training_jobs_fail_fails_the_task_and_says_why(demo: DemoSession) -> None:
    api = demo.airflow.api
    run_id = started(demo, "failing")
    assert api.wait_for_run("failing", run_id, WAIT_SECONDS) == "failed"
    log = api.log("failing", run_id, "tune")
    assert "the disk is on fire" in log
    assert api.xcom("failing", run_id, "tune", "tuning_job_name") in log


def test_sensors_wait_for_a_job_that_another_task_only_started(demo: DemoSession) -> None:
    api, dag_id = demo.airflow.api, "fire_and_wait"
    run_id = started(demo, dag_id)
    until_task_is(demo, dag_id, run_id, "create", "success")
    job = api.xcom(dag_id, run_id, "create", "tuning_job_name")
    sagemaker = demo.service.client("sagemaker")
    assert (
        sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)[
            "HyperParameterTuningJobStatus"
        ]
        == "InProgress"
    ), "the operator was to return immediately"
    until_task_is(demo, dag_id, run_id, "wait_deferred", "deferred")
    assert api.wait_for_run(dag_id, run_id, WAIT_SECONDS) == "success"
    for sensor in ("wait_deferred", "wait_rescheduled"):
        result = TuningResult.from_xcom(api.xcom(dag_id, run_id, sensor))
        assert (result.tuning_job_name, result.status) == (job, "Completed")


def test_marking_a_deferred_task_failed_stops_its_tuning_job(demo: DemoSession) -> None:
    api, dag_id = demo.airflow.api, "endless"
    run_id = started(demo, dag_id)
    until_task_is(demo, dag_id, run_id, "tune", "deferred")
    job = api.xcom(dag_id, run_id, "tune", "tuning_job_name")
    sagemaker = demo.service.client("sagemaker")

    def status() -> str:
        answer = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)
        return str(answer["HyperParameterTuningJobStatus"])

    wait_until(
        lambda: "InProgress" in api.log(dag_id, run_id, "tune"),
        WAIT_SECONDS,
        "the trigger did not poll the job",
    )
    assert status() == "InProgress"
    api.mark_task(dag_id, run_id, "tune", "failed")
    wait_until(lambda: status() == "Stopped", WAIT_SECONDS, f"tuning job {job} was not stopped")


def test_sensors_start_and_end_without_a_worker_and_leave_the_same(demo: DemoSession) -> None:
    api, dag_id = demo.airflow.api, "no_worker"
    run_id = started(demo, dag_id)
    assert api.wait_for_run(dag_id, run_id, WAIT_SECONDS) == "success"
    keys = (
        "tuning_job_name",
        "tuning_job_arn",
        "tuning_connection",
        "best_training_job",
        "final_metric",
        "return_value",
    )
    expected = {key: api.xcom(dag_id, run_id, "on_worker", key) for key in keys}
    assert TuningResult.from_xcom(expected["return_value"]).succeeded
    for sensor in ("from_output", "from_template", "from_unusual", "never_on_worker"):
        assert {key: api.xcom(dag_id, run_id, sensor, key) for key in keys} == expected, sensor
    ran_on_worker = {
        sensor: api.task(dag_id, run_id, sensor)["pid"] is not None
        for sensor in ("on_worker", "from_output", "from_template", "from_unusual", "never_on_worker")
    }
    assert ran_on_worker == {
        "on_worker": True,
        "from_output": True,  # to end, not to start
        "from_template": True,
        "from_unusual": True,
        "never_on_worker": False,
    }
    mapped = [task for task in api.tasks(dag_id, run_id) if task["task_id"] == "mapped"]
    assert [task["state"] for task in mapped] == ["success"] * 2
    for task in mapped:
        value = api.xcom(dag_id, run_id, "mapped", "final_metric", map_index=task["map_index"])
        assert value == expected["final_metric"]
    for sensor in ("from_output", "from_template"):
        assert "Waiting for tuning job" not in api.log(dag_id, run_id, sensor), "it was on a worker before"


def test_a_name_from_params_is_rendered_in_the_triggerer(demo: DemoSession) -> None:
    api = demo.airflow.api
    first = started(demo, "sync")
    assert api.wait_for_run("sync", first, WAIT_SECONDS) == "success"
    job = api.xcom("sync", first, "tune", "tuning_job_name")
    run_id = started(demo, "no_worker_params", job=job)
    assert api.wait_for_run("no_worker_params", run_id, WAIT_SECONDS) == "success"
    assert api.xcom("no_worker_params", run_id, "wait", "tuning_job_name") == job
    assert api.task("no_worker_params", run_id, "wait")["pid"] is None


def test_failures_are_reported_by_a_worker_even_if_success_would_end_in_the_triggerer(
    demo: DemoSession,
) -> None:
    api = demo.airflow.api
    first = started(demo, "failing")
    assert api.wait_for_run("failing", first, WAIT_SECONDS) == "failed"
    job = api.xcom("failing", first, "tune", "tuning_job_name")
    run_id = started(demo, "no_worker_params", job=job)
    assert api.wait_for_run("no_worker_params", run_id, WAIT_SECONDS) == "failed"
    assert "the disk is on fire" in api.log("no_worker_params", run_id, "wait")


def test_the_end_of_a_tuning_job_starts_a_dag_run(demo: DemoSession) -> None:
    api = demo.airflow.api
    for dag_id in ("on_tuned", "on_broken"):
        api.wait_for_dag(dag_id)
    run_id = started(demo, "watched", name="watched-1")
    assert api.wait_for_run("watched", run_id, WAIT_SECONDS) == "success"

    (run,) = wait_until(lambda: api.runs("on_tuned"), WAIT_SECONDS, "no run of on_tuned was started")
    assert run["run_type"] == "asset_triggered"
    assert api.wait_for_run("on_tuned", run["dag_run_id"], WAIT_SECONDS) == "success"
    (payload,) = api.xcom("on_tuned", run["dag_run_id"], "payloads")
    assert (payload["tuning_job_name"], payload["status"]) == ("watched-1", "Completed")
    assert payload["final_metric"] == api.xcom("watched", run_id, "tune", "final_metric")
    assert payload["best_training_job"] == api.xcom("watched", run_id, "tune", "best_training_job")
    assert not api.runs("on_broken"), "its watcher waits for failures only"
    sqs = demo.service.client("sqs")
    url = sqs.get_queue_url(QueueName="state-changes")["QueueUrl"]

    def left() -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(map(int, attributes.values()))

    wait_until(lambda: not left(), WAIT_SECONDS, "messages are left in the queue")
