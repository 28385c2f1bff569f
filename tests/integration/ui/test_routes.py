"""Every route of the tuning page, without a user, as a viewer, an editor, and people of another DAG."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from tests.integration.ui.conftest import Page

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

TASK = "/api/dags/{dag_id}/runs/{run_id}/tasks/{task_id}"
OF_A_CONNECTION = "/api/connections/{connection}/jobs"
NAMED = f"{OF_A_CONNECTION}/{{tuning_job}}"
ROUTES = {
    ("GET", "/connections/{connection}"),
    ("GET", "/connections/{connection}/jobs/{tuning_job}"),
    ("GET", "/api/connections"),
    ("GET", OF_A_CONNECTION),
    ("GET", NAMED),
    ("GET", f"{NAMED}/importance"),
    ("GET", f"{NAMED}/parents/{{name}}"),
    ("GET", f"{NAMED}/training-jobs.csv"),
    ("GET", f"{NAMED}/training-jobs.json"),
    ("GET", f"{NAMED}/request.yaml"),
    ("POST", f"{NAMED}/stop"),
    ("GET", f"{NAMED}/curves"),
    ("GET", f"{NAMED}/training-jobs/{{name}}"),
    ("GET", f"{NAMED}/training-jobs/{{name}}/curves"),
    ("GET", f"{NAMED}/training-jobs/{{name}}/log"),
    ("POST", f"{NAMED}/training-jobs/{{name}}/stop"),
    ("GET", "/task/{dag_id}/{run_id}/{task_id}"),
    ("GET", "/run/{dag_id}/{run_id}"),
    ("GET", "/jobs"),
    ("GET", "/static/{path:path}"),
    ("GET", TASK),
    ("GET", f"{TASK}/importance"),
    ("GET", f"{TASK}/parents/{{name}}"),
    ("GET", f"{TASK}/training-jobs.csv"),
    ("GET", f"{TASK}/training-jobs.json"),
    ("GET", f"{TASK}/request.yaml"),
    ("POST", f"{TASK}/stop"),
    ("GET", f"{TASK}/curves"),
    ("GET", f"{TASK}/training-jobs/{{name}}"),
    ("GET", f"{TASK}/training-jobs/{{name}}/curves"),
    ("GET", f"{TASK}/training-jobs/{{name}}/log"),
    ("POST", f"{TASK}/training-jobs/{{name}}/stop"),
    ("GET", "/api/dags/{dag_id}/runs/{run_id}/jobs"),
    ("GET", "/api/dags/{dag_id}/tasks/{task_id}/jobs"),
    ("GET", "/api/jobs"),
}
CONNECTION_ROUTES = sorted((method, path) for method, path in ROUTES if path.startswith("/api/connections/"))
OF_A_DAG = sorted((method, path) for method, path in ROUTES if path.startswith("/api/dags/"))
OURS = {"X-Requested-With": "tuning-page", "Sec-Fetch-Site": "same-origin"}


def at(page: Page, path: str, dag_id: str = "mine", task_id: str = "tune") -> str:
    return path.replace("{path:path}", "icon.svg").format(
        dag_id=dag_id, run_id=page.runs[dag_id].replace("+", "%2B"), task_id=task_id, name="theirs",
        connection="aws_default", tuning_job="mine",
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # what Airflow's API server warns of when it is imported
def test_these_are_all_the_routes() -> None:
    from airflow_hpt_provider.ui.app import create_app

    found = {(method, route.path) for route in create_app().routes for method in route.methods - {"HEAD"}}
    assert found == ROUTES


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_without_a_user_there_is_no_response(page: Page, method: str, path: str) -> None:
    answer = page.ask(None, method, at(page, path), headers=OURS)
    assert answer.status_code == 401, answer.text
    forged = page.ask(None, method, at(page, path), headers=OURS, cookies={"_token": "forged"})
    assert forged.status_code in (401, 403), forged.text


@pytest.mark.parametrize("user", ["other", "nobody"])
@pytest.mark.parametrize(("method", "path"), OF_A_DAG)
def test_a_dag_that_one_may_not_read_is_closed(page: Page, user: str, method: str, path: str) -> None:
    assert page.ask(user, method, at(page, path), headers=OURS).status_code == 403


def test_a_viewer_sees_the_job_and_may_not_stop_it(page: Page) -> None:
    answer = page.ask("viewer", "GET", page.task("mine", "tune"))
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["job"]["name"] == "mine"
    assert document["page"]["can_stop"] is False
    assert document["parameters"][0] == {
        "name": "x", "kind": "continuous", "scale": "log", "min": 0.001, "max": 1,
    }  # fmt: skip
    refused = page.ask("viewer", "POST", page.task("mine", "tune", "/stop"), headers=OURS)
    assert refused.status_code == 403
    assert _status(page, "mine") == "InProgress"


def test_airflows_cookie_is_enough_to_look(page: Page) -> None:
    cookies = {"_token": page.tokens["viewer"]}
    assert page.ask(None, "GET", page.task("mine", "tune"), cookies=cookies).status_code == 200


def test_another_dags_job_is_not_reached_through_an_xcom_of_mine(page: Page) -> None:
    for user in ("viewer", "editor"):
        for rest in ("", "/importance", "/training-jobs.csv", "/training-jobs.json"):
            answer = page.ask(user, "GET", page.task("mine", "borrowed", rest))
            assert (answer.status_code, answer.json()["kind"]) == (403, "forbidden"), rest
            assert "their-secret" not in answer.text
        assert page.ask(user, "GET", page.task("mine", "child", "/parents/theirs")).status_code == 403
    assert page.ask("editor", "POST", page.task("mine", "borrowed", "/stop"), headers=OURS).status_code == 403


def test_who_may_read_both_dags_sees_it_but_stops_only_what_both_allow(page: Page) -> None:
    answer = page.ask("neighbour", "GET", page.task("mine", "borrowed"))
    assert answer.json()["job"]["name"] == "theirs"
    stop = page.ask("neighbour", "POST", page.task("mine", "borrowed", "/stop"), headers=OURS)
    assert stop.status_code == 403
    parent = page.ask("neighbour", "GET", page.task("mine", "child", "/parents/theirs"))
    assert parent.json()["job"]["name"] == "theirs"
    assert len(parent.json()["training_jobs"]["name"]) == 2
    stranger = page.ask("neighbour", "GET", page.task("mine", "child", "/parents/mine"))
    assert stranger.status_code == 404


def test_static_hyperparameters_are_not_shown(page: Page) -> None:
    answer = page.ask("other", "GET", page.task("theirs", "tune"))
    assert answer.json()["job"]["status"] == "Completed"
    assert "their-secret" not in answer.text


@pytest.mark.parametrize(
    ("user", "dags"),
    [("viewer", {"mine"}), ("other", {"theirs"}), ("neighbour", {"mine", "theirs"}), ("nobody", set())],
)
def test_the_list_has_only_jobs_of_readable_dags(page: Page, user: str, dags: set[str]) -> None:
    answer = page.ask(user, "GET", "/api/jobs")
    assert answer.status_code == 200
    rows = answer.json()["jobs"]
    assert {row["dag_id"] for row in rows} == dags
    if "theirs" in dags:
        row = next(row for row in rows if row["dag_id"] == "theirs")
        assert (row["name"], row["status"], row["finished"]) == ("theirs", "Completed", 2)


def test_the_list_shows_nothing_of_jobs_that_the_task_only_names(page: Page) -> None:
    rows = {row["task_id"]: row for row in page.ask("viewer", "GET", "/api/jobs").json()["jobs"]}
    assert (rows["tune"]["status"], rows["derived"]["status"]) == ("InProgress",) * 2
    assert (rows["outside"]["status"], rows["outside"]["finished"]) == ("Completed", 2)
    for unknown in ("borrowed", "throttled", "denied", "claims", "deleted", "guessed", "templated"):
        assert [rows[unknown][key] for key in ("status", "created_at", "finished", "strategy")] == [None] * 4
    assert not {"stolen", "nothing"}.intersection(rows), "tasks of other operators"
    both = page.ask("neighbour", "GET", "/api/jobs").json()
    rows = {row["task_id"]: row for row in both["jobs"] if row["dag_id"] == "mine"}
    assert rows["borrowed"]["status"] == "Completed"
    assert "unknown_connection" in {problem["kind"] for problem in both["problems"]}


def test_no_xcom_leads_to_a_connection(page: Page) -> None:
    """XComs that ask for a proxy, for no TLS and for another connection than the task's."""
    of_another_operator = page.ask("editor", "GET", page.task("mine", "stolen"))
    assert (of_another_operator.status_code, of_another_operator.json()["kind"]) == (404, "no_job")
    by_the_dags_code = page.ask("editor", "GET", page.task("mine", "forgotten"))
    assert by_the_dags_code.json()["job"]["name"] == "outside"
    unknown = page.ask("editor", "GET", page.task("mine", "templated"))
    assert (unknown.status_code, unknown.json()["kind"]) == (409, "unknown_connection")
    for task_id in ("stolen", "templated"):
        stop = page.ask("editor", "POST", page.task("mine", task_id, "/stop"), headers=OURS)
        assert stop.status_code in (404, 409)
    assert page.thief.calls == []


