"""Names and tags that identify a task's tuning job."""

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.creation.ownership import (
    Owner,
    attempt_name,
)

AWS_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
AWS_TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{0,256}", re.UNICODE)
text = st.text(min_size=1, max_size=300)


def test_the_name_keeps_what_it_can_of_letters_that_aws_does_not_have():
    name = Owner("dag", "Prévision_für.Köln", "manual__1", -1).base_name
    assert name.startswith("Prevision-fur-Koln-")


@given(text, text, text, st.integers(-1, 10_000), st.integers(1, 99))
def test_derived_names_and_tags_are_what_aws_takes(dag, task, run, index, attempt):
    owner = Owner(dag, task, run, index)
    name = attempt_name(owner.base_name, attempt)
    assert AWS_NAME.fullmatch(name), name
    for tag in owner.tags("f" * 64):
        assert AWS_TAG_VALUE.fullmatch(tag["Value"]), tag


@pytest.mark.parametrize(("index", "reported"), [(-1, None), (0, "0"), (7, "7")])
def test_the_tags_name_the_jobs_owner(index, reported):
    tags = {tag["Key"]: tag["Value"] for tag in Owner("dag", "tune", "run#1", index).tags("f")}
    assert (tags["airflow:dag_id"], tags["airflow:task_id"]) == ("dag", "tune")
    assert tags["airflow:run_id"] == "run_1", "as far as a tag can hold it"
    assert tags.get("airflow:map_index") == reported


@given(st.from_regex(AWS_NAME, fullmatch=True), st.integers(2, 99))
def test_the_next_name_of_a_given_one_is_what_aws_takes_and_another(name, attempt):
    assert AWS_NAME.fullmatch(attempt_name(name, attempt))
    assert attempt_name(name, 1) == name


def test_the_name_depends_on_all_that_makes_a_task_instance_and_on_no_try():
    owner = Owner("dag", "tune", "manual__1", 0)
    others = [
        Owner("dag2", "tune", "manual__1", 0),
        Owner("dag", "tune2", "manual__1", 0),
        Owner("dag", "tune", "manual__2", 0),
        Owner("dag", "tune", "manual__1", 1),
    ]
    assert len({o.base_name for o in [owner, *others]}) == 5
    assert Owner("dag", "tune", "manual__1", 0, generation=3).base_name == owner.base_name
    # Ambiguous joins must not meet: ("a", "bc") is not ("ab", "c").
    assert Owner("a", "bc", "r").digest != Owner("ab", "c", "r").digest


OWNER = Owner("dag", "tune", "run")


@pytest.mark.parametrize(
    ("retries", "max_tries", "generation"),
    [(0, 0, 0), (2, 2, 0), (0, 1, 1), (2, 3, 1), (2, 5, 3), (3, 2, 0), (None, None, 0)],
)
def test_a_generation_begins_when_a_person_clears_the_task_and_not_when_it_is_retried(
    retries, max_tries, generation
):
    """Clearing sets max_tries to the last try's number plus the task's retries."""
    ti = SimpleNamespace(dag_id="dag", task_id="tune", run_id="run", map_index=None, max_tries=max_tries)
    owner = Owner.from_context({"ti": ti, "task": SimpleNamespace(retries=retries)})
    assert (owner.generation, owner.map_index) == (generation, -1)


def test_a_deployment_of_another_name_is_another_owner(monkeypatch):
    ti = SimpleNamespace(dag_id="dag", task_id="tune", run_id="run", map_index=-1, max_tries=0)
    assert Owner.from_context({"ti": ti}).digest == OWNER.digest
    monkeypatch.setenv("AIRFLOW__HPT__DEPLOYMENT", "staging")
    staging = Owner.from_context({"ti": ti})
    assert staging.deployment == "staging"
    assert staging.base_name != OWNER.base_name
    assert staging.digest != OWNER.digest


def test_no_version_changes_the_names_and_digests_of_the_one_before():
    """A task of an upgraded provider would not find its running job, and would create a second one."""
    owner = Owner("dag", "a-task-id-of-more-than-18-characters", "manual__1", 7)
    assert owner.digest == "bc543a701c4643d96c0f426f2ea149c49907b38f"
    assert owner.base_name == "a-task-id-of-more-xrkdu4a4iz"
    assert (
        Owner("dag", "tune", "run", deployment="staging").digest == "5481aec0d2884d21817bf900dac50614d14090a0"
    )
    assert Owner("dag", "日本", "run").base_name == "tune-3oqssuivam"
    assert OWNER.ownership_tags("print", "first") == {
        "airflow-hpt:owner": OWNER.digest,
        "airflow-hpt:fingerprint": "print",
        "airflow-hpt:generation": "0",
        "airflow-hpt:retry-of": "first",
    }


def test_a_context_without_the_task_counts_no_retries():
    ti = SimpleNamespace(dag_id="dag", task_id="tune", run_id="run", map_index=-1, max_tries=2)
    assert Owner.from_context({"ti": ti}).generation == 2


@pytest.mark.parametrize(("map_index", "own"), [(None, -1), (-1, -1), (0, 0), (7, 7)])
def test_each_mapped_task_instance_has_its_own_job(map_index, own):
    ti = SimpleNamespace(dag_id="dag", task_id="tune", run_id="run", map_index=map_index, max_tries=0)
    assert Owner.from_context({"ti": ti}) == Owner("dag", "tune", "run", own)
