"""How a task finds its own job again."""

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.creation.ownership import (
    DELIVERED_TAG,
    FINGERPRINT_TAG,
    GENERATION_TAG,
    OWNER_TAG,
    JobMatch,
    Owner,
    attempt_name,
    match_job,
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


@pytest.mark.parametrize(("index", "told"), [(-1, None), (0, "0"), (7, "7")])
def test_the_tags_tell_people_whose_the_job_is(index, told):
    tags = {tag["Key"]: tag["Value"] for tag in Owner("dag", "tune", "run#1", index).tags("f")}
    assert (tags["airflow:dag_id"], tags["airflow:task_id"]) == ("dag", "tune")
    assert tags["airflow:run_id"] == "run_1", "as far as a tag can hold it"
    assert tags.get("airflow:map_index") == told


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


OWNER, CLEARED = Owner("dag", "tune", "run"), Owner("dag", "tune", "run", generation=2)
OWN = {OWNER_TAG: OWNER.digest, FINGERPRINT_TAG: "f"}
DELIVERED = {**OWN, DELIVERED_TAG: "0"}
CHANGED = {**OWN, FINGERPRINT_TAG: "g"}
FOREIGN = {OWNER_TAG: "somebody", FINGERPRINT_TAG: "f"}


@pytest.mark.parametrize(
    ("status", "tags", "owner", "verdict"),
    [
        ("InProgress", OWN, OWNER, JobMatch.REJOIN),
        ("InProgress", OWN, CLEARED, JobMatch.REJOIN),
        ("InProgress", CHANGED, OWNER, JobMatch.CONFIG_CHANGED),
        ("InProgress", FOREIGN, OWNER, JobMatch.NOT_OWNED),
        ("Completed", OWN, OWNER, JobMatch.USE_RESULT),
        ("Completed", OWN, CLEARED, JobMatch.USE_RESULT),
        ("Completed", DELIVERED, OWNER, JobMatch.USE_RESULT),
        ("Completed", DELIVERED, CLEARED, JobMatch.CREATE_NEXT),
        ("Completed", CHANGED, OWNER, JobMatch.CREATE_NEXT),
        ("Completed", FOREIGN, OWNER, JobMatch.NOT_OWNED),
        ("Completed", {}, OWNER, JobMatch.USE_RESULT),
        ("Failed", OWN, OWNER, JobMatch.CREATE_NEXT),
        ("Stopped", OWN, OWNER, JobMatch.CREATE_NEXT),
        ("Stopping", OWN, OWNER, JobMatch.CREATE_NEXT),
        (
            "Stopping",
            DELIVERED,
            OWNER,
            JobMatch.USE_RESULT,
        ),  # use_best took what there was when its time was over
        ("Stopping", DELIVERED, CLEARED, JobMatch.CREATE_NEXT),
        ("DeleteFailed", OWN, OWNER, JobMatch.CREATE_NEXT),
        # tags may not be read
        ("InProgress", None, OWNER, JobMatch.REJOIN),
        ("Completed", None, OWNER, JobMatch.USE_RESULT),
        ("Completed", None, CLEARED, JobMatch.CREATE_NEXT),
    ],
)
def test_what_an_existing_job_of_a_derived_name_is_to_the_task(status, tags, owner, verdict):
    assert match_job(status, tags, owner, "f", known_own=True) is verdict


@pytest.mark.parametrize(
    ("status", "tags", "verdict"),
    [
        ("Completed", DELIVERED, JobMatch.CREATE_NEXT),
        ("Stopped", DELIVERED, JobMatch.CREATE_NEXT),
        ("Completed", None, JobMatch.CREATE_NEXT),
        ("Completed", OWN, JobMatch.USE_RESULT),
        ("InProgress", OWN, JobMatch.REJOIN),
    ],
)
def test_a_first_try_has_delivered_nothing_so_what_was_delivered_is_a_deleted_dag_runs(status, tags, verdict):
    assert match_job(status, tags, OWNER, "f", known_own=True, first_try=True) is verdict


def test_a_first_try_takes_no_job_without_a_result_either():
    made = {**OWN, GENERATION_TAG: "0"}
    for first_try, verdict in ((False, JobMatch.USE_RESULT), (True, JobMatch.CREATE_NEXT)):
        arguments = {"known_own": True, "this_generation_only": True, "first_try": first_try}
        assert match_job("Completed", made, OWNER, "f", **arguments) is verdict


@pytest.mark.parametrize(
    ("retries", "max_tries", "round_"),
    [(0, 0, 0), (2, 2, 0), (0, 1, 1), (2, 3, 1), (2, 5, 3), (3, 2, 0), (None, None, 0)],
)
def test_a_round_begins_when_a_person_clears_the_task_and_not_when_it_is_retried(retries, max_tries, round_):
    """Clearing sets max_tries to the last try's number plus the task's retries."""
    ti = SimpleNamespace(dag_id="dag", task_id="tune", run_id="run", map_index=None, max_tries=max_tries)
    owner = Owner.from_context({"ti": ti, "task": SimpleNamespace(retries=retries)})
    assert (owner.generation, owner.map_index) == (round_, -1)


def test_a_deployment_of_another_name_is_another_owner(monkeypatch):
    ti = SimpleNamespace(dag_id="dag", task_id="tune", run_id="run", map_index=-1, max_tries=0)
    assert Owner.from_context({"ti": ti}).digest == OWNER.digest
    monkeypatch.setenv("AIRFLOW__HPT__DEPLOYMENT", "staging")
    staging = Owner.from_context({"ti": ti})
    assert staging.deployment == "staging"
    assert staging.base_name != OWNER.base_name
    assert match_job("InProgress", OWN, staging, "f", known_own=True) is JobMatch.NOT_OWNED


@pytest.mark.parametrize(
    ("tags", "owner", "verdict"),
    [
        ({**OWN, GENERATION_TAG: "0"}, OWNER, JobMatch.USE_RESULT),
        ({**OWN, GENERATION_TAG: "0"}, CLEARED, JobMatch.CREATE_NEXT),
        ({**OWN, GENERATION_TAG: "2"}, CLEARED, JobMatch.USE_RESULT),
        ({**CHANGED, GENERATION_TAG: "0"}, OWNER, JobMatch.CREATE_NEXT),
        (None, OWNER, JobMatch.USE_RESULT),
        (None, CLEARED, JobMatch.CREATE_NEXT),
    ],
)
def test_a_job_without_a_result_to_deliver_is_another_ones_when_the_task_is_cleared(tags, owner, verdict):
    assert match_job("Completed", tags, owner, "f", known_own=True, this_generation_only=True) is verdict


@pytest.mark.parametrize("tags", [None, {}, {"team": "a"}])
def test_a_job_of_a_given_name_without_our_tags_is_never_adopted(tags):
    for status in ("InProgress", "Completed", "Failed"):
        assert match_job(status, tags, OWNER, "f", known_own=False) is JobMatch.NOT_OWNED
