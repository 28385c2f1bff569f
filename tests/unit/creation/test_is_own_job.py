"""Which job a task takes, creates or stops: the refusals above all. A hook of dictionaries stands for the API."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
from airflow_hpt_provider.exceptions import TuningJobNameConflictError, TuningJobNotFoundError
from airflow_hpt_provider.models import TuningJobDescription, TuningJobRequest
from tests.support.tuning_jobs import tuning_job

OWNER = Owner("dag", "tune", "run", 3)
OTHER = Owner("dag", "other", "run", 3)
LOG = logging.getLogger("task")
NAMES = [attempt_name(OWNER.base_name, number) for number in range(1, 5)]
REQUEST = TuningJobRequest.model_validate(tuning_job("bucket"))
ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/"


def refusal(code: str, message: str = "", operation: str = "Call") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


DENIED = refusal("AccessDeniedException", "not authorized to perform: sagemaker:ListTags")
THROTTLED = refusal("ThrottlingException", "Rate exceeded")


@dataclass
class FakeHook:
    """Jobs by name: their status, and their tags or the error at reading these."""

    jobs: dict[str, tuple[str, dict[str, str] | ClientError]] = field(default_factory=dict)
    create_errors: list[ClientError] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def describe(self, name: str) -> TuningJobDescription:
        assert name, "boto3 would refuse it"
        if name not in self.jobs:
            raise TuningJobNotFoundError(f"no {name}", name)
        now = datetime.now(UTC)
        return TuningJobDescription.model_validate(
            {
                "HyperParameterTuningJobName": name,
                "HyperParameterTuningJobArn": ARN + name,
                "HyperParameterTuningJobConfig": tuning_job("bucket")["HyperParameterTuningJobConfig"],
                "HyperParameterTuningJobStatus": self.jobs[name][0],
                "CreationTime": now,
                "TrainingJobStatusCounters": {},
                "ObjectiveStatusCounters": {},
            }
        )

    def tags(self, arn: str) -> dict[str, str]:
        tags = self.jobs[arn.removeprefix(ARN)][1]
        if isinstance(tags, ClientError):
            raise tags
        return tags

    def create(self, request: TuningJobRequest) -> str:
        self.created.append(request.to_dict())
        if self.create_errors:
            raise self.create_errors.pop(0)
        return ARN + str(request.hyper_parameter_tuning_job_name)

    def stop(self, name: str) -> bool:
        self.stopped.append(name)
        return True


def tags_of(owner: Owner, **more: str) -> dict[str, str]:
    return {
        OWNER_TAG: owner.digest,
        GENERATION_TAG: "0",
        FINGERPRINT_TAG: REQUEST.fingerprint(),
        **more,
    }


def resolve(hook: FakeHook, **options: Any) -> Any:
    return JobResolver(hook=hook, owner=OWNER, request=REQUEST, log=LOG, **options).find_or_create()  # type: ignore[arg-type]


# The running job that a task may stop


def test_a_foreign_job_under_a_derived_name_is_not_the_tasks_own() -> None:
    hook = FakeHook({NAMES[0]: ("InProgress", tags_of(OTHER))})
    assert running_job_of(hook, OWNER, {}) is None  # type: ignore[arg-type]
    hook.jobs[NAMES[1]] = ("InProgress", tags_of(OWNER))
    assert running_job_of(hook, OWNER, {}) == NAMES[1]  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopping", "Stopped"])
def test_only_a_running_job_is_found(status: str) -> None:
    hook = FakeHook({NAMES[0]: (status, tags_of(OWNER))})
    assert running_job_of(hook, OWNER, {NAME: NAMES[0]}) is None  # type: ignore[arg-type]


def test_a_remembered_job_and_one_gap_are_tolerated() -> None:
    hook = FakeHook({"named": ("InProgress", {}), NAMES[1]: ("Completed", tags_of(OWNER))})
    assert running_job_of(hook, OWNER, {NAME: "named"}) == "named"  # type: ignore[arg-type]
    hook = FakeHook({NAMES[1]: ("InProgress", tags_of(OWNER))})
    assert running_job_of(hook, OWNER, {}) == NAMES[1]  # type: ignore[arg-type]


def test_an_error_at_the_tags_is_no_permission() -> None:
    hook = FakeHook({NAMES[0]: ("InProgress", THROTTLED)})
    with pytest.raises(ClientError, match="Rate exceeded"):
        running_job_of(hook, OWNER, {})  # type: ignore[arg-type]


# Attempts before this one


def test_previous_attempts_come_from_the_tags() -> None:
    hook = FakeHook(
        {
            "a": ("Failed", tags_of(OWNER)),
            "b": ("Failed", tags_of(OWNER, **{RETRY_OF_TAG: "a"})),
            "c": ("InProgress", tags_of(OWNER, **{RETRY_OF_TAG: "b"})),
        }
    )
    found = previous_attempts_of(hook, ARN + "c")  # type: ignore[arg-type]
    assert [attempt.tuning_job_name for attempt in found] == ["a", "b"]


def test_jobs_that_are_tagged_as_each_others_retry_count_once() -> None:
    hook = FakeHook(
        {
            "a": ("Failed", tags_of(OWNER, **{RETRY_OF_TAG: "b"})),
            "b": ("InProgress", tags_of(OWNER, **{RETRY_OF_TAG: "a"})),
        }
    )
    found = previous_attempts_of(hook, ARN + "b")  # type: ignore[arg-type]
    assert [attempt.tuning_job_name for attempt in found] == ["a"]


def test_an_error_at_the_tags_does_not_start_the_attempts_from_the_beginning() -> None:
    hook = FakeHook({"c": ("InProgress", THROTTLED)})
    with pytest.raises(ClientError, match="Rate exceeded"):
        previous_attempts_of(hook, ARN + "c")  # type: ignore[arg-type]
    hook.jobs["c"] = ("InProgress", DENIED)
    assert previous_attempts_of(hook, ARN + "c") == ()  # type: ignore[arg-type]


# Finding or creating


def test_a_foreign_job_under_a_given_name_is_a_conflict() -> None:
    named = REQUEST.with_name("named")
    hook = FakeHook({"named": ("InProgress", tags_of(OTHER))})
    resolver = JobResolver(hook=hook, owner=OWNER, request=named, log=LOG, stop_superseded=True)  # type: ignore[arg-type]
    with pytest.raises(TuningJobNameConflictError, match="belongs to another task"):
        resolver.find_or_create()
    assert (hook.created, hook.stopped) == ([], [])


def test_a_foreign_job_under_a_derived_name_is_neither_taken_nor_stopped() -> None:
    hook = FakeHook({NAMES[0]: ("InProgress", tags_of(OTHER, **{FINGERPRINT_TAG: "another"}))})
    assert resolve(hook, on_name_conflict="next", stop_superseded=True).name == NAMES[1]
    assert hook.stopped == []


def test_the_tasks_own_running_job_is_taken() -> None:
    hook = FakeHook({NAMES[0]: ("InProgress", tags_of(OWNER))})
    assert resolve(hook).name == NAMES[0]
    assert hook.created == []


@pytest.mark.parametrize("tags", [tags_of(OWNER), {}, DENIED])
def test_a_deleted_earlier_job_does_not_make_a_second_one(tags: dict[str, str] | ClientError) -> None:
    """The first name is free because its job was deleted; the second is this task's, whatever its tags say."""
    hook = FakeHook({NAMES[1]: ("InProgress", tags)})
    assert resolve(hook).name == NAMES[1]
    assert hook.created == []


