"""XGBoost tuning from CSV in S3 to the model, as a notebook does it with boto3, and by the operator."""

from __future__ import annotations

import io
import pickle
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.local_engine.test_xgboost import csv
from tests.integration.provider.conftest import make
from tests.support.cases import case
from tests.support.tuning_jobs import ended_job

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def s3(service: LocalService) -> Any:
    """S3 with the data of the case."""
    client = service.client("s3")
    client.create_bucket(Bucket="hpt-cases")
    for name, count in (("train", 300), ("validation", 100)):
        client.put_object(Bucket="hpt-cases", Key=f"{name}/data.csv", Body=csv(count, len(name)))
    return client


def booster(s3: Any, uri: str) -> Any:
    """Return the model in a model artifact."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["xgboost-model"]
        file = archive.extractfile("xgboost-model")
        assert file is not None
        return pickle.loads(file.read())


def test_by_boto3(service: LocalService, s3: Any) -> None:
    request = case("builtin-xgboost")
    name = request["HyperParameterTuningJobName"]
    sagemaker = service.client("sagemaker")
    sagemaker.create_hyper_parameter_tuning_job(**request)
    job = ended_job(sagemaker, name)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    best = job["BestTrainingJob"]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] > 0.8
    definitions = job["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    assert definitions[-1]["Name"] == "ObjectiveMetric"
    described = sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert booster(s3, described["ModelArtifacts"]["S3ModelArtifacts"]).num_boosted_rounds() == 20


async def test_by_the_operator(s3: Any, first_try: Any) -> None:
    config = {
        name: each for name, each in case("builtin-xgboost").items() if name != "HyperParameterTuningJobName"
    }
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.2)
    result = task.execute(first_try.context(task))
    assert result["objective"] == {"type": "Maximize", "metric_name": "validation:auc"}
    assert result["final_metric"] > 0.8
    best = first_try.xcom["best_training_job"]
    assert booster(s3, best["ModelArtifacts"]["S3ModelArtifacts"]).num_boosted_rounds() == 20