def test_a_job_without_tags_is_shown_only_if_a_worker_names_it_and_never_stopped(page: Page) -> None:
    shown = page.ask("editor", "GET", page.task("mine", "outside"))
    assert (shown.status_code, shown.json()["job"]["name"]) == (200, "outside")
    stop = page.ask("editor", "POST", page.task("mine", "outside", "/stop"), headers=OURS)
    assert (stop.status_code, stop.json()["kind"]) == (403, "forbidden")
    for method, rest in (("GET", ""), ("GET", "/training-jobs.csv"), ("POST", "/stop")):
        answer = page.ask("editor", method, page.task("mine", "claims", rest), headers=OURS)
        assert (answer.status_code, answer.json()["kind"]) == (403, "unknown_owner")


@pytest.mark.parametrize("user", ["viewer", "editor"])
def test_names_of_jobs_cannot_be_tried_out_through_an_xcom(page: Page, user: str) -> None:
    """A job that does not exist, one without tags, and one of another DAG: the same response for each."""
    answers = {}
    for task_id, name in (("deleted", "never-made"), ("claims", "outside-too"), ("guessed", "theirs")):
        for method, rest in (
            ("GET", ""),
            ("GET", "/importance"),
            ("GET", "/training-jobs.csv"),
            ("POST", "/stop"),
        ):
            if method == "POST" and user == "viewer":
                continue
            answer = page.ask(user, method, page.task("mine", task_id, rest), headers=OURS)
            answers[task_id, rest] = (answer.status_code, answer.text.replace(name, "NAME"))
    assert len(set(answers.values())) == 1, answers
    foreign = page.ask(user, "GET", page.task("mine", "borrowed")).json()
    assert "name DAG" not in str(foreign), "the owner's id is not for those who may not read that DAG"


