"""What a file of faults says: one object for each of its tables."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]

INTERNAL = "InternalServerError"
"""A reason that begins so is the service's own failure, which RetryStrategy tries again."""


class FaultKind(StrEnum):
    """What a client meets."""

    THROTTLE = "throttle"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL_ERROR = "internal_error"
    INTERNAL_ERROR_HTML = "internal_error_html"
    SERVICE_UNAVAILABLE_HTML = "service_unavailable_html"
    RESET = "reset"
    LOST_REQUEST = "lost_request"
    TRUNCATE = "truncate"
    HALF = "half"
    LOST_RESPONSE = "lost_response"
    SLOW = "slow"
    DRIP = "drip"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - not a password
    ACCESS_DENIED = "access_denied"


TIMED = (FaultKind.SLOW, FaultKind.DRIP)
"""Kinds that take ``seconds``."""


class _Table(BaseModel):
    # Strict: TOML has types of its own, and `rate = "0.5"` is a mistake.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CallFault(_Table):
    """A ``[[fault]]`` table: calls of these operations meet this.

    Attributes:
        operation: glob on the call's name (:func:`airflow_hpt_provider.local.fault_injection.calls.call_name`).
        kind: what the client meets.
        rate: the share of the matching calls that fail, 0 to 1.
        seed: makes the choice the same for the same calls in the same order.
        seconds: how long ``slow`` holds the response back, and how long ``drip`` takes to send it.
        after: number of matching calls without a fault at the beginning.
        first: only this many first matching calls can get a fault.
        times: strikes so often at most.
    """

    operation: Annotated[str, Field(min_length=1)]
    kind: Annotated[FaultKind, Field(strict=False)]
    rate: Rate = 1.0
    seed: int | None = None
    seconds: Seconds | None = None
    after: Annotated[int, Field(ge=0)] = 0
    first: Count | None = None
    times: Count | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind in TIMED and self.seconds is None:
            raise ValueError(f"seconds: is missing; say how long `{self.kind}` delays the response")
        if self.kind not in TIMED and self.seconds is not None:
            raise ValueError(f"seconds: is for {' and '.join(TIMED)} only, not for '{self.kind}'; remove it")
        if self.first is not None and self.first <= self.after:
            raise ValueError(
                f"first: no call is left between after = {self.after} and first = {self.first}; raise `first`"
            )
        return self


class TrainingJobFault(_Table):
    """A ``[[training_job]]`` table: these training jobs fail with this reason.

    Attributes:
        reason: FailureReason. One that begins with ``InternalServerError`` is the service's failure.
        training_job: glob on the training job's name.
        numbers: trials of each tuning job, by their number; 1 is the first. Never one that no tuning job launched.
        rate: the share of the attempts that fail, 0 to 1; all if neither this nor ``numbers`` is given.
        seed: makes the choice the same for the same trial of a tuning job of the same name.
        attempts: only this many first attempts of a training job can fail.
        seconds: how long the process runs before it is ended; 0: it is never started.
    """

    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    training_job: Annotated[str, Field(min_length=1)] = "*"
    numbers: Annotated[tuple[Count, ...], Field(min_length=1, strict=False)] | None = None
    rate: Rate = 1.0
    seed: int | None = None
    attempts: Count | None = None
    seconds: Seconds = 0.0

    @property
    def internal(self) -> bool:
        """Whether it is the service's failure, not the algorithm's."""
        return self.reason.startswith(INTERNAL)


class TuningJobFault(_Table):
    """A ``[[tuning_job]]`` table: these tuning jobs fail as a whole, whatever their training jobs do.

    Attributes:
        reason: FailureReason.
        tuning_job: glob on the tuning job's name.
        after: number of its ended training jobs after which it fails; 0: before the first is launched. Running
            ones are stopped.
    """

    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    tuning_job: Annotated[str, Field(min_length=1)] = "*"
    after: Annotated[int, Field(ge=0)] = 0


class FaultFile(_Table):
    """A whole file, in its order."""

    fault: tuple[CallFault, ...] = ()
    training_job: tuple[TrainingJobFault, ...] = ()
    tuning_job: tuple[TuningJobFault, ...] = ()

    def failure_of(self, tuning_job: str, ended: int) -> str | None:
        """Return why a tuning job fails as a whole, given the number of its ended training jobs; None: it does not."""
        for fault in self.tuning_job:
            if fnmatchcase(tuning_job, fault.tuning_job) and ended >= fault.after:
                return fault.reason
        return None
