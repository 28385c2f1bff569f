"""The tuning page's routes under FAB, whose roles grant single DAGs and kinds of data, in a real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from airflow_hpt_provider.demo.airflow import LocalAirflow
from airflow_hpt_provider.demo.processes import ChildProcess, stop_all
from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.demo.waiting import wait_until
from tests.integration.ui.conftest import HERE, ROOT, SCRIPT, Page, answers, program
from tests.support.foreign_programs import python_with_fab
from tests.support.tuning_jobs import images_file

pytestmark = [
    pytest.mark.integration,
    pytest.mark.system,
    pytest.mark.foreign,
    pytest.mark.timeout(900),
]

DAGS = HERE / "fab"
OURS = {"X-Requested-With": "tuning-page", "Sec-Fetch-Site": "same-origin"}
ALL_DAGS = ("viewer", "user", "op")
READERS = (*ALL_DAGS, "reader", "editor", "no_tasks")
"""Users who may read DAG ``mine`` and its XComs."""
STOPPERS = ("user", "op", "editor")
"""Those of them who may edit its task instances."""
STRANGERS = ("no_xcoms", "no_dags", "nothing")
DOWNLOADS = ("/training-jobs.csv", "/training-jobs.json")
TRAINING_JOB = "/training-jobs/their-job-001"
VIEWS = ("", "/importance", "/parents/their-job", TRAINING_JOB, f"{TRAINING_JOB}/log", *DOWNLOADS)
STOPS = ("/stop", f"{TRAINING_JOB}/stop")


@pytest.fixture(scope="module")
def fab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    python = python_with_fab()
    folder = tmp_path_factory.mktemp("fab")
    images, gate = images_file(folder, SCRIPT), folder / "gate"
    with LocalService(folder / "service", images, ["--readable", str(folder)]) as service:
        service.client("s3").create_bucket(Bucket="tuning-tests")
        airflow = LocalAirflow(
            folder / "airflow",
            DAGS,
            {
                "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
                "AIRFLOW__CORE__AUTH_MANAGER": (
                    "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
                ),
                "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
                "HPT_TEST_GATE": str(gate),
                "PYTHONPATH": str(ROOT),
            },
        )
        airflow.logs.mkdir(parents=True)
        run = program(airflow.environment, python)
        run("-m", "airflow", "db", "migrate")
        printed = run(str(DAGS / "role_dags.py"))
        server = ChildProcess(
            "airflow api-server",
            [
                *(python, "-m", "airflow", "api-server", "--host", "127.0.0.1"),
                *("--port", airflow.url.rsplit(":", 1)[1]),
            ],
            airflow.environment,
            airflow.logs / "api-server.log",
        )
        server.start()
        try:
            wait_until(lambda: answers(server, airflow.url), 240, f"no API server; log: {server.log}")
            users = (*READERS, *STRANGERS, "leaver")
            tokens = {user: _token(airflow.url, user) for user in users}
            runs = json.loads(printed.rsplit("RUNS ", 1)[1])
            yield Page(airflow.url, tokens, runs, service, run, Path(server.log))
        finally:
            stop_all([server])
            gate.touch()


def _token(url: str, user: str) -> str:
    login = {"username": user, "password": user}
    answer = httpx.post(f"{url}/auth/token", json=login, timeout=60, trust_env=False)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["access_token"])


@pytest.mark.parametrize("user", READERS)
def test_who_may_read_the_dag_and_its_xcoms_sees_its_jobs(fab: Page, user: str) -> None:
    answer = fab.ask(user, "GET", fab.task("mine", "my-job"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["job"]["name"] == "my-job"
    assert answer.json()["page"]["can_stop"] is (user in STOPPERS)
    for rest in DOWNLOADS:
        download = fab.ask(user, "GET", fab.task("mine", "my-job", rest))
        assert download.status_code == 200
        assert "my-job" in download.headers["Content-Disposition"]


@pytest.mark.parametrize("user", STRANGERS)
@pytest.mark.parametrize("task_id", ["my-job", "borrowed", "no_such_task"])
def test_who_may_not_learns_nothing(fab: Page, user: str, task_id: str) -> None:
    unknown = fab.ask(user, "GET", fab.task("mine", task_id).replace("/mine/", "/no_such_dag/"))
    for rest in VIEWS:
        answer = fab.ask(user, "GET", fab.task("mine", task_id, rest))
        assert (answer.status_code, answer.text) == (403, unknown.text)
    for rest in STOPS:
        stop = fab.ask(user, "POST", fab.task("mine", task_id, rest), headers=OURS)
        assert (stop.status_code, stop.text) == (403, unknown.text)


@pytest.mark.parametrize("user", READERS)
def test_another_dags_jobs(fab: Page, user: str) -> None:
    """The custom roles have rights on one DAG; Airflow's own roles on every DAG."""
    for rest in ("", *DOWNLOADS):
        direct = fab.ask(user, "GET", fab.task("theirs", "their-job", rest))
        assert direct.status_code == (200 if user in ALL_DAGS else 403)
        borrowed = fab.ask(user, "GET", fab.task("mine", "borrowed", rest))
        assert borrowed.status_code == (200 if user in ALL_DAGS else 403)
        assert ("their-job-001" in borrowed.text) is (user in ALL_DAGS)


