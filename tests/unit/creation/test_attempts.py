"""From a failed tuning job to its retry: which jobs continue a series, and what is sent to create the next."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.creation import find_or_create
from airflow_hpt_provider.creation.find_or_create import JobResolver, OwnedJob
from airflow_hpt_provider.creation.ownership import (
    FINGERPRINT_TAG,
    GENERATION_TAG,
    NAME,
    OWNER_TAG,
    RETRY_OF_TAG,
    Owner,
    attempt_name,
)
from airflow_hpt_provider.exceptions import TuningJobTimeoutError
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.retries.strategy import TuningRetryStrategy
from tests.support.tuning_account import CREATED, DENIED_TAGS, Job, TuningAccount, refusal
from tests.support.tuning_jobs import tuning_job

OWNER = Owner("dag", "tune", "run", 3)
CLEARED = Owner("dag", "tune", "run", 3, generation=2)
FIRST, SECOND, THIRD, FOURTH = (attempt_name(OWNER.base_name, number) for number in range(1, 5))
REQUEST = TuningJobRequest.model_validate(tuning_job("bucket"))
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."
RETRIES = TuningRetryStrategy(2)
LOST = refusal("ValidationException", "parent tuning job cannot be used")


def tags(retry_of: str | None = None, **changed: str) -> dict[str, str]:
    """Return the tags of one of this task's jobs."""
    return {**OWNER.ownership_tags(REQUEST.fingerprint(), retry_of), **changed}


def failed(retry_of: str | None = None, reason: str = INTERNAL, **more: Any) -> Job:
    return Job("Failed", **{"tags": tags(retry_of), "failure_reason": reason, **more})


def resolve(account: TuningAccount, **options: Any) -> OwnedJob:
    options = {"owner": OWNER, "request": REQUEST, "retry_strategy": RETRIES, **options}
    return JobResolver(hook=account, log=logging.getLogger("task"), **options).find_or_create()  # type: ignore[arg-type]


def account(*jobs: Job, answers: list[Any] | None = None) -> TuningAccount:
    names = (attempt_name(OWNER.base_name, number) for number in range(1, 100))
    return TuningAccount(dict(zip(names, jobs, strict=False)), REQUEST, answers or [])


def attempts(job: OwnedJob) -> list[tuple[str, int]]:
    return [(attempt.tuning_job_name, attempt.number) for attempt in job.previous_attempts]


