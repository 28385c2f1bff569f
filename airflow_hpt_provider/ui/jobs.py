"""Reads tuning jobs for the page, once for all users."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from botocore.config import Config
from botocore.exceptions import ClientError

from airflow_hpt_provider.creation.ownership import OWNER_TAG
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.models.secret_values import secrets_of
from airflow_hpt_provider.retries.errors import is_denied
from airflow_hpt_provider.ui.cache import SharedCache
from airflow_hpt_provider.ui.document import document, encode
from airflow_hpt_provider.ui.known_metrics import KnownMetrics, read_metrics
from airflow_hpt_provider.ui.problems import CHECKING_OWNER, LISTING, READING, STOPPING, Attempt, from_error

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription, TuningJobSummary
    from airflow_hpt_provider.ui.host import PageJob

T = TypeVar("T")
RUNNING_SECONDS, ENDED_SECONDS, LIST_SECONDS = 4.0, 60.0, 10.0
"""How long a running job, one that has ended, and the list are served before they are read again."""
OWNED_SECONDS, UNOWNED_SECONDS = 600.0, 4.0
"""How long tags that name an owner are served, and tags that do not or cannot be read."""

TIMEOUTS = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"})
"""Seconds, and tries, of each call."""


class PageHook(HyperParameterTuningHook):
    """A hook for interactive users: calls are not retried for minutes, because the page retries."""

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call, with one more try of botocore's."""
        return self.call_once(operation, **parameters)


@dataclass(frozen=True)
class JobView:
    """A tuning job as it was read.

    Attributes:
        description: DescribeHyperParameterTuningJob's answer.
        training_jobs: its training jobs by name, in the order of their creation.
        tags: its tags; None if the connection has no permission to read them.
        calls: how many calls it took.
        metrics: its training jobs' final metrics, as far as they could be read.
    """

    description: TuningJobDescription
    training_jobs: Mapping[str, TrainingJobSummary]
    tags: dict[str, str] | None
    calls: int = 1
    metrics: KnownMetrics = field(default_factory=KnownMetrics)

    @cached_property
    def secrets(self) -> list[str]:
        """The job's secrets, which no text on the page shows."""
        return list(secrets_of(self.description))

    @cached_property
    def document(self) -> dict[str, Any]:
        """The page's document of the job."""
        return document(self.description, list(self.training_jobs.values()), self.metrics.values)

    @cached_property
    def encoded(self) -> bytes:
        """The document as JSON."""
        return encode(self.document)

    @property
    def seconds(self) -> float:
        """How long it is fresh: a job of many pages is read less often, one of an unknown owner more often."""
        if OWNER_TAG not in (self.tags or {}):
            return UNOWNED_SECONDS
        return ENDED_SECONDS if self.description.is_terminal else RUNNING_SECONDS + self.calls / 2


