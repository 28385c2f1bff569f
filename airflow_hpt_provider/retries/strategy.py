"""Retries a whole tuning job: the third of three levels (see ``docs/retries.md``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from airflow_hpt_provider.models import TuningJobDescription, TuningJobRequest

MAX_RETRIES = 30
"""The limit of SageMaker's own RetryStrategy for a training job."""
MAX_PARENTS = 5
"""SageMaker allows at most five warm-start parents."""
_AWS_NAMES = {"MaximumRetryAttempts": "maximum_retry_attempts", "WarmStart": "warm_start"}


@dataclass(frozen=True)
class TuningRetryStrategy:
    """Submit a tuning job again that Failed through no fault of its own; for the operator's ``retry_strategy``.

    Only InternalServerError and missing capacity are such reasons, never ClientError or AlgorithmError. The new
    job has the next name and the same config, and a budget of its own.

    Attributes:
        maximum_retry_attempts: how many more tuning jobs there may be after the first, 1 to 30.
        warm_start: let the new job learn from the training jobs of the failed ones, where SageMaker allows it
            (``WarmStartConfig``, IdenticalDataAndAlgorithm). Default True.

    Raises:
        ValueError: a value is out of bounds.
    """

    maximum_retry_attempts: int
    warm_start: bool = True

    def __post_init__(self) -> None:
        attempts = self.maximum_retry_attempts
        if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= MAX_RETRIES:
            raise ValueError(
                f"maximum_retry_attempts must be a whole number from 1 to {MAX_RETRIES}, got {attempts!r}."
                " For no retries, omit retry_strategy."
            )

    @classmethod
    def of(cls, value: Any) -> TuningRetryStrategy | None:
        """Return the strategy that an author wrote: a strategy, its members as a mapping, a number, or None.

        Raises:
            ValueError: it is none of these, or out of bounds.
        """
        if value is None or isinstance(value, cls):
            return value
        if isinstance(value, Mapping):
            members = {_AWS_NAMES.get(str(name), str(name)): each for name, each in value.items()}
            known = [field.name for field in fields(cls)]
            if unknown := sorted(members.keys() - set(known)):
                raise ValueError(
                    f"retry_strategy must have the members {' and '.join(known)}, got {unknown}."
                )
            return cls(**{**members, "maximum_retry_attempts": _whole(members.get("maximum_retry_attempts"))})
        return cls(_whole(value))

    def continues(
        self,
        description: TuningJobDescription,
        attempts: int,
    ) -> bool:
        """Return whether another attempt follows this one.

        Args:
            description: the last attempt.
            attempts: how many there have been, it included.
        """
        from airflow_hpt_provider.retries.failure_reasons import is_retryable_failure

        return (
            description.status == "Failed"
            and is_retryable_failure(description.failure_reason)
            and attempts <= self.maximum_retry_attempts
        )


def _whole(value: Any) -> Any:
    """Convert a number that was a template to a number."""
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value


def warm_started(
    request: TuningJobRequest, failed: Sequence[TuningJobDescription], log: Any
) -> TuningJobRequest | None:
    """Return the request with the failed attempts as parents, or None if a warm start is not possible.

    Args:
        request: what the author asked for, with the new attempt's name.
        failed: the attempts before, the oldest first. SageMaker's warm start is not recursive: each is a parent.
        log: the task's.
    """
    from pydantic import ValidationError

    names = [each.name for each in failed if each.objective_status_counters.succeeded]
    if not names:
        log.info("No warm start: no training job of the failed attempts has reported the objective metric.")
        return None
    if request.hyper_parameter_tuning_job_config.strategy == "Grid":
        log.info("No warm start: a grid search always runs completely.")
        return None
    own = request.warm_start_config
    room = MAX_PARENTS - (len(own.parent_hyper_parameter_tuning_jobs) if own else 0)
    if room < 1:
        log.info("No warm start: the config already has %d parents.", MAX_PARENTS)
        return None
    try:
        return request.with_parents(names[-room:])
    except ValidationError as error:
        log.warning("No warm start: %s", error.errors()[0]["msg"])
        return None


def describe_series(started: str, attempts: int, timeout: timedelta) -> str:
    """Explain why a series of attempts ends."""
    return (
        f"{attempts} tuning job{'s' * (attempts > 1)} failed since {started}; the timeout of {timeout}, which counts"
        " over all attempts, is over."
    )
