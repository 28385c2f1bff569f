"""A task's tuning job that is not found any more: the connection was edited, and leads to another account."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.compat import AirflowFailException, TaskDeferred
from airflow_hpt_provider.exceptions import TuningJobLostError
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import jobs_of, make

pytestmark = pytest.mark.integration


def tune(config, **kwargs):
    return make(
        HyperParameterTuningJobOperator, config=config, **{"deferrable": True, "poll_interval": 0.1, **kwargs}
    )


def deferred(task, one):
    with pytest.raises(TaskDeferred) as raised:
        task.execute(one.context(task))
    return raised.value.kwargs


@pytest.fixture
def edit(service, untagged_service, monkeypatch):
    """Lead the connection to another account, or back."""

    def edit(*, back=False):
        target = service if back else untagged_service
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", target.airflow_connection)

    return edit


@pytest.mark.parametrize("store", [{}, None], ids=["remembered", "unknown"])
def test_the_resumed_task_pays_for_no_other(gated, gate, first_try, edit, store):
    first_try.store, first_try.max_tries = store, 3
    kwargs = deferred(tune(gated), first_try)
    edit()
    task = tune(gated)
    with pytest.raises(TuningJobLostError, match="leads to another account or region now") as raised:
        task.execute_complete(first_try.context(task), event={"status": "gone"}, **kwargs)
    assert isinstance(raised.value, AirflowFailException), "Airflow does not retry it"
    assert raised.value.tuning_job_name == kwargs["tuning_job_name"]
    assert jobs_of(HyperParameterTuningHook(), first_try) == []

    edit(back=True)
    task, again = tune(gated, deferrable=False), first_try.cleared()
    gate.touch()
    assert task.execute(again.context(task))["tuning_job_name"] == kwargs["tuning_job_name"]
    assert jobs_of(HyperParameterTuningHook(), first_try) == [kwargs["tuning_job_name"]]


def test_the_next_try_pays_for_no_other_until_a_person_clears_the_task(gated, gate, first_try, edit):
    first_try.store = {}
    name = deferred(tune(gated), first_try)["tuning_job_name"]  # and its process is killed
    edit()
    task, second = tune(gated), first_try.retry()
    with pytest.raises(TuningJobLostError, match=name):
        task.execute(second.context(task))
    assert jobs_of(HyperParameterTuningHook(), first_try) == []

    deferred(tune(gated), second.cleared())
    assert jobs_of(HyperParameterTuningHook(), first_try) == [name]
    gate.touch()
