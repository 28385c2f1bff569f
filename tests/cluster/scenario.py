"""Steps that several scenarios share: runs that wait, and their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.api import ClusterApi
    from tests.cluster.runs import Run

START_SECONDS = 240
END_SECONDS = 420


def wait_until_waiting(runs: Iterable[Run], api: ClusterApi, service: LocalService) -> None:
    """Return when the task of each run waits for a tuning job that runs."""
    for run in runs:
        wait_until(
            lambda run=run: _waits(run, api, service),
            START_SECONDS,
            f"{run} does not wait: it is {run.state(api)!r}",
            every=0.5,
        )


def wait_until_polled(runs: Iterable[Run], api: ClusterApi) -> None:
    """Return when each waiting task has polled its tuning job: its wait has read the connection then."""
    for run in runs:
        wait_until(
            lambda run=run: "InProgress" in api.log(*run.key, 1),
            START_SECONDS,
            f"{run} has not polled its tuning job",
            every=0.5,
        )


def _waits(run: Run, api: ClusterApi, service: LocalService) -> bool:
    wanted = {"running"} if "sync" in run.dag_id or run.dag_id == "sensor_poke" else {"deferred"}
    return run.state(api) in wanted and bool(running_jobs(run, service))


def running_jobs(run: Run, service: LocalService) -> list[str]:
    """Return the names of the run's tuning jobs that are in progress."""
    jobs = service.client("sagemaker").list_hyper_parameter_tuning_jobs(
        NameContains=run.base_name, StatusEquals="InProgress"
    )
    return [one["HyperParameterTuningJobName"] for one in jobs["HyperParameterTuningJobSummaries"]]


def wait_until_over(runs: Iterable[Run], api: ClusterApi) -> None:
    """Return when each run has ended."""
    for run in runs:
        wait_until(
            lambda run=run: run.over(api),
            END_SECONDS,
            f"{run} has not ended: its task is {run.state(api)!r}",
            every=1,
        )
