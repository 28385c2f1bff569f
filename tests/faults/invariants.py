"""The property that must hold after every run, and how it is checked at the service itself.

Exactly one of these is true:

- *delivered*: one tuning job of the task has Completed, and its result has arrived once;
- *stopped*: nothing was delivered, and whatever was made for the task has been stopped, or has failed.

A try that Airflow itself has ended stops its job, and the next try makes another. So a task may have several jobs,
but never two at a time, and all but the delivered one have been stopped: *recreated* is *delivered* after that.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

ACTIVE = frozenset({"InProgress", "Stopping"})
SETTLE_SECONDS = 60.0
"""Maximum seconds that a job may take to stop."""


@dataclass(frozen=True)
class Job:
    """A tuning job, as the service has it."""

    name: str
    status: str
    created: float
    ended: float | None
    final_metric: float | None
    active_training_jobs: int

    @property
    def runs(self) -> bool:
        """Whether it, or a training job of it, still costs money."""
        return self.status in ACTIVE or self.active_training_jobs > 0


class Violation(AssertionError):
    """The property does not hold."""


def jobs_of(sagemaker: Any, base_name: str) -> list[Job]:
    """All tuning jobs that were made under a task's name, the oldest first."""
    pages = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate(
        NameContains=base_name, SortBy="CreationTime", SortOrder="Ascending"
    )
    return [
        _job(sagemaker, summary["HyperParameterTuningJobName"])
        for page in pages
        for summary in page["HyperParameterTuningJobSummaries"]
    ]


def _job(sagemaker: Any, name: str) -> Job:
    answer = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=name
    )
    states = [each["TrainingJobStatus"] for page in pages for each in page["TrainingJobSummaries"]]
    ended = answer.get("HyperParameterTuningEndTime")
    best = answer.get("BestTrainingJob", {}).get("FinalHyperParameterTuningJobObjectiveMetric", {})
    return Job(
        name=name,
        status=answer["HyperParameterTuningJobStatus"],
        created=answer["CreationTime"].timestamp(),
        ended=ended.timestamp() if ended else None,
        final_metric=best.get("Value"),
        active_training_jobs=sum(state in ACTIVE for state in states),
    )


def settled(sagemaker: Any, base_name: str) -> list[Job]:
    """The task's jobs, as soon as none runs; or as they are, when that takes too long."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        jobs = jobs_of(sagemaker, base_name)
        if not any(job.runs for job in jobs) or time.monotonic() > deadline:
            return jobs
        time.sleep(0.5)


def check_invariant(jobs: list[Job], delivered: list[dict[str, Any]]) -> str:
    """Which of the two is true.

    Args:
        jobs: the task's, once its run is over.
        delivered: every result that arrived, as the return value in XCom.

    Returns:
        ``delivered``, ``recreated`` or ``stopped``.

    Raises:
        Violation: neither, or a job runs that no task waits for.
    """
    seen = f"jobs: {jobs}; delivered: {[(d['tuning_job_name'], d['final_metric']) for d in delivered]}"
    if any(job.runs for job in jobs):
        raise Violation(f"a job runs that no task waits for; {seen}")
    if any(after.created < (before.ended or 0.0) for before, after in itertools.pairwise(jobs)):
        raise Violation(f"two jobs at a time; {seen}")
    if not delivered:
        if any(job.status == "Completed" for job in jobs):
            raise Violation(f"a job ran to its end, and its result never arrived; {seen}")
        return "stopped"
    if len(delivered) > 1:
        raise Violation(f"a result arrived {len(delivered)} times; {seen}")
    if not jobs:
        raise Violation(f"a result without a job; {seen}")
    (result,) = delivered
    *earlier, job = jobs
    if (result["tuning_job_name"], job.status) != (job.name, "Completed"):
        raise Violation(f"the result is not that of the task's last job; {seen}")
    if job.final_metric is None or abs(result["final_metric"] - job.final_metric) > 1e-6:
        raise Violation(f"the result is not the job's; {seen}")
    if any(each.status != "Stopped" for each in earlier):
        raise Violation(f"a job that had not been stopped was created again; {seen}")
    return "recreated" if earlier else "delivered"
