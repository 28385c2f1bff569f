"""Which failed polls end a wait, and when its limits are reached; with a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import (
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.retries.classify import ErrorClass
from airflow_hpt_provider.retries.errors import is_throttled
from airflow_hpt_provider.waiting import limits
from airflow_hpt_provider.waiting.limits import MAX_NOT_FOUND, WaitLimits
from tests.support.frozen_clock import stop_clock

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, limits, NOW)


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "DescribeHyperParameterTuningJob",
    )


@pytest.mark.parametrize(("seen", "worked"), [(True, False), (False, True), (True, True)])
def test_an_unknown_error_ends_no_wait_that_has_worked(seen: bool, worked: bool) -> None:
    wait = WaitLimits("tune", seen=seen)
    assert wait.record_failure(RuntimeError("odd"), connection_worked=worked) is ErrorClass.TRANSIENT
    assert (wait.failures, wait.failing_since) == (1, NOW)


def test_an_unknown_error_ends_a_wait_that_has_never_worked() -> None:
    with pytest.raises(RuntimeError, match="odd"):
        WaitLimits("tune").record_failure(RuntimeError("odd"))


def test_a_missing_job() -> None:
    gone = refused("ResourceNotFound")
    with pytest.raises(TuningJobNotFoundError, match="was deleted"):
        WaitLimits("tune", seen=True).record_failure(gone)
    wait = WaitLimits("tune")
    for _ in range(MAX_NOT_FOUND - 1):
        assert wait.record_failure(gone) is ErrorClass.NOT_FOUND
    with pytest.raises(TuningJobNotFoundError, match="does not exist here"):
        wait.record_failure(gone)


def test_success_forgets_failures() -> None:
    wait = WaitLimits("tune", unreachable_timeout=SECOND, failures=3, failing_since=NOW - SECOND)
    assert isinstance(wait.expired_error(), TuningServiceUnreachableError)
    wait.record_success()
    assert (wait.seen, wait.failures, wait.failing_since, wait.expired_error()) == (True, 0, None, None)


@pytest.mark.parametrize(
    ("wait", "kind", "left"),
    [
        (WaitLimits("tune"), None, float("inf")),
        (WaitLimits("tune", deadline=NOW), TuningJobTimeoutError, 0),
        (WaitLimits("tune", deadline=NOW + SECOND), None, 1),
        (WaitLimits("tune", unreachable_timeout=SECOND), None, float("inf")),
        (WaitLimits("tune", failing_since=NOW - SECOND), None, float("inf")),
        (WaitLimits("tune", unreachable_timeout=SECOND, failing_since=NOW), None, 1),
        (
            WaitLimits("tune", deadline=NOW + 3 * SECOND, unreachable_timeout=2 * SECOND, failing_since=NOW),
            None,
            2,
        ),
        (WaitLimits("tune", deadline=NOW - SECOND), TuningJobTimeoutError, 0),
    ],
)
def test_limits(wait: WaitLimits, kind: type[Exception] | None, left: float) -> None:
    cause = ConnectionError("away")
    over = wait.expired_error(cause)
    assert type(over) is (kind or type(None))
    assert over is None or over.__cause__ is cause
    assert wait.seconds_left() == left


def test_grace() -> None:
    wait = WaitLimits("tune", deadline=NOW)
    assert wait.expired_error(grace=SECOND) is None
    assert wait.expired_error(grace=timedelta()) is not None


@pytest.mark.parametrize(
    ("error", "throttled"),
    [
        (refused("ThrottlingException"), True),
        (refused("odd", 429), True),
        (refused("odd"), False),
        (RuntimeError(), False),
    ],
)
def test_throttling(error: Exception, throttled: bool) -> None:
    assert is_throttled(error) is throttled
