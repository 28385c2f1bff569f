"""A task that is ended where its ``execute`` has no say leaves no job running either."""

from __future__ import annotations

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from jinja2 import UndefinedError

from airflow_hpt_provider.exceptions import TuningJobConfigError
from tests.integration.provider.conftest import wait_for
from tests.integration.provider.stopping import (
    NOT_ENDED,
    STOPPED,
    UNKNOWN,
    deferred,
    ended,
    left_running,
    tune,
)

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def failed_for_airflow(first_try, airflow_says):
    """Airflow has the task as failed when its DAG processor asks."""
    airflow_says(first_try, "failed")


def on_worker(one, airflow_says):
    """Return the try as a worker has it. When it calls back, Airflow still has the try as running."""
    assert "bundle_instance" in RuntimeTaskInstance.model_fields
    one.bundle_instance = object()
    airflow_says(one, "running")
    return one


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_a_task_that_is_ended_before_it_runs_again(state, given, gated, gate, first_try, hook):
    """A template cannot be rendered; a ``pre_execute`` fails or skips; an outlet asset is inactive."""
    first_try.store = {} if given else None
    if given:  # that it is its own, the task knows from its state store alone
        gated["HyperParameterTuningJobName"] = f"given-{first_try.run_id[-12:]}"
    name, again = left_running(gated, first_try), first_try.retry()
    task = tune({**gated, "Tags": "{{ nothing.here }}"}, aws_conn_id="{{ 'aws_default' }}")
    with pytest.raises(UndefinedError):
        task.render_template_fields(again.context(task))
    assert hook.describe(name).status == "InProgress", "as long as there is another try"
    ended(task, again, state)
    assert hook.describe(name).status in STOPPED


def test_a_first_try_that_cannot_be_rendered_makes_no_call(gated, first_try, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_AWS_DEFAULT")
    task = tune({**gated, "Tags": "{{ nothing.here }}"})
    with pytest.raises(UndefinedError):
        task.render_template_fields(first_try.context(task))
    ended(task, first_try)
    assert "hook" not in task.__dict__


@pytest.mark.parametrize("stop_on_kill", [True, False])
def test_a_deferral_that_cannot_be_stored(stop_on_kill, gated, gate, first_try, hook, airflow_says):
    task, _ = deferred(gated, first_try, stop_on_kill=stop_on_kill)
    ended(task, on_worker(first_try, airflow_says))
    assert (hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED) is stop_on_kill


@pytest.mark.parametrize("announced", [True, False])
def test_a_worker_that_is_lost_in_the_last_try(announced, gated, gate, first_try, hook):
    """Airflow calls back in its DAG processor, where the task is as its author wrote it."""
    if announced:  # otherwise only a derived name identifies the job
        gated["HyperParameterTuningJobName"] = f"given-{first_try.run_id[-12:]}"
    name = left_running(gated, first_try)
    if not announced:
        first_try.xcom.clear()
    task = tune({**gated, "Tags": "{{ nothing.here }}"}, aws_conn_id="{{ 'aws_default' }}")
    ended(task, first_try)
    assert hook.describe(name).status in STOPPED


@pytest.mark.parametrize(
    ("state", "stops"),
    [("failed", True), *((state, False) for state in (*UNKNOWN, *NOT_ENDED))],
    ids=str,
)
def test_a_worker_that_is_lost_while_its_task_is_cleared(
    state, stops, gated, gate, first_try, hook, airflow_says, monkeypatch
):
    """Airflow calls back in its DAG processor all the same; the job belongs to the next try, which comes or runs."""
    monkeypatch.setattr("airflow_hpt_provider.triggers.task_state.CALLBACK_SECONDS", (0.0,))
    name = left_running(gated, first_try)
    airflow_says(first_try, state)
    ended(tune(gated), first_try)
    assert (hook.describe(name).status in STOPPED) is stops


def test_a_worker_whose_last_try_ends_before_it_runs(gated, gate, first_try, hook, airflow_says):
    """An outlet asset is inactive."""
    name, again = left_running(gated, first_try), first_try.retry()
    ended(tune(gated), on_worker(again, airflow_says))
    assert hook.describe(name).status in STOPPED


def test_a_deleted_job_does_not_hide_the_one_that_runs(gated, gate, first_try, hook):
    first = left_running(gated, first_try)
    hook.stop(first)
    wait_for(hook, first, "Stopped")
    second = left_running(gated, first_try.retry())
    assert second == f"{first}-2"
    hook.delete(first)
    ended(tune(gated), first_try.retry().retry())
    assert hook.describe(second).status in STOPPED


def test_of_a_job_that_has_ended_nothing_is_reported(gated, gate, first_try, hook, capsys):
    name = left_running(gated, first_try, stop_on_kill=False)
    for reported in (True, False):
        ended(tune(gated, stop_on_kill=False), first_try.retry())
        assert ("may keep running" in capsys.readouterr().out) is reported
        gate.touch()
        wait_for(hook, name, "Completed")


def test_what_cannot_be_looked_for_is_reported_and_fails_nothing(gated, first_try, monkeypatch, capsys):
    monkeypatch.delenv("AIRFLOW_CONN_AWS_DEFAULT")
    ended(tune(gated, aws_conn_id="missing"), first_try.retry())
    assert "may have left a tuning job running" in capsys.readouterr().out


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("what", ["config", "argument"])
def test_a_dag_that_was_broken_while_its_job_ran(what, last, gated, gate, first_try, hook):
    """The next try fails before it can look for the job: is it the last, as for a config error it is, it stops it."""

    name = left_running(gated, first_try)
    again = first_try.retry()
    if what == "config":
        task = tune({**gated, "TrainingJobDefinition": {}})
    else:
        task = tune(gated, timeout="{{ params.hours }}")
        task.timeout = "soon"
    if not last:  # a first try has left nothing, and does not look
        again.try_number = 1
    task.render_template_fields(again.context(task))
    with pytest.raises(TuningJobConfigError):
        task.execute(again.context(task))
    ended(task, again)
    assert (hook.describe(name).status in STOPPED) is last
