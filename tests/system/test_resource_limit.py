"""Two DAG runs and a quota of one tuning job: the second waits in the triggerer, also over a kill of the triggerer.

This Airflow sends its metrics to an OpenTelemetry collector.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.demo.data import BUCKET, source_archive
from airflow_hpt_provider.demo.session import DemoSession
from airflow_hpt_provider.demo.waiting import wait_until
from tests.support.otlp_receiver import OtlpReceiver
from tests.system.test_stopping import WAIT_SECONDS, Case

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def collector() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, collector: OtlpReceiver) -> Iterator[DemoSession]:
    """An Airflow that sends OpenTelemetry metrics, and a service with a quota of one tuning job."""
    dags = tmp_path_factory.mktemp("dags")
    for name in ("quota_dags.py", "quick_jobs.py"):
        shutil.copy(HERE / "dags" / name, dags)
    environment = {
        **collector.environment,
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    }
    options = ["--max-tuning-jobs", "1"]
    folder = tmp_path_factory.mktemp("limited")
    with DemoSession(folder, dags, environment=environment, service_options=options) as demo:
        code = source_archive(HERE / "training")
        demo.service.client("s3").put_object(Bucket=BUCKET, Key="system/sourcedir.tar.gz", Body=code)
        yield demo


def jobs_of(case: Case) -> list[str]:
    """The names of all tuning jobs that the task has ever created."""
    base = Owner(case.dag_id, case.task_id, case.run_id).base_name
    found = case.demo.service.client("sagemaker").list_hyper_parameter_tuning_jobs(NameContains=base)
    return [each["HyperParameterTuningJobName"] for each in found["HyperParameterTuningJobSummaries"]]


def test_the_second_run_waits_for_the_quota_and_survives_the_triggerers_kill(limited: DemoSession) -> None:
    airflow = limited.airflow
    airflow.api.wait_for_dag("quota")
    first = Case(limited, "quota", airflow.api.trigger("quota"), "tune")
    holder = first.waiting()
    second = Case(limited, "quota", airflow.api.trigger("quota", {"seconds": "8"}), "tune")

    def waits_for_its_turn() -> bool:
        trigger = str(airflow.api.task(*second.key)["trigger"])
        return second.state == "deferred" and "CreationTurnTrigger" in trigger

    second.until(waits_for_its_turn, "the second task does not wait in the triggerer")
    assert "limit 1, in use 1, needed 1); waiting for room until" in second.log()
    assert jobs_of(second) == []

    triggerer = airflow.component("triggerer")
    triggerer.kill()
    assert waits_for_its_turn()
    assert first.status(holder) == "InProgress"
    triggerer.start()
    wait_until(lambda: not airflow.api.unhealthy(), WAIT_SECONDS, "the triggerer does not come back", every=1)
    assert jobs_of(second) == []
    limited.service.client("sagemaker").stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=holder)
    second.until(lambda: jobs_of(second), "the second task has not created its job")
    assert airflow.api.wait_for_run("quota", second.run_id, WAIT_SECONDS) == "success"
    (job,) = jobs_of(second)
    assert second.status(job) == "Completed"
    assert (second.tries, second.job) == (1, job)
    first.until(lambda: first.state == "failed", "the first task has not noticed that its job was stopped")
    assert jobs_of(first) == [holder]


def test_its_metrics_reach_the_collector(limited: DemoSession, collector: OtlpReceiver) -> None:
    """After the test above: worker and triggerer send by OpenTelemetry under the documented names."""
    refusals = collector.wait_for("airflow.hpt.create_refusals")
    assert {point.kind for point in refusals} == {"sum"}
    queue = collector.wait_for("airflow.hpt.create_queue")
    assert {point.kind for point in queue} == {"gauge"}
    assert max(point.value for point in queue) == 1
    assert all(point.attributes["hostname"] for point in queue)
    assert collector.wait_for("airflow.hpt.waits", where="triggerer")
    assert collector.wait_for("airflow.hpt.polls", where="triggerer")
    created = collector.wait_for("airflow.hpt.calls", operation="CreateHyperParameterTuningJob", outcome="ok")
    assert {point.kind for point in created} == {"sum"}
    late = collector.wait_for("airflow.hpt.lateness", where="triggerer")
    assert {point.kind for point in late} == {"exponential_histogram"}
    assert all(point.value >= 0 for point in late)
