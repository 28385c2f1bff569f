"""DAGs whose tasks are ended before their tuning jobs have ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG
from quick_jobs import job

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator


class Unloadable(HyperParameterTuningJobOperator):
    """Defers to a trigger that the triggerer cannot load, as after an upgrade that has renamed it."""

    def defer(self, *, trigger: Any, **kwargs: Any) -> None:
        """Name another class."""
        name, arguments = trigger.serialize()
        trigger.serialize = lambda: (f"{name}OfOld", arguments)
        super().defer(trigger=trigger, **kwargs)


class Unstorable(HyperParameterTuningJobOperator):
    """Defers to a trigger that Airflow cannot store."""

    def defer(self, *, trigger: Any, **kwargs: Any) -> None:
        """With an argument that has no serialized form."""
        name, arguments = trigger.serialize()
        trigger.serialize = lambda: (name, arguments | {"botocore_config": object()})
        super().defer(trigger=trigger, **kwargs)


def both(seconds: str = "600", **kwargs: Any) -> None:
    """A task that waits on a worker, and one that waits in the triggerer."""
    for task_id in ("sync", "deferred"):
        HyperParameterTuningJobOperator(
            task_id=task_id,
            config=job(seconds=seconds),
            deferrable=task_id == "deferred",
            poll_interval=1,
            **kwargs,
        )


with DAG("stopping", schedule=None):
    both()

with DAG("kept", schedule=None):
    both(stop_on_kill=False)

with DAG("timed_out", schedule=None):
    both(timeout=10)

with DAG("run_timed_out", schedule=None, dagrun_timeout=timedelta(seconds=45)):
    both()

with DAG("execution_timed_out", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="sync",
        config=job(seconds="600"),
        deferrable=False,
        poll_interval=1,
        execution_timeout=timedelta(seconds=45),
    )

with DAG("undeferrable", schedule=None):
    Unloadable(task_id="deferred", config=job(seconds="600"), deferrable=True, poll_interval=1)

with DAG("unstorable", schedule=None):
    Unstorable(task_id="deferred", config=job(seconds="600"), deferrable=True, poll_interval=1)

with DAG("unrendered", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="sync",
        config={
            **job(seconds="600"),
            "Tags": [{"Key": "team", "Value": "{{ 'fine' if ti.try_number == 1 else nothing.here }}"}],
        },
        deferrable=False,
        poll_interval=1,
        retries=1,
        retry_delay=timedelta(seconds=1),
    )

with DAG("terminated", schedule=None):
    for task_id, retries in (("sync", 3), ("last", 0)):
        HyperParameterTuningJobOperator(
            task_id=task_id,
            config=job(seconds="600"),
            deferrable=False,
            poll_interval=1,
            retries=retries,
            retry_delay=timedelta(seconds=1),
        )

with DAG("half_done", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="sync",
        config=job(seconds="40"),
        deferrable=False,
        poll_interval=1,
        on_stopped="use_best",
        retries=3,
        retry_delay=timedelta(seconds=1),
    )

with DAG("going_on", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="deferred", config=job(seconds="15"), deferrable=True, poll_interval=1
    )