def retry_of(sent: dict[str, Any]) -> str | None:
    """Return the name that the tags of a request continue."""
    return {tag["Key"]: tag["Value"] for tag in sent.get("Tags", [])}.get(RETRY_OF_TAG)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Return a list that holds the only time there is."""
    times = [CREATED]

    class Frozen(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            assert tz is UTC
            return times[0]

    monkeypatch.setattr(find_or_create, "datetime", Frozen)
    return times


# Which job the next one continues


@pytest.mark.parametrize("strategy", [RETRIES, None])
def test_a_job_that_failed_through_no_fault_of_its_own_is_continued_if_the_author_says_so(
    strategy: Any,
) -> None:
    service = account(failed())
    job = resolve(service, retry_strategy=strategy)
    assert (job.name, job.rejoined) == (SECOND, False)
    assert attempts(job) == ([(FIRST, 1)] if strategy else [])
    assert retry_of(service.sent[0]) == (FIRST if strategy else None)
    assert dict(job.tags) == tags(FIRST if strategy else None)
    assert job.created != CREATED, "the time of this call"


@pytest.mark.parametrize(
    "last",
    [
        failed(reason="AlgorithmError: exit code 1"),
        failed(reason="ClientError: no such image"),
        Job("Stopped", tags(), INTERNAL),
        failed(tags=tags(**{GENERATION_TAG: "1"})),
        failed(tags=tags(**{FINGERPRINT_TAG: "another"})),
    ],
    ids=["algorithm", "client", "stopped", "cleared", "another config"],
)
def test_any_other_job_is_followed_by_a_new_series(last: Job) -> None:
    service = account(last)
    job = resolve(service)
    assert (job.name, attempts(job), retry_of(service.sent[0])) == (SECOND, [], None)


def test_after_the_last_retry_a_new_series_begins() -> None:
    service = account(failed(), failed(FIRST), failed(SECOND))
    job = resolve(service)
    assert (job.name, attempts(job), retry_of(service.sent[0])) == (FOURTH, [], None)


def test_every_attempt_of_a_series_counts() -> None:
    service = account(failed(), failed(FIRST))
    job = resolve(service)
    assert (job.name, attempts(job), retry_of(service.sent[0])) == (THIRD, [(FIRST, 1), (SECOND, 2)], SECOND)


def test_a_job_that_is_tagged_as_no_retry_begins_a_series() -> None:
    service = account(failed(), failed(), failed(SECOND))
    job = resolve(service)
    assert attempts(job) == [(SECOND, 1), (THIRD, 2)]


@pytest.mark.parametrize("unreadable", [{}, DENIED_TAGS])
def test_without_tags_a_series_is_what_this_task_would_have_made_of_it(unreadable: Any) -> None:
    service = account(failed(tags=unreadable), failed(tags=unreadable))
    assert attempts(resolve(service)) == [(FIRST, 1), (SECOND, 2)]
    service = account(failed(tags=unreadable, reason="AlgorithmError"), failed(tags=unreadable))
    assert attempts(resolve(service)) == [(SECOND, 1)]


@pytest.mark.parametrize("unreadable", [{}, DENIED_TAGS])
def test_without_tags_a_cleared_task_begins_a_series(unreadable: Any) -> None:
    """Nothing says in which generation the job was created, so the task does not count it."""
    service = account(failed(tags=unreadable))
    job = resolve(service, owner=CLEARED)
    assert (job.name, attempts(job), retry_of(service.sent[0])) == (SECOND, [], None)


def test_an_attempt_of_this_try_is_continued_although_the_config_renders_differently() -> None:
    last = failed(tags=tags(**{FINGERPRINT_TAG: "rendered a second ago"}))
    job = resolve(account(last), failed=[FIRST])
    assert (job.name, attempts(job)) == (SECOND, [(FIRST, 1)])
    job = resolve(account(failed(reason="AlgorithmError")), failed=[FIRST])
    assert attempts(job) == []
    assert attempts(resolve(account(last), failed=["another"])) == []


# A running retry


def test_a_running_retry_is_rejoined_with_the_attempts_before_it() -> None:
    service = account(failed(), failed(FIRST), Job(tags=tags(SECOND)))
    job = resolve(service)
    assert (job.name, job.rejoined, job.created) == (THIRD, True, CREATED)
    assert attempts(job) == [(FIRST, 1), (SECOND, 2)]
    assert service.requests == []


def test_a_running_job_that_is_no_retry_is_rejoined_alone() -> None:
    assert attempts(resolve(account(failed(), Job(tags=tags())))) == []
    assert attempts(resolve(account(failed(), Job(tags=tags("gone"))))) == []
    assert attempts(resolve(account(Job(tags=tags("gone"))))) == []


def test_a_running_job_without_readable_tags_is_rejoined_as_a_retry_by_its_name() -> None:
    job = resolve(account(failed(tags={}), Job(tags=DENIED_TAGS)))
    assert (job.name, attempts(job)) == (SECOND, [(FIRST, 1)])
    assert dict(job.tags) == tags(), "what they should be"


# Time


def test_the_timeout_counts_over_all_attempts(now: list[datetime]) -> None:
    jobs = [failed(), failed(FIRST, created=CREATED + timedelta(hours=1))]
    limit = timedelta(hours=2)
    now[0] = CREATED + limit - timedelta(microseconds=1)
    assert resolve(account(*jobs), timeout=limit).name == THIRD
    now[0] = CREATED + limit
    service = account(*jobs)
    with pytest.raises(
        TuningJobTimeoutError, match=r"2 tuning jobs failed since 2026-11-01T12:00:00\+00:00"
    ) as raised:
        resolve(service, timeout=limit)
    assert raised.value.tuning_job_name == THIRD
    assert service.requests == []


def test_the_timeout_is_that_of_a_series(now: list[datetime]) -> None:
    now[0] = CREATED + timedelta(days=1)
    assert resolve(account(failed(reason="AlgorithmError")), timeout=timedelta(hours=1)).name == SECOND
    job = resolve(account(failed()))
    assert (job.name, job.created) == (SECOND, now[0])


# Warm starts


def parents(sent: dict[str, Any]) -> list[str]:
    jobs = sent.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", [])
    return [job["HyperParameterTuningJobName"] for job in jobs]


@pytest.mark.parametrize("warm_start", [True, False])
def test_a_retry_learns_from_the_attempts_before_it(warm_start: bool) -> None:
    service = account(failed(completed=2), failed(FIRST, completed=1))
    resolve(service, retry_strategy=TuningRetryStrategy(2, warm_start=warm_start))
    assert parents(service.sent[0]) == ([FIRST, SECOND] if warm_start else [])
    fingerprint = {tag["Key"]: tag["Value"] for tag in service.sent[0]["Tags"]}[FINGERPRINT_TAG]
    assert fingerprint == REQUEST.fingerprint(), "of the config as its author wrote it"


def test_a_new_series_has_no_parents() -> None:
    service = account(failed(completed=2, reason="AlgorithmError"))
    resolve(service)
    assert parents(service.sent[0]) == []


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_refused_warm_start_is_left_out(code: str, caplog: pytest.LogCaptureFixture) -> None:
    service = account(failed(completed=2), answers=[refusal(code, "the parent")])
    job = resolve(service)
    assert [parents(sent) for sent in service.sent] == [[FIRST], []]
    assert [retry_of(sent) for sent in service.sent] == [FIRST, FIRST]
    assert attempts(job) == [(FIRST, 1)]
    assert "No warm start: SageMaker rejects it" in caplog.text


@pytest.mark.parametrize(
    ("error", "completed"),
    [
        (refusal("ResourceLimitExceeded", "quota"), 2),
        (refusal("ThrottlingException", "Rate exceeded"), 2),
        (refusal("AccessDeniedException", "CreateHyperParameterTuningJob"), 2),
        (refusal("ValidationException", "1 validation error detected"), 0),
    ],
)
def test_any_other_refusal_is_the_tasks_error(error: ClientError, completed: int) -> None:
    service = account(failed(completed=completed), answers=[error])
    with pytest.raises(ClientError) as raised:
        resolve(service)
    assert raised.value is error
    assert len(service.requests) == 1


def test_a_retry_is_counted_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    counted: list[int] = []
    monkeypatch.setattr(
        type(find_or_create.RESUBMISSIONS), "send", lambda self, *args, **more: counted.append(1)
    )
    caplog.set_level("INFO")
    resolve(account())
    assert counted == []
    assert "after" not in caplog.text
    resolve(account(failed(completed=2), failed(FIRST)))
    assert counted == [1]
    resolve(account(failed()))
    assert f"{SECOND} (attempt 2, after {FIRST} has failed)." in caplog.text
    assert f"{THIRD} (attempt 3, after {SECOND} has failed, warm-started)." in caplog.text


def test_a_remembered_job_of_a_given_name_is_the_tasks_own() -> None:
    """Its tags could not be written, so Airflow's task state store has them."""
    named = REQUEST.with_name("named")
    memory = {NAME: "named", **tags()}
    service = TuningAccount({"named": failed(tags={"team": "a"})}, REQUEST)
    job = resolve(service, request=named, memory=memory)
    assert (job.name, attempts(job)) == ("named-2", [("named", 1)])
    assert OWNER_TAG in {tag["Key"] for tag in service.sent[0]["Tags"]}
