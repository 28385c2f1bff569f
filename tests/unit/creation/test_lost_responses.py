"""Responses that never arrive, and tags that cannot be read now: no second job is created, no foreign one adopted."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from airflow_hpt_provider.creation.find_or_create import JobResolver, OwnedJob
from airflow_hpt_provider.creation.ownership import (
    DELIVERED_BY_TRY_TAG,
    DELIVERED_TAG,
    FINGERPRINT_TAG,
    MAX_NAMES,
    NAME,
    NAME_DELIVERED_TAG,
    OWNER_TAG,
    Owner,
    attempt_name,
)
from airflow_hpt_provider.exceptions import (
    TuningJobLostError,
    TuningJobNameConflictError,
    TuningJobNotFoundError,
)
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.models import TuningJobRequest
from tests.support.tuning_account import (
    ARN,
    CREATED,
    DENIED_TAGGING,
    DENIED_TAGS,
    TAKEN,
    THROTTLED,
    Job,
    TuningAccount,
)
from tests.support.tuning_jobs import tuning_job

OWNER, OTHER = Owner("dag", "tune", "run", 3), Owner("dag", "other", "run", 3)
FIRST, SECOND, THIRD = (attempt_name(OWNER.base_name, number) for number in range(1, 4))
REQUEST = TuningJobRequest.model_validate(tuning_job("bucket"))
NAMED = REQUEST.with_name("named")


def tags(owner: Owner = OWNER, **changed: str) -> dict[str, str]:
    return {**owner.ownership_tags(REQUEST.fingerprint()), **changed}


def resolve(account: Any, **options: Any) -> OwnedJob:
    options = {"owner": OWNER, "request": REQUEST, **options}
    return JobResolver(hook=account, log=logging.getLogger("task"), **options).find_or_create()


# Another process creates the job in the meantime, or this one did and never got the response


def taken_by(service: TuningAccount, job: Job | None = None) -> Any:
    """Return what Create does for the loser of a race: a job exists, and the name is taken."""

    def answer(request: TuningJobRequest) -> ClientError:
        if job is None:
            service.created(request)
        else:
            service.jobs[str(request.hyper_parameter_tuning_job_name)] = job
        return TAKEN

    return answer


@pytest.mark.parametrize("request_", [REQUEST, NAMED])
def test_the_job_of_a_lost_response_is_found_by_its_tags(request_: TuningJobRequest) -> None:
    service = TuningAccount({}, REQUEST)
    service.answers = [taken_by(service)]
    noted: list[str | None] = []
    job = resolve(service, request=request_, on_create=noted.append)
    name = request_.hyper_parameter_tuning_job_name or FIRST
    assert (job.name, job.arn, job.rejoined, job.created) == (name, ARN + name, True, CREATED)
    assert list(service.jobs) == [name]
    assert len(service.requests) == 1
    assert noted == [name, None]


def test_the_untagged_job_of_a_lost_response_is_found_by_its_derived_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = TuningAccount({}, REQUEST)
    service.answers = [DENIED_TAGGING, taken_by(service)]
    assert resolve(service).name == FIRST
    assert ["Tags" in sent for sent in service.sent] == [True, False]
    assert "creating it without ownership tags" in caplog.text
    assert list(service.jobs) == [FIRST]


@pytest.mark.parametrize("foreign", [tags(OTHER), {"team": "a"}, {}, DENIED_TAGS], ids=str)
def test_a_job_that_took_a_given_name_in_the_meantime_is_adopted_on_proof_alone(foreign: Any) -> None:
    service = TuningAccount({}, REQUEST)
    service.answers = [taken_by(service, Job(tags=foreign))]
    with pytest.raises(TuningJobNameConflictError, match="belongs to another task") as raised:
        resolve(service, request=NAMED, stop_superseded=True)
    assert raised.value.tuning_job_name == "named"
    assert service.stopped == []
    service = TuningAccount({}, REQUEST)
    service.answers = [taken_by(service, Job(tags=foreign))]
    job = resolve(service, request=NAMED, on_name_conflict="next", stop_superseded=True)
    assert (job.name, job.rejoined) == ("named-2", False)
    assert service.stopped == []


def test_a_job_that_failed_before_it_could_be_inspected_is_followed_by_the_next() -> None:
    service = TuningAccount({}, REQUEST)
    service.answers = [taken_by(service, Job("Failed", tags()))]
    assert resolve(service).name == SECOND


@pytest.mark.parametrize(
    ("lost", "wins"),
    [
        (ReadTimeoutError(endpoint_url="http://127.0.0.1"), True),
        (ConnectTimeoutError(endpoint_url="x"), False),
    ],
)
def test_create_is_sent_again_under_the_same_name_and_tags(
    lost: Exception, wins: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real hook, whose call is sent again after a time-out; whether it arrived the first time is unknown."""
    service, sent = TuningAccount({}, REQUEST), []

    def call_once(self: Any, operation: str, **parameters: Any) -> dict[str, Any]:
        assert operation == "create_hyper_parameter_tuning_job"
        sent.append(parameters)
        request = TuningJobRequest.model_validate(parameters)
        if len(sent) == 1:
            if wins:
                service.created(request)
            raise lost
        if wins:
            raise TAKEN
        return {"HyperParameterTuningJobArn": service.created(request)}

    monkeypatch.setattr(HyperParameterTuningHook, "call_once", call_once)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hook = HyperParameterTuningHook(aws_conn_id=None, region_name="us-east-1")
    service.create = hook.create  # type: ignore[method-assign]
    job = resolve(service)
    assert (job.name, job.rejoined, list(service.jobs)) == (FIRST, wins, [FIRST])
    assert sent[0] == sent[1]
    assert len(sent) == 2


