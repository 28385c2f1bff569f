"""The engine: the training jobs, the tuning jobs, and the one thread that moves them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.engine.loop import Loop, Transaction
from airflow_hpt_provider.local.engine.slots import SlotRequest, fairest
from airflow_hpt_provider.local.engine.training import GRACE_PERIOD, TrainingJobs
from airflow_hpt_provider.local.engine.tuning import FailureOf, OnChange, TuningJobs
from airflow_hpt_provider.local.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_hpt_provider.local.database import Database
    from airflow_hpt_provider.local.engine.changes import OnTrainingChange
    from airflow_hpt_provider.local.engine.naming import Arns
    from airflow_hpt_provider.local.runners.contract import Runner

T = TypeVar("T")
SEARCH_THREADS = 2
STANDALONE = 0
"""The owner of requests for training jobs that belong to no tuning job."""


class Engine:
    """Runs every job in the store.

    Args:
        database: the store.
        runner: runs the training jobs; closed with the engine.
        directory: gets ``training-jobs/NAME`` for each (:mod:`airflow_hpt_provider.local.job_directories`).
        arns: of the service's region and account.
        max_parallel: maximum number of concurrent training jobs, over all tuning jobs; default: the number of CPUs.
        max_tuning_jobs: how many tuning jobs may be in progress; None: no limit.
        spot_interruptions: mean interruptions per minute of training of a managed spot job.
        grace_period: seconds between SIGTERM and SIGKILL.
        on_change: called with a tuning job and its tags when its status has changed.
        on_training_change: called with a training job that has entered a secondary status.
        failure_of: lets tuning jobs fail on request.
    """

    def __init__(
        self,
        database: Database,
        runner: Runner,
        directory: Path,
        arns: Arns,
        *,
        max_parallel: int | None = None,
        max_tuning_jobs: int | None = None,
        spot_interruptions: float = 0.0,
        grace_period: float = GRACE_PERIOD,
        on_change: OnChange = lambda job, tags: None,
        on_training_change: OnTrainingChange | None = None,
        failure_of: FailureOf = lambda name, ended: None,
    ) -> None:
        self._directory, self._directory_stat = directory, directory.stat()
        self.database = database
        self.arns = arns
        self.runner = runner
        self.max_tuning_jobs = max_tuning_jobs
        self._max_parallel = max_parallel or os.cpu_count() or 1
        self._executor = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="search")
        self._loop = Loop(database, schedule=self._schedule, reload=self._reload)
        self.tuning = TuningJobs(self._loop, arns, self._executor, on_change, failure_of)
        self.training = TrainingJobs(
            self._loop,
            runner,
            directory / "training-jobs",
            on_metrics=self.tuning.on_metrics,
            on_stop=self.tuning.on_stop,
            on_end=self.tuning.on_end,
            spot_interruptions=spot_interruptions,
            grace_period=grace_period,
            on_change=on_training_change,
        )
        self.tuning.training = self.training
        self._standalone_granted = 0

    def start(self) -> None:
        """Resume what an earlier process of the service left."""
        with self.database.snapshot() as connection:
            self.training.warn_of_unknown(connection)
        self._loop.start()
        self._loop.call(self._resume)

    def close(self) -> None:
        """End all training jobs' processes; the next start runs them again."""
        self._loop.close()
        self.runner.close()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def write(self, task: Callable[[Transaction], T]) -> T:
        """Carry out a request that changes something; returns once it is on disk.

        Raises:
            ServiceError: InternalFailure, if the data directory is gone: what would be written is lost.
        """
        if not self._has_directory():
            raise ServiceError(
                "InternalFailure",
                f"The service's data directory {self._directory} was removed or replaced. Restart the service.",
                500,
            )
        return self._loop.call(task)

    def _has_directory(self) -> bool:
        try:
            return os.path.samestat(self._directory.stat(), self._directory_stat)
        except OSError:
            return False

    def _resume(self, transaction: Transaction) -> None:
        for tuning_job in tuning_jobs.unfinished(transaction.connection):
            self.tuning.track(transaction, tuning_job)
        for job in training_jobs.unfinished(transaction.connection):
            if job.secondary_status == "Pending":
                self.training.wait(transaction, job)
            else:
                self.training.resume(transaction, job)

    def _schedule(self, transaction: Transaction) -> None:
        """End every transaction: give free slots to the tuning jobs that can use them, fairly.

        Training jobs that belong to no tuning job share as if they were one.
        """
        total, alone = training_jobs.active(transaction.connection)
        free = self._max_parallel - total - self.tuning.slots_in_use()
        if free <= 0:
            return
        pending = training_jobs.pending(transaction.connection, limit=free)
        for _ in range(free):
            requests = self.tuning.requests()
            if pending:
                requests.append(SlotRequest(alone, self._standalone_granted, STANDALONE))
            request = fairest(requests)
            if request is None:
                return
            if request.owner == STANDALONE:
                self._standalone_granted = self.tuning.next_grant_number()
                self.training.launch(transaction, pending.pop(0).id)
                alone += 1
            else:
                self.tuning.grant(transaction, request.owner)

    def _reload(self, transaction: Transaction) -> None:
        self.tuning.reload(transaction)
        self.training.forget()
