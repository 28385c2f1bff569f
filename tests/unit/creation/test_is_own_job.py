"""Which job a task takes, creates or stops: the refusals above all."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.creation.find_or_create import JobResolver
from airflow_hpt_provider.creation.ownership import (
    FINGERPRINT_TAG,
    GENERATION_TAG,
    NAME,
    OWNER_TAG,
    RETRY_OF_TAG,
    Owner,
    attempt_name,
)
from airflow_hpt_provider.creation.submission import Submission
from airflow_hpt_provider.creation.tags import previous_attempts_of, running_job_of
from airflow_hpt_provider.exceptions import TuningJobNameConflictError
from airflow_hpt_provider.models import TuningJobRequest
from tests.support.tuning_account import (
    ARN,
    DENIED_TAGGING,
    DENIED_TAGS,
    TAKEN,
    THROTTLED,
    Job,
    TuningAccount,
    refusal,
)
from tests.support.tuning_jobs import tuning_job

OWNER = Owner("dag", "tune", "run", 3)
OTHER = Owner("dag", "other", "run", 3)
LOG = logging.getLogger("task")
NAMES = [attempt_name(OWNER.base_name, number) for number in range(1, 5)]
REQUEST = TuningJobRequest.model_validate(tuning_job("bucket"))


def account(jobs: dict[str, tuple[str, Any]] | None = None, *answers: ClientError) -> Any:
    """Return a hook of jobs by name: their status, and their tags or the error at reading these."""
    found = {name: Job(status, tags) for name, (status, tags) in (jobs or {}).items()}
    return TuningAccount(found, REQUEST, list(answers))


def tags_of(owner: Owner, **more: str) -> dict[str, str]:
    return {
        OWNER_TAG: owner.digest,
        GENERATION_TAG: "0",
        FINGERPRINT_TAG: REQUEST.fingerprint(),
        **more,
    }


def resolve(hook: TuningAccount, **options: Any) -> Any:
    return JobResolver(hook=hook, owner=OWNER, request=REQUEST, log=LOG, **options).find_or_create()


# The running job that a task may stop


def test_a_foreign_job_under_a_derived_name_is_not_the_tasks_own() -> None:
    hook = account({NAMES[0]: ("InProgress", tags_of(OTHER))})
    assert running_job_of(hook, OWNER, {}) is None
    hook.jobs[NAMES[1]] = Job("InProgress", tags_of(OWNER))
    assert running_job_of(hook, OWNER, {}) == NAMES[1]


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopping", "Stopped"])
def test_only_a_running_job_is_found(status: str) -> None:
    hook = account({NAMES[0]: (status, tags_of(OWNER))})
    assert running_job_of(hook, OWNER, {NAME: NAMES[0]}) is None


def test_a_remembered_job_and_one_gap_are_tolerated() -> None:
    hook = account({"named": ("InProgress", {}), NAMES[1]: ("Completed", tags_of(OWNER))})
    assert running_job_of(hook, OWNER, {NAME: "named"}) == "named"
    hook = account({NAMES[1]: ("InProgress", tags_of(OWNER))})
    assert running_job_of(hook, OWNER, {}) == NAMES[1]


def test_an_error_at_the_tags_is_no_permission() -> None:
    hook = account({NAMES[0]: ("InProgress", THROTTLED)})
    with pytest.raises(ClientError, match="Rate exceeded"):
        running_job_of(hook, OWNER, {})


# Attempts before this one


def test_previous_attempts_come_from_the_tags() -> None:
    hook = account(
        {
            "a": ("Failed", tags_of(OWNER)),
            "b": ("Failed", tags_of(OWNER, **{RETRY_OF_TAG: "a"})),
            "c": ("InProgress", tags_of(OWNER, **{RETRY_OF_TAG: "b"})),
        }
    )
    found = previous_attempts_of(hook, ARN + "c")
    assert [attempt.tuning_job_name for attempt in found] == ["a", "b"]


def test_jobs_that_are_tagged_as_each_others_retry_count_once() -> None:
    hook = account(
        {
            "a": ("Failed", tags_of(OWNER, **{RETRY_OF_TAG: "b"})),
            "b": ("InProgress", tags_of(OWNER, **{RETRY_OF_TAG: "a"})),
        }
    )
    found = previous_attempts_of(hook, ARN + "b")
    assert [attempt.tuning_job_name for attempt in found] == ["a"]


def test_an_error_at_the_tags_does_not_start_the_attempts_from_the_beginning() -> None:
    hook = account({"c": ("InProgress", THROTTLED)})
    with pytest.raises(ClientError, match="Rate exceeded"):
        previous_attempts_of(hook, ARN + "c")
    hook.jobs["c"] = Job("InProgress", DENIED_TAGS)
    assert previous_attempts_of(hook, ARN + "c") == ()


# Finding or creating


def test_a_foreign_job_under_a_given_name_is_a_conflict() -> None:
    named = REQUEST.with_name("named")
    hook = account({"named": ("InProgress", tags_of(OTHER))})
    resolver = JobResolver(hook=hook, owner=OWNER, request=named, log=LOG, stop_superseded=True)
    with pytest.raises(TuningJobNameConflictError, match="belongs to another task"):
        resolver.find_or_create()
    assert (hook.sent, hook.stopped) == ([], [])


def test_a_foreign_job_under_a_derived_name_is_neither_taken_nor_stopped() -> None:
    hook = account({NAMES[0]: ("InProgress", tags_of(OTHER, **{FINGERPRINT_TAG: "another"}))})
    assert resolve(hook, on_name_conflict="next", stop_superseded=True).name == NAMES[1]
    assert hook.stopped == []


def test_the_tasks_own_running_job_is_taken() -> None:
    hook = account({NAMES[0]: ("InProgress", tags_of(OWNER))})
    assert resolve(hook).name == NAMES[0]
    assert hook.sent == []


@pytest.mark.parametrize("tags", [tags_of(OWNER), {}, DENIED_TAGS])
def test_a_deleted_earlier_job_does_not_make_a_second_one(tags: dict[str, str] | ClientError) -> None:
    """The first name is free because its job was deleted; the second is this task's, whatever its tags say."""
    hook = account({NAMES[1]: ("InProgress", tags)})
    assert resolve(hook).name == NAMES[1]
    assert hook.sent == []


