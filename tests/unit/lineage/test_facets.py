"""What a tuning job's description becomes in OpenLineage's words."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from openlineage.client.serde import Serde

import airflow_hpt_provider.lineage
from airflow_hpt_provider.lineage.facets import FACET, SCHEMA_URL, lineage
from airflow_hpt_provider.lineage.mixin import TuningLineageMixin
from airflow_hpt_provider.models import BestTrainingJob, TuningJobDescription, TuningResult

SCHEMA = json.loads(
    (Path(airflow_hpt_provider.lineage.__file__).parent / "AirflowHptTuningJobRunFacet.json").read_text()
)
ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/job"
TRAINING_ARN = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job-001-12345678"
TIME = "2026-11-24T00:00:00+00:00"
OBJECTIVE = {"Type": "Minimize", "MetricName": "loss"}


def channel(name, uri):
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def definition(image, *channels):
    return {
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/tuning",
        "StaticHyperParameters": {"password": "hunter2"},
        "InputDataConfig": list(channels),
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


BEST = {
    "TrainingJobName": "job-001-12345678",
    "TrainingJobArn": TRAINING_ARN,
    "CreationTime": TIME,
    "TrainingJobStatus": "Completed",
    "TunedHyperParameters": {"depth": "3"},
    "FinalHyperParameterTuningJobObjectiveMetric": {**OBJECTIVE, "Value": 0.25},
}


def description(status="Completed", **members):
    return TuningJobDescription.model_validate(
        {
            "HyperParameterTuningJobName": "job",
            "HyperParameterTuningJobArn": ARN,
            "HyperParameterTuningJobConfig": {
                "Strategy": "Bayesian",
                "HyperParameterTuningJobObjective": OBJECTIVE,
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
            },
            "HyperParameterTuningJobStatus": status,
            "CreationTime": TIME,
            "TrainingJobStatusCounters": {"Completed": 2, "NonRetryableError": 1},
            "ObjectiveStatusCounters": {},
            "TrainingJobDefinition": definition("image:1", channel("train", "s3://data/rows/train/")),
            **members,
        }
    )


@pytest.fixture
def result():
    job = BestTrainingJob.model_validate(
        {**BEST, "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/models/x/output/model.tar.gz"}}
    )
    return TuningResult.from_description(description(BestTrainingJob=BEST), best=job)


def names(datasets):
    return [(dataset.namespace, dataset.name) for dataset in datasets]


def test_a_success(result):
    reported = lineage(description(BestTrainingJob=BEST), result)
    assert names(reported.inputs) == [("s3://data", "rows/train")]
    assert names(reported.outputs) == [("s3://bucket", "models/x/output/model.tar.gz")]
    assert set(reported.run_facets) == {FACET, "externalQuery"}
    query = reported.run_facets["externalQuery"]
    assert (query.externalQueryId, query.source) == (ARN, "sagemaker")


def test_the_facet_is_what_its_schema_says(result):
    reported = lineage(description(BestTrainingJob=BEST), result)
    facet = Serde.to_dict(reported.run_facets[FACET])
    pointer = SCHEMA_URL.removeprefix(SCHEMA["$id"])
    assert pointer == "#/$defs/AirflowHptTuningJobRunFacet"
    schema = SCHEMA["$defs"]["AirflowHptTuningJobRunFacet"]
    jsonschema.validate(facet, schema)
    assert set(facet) <= set(schema["properties"])
    assert facet["_schemaURL"] == SCHEMA_URL
    assert facet["tunedHyperParameters"] == {"depth": "3"}
    assert facet["finalMetric"] == 0.25
    assert facet["trainingJobs"]["Completed"] == 2
    assert "hunter2" not in json.dumps(facet)


def test_a_failure_has_its_reason_and_no_output():
    reported = lineage(description("Failed", FailureReason="No training job succeeded"), None)
    assert names(reported.inputs) == [("s3://data", "rows/train")]
    assert reported.outputs == []
    assert reported.run_facets["errorMessage"].message == "No training job succeeded"
    jsonschema.validate(
        Serde.to_dict(reported.run_facets[FACET]), SCHEMA["$defs"]["AirflowHptTuningJobRunFacet"]
    )


def test_several_definitions_name_each_input_once():
    definitions = [
        {**definition("b:1", channel("train", "s3://data/a"), channel("test", "s3://data/b/")),
         "DefinitionName": "one", "TuningObjective": OBJECTIVE},
        {**definition("a:1", channel("train", "https://data.s3.us-east-1.amazonaws.com/a"),
                      channel("test", "s3://data/b")),
         "DefinitionName": "two", "TuningObjective": OBJECTIVE},
    ]  # fmt: skip
    reported = lineage(
        description(TrainingJobDefinition=None, TrainingJobDefinitions=definitions, BestTrainingJob=None),
        None,
    )
    assert names(reported.inputs) == [("s3://data", "a"), ("s3://data", "b")]
    assert reported.run_facets[FACET].trainingImages == ["a:1", "b:1"]


def test_a_task_that_never_saw_its_job_reports_nothing():
    assert TuningLineageMixin().get_openlineage_facets_on_complete(None) is None
    assert TuningLineageMixin().get_openlineage_facets_on_failure(None) is None
