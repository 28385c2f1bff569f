"""Finding the job that a task has left running: by derived names, and by the name in the task state store."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.creation.ownership import NAME, OWNER_TAG, Owner
from airflow_hpt_provider.creation.tags import running_job_of
from airflow_hpt_provider.exceptions import TuningJobNotFoundError

OWN, FOREIGN = Owner("dag", "tune", "run"), Owner("other", "tune", "run")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListTags")
THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "ListTags")


class Account:
    """Running jobs by name, with their tags or the error of ListTags."""

    def __init__(self, jobs):
        self.jobs = jobs

    def describe(self, name):
        if name not in self.jobs:
            raise TuningJobNotFoundError("missing", name)
        return SimpleNamespace(status="InProgress", hyper_parameter_tuning_job_arn=name)

    def tags(self, arn):
        if isinstance(self.jobs[arn], Exception):
            raise self.jobs[arn]
        return self.jobs[arn]


@pytest.mark.parametrize(
    ("tags", "found"),
    [({OWNER_TAG: OWN.digest}, True), ({OWNER_TAG: FOREIGN.digest}, False), ({}, True), (DENIED, True)],
)
@pytest.mark.parametrize(("name", "memory"), [(OWN.base_name, {}), ("given", {NAME: "given"})])
def test_tags_of_another_task_count_more_than_a_name(tags, found, name, memory):
    assert running_job_of(Account({name: tags}), OWN, memory) == (name if found else None)


@pytest.mark.parametrize(("name", "memory"), [(OWN.base_name, {}), ("given", {NAME: "given"})])
def test_tags_that_cannot_be_read_now_are_no_answer(name, memory):
    with pytest.raises(ClientError, match="Throttling"):
        running_job_of(Account({name: THROTTLED}), OWN, memory)
