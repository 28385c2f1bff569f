"""Tasks whose process ends while their tuning job is running."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.compat import TaskDeferred
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import MISSING, make

STOPPED = {"Stopping", "Stopped"}
ENDED = ["failed", "success", "skipped", "removed", MISSING]
NOT_ENDED = ["running", "restarting", None, "scheduled", "queued", "up_for_retry", "deferred"]
UNKNOWN = [ConnectionError("no API server")]


def tune(config, **kwargs):
    return make(
        HyperParameterTuningJobOperator,
        **{"config": config, "deferrable": False, "poll_interval": 0.1, **kwargs},
    )


def ended(task, one, state="failed"):
    """Airflow has ended the task for good, and calls back."""
    callbacks = task.on_failure_callback if state == "failed" else task.on_skipped_callback
    for callback in callbacks:
        callback(one.context(task))


def left_running(config, one, **kwargs):
    """Return the name of the job that a lost worker has left behind."""

    def die(name):
        raise ConnectionError("the worker is lost")

    one.max_tries, one.on_push = 3, None
    one.once_running(die)
    task = tune(config, **kwargs)
    with pytest.raises(ConnectionError):
        task.execute(one.context(task))
    one.on_push = None
    return one.xcom["tuning_job_name"]


def deferred(config, one, **kwargs):
    """A task that waits in the triggerer, and its trigger."""
    task = tune(config, deferrable=True, **kwargs)
    with pytest.raises(TaskDeferred) as raised:
        task.execute(one.context(task))
    return task, raised.value
