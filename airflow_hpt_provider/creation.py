"""2 CREATE: the task's tuning job, made once however often the task is tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import TuningJobNameConflictError, TuningJobNotFoundError
from airflow_hpt_provider.identity import DELIVERED_TAG, Owner, Verdict, attempt_name, judge
from airflow_hpt_provider.retries import brief, error_code
from airflow_hpt_provider.waiting.decision import utcnow

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobRequest

OnNameConflict = Literal["fail", "next"]
MAX_ATTEMPTS = 99
MAX_TAGS = 50
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


@dataclass(frozen=True)
class OwnJob:
    """The tuning job that this task waits for.

    Attributes:
        name, arn: its own.
        attempt: 1 for the first job of this task instance, 2 for the second ...
        created: when; the timeout counts from here.
        rejoined: it was there before this try of the task.
    """

    name: str
    arn: str
    attempt: int
    created: datetime
    rejoined: bool


@dataclass
class JobFinder:
    """Finds the task's own tuning job, or creates it.

    Attributes:
        hook: the way to the API.
        owner: the task instance.
        request: what to create; its name is the author's, or None for a derived one.
        on_name_conflict: when the name is taken by another's job: ``fail``, or take the ``next`` free name.
        known_name: the job's name as the task's state store remembers it, if there is one.
        log: the task's.
    """

    hook: HyperParameterTuningHook
    owner: Owner
    request: TuningJobRequest
    on_name_conflict: OnNameConflict = "fail"
    known_name: str | None = None
    log: Any = None

    def find_or_create(self) -> OwnJob:
        """The running or undelivered job of this task if there is one, else a new one.

        Names are tried in order with Describe, which is strongly consistent, unlike List. Two tries that race
        for the same name are decided by SageMaker: one creates, the other is told ResourceInUse and rejoins.

        Raises:
            TuningJobNameConflictError: see ``on_name_conflict``.
            botocore.exceptions.ClientError: the request was refused.
        """
        given = self.request.hyper_parameter_tuning_job_name
        base = given or self.owner.base_name
        for attempt in range(1, MAX_ATTEMPTS + 1):
            name = attempt_name(base, attempt)
            found = self._look(name, attempt, derived=given is None)
            if found is None:
                # Losing the race for the name means that there is now a job to look at.
                found = self._create(name, attempt) or self._look(name, attempt, derived=given is None)
            if isinstance(found, OwnJob):
                return found
        raise TuningJobNameConflictError(
            f"All names from {base} to {attempt_name(base, MAX_ATTEMPTS)} are taken. Delete old tuning jobs or give"
            " HyperParameterTuningJobName another value.",
            base,
        )

    def _look(self, name: str, attempt: int, *, derived: bool) -> OwnJob | Verdict | None:
        """The job of this name if it is the one to wait for; why not, if it is not; None if there is none."""
        try:
            description = self.hook.describe(name)
        except TuningJobNotFoundError:
            return None
        arn = description.hyper_parameter_tuning_job_arn
        verdict = judge(
            description.status,
            self._tags(arn),
            self.owner,
            self.request.fingerprint(),
            known_own=derived or name == self.known_name,
        )
        if verdict in {Verdict.REJOIN, Verdict.TAKE}:
            self.log.info("Tuning job %s is this task's own: %s.", name, verdict.value)
            return OwnJob(name, arn, attempt, description.creation_time, rejoined=True)
        if verdict is Verdict.NEXT or self.on_name_conflict == "next":
            self.log.info("Tuning job %s (%s): %s.", name, description.status, verdict.value)
            return verdict
        raise TuningJobNameConflictError(
            f"Tuning job {name} ({description.status}) {verdict.value}. Give HyperParameterTuningJobName another"
            " value, stop that job, or set on_name_conflict='next'.",
            name,
        )

    def _create(self, name: str, attempt: int) -> OwnJob | None:
        """A new job of this name; None if it was created by somebody else in the meantime."""
        request = self.request.with_name(name)
        before = utcnow()
        try:
            arn = self.hook.create(request.with_tags(self._tags_for(request)))
        except ClientError as error:
            if error_code(error) == "ResourceInUse":
                return None
            if not _is_tagging_denied(error):
                raise
            self.log.warning(
                "No permission to tag the tuning job (sagemaker:AddTags): it is created without the tags that"
                " say whose it is, and will be found again by its name alone."
            )
            arn = self.hook.create(request)
        self.log.info("Created tuning job %s.", arn)
        return OwnJob(name, arn, attempt, before, rejoined=False)

    def _tags_for(self, request: TuningJobRequest) -> list[dict[str, str]]:
        """Our tags that fit beside the author's; those that only inform come last and give way."""
        room = MAX_TAGS - len(request.tags or ())
        return self.owner.tags(request.fingerprint())[:room]

    def _tags(self, arn: str) -> dict[str, str] | None:
        try:
            return self.hook.tags(arn)
        except ClientError as error:
            if error_code(error) in _DENIED:
                self.log.warning(
                    "No permission to read the tuning job's tags (sagemaker:ListTags): it is judged by its name."
                )
                return None
            raise


def _is_tagging_denied(error: ClientError) -> bool:
    return error_code(error) in _DENIED and "AddTags" in str(error)


def mark_delivered(hook: HyperParameterTuningHook, arn: str, owner: Owner, log: Any) -> None:
    """Note on the job that its result has arrived, so that clearing the task makes a new one.

    Without permission to tag, a cleared task makes a new job all the same (its name says enough).
    """
    try:
        hook.add_tags(arn, {DELIVERED_TAG: str(owner.round)})
    except ClientError as error:
        # The result is there; a missing mark must not fail the task.
        log.warning("The tuning job could not be tagged as delivered (sagemaker:AddTags): %s", brief(error))
