"""What Airflow's DAG processor and the triggerer learn of a task, and how often they ask; with a clock of their own."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.triggers import task_state
from airflow_hpt_provider.triggers.task_state import (
    CALLBACK_SECONDS,
    TaskFate,
    lost_task_fate,
    trigger_task_fate,
)

LOG = logging.getLogger("task")
TI: Any = SimpleNamespace(dag_id="dag", task_id="tune", run_id="run", map_index=-1)


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The states that Airflow gives in turn, the last one from then on; and the seconds between the questions."""
    made = SimpleNamespace(states=[], slept=[])

    def states(ti: Any) -> dict[str, dict[str, Any]]:
        assert ti is TI
        state = made.states.pop(0) if len(made.states) > 1 else made.states[0]
        if isinstance(state, Exception):
            raise state
        return {"run": {"tune": state}}

    async def sleep(seconds: float) -> None:
        made.slept.append(seconds)

    monkeypatch.setattr(task_state, "_states", states)
    monkeypatch.setattr(task_state.time, "sleep", made.slept.append)
    monkeypatch.setattr(task_state.asyncio, "sleep", sleep)
    return made


@pytest.mark.parametrize(
    ("states", "fate", "questions"),
    [
        (["failed"], TaskFate.ENDED, 1),
        (["up_for_retry"], TaskFate.CONTINUES, 1),
        ([None], TaskFate.CONTINUES, 1),
        (["running", "failed"], TaskFate.ENDED, 2),
        (["running", "running", "queued"], TaskFate.CONTINUES, 3),
        (["running"] * 4 + ["failed"], TaskFate.ENDED, 5),
        (["running"], TaskFate.RUNNING, 5),
        ([OSError("away")], None, 5),
        (["running", OSError("away")], None, 5),
        ([OSError("away"), "failed"], TaskFate.ENDED, 2),
        ([OSError("away")] * 4 + ["running"], TaskFate.RUNNING, 5),
    ],
)
def test_a_lost_task(airflow: Any, states: list[Any], fate: TaskFate | None, questions: int) -> None:
    """The scheduler stores its state a moment after it has asked for the callback."""
    airflow.states = states
    assert lost_task_fate(TI, LOG) is fate
    assert airflow.slept == list(CALLBACK_SECONDS)[: questions - 1]


@pytest.mark.parametrize(
    ("states", "fate", "questions"),
    [
        (["failed"], TaskFate.ENDED, 1),
        (["running"], TaskFate.RUNNING, 1),
        ([OSError("away"), "deferred"], TaskFate.CONTINUES, 2),
        ([OSError("away"), OSError("away"), "success"], TaskFate.ENDED, 3),
    ],
)
async def test_a_triggers_task(airflow: Any, states: list[Any], fate: TaskFate, questions: int) -> None:
    airflow.states = states
    assert await trigger_task_fate(TI, LOG) is fate
    assert airflow.slept == list(task_state.RETRY_SECONDS)[: questions - 1]


async def test_a_trigger_without_a_task_asks_nothing(airflow: Any) -> None:
    airflow.states = ["failed"]
    assert await trigger_task_fate(None, LOG) is None
    assert airflow.slept == []
