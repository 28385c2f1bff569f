"""A manifest that is none fails the training jobs that read it, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.local_http.searched import definition, script_mode, wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

DEEP = b"[" * 200_000
HALF_A_CHARACTER = b'[{"prefix": "s3://\\ud800/"}, "a"]'


@pytest.fixture(scope="module")
def own(make_service: Callable[[Path], Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A separate service: other tests count on what the shared one holds."""
    return make_service(tmp_path_factory.mktemp("manifests") / "data")


@pytest.mark.parametrize(
    ("manifest", "said"),
    [(DEEP, "it is nested too deeply"), (HALF_A_CHARACTER, "'s3://\\ud800/' is not an S3 URI")],
)
def test_a_tuning_job_says_why_its_training_jobs_failed(
    own: Service, request: pytest.FixtureRequest, manifest: bytes, said: str
) -> None:
    s3, sagemaker = own.client("s3"), own.client("sagemaker")
    name = bucket = f"manifest-{request.node.callspec.indices['manifest']}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="list.manifest", Body=manifest)
    uri = f"s3://{bucket}/list.manifest"
    source = {"S3DataType": "ManifestFile", "S3Uri": uri}
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "10", "MaxValue": "20"}]
            },
        },
        TrainingJobDefinition=definition(
            StaticHyperParameters=script_mode(s3),
            InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
        ),
    )
    wait(
        lambda: sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)[
            "HyperParameterTuningJobStatus"
        ]
    )
    found = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    reasons = [job["FailureReason"] for job in found["TrainingJobSummaries"]]
    assert len(reasons) == 2
    for reason in reasons:
        assert reason.startswith(f"ClientError: Data download failed:{uri} is not a manifest: ")
        assert said in reason
