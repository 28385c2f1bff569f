"""What one snapshot, or one failed poll, does to a wait in the triggerer: it ends, or polls again later."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import (
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.waiting import limits, subscription
from airflow_hpt_provider.waiting.limits import MAX_NOT_FOUND
from airflow_hpt_provider.waiting.snapshot import JobSnapshot
from airflow_hpt_provider.waiting.subscription import MAX_SLEEP, PollSubscription
from airflow_hpt_provider.waiting.time_limit import LAST_POLL_SECONDS
from tests.support.frozen_clock import stop_clock

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
START = NOW.timestamp()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Frozen clocks; the lateness that is sent."""
    sent: list[Any] = []
    stop_clock(monkeypatch, limits, NOW)
    monkeypatch.setattr(subscription.time, "time", lambda: START)
    monkeypatch.setattr(subscription, "BACKOFF", SimpleNamespace(after=lambda failures: 2.0 * failures))
    monkeypatch.setattr(
        subscription, "LATENESS", SimpleNamespace(send=lambda value, **tags: sent.append((value, tags)))
    )
    return sent


def wait(**options: Any) -> PollSubscription:
    return PollSubscription(tuning_job_name="Tune", **options)


def seen(status: str = "InProgress", **values: Any) -> JobSnapshot:
    return JobSnapshot("Tune", values.pop("arn", "arn:1"), status, **{"created": START - 1000, **values})


def refused(code: str, **headers: str) -> ClientError:
    metadata: Any = {"HTTPStatusCode": 400, "HTTPHeaders": headers}
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": metadata}, "Describe")


THROTTLED, GONE, DENIED = (
    refused(code) for code in ("ThrottlingException", "ResourceNotFound", "AccessDeniedException")
)


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped", "DeleteFailed"])
async def test_a_final_status_ends_the_wait(status: str) -> None:
    made = wait()
    made.on_snapshot(seen(), 5.0, 1.0)
    assert made.is_waiting
    last = seen(status)
    made.on_snapshot(last, 6.0, 1.0)
    assert made.future.result() is last
    assert not made.is_waiting
    made.on_snapshot(seen(), 7.0, 1.0)
    made.on_error(GONE, 7.0, connection_worked=True)
    assert (made.last, made.failures) == (last, 0), "nothing counts after the end"


@pytest.mark.parametrize("status", ["InProgress", "Stopping", "Deleting", "Another"])
async def test_any_other_status_does_not(status: str) -> None:
    made = wait()
    made.on_snapshot(seen(status), 5.0, 1.0)
    assert made.is_waiting
    assert (made.seen, made.last) == (True, seen(status))


async def test_an_answer_about_another_job_of_that_name_ends_nothing() -> None:
    made = wait()
    made.on_snapshot(seen(), 5.0, 1.0)
    made.on_snapshot(seen("Completed", arn="arn:2"), 6.0, 1.0)
    assert made.is_waiting
    assert (made.failures, made.last) == (1, seen())
    made.on_snapshot(seen("Completed", arn="ARN:1"), 7.0, 1.0)
    assert made.future.result().status == "Completed"


async def test_how_late_an_end_was_seen(clock: list[Any]) -> None:
    for ended, sent in ((START - 3, 3.0), (START + 5, 0.0)):
        clock.clear()
        made = wait()
        made.on_snapshot(seen(), 5.0, 1.0)
        made.on_snapshot(seen("Completed", ended=ended), 6.0, 1.0)
        assert clock == [(sent, {"where": "triggerer"})]
    clock.clear()
    wait().on_snapshot(seen("Completed", ended=START), 5.0, 1.0)
    made.start_again()
    made.on_snapshot(seen("Completed"), 6.0, 1.0)
    assert clock == [], "it had ended before, or does not say when"


