"""Translates a tuning job into OpenLineage events.

==================  =================================================================================================
inputs              each S3 channel, as ``s3://BUCKET`` and the prefix without its last slash
outputs             the best training job's ``model.tar.gz``, if it has one
``externalQuery``   the tuning job's ARN, source ``sagemaker``
``errorMessage``    the tuning job's FailureReason, if it failed
``airflowHpt_tuningJob``  the custom facet :class:`AirflowHptTuningJobRunFacet`
==================  =================================================================================================

Static hyperparameters and environment, where secrets may be, are never reported.

Source: https://openlineage.io/docs/spec/naming and https://openlineage.io/docs/spec/facets/custom-facets
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attr
from airflow.providers.openlineage.extractors import OperatorLineage
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import RunFacet, error_message_run, external_query_run

from airflow_hpt_provider.lineage.s3_names import dataset_name

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription, TuningResult

FACET: Final = "airflowHpt_tuningJob"
SCHEMA_URL: Final = (
    "urn:airflow-hpt-provider:1-0-0:AirflowHptTuningJobRunFacet.json#/$defs/AirflowHptTuningJobRunFacet"
)
"""Its schema is in this folder. The version grows with the schema; a URN, because it is not published yet."""
MAX_MESSAGE: Final = 4096


@attr.define
class AirflowHptTuningJobRunFacet(RunFacet):  # type: ignore[misc, unused-ignore]
    """The tuning job that a task waited for; names as in JSON, numbers as numbers, times left to the event."""

    tuningJobName: str  # noqa: N815
    tuningJobArn: str  # noqa: N815
    status: str
    strategy: str
    objectiveType: str | None = None  # noqa: N815
    objectiveMetric: str | None = None  # noqa: N815
    finalMetric: float | None = None  # noqa: N815
    bestTrainingJob: str | None = None  # noqa: N815
    tunedHyperParameters: dict[str, Any] = attr.Factory(dict)  # noqa: N815
    trainingImages: list[str] = attr.Factory(list)  # noqa: N815
    trainingJobs: dict[str, int] = attr.Factory(dict)  # noqa: N815
    warmStartParents: list[str] = attr.Factory(list)  # noqa: N815
    statusReason: str | None = None  # noqa: N815

    @staticmethod
    def _get_schema() -> str:
        return SCHEMA_URL


def lineage(description: TuningJobDescription, result: TuningResult | None) -> OperatorLineage[Any, Any]:
    """Return a task's lineage from its tuning job; without a result there is no output.

    Args:
        description: of the job at its end, or when the task failed.
        result: what it came to, if the task succeeded.
    """
    run_facets: dict[str, Any] = {
        FACET: _tuning_job(description, result),
        "externalQuery": external_query_run.ExternalQueryRunFacet(
            externalQueryId=description.hyper_parameter_tuning_job_arn, source="sagemaker"
        ),
    }
    if reason := description.shown_failure_reason:
        run_facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=reason[:MAX_MESSAGE], programmingLanguage="python"
        )
    artifact = result.model_artifact if result is not None else None
    return OperatorLineage(
        inputs=[InputDataset(*name) for name in _channels(description)],
        outputs=[OutputDataset(*dataset_name(artifact))] if artifact else [],
        run_facets=run_facets,
    )


def _channels(description: TuningJobDescription) -> list[tuple[str, str]]:
    """Names of all definitions' channels in S3, each once, in order."""
    names: dict[tuple[str, str], None] = {}
    for definition in description.definitions:
        for channel in definition.input_data_config or ():
            source = channel.data_source.s3_data_source
            if source is not None:
                names[dataset_name(source.s3_uri)] = None
    return list(names)


def _tuning_job(
    description: TuningJobDescription, result: TuningResult | None
) -> AirflowHptTuningJobRunFacet:
    best = result.best_training_job if result is not None else description.best_training_job
    objective = description.objective_of()
    counters = description.training_job_status_counters.model_dump(by_alias=True)
    warm_start = description.warm_start_config
    parents = warm_start.parent_hyper_parameter_tuning_jobs if warm_start is not None else ()
    specifications = (one.algorithm_specification for one in description.definitions)
    images = {one.training_image or one.algorithm_name or "" for one in specifications} - {""}
    return AirflowHptTuningJobRunFacet(
        tuningJobName=description.name,
        tuningJobArn=description.hyper_parameter_tuning_job_arn,
        status=str(description.status),
        strategy=str(description.hyper_parameter_tuning_job_config.strategy),
        objectiveType=str(objective.type) if objective else None,
        objectiveMetric=objective.metric_name if objective else None,
        finalMetric=best.final_metric if best is not None else None,
        bestTrainingJob=best.training_job_name if best is not None else None,
        tunedHyperParameters=dict(best.tuned_hyper_parameters) if best is not None else {},
        trainingImages=sorted(images),
        trainingJobs={name: count for name, count in counters.items() if isinstance(count, int)},
        warmStartParents=[str(parent.hyper_parameter_tuning_job_name) for parent in parents],
        statusReason=result.status_reason if result is not None else None,
    )
