"""Parses the tuning operator's arguments, any of which may have been a template."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.operators.base import budget_limits, cast_flag, seconds_of
from airflow_hpt_provider.waiting.outcome import OnUnfinished, check_policy, deadline

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import Attempt, TuningJobDescription
    from airflow_hpt_provider.result.resolve import OutcomeResolver
    from airflow_hpt_provider.retries.strategy import TuningRetryStrategy
    from airflow_hpt_provider.waiting.budget import BudgetLimits


def check_on_resource_limit(value: Any) -> None:
    """Check the operator's ``on_resource_limit``.

    Raises:
        ValueError: it is neither ``wait`` nor ``fail``.
    """
    if value not in ("wait", "fail"):
        raise ValueError(f"on_resource_limit must be 'wait' or 'fail', got {value!r}.")


class TuningArgumentsMixin:
    """Casts arguments; each cast raises TuningJobConfigError that names argument, value and remedy."""

    hook: HyperParameterTuningHook
    log: Any
    poll_interval: Any
    wait_for_completion: bool
    timeout: Any
    retry_strategy: Any
    max_billable_seconds: Any
    max_failed_training_jobs: Any
    on_stopped: OnUnfinished
    on_timeout: OnUnfinished
    on_budget_exceeded: OnUnfinished | None
    on_resource_limit: Any
    resource_limit_timeout: Any
    event_queue_url: str | None
    top_k: int

    def _cast_templated(self) -> None:
        """Cast and check them, before anything is created."""
        self.poll_interval = seconds_of("poll_interval", self.poll_interval) or 30.0
        self.wait_for_completion = cast_flag("wait_for_completion", self.wait_for_completion)
        for name, value in self._policies.items():
            if value is not None:
                check_policy(name, value)
        check_on_resource_limit(self.on_resource_limit)
        if self.event_queue_url is not None:
            from airflow_hpt_provider.waiting.state_change import check_queue_url

            check_queue_url("event_queue_url", self.event_queue_url)
        _ = self._timeout, self._strategy, self._limits, self._limit_timeout

    @property
    def _timeout(self) -> timedelta | None:
        seconds = seconds_of("timeout", self.timeout)
        return None if seconds is None else timedelta(seconds=seconds)

    @property
    def _limit_timeout(self) -> timedelta | None:
        seconds = seconds_of("resource_limit_timeout", self.resource_limit_timeout)
        return None if seconds is None else timedelta(seconds=seconds)

    @property
    def _strategy(self) -> TuningRetryStrategy | None:
        if self.retry_strategy is None:
            return None
        from airflow_hpt_provider.retries.strategy import TuningRetryStrategy

        try:
            return TuningRetryStrategy.of(self.retry_strategy)
        except ValueError as error:
            raise TuningJobConfigError(str(error)) from None

    @property
    def _limits(self) -> BudgetLimits:
        return budget_limits(self.max_billable_seconds, self.max_failed_training_jobs)

    @property
    def _policies(self) -> dict[str, Any]:
        names = ("on_stopped", "on_timeout", "on_budget_exceeded")
        return {name: getattr(self, name) for name in names}

    def _deadline(
        self, description: TuningJobDescription, previous_attempts: Sequence[Attempt]
    ) -> datetime | None:
        """When the time of the job and of the attempts before it is over."""
        first = previous_attempts[0].creation_time if previous_attempts else None
        return deadline(first or description.creation_time, self._timeout)

    def _resolver(self, previous_attempts: Sequence[Attempt]) -> OutcomeResolver:
        from airflow_hpt_provider.result.resolve import OutcomeResolver

        return OutcomeResolver(
            self.hook, **self._policies, top_k=self.top_k, log=self.log, previous_attempts=previous_attempts
        )
