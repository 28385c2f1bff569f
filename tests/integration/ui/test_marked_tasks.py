"""Tasks that wait, as Airflow's database has them, and that a person ends in a real API server; without a triggerer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from tests.integration.ui.conftest import Page

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

LOOK = """
import sys
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from sqlalchemy import select
from airflow_hpt_provider.ui.stop_orphaned_jobs import DeferredTask, check
from airflow_hpt_provider.ui.tasks import TaskKey
task = TaskKey("waiting", *sys.argv[1:])
with create_session() as session:
    query = select(Trigger.id, Trigger.encrypted_kwargs).join(TaskInstance, TaskInstance.trigger_id == Trigger.id)
    row = session.execute(query.where(TaskInstance.task_id == task.task_id)).one()
print("DONE", check(DeferredTask(task, *row)))
"""


def mark(page: Page, task_id: str, state: str, dag_id: str = "waiting") -> None:
    path = f"{run_path(page, dag_id)}/taskInstances/{task_id}"
    answer = page.ask_airflow("operator", "PATCH", path, json={"new_state": state})
    assert answer.status_code == 200, answer.text


def run_path(page: Page, dag_id: str) -> str:
    return f"/api/v2/dags/{dag_id}/dagRuns/{quote(page.runs[dag_id], safe='')}"


def status(page: Page, name: str) -> str:
    answer = page.service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return str(answer["HyperParameterTuningJobStatus"])


def test_only_what_its_trigger_would_have_stopped_is_stopped(page: Page) -> None:
    names = ("marked", "kept", "cleared", "mine")
    assert [status(page, name) for name in names] == ["InProgress"] * 4
    mark(page, "kept", "failed")
    for foreign in ("not-mine", "throttled", "denied"):
        mark(page, foreign, "failed")
    mark(page, "cleared", "failed")
    body = {"dry_run": False, "dag_run_id": page.runs["waiting"], "task_ids": ["cleared"]}
    cleared = page.ask_airflow("operator", "POST", "/api/v2/dags/waiting/clearTaskInstances", json=body)
    assert cleared.status_code == 200, cleared.text
    mark(page, "marked", "success")  # the last, so it is the last that is checked
    wait_until(lambda: status(page, "marked") == "Stopped", 60, "the job was not stopped")
    assert [status(page, name) for name in names[1:]] == ["InProgress"] * 3


def test_a_job_of_an_unknown_owner_is_not_stopped(page: Page) -> None:
    """Nor one whose tags cannot be read at the moment. (Marked in the test before.)"""

    def reported(task_id: str, what: str) -> bool:
        lines = page.log.read_text().splitlines()
        return any(f" {task_id} was ended" in line and what in line for line in lines)

    unproven = "Tuning job mine keeps running, because neither its tags nor its name prove"
    wait_until(lambda: reported("not-mine", unproven), 60, "not logged")
    wait_until(lambda: reported("denied", unproven), 60, "not logged")
    wait_until(lambda: reported("throttled", "not stopped yet: "), 60, "not logged")
    assert status(page, "mine") == "InProgress"


def test_a_dag_run_that_is_marked(page: Page) -> None:
    assert status(page, "of-run") == "InProgress"
    answer = page.ask_airflow("operator", "PATCH", run_path(page, "waiting_run"), json={"state": "failed"})
    assert answer.status_code == 200, answer.text
    wait_until(lambda: status(page, "of-run") == "Stopped", 60, "the job was not stopped")


def test_a_change_that_is_not_committed_stops_nothing(page: Page) -> None:
    printed = page.run("-c", LOOK, page.runs["waiting"], "unmarked")
    assert "DONE False" in printed
    assert status(page, "unmarked") == "InProgress"


def test_a_connection_that_the_api_server_lacks_is_reported_and_holds_up_nothing(page: Page) -> None:
    mark(page, "lost", "failed")
    mark(page, "unmarked", "failed")
    wait_until(lambda: status(page, "unmarked") == "Stopped", 60, "the job was not stopped")
    reported = page.log.read_text()
    assert "Its tuning job is not stopped yet: The API server does not know connection" in reported
    assert status(page, "lost") == "InProgress"


def test_a_task_whose_worker_cannot_stop_its_job(page: Page) -> None:
    """It is marked after its worker was lost: the job is stopped if it is the task's, and the task waits for it."""
    names = (
        "on-worker",
        "kept-on-worker",
        "not-waited-for",
        "foreign-on-worker",
        "mine",
        "cleared-on-worker",
    )
    assert [status(page, name) for name in names] == ["InProgress"] * len(names)
    for task_id in ("kept-on-worker", "not-waited-for", "foreign-on-worker", "cleared-on-worker"):
        mark(page, task_id, "failed", "on_workers")
    body = {"dry_run": False, "dag_run_id": page.runs["on_workers"], "task_ids": ["cleared-on-worker"]}
    path = "/api/v2/dags/on_workers/clearTaskInstances"
    cleared = page.ask_airflow("operator", "POST", path, json=body)
    assert cleared.status_code == 200, cleared.text
    mark(page, "on-worker", "success", "on_workers")  # the last, so it is the last that is checked
    wait_until(lambda: status(page, "on-worker") == "Stopped", 60, "the job was not stopped")
    assert [status(page, name) for name in names[1:]] == ["InProgress"] * 5


def test_a_dag_run_that_is_marked_while_its_task_is_on_a_lost_worker(page: Page) -> None:
    assert status(page, "of-worker-run") == "InProgress"
    path = run_path(page, "on_worker_run")
    marked = page.ask_airflow("operator", "PATCH", path, json={"state": "success"})
    assert marked.status_code == 200, marked.text
    wait_until(lambda: status(page, "of-worker-run") == "Stopped", 60, "the job was not stopped")