async def test_counters_and_the_best_training_job() -> None:
    made = wait()
    made.on_snapshot(seen(completed=1), 5.0, 1.0)
    made.on_snapshot(seen(completed=1), 6.0, 1.0)
    assert (made.changed_at, made.best_at, made.best_completed) == (5.0, 0.0, 0)
    made.on_snapshot(seen(completed=2, best_metric=0.5), 7.0, 1.0)
    assert (made.changed_at, made.best_at, made.best_completed) == (7.0, 7.0, 2)


@pytest.mark.parametrize(
    ("completed", "now", "wants"), [(2, 17.0, False), (3, 16.9, False), (3, 17.0, True), (1, 99.0, False)]
)
async def test_the_best_training_job_is_read_seldom(completed: int, now: float, wants: bool) -> None:
    made = wait()
    assert made.wants_best(99.0, 10.0) is False
    made.on_snapshot(seen(completed=2, best_metric=0.5), 7.0, 1.0)
    made.on_snapshot(seen(completed=completed), 8.0, 1.0)
    assert made.wants_best(now, 10.0) is wants


async def test_what_the_callback_raises_ends_the_wait() -> None:
    found: list[Any] = []

    def on_poll(snapshot: JobSnapshot) -> None:
        found.append(snapshot)
        if len(found) == 2:
            raise ZeroDivisionError

    made = wait(on_poll=on_poll)
    made.on_snapshot(seen(), 5.0, 1.0)
    made.on_snapshot(seen("Completed"), 6.0, 1.0)
    assert isinstance(made.future.exception(), ZeroDivisionError)
    assert found == [seen(), seen("Completed")]


@pytest.mark.parametrize(
    ("options", "interval"),
    [
        ({}, 30.0),
        ({"poll_interval": 8.0}, 8.0),
        ({"has_events": True}, 30.0),
        ({"has_events": True, "expect_end_until": 5.0}, 30.0),
        ({"has_events": True, "expect_end_until": 5.1}, 2.0),
        ({"has_events": True, "expect_end_until": 5.1, "poll_interval": 1.0}, 1.0),
    ],
)
async def test_the_interval_that_a_snapshot_asks_for(options: Any, interval: float) -> None:
    made = wait(**options)
    made.on_snapshot(seen(), 5.0, 2.0)
    assert made.interval == interval


@pytest.mark.parametrize(("poll_interval", "interval"), [(30.0, 2.0), (1.0, 1.0)])
async def test_a_snapshot_that_needs_confirmation_is_confirmed_soon(
    poll_interval: float, interval: float
) -> None:
    made = wait(poll_interval=poll_interval)
    made.on_poll = lambda _: setattr(made, "confirm", True)
    made.on_snapshot(seen(), 5.0, 2.0)
    assert made.interval == interval
    made.on_poll = None
    made.on_snapshot(seen(), 6.0, 2.0)
    assert (made.confirm, made.interval) == (False, poll_interval)


async def test_a_deadline_ends_the_wait_at_the_poll() -> None:
    made = wait(deadline=NOW)
    made.on_snapshot(seen(), 5.0, 1.0)
    assert isinstance(made.future.exception(), TuningJobTimeoutError)
    made = wait(deadline=NOW)
    made.on_snapshot(seen("Completed"), 5.0, 1.0)
    assert made.future.result().status == "Completed", "it ended in time"


async def test_failed_polls_back_off_and_are_logged_ever_less(caplog: pytest.LogCaptureFixture) -> None:
    made = wait()
    with caplog.at_level(logging.WARNING):
        for failures in range(1, 10):
            made.on_error(THROTTLED, 100.0, connection_worked=False)
            assert (made.failures, made.due) == (failures, 100.0 + 2.0 * failures)
    assert made.is_waiting
    assert [record.args[2] for record in caplog.records if record.args] == [1, 2, 4, 8]
    assert "Could not poll tuning job Tune" in caplog.text
    assert "retrying in 2.0 s" in caplog.text
    made.on_error(refused("ThrottlingException", **{"retry-after": "77"}), 100.0, connection_worked=False)
    assert made.due == 177.0


