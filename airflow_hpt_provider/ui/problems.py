"""What can be wrong, in words that say what to do: every error of the page's API has this form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.retries.classify import ROTATED_CODES, ErrorClass, classify
from airflow_hpt_provider.retries.errors import error_code, one_line


@dataclass
class Problem(Exception):  # noqa: N818 - it is what the page shows, not only an error
    """Something that the page shows instead of a job.

    Attributes:
        status: of the HTTP answer.
        kind: for programs: ``not_started``, ``no_job``, ``job_gone``, ``access_denied``, ``credentials`` ...
        title: what is the matter, in a few words.
        detail: more of it.
        remedy: what to do.
        problems: of a refused config: field, problem and remedy of each.
    """

    status: int
    kind: str
    title: str
    detail: str = ""
    remedy: str = ""
    problems: tuple[dict[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as JSON values."""
        shown = {"kind": self.kind, "title": self.title, "detail": self.detail, "remedy": self.remedy}
        return {**shown, "problems": list(self.problems)} if self.problems else shown


class Attempt(NamedTuple):
    """What the page tried when a call failed.

    Attributes:
        doing, what: in words, to be put into a sentence.
        actions: the IAM actions that it needs.
    """

    doing: str
    what: str
    actions: tuple[str, ...]


JOB_GONE = "job_gone"
UNCHECKED = "owner_unchecked"
"""The tags may be readable in a moment: neither the problem of another DAG's job nor that of one that is gone."""
READING = Attempt(
    "reading",
    "this tuning job",
    (
        "sagemaker:DescribeHyperParameterTuningJob",
        "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
        "sagemaker:ListTags",
    ),
)
CHECKING_OWNER = Attempt("checking", "whose tuning job this is", ("sagemaker:ListTags",))
LISTING = Attempt("listing", "the tuning jobs", ("sagemaker:ListHyperParameterTuningJobs",))
STOPPING = Attempt("stopping", "this tuning job", ("sagemaker:StopHyperParameterTuningJob",))
READING_TRAINING = Attempt("reading", "this training job", ("sagemaker:DescribeTrainingJob",))
READING_LOG = Attempt("reading", "this training job's log", ("logs:DescribeLogStreams", "logs:GetLogEvents"))
READING_CURVES = Attempt("reading", "the learning curves", ("cloudwatch:GetMetricData",))
STOPPING_TRAINING = Attempt("stopping", "this training job", ("sagemaker:StopTrainingJob",))


def no_training_job(name: str, tuning_job_name: str) -> Problem:
    """Return why a training job is not shown that is none of the tuning job's."""
    return Problem(
        404,
        "no_training_job",
        "There is no such training job",
        f"Tuning job {tuning_job_name} has no training job {name!r}.",
        "Choose one from the leaderboard.",
    )


def job_gone(name: str) -> Problem:
    """SageMaker does not know the job."""
    return Problem(
        404,
        JOB_GONE,
        "The tuning job no longer exists",
        f"The task made tuning job {name}, but there is none of this name in its account and region.",
        "It was deleted, or the connection now leads to another account or region. A finished task's result is"
        " still in its XComs.",
    )


def from_error(
    error: Exception, tuning_job_name: str, aws_conn_id: str | None, attempt: Attempt = READING
) -> Problem:
    """Return the problem that an error of a call to SageMaker means for the user of the page."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, TuningJobNotFoundError):
        return job_gone(tuning_job_name)
    verdict, code = classify(error), error_code(error)
    connection = f"connection {aws_conn_id!r}" if aws_conn_id else "credentials of the API server"
    if verdict is ErrorClass.NOT_FOUND:
        return job_gone(tuning_job_name)
    if "AccessDenied" in code or code in {"UnauthorizedOperation", "NotAuthorized"}:
        return Problem(
            502,
            "access_denied",
            f"AWS does not allow {attempt.doing} {attempt.what}",
            one_line(error),
            f"Allow {', '.join(attempt.actions)} to the {connection}.",
        )
    if verdict is ErrorClass.CREDENTIALS or code in ROTATED_CODES or "Credential" in type(error).__name__:
        return Problem(
            502,
            "credentials",
            "The credentials do not work",
            one_line(error),
            f"Check the {connection}: the API server uses it to read the job, just as the task did.",
        )
    if verdict is ErrorClass.TRANSIENT and attempt is CHECKING_OWNER:
        return Problem(
            504,
            UNCHECKED,
            "It cannot be checked now whose tuning job this is",
            one_line(error),
            "The page retries automatically, and shows the job as soon as its tags can be read and allow it.",
        )
    if verdict is ErrorClass.TRANSIENT:
        return Problem(
            504,
            "unreachable",
            "SageMaker cannot be reached",
            one_line(error),
            "The page retries automatically. If this persists, check that the service (or the local tuning service)"
            " runs and that the API server can reach it.",
        )
    title = f"{attempt.doing.capitalize()} {attempt.what} failed"
    return Problem(502, "failed", title, one_line(error), "See the API server's log.")