# Tags that cannot be read now


@pytest.mark.parametrize("status", ["InProgress", "Completed", "Failed", "Stopped"])
@pytest.mark.parametrize("memory", [{}, {NAME: FIRST, OWNER_TAG: OWNER.digest}])
def test_a_throttled_read_of_tags_is_no_missing_permission(status: str, memory: dict[str, str]) -> None:
    service = TuningAccount({FIRST: Job(status, THROTTLED)}, REQUEST)
    with pytest.raises(ClientError, match="Rate exceeded"):
        resolve(service, memory=memory, on_name_conflict="next", stop_superseded=True)
    assert (service.requests, service.stopped) == ([], [])


def test_a_throttled_read_of_the_next_jobs_tags_creates_nothing() -> None:
    service = TuningAccount({SECOND: Job(tags=THROTTLED)}, REQUEST)
    with pytest.raises(ClientError, match="Rate exceeded"):
        resolve(service)
    assert service.requests == []


def test_a_missing_permission_is_logged_and_the_name_decides(caplog: pytest.LogCaptureFixture) -> None:
    service = TuningAccount({FIRST: Job(tags=DENIED_TAGS)}, REQUEST)
    job = resolve(service)
    assert (job.name, job.rejoined, dict(job.tags)) == (FIRST, True, tags())
    assert "No permission to read the tuning job's tags" in caplog.text


def test_the_tags_of_a_job_are_those_that_it_has() -> None:
    older = tags(**{DELIVERED_TAG: "0"})
    job = resolve(TuningAccount({FIRST: Job("Completed", older, completed=1)}, REQUEST))
    assert (job.name, job.rejoined, dict(job.tags)) == (FIRST, True, older)


# A gap before the next job


def test_a_gap_is_left_alone_only_for_the_tasks_own_next_job() -> None:
    """A job of a given name proves nothing without tags, so the gap is filled."""
    for next_tags in ({}, {"team": "a"}, DENIED_TAGS, tags(OTHER)):
        service = TuningAccount({"named-2": Job(tags=next_tags)}, REQUEST)
        assert resolve(service, request=NAMED).name == "named"
    service = TuningAccount({"named-2": Job(tags=tags())}, REQUEST)
    assert resolve(service, request=NAMED).name == "named-2"
    assert service.requests == []


