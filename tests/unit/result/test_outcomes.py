"""What the end of a wait delivers: a result, a skipped task, or an error that Airflow retries or does not."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.compat import AirflowSkipException
from airflow_hpt_provider.exceptions import (
    TuningJobBudgetExceededError,
    TuningJobFailedError,
    TuningJobNotFoundError,
    TuningJobPermanentFailureError,
    TuningJobStoppedError,
    TuningJobTimeoutError,
)
from airflow_hpt_provider.models import (
    Attempt,
    BestTrainingJob,
    FailureGroup,
    TrainingJobSummary,
    TuningJobDescription,
    TuningJobRequest,
)
from airflow_hpt_provider.result.resolve import OutcomeResolver
from tests.support.tuning_account import CREATED, Job, TuningAccount
from tests.support.tuning_jobs import tuning_job

REQUEST = TuningJobRequest.model_validate(tuning_job("bucket"))
LATE, DEAR = TuningJobTimeoutError("late", "job"), TuningJobBudgetExceededError("was dear", "job")
LOG = logging.getLogger("task")


def trained(name: str = "job-001") -> TrainingJobSummary:
    return TrainingJobSummary.model_validate(
        {
            "TrainingJobName": name,
            "TrainingJobArn": f"arn:{name}",
            "CreationTime": CREATED,
            "TrainingJobStatus": "Completed",
            "TunedHyperParameters": {"x": "0.5"},
            "ObjectiveStatus": "Succeeded",
            "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "objective", "Value": 0.5},
        }
    )


class Hook(TuningAccount):
    """Reads training jobs of the account; counts what is listed."""

    is_aws = False

    def __init__(self, job: Job) -> None:
        super().__init__({"job": job}, REQUEST)
        self.listed: list[Any] = []
        self.error: Exception | None = None

    def training_jobs(self, name: str, *, limit: int) -> list[TrainingJobSummary]:
        self.listed.append((name, limit))
        return [trained(f"job-{number:03}") for number in range(1, limit + 1)]

    def with_artifacts(self, summary: TrainingJobSummary | None) -> BestTrainingJob | None:
        if summary is None or summary.training_job_name == "job-002":  # deleted since
            return None
        answer = {
            "TrainingJobName": summary.training_job_name,
            "TrainingJobArn": "arn",
            "TrainingJobStatus": "Completed",
            "CreationTime": CREATED,
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://b/{summary.training_job_name}/model.tar.gz"},
        }
        return BestTrainingJob.from_answers(summary, answer)  # type: ignore[arg-type]

    def best_training_job(self, description: TuningJobDescription) -> BestTrainingJob | None:
        return self.with_artifacts(description.best_training_job)

    def failures(self, name: str) -> list[FailureGroup]:
        if self.error:
            raise self.error
        return [FailureGroup(reason="AlgorithmError: no", count=3, training_job_names=("job-003",))]


def described(job: Job, failed: int = 0) -> tuple[Hook, TuningJobDescription]:
    hook = Hook(job)
    found = hook.describe("job")
    counters = found.training_job_status_counters.model_copy(update={"non_retryable_error": failed})
    return hook, found.model_copy(update={"training_job_status_counters": counters})


def settle(job: Job, ended_by: Any = None, failed: int = 0, **options: Any) -> Any:
    hook, description = described(job, failed)
    return OutcomeResolver(hook, log=LOG, **options).resolve(description, ended_by=ended_by)  # type: ignore[arg-type]


def test_a_completed_job_gives_its_result() -> None:
    result = settle(Job("Completed", completed=3))
    assert (result.tuning_job_name, result.status, result.status_reason) == ("job", "Completed", None)
    assert result.best_training_job.training_job_name == "job-001"
    assert result.best_training_job.model_artifact == "s3://b/job-001/model.tar.gz"
    assert (result.top_training_jobs, result.failures, result.attempts) == ((), (), ())


@pytest.mark.parametrize("policy", ["fail", "skip", "use_best"])
def test_a_completed_job_without_any_success_has_failed(policy: Any) -> None:
    with pytest.raises(TuningJobPermanentFailureError, match="no training job reported the objective metric"):
        settle(Job("Completed"), on_stopped=policy, on_timeout=policy)


@pytest.mark.parametrize("policy", ["fail", "skip", "use_best"])
@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("InternalServerError: sorry", TuningJobFailedError),
        ("AlgorithmError: no", TuningJobPermanentFailureError),
        (None, TuningJobPermanentFailureError),
    ],
)
def test_a_failed_job_is_retried_for_reasons_of_the_service_alone(
    policy: Any, reason: Any, kind: Any
) -> None:
    """No policy makes a result of it, though it has a best training job."""
    job = Job("Failed", failure_reason=reason, completed=2)
    with pytest.raises(TuningJobFailedError, match="Tuning job job failed") as raised:
        settle(job, on_stopped=policy, on_timeout=policy, on_budget_exceeded=policy)
    assert type(raised.value) is kind
    assert raised.value.tuning_job_name == "job"


def test_a_job_that_could_not_be_deleted_is_gone() -> None:
    with pytest.raises(TuningJobNotFoundError, match=r"Deleting tuning job job failed \(DeleteFailed\): why"):
        settle(Job("DeleteFailed", failure_reason="why", completed=2), on_stopped="use_best")


POLICIES = {"on_stopped": "fail", "on_timeout": "fail", "on_budget_exceeded": None}


@pytest.mark.parametrize(
    ("ended_by", "policies", "expected"),
    [
        (None, {}, TuningJobStoppedError),
        (None, {"on_stopped": "skip"}, AirflowSkipException),
        (None, {"on_stopped": "use_best"}, "was stopped before it completed"),
        (None, {"on_timeout": "use_best", "on_budget_exceeded": "use_best"}, TuningJobStoppedError),
        (LATE, {}, TuningJobTimeoutError),
        (LATE, {"on_timeout": "skip"}, AirflowSkipException),
        (LATE, {"on_timeout": "use_best"}, "did not end within its timeout"),
        (LATE, {"on_stopped": "use_best", "on_budget_exceeded": "use_best"}, TuningJobTimeoutError),
        (DEAR, {}, TuningJobBudgetExceededError),
        (DEAR, {"on_timeout": "skip"}, AirflowSkipException),
        (DEAR, {"on_timeout": "skip", "on_budget_exceeded": "fail"}, TuningJobBudgetExceededError),
        (DEAR, {"on_budget_exceeded": "use_best"}, "was dear"),
        (DEAR, {"on_stopped": "use_best"}, TuningJobBudgetExceededError),
    ],
)
def test_the_policy_for_each_end_before_completion(ended_by: Any, policies: Any, expected: Any) -> None:
    job, options = Job("Stopped", completed=2), {**POLICIES, **policies}
    if isinstance(expected, str):
        result = settle(job, ended_by, **options)
        assert (result.status, result.status_reason) == ("Stopped", expected)
        assert result.best_training_job.training_job_name == "job-001"
        return
    with pytest.raises(expected) as raised:
        settle(job, ended_by, **options)
    assert type(raised.value) is expected
    assert "Tuning job job " in str(raised.value)
    assert "(status Stopped)" in str(raised.value)


@pytest.mark.parametrize(
    ("ended_by", "kind"),
    [(None, TuningJobStoppedError), (LATE, TuningJobTimeoutError), (DEAR, TuningJobBudgetExceededError)],
)
def test_without_a_best_training_job_there_is_none_to_use(ended_by: Any, kind: Any) -> None:
    policies = dict.fromkeys(POLICIES, "use_best")
    with pytest.raises(kind, match="There is no best training job to use") as raised:
        settle(Job("Stopped"), ended_by, **policies)
    assert raised.value.tuning_job_name == "job"
    with pytest.raises(kind) as raised:
        settle(Job("Stopped", completed=1), ended_by)
    assert "no best training job" not in str(raised.value)


def test_failed_training_jobs_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(
        TuningJobStoppedError, match="3 training jobs failed with: AlgorithmError: no"
    ) as raised:
        settle(Job("Stopped"), failed=3)
    assert "was stopped before it completed (status Stopped)" in str(raised.value)
    with pytest.raises(TuningJobStoppedError) as raised:
        settle(Job("Stopped"))
    assert "AlgorithmError" not in str(raised.value)
    with pytest.raises(AirflowSkipException):
        settle(Job("Stopped"), failed=3, on_stopped="skip")


def test_reasons_that_cannot_be_read_hide_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    hook, description = described(Job("Failed", failure_reason="AlgorithmError: no"), 3)
    hook.error = OSError("no route")
    with pytest.raises(TuningJobPermanentFailureError, match="Tuning job job failed"):
        OutcomeResolver(hook, log=LOG).resolve(description)  # type: ignore[arg-type]
    assert "Could not read the training jobs' failure reasons: no route" in caplog.text


def test_a_result_lists_what_the_author_wants() -> None:
    hook, description = described(Job("Completed", completed=3), 2)
    earlier = [Attempt(number=1, tuning_job_name="before", status="Failed")]
    result = OutcomeResolver(hook, log=LOG, top_k=3, previous_attempts=earlier).result(description)  # type: ignore[arg-type]
    assert hook.listed == [("job", 3)]
    assert [job.training_job_name for job in result.top_training_jobs] == ["job-001", "job-003"]
    assert [(group.count, group.reason) for group in result.failures] == [(3, "AlgorithmError: no")]
    assert [(each.number, each.tuning_job_name) for each in result.attempts] == [(1, "before"), (2, "job")]
    hook, description = described(Job("Completed", completed=3))
    result = OutcomeResolver(hook, log=LOG).result(description)  # type: ignore[arg-type]
    assert (hook.listed, result.failures, result.attempts) == ([], (), ())


def test_failure_reasons_show_no_secrets() -> None:
    hook = Hook(Job("Completed", completed=3))
    shown = SimpleNamespace(name="job", without_secrets=lambda text: text.replace("no", "***"))
    assert [g.reason for g in OutcomeResolver(hook)._failures(shown)] == ["AlgorithmError: ***"]  # type: ignore[arg-type]
