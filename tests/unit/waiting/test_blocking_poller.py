"""The wait on a worker: which poll ends it, what it raises, and how long it sleeps in between."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import (
    TuningJobBudgetExceededError,
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.waiting import blocking_poller, limits, on_poll
from airflow_hpt_provider.waiting.blocking_poller import call_limit, poll_once, poll_until_done
from airflow_hpt_provider.waiting.budget import BudgetLimits
from airflow_hpt_provider.waiting.limits import WaitLimits
from airflow_hpt_provider.waiting.on_poll import PollCallback
from airflow_hpt_provider.waiting.snapshot import JobSnapshot
from airflow_hpt_provider.waiting.time_limit import LAST_POLL_SECONDS, CallTimeoutError, call_within

START = datetime(2026, 11, 1, tzinfo=UTC)


class Clock(datetime):
    """A clock that only sleeping moves."""

    moved = 0.0

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return START + timedelta(seconds=cls.moved)


def sleep(seconds: float) -> None:
    assert seconds >= 0
    Clock.moved += seconds


class Sent(list[Any]):
    """The metrics that were sent."""

    def metric(self, name: str) -> Any:
        return SimpleNamespace(send=lambda *value, **tags: self.append((name, *value, *tags.values())))


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    made = Sent()
    Clock.moved = 0.0
    monkeypatch.setattr(limits, "datetime", Clock)
    monkeypatch.setattr(blocking_poller.random, "uniform", lambda low, high: (low + high) / 2)
    monkeypatch.setattr(blocking_poller.time, "time", lambda: Clock.now().timestamp())
    monkeypatch.setattr(blocking_poller, "call_within", lambda seconds, call: call())
    for name in ("LATENESS", "POLLS", "WAITS"):
        monkeypatch.setattr(blocking_poller, name, made.metric(name))
    return made


def described(status: str = "InProgress", ended: float | None = None) -> Any:
    end = None if ended is None else START + timedelta(seconds=ended)
    return SimpleNamespace(status=status, hyper_parameter_tuning_end_time=end)


def refused(code: str, **headers: str) -> ClientError:
    metadata: Any = {"HTTPStatusCode": 400, "HTTPHeaders": headers}
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": metadata}, "Describe")


THROTTLED, EXPIRED = refused("ThrottlingException"), refused("ExpiredTokenException")
DENIED, GONE = refused("AccessDeniedException"), refused("ResourceNotFound")


class Polls:
    """Polls that answer in turn; the last answer is repeated."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.times = list(answers), []  # type: ignore[var-annotated]

    def __call__(self) -> Any:
        self.times.append(Clock.moved)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(polls: Polls, wait: WaitLimits | None = None, **options: Any) -> Any:
    backoff = SimpleNamespace(after=lambda failures: 2.0 * failures)
    return poll_until_done(polls, wait or WaitLimits("job"), sleep=sleep, backoff=backoff, **options)  # type: ignore[arg-type]


def test_it_polls_until_the_job_has_ended(sent: Sent) -> None:
    polls, last = Polls(described(), described("Stopping"), end := described("Completed", 58.0)), []
    assert run(polls, on_poll=last.append) is end
    assert polls.times == [0.0, 30.0, 60.0]
    assert [each.status for each in last] == ["InProgress", "Stopping", "Completed"]
    assert sent == [("WAITS", "worker"), *[("POLLS", "worker")] * 3, ("LATENESS", 2.0, "worker")]


def test_a_job_that_had_ended_before_is_not_late(sent: Sent) -> None:
    run(Polls(described("Completed", -100.0)))
    assert sent == [("WAITS", "worker"), ("POLLS", "worker")]


def test_a_clock_that_is_behind_is_not_early(sent: Sent) -> None:
    run(Polls(described(), described("Completed", 1e6)))
    assert sent[-1] == ("LATENESS", 0.0, "worker")
    run(Polls(described(), described("Failed")))
    assert sent[-1] == ("POLLS", "worker"), "without an end there is no lateness"


def test_one_poll_if_the_end_does_not_matter(sent: Sent) -> None:
    polls = Polls(described())
    assert run(polls, until_ended=False).status == "InProgress"
    assert (polls.times, sent) == ([0.0], [("POLLS", "worker")])


def test_failed_polls_are_repeated_after_a_backoff(caplog: pytest.LogCaptureFixture) -> None:
    later = refused("ThrottlingException", **{"retry-after": "50"})
    polls, seen = Polls(THROTTLED, THROTTLED, described(), later, THROTTLED, described("Completed")), []
    assert run(polls, poll_interval=10.0, on_poll=seen.append).status == "Completed"
    assert polls.times == [0.0, 2.0, 6.0, 16.0, 66.0, 70.0]
    assert len(seen) == 2
    assert "Could not poll tuning job job" in caplog.text
    assert "retrying in 50.0 s" in caplog.text


def test_refused_credentials_are_read_again() -> None:
    read: list[float] = []
    run(
        Polls(EXPIRED, THROTTLED, described("Completed")),
        on_refused_credentials=lambda: read.append(Clock.moved),
    )
    assert read == [0.0]
    run(Polls(EXPIRED, described("Completed")))


@pytest.mark.parametrize(
    ("answers", "kind", "polls"),
    [
        ([DENIED], ClientError, 1),
        ([described(), DENIED], ClientError, 2),
        ([described(), GONE], TuningJobNotFoundError, 2),
        ([GONE], TuningJobNotFoundError, limits.MAX_NOT_FOUND),
    ],
)
def test_errors_that_end_the_wait(answers: list[Any], kind: Any, polls: int) -> None:
    made = Polls(*answers)
    with pytest.raises(kind):
        run(made)
    assert len(made.times) == polls