@pytest.mark.parametrize("user", [*READERS, *STRANGERS])
def test_lists_have_the_jobs_of_readable_dags(fab: Page, user: str) -> None:
    answer = fab.ask(user, "GET", "/api/jobs")
    rows = {row["task_id"]: row for row in answer.json()["jobs"]} if answer.status_code == 200 else {}
    expected = {"theirs", "mine"} if user in ALL_DAGS else {"mine"} if user in READERS else set()
    assert {row["dag_id"] for row in rows.values()} == expected, answer.text
    if user in READERS:
        assert rows["my-job"]["status"] == "InProgress"
        assert rows["borrowed"]["status"] == ("Completed" if user in ALL_DAGS else None)
    of_run = fab.ask(user, "GET", fab.task("mine", "x").replace("/tasks/x", "/jobs"))
    assert of_run.status_code == (200 if user in READERS else 403)


@pytest.mark.parametrize("user", sorted({*READERS, *STRANGERS} - {*STOPPERS}))
def test_who_may_not_edit_the_task_instances_stops_nothing(fab: Page, user: str) -> None:
    for task_id in ("my-job", "borrowed"):
        for rest in STOPS:
            answer = fab.ask(user, "POST", fab.task("mine", task_id, rest), headers=OURS)
            assert answer.status_code == 403
    assert _status(fab, "my-job") == "InProgress"


@pytest.mark.parametrize("user", STOPPERS)
def test_an_editor_stops_the_dags_own_job(fab: Page, user: str) -> None:
    name = f"stopped-by-{user}"
    answer = fab.ask(user, "POST", fab.task("mine", name, "/stop"), headers=OURS)
    assert (answer.status_code, answer.json()) == (200, {"stopped": True})
    assert _status(fab, name) in {"Stopping", "Stopped"}


def test_the_rights_of_one_dag_stop_no_other_dags_job(fab: Page) -> None:
    for dag_id, task_id in (("theirs", "their-job"), ("mine", "borrowed")):
        answer = fab.ask("editor", "POST", fab.task(dag_id, task_id, "/stop"), headers=OURS)
        assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/jobs", "/static/icon.svg", "/api/jobs"])
def test_without_a_login_there_is_nothing(fab: Page, path: str) -> None:
    assert fab.ask(None, "GET", path).status_code == 401
    forged = fab.ask(None, "GET", path, cookies={"_token": "forged", "session": "forged"})
    assert forged.status_code in (401, 403)


def test_rights_that_are_taken_away_are_gone(fab: Page) -> None:
    """FAB keeps a user for half a minute; the page keeps no permission longer than that."""
    path = fab.task("mine", "my-job")
    assert fab.ask("leaver", "GET", path).status_code == 200
    fab.run("-m", "airflow", "users", "remove-role", "-u", "leaver", "-r", "User")
    fab.run("-m", "airflow", "users", "add-role", "-u", "leaver", "-r", "Nothing")
    wait_until(lambda: fab.ask("leaver", "GET", path).status_code == 403, 120, "the page keeps a permission")
    assert fab.ask("leaver", "GET", "/api/jobs").json().get("jobs", []) == []


def _status(fab: Page, name: str) -> str:
    answer = fab.service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return str(answer["HyperParameterTuningJobStatus"])