def test_a_foreign_job_behind_a_free_name_does_not_keep_the_task_from_it() -> None:
    hook = FakeHook({NAMES[1]: ("InProgress", tags_of(OTHER))})
    assert resolve(hook).name == NAMES[0]
    assert [made["HyperParameterTuningJobName"] for made in hook.created] == [NAMES[0]]


def test_a_job_of_another_config_is_stopped_only_if_it_is_the_tasks_own_and_wanted() -> None:
    own = tags_of(OWNER, **{FINGERPRINT_TAG: "another"})
    hook = FakeHook({NAMES[0]: ("InProgress", own)})
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
    hook = FakeHook(create_errors=[error])
    noted: list[str | None] = []
    with pytest.raises(ClientError):
        Submission(hook, OWNER, noted.append, LOG).send(REQUEST.with_name("job"), "print", None)  # type: ignore[arg-type]
    assert len(hook.created) == 1
    assert noted == ["job", None]


def test_without_permission_to_tag_it_is_sent_again_without_the_tags_alone() -> None:
    denied = refusal("AccessDeniedException", "not authorized to perform: sagemaker:AddTags")
    hook = FakeHook(create_errors=[denied])
    arn = Submission(hook, OWNER, lambda name: None, LOG).send(REQUEST.with_name("job"), "print", None)  # type: ignore[arg-type]
    first, second = hook.created
    assert arn == f"{ARN}job"
    assert OWNER_TAG in [tag["Key"] for tag in first.pop("Tags")]
    assert first == second


def test_a_name_that_was_taken_in_the_meantime_is_no_error() -> None:
    hook = FakeHook(create_errors=[refusal("ResourceInUse", "taken")])
    noted: list[str | None] = []
    assert Submission(hook, OWNER, noted.append, LOG).send(REQUEST.with_name("job"), "print", None) is None  # type: ignore[arg-type]
    assert noted == ["job", None]


def test_the_last_of_all_names_is_found() -> None:
    names = [attempt_name(OWNER.base_name, number) for number in range(1, 101)]
    hook = FakeHook({name: ("Stopped", tags_of(OWNER)) for name in names[:98]})
    hook.jobs[names[98]] = ("InProgress", tags_of(OWNER))
    assert running_job_of(hook, OWNER, {}) == names[98]  # type: ignore[arg-type]
    hook.jobs[names[98]] = ("Stopped", tags_of(OWNER))
    hook.jobs[names[99]] = ("InProgress", tags_of(OWNER))
    assert running_job_of(hook, OWNER, {}) is None, "no task takes the hundredth name"  # type: ignore[arg-type]