def test_the_last_poll_is_at_the_deadline() -> None:
    polls = Polls(described())
    with pytest.raises(TuningJobTimeoutError):
        run(polls, WaitLimits("job", deadline=START + timedelta(seconds=70)))
    assert polls.times == [0.0, 30.0, 60.0, 70.0]
    polls = Polls(described(), described(), described(), described("Completed"))
    Clock.moved = 0.0
    assert run(polls, WaitLimits("job", deadline=START + timedelta(seconds=70))).status == "Completed"


def test_a_service_out_of_reach_ends_the_wait() -> None:
    polls = Polls(described(), THROTTLED)
    with pytest.raises(TuningServiceUnreachableError) as raised:
        run(polls, WaitLimits("job", unreachable_timeout=timedelta(seconds=5)))
    assert raised.value.__cause__ is THROTTLED
    assert polls.times == [0.0, 30.0, 32.0, 35.0]


def test_what_the_callback_raises_ends_the_wait() -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(Polls(described()), on_poll=broken)


@pytest.mark.parametrize(
    ("status", "deadline", "kind"),
    [("InProgress", 0, TuningJobTimeoutError), ("InProgress", 60, TimeoutError), ("Completed", 0, None)],
)
def test_a_callback_that_hangs_ends_the_wait_of_a_running_job(status: str, deadline: int, kind: Any) -> None:
    def hangs(_: Any) -> None:
        raise CallTimeoutError("no response")

    wait = WaitLimits("job", deadline=START + timedelta(seconds=deadline))
    if kind is None:
        assert run(Polls(described(status)), wait, on_poll=hangs).status == status
        return
    with pytest.raises(kind) as raised:
        run(Polls(described(status)), wait, on_poll=hangs)
    assert type(raised.value) is kind


def test_one_poll_and_what_it_notes() -> None:
    wait, prepared = WaitLimits("job"), []
    answer = poll_once(Polls(one := described()), wait, prepare=lambda: prepared.append(True))
    assert (answer, wait.seen, wait.failures, prepared) == (one, True, 0, [True])
    error = poll_once(Polls(THROTTLED), wait)
    assert (error, wait.failures) == (THROTTLED, 1)

    def no_connection() -> None:
        raise ConnectionError("no hook")

    polls = Polls(described())
    assert isinstance(poll_once(polls, wait, prepare=no_connection), ConnectionError)
    assert (polls.times, wait.failures) == ([], 2)


def test_a_call_takes_no_longer_than_the_wait() -> None:
    assert call_limit(WaitLimits("job")) == float("inf")
    left = WaitLimits("job", deadline=START + timedelta(seconds=5))
    assert call_limit(left) == 5 + LAST_POLL_SECONDS


def test_calls_with_a_limit() -> None:
    assert call_within(float("inf"), lambda: 1) == call_within(30.0, lambda: 1) == 1
    for seconds in (float("inf"), 30.0):
        with pytest.raises(ZeroDivisionError):
            call_within(seconds, lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    forever = threading.Event()
    with pytest.raises(CallTimeoutError, match=r"no response within 0\.1 s"):
        call_within(0.1, lambda: forever.wait(60))
    forever.set()


# What a task does after each poll


class Hook:
    """Describes the job a second time."""

    def __init__(self, second: Any) -> None:
        self.second, self.asked = second, []  # type: ignore[var-annotated]

    def describe(self, name: str) -> Any:
        self.asked.append(name)
        if isinstance(self.second, Exception):
            raise self.second
        return self.second


def job(failed: int = 0, status: str = "InProgress") -> Any:
    return JobSnapshot("job", "arn", status, failed=failed)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made: list[Any] = []

    class Monitor:
        def __init__(self, *given: Any) -> None:
            made.append(given[1:4])

        def check(self, description: Any) -> None:
            made.append(description)

    monkeypatch.setattr(on_poll, "BillableTimeMonitor", Monitor)
    monkeypatch.setattr(on_poll, "ProgressLog", lambda log: lambda description: None)
    return made


def callback(hook: Hook, **budget: Any) -> PollCallback:
    return PollCallback(hook, "job", BudgetLimits(**budget), ["before"], logging.getLogger("task"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "exceeded", "asked"),
    [
        (job(2), job(9), False, 0),
        (job(3), job(3), True, 1),
        (job(3), job(2), False, 1),
        (job(3), job(3, "Stopping"), False, 1),
        (job(3), OSError("no route"), False, 1),
        (job(3, "Completed"), job(9), False, 0),
    ],
)
def test_a_job_over_its_budget_is_described_again(
    measured: list[Any], first: Any, second: Any, exceeded: bool, asked: int
) -> None:
    hook = Hook(second)
    made = callback(hook, max_failed_training_jobs=2)
    if exceeded:
        with pytest.raises(TuningJobBudgetExceededError):
            made(first)
    else:
        made(first)
    assert hook.asked == ["job"] * asked
    assert measured == [], "no limit of billable seconds"


def test_progress_is_logged_at_each_poll(measured: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[Any] = []
    monkeypatch.setattr(on_poll, "ProgressLog", lambda log: logged.append)
    callback(Hook(None))(running := job(9))
    assert logged == [running]


def test_billable_seconds_are_measured_while_it_runs(measured: list[Any]) -> None:
    made = callback(Hook(None), max_billable_seconds=60)
    assert measured == [("job", 60, ["before"])]
    made(job(status="Stopping"))
    assert len(measured) == 1
    made(running := job())
    assert measured[1:] == [running]
