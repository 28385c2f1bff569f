"""Links on the task: the tuning page, and the console's pages of the tuning job, its best training job and its logs.

Airflow's UI shows what lies in XCom under a link's ``xcom_key``. The operator pushes the job's URLs itself as soon as
it knows them. At the end of each leg on a worker, whatever its outcome, Airflow pushes what ``get_link`` returns; those
of the best training job need no more.

Where the connection leads elsewhere than to AWS, as to the local tuning service, the console has no such job: then
there is our page alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

from airflow_hpt_provider.links.own_xcom import own_xcom
from airflow_hpt_provider.links.page_urls import page_url

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey


class _TuningLink(BaseOperatorLink):
    """A link whose URL the operator has noted in this leg; if it failed before that, the URL is in XCom already."""

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the URL; empty if there is none. Airflow passes the running task instance."""
        if (noted := getattr(operator, "_tuning_links", None)) is not None:
            return str(noted.get(self.xcom_key, ""))
        return str(own_xcom(ti_key, self.xcom_key) or "")


class TuningPageLink(_TuningLink):
    """The tuning job on our page in Airflow's UI."""

    name = "Tuning page"


class TuningJobLink(_TuningLink):
    """The tuning job in the SageMaker console."""

    name = "Tuning job"


class BestTrainingJobLink(_TuningLink):
    """The best training job in the SageMaker console."""

    name = "Best training job"


class BestTrainingJobLogsLink(_TuningLink):
    """The best training job's log streams in CloudWatch."""

    name = "Logs of the best training job"


LINKS = (TuningPageLink(), TuningJobLink(), BestTrainingJobLink(), BestTrainingJobLogsLink())


def push_links(operator: Any, context: Context, arn: str) -> None:
    """Put the URLs of a job where the UI finds them, now."""
    for key, url in note_links(operator, context, arn).items():
        context["ti"].xcom_push(key=key, value=url)


def note_links(
    operator: Any, context: Context, arn: str, best_training_job: str | None = None
) -> dict[str, str]:
    """Return the URLs by XCom key, and note them for ``get_link``."""
    urls = link_urls(context["ti"], operator.hook.conn.meta.endpoint_url, arn, best_training_job)
    operator._tuning_links = {**getattr(operator, "_tuning_links", {}), **urls}
    return urls


def link_urls(ti: Any, endpoint_url: str, arn: str, best_training_job: str | None = None) -> dict[str, str]:
    """Return the URLs by XCom key.

    Args:
        ti: the task instance.
        endpoint_url: the client's endpoint: decides whether the jobs are on AWS.
        arn: the tuning job's ARN: names partition, region and name.
        best_training_job: its best training job's name, if it is known.
    """
    from airflow_hpt_provider.links import console

    urls = {TuningPageLink().xcom_key: page_url(ti.dag_id, ti.run_id, ti.task_id, ti.map_index)}
    if console.has_console(endpoint_url):
        urls[TuningJobLink().xcom_key] = console.tuning_job_url(arn)
        if best_training_job:
            urls[BestTrainingJobLink().xcom_key] = console.training_job_url(arn, best_training_job)
            urls[BestTrainingJobLogsLink().xcom_key] = console.training_job_logs_url(arn, best_training_job)
    return urls