def test_a_foreign_job_behind_a_free_name_does_not_keep_the_task_from_it() -> None:
    hook = account({NAMES[1]: ("InProgress", tags_of(OTHER))})
    assert resolve(hook).name == NAMES[0]
    assert [made["HyperParameterTuningJobName"] for made in hook.sent] == [NAMES[0]]


def test_a_job_of_another_config_is_stopped_only_if_it_is_the_tasks_own_and_wanted() -> None:
    own = tags_of(OWNER, **{FINGERPRINT_TAG: "another"})
    hook = account({NAMES[0]: ("InProgress", own)})
    with pytest.raises(TuningJobNameConflictError, match="created from another config"):
        resolve(hook)
    assert hook.stopped == []
    resolve(hook, stop_superseded=True)
    assert hook.stopped == [NAMES[0]]


# The call that creates


@pytest.mark.parametrize(
    "error",
    [
        refusal("ValidationException", "1 validation error detected"),
        refusal("ResourceLimitExceeded", "quota"),
        refusal(
            "AccessDeniedException", "not authorized to perform: sagemaker:CreateHyperParameterTuningJob"
        ),
        refusal("ThrottlingException", "sagemaker:AddTags"),
    ],
)
def test_a_refused_create_is_not_sent_again_without_tags(error: ClientError) -> None:
    hook = account(None, error)
    noted: list[str | None] = []
    with pytest.raises(ClientError):
        Submission(hook, OWNER, noted.append, LOG).send(REQUEST.with_name("job"), "print", None)
    assert len(hook.sent) == 1
    assert noted == ["job", None]


def test_without_permission_to_tag_it_is_sent_again_without_the_tags_alone() -> None:
    hook = account(None, DENIED_TAGGING)
    arn = Submission(hook, OWNER, lambda name: None, LOG).send(REQUEST.with_name("job"), "print", None)
    first, second = hook.sent
    assert arn == f"{ARN}job"
    assert OWNER_TAG in [tag["Key"] for tag in first.pop("Tags")]
    assert first == second


def test_a_name_that_was_taken_in_the_meantime_is_no_error() -> None:
    hook = account(None, TAKEN)
    noted: list[str | None] = []
    assert Submission(hook, OWNER, noted.append, LOG).send(REQUEST.with_name("job"), "print", None) is None
    assert noted == ["job", None]


def test_the_last_of_all_names_is_found() -> None:
    names = [attempt_name(OWNER.base_name, number) for number in range(1, 101)]
    hook = account({name: ("Stopped", tags_of(OWNER)) for name in names[:98]})
    hook.jobs[names[98]] = Job("InProgress", tags_of(OWNER))
    assert running_job_of(hook, OWNER, {}) == names[98]
    hook.jobs[names[98]] = Job("Stopped", tags_of(OWNER))
    hook.jobs[names[99]] = Job("InProgress", tags_of(OWNER))
    assert running_job_of(hook, OWNER, {}) is None, "no task takes the hundredth name"
