"""SageMaker's tuning API, typed and retried."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.hooks.calls import CREATE, DESCRIBE, SageMakerHook
from airflow_hpt_provider.hooks.final_metrics import known_final_metrics
from airflow_hpt_provider.hooks.responses import contradicts_its_end, read
from airflow_hpt_provider.models import (
    BestTrainingJob,
    FailureGroup,
    TrainingJobSummary,
    TuningJobDescription,
    TuningJobRequest,
    TuningJobSummary,
)
from airflow_hpt_provider.models.failure_groups import group_failures
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import error_code

if TYPE_CHECKING:
    import optuna
    import pandas as pd

    from airflow_hpt_provider.export.tuning_history import TuningHistory


class HyperParameterTuningHook(SageMakerHook):
    """Create, describe, list, stop and delete hyperparameter tuning jobs, and read their training jobs.

    Uses the amazon provider's ``aws`` connection in all its forms (assumed roles, ``endpoint_url``, region,
    ``verify``, botocore config). Every call is retried on transient errors (see
    :mod:`airflow_hpt_provider.retries`); all other errors are raised as botocore raised them, except for a missing
    job, which is :class:`~airflow_hpt_provider.exceptions.TuningJobNotFoundError`.

    Args:
        aws_conn_id, region_name, verify, config: as for every AWS hook.
    """

    # -- tuning jobs -------------------------------------------------------------------------------------

    @needs("sagemaker:CreateHyperParameterTuningJob", "sagemaker:AddTags", "iam:PassRole")
    def create(self, request: TuningJobRequest) -> str:
        """Create the tuning job and return its ARN.

        Raises:
            botocore.exceptions.ClientError: ResourceInUse if the name is taken, ResourceLimitExceeded ...
        """
        answer = self.call(CREATE, **request.to_aws())
        return str(answer["HyperParameterTuningJobArn"])

    @needs("sagemaker:DescribeHyperParameterTuningJob")
    def _describe(self, call: Any, tuning_job_name: str) -> TuningJobDescription:
        try:
            answer = call(DESCRIBE, HyperParameterTuningJobName=tuning_job_name)
            if contradicts_its_end(answer):  # an end settles the task, so one such response is not enough
                answer = call(DESCRIBE, HyperParameterTuningJobName=tuning_job_name)
        except ClientError as error:
            if classify(error) is ErrorClass.NOT_FOUND:
                raise TuningJobNotFoundError(
                    f"Tuning job {tuning_job_name!r} does not exist in this account and region.",
                    tuning_job_name,
                ) from error
            raise
        return TuningJobDescription.model_validate(answer)

    @needs(_describe)
    def describe(self, tuning_job_name: str) -> TuningJobDescription:
        """Everything SageMaker says of a tuning job.

        Raises:
            TuningJobNotFoundError: there is none of this name in this account and region.
        """
        return self._describe(self.call, tuning_job_name)

    @needs(_describe)
    def describe_once(self, tuning_job_name: str) -> TuningJobDescription:
        """Describe a tuning job without this provider's retries, for pollers, which retry by themselves."""
        return self._describe(self.call_once, tuning_job_name)

    @needs(describe_once)
    def wait(
        self,
        tuning_job_name: str,
        *,
        poll_interval: float = 30.0,
        deadline: datetime | None = None,
        unreachable_timeout: timedelta | None = None,
        on_poll: Callable[[TuningJobDescription], None] | None = None,
        until_ended: bool = True,
        sleep: Callable[[float], None] = time.sleep,
        log: Any = None,
    ) -> TuningJobDescription:
        """Wait until a tuning job that exists has ended, in the calling thread, and return its last description.

        Transient errors are retried, and refused credentials are read again from the connection.

        Args:
            tuning_job_name: the job.
            poll_interval: seconds between two polls.
            deadline: when to give up; None: never.
            unreachable_timeout: for how long every poll may fail; None: as long as the wait itself may last.
            on_poll: called with each description, the last included; what it raises ends the wait.
            until_ended: False: return the first description, as soon as the service is within reach.
            sleep: called with the seconds between two polls; what it raises ends the wait.
            log: receives a warning for each failed poll; default: the hook's own.

        Raises:
            TuningJobTimeoutError: the job had not ended by the deadline.
            TuningServiceUnreachableError: every poll failed for ``unreachable_timeout``.
            TuningJobNotFoundError: the job no longer exists.
            botocore.exceptions.ClientError: an error that would repeat, such as denied access.
        """
        from airflow_hpt_provider.waiting.blocking_poller import poll_until_done
        from airflow_hpt_provider.waiting.limits import WaitLimits

        return poll_until_done(
            lambda: self.describe_once(tuning_job_name),
            WaitLimits(
                tuning_job_name, deadline=deadline, unreachable_timeout=unreachable_timeout, seen=True
            ),
            poll_interval=poll_interval,
            on_poll=on_poll,
            on_refused_credentials=self.reset,
            until_ended=until_ended,
            sleep=sleep,
            log=log or self.log,
        )

    @needs("sagemaker:ListHyperParameterTuningJobs")
    def list(
        self,
        *,
        name_contains: str | None = None,
        status: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        sort_by: str = "CreationTime",
        sort_order: str = "Descending",
        limit: int | None = None,
    ) -> Iterator[TuningJobSummary]:
        """Tuning jobs, newest first by default.

        Args:
            name_contains: only names with this in them.
            status: only this HyperParameterTuningJobStatus.
            created_after, created_before: only jobs of this time.
            sort_by: Name, Status or CreationTime.
            sort_order: Ascending or Descending.
            limit: maximum number of tuning jobs.
        """
        parameters = {
            "NameContains": name_contains,
            "StatusEquals": status,
            "CreationTimeAfter": created_after,
            "CreationTimeBefore": created_before,
            "SortBy": sort_by,
            "SortOrder": sort_order,
            "MaxResults": min(limit or 100, 100),
        }
        pages = self.pages("list_hyper_parameter_tuning_jobs", "HyperParameterTuningJobSummaries", parameters)
        return (read(TuningJobSummary, item) for item in islice(pages, limit))

    @needs("sagemaker:StopHyperParameterTuningJob", describe)
    def stop(self, tuning_job_name: str) -> bool:
        """Ask SageMaker to stop a tuning job and all its running training jobs. Idempotent.

        Returns:
            Whether it stops now: False if the job has already ended or does not exist.
        """
        try:
            self.call("stop_hyper_parameter_tuning_job", HyperParameterTuningJobName=tuning_job_name)
        except ClientError as error:
            if classify(error) is ErrorClass.NOT_FOUND:
                return False
            # SageMaker refuses to stop what has ended; the code differs, so the status decides.
            if error_code(error) != "ValidationException":
                raise
            status = self.describe(tuning_job_name).status
            if status == "InProgress":
                raise
            return status == "Stopping"
        return True

    @needs("sagemaker:DeleteHyperParameterTuningJob")
    def delete(self, tuning_job_name: str) -> None:
        """Delete the tuning job's entry; its training jobs and their artifacts stay."""
        self.call("delete_hyper_parameter_tuning_job", HyperParameterTuningJobName=tuning_job_name)

    @needs("sagemaker:ListTags")
    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a tuning job."""
        return {tag["Key"]: tag["Value"] for tag in self.pages("list_tags", "Tags", {"ResourceArn": arn})}

    @needs("sagemaker:AddTags")
    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a tuning job, or change them."""
        self.call("add_tags", ResourceArn=arn, Tags=[{"Key": k, "Value": v} for k, v in tags.items()])

    # -- training jobs -----------------------------------------------------------------------------------

    @needs("sagemaker:ListTrainingJobsForHyperParameterTuningJob", describe)
    def training_jobs(
        self,
        tuning_job_name: str,
        *,
        status: str | None = None,
        sort_by: str = "FinalObjectiveMetricValue",
        sort_order: str | None = None,
        limit: int | None = None,
    ) -> Iterator[TrainingJobSummary]:
        """Yield the tuning job's training jobs, the best first by default.

        Args:
            tuning_job_name: the tuning job's name.
            status: only this TrainingJobStatus.
            sort_by: Name, CreationTime, Status or FinalObjectiveMetricValue (only those that have one).
            sort_order: Ascending or Descending; by default what puts the best first.
            limit: maximum number of training jobs.
        """
        if sort_order is None:
            sort_order = "Ascending"
            if sort_by == "FinalObjectiveMetricValue":
                objective = self.describe(tuning_job_name).objective_of()
                if objective is not None and objective.type == "Maximize":
                    sort_order = "Descending"
        parameters = {
            "HyperParameterTuningJobName": tuning_job_name,
            "StatusEquals": status,
            "SortBy": sort_by,
            "SortOrder": sort_order,
            "MaxResults": min(limit or 100, 100),
        }
        pages = self.pages(
            "list_training_jobs_for_hyper_parameter_tuning_job", "TrainingJobSummaries", parameters
        )
        return (read(TrainingJobSummary, item) for item in islice(pages, limit))

    @needs(describe, training_jobs, known_final_metrics)
    def training_jobs_dataframe(self, tuning_job_name: str) -> pd.DataFrame:
        """Return the tuning job's training jobs as a pandas DataFrame, in the order of their creation.

        See :func:`airflow_hpt_provider.display.dataframe.training_jobs_dataframe` for its columns.

        Raises:
            ImportError: pandas is not installed (``pip install 'airflow-hpt-provider[pandas]'``).
        """
        from airflow_hpt_provider.display.dataframe import training_jobs_dataframe

        description = self.describe(tuning_job_name)
        found = list(self.training_jobs(tuning_job_name, sort_by="CreationTime"))
        metrics, problem = known_final_metrics(self, description.hyper_parameter_tuning_job_arn)
        if problem:
            self.log.warning(problem)
        return training_jobs_dataframe(description, found, metrics)

    @needs(describe, training_jobs, known_final_metrics, "cloudwatch:GetMetricData")
    def to_optuna_study(self, tuning_job_name: str, storage: Any = None) -> optuna.Study:
        """Return the tuning job's training jobs as an Optuna study, with their distributions and learning curves.

        See :func:`airflow_hpt_provider.export.to_optuna.to_optuna_study`.

        Args:
            tuning_job_name: the tuning job's name, which the study gets.
            storage: Optuna's storage, or its URL such as ``sqlite:///study.db``; None: in memory.

        Raises:
            ImportError: Optuna is not installed (``pip install 'airflow-hpt-provider[optuna]'``).
        """
        from airflow_hpt_provider.export.to_optuna import to_optuna_study

        return to_optuna_study(self.history(tuning_job_name), storage)

    @needs(describe, training_jobs, known_final_metrics, "cloudwatch:GetMetricData")
    def history(self, tuning_job_name: str, cloudwatch: Any = None) -> TuningHistory:
        """Return the tuning job with its training jobs, their final metrics and their learning curves.

        Metrics and curves that cannot be read are missing, and the log says why.

        Args:
            tuning_job_name: the tuning job's name.
            cloudwatch: a boto3 client; default: one of the same connection.
        """
        from airflow_hpt_provider.export.tuning_history import TuningHistory
        from airflow_hpt_provider.hooks.metric_curves import metric_curves

        description = self.describe(tuning_job_name)
        found = list(self.training_jobs(tuning_job_name, sort_by="CreationTime"))
        metrics, problem = known_final_metrics(self, description.hyper_parameter_tuning_job_arn)
        if problem:
            self.log.warning(problem)
        history = TuningHistory(description, found, metrics)
        names = {history.objective_name(each) for each in found} | {
            name for of in metrics.values() for name in of
        }
        try:
            cloudwatch = cloudwatch or self.client("cloudwatch")
            history.curves.update(metric_curves(cloudwatch, found, sorted(names - {""})))
        except (ClientError, BotoCoreError) as error:
            self.log.warning("The learning curves could not be read (cloudwatch:GetMetricData): %s", error)
        return history

    @needs("sagemaker:ListTrainingJobsForHyperParameterTuningJob")
    def billable_seconds(self, tuning_job_name: str) -> float:
        """Seconds for which the tuning job's training jobs are billed so far, added up.

        From TrainingStartTime to TrainingEndTime of each, or until now: SageMaker reports BillableTimeInSeconds
        only of a training job that has ended, and only one by one. Wall-clock time, as there: not multiplied by
        the number of instances. With managed spot training less is billed.
        """
        now = datetime.now(UTC)
        return sum(
            max(
                0.0,
                ((training_job.training_end_time or now) - training_job.training_start_time).total_seconds(),
            )
            for training_job in self.training_jobs(tuning_job_name, sort_by="CreationTime")
            if training_job.training_start_time is not None
        )

    @needs("sagemaker:DescribeTrainingJob")
    def describe_training_job(self, training_job_name: str) -> dict[str, Any]:
        """DescribeTrainingJob's answer, in AWS names."""
        return self.call("describe_training_job", TrainingJobName=training_job_name)

    @needs(describe_training_job)
    def best_training_job(self, description: TuningJobDescription) -> BestTrainingJob | None:
        """Return the best training job so far, with its model artifact and training image; None without one."""
        return self.with_artifacts(description.best_training_job)

    @needs(describe_training_job)
    def with_artifacts(self, summary: TrainingJobSummary | None) -> BestTrainingJob | None:
        """Add to a training job's summary what only DescribeTrainingJob returns: model artifact and image."""
        if summary is None:
            return None
        return BestTrainingJob.from_answers(summary, self.describe_training_job(summary.training_job_name))

    @needs("sagemaker:ListTrainingJobsForHyperParameterTuningJob")
    def failures(self, tuning_job_name: str, limit: int = 500) -> Sequence[FailureGroup]:
        """Return the failed training jobs grouped by reason, the largest group first."""
        return group_failures(
            self.training_jobs(
                tuning_job_name, status="Failed", sort_by="CreationTime", sort_order="Descending", limit=limit
            )
        )