def test_what_the_task_remembers_of_the_next_job_is_proof() -> None:
    service = TuningAccount({"named-2": Job(tags={"team": "a"})}, REQUEST)
    memory = {NAME: "named-2", **tags()}
    assert resolve(service, request=NAMED, memory=memory).name == "named-2"
    foreign = {NAME: "named-2", **tags(OTHER)}
    assert resolve(service, request=NAMED, memory=foreign).name == "named"


def test_two_deleted_jobs_are_no_gap() -> None:
    service = TuningAccount({THIRD: Job(tags=tags())}, REQUEST)
    assert resolve(service).name == FIRST


def test_a_remembered_job_that_is_gone_is_not_paid_for_again() -> None:
    """It was deleted, or the connection leads elsewhere; a clear (another generation) is a person's decision."""
    service = TuningAccount({}, REQUEST)
    for request, name in ((REQUEST, FIRST), (NAMED, "named")):
        with pytest.raises(TuningJobLostError, match="'aws_default'") as raised:
            resolve(service, request=request, memory={NAME: name, **tags()})
        assert raised.value.tuning_job_name == name
    assert service.requests == []
    cleared = Owner("dag", "tune", "run", 3, generation=1)
    assert resolve(service, owner=cleared, memory={NAME: FIRST, **tags()}).name == FIRST
    assert resolve(service, request=NAMED, first_try=True, memory={NAME: "named", **tags()}).name == "named"


def test_one_response_is_not_enough_to_lose_a_remembered_job(monkeypatch: pytest.MonkeyPatch) -> None:
    service = TuningAccount({FIRST: Job(tags=tags())}, REQUEST)
    describe, asked = service.describe, []

    def not_found_at_first(name: str) -> Any:
        asked.append(name)
        if asked == [FIRST]:
            raise TuningJobNotFoundError("none", name)
        return describe(name)

    monkeypatch.setattr(service, "describe", not_found_at_first)
    assert resolve(service, memory={NAME: FIRST, **tags()}).rejoined
    assert service.requests == []


def test_a_remembered_job_that_is_gone_hides_no_later_one() -> None:
    service = TuningAccount({SECOND: Job(tags=tags())}, REQUEST)
    assert resolve(service, memory={NAME: FIRST, **tags()}).name == SECOND


# What is delivered, and to whom


@pytest.mark.parametrize("waits", [True, False])
def test_what_was_never_delivered_is_kept_for_a_cleared_task(waits: bool) -> None:
    """A task that does not wait delivers the name."""
    cleared = Owner("dag", "tune", "run", 3, generation=1)
    for delivered, name in (({}, FIRST), ({DELIVERED_TAG: "0"}, SECOND)):
        service = TuningAccount({FIRST: Job("Completed", tags(**delivered), completed=1)}, REQUEST)
        assert resolve(service, owner=cleared, waits=waits).name == name


@pytest.mark.parametrize("waits", [True, False])
def test_what_was_delivered_by_a_try_that_another_one_followed_is_kept_for_a_cleared_task(
    waits: bool,
) -> None:
    """Airflow had not taken it. But where the task has a later job, the one before is done."""
    cleared = Owner("dag", "tune", "run", 3, generation=3)
    for number, name in (("1", FIRST), ("2", FIRST), ("3", SECOND)):
        marks = {DELIVERED_TAG: "0", DELIVERED_BY_TRY_TAG: number}
        service = TuningAccount({FIRST: Job("Completed", tags(**marks), completed=1)}, REQUEST)
        assert resolve(service, owner=cleared, waits=waits).name == name
    jobs = {
        FIRST: Job("Completed", tags(**{DELIVERED_TAG: "0", DELIVERED_BY_TRY_TAG: "1"}), completed=1),
        SECOND: Job("Completed", tags(**{DELIVERED_TAG: "1", DELIVERED_BY_TRY_TAG: "3"}), completed=1),
    }
    assert resolve(TuningAccount(jobs, REQUEST), owner=cleared, waits=waits).name == THIRD