async def test_the_next_poll_is_at_the_limit_at_the_latest() -> None:
    made = wait(deadline=NOW + 3 * SECOND)
    for seconds, due in ((2.0, 102.0), (3.0, 103.0), (50.0, 103.0)):
        made.schedule_in(seconds, 100.0)
        assert made.due == due


@pytest.mark.parametrize(
    ("error", "worked", "kind"),
    [
        (DENIED, True, ClientError),
        (RuntimeError("odd"), False, RuntimeError),
        (RuntimeError("odd"), True, None),
        (GONE, True, None),
    ],
)
async def test_an_error_for_good_ends_the_wait(error: Exception, worked: bool, kind: Any) -> None:
    made = wait()
    made.on_error(error, 100.0, connection_worked=worked)
    if kind is None:
        assert made.is_waiting
    else:
        assert made.future.exception() is error


async def test_a_missing_job_ends_the_wait_soon() -> None:
    made = wait()
    for _ in range(MAX_NOT_FOUND):
        assert made.is_waiting
        made.on_error(GONE, 100.0, connection_worked=True)
    assert isinstance(made.future.exception(), TuningJobNotFoundError)
    made.start_again()
    assert (made.is_waiting, made.seen, made.failures, made.failing_since) == (True, False, 0, None)
    made.on_snapshot(seen(), 5.0, 1.0)
    made.on_error(GONE, 100.0, connection_worked=True)
    assert isinstance(made.future.exception(), TuningJobNotFoundError), "it was seen before"


async def test_a_service_out_of_reach_ends_the_wait() -> None:
    made = wait(unreachable_timeout=SECOND)
    made.on_error(THROTTLED, 100.0, connection_worked=True)
    assert made.is_waiting
    assert made.due == 101.0
    made.failing_since = NOW - SECOND
    made.on_error(THROTTLED, 100.0, connection_worked=True)
    over = made.future.exception()
    assert isinstance(over, TuningServiceUnreachableError)
    assert over.__cause__ is THROTTLED


GRACE = LAST_POLL_SECONDS


@pytest.mark.parametrize(
    ("options", "later"),
    [
        ({}, None),
        ({"deadline": NOW + 60 * SECOND}, 60 + GRACE),
        ({"deadline": NOW}, GRACE),
        ({"deadline": NOW + timedelta(days=30)}, MAX_SLEEP),
        ({"unreachable_timeout": timedelta(hours=1)}, 2 * GRACE),
        ({"unreachable_timeout": timedelta(hours=1), "deadline": NOW + SECOND}, 1 + GRACE),
        ({"unreachable_timeout": SECOND, "failing_since": NOW}, 1 + GRACE),
    ],
)
async def test_limits_hold_even_if_the_poll_hangs(
    monkeypatch: pytest.MonkeyPatch, options: Any, later: float | None
) -> None:
    timers: list[Any] = []
    loop = asyncio.get_running_loop()
    made = wait(**options)
    monkeypatch.setattr(loop, "call_later", lambda *given: timers.append(given) or made)
    made.keep_limits()
    assert timers == ([] if later is None else [(later, made.keep_limits)])
    assert (made.timer is not None) is (later is not None)
    assert made.is_waiting


@pytest.mark.parametrize(("late", "ends"), [(GRACE - 0.001, False), (GRACE, True)])
async def test_a_limit_that_no_poll_has_kept(late: float, ends: bool) -> None:
    made = wait(deadline=NOW - timedelta(seconds=late))
    made.keep_limits()
    assert made.is_waiting is not ends
    if ends:
        assert isinstance(made.future.exception(), TuningJobTimeoutError)
        made.keep_limits()
        assert made.timer is None
    made.close()
    assert made.timer is None or made.timer.cancelled()


async def test_an_event_brings_the_next_poll_forward() -> None:
    made = wait(has_events=True)
    assert made.key == "tune"
    made.on_snapshot(seen(), 5.0, 1.0)
    made.poll_soon(50.0, 60.0)
    assert (made.due, made.interval, made.expect_end_until) == (50.0, 0.0, 110.0)
    assert wait().due == 0.0, "the first poll is immediate"
