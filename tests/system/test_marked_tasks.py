"""Deferred tasks that a person ends while no triggerer runs: the API server stops their tuning jobs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from tests.system.test_stopping import WAIT_SECONDS, Case, end_triggerer

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]


@pytest.fixture
def without_triggerer(demo: DemoSession) -> Iterator[list[Case]]:
    """Deferred tasks that wait for their jobs: of one run each of three DAGs; then the triggerer is killed."""
    api = demo.airflow.api
    cases = []
    for dag_id in ("stopping", "stopping", "kept"):
        api.wait_for_dag(dag_id)
        cases.append(Case(demo, dag_id, api.trigger(dag_id), "deferred"))
    for case in cases:
        case.waiting()
    end_triggerer(demo, signal.SIGKILL)
    try:
        yield cases
    finally:
        for case in cases:
            api.mark_run(case.dag_id, case.run_id, "failed")  # its other tasks
        demo.airflow.component("triggerer").start()
        wait_until(lambda: not api.unhealthy(), WAIT_SECONDS, "the triggerer is not back")


def test_marked_while_the_triggerer_is_down(demo: DemoSession, without_triggerer: list[Case]) -> None:
    api, (task, run, kept) = demo.airflow.api, without_triggerer
    jobs = [str(case.job) for case in (task, run, kept)]
    assert [task.status(job) for job in jobs] == ["InProgress"] * 3
    api.mark_task(*kept.key, "failed")
    api.mark_task(*task.key, "success")
    api.mark_run(run.dag_id, run.run_id, "failed")
    task.until_stopped(jobs[0])
    run.until_stopped(jobs[1])
    assert (task.state, run.state, kept.state) == ("success", "failed", "failed")
    assert kept.status(jobs[2]) == "InProgress", "stop_on_kill=False; and it was checked first"
    demo.service.client("sagemaker").stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=jobs[2])