@pytest.mark.parametrize(
    ("task_id", "status", "kind"), [("throttled", 504, "owner_unchecked"), ("denied", 403, "unknown_owner")]
)
def test_unreadable_tags_are_no_permission(page: Page, task_id: str, status: int, kind: str) -> None:
    for _ in range(2):
        for method, rest in (("GET", ""), ("GET", "/training-jobs.json"), ("POST", "/stop")):
            answer = page.ask("editor", method, page.task("mine", task_id, rest), headers=OURS)
            assert (answer.status_code, answer.json()["kind"]) == (status, kind)


def test_a_derived_name_proves_whose_a_job_is_without_tags(page: Page) -> None:
    assert page.ask("viewer", "GET", page.task("mine", "derived")).json()["page"]["can_stop"] is False
    shown = page.ask("editor", "GET", page.task("mine", "derived")).json()
    assert (shown["job"]["status"], shown["page"]["can_stop"]) == ("InProgress", True)


@pytest.mark.parametrize("before", ["nan", "1e20", "yesterday", "2026-99-24T10:30:00.123456Z~1~-1~tune"])
def test_a_page_that_begins_nowhere_is_refused(page: Page, before: str) -> None:
    for path in ("/api/jobs", at(page, "/api/dags/{dag_id}/runs/{run_id}/jobs")):
        assert page.ask("viewer", "GET", f"{path}?before={before}").status_code == 422


def test_a_page_that_begins_before_all_jobs_is_empty_and_the_last(page: Page) -> None:
    answer = page.ask("viewer", "GET", "/api/jobs?before=2020-01-01T00:00:00.000000Z~1~-1~tune")
    assert (answer.status_code, answer.json()) == (200, {"jobs": [], "problems": [], "older": None})


def test_a_map_index_that_no_task_has(page: Page) -> None:
    answer = page.ask("other", "GET", page.task("theirs", "tune") + "?map_index=999999999")
    assert (answer.status_code, answer.json()["kind"]) == (404, "no_task")
    unmapped = page.ask("other", "GET", page.task("theirs", "tune") + f"?map_index={10**20}")
    assert unmapped.status_code == 200, "as Airflow's placeholder: not an index"


