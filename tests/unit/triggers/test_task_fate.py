"""What a task's process learns of its task from Airflow, and what it takes for known."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse

from airflow_hpt_provider.triggers import task_state
from airflow_hpt_provider.triggers.task_state import TaskFate, task_fate

LOG = logging.getLogger("task")
TI: Any = SimpleNamespace(id="01a", dag_id="dag", task_id="tune", run_id="run", map_index=-1, try_number=2)


def error(status: int | None) -> AirflowRuntimeError:
    detail = None if status is None else {"status_code": status}
    return AirflowRuntimeError(ErrorResponse(detail=detail))


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Airflow, as it responds: the task's state, and what it says of the try."""
    made = SimpleNamespace(state="running", current=None, asked=[])

    def states(ti: Any) -> dict[str, dict[str, Any]]:
        if isinstance(made.state, Exception):
            raise made.state
        return {"run": {"tune": made.state}}

    def send(message: Any) -> None:
        made.asked.append(str(message.ti_id))
        if made.current is not None:
            raise made.current

    monkeypatch.setattr(task_state, "_states", states)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", SimpleNamespace(send=send), raising=False)
    monkeypatch.setattr(
        "airflow.sdk.execution_time.comms.ValidateInletsAndOutlets",
        lambda ti_id: SimpleNamespace(ti_id=ti_id),
    )
    return made


@pytest.mark.parametrize("state", ["failed", "success", "skipped", "removed"])
def test_a_task_that_has_ended_has_ended(airflow: SimpleNamespace, state: str) -> None:
    airflow.state = state
    assert task_fate(TI, LOG) is TaskFate.ENDED


def test_a_running_task_runs_only_for_its_current_try(airflow: SimpleNamespace) -> None:
    assert task_fate(TI, LOG) is TaskFate.RUNNING
    assert airflow.asked == ["01a"]
    airflow.current = error(404)
    assert task_fate(TI, LOG) is TaskFate.CONTINUES, "another try has replaced this one"


@pytest.mark.parametrize("status", [None, 400, 409, 500, 503])
def test_an_error_at_the_question_is_no_answer(airflow: SimpleNamespace, status: int | None) -> None:
    """Taken for "this is the current try", it would let an old try stop the job of the new one."""
    airflow.current = error(status)
    assert task_fate(TI, LOG) is None


def test_an_error_at_the_state_is_no_answer(airflow: SimpleNamespace) -> None:
    airflow.state = error(500)
    assert task_fate(TI, LOG) is None


@pytest.mark.parametrize("state", ["scheduled", "queued", "up_for_retry", "deferred", None])
def test_a_task_that_continues_continues(airflow: SimpleNamespace, state: str | None) -> None:
    airflow.state = state
    assert task_fate(TI, LOG) is TaskFate.CONTINUES


@pytest.mark.parametrize("map_index", [-1, 3])
def test_airflow_is_asked_for_this_task_instance_alone(
    monkeypatch: pytest.MonkeyPatch, map_index: int
) -> None:
    asked: list[dict[str, Any]] = []

    def get_task_states(**question: Any) -> dict[str, dict[str, Any]]:
        asked.append(question)
        return {"run": {"tune" if map_index < 0 else f"tune_{map_index}": "failed"}}

    monkeypatch.setattr(task_runner.RuntimeTaskInstance, "get_task_states", get_task_states)
    ti = SimpleNamespace(**{**vars(TI), "map_index": map_index})
    assert task_fate(ti, LOG) is TaskFate.ENDED
    assert asked == [{"dag_id": "dag", "task_ids": ["tune"], "run_ids": ["run"], "map_index": map_index}]
