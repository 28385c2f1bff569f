"""What Airflow's state of a task means for its tuning job, and what a trigger does unless it is asked for more."""

import logging
from types import SimpleNamespace

import pytest

from airflow_hpt_provider.triggers import task_state
from airflow_hpt_provider.triggers.task_state import TaskFate, fate_of
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

TASK = SimpleNamespace(run_id="run", task_id="tune", map_index=-1)
MAPPED = SimpleNamespace(run_id="run", task_id="tune", map_index=3)


@pytest.mark.parametrize("state", ["failed", "success", "skipped", "upstream_failed", "removed"])
def test_a_task_that_has_ended(state):
    assert fate_of({"run": {"tune": state}}, TASK) is TaskFate.ENDED
    assert fate_of({"run": {"tune_3": state, "tune": "running"}}, MAPPED) is TaskFate.ENDED


def test_the_first_mapped_task_has_its_own_name():
    first = SimpleNamespace(run_id="run", task_id="tune", map_index=0)
    assert fate_of({"run": {"tune_0": "running", "tune": "failed"}}, first) is TaskFate.RUNNING


@pytest.mark.parametrize("states", [{}, {"other": {"tune": "running"}}, {"run": {"tune_3": "running"}}])
def test_a_task_that_was_deleted(states):
    assert fate_of(states, TASK) is TaskFate.ENDED


@pytest.mark.parametrize(
    "state",
    [
        None,
        "scheduled",
        "queued",
        "restarting",
        "deferred",
        "up_for_retry",
        "up_for_reschedule",
        "of a later Airflow",
    ],
)
def test_a_task_that_continues(state):
    """A cleared one has no state for a moment; that is not the same as no task."""
    assert fate_of({"run": {"tune": state}}, TASK) is TaskFate.CONTINUES


def test_a_task_that_runs():
    assert fate_of({"run": {"tune": "running"}}, TASK) is TaskFate.RUNNING


def test_a_trigger_neither_ends_its_task_nor_stops_the_job_unless_it_is_asked_to():
    trigger = HyperParameterTuningJobTrigger("job")
    _, arguments = trigger.serialize()
    for name in ("finish_in_triggerer", "stop_on_kill"):
        assert getattr(trigger, name) is False
        assert arguments[name] is False


async def test_airflow_is_asked_several_times(monkeypatch):
    """And is waited for between two requests, but not after the last one."""
    asked, slept = [], []

    def states(ti):
        asked.append(ti)
        raise ConnectionError("away")

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(task_state, "_states", states)
    monkeypatch.setattr(task_state.asyncio, "sleep", sleep)
    assert await task_state.trigger_task_fate(TASK, logging.getLogger(__name__)) is None
    assert slept == list(task_state.RETRY_SECONDS)
    assert len(asked) == len(slept) + 1
    assert await task_state.trigger_task_fate(None, logging.getLogger(__name__)) is None
