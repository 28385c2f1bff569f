"""Which of Airflow's permissions the page asks for, and that each of them is enough alone and needed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity
from fastapi import HTTPException

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.ui import access
from airflow_hpt_provider.ui.access import Access
from airflow_hpt_provider.ui.job_owner import is_named_by_xcom_only, unknown_owner, unproven_job

OWN, FOREIGN = Owner("mine", "tune", "run"), Owner("other", "tune", "run")


class Airflow:
    """Airflow's auth manager; allows what the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.allowed: set[Any] = set()
        self.asked: list[Any] = []

    def requires_access_dag(self, method: str, *, access_entity: Any, param_dag_id: str) -> Any:
        def check(request: Any, user: Any) -> None:
            assert (request, user) == ("request", "user")
            self.asked.append((method, access_entity, param_dag_id))
            if self.asked[-1] not in self.allowed:
                raise HTTPException(403, "Forbidden")

        return check

    def is_authorized_connection(self, *, method: str, details: ConnectionDetails, user: Any) -> bool:
        assert user == "user"
        self.asked.append((method, details.conn_id))
        return self.asked[-1] in self.allowed

    def get_authorized_dag_ids(self, *, user: Any, method: str) -> set[str]:
        assert (user, method) == ("user", "GET")
        return {"a", "b"}


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    made = Airflow()
    monkeypatch.setattr(access, "get_auth_manager", lambda: made)
    monkeypatch.setattr(access, "requires_access_dag", made.requires_access_dag)
    return made


def user() -> Access:
    return Access("request", "user")  # type: ignore[arg-type]


READ = ("GET", DagAccessEntity.XCOM)
LOGS = ("GET", DagAccessEntity.TASK_LOGS)
EDIT = ("PUT", DagAccessEntity.TASK_INSTANCE)
OF_DAGS = [("may_read", READ), ("may_read_task_logs", LOGS), ("may_edit", EDIT)]


@pytest.mark.parametrize(("name", "permission"), OF_DAGS)
def test_permissions_on_a_dag(airflow: Airflow, name: str, permission: Any) -> None:
    assert getattr(user(), name)("mine") is False
    assert airflow.asked == [(*permission, "mine")]
    airflow.allowed = {(*each, "mine") for _, each in OF_DAGS if each != permission}
    assert getattr(user(), name)("mine") is False, "none of the others is enough"
    airflow.allowed = {(*permission, "mine")}
    assert getattr(user(), name)("mine") is True
    assert getattr(user(), name)("other") is False


@pytest.mark.parametrize(("name", "method"), [("may_read_connection", "GET"), ("may_edit_connection", "PUT")])
def test_permissions_on_a_connection(airflow: Airflow, name: str, method: str) -> None:
    assert getattr(user(), name)("aws") is False
    airflow.allowed = {(method, "aws")}
    assert getattr(user(), name)("aws") is True
    assert getattr(user(), name)("other") is False
    assert {asked[0] for asked in airflow.asked} == {method}


def test_the_dags_that_a_user_sees(airflow: Airflow) -> None:
    assert user().visible_dags() == {"a", "b"}
    assert user().sees_values is False


def tags(owner: Owner) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in owner.tags("f")}


def job(name: str = "given", *, is_confirmed: bool = False) -> Any:
    task = SimpleNamespace(dag_id="mine", owner=OWN)
    return SimpleNamespace(name=name, task=task, is_confirmed=is_confirmed)


@pytest.mark.parametrize(
    ("of", "read", "dags", "logs", "stops"),
    [
        (job(), tags(OWN), {"mine"}, True, True),
        (job(), tags(OWN), {"other"}, False, False),
        (job(), tags(FOREIGN), {"mine"}, False, False),
        (job(), tags(FOREIGN), {"other"}, False, False),
        (job(), tags(FOREIGN), {"mine", "other"}, True, True),
        (job(OWN.base_name), None, {"mine"}, True, True),
        (job(is_confirmed=True), {}, {"mine"}, True, False),
        (job(), {}, {"mine"}, False, False),
        (job(is_confirmed=True), None, {"mine"}, False, False),
        (job(), {**tags(FOREIGN), "airflow:dag_id": ""}, {"mine", ""}, False, False),
    ],
)
def test_logs_and_stops_need_both_dags(
    airflow: Airflow, of: Any, read: Any, dags: set[str], logs: bool, stops: bool
) -> None:
    airflow.allowed = {(*LOGS, dag) for dag in dags}
    assert user().may_read_logs(of, read) is logs
    assert user().may_stop(of, read) is False
    airflow.allowed = {(*EDIT, dag) for dag in dags}
    assert user().may_stop(of, read) is stops
    assert user().may_read_logs(of, read) is False


def test_a_foreign_job_is_seen_with_the_permission_on_its_dag(airflow: Airflow) -> None:
    assert user().denial(job(), tags(OWN)) is None
    assert airflow.asked == [], "the task's own DAG is in the path, and was checked"
    assert user().denial(job(), tags(FOREIGN)) is not None
    assert airflow.asked == [(*READ, "other")]
    airflow.allowed = {(*READ, "other")}
    assert user().denial(job(), tags(FOREIGN)) is None
    airflow.allowed = {(*READ, "")}
    assert user().denial(job(), {**tags(FOREIGN), "airflow:dag_id": ""}) is not None


@pytest.mark.parametrize(
    ("of", "by_xcom"),
    [(job(), True), (job(is_confirmed=True), False), (job(OWN.base_name), False), (job(FOREIGN.base_name), True)],
)  # fmt: skip
def test_a_name_that_only_an_xcom_gives(of: Any, by_xcom: bool) -> None:
    assert is_named_by_xcom_only(of) is by_xcom
    unknown = unknown_owner(of, None)
    assert (unknown == unproven_job(of)) is by_xcom
    assert ("no permission to read the job's tags" in str(unknown.to_dict())) is not by_xcom
    assert unknown_owner(of, {}) == unproven_job(of)
    assert unproven_job(of).status == unknown.status == 403
