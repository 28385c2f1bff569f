"""Retrying whole tuning jobs, and Airflow's own retries: what is retried, and after which delay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.exceptions import TuningJobFailedError, TuningServiceUnreachableError
from airflow_hpt_provider.models import TuningJobDescription
from airflow_hpt_provider.retries.strategy import TuningRetryStrategy


def described(status="Failed", reason="InternalServerError: sorry"):
    return TuningJobDescription.model_construct(
        hyper_parameter_tuning_job_status=status, failure_reason=reason, creation_time=datetime.now(UTC)
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (None, None),
        (2, TuningRetryStrategy(2)),
        ("2", TuningRetryStrategy(2)),
        ({"MaximumRetryAttempts": 3}, TuningRetryStrategy(3)),
        ({"MaximumRetryAttempts": "3", "WarmStart": False}, TuningRetryStrategy(3, warm_start=False)),
        ({"maximum_retry_attempts": 1, "warm_start": True}, TuningRetryStrategy(1)),
        (TuningRetryStrategy(4), TuningRetryStrategy(4)),
    ],
)
def test_what_authors_may_write(written, meant):
    assert TuningRetryStrategy.of(written) == meant


@pytest.mark.parametrize("wrong", [0, 31, 1.5, True, "many", {}, {"attempts": 2}])
def test_what_they_may_not(wrong):
    with pytest.raises(ValueError, match=r"maximum_retry_attempts|MaximumRetryAttempts"):
        TuningRetryStrategy.of(wrong)


@pytest.mark.parametrize(
    ("description", "attempts", "again"),
    [
        (described(), 1, True),
        (described(), 2, True),
        (described(), 3, False),
        (described(reason="CapacityError: none"), 1, True),
        (described(reason="ClientError: bad role"), 1, False),
        (described(reason="AlgorithmError: InternalServerError in its own words"), 1, False),
        (described(reason=None), 1, False),
        (described(status="Stopped"), 1, False),
        (described(status="Completed"), 1, False),
    ],
)
def test_only_failures_of_the_services_own_and_only_so_often(description, attempts, again):
    assert TuningRetryStrategy(2).continues(description, attempts) is again


@pytest.mark.skipif(not has("retry_policy"), reason="Airflow 3.3+")
@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (TuningJobFailedError("Tuning job x failed.\n  Reason: InternalServerError"), "retry", 1),
        (TuningJobFailedError("Tuning job x failed.\n  Reason: CapacityError"), "retry", 15),
        (TuningJobFailedError("Tuning job plan-capacity failed.\n  Reason: InternalServerError"), "retry", 1),
        (TuningServiceUnreachableError("gone"), "retry", 1),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "retry", 1),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "Describe"), "retry", 1),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "Describe"), "fail", None),
        (ClientError({"Error": {"Code": "ValidationException"}}, "Create"), "fail", None),
        (RuntimeError("a bug"), "default", None),
    ],
)
def test_the_policy_for_airflows_own_retries(error, action, delay):
    from airflow_hpt_provider.retries.policy import TuningRetryPolicy

    decision = TuningRetryPolicy().evaluate(error, 1, 3, None)
    assert decision.action.value == action
    assert decision.retry_delay == (timedelta(minutes=delay) if delay else None)


@pytest.mark.skipif(has("retry_policy"), reason="below Airflow 3.3")
def test_below_airflow_3_3_the_policy_says_what_to_do():
    with pytest.raises(ImportError, match="AirflowFailException"):
        import airflow_hpt_provider.retries.policy  # noqa: F401