def test_a_name_that_has_arrived_is_no_result_that_has_arrived() -> None:
    """A task that did not wait, and waits now, still gets the result; half a search counts as not taken."""
    cleared = Owner("dag", "tune", "run", 3, generation=1)
    for waits, name in ((True, FIRST), (False, SECOND)):
        service = TuningAccount(
            {FIRST: Job("Completed", tags(**{NAME_DELIVERED_TAG: "0"}), completed=1)}, REQUEST
        )
        assert resolve(service, owner=cleared, waits=waits).name == name
    stopping = TuningAccount({FIRST: Job("Stopping", tags(**{NAME_DELIVERED_TAG: "0"}))}, REQUEST)
    assert DELIVERED_TAG not in resolve(stopping, owner=OWNER).tags


def test_a_job_without_a_result_is_not_kept_for_a_cleared_task_that_waits() -> None:
    cleared = Owner("dag", "tune", "run", 3, generation=1)
    for waits, name in ((True, SECOND), (False, FIRST)):
        service = TuningAccount({FIRST: Job("Completed", tags())}, REQUEST)
        assert resolve(service, owner=cleared, waits=waits).name == name


def test_a_delivered_result_of_a_deleted_run_is_not_delivered_again() -> None:
    job = Job("Completed", tags(**{DELIVERED_TAG: "0"}), completed=1)
    assert resolve(TuningAccount({FIRST: job}, REQUEST), first_try=True).name == SECOND
    assert resolve(TuningAccount({FIRST: job}, REQUEST), first_try=False).name == FIRST


def test_a_remembered_name_proves_an_untagged_job_to_be_the_tasks_own() -> None:
    service = TuningAccount({"named": Job(tags=DENIED_TAGS)}, REQUEST)
    assert resolve(service, request=NAMED, memory={NAME: "named"}).name == "named"
    service.jobs["named"] = Job(tags=tags(OTHER))
    with pytest.raises(TuningJobNameConflictError):
        resolve(service, request=NAMED, memory={NAME: "named"})


def test_a_job_that_failed_in_this_try_is_the_tasks_own() -> None:
    service = TuningAccount({"named": Job("Failed", DENIED_TAGS)}, REQUEST)
    assert resolve(service, request=NAMED, failed=["named"]).name == "named-2"
    with pytest.raises(TuningJobNameConflictError):
        resolve(TuningAccount({"named": Job("Failed", DENIED_TAGS)}, REQUEST), request=NAMED)


def test_a_running_job_of_another_config_is_stopped_and_replaced() -> None:
    service = TuningAccount({FIRST: Job(tags=tags(**{FINGERPRINT_TAG: "another"}))}, REQUEST)
    assert resolve(service, stop_superseded=True).name == SECOND
    assert service.stopped == [FIRST]
    service = TuningAccount({FIRST: Job(tags=tags(**{FINGERPRINT_TAG: "another"}))}, REQUEST)
    assert resolve(service, on_name_conflict="next").name == SECOND
    assert service.stopped == []


# All names


def test_the_names_of_a_task_end() -> None:
    names = [attempt_name(OWNER.base_name, number) for number in range(1, 101)]
    jobs = {name: Job("Stopped", tags()) for name in names}
    del jobs[names[98]], jobs[names[99]]
    assert resolve(TuningAccount(dict(jobs), REQUEST)).name == names[98]
    jobs[names[98]] = Job("Stopped", tags())
    service = TuningAccount(jobs, REQUEST)
    with pytest.raises(
        TuningJobNameConflictError, match=f"All names from {names[0]} to {names[98]}"
    ) as raised:
        resolve(service)
    assert raised.value.tuning_job_name == names[0]
    assert service.requests == []
    assert len(jobs) == MAX_NAMES
