"""SageMaker's tuning jobs of an account in memory: a hook for unit tests of :mod:`airflow_hpt_provider.creation`.

Unlike the local tuning service it starts in no time, and a test says beforehand how each call fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.models import TuningJobDescription, TuningJobRequest

ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/"
CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)


def refusal(code: str, message: str = "", operation: str = "Call") -> ClientError:
    """Return an error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


DENIED_TAGS = refusal("AccessDeniedException", "not authorized to perform: sagemaker:ListTags", "ListTags")
DENIED_TAGGING = refusal("AccessDeniedException", "not authorized to perform: sagemaker:AddTags", "Create")
THROTTLED = refusal("ThrottlingException", "Rate exceeded")
TAKEN = refusal("ResourceInUse", "Tuning job names must be unique within an account and region")


@dataclass
class Job:
    """A tuning job.

    Attributes:
        status: its HyperParameterTuningJobStatus.
        tags: its tags, or the error that reading them raises.
        failure_reason: its FailureReason.
        created: its CreationTime.
        completed: how many of its training jobs have completed; the best one is described if there is any.
    """

    status: str = "InProgress"
    tags: Mapping[str, str] | ClientError = field(default_factory=dict)
    failure_reason: str | None = None
    created: datetime = CREATED
    completed: int = 0


@dataclass
class TuningAccount:
    """The hook: jobs by name.

    Attributes:
        jobs: the account's tuning jobs.
        request: what each job was created from.
        answers: what the next calls of Create do in turn: raise an error, or call a function and raise what it
            returns. Without any, Create creates.
        requests: the requests of all calls of Create, the refused ones included.
        stopped: names that were stopped, in turn.
    """

    jobs: dict[str, Job]
    request: TuningJobRequest
    answers: list[ClientError | Callable[[TuningJobRequest], ClientError]] = field(default_factory=list)
    requests: list[TuningJobRequest] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    aws_conn_id = "aws_default"

    def describe(self, name: str) -> TuningJobDescription:
        """Describe a job, or raise TuningJobNotFoundError."""
        assert name, "boto3 would refuse it"
        if name not in self.jobs:
            raise TuningJobNotFoundError(f"no {name}", name)
        job = self.jobs[name]
        return TuningJobDescription.model_validate(
            {
                "HyperParameterTuningJobName": name,
                "HyperParameterTuningJobArn": ARN + name,
                "HyperParameterTuningJobConfig": self.request.to_dict()["HyperParameterTuningJobConfig"],
                "HyperParameterTuningJobStatus": job.status,
                "CreationTime": job.created,
                "TrainingJobStatusCounters": {"Completed": job.completed},
                "ObjectiveStatusCounters": {"Succeeded": job.completed},
                **({"FailureReason": job.failure_reason} if job.failure_reason else {}),
                **({"BestTrainingJob": _best_of(name)} if job.completed else {}),
            }
        )

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return a job's tags, or raise the error in their place."""
        tags = self.jobs[arn.removeprefix(ARN)].tags
        if isinstance(tags, ClientError):
            raise tags
        return tags

    def create(self, request: TuningJobRequest) -> str:
        """Do what the next answer says, or create the job."""
        self.requests.append(request)
        if self.answers:
            answer = self.answers.pop(0)
            raise answer if isinstance(answer, ClientError) else answer(request)
        return self.created(request)

    def created(self, request: TuningJobRequest) -> str:
        """Create the job, and return its ARN."""
        name = str(request.hyper_parameter_tuning_job_name)
        assert name not in self.jobs, "Create would have raised ResourceInUse"
        tags = {tag["Key"]: tag["Value"] for tag in request.to_dict().get("Tags", [])}
        self.jobs[name] = Job(tags=tags)
        return ARN + name

    def stop(self, name: str) -> bool:
        """Note that the job was stopped."""
        self.stopped.append(name)
        return True

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The requests of all calls of Create, in AWS's names."""
        return [request.to_dict() for request in self.requests]


def _best_of(name: str) -> dict[str, Any]:
    return {
        "TrainingJobName": f"{name}-001",
        "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}-001",
        "CreationTime": CREATED,
        "TrainingJobStatus": "Completed",
        "TunedHyperParameters": {"x": "0.5"},
        "ObjectiveStatus": "Succeeded",
        "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "objective", "Value": 0.5},
    }
