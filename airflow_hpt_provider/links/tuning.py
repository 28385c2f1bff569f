"""Buttons on the task: the pages of the tuning job, its best training job and that job's logs.

Airflow's UI shows what lies in XCom under a link's ``xcom_key``. The operator pushes the URLs itself as soon as
it knows them; ``get_link``, which Airflow calls at the end of each leg on a worker, repeats them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey

CONSOLE_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


class _TuningLink(BaseOperatorLink):
    """A link whose URL the operator found out in ``execute``."""

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The URL pushed in this leg; empty when there is nothing to show yet."""
        return str(getattr(operator, "_tuning_links", {}).get(self.xcom_key, ""))


class TuningJobLink(_TuningLink):
    """The tuning job in the SageMaker console."""

    name = "Tuning job"


class BestTrainingJobLink(_TuningLink):
    """The best training job in the SageMaker console."""

    name = "Best training job"


class BestTrainingJobLogsLink(_TuningLink):
    """The best training job's log streams in CloudWatch."""

    name = "Logs of the best training job"


def push_links(operator: Any, context: Context, arn: str, best_training_job: str | None = None) -> None:
    """Put the URLs where the UI finds them, now."""
    urls = console_urls(arn, best_training_job)
    operator._tuning_links = {**getattr(operator, "_tuning_links", {}), **urls}
    for key, url in urls.items():
        context["ti"].xcom_push(key=key, value=url)


def console_urls(arn: str, best_training_job: str | None = None) -> dict[str, str]:
    """The console's URLs by XCom key.

    Args:
        arn: the tuning job's: tells partition, region and name.
        best_training_job: its best training job's name, if it is known.
    """
    _, partition, _, region, _, resource = arn.split(":", 5)
    name = resource.split("/", 1)[1]
    host = f"https://{region}.{CONSOLE_DOMAINS.get(partition, CONSOLE_DOMAINS['aws'])}"
    sagemaker = f"{host}/sagemaker/home?region={region}#"
    urls = {TuningJobLink().xcom_key: f"{sagemaker}/hyper-tuning-jobs/{quote(name)}"}
    if best_training_job:
        urls[BestTrainingJobLink().xcom_key] = f"{sagemaker}/jobs/{quote(best_training_job)}"
        urls[BestTrainingJobLogsLink().xcom_key] = (
            f"{host}/cloudwatch/home?region={region}#logStream:group=/aws/sagemaker/TrainingJobs"
            f";prefix={quote(best_training_job)};streamFilter=typeLogStreamPrefix"
        )
    return urls
