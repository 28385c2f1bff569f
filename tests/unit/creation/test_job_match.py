"""The table that says what an existing tuning job is to a task, row by row."""

import re
from pathlib import Path

import pytest

from airflow_hpt_provider.creation.find_or_create import MEANING
from airflow_hpt_provider.creation.job_match import RULES, ExistingJob, JobMatch, match_job, rule_for
from airflow_hpt_provider.creation.ownership import (
    DELIVERED_BY_TRY_TAG,
    DELIVERED_TAG,
    FINGERPRINT_TAG,
    GENERATION_TAG,
    OWNER_TAG,
    Owner,
)

IDENTITY = Path(__file__).parents[3] / "docs" / "identity.md"

OWNER, CLEARED = Owner("dag", "tune", "run"), Owner("dag", "tune", "run", generation=2)
OWN = {OWNER_TAG: OWNER.digest, FINGERPRINT_TAG: "f"}
DELIVERED = {**OWN, DELIVERED_TAG: "0"}
CHANGED = {**OWN, FINGERPRINT_TAG: "g"}
FOREIGN = {OWNER_TAG: "somebody", FINGERPRINT_TAG: "f"}

ROWS = {
    "owned by another task, or without this provider's tags": [
        ("Completed", FOREIGN, OWNER, {}),
        ("InProgress", {}, OWNER, {"known_own": False}),
    ],
    "running, same config": [
        ("InProgress", OWN, OWNER, {}),
        ("InProgress", OWN, CLEARED, {}),
        ("InProgress", None, OWNER, {}),
    ],
    "running, another config": [("InProgress", CHANGED, OWNER, {})],
    "ended, another config": [("Completed", CHANGED, OWNER, {}), ("Stopped", CHANGED, OWNER, {})],
    "completed without a result to deliver, in this generation": [
        ("Completed", {**OWN, GENERATION_TAG: "2"}, CLEARED, {"has_result": False})
    ],
    "completed without a result to deliver, in an earlier generation": [
        ("Completed", {**OWN, GENERATION_TAG: "0"}, CLEARED, {"has_result": False}),
        ("Completed", {**OWN, GENERATION_TAG: "0"}, OWNER, {"has_result": False, "first_try": True}),
    ],
    "completed, result never delivered": [
        ("Completed", {**DELIVERED, DELIVERED_BY_TRY_TAG: "1"}, CLEARED, {}),
        ("Completed", {**DELIVERED, DELIVERED_BY_TRY_TAG: "0"}, CLEARED, {}),
        ("Completed", OWN, OWNER, {}),
        ("Completed", OWN, CLEARED, {}),
        ("Completed", OWN, OWNER, {"first_try": True}),
    ],
    "completed or stopped, result delivered in this generation": [
        ("Completed", DELIVERED, OWNER, {}),
        ("Stopped", DELIVERED, OWNER, {}),
        ("Completed", {**DELIVERED, DELIVERED_BY_TRY_TAG: "1"}, OWNER, {}),
        ("Completed", None, OWNER, {}),
    ],
    "completed or stopped, result delivered in an earlier generation": [
        ("Completed", DELIVERED, CLEARED, {}),
        ("Stopped", DELIVERED, CLEARED, {}),
        ("Completed", {**DELIVERED, DELIVERED_BY_TRY_TAG: "2"}, CLEARED, {}),
        ("Completed", {**DELIVERED, DELIVERED_BY_TRY_TAG: "1"}, CLEARED, {"superseded": True}),
        ("Completed", {**DELIVERED, DELIVERED_BY_TRY_TAG: "1"}, OWNER, {"first_try": True}),
        ("Completed", {**DELIVERED, DELIVERED_BY_TRY_TAG: "no number"}, CLEARED, {}),
        ("Completed", DELIVERED, OWNER, {"first_try": True}),
    ],
    "stopped, no result delivered": [
        ("Stopped", {**DELIVERED, DELIVERED_BY_TRY_TAG: "1"}, CLEARED, {}),
        ("Stopped", OWN, OWNER, {}),
        ("Stopping", OWN, OWNER, {}),
    ],
    "failed": [("Failed", OWN, OWNER, {}), ("DeleteFailed", OWN, OWNER, {}), ("Deleting", OWN, OWNER, {})],
}
"""Jobs for each row of the table: status, tags, owner, further arguments."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.case)
def test_each_row_decides_its_jobs(rule):
    for status, tags, owner, arguments in ROWS[rule.case]:
        arguments = {"known_own": True} | arguments
        assert rule_for(ExistingJob(status, tags, **arguments), owner, "f") is rule
        assert match_job(ExistingJob(status, tags, **arguments), owner, "f") is rule.match


def test_docs_identity_has_the_same_rows():
    table = re.search(r"\| the job \|.*?\n\|---\|---\|\n(.*?)\n\n", IDENTITY.read_text(), re.DOTALL)
    assert [row.split("|")[1].strip() for row in table[1].splitlines()] == [rule.case for rule in RULES]


def test_each_match_has_its_words():
    assert set(MEANING) == set(JobMatch)


@pytest.mark.parametrize(
    ("status", "tags", "owner", "match"),
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
def test_a_job_of_a_derived_name(status, tags, owner, match):
    assert match_job(ExistingJob(status, tags, known_own=True), owner, "f") is match


@pytest.mark.parametrize(
    ("status", "tags", "match"),
    [
        ("Completed", DELIVERED, JobMatch.CREATE_NEXT),
        ("Stopped", DELIVERED, JobMatch.CREATE_NEXT),
        ("Completed", None, JobMatch.CREATE_NEXT),
        ("Completed", OWN, JobMatch.USE_RESULT),
        ("InProgress", OWN, JobMatch.REJOIN),
    ],
)
def test_a_first_try_has_delivered_nothing_so_what_was_delivered_is_a_deleted_dag_runs(status, tags, match):
    assert match_job(ExistingJob(status, tags, known_own=True, first_try=True), OWNER, "f") is match


def test_a_first_try_takes_no_job_without_a_result_either():
    made = {**OWN, GENERATION_TAG: "0"}
    for first_try, match in ((False, JobMatch.USE_RESULT), (True, JobMatch.CREATE_NEXT)):
        arguments = {"known_own": True, "has_result": False, "first_try": first_try}
        assert match_job(ExistingJob("Completed", made, **arguments), OWNER, "f") is match


@pytest.mark.parametrize(
    ("tags", "owner", "match"),
    [
        ({**OWN, GENERATION_TAG: "0"}, OWNER, JobMatch.USE_RESULT),
        ({**OWN, GENERATION_TAG: "0"}, CLEARED, JobMatch.CREATE_NEXT),
        ({**OWN, GENERATION_TAG: "2"}, CLEARED, JobMatch.USE_RESULT),
        ({**CHANGED, GENERATION_TAG: "0"}, OWNER, JobMatch.CREATE_NEXT),
        (None, OWNER, JobMatch.USE_RESULT),
        (None, CLEARED, JobMatch.CREATE_NEXT),
    ],
)
def test_a_job_without_a_result_to_deliver_is_another_ones_when_the_task_is_cleared(tags, owner, match):
    assert match_job(ExistingJob("Completed", tags, known_own=True, has_result=False), owner, "f") is match


@pytest.mark.parametrize("tags", [None, {}, {"team": "a"}])
def test_a_job_of_a_given_name_without_our_tags_is_never_adopted(tags):
    for status in ("InProgress", "Completed", "Failed"):
        assert match_job(ExistingJob(status, tags, known_own=False), OWNER, "f") is JobMatch.NOT_OWNED
