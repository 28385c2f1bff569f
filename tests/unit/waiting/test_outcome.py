"""The one table of statuses, and the poll that uses it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from airflow_hpt_provider.exceptions import (
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.models.status import TuningJobStatus
from airflow_hpt_provider.retries.calls import FullJitter
from airflow_hpt_provider.waiting.blocking_poller import poll_until_done
from airflow_hpt_provider.waiting.limits import MAX_NOT_FOUND, WaitLimits
from airflow_hpt_provider.waiting.outcome import Outcome, check_policy, deadline, outcome_of

DOWN = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "Describe")
EXPIRED = ClientError({"Error": {"Code": "ExpiredToken"}}, "Describe")


def test_the_table_knows_every_status_of_the_api():
    model = botocore.session.get_session().get_service_model("sagemaker")
    assert set(model.shape_for("HyperParameterTuningJobStatus").enum) == set(TuningJobStatus)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("InProgress", None),
        ("Stopping", None),
        ("Deleting", None),
        ("ANewOne", None),
        ("Completed", Outcome.COMPLETED),
        ("Failed", Outcome.FAILED),
        ("Stopped", Outcome.STOPPED),
        ("DeleteFailed", Outcome.DELETE_FAILED),
    ],
)
def test_what_a_status_means(status, outcome):
    assert outcome_of(status) is outcome
    if outcome:
        assert outcome == status.lower()


def test_a_wrong_policy_is_reported_with_its_choices():
    with pytest.raises(
        ValueError, match="on_stopped must be one of 'fail', 'skip', 'use_best', got 'ignore'"
    ):
        check_policy("on_stopped", "ignore")
    for choice in ("fail", "skip", "use_best"):
        assert check_policy("on_stopped", choice) == choice


def test_a_deadline_counts_from_the_creation():
    created = datetime(2026, 11, 1, tzinfo=UTC)
    assert deadline(created, timedelta(hours=1)) == created + timedelta(hours=1)
    assert deadline(created, None) is None


@dataclass
class Described:
    status: str
    hyper_parameter_tuning_end_time: datetime | None = None


def responses(*outcomes):
    """A poll that goes through outcomes, then repeats the last."""
    rest = list(outcomes)

    def poll():
        outcome = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(outcome, Exception):
            raise outcome
        return Described(outcome)

    return poll


def wait(poll, *, deadline=None, unreachable_timeout=None, **kwargs):
    limits = WaitLimits("tune-1", deadline=deadline, unreachable_timeout=unreachable_timeout)
    quick = FullJitter(base=0.001, cap=0.002)
    return poll_until_done(poll, limits, poll_interval=0.001, backoff=quick, **kwargs)


def test_polls_until_the_end_through_transient_trouble():
    seen = []
    job = wait(
        responses("InProgress", DOWN, DOWN, EXPIRED, "InProgress", DOWN, "Stopping", "Stopped"),
        on_poll=lambda d: seen.append(d.status),
        on_refused_credentials=lambda: seen.append("new client"),
    )
    assert job.status == "Stopped"
    assert seen == ["InProgress", "new client", "InProgress", "Stopping", "Stopped"]


def test_a_fatal_error_ends_the_wait_immediately():
    with pytest.raises(ClientError) as raised:
        wait(responses("InProgress", DENIED))
    assert raised.value is DENIED


def test_the_deadline_ends_it_whether_the_service_answers_or_not():
    for outcome in ("InProgress", DOWN):
        with pytest.raises(TuningJobTimeoutError, match="tune-1 had not ended by"):
            wait(responses(outcome), deadline=datetime.now(UTC) + timedelta(seconds=0.05))


def test_a_job_that_has_ended_before_the_deadline_is_never_reported_as_late():
    assert (
        wait(responses("Completed"), deadline=datetime.now(UTC) - timedelta(seconds=1)).status == "Completed"
    )


def test_unreachable_counts_only_failures_in_a_row():
    with pytest.raises(TuningServiceUnreachableError, match="It may still be running"):
        wait(responses("InProgress", DOWN), unreachable_timeout=timedelta(seconds=0.05))
    answers = [x for _ in range(40) for x in (DOWN, "InProgress")]
    assert (
        wait(responses(*answers, "Completed"), unreachable_timeout=timedelta(seconds=5)).status == "Completed"
    )


def test_a_fresh_job_may_be_invisible_for_a_moment_but_a_missing_one_is_reported():
    missing = TuningJobNotFoundError("no such job")
    assert wait(responses(missing, missing, "Completed")).status == "Completed"
    with pytest.raises(TuningJobNotFoundError, match="does not exist here. Check its name"):
        wait(responses(*[missing] * MAX_NOT_FOUND))
    with pytest.raises(TuningJobNotFoundError, match="no longer exists: it was deleted"):
        wait(responses("InProgress", missing))
