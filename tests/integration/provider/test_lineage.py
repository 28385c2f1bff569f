"""What operator and sensor report to OpenLineage's extractor, after they have run.

tests/integration/dags shows the events that are written in the end.
"""

from __future__ import annotations

import pytest
from airflow.providers.openlineage.extractors.base import DefaultExtractor
from airflow.sdk.exceptions import TaskDeferred

from airflow_hpt_provider.exceptions import TuningJobPermanentFailureError
from airflow_hpt_provider.lineage.facets import FACET
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from tests.integration.provider.conftest import BUCKET, TaskTry, make

pytestmark = pytest.mark.integration


@pytest.fixture
def with_data(config, service):
    service.client("s3").put_object(Bucket=BUCKET, Key="rows/train.csv", Body=b"1\n")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/rows/"}
    config["TrainingJobDefinition"]["InputDataConfig"] = [
        {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
    ]
    return config


def names(datasets):
    return [f"{dataset.namespace}/{dataset.name}" for dataset in datasets]


async def test_after_a_deferral_another_instance_reports(with_data, first_try):
    task = make(HyperParameterTuningJobOperator, config=with_data, deferrable=True, poll_interval=0.1)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))
    events = [event async for event in deferred.value.trigger.run()]
    worker = make(HyperParameterTuningJobOperator, config=with_data, deferrable=True)
    value = worker.execute_complete(
        first_try.context(worker), event=events[0].payload, **deferred.value.kwargs
    )
    reported = DefaultExtractor(worker).extract_on_complete(None)
    assert names(reported.inputs) == [f"s3://{BUCKET}/rows"]
    best = value["best_training_job"]
    assert names(reported.outputs) == [best["ModelArtifacts"]["S3ModelArtifacts"]]
    assert reported.run_facets[FACET].tunedHyperParameters == best["TunedHyperParameters"]
    assert reported.run_facets["externalQuery"].externalQueryId == value["tuning_job_arn"]


def test_a_failed_job_has_its_inputs_and_its_reason(with_data, first_try):
    with_data["TrainingJobDefinition"]["StaticHyperParameters"]["fail"] = "always"
    task = make(HyperParameterTuningJobOperator, config=with_data, deferrable=False, poll_interval=0.1)
    with pytest.raises(TuningJobPermanentFailureError):
        task.execute(first_try.context(task))
    reported = DefaultExtractor(task).extract_on_failure(None)
    assert names(reported.inputs) == [f"s3://{BUCKET}/rows"]
    assert reported.outputs == []
    assert reported.run_facets[FACET].status == "Failed"
    assert "training job failures" in reported.run_facets["errorMessage"].message


def test_a_sensor_reports_the_same(with_data, first_try):
    create = make(
        HyperParameterTuningJobOperator, config=with_data, wait_for_completion=False, deferrable=False
    )
    name = create.execute(first_try.context(create))["tuning_job_name"]
    assert DefaultExtractor(create).extract_on_complete(None).run_facets[FACET].tuningJobName == name
    sensor = make(
        HyperParameterTuningJobSensor,
        task_id="wait",
        tuning_job_name=name,
        deferrable=False,
        poke_interval=0.1,
        timeout=120,
    )
    value = sensor.execute(TaskTry(task_id="wait").context(sensor))
    reported = DefaultExtractor(sensor).extract_on_complete(None)
    assert names(reported.outputs) == [value["best_training_job"]["ModelArtifacts"]["S3ModelArtifacts"]]
