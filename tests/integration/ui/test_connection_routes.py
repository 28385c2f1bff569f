"""All tuning jobs of a connection in Airflow: who may see the list, who a job, and who may stop one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from tests.integration.ui.test_routes import CONNECTION_ROUTES, OURS, at
from tests.support.tuning_jobs import tuning_job

if TYPE_CHECKING:
    from tests.integration.ui.conftest import Page

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
API = "/api/connections/aws_default/jobs"


@pytest.mark.parametrize("user", ["viewer", "editor", "other", "nobody"])
@pytest.mark.parametrize(("method", "path"), CONNECTION_ROUTES)
def test_permissions_on_dags_open_no_connection(page: Page, user: str, method: str, path: str) -> None:
    answer = page.ask(user, method, at(page, path), headers=OURS)
    assert (answer.status_code, answer.json()["kind"]) == (403, "forbidden")


def test_a_permission_is_on_one_connection(page: Page) -> None:
    assert page.ask("auditor", "GET", API.replace("aws_default", "throttled")).status_code == 403
    assert page.ask("auditor", "GET", "/api/connections").json() == {"connections": ["aws_default"]}
    assert page.ask("viewer", "GET", "/api/connections").json() == {"connections": []}


def test_the_list_has_jobs_of_readable_dags_and_jobs_that_airflow_did_not_make(page: Page) -> None:
    answer = page.ask("auditor", "GET", API)
    assert answer.status_code == 200, answer.text
    rows = {row["name"]: row for row in answer.json()["jobs"]}
    assert rows["mine"]["owner"] == {"dag_id": "mine", "task_id": "tune"}
    assert (rows["outside"]["owner"], rows["outside"]["metric"]) == (None, "objective")
    assert rows["outside"]["final_metric"] is not None
    assert "theirs" not in rows
    assert answer.json()["hidden"] >= 1


def test_a_job_of_a_dag_that_one_may_not_read_stays_closed(page: Page) -> None:
    for user in ("auditor", "steward"):
        for rest in ("", "/importance", "/training-jobs.csv", "/training-jobs.json", "/request.yaml"):
            answer = page.ask(user, "GET", f"{API}/theirs{rest}")
            assert (answer.status_code, answer.json()["kind"]) == (403, "forbidden")
        stop = page.ask(user, "POST", f"{API}/theirs/stop", headers=OURS)
        assert stop.status_code == 403


def test_unreadable_tags_are_no_permission(page: Page) -> None:
    denied = API.replace("aws_default", "denied")
    answer = page.ask("auditor", "GET", denied).json()
    assert (answer["jobs"], answer["hidden"] > 0) == ([], True)
    assert page.ask("auditor", "GET", f"{denied}/outside").json()["kind"] == "unknown_owner"


def test_stopping_needs_the_permission_to_edit_the_connection(page: Page) -> None:
    sagemaker = page.service.client("sagemaker")
    gate = str(page.service.data_dir / "never")
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="by-boto", **tuning_job("tuning-tests", gate=gate)
    )
    try:
        assert page.ask("auditor", "GET", f"{API}/by-boto").json()["page"]["can_stop"] is False
        assert page.ask("auditor", "POST", f"{API}/by-boto/stop", headers=OURS).status_code == 403
        assert page.ask("steward", "POST", f"{API}/by-boto/stop").status_code == 403, "without the header"
        shown = page.ask("steward", "GET", f"{API}/by-boto").json()["page"]
        assert shown == {"connection": "aws_default", "can_stop": True}
        answer = page.ask("steward", "POST", f"{API}/by-boto/stop", headers=OURS)
        assert answer.json() == {"stopped": True}
        wait_until(lambda: _status(page, "by-boto") == "Stopped", 60, "the job was not stopped")
    finally:
        with contextlib.suppress(sagemaker.exceptions.ClientError):  # it has ended
            sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="by-boto")


def test_what_is_no_aws_connection_is_not_used(page: Page) -> None:
    # Unknown to the API server, and to users without the permission no different from one that exists.
    assert page.ask("viewer", "GET", API.replace("aws_default", "no-such")).status_code == 403
    for name in ("a/b", "x" * 300, "%00"):
        assert page.ask("auditor", "GET", API.replace("aws_default", name)).status_code in (403, 404, 422)
    for name in ("-", "a--", "x" * 33, "a b"):
        assert page.ask("auditor", "GET", f"{API}/{name}").status_code in (404, 422)


def _status(page: Page, name: str) -> str:
    answer = page.service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    return str(answer["HyperParameterTuningJobStatus"])