class JobReader:
    """All that the page reads of SageMaker, and the one thing that it does there: stop a job.

    Args:
        make_hook: returns the hook that calls SageMaker with a connection's settings; may raise Problem.
    """

    def __init__(self, make_hook: Callable[[ConnectionSettings], PageHook]) -> None:
        self._make_hook = make_hook
        self._hooks: SharedCache[PageHook] = SharedCache(size=32)
        self._views: SharedCache[JobView] = SharedCache(size=64)
        self._derived: SharedCache[Any] = SharedCache(size=32)
        self._lists: SharedCache[dict[str, TuningJobSummary]] = SharedCache(size=32)
        self._tags: SharedCache[_Tags] = SharedCache(size=2000)

    def view(self, job: PageJob) -> JobView:
        """Return a job with its training jobs, at most some seconds old.

        Raises:
            Problem: it cannot be read.
        """
        return self.guarded(
            job, READING, lambda: self._views.get(job.key, self._loader(job), lambda view: view.seconds)
        )

    def fresh_view(self, job: PageJob) -> JobView | None:
        """Return what :meth:`view` would return without a call; None if it would make one."""
        return self._views.fresh(job.key)

    def summaries(self, job: PageJob) -> dict[str, TuningJobSummary]:
        """Return the newest 100 tuning jobs of the account that a job is in, by name.

        Raises:
            Problem: they cannot be listed.
        """

        def load(_: Any) -> dict[str, TuningJobSummary]:
            found = self.hook(job.settings).list(limit=100)
            return {summary.hyper_parameter_tuning_job_name: summary for summary in found}

        return self.guarded(
            job, LISTING, lambda: self._lists.get(job.settings.key, load, lambda _: LIST_SECONDS)
        )

    def tags(self, job: PageJob, arn: str) -> dict[str, str] | None:
        """Return the tags of the job with this ARN; None if the connection has no permission to read them.

        Raises:
            Problem: they cannot be read now.
        """
        return self.guarded(job, READING, lambda: self._tags_of(self.hook(job.settings), job, arn))

    def _tags_of(self, hook: PageHook, job: PageJob, arn: str) -> dict[str, str] | None:
        key = f"{arn} {job.settings.key}"

        def load(_: Any) -> _Tags:
            try:
                return _Tags(tags_of(hook, arn))
            except Exception as error:
                raise from_error(error, job.name, job.settings.aws_conn_id, CHECKING_OWNER) from error

        return self._tags.get(key, load, lambda tags: tags.seconds).tags

    def derived(self, job: PageJob, what: str, view: JobView, compute: Callable[[], Any]) -> Any:
        """Something computed from a view, once for all who ask while the job is as it was."""
        key = f"{what} {hashlib.sha256(view.encoded).hexdigest()} {job.settings.key}"
        return self._derived.get(key, lambda _: compute(), lambda _: 3600.0)

    def stop(self, job: PageJob) -> bool:
        """Stop a job; whether there was something to stop.

        Raises:
            Problem: it could not be stopped.
        """
        stopped = self.guarded(job, STOPPING, lambda: self.hook(job.settings).stop(job.name))
        self.expire(job)
        return stopped

    def expire(self, job: PageJob) -> None:
        """Read a job again on the next request."""
        self._views.expire(job.key)
        self._lists.expire(job.settings.key)

    def call(self, job: PageJob, attempt: Attempt, do: Callable[[PageHook], T]) -> T:
        """Return what ``do`` returns for the hook of a job's connection.

        Raises:
            Problem: it failed.
        """
        return self.guarded(job, attempt, lambda: do(self.hook(job.settings)))

    def guarded(self, job: PageJob, attempt: Attempt, call: Callable[[], T]) -> T:
        """Return what ``call`` returns.

        Raises:
            Problem: what an error of the call means.
        """
        try:
            return call()
        except Exception as error:
            problem = from_error(error, job.name, job.settings.aws_conn_id, attempt)
            if problem.kind == "credentials":
                self._hooks.expire(job.settings.key)
            raise problem from error

    def hook(self, settings: ConnectionSettings) -> PageHook:
        """Return the hook of a connection."""
        # Rebuilt now and then, so that a changed connection is noticed without a restart.
        return self._hooks.get(settings.key, lambda _: self._make_hook(settings), lambda _: 300.0)

    def _loader(self, job: PageJob) -> Callable[[JobView | None], JobView]:
        def load(known: JobView | None) -> JobView:
            hook = self.hook(job.settings)
            description = hook.describe(job.name)
            arn = description.hyper_parameter_tuning_job_arn
            if known is not None and known.description.hyper_parameter_tuning_job_arn != arn:
                known = None
            training_jobs, calls = _training_jobs(hook, description, known.training_jobs if known else {})
            metrics = read_metrics(hook, arn, training_jobs, known.metrics if known else KnownMetrics())
            return JobView(
                description, training_jobs, self._tags_of(hook, job, arn), calls + metrics.calls, metrics
            )

        return load


def _training_jobs(
    hook: PageHook, description: TuningJobDescription, known: Mapping[str, TrainingJobSummary]
) -> tuple[dict[str, TrainingJobSummary], int]:
    """All training jobs, and how many calls it took: what has ended does not change, so it is read once.

    The newest come first; reading ends when all that are missing or were running have been seen.
    """
    training_jobs = {name: one for name, one in known.items() if one.is_terminal}
    total, seen = description.training_job_status_counters.total, 0
    newest_first = hook.training_jobs(description.name, sort_by="CreationTime", sort_order="Descending")
    for one in newest_first:
        seen += 1
        training_jobs[one.training_job_name] = one
        if seen % 100 == 0 and len(training_jobs) >= total:
            break  # at the end of a page, before the next one is fetched
    ordered = sorted(training_jobs.values(), key=lambda one: (one.creation_time, one.training_job_name))
    return {one.training_job_name: one for one in ordered}, 1 + -(-seen // 100)


class _Tags(NamedTuple):
    tags: dict[str, str] | None

    @property
    def seconds(self) -> float:
        return OWNED_SECONDS if OWNER_TAG in (self.tags or {}) else UNOWNED_SECONDS


def tags_of(hook: HyperParameterTuningHook, arn: str) -> dict[str, str] | None:
    """Return a job's tags; None if the connection has no permission to read them.

    Raises:
        botocore.exceptions.ClientError: they cannot be read now, for example because SageMaker throttles. That is no
            reason to take the job for the task's own.
    """
    try:
        return hook.tags(arn)
    except ClientError as error:
        if not is_denied(error):
            raise
        return None
