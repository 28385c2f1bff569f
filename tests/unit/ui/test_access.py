"""Who may see a tuning job, and who may stop it: by its owner, and by the user's permissions on the DAGs."""

from types import SimpleNamespace

import pytest

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.ui.access import Access
from airflow_hpt_provider.ui.job_owner import unproven_job

OWN, FOREIGN = Owner("mine", "tune", "run"), Owner("other", "tune", "run")


class User(Access):
    """May read and edit these DAGs, whatever Airflow says."""

    def __init__(self, *dag_ids):
        self.dag_ids = dag_ids

    def may_read(self, dag_id):
        return dag_id in self.dag_ids

    may_edit = may_read


def tags(owner):
    return {tag["Key"]: tag["Value"] for tag in owner.tags("f")}


def job(name="given", *, is_confirmed=False):
    task = SimpleNamespace(dag_id="mine", owner=OWN)
    return SimpleNamespace(name=name, task=task, is_confirmed=is_confirmed)


@pytest.mark.parametrize(
    ("read", "of", "dag_ids", "shown", "stopped"),
    [
        (tags(OWN), job(), ["mine"], True, True),
        (tags(FOREIGN), job(), ["mine"], False, False),
        (tags(FOREIGN), job(), ["mine", "other"], True, True),
        (tags(FOREIGN), job(OWN.base_name, is_confirmed=True), ["mine"], False, False),
        ({}, job(is_confirmed=True), ["mine"], True, False),
        ({}, job(), ["mine"], False, False),
        (None, job(is_confirmed=True), ["mine"], False, False),
        (None, job(OWN.base_name), ["mine"], True, True),
    ],
    ids=["own", "foreign", "foreign, permitted", "foreign under my name", "untagged, confirmed", "untagged",
         "denied tags", "denied tags, derived name"],
)  # fmt: skip
def test_what_a_user_may_see_and_stop(read, of, dag_ids, shown, stopped):
    user = User(*dag_ids)
    assert (user.denial(of, read) is None) is shown
    assert user.may_stop(of, read) is stopped


@pytest.mark.parametrize("read", [tags(FOREIGN), {}, None])
def test_a_name_that_only_an_xcom_gives_reveals_nothing(read):
    assert User("mine").denial(job(), read) == unproven_job(job())


@pytest.mark.parametrize("of", [job(is_confirmed=True), job(OWN.base_name)], ids=["confirmed", "derived"])
def test_the_owner_of_a_foreign_job_is_not_named(of):
    denial = User("mine").denial(of, tags(FOREIGN))
    assert denial.kind == "forbidden"
    assert "other" not in str(denial.to_dict().values()).replace("another", "")
