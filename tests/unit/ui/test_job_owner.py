"""Whose a tuning job is, by what its tags and its name prove; and what proves nothing."""

import pytest

from airflow_hpt_provider.creation.ownership import OWNER_TAG, Owner, attempt_name
from airflow_hpt_provider.ui.job_owner import DAG_TAG, JobOwner, is_derived, is_own, owner_of

OWN, SIBLING, FOREIGN = (
    Owner("mine", "tune", "run"),
    Owner("mine", "other", "run"),
    Owner("other", "tune", "run"),
)
MINE, UNPROVEN = JobOwner("mine"), JobOwner("mine", is_proven=False)


def tags(owner):
    return {tag["Key"]: tag["Value"] for tag in owner.tags("f")}


@pytest.mark.parametrize(
    ("read", "name", "is_confirmed", "expected"),
    [
        # tags that name an owner decide, whatever the name
        (tags(OWN), "given", False, MINE),
        (tags(SIBLING), "given", False, MINE),
        (tags(FOREIGN), "given", True, JobOwner("other")),
        ({OWNER_TAG: OWN.digest, DAG_TAG: "other"}, "given", False, MINE),
        ({OWNER_TAG: FOREIGN.digest}, "given", True, JobOwner("")),
        (tags(FOREIGN), OWN.base_name, True, JobOwner("other")),
        # without them a derived name does
        (None, OWN.base_name, False, MINE),
        ({}, attempt_name(OWN.base_name, 7), False, MINE),
        (None, SIBLING.base_name, False, None),
        # a name that a worker or the DAG's code gives is enough to show an untagged job
        ({}, "given", True, UNPROVEN),
        ({DAG_TAG: "mine"}, "given", True, UNPROVEN),
        # an XCom's name proves nothing, and unreadable tags are not "no tags"
        ({}, "given", False, None),
        ({DAG_TAG: "mine"}, "given", False, None),
        (None, "given", False, None),
        (None, "given", True, None),
    ],
)
def test_the_owner_of_a_job(read, name, is_confirmed, expected):
    assert owner_of(read, name, OWN, is_confirmed=is_confirmed) == expected


@pytest.mark.parametrize(
    ("read", "name", "expected"),
    [
        (tags(OWN), "given", True),
        (tags(SIBLING), "given", False),
        (tags(FOREIGN), OWN.base_name, False),
        (None, OWN.base_name, True),
        ({}, attempt_name(OWN.base_name, 2), True),
        (None, "given", False),
        ({}, "given", False),
        ({DAG_TAG: "mine"}, "given", False),
    ],
)
def test_the_clean_up_stops_only_what_is_proven_to_be_the_tasks_own(read, name, expected):
    assert is_own(read, name, OWN) is expected


def test_derived_names():
    assert all(is_derived(attempt_name(OWN.base_name, number), OWN) for number in range(1, 100))
    assert not is_derived(f"{OWN.base_name}-100", OWN)
    assert not is_derived(Owner("mine", "tune", "run", 1).base_name, OWN)
    assert not is_derived("", OWN)
