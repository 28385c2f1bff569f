"""Find the task's own tuning job, or create it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from airflow_hpt_provider.creation.job_match import ExistingJob, JobMatch, match_job, was_tried_again
from airflow_hpt_provider.creation.ownership import (
    DELIVERED_TAG,
    FINGERPRINT_TAG,
    GENERATION_TAG,
    MAX_NAMES,
    NAME,
    NAME_DELIVERED_TAG,
    OWNER_TAG,
    RETRY_OF_TAG,
    Owner,
    attempt_name,
)
from airflow_hpt_provider.creation.submission import Submission
from airflow_hpt_provider.exceptions import (
    TuningJobLostError,
    TuningJobNameConflictError,
    TuningJobNotFoundError,
    TuningJobTimeoutError,
)
from airflow_hpt_provider.metrics import RESUBMISSIONS
from airflow_hpt_provider.models import Attempt, TuningJobDescription
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import error_code, is_denied, one_line
from airflow_hpt_provider.retries.strategy import describe_series, warm_started

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobRequest
    from airflow_hpt_provider.retries.strategy import TuningRetryStrategy

OnNameConflict = Literal["fail", "next"]

MEANING = {
    JobMatch.REJOIN: "is still running; waiting for it",
    JobMatch.USE_RESULT: "has ended; taking its result",
    JobMatch.CREATE_NEXT: "has ended; creating the next one",
    JobMatch.NOT_OWNED: "belongs to another task, or has no owner tag",
    JobMatch.CONFIG_CHANGED: "belongs to this task and is running, but was created from another config",
}
"""How the task's log and error messages put each match, after the job's name."""


@dataclass(frozen=True)
class OwnedJob:
    """The tuning job that this task waits for.

    Attributes:
        name, arn: its own.
        created: when.
        rejoined: it was there before this try of the task.
        tags: its ownership tags; what they should be, if they could not be written.
        previous_attempts: the attempts that failed before it, if it is their retry.
    """

    name: str
    arn: str
    created: datetime
    rejoined: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    previous_attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class _FinishedJob:
    """A job of this task that is over and done with. Without permission to read its tags, they are empty."""

    description: TuningJobDescription
    tags: Mapping[str, str]


@dataclass
class JobResolver:
    """Finds the task's own tuning job, or creates it.

    Attributes:
        hook: the way to the API.
        owner: the task instance.
        request: what to create; its name is the author's, or None for a derived one.
        on_name_conflict: when the name is taken by another's job: ``fail``, or take the ``next`` free name.
        memory: what the task state store knows of the task's last job: its ``name`` and tags.
        retry_strategy: whether a job that failed is retried by another one.
        timeout: for all attempts of such a series together.
        first_try: the task instance has not been tried before.
        waits: the task waits for the job, and delivers its result.
        stop_superseded: stop a job of this task that runs with another config; else it is a name conflict.
        failed: the attempts that have failed during this try. The next one continues them, even if the config
            renders differently each time.
        on_create: called with the name right before a job is created; with None if it was not created after all.
        log: the task's.
    """

    hook: HyperParameterTuningHook
    owner: Owner
    request: TuningJobRequest
    on_name_conflict: OnNameConflict = "fail"
    memory: Mapping[str, str] = field(default_factory=dict)
    retry_strategy: TuningRetryStrategy | None = None
    timeout: timedelta | None = None
    first_try: bool = False
    waits: bool = True
    stop_superseded: bool = False
    failed: Collection[str] = ()
    on_create: Callable[[str | None], None] = lambda name: None
    log: Any = None

    def find_or_create(self) -> OwnedJob:
        """Return the task's running or undelivered job, or create one.

        Names are tried in order with Describe, which is strongly consistent, unlike List. Two tries that race
        for the same name are decided by SageMaker: one creates, the other gets ResourceInUse and rejoins.

        Raises:
            TuningJobNameConflictError: see ``on_name_conflict``.
            TuningJobLostError: the job of an earlier try is not found any more.
            TuningJobTimeoutError: another attempt is due, but the time for all of them is over.
            botocore.exceptions.ClientError: the request was refused.
        """
        given = self.request.hyper_parameter_tuning_job_name
        base = given or self.owner.base_name
        series: list[_FinishedJob] = []
        for number in range(1, MAX_NAMES + 1):
            name = attempt_name(base, number)
            following = attempt_name(base, number + 1)
            found = self._inspect(name, following, series, derived=given is None)
            if found is None and self._is_own(following, derived=given is None):
                continue  # deleted, but later names still count
            if found is None and self._is_remembered(name):
                # One response is not enough.
                found = self._inspect(name, following, series, derived=given is None)
                if found is None:
                    raise TuningJobLostError.of(name, self.hook.aws_conn_id)
            if found is None:
                # After losing the race for the name, inspect the job that won.
                found = self._create(name, series) or self._inspect(
                    name, following, series, derived=given is None
                )
            if isinstance(found, OwnedJob):
                return found
            if isinstance(found, _FinishedJob):
                series = [*(series if self._is_retry(found.tags, series) else ()), found]
        raise TuningJobNameConflictError(
            f"All names from {base} to {attempt_name(base, MAX_NAMES)} are taken. Delete old tuning jobs or give"
            " HyperParameterTuningJobName another value.",
            base,
        )

    def _with_delivery(self, tags: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """For a task that does not wait, the arrival of the job's name counts as that of the result."""
        if self.waits or not tags or NAME_DELIVERED_TAG not in tags:
            return tags
        return {**tags, DELIVERED_TAG: tags[NAME_DELIVERED_TAG]}

    # -- existing jobs -----------------------------------------------------------------------------------

    def _inspect(
        self, name: str, following: str, series: list[_FinishedJob], *, derived: bool
    ) -> OwnedJob | _FinishedJob | JobMatch | None:
        """Return the job of this name if it is the one to wait for, or what else it is; None if it does not exist.

        Args:
            name: the job's.
            following: the name that the task's next job has, if there is one.
            series: the attempts before it.
            derived: the names come from the task instance.
        """
        try:
            description = self.hook.describe(name)
        except TuningJobNotFoundError:
            return None
        arn, remembered = description.hyper_parameter_tuning_job_arn, self.memory.get(NAME) == name
        tags = self._tags(arn, remembered=remembered)
        job = ExistingJob(
            description.status,
            self._with_delivery(tags),
            known_own=derived or remembered or name in self.failed,
            has_result=not self.waits or description.best_training_job is not None,
            superseded=was_tried_again(tags or {}, self.owner) and self._is_own(following, derived=derived),
            first_try=self.first_try,
        )
        match = match_job(job, self.owner, self.request.fingerprint())
        if match in {JobMatch.REJOIN, JobMatch.USE_RESULT}:
            self.log.info("Tuning job %s of this task %s.", name, MEANING[match])
            previous_attempts = series if self._is_retry(tags or {}, series) else []
            tags = tags or self.owner.ownership_tags(self.request.fingerprint())
            return self._own(name, arn, description.creation_time, tags, previous_attempts, rejoined=True)
        if match is JobMatch.CONFIG_CHANGED and self.stop_superseded:
            self.log.warning("Tuning job %s %s; stopping it.", name, MEANING[match])
            self.hook.stop(name)
            return match
        if match is JobMatch.CREATE_NEXT or self.on_name_conflict == "next":
            self.log.info("Tuning job %s (%s) %s.", name, description.status, MEANING[match])
            return _FinishedJob(description, tags or {}) if match is JobMatch.CREATE_NEXT else match
        raise TuningJobNameConflictError(
            f"Tuning job {name} ({description.status}) {MEANING[match]}. Give HyperParameterTuningJobName another"
            " value, stop that job, or set on_name_conflict='next'.",
            name,
        )

    def _is_own(self, name: str, *, derived: bool) -> bool:
        """Return whether a job of this name exists and is this task's own."""
        try:
            arn = self.hook.describe(name).hyper_parameter_tuning_job_arn
        except TuningJobNotFoundError:
            return False
        remembered = self.memory.get(NAME) == name
        tags = self._tags(arn, remembered=remembered) or {}
        return tags.get(OWNER_TAG) == self.owner.digest or (OWNER_TAG not in tags and derived)

    def _tags(self, arn: str, *, remembered: bool) -> Mapping[str, str] | None:
        """Return the job's tags, or, where they do not name an owner, the stored ones; None if unreadable."""
        tags: Mapping[str, str] | None
        try:
            tags = self.hook.tags(arn)
        except ClientError as error:
            if not is_denied(error):
                raise
            self.log.warning(
                "No permission to read the tuning job's tags (sagemaker:ListTags): deciding by its name."
            )
            tags = None
        if remembered and OWNER_TAG not in (tags or {}):
            return {key: value for key, value in self.memory.items() if key != NAME}
        return tags

    @staticmethod
    def _own(
        name: str,
        arn: str,
        created: datetime,
        tags: Mapping[str, str],
        series: list[_FinishedJob],
        *,
        rejoined: bool,
    ) -> OwnedJob:
        previous_attempts = tuple(
            Attempt.of(past.description, number) for number, past in enumerate(series, 1)
        )
        return OwnedJob(name, arn, created, rejoined, tags, previous_attempts)

    def _is_remembered(self, name: str) -> bool:
        """Return whether an earlier try of this generation has created a job of this name."""
        current = self.memory.get(GENERATION_TAG, "0") == str(self.owner.generation)
        return self.memory.get(NAME) == name and current and not self.first_try

    # -- the series of attempts --------------------------------------------------------------------------

    def _is_retry(self, tags: Mapping[str, str], series: list[_FinishedJob]) -> bool:
        """Return whether a job of this task is the retry of the one before it."""
        if not series:
            return False
        if OWNER_TAG in tags:
            return tags.get(RETRY_OF_TAG) == series[-1].description.name
        return self._is_unfinished(series)  # made without tags: what we would do ourselves

    def _is_unfinished(self, series: list[_FinishedJob]) -> bool:
        """Return whether the next job is the retry of the last one, rather than a fresh start."""
        if not series or self.retry_strategy is None:
            return False
        last = series[-1]
        if last.description.name in self.failed:
            return self.retry_strategy.continues(last.description, len(series))
        # A person who has cleared the task wants a new start; without tags, only generation 0 is sure to be the same.
        same_generation = last.tags.get(GENERATION_TAG, "0") == str(self.owner.generation)
        same_config = last.tags.get(FINGERPRINT_TAG, self.request.fingerprint()) == self.request.fingerprint()
        return (
            same_generation and same_config and self.retry_strategy.continues(last.description, len(series))
        )

    # -- a new one ---------------------------------------------------------------------------------------

    def _create(self, name: str, series: list[_FinishedJob]) -> OwnedJob | None:
        """Create a job of this name; return None if another process created it in the meantime."""
        request, warm = self.request.with_name(name), None
        if not self._is_unfinished(series):
            series = []
        if series and self.retry_strategy:
            began = series[0].description.creation_time
            if self.timeout is not None and datetime.now(UTC) >= began + self.timeout:
                raise TuningJobTimeoutError(
                    describe_series(began.isoformat(timespec="seconds"), len(series), self.timeout), name
                )
            if self.retry_strategy.warm_start:
                warm = warm_started(request, [past.description for past in series], self.log)
        retry_of = series[-1].description.name if series else None
        before, fingerprint = datetime.now(UTC), self.request.fingerprint()
        submission = Submission(self.hook, self.owner, self.on_create, self.log)
        try:
            arn = submission.send(warm or request, fingerprint, retry_of)
        except ClientError as error:
            refused = error_code(error) == "ValidationException" or classify(error) is ErrorClass.NOT_FOUND
            if warm is None or not refused:
                raise
            self.log.warning("No warm start: SageMaker rejects it (%s).", one_line(error))
            arn = submission.send(request, fingerprint, retry_of)
        if arn is None:
            return None
        if series:
            RESUBMISSIONS.send()
            how = f"attempt {len(series) + 1}, after {retry_of} has failed"
            self.log.info("Created tuning job %s (%s%s).", arn, how, ", warm-started" if warm else "")
        else:
            self.log.info("Created tuning job %s.", arn)
        tags = self.owner.ownership_tags(fingerprint, retry_of)
        return self._own(name, arn, before, tags, series, rejoined=False)
