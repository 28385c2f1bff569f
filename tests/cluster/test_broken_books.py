"""The books of a real cluster do not balance when they are broken by hand: the checker sees each break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from tests.cluster.books import VIOLATED
from tests.cluster.runs import Account, Run
from tests.cluster.scenario import START_SECONDS, running_jobs, wait_until_over, wait_until_waiting
from tests.faults.jobs import job_config

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.heavy, pytest.mark.timeout(1200)]


def test_each_break_is_seen(stack: Stack, service: LocalService) -> None:
    """A job that is stopped by hand, half a search that is delivered, a second job, and a job of no task."""
    account, sagemaker = Account(stack.api, service), service.client("sagemaker")
    half, stopped, second, untouched = runs = [
        Run.start(stack.api, dag_id)
        for dag_id in ("sync_halves_use_best", "sync_minute", "deferrable_minute", "deferrable_minute")
    ]
    wait_until_waiting(runs, stack.api, service)
    wait_until(lambda: completed(half, service) == 1, START_SECONDS, "no training job has completed")
    for run in (stopped, half):
        (name,) = running_jobs(run, service)
        sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    for name in (f"{second.base_name}-2", "of-no-task"):
        config = job_config(seconds="1")
        sagemaker.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **config)
    wait_until_over(runs, stack.api)

    entries, outcomes, wrong = account.close(runs)
    assert outcomes == [VIOLATED, VIOLATED, VIOLATED, "delivered"], wrong
    assert "the result of half a search was delivered" in wrong[0]
    assert entries[0].state == "success"
    assert "a tuning job was stopped, and nothing was decided about its task" in wrong[1]
    assert "2 tuning jobs were paid for" in wrong[2]
    assert wrong[3] == "tuning job of-no-task belongs to no task"
    assert untouched.state(stack.api) == "success"


def completed(run: Run, service: LocalService) -> int:
    """Return how many training jobs of a run's tuning job have completed."""
    (name,) = running_jobs(run, service)
    response = service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return int(response["TrainingJobStatusCounters"]["Completed"])
