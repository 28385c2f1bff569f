"""Which tuning job a task takes for its own, when it looks for one to stop, to rejoin, or to count as an attempt."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.creation.find_or_create import JobResolver
from airflow_hpt_provider.creation.ownership import NAME, OWNER_TAG, RETRY_OF_TAG, Owner
from airflow_hpt_provider.creation.submission import Submission
from airflow_hpt_provider.creation.tags import is_own_job, previous_attempts_of, running_job_of
from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.models import TuningJobRequest
from tests.support.tuning_jobs import tuning_job

OWNER = Owner("dag", "tune", "run")
BASE = OWNER.base_name
OWN, FOREIGN = {OWNER_TAG: OWNER.digest}, {OWNER_TAG: Owner("dag", "other", "run").digest}
REQUEST = TuningJobRequest.model_validate(tuning_job("bucket"))


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": f"{code} of sagemaker:ListTags"}}, "ListTags")


DENIED, THROTTLED = refused("AccessDeniedException"), refused("ThrottlingException")


class Hook:
    """SageMaker, as far as it is asked here: jobs by name, with their status and tags; an error in place of tags."""

    def __init__(self, jobs):
        self.jobs, self.created = jobs, []

    def describe(self, name):
        if name not in self.jobs:
            raise TuningJobNotFoundError("no such job", name)
        return SimpleNamespace(
            name=name,
            status=self.jobs[name][0],
            hyper_parameter_tuning_job_arn=name,
            creation_time=datetime(2026, 11, 1, tzinfo=UTC),
            best_training_job=None,
        )

    def tags(self, arn):
        tags = self.jobs[arn][1]
        if isinstance(tags, Exception):
            raise tags
        return tags

    def create(self, request):
        self.created.append(request.hyper_parameter_tuning_job_name)
        return self.created[-1]


RUNNING = "InProgress"


@pytest.mark.parametrize(
    ("jobs", "found"),
    [
        ({}, None),
        ({BASE: (RUNNING, OWN)}, BASE),
        ({BASE: (RUNNING, FOREIGN)}, None),
        ({BASE: (RUNNING, {"team": "a"})}, BASE),  # made without the permission to tag: the name says enough
        ({BASE: (RUNNING, DENIED)}, BASE),
        ({BASE: ("Completed", OWN)}, None),
        ({BASE: ("Stopped", OWN), f"{BASE}-2": (RUNNING, OWN)}, f"{BASE}-2"),
        ({BASE: (RUNNING, OWN), f"{BASE}-2": (RUNNING, FOREIGN)}, BASE),
        ({f"{BASE}-2": (RUNNING, OWN)}, f"{BASE}-2"),  # the first was deleted
        ({f"{BASE}-3": (RUNNING, OWN)}, None),  # two of them stay
    ],
)
def test_a_task_stops_its_own_running_job(jobs, found):
    assert running_job_of(Hook(jobs), OWNER, {}) == found


def test_a_name_that_the_task_remembers_is_its_own():
    jobs = {"given": (RUNNING, DENIED)}
    assert running_job_of(Hook(jobs), OWNER, {NAME: "given"}) == "given"
    assert running_job_of(Hook(jobs), OWNER, {}) is None


def test_tags_that_cannot_be_read_just_now_prove_nothing():
    with pytest.raises(ClientError, match="Throttling"):
        running_job_of(Hook({BASE: (RUNNING, THROTTLED)}), OWNER, {})
    with pytest.raises(ClientError, match="Throttling"):
        is_own_job(Hook({"given": (RUNNING, THROTTLED)}), "given", OWNER)
    with pytest.raises(ClientError, match="Throttling"):
        previous_attempts_of(Hook({"given": (RUNNING, THROTTLED)}), "given")


@pytest.mark.parametrize(
    ("name", "tags", "own"),
    [
        ("given", OWN, True),
        ("given", FOREIGN, False),
        ("given", {}, False),
        ("given", DENIED, False),
        (BASE, OWN, True),
        (BASE, FOREIGN, False),
        (BASE, {}, True),
        (f"{BASE}-99", DENIED, True),
        (f"{BASE}-100", DENIED, False),
    ],
)
def test_a_name_in_an_xcom_proves_nothing(name, tags, own):
    assert is_own_job(Hook({name: (RUNNING, tags)}), name, OWNER) is own


def test_a_job_that_does_not_exist_is_nobodys():
    assert not is_own_job(Hook({}), "given", OWNER)


def resolver(hook, **kwargs):
    return JobResolver(hook=hook, owner=OWNER, request=REQUEST, log=logging.getLogger("task"), **kwargs)


@pytest.mark.parametrize("tags", [OWN, DENIED, {}])
def test_a_deleted_job_before_it_hides_no_running_job(tags):
    """Its tags may be unreadable: no second job is created."""
    hook = Hook({f"{BASE}-2": (RUNNING, tags)})
    assert resolver(hook).find_or_create().name == f"{BASE}-2"
    assert hook.created == []


def test_a_foreign_job_of_the_next_name_is_not_rejoined():
    hook = Hook({f"{BASE}-2": (RUNNING, FOREIGN)})
    assert resolver(hook).find_or_create().name == BASE
    assert hook.created == [BASE]


@pytest.mark.parametrize(
    ("code", "message", "sent"),
    [
        ("AccessDeniedException", "not authorized to perform: sagemaker:AddTags", 2),
        ("AccessDeniedException", "not authorized to perform: sagemaker:CreateHyperParameterTuningJob", 1),
        ("ValidationException", "AddTags", 1),
        ("ThrottlingException", "Rate exceeded", 1),
    ],
)
def test_only_without_the_permission_to_tag_a_job_is_created_without_tags(code, message, sent):
    requests = []

    def create(request):
        requests.append(request)
        if len(requests) == 1:
            raise ClientError({"Error": {"Code": code, "Message": message}}, "Create")
        return "arn"

    submission = Submission(
        SimpleNamespace(create=create), OWNER, lambda name: None, logging.getLogger("task")
    )
    if sent == 2:
        assert submission.send(REQUEST, "fingerprint", None) == "arn"
        assert requests[1].tags is None
    else:
        with pytest.raises(ClientError):
            submission.send(REQUEST, "fingerprint", None)
    assert len(requests) == sent


def test_attempts_are_counted_as_far_as_they_can_be_read(monkeypatch):
    monkeypatch.setattr(
        "airflow_hpt_provider.creation.tags.Attempt",
        SimpleNamespace(of=lambda job, number: (job.name, number)),
    )
    jobs = {
        "c": ("Failed", {RETRY_OF_TAG: "b"}),
        "b": ("Failed", {RETRY_OF_TAG: "a"}),
        "a": ("Failed", {}),
    }
    assert previous_attempts_of(Hook(jobs), "c") == (("a", 1), ("b", 2))
    assert previous_attempts_of(Hook({**jobs, "b": ("Failed", DENIED)}), "c") == (("b", 1),)
    del jobs["a"]
    assert previous_attempts_of(Hook(jobs), "c") == (("b", 1),)
