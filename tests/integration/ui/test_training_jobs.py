"""One training job through the page's API: its details, its config, its log, and stopping it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import yaml

from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from tests.integration.ui.conftest import Page

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

OURS = {"X-Requested-With": "tuning-page", "Sec-Fetch-Site": "same-origin"}


def first(page: Page, user: str, dag_id: str, task_id: str = "tune") -> str:
    """The name of a tuning job's first training job."""

    def names() -> list[str]:
        found: list[str] = page.ask(user, "GET", page.task(dag_id, task_id)).json()["training_jobs"]["name"]
        return found

    wait_until(lambda: bool(names()), 60, "no training job")
    return names()[0]


def at(page: Page, dag_id: str, name: str, rest: str = "", task_id: str = "tune") -> str:
    return page.task(dag_id, task_id, f"/training-jobs/{quote(name, safe='')}{rest}")


def status(page: Page, name: str) -> str:
    answer = page.service.client("sagemaker").describe_training_job(TrainingJobName=name)
    return str(answer["TrainingJobStatus"])


def test_what_a_finished_training_job_is(page: Page) -> None:
    name = first(page, "other", "theirs")
    answer = page.ask("other", "GET", at(page, "theirs", name))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["name"], found["status"], found["can_stop"]) == (name, "Completed", False)
    assert {one["name"] for one in found["metrics"]} >= {"objective"}
    assert found["machine"] == {"instances": [{"type": "ml.m5.large", "count": 1}], "volume_gb": 1}
    assert found["artifact"].startswith("s3://tuning-tests/models/")
    assert found["billable_seconds"] >= 0
    assert [one["status"] for one in found["transitions"]][-1] == "Completed"
    assert found["links"] == {}, "the console shows no job of a local service"
    assert found["hidden"] == {"hyperparameters": ["fail", "gate", "note"], "environment": []}
    assert "their-secret" not in answer.text


def test_the_config_is_accepted_as_a_request(page: Page) -> None:
    name = first(page, "other", "theirs")
    request: dict[str, Any] = yaml.safe_load(
        page.ask("other", "GET", at(page, "theirs", name)).json()["config"]
    )
    sagemaker = page.service.client("sagemaker")
    sagemaker.create_training_job(**request)
    again = request["TrainingJobName"]
    # It waits for a slot: the other tests' jobs hold all of them until the session ends.
    assert sagemaker.describe_training_job(TrainingJobName=again)["HyperParameters"] == {
        "x": sagemaker.describe_training_job(TrainingJobName=name)["HyperParameters"]["x"]
    }


def test_its_log(page: Page) -> None:
    name = first(page, "other", "theirs")
    answer = page.ask("other", "GET", at(page, "theirs", name, "/log"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found = answer.json()
    assert found["stream"].startswith(f"{name}/algo-1")
    assert any("objective=" in text for _, text in found["lines"])
    later = page.ask("other", "GET", at(page, "theirs", name, f"/log?token={quote(found['later'])}"))
    assert later.json()["lines"] == []
    foreign = page.ask("other", "GET", at(page, "theirs", name, "/log?stream=another/algo-1"))
    assert (foreign.status_code, foreign.json()["kind"]) == (404, "no_log")


def test_only_training_jobs_of_the_tasks_tuning_job(page: Page) -> None:
    mine, theirs = first(page, "editor", "mine"), first(page, "other", "theirs")
    for method, rest in (("GET", ""), ("GET", "/log"), ("POST", "/stop")):
        for name in (theirs, "no-such", "%2E%2E", "x" * 500):  # httpx resolves a plain ".." itself
            answer = page.ask("editor", method, at(page, "mine", name, rest), headers=OURS)
            assert answer.status_code == 404, (name, rest)
        borrowed = at(page, "mine", theirs, rest, "borrowed")
        assert page.ask("editor", method, borrowed, headers=OURS).status_code == 403
    assert status(page, mine) == "InProgress"


def test_who_may_stop_one(page: Page) -> None:
    name = first(page, "editor", "mine")
    path = at(page, "mine", name, "/stop")
    assert page.ask("viewer", "GET", at(page, "mine", name)).json()["can_stop"] is False
    assert page.ask("editor", "GET", at(page, "mine", name)).json()["can_stop"] is True
    assert page.ask("viewer", "POST", path, headers=OURS).status_code == 403
    for headers in ({}, {**OURS, "Sec-Fetch-Site": "cross-site"}):
        assert page.ask("editor", "POST", path, headers=headers).status_code == 403
    outside = first(page, "editor", "mine", "outside")
    unproven = page.ask("editor", "POST", at(page, "mine", outside, "/stop", "outside"), headers=OURS)
    assert (unproven.status_code, unproven.json()["kind"]) == (403, "forbidden")
    assert status(page, name) == "InProgress"


def test_an_editor_stops_one_and_the_tuning_job_keeps_running(page: Page) -> None:
    name = first(page, "editor", "mine")
    path = at(page, "mine", name, "/stop")
    stopped = page.ask("editor", "POST", path, headers=OURS)
    assert (stopped.status_code, stopped.json()) == (200, {"stopped": True}), stopped.text
    wait_until(lambda: status(page, name) == "Stopped", 60, "it was not stopped")
    assert page.ask("editor", "POST", path, headers=OURS).json() == {"stopped": False}
    shown = page.ask("editor", "GET", page.task("mine", "tune")).json()
    assert shown["job"]["status"] == "InProgress"


def test_learning_curves(page: Page) -> None:
    names = page.ask("other", "GET", page.task("theirs", "tune")).json()["training_jobs"]["name"]
    found = page.ask("other", "GET", page.task("theirs", "tune", "/curves"))
    assert found.status_code == 200, found.text
    assert (found.json()["metric"], found.json()["curves"]["name"]) == ("objective", names)
    assert all(len(values) == 1 for values in found.json()["curves"]["values"])
    of_one = page.ask("other", "GET", at(page, "theirs", names[0], "/curves")).json()["curves"]
    assert (of_one["name"], of_one["values"]) == (["objective"], found.json()["curves"]["values"][:1])
