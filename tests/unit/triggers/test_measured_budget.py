"""The billable seconds are measured while the trigger waits: seldom, and the limit ends the wait."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from airflow_hpt_provider.exceptions import TuningJobBudgetExceededError
from airflow_hpt_provider.triggers import budget
from airflow_hpt_provider.triggers.budget import enforce_budget

DEAR = TuningJobBudgetExceededError("dear", "job")


class Monitor:
    """Measures what the test says, and counts."""

    def __init__(self, *answers: float | Exception) -> None:
        self.answers, self.checks, self.arguments = list(answers), 0, ()

    def __call__(self, *arguments: Any) -> Monitor:
        self.arguments = arguments
        return self

    def check(self) -> float:
        self.checks += 1
        answer = self.answers.pop(0) if self.answers else 3600.0
        if isinstance(answer, Exception):
            raise answer
        return answer


class Settings:
    """A connection that fails as often as the test says."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures

    def ready_hook(self) -> str:
        if self.failures:
            self.failures -= 1
            raise OSError("no route")
        return "hook"


def waits(monitor: Monitor, settings: Any, until: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait inside the context until a condition holds, then 50 more turns of the event loop."""
    monkeypatch.setattr(budget, "BillableTimeMonitor", monitor)

    async def scenario() -> None:
        async with asyncio.timeout(30):
            async with enforce_budget(settings, "job", 60.0, ["before"], logging.getLogger("task")):
                while not until():  # noqa: ASYNC110 - the measurement sets no event
                    await asyncio.sleep(0.001)
                for _ in range(50):
                    await asyncio.sleep(0.001)

    asyncio.run(scenario())


def test_nothing_is_measured_before_it_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the sleep in between the triggerer would only measure."""
    monitor = Monitor(0.0, 0.0)
    waits(monitor, Settings(), lambda: monitor.checks >= 3, monkeypatch)
    assert monitor.checks == 3
    assert monitor.arguments[:4] == ("hook", "job", 60.0, ["before"])


def test_the_limit_ends_the_wait_with_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TuningJobBudgetExceededError) as raised:
        waits(Monitor(0.0, DEAR), Settings(), lambda: False, monkeypatch)
    assert raised.value is DEAR


def test_an_error_of_the_wait_ends_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        waits(Monitor(), Settings(), fails, monkeypatch)


def test_a_connection_that_fails_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(budget, "MEASURE_SECONDS", 0.0)
    monitor = Monitor()
    waits(monitor, Settings(failures=2), lambda: monitor.checks, monkeypatch)
    assert monitor.checks == 1
    assert caplog.text.count("Could not measure the billable seconds (no route); retrying.") == 2


def test_a_connection_that_fails_is_not_tried_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(failures=1000)
    waits(Monitor(), settings, lambda: settings.failures < 1000, monkeypatch)
    assert settings.failures == 999
