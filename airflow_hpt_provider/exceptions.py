"""All exceptions of this provider.

::

    AirflowException
    └── TuningError
        ├── TuningJobConfigError          (not retried) the request is invalid; nothing was created
        ├── TuningConnectionError         the Airflow connection is missing, or has no region
        ├── TuningJobNameConflictError    (not retried) the job name belongs to another task or user
        ├── TuningJobResourceLimitError   a quota allows no further tuning job; nothing was created
        ├── TuningJobNotFoundError        the tuning job does not exist, or it has been deleted
        │   └── TuningJobLostError        (not retried) ... although the task has created it, and waits for it
        ├── TuningJobFailedError          the job ended as Failed or DeleteFailed; a retry may help
        │   └── TuningJobPermanentFailureError    (not retried) ... a retry would fail the same way
        ├── TuningJobStoppedError         (not retried) the job was stopped from outside
        ├── TuningJobTimeoutError         (not retried) ``timeout`` has expired
        ├── TuningJobBudgetExceededError  (not retried) the job exceeded its budget and was stopped
        ├── TuningServiceUnreachableError the service could not be reached for ``unreachable_timeout``
        ├── TuningTaskInterruptedError    the task's process was asked to end; the next try rejoins the job
        └── RegistrationError
            └── ModelQualityGateError     (not retried) the gate rejected the model

"Not retried" means that the class is also an AirflowFailException: it fails the task immediately, without using up
Airflow's ``retries``. All exceptions survive pickling.
"""

from __future__ import annotations

from typing import Any

from airflow_hpt_provider.compat import AirflowException, AirflowFailException


class TuningError(AirflowException):
    """Base of all errors of this provider.

    Attributes:
        tuning_job_name: the job it is about, if one is known.
    """

    def __init__(self, message: str = "", tuning_job_name: str | None = None) -> None:
        from airflow_hpt_provider.models.printable import printable

        message = printable(message, keep="\n")  # a training job's own words may be in it
        super().__init__(message)
        self.message = message
        self.tuning_job_name = tuning_job_name

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.tuning_job_name)


class TuningJobConfigError(TuningError, AirflowFailException):
    """The request is wrong: every problem is listed with field, value and remedy. Nothing was created."""


class TuningConnectionError(TuningError):
    """There is no such Airflow connection, or it has no region. A retry may help: secrets backends have bad hours."""


class TuningJobNameConflictError(TuningError, AirflowFailException):
    """A tuning job of the wanted name exists and is not this task's own."""


class TuningJobResourceLimitError(TuningError):
    """SageMaker's quotas allow no further tuning job (ResourceLimitExceeded), and ``on_resource_limit`` is ``fail``.

    Or ``resource_limit_timeout`` has expired, or the whole quota is too small for the job. Nothing was created.
    """


class TuningJobNotFoundError(TuningError):
    """There is no tuning job of this name in this account and region, or it was deleted."""


class TuningJobLostError(TuningJobNotFoundError, AirflowFailException):
    """The task's own tuning job is not found any more: a person decides whether another one is paid for."""

    @classmethod
    def of(cls, tuning_job_name: str, aws_conn_id: str | None) -> TuningJobLostError:
        """Return the error with what has happened, and what to do."""
        return cls(
            f"Tuning job {tuning_job_name} of this task is not found any more with connection {aws_conn_id!r}: it was"
            " deleted, or the connection leads to another account or region now, and the job may keep running in the"
            " earlier one. Correct the connection and clear the task, which then rejoins the job; clear it without"
            " that to create another one.",
            tuning_job_name,
        )


class TuningJobFailedError(TuningError):
    """The tuning job ended as Failed, or Completed without one successful training job."""


class TuningJobPermanentFailureError(TuningJobFailedError, AirflowFailException):
    """The tuning job failed for a reason that a retry cannot mend (ClientError, AlgorithmError)."""


class TuningJobStoppedError(TuningError, AirflowFailException):
    """The tuning job was stopped before it completed, and ``on_stopped`` is ``fail``."""


class TuningJobTimeoutError(TuningError, AirflowFailException):
    """The tuning job did not end within ``timeout``, and ``on_timeout`` is ``fail``."""


class TuningJobBudgetExceededError(TuningError, AirflowFailException):
    """The job exceeded its budget (``max_billable_seconds``, ``max_failed_training_jobs``); the policy is ``fail``."""


class TuningServiceUnreachableError(TuningError):
    """Every call failed for longer than ``unreachable_timeout``. The tuning job itself keeps running."""


class TuningTaskInterruptedError(TuningError):
    """The task's process was asked to end (SIGTERM). Says nothing about the tuning job, which the next try rejoins."""


class RegistrationError(TuningError):
    """The model package could not be made from what the tuning task left in XCom."""


class ModelQualityGateError(RegistrationError, AirflowFailException):
    """The gate (``min_metric``, ``must_improve``) refused the model, and ``on_rejected`` is ``fail``."""