def test_the_list_of_a_run(page: Page) -> None:
    path = at(page, "/api/dags/{dag_id}/runs/{run_id}/jobs")
    rows = page.ask("viewer", "GET", path).json()["jobs"]
    assert {row["task_id"] for row in rows} == {
        "tune", "child", "derived", "borrowed", "throttled", "denied", "outside", "claims", "deleted", "guessed",
        "forgotten", "templated", "no_connection",
    }  # fmt: skip


def test_the_history_of_a_task(page: Page) -> None:
    answer = page.ask("viewer", "GET", "/api/dags/mine/tasks/tune/jobs").json()
    assert [(row["dag_id"], row["task_id"], row["name"]) for row in answer["jobs"]] == [
        ("mine", "tune", "mine")
    ]
    assert answer["older"] is None
    assert page.ask("viewer", "GET", "/api/dags/mine/tasks/no_such/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    ("task_id", "status", "kind"),
    [
        ("nothing", 404, "no_job"),
        ("no_such_task", 404, "no_task"),
        ("deleted", 403, "unknown_owner"),
        ("no_connection", 502, "credentials"),
    ],
)
def test_what_is_wrong_is_reported_with_a_remedy(page: Page, task_id: str, status: int, kind: str) -> None:
    answer = page.ask("viewer", "GET", page.task("mine", task_id))
    assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    assert answer.json()["remedy"]


def test_an_unchanged_job_is_not_sent_twice(page: Page) -> None:
    first = page.ask("other", "GET", page.task("theirs", "tune") + "?map_index={MAP_INDEX}")
    again = page.ask(
        "other", "GET", page.task("theirs", "tune"), headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_downloads(page: Page) -> None:
    text = page.ask("other", "GET", page.task("theirs", "tune", "/training-jobs.csv"))
    assert text.headers["Content-Disposition"] == 'attachment; filename="theirs.csv"'
    assert (text.headers["Cache-Control"], text.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    rows = list(csv.DictReader(io.StringIO(text.text)))
    reported = page.ask("other", "GET", page.task("theirs", "tune", "/training-jobs.json")).json()
    assert [row["training_job_name"] for row in rows] == [row["training_job_name"] for row in reported]
    assert {row["status"] for row in rows} == {"Completed"}
    assert all(float(row["hyperparameter.x"]) > 0 for row in rows)


def test_importance_says_when_it_comes(page: Page) -> None:
    answer = page.ask("other", "GET", page.task("theirs", "tune", "/importance"))
    assert (answer.status_code, answer.json()["kind"]) == (409, "too_few_training_jobs")


def test_no_file_outside_of_the_bundle_is_sent(page: Page) -> None:
    outside = ("%2e%2e/app.py", "..%2fapp.py", "assets/%2e%2e/%2e%2e/app.py", "/etc/passwd")
    for path in (*outside, "%00", "assets/%00", "x" * 5000, "assets/" + "x/" * 2500, "%ff"):
        assert page.ask("viewer", "GET", f"/static/{path}").status_code == 404, path


def test_the_pages_headers(page: Page) -> None:
    answer = page.ask("viewer", "GET", at(page, "/task/{dag_id}/{run_id}/{task_id}"))
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
        {"X-Requested-With": "XMLHttpRequest"},
    ],
)
def test_another_site_cannot_stop_a_job(page: Page, headers: dict[str, str]) -> None:
    cookies = {"_token": page.tokens["editor"]}
    answer = page.ask(None, "POST", page.task("mine", "child", "/stop"), headers=headers, cookies=cookies)
    assert answer.status_code == 403
    assert _status(page, "child") == "InProgress"


def test_an_editor_stops_the_job(page: Page) -> None:
    assert page.ask("editor", "GET", page.task("mine", "child")).json()["page"]["can_stop"] is True
    answer = page.ask("editor", "POST", page.task("mine", "child", "/stop"), headers=OURS)
    assert (answer.status_code, answer.json()) == (200, {"stopped": True})
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == (
        "no-store",
        "nosniff",
    )
    wait_until(lambda: _status(page, "child") == "Stopped", 60, "the job was not stopped")

    def shown() -> bool:
        return bool(page.ask("editor", "GET", page.task("mine", "child")).json()["job"]["ended"])

    wait_until(shown, 60, "the page does not say")
    again = page.ask("editor", "POST", page.task("mine", "child", "/stop"), headers=OURS)
    assert again.json() == {"stopped": False}


def _status(page: Page, name: str) -> str:
    answer = page.service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return str(answer["HyperParameterTuningJobStatus"])
