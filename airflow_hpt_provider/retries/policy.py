"""A policy for Airflow's own ``retries`` (Airflow 3.3+), above ``retry_strategy``; see ``docs/retries.md``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

try:
    from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
except ImportError as error:  # Airflow 3.1, 3.2
    raise ImportError(
        "TuningRetryPolicy requires Airflow 3.3 or newer. Omit retry_policy on older versions: permanent errors are"
        " AirflowFailExceptions there, which end the retries as well."
    ) from error

from airflow_hpt_provider.exceptions import (
    TuningJobFailedError,
    TuningJobResourceLimitError,
    TuningServiceUnreachableError,
)

if TYPE_CHECKING:
    from airflow.sdk import Context


class TuningRetryPolicy(RetryPolicy):
    """Retries a tuning task when another try may help, after a delay that fits the reason; else fails it immediately.

    ==============================================  ===================================================
    what ended the try                              decision
    ==============================================  ===================================================
    the job Failed: InternalServerError             retry after ``delay``
    the job Failed: no capacity                     retry after ``capacity_delay``
    a quota allows no further tuning job            retry after ``capacity_delay``
    SageMaker throttled, out of reach, 5xx          retry after ``delay``; the try rejoins the job
    SageMaker refused: access denied, validation    fail
    the trigger failed, a worker was lost, others   as the task's ``retries`` and ``retry_delay`` say
    ==============================================  ===================================================

    It cannot retry more often than ``retries`` says. Airflow does not call it for errors that are not retried
    (see :mod:`airflow_hpt_provider.exceptions`).

    Args:
        delay: before a retry; default 1 minute.
        capacity_delay: before a retry when there was no capacity; default 15 minutes.
    """

    def __init__(
        self,
        delay: timedelta = timedelta(minutes=1),
        capacity_delay: timedelta = timedelta(minutes=15),
    ) -> None:
        self.delay = delay
        self.capacity_delay = capacity_delay

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        """Decide; called by Airflow on the worker."""
        from airflow_hpt_provider.retries.failure_reasons import is_capacity_failure

        if isinstance(exception, TuningServiceUnreachableError):
            return RetryDecision.retry(self.delay, "SageMaker was out of reach; the next try rejoins the job")
        if isinstance(exception, TuningJobResourceLimitError):
            return RetryDecision.retry(self.capacity_delay, "a quota allowed no further tuning job")
        if isinstance(exception, TuningJobFailedError):
            if is_capacity_failure(str(exception)):
                return RetryDecision.retry(self.capacity_delay, "SageMaker had no capacity")
            return RetryDecision.retry(self.delay, "the tuning job failed for a reason of SageMaker's own")
        return self._of_call(exception)

    def _of_call(self, exception: BaseException) -> RetryDecision:
        from botocore.exceptions import BotoCoreError, ClientError

        from airflow_hpt_provider.retries.classify import ErrorClass, classify
        from airflow_hpt_provider.retries.errors import one_line

        if not isinstance(exception, (BotoCoreError, ClientError)):
            return RetryDecision.default()
        if classify(exception) is ErrorClass.FATAL:
            return RetryDecision.fail(f"the same call would fail again: {one_line(exception)}")
        return RetryDecision.retry(self.delay, one_line(exception))
