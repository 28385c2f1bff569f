"""DAG runs on a cluster, and their entries in the books."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.demo.airflow_api import FINISHED
from airflow_hpt_provider.demo.errors import AirflowApiError
from tests.cluster.api import persistently
from tests.cluster.books import VIOLATED, Decision, Entry, PaidJob, balance
from tests.faults import invariants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.api import ClusterApi
    from tests.cluster.process_faults import Fault

CREATOR = "tune"
"""The task that creates the tuning job, in all DAGs."""


@dataclass
class Run:
    """One DAG run whose task ``tune`` creates a tuning job.

    Attributes:
        dag_id: also the mode in which it waits. In ``sensor_...`` the task ``wait`` waits.
        run_id: Airflow's.
        decision: what a person decided about the task.
        cleared: whether the failed task was cleared in the end.
        met: the faults that struck while it ran.
        started: whether Airflow has confirmed that the run exists.
        ended, seen: whether it has ended, and the state of its waiting task, when Airflow responded last.
    """

    dag_id: str
    run_id: str
    decision: Decision = Decision.NONE
    cleared: bool = False
    met: list[Fault] = field(default_factory=list)
    started: bool = False
    ended: bool = False
    seen: str = ""

    @classmethod
    def of(cls, dag_id: str) -> Run:
        """Return a run that is not started yet."""
        return cls(dag_id, f"test__{uuid.uuid4()}")

    @classmethod
    def start(cls, api: ClusterApi, dag_id: str) -> Run:
        """Start a run of a DAG."""
        run = cls.of(dag_id)
        persistently(lambda: run.look(api))
        return run

    def look(self, api: ClusterApi) -> None:
        """Start it if that is not confirmed, and note whether it has ended and what its task does.

        Raises:
            AirflowApiError: Airflow is out of reach; what was noted before stays.
        """
        if not self.started:
            api.start_run(self.dag_id, self.run_id)
            self.started = True
        self.ended = api.run_state(self.dag_id, self.run_id) in FINISHED
        self.seen = str(api.task(*self.key)["state"])

    @property
    def key(self) -> tuple[str, str, str]:
        """The waiting task, as Airflow's API takes it."""
        return self.dag_id, self.run_id, "wait" if self.dag_id.startswith("sensor_") else CREATOR

    @property
    def base_name(self) -> str:
        """The name that its tuning jobs begin with."""
        return Owner(self.dag_id, CREATOR, self.run_id).base_name

    def over(self, api: ClusterApi) -> bool:
        """Return whether the run has ended; an Airflow that is out of reach does not say so."""
        try:
            return api.run_state(self.dag_id, self.run_id) in FINISHED
        except AirflowApiError:
            return False

    def state(self, api: ClusterApi) -> str:
        """Return the state of its waiting task; empty if Airflow does not say."""
        try:
            return str(api.task(*self.key)["state"])
        except AirflowApiError:
            return ""

    def pid(self, api: ClusterApi) -> int | None:
        """Return the id of the waiting task's process, if it runs."""
        try:
            task = api.task(*self.key)
        except AirflowApiError:
            return None
        return task["pid"] if task["state"] == "running" else None

    def entry(self, api: ClusterApi, service: LocalService) -> Entry:
        """Return its entry, as soon as none of its jobs runs, or they have had enough time."""
        jobs = paid_jobs(service, self.base_name)
        state = persistently(lambda: api.task(*self.key))["state"]
        creator = persistently(lambda: api.task(self.dag_id, self.run_id, CREATOR))["state"]
        return Entry(
            task="/".join(self.key),
            state=state
            if creator == "success" or self.key[2] == CREATOR
            else f"{state} ({CREATOR}: {creator})",
            tries=[str(one["state"]) for one in persistently(lambda: api.tries(*self.key))],
            result=persistently(lambda: api.xcom(*self.key)),
            jobs=jobs,
            decision=self.decision,
            cleared=self.cleared,
            may_fail=any(fault.may_spend_tries for fault in self.met),
        )

    def story(self, api: ClusterApi) -> str:
        """Return the end of the log of each try, for messages."""
        parts = [str(self)]
        for task_id in dict.fromkeys((CREATOR, self.key[2])):
            key = (self.dag_id, self.run_id, task_id)
            try:
                parts += [
                    f"--- {task_id}, try {one['try_number']}:\n{api.log(*key, one['try_number'])[-2500:]}"
                    for one in api.tries(*key)
                    if one["try_number"]
                ]
            except AirflowApiError as error:
                parts.append(str(error))
        return "\n".join(parts)


def paid_jobs(service: LocalService, base_name: str) -> list[PaidJob]:
    """Return the tuning jobs that were created under a name, the oldest first."""
    sagemaker = service.client("sagemaker")
    return [_paid(sagemaker, job) for job in invariants.settled(sagemaker, base_name)]


def _paid(sagemaker: Any, job: invariants.Job) -> PaidJob:
    response = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=job.name)
    limits = response["HyperParameterTuningJobConfig"]["ResourceLimits"]
    return PaidJob(
        **vars(job),
        planned=limits["MaxNumberOfTrainingJobs"],
        completed=response["TrainingJobStatusCounters"]["Completed"],
    )


def clear_failed(api: ClusterApi, run: Run) -> bool:
    """Clear the failed tasks of a run once, and those that follow them.

    docs/guarantees.md says so for a task whose tries are spent.
    """
    if run.decision is not Decision.NONE or run.cleared:
        return False
    tasks = persistently(lambda: api.tasks(run.dag_id, run.run_id))
    # A task that follows a failed one never began. The failed one goes first: its state decides about the other.
    failed = [task for state in ("failed", "upstream_failed") for task in tasks if task["state"] == state]
    for task in failed:
        persistently(lambda task=task: api.clear_task(run.dag_id, run.run_id, task["task_id"]))
    if failed:
        run.cleared, run.ended = True, False
        time.sleep(2)  # until Airflow has taken the run up again
    return bool(failed)


@dataclass
class Account:
    """All that happens on a cluster from now on, to be balanced at the end."""

    api: ClusterApi
    service: LocalService
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def close(self, runs: Sequence[Run]) -> tuple[list[Entry], list[str], list[str]]:
        """Return the entry and the outcome of each run, and what is wrong, with the tasks' logs."""
        entries = [run.entry(self.api, self.service) for run in runs]
        outcomes, wrong = balance(entries, self.all_jobs())
        wrong += [run.story(self.api) for run, end in zip(runs, outcomes, strict=True) if end == VIOLATED]
        return entries, outcomes, wrong

    def all_jobs(self) -> list[str]:
        """Return the names of all tuning jobs that were created since then."""
        pages = self.service.client("sagemaker").get_paginator("list_hyper_parameter_tuning_jobs")
        return [
            summary["HyperParameterTuningJobName"]
            for page in pages.paginate(CreationTimeAfter=self.began)
            for summary in page["HyperParameterTuningJobSummaries"]
        ]
