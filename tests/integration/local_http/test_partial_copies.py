"""A data directory restored from a copy that lacks something: the service starts, and says what is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.tuning_jobs import ended_job, images_file, tuning_job

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def original(make_service: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a service that has ended, with a tuning job and objects. Its images file is next to it."""
    folder = tmp_path_factory.mktemp("partial-copies")
    script = folder / "train.py"
    script.write_text("print('objective=0.5;')")
    service = make_service(folder / "data", ["--images", str(images_file(folder, script, "-S"))])
    s3, sagemaker = service.client("s3"), service.client("sagemaker")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="key", Body=b"content" * 10_000)
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="job", **tuning_job("bucket", trials=2)
    )
    assert ended_job(sagemaker, "job")["HyperParameterTuningJobStatus"] == "Completed"
    service.stop()
    return folder / "data"


@pytest.mark.parametrize(
    ("missing", "jobs", "content", "warning"),
    [
        ((), True, True, None),
        (("local.env",), True, True, None),
        (("training-jobs",), True, True, None),
        (("jobs.sqlite*",), False, True, "belong to training jobs that the store does not know"),
        (("s3/*.sqlite*",), True, False, "put-aside"),
        (("s3",), True, False, None),
        (("s3/blobs",), True, False, "files that do not exist"),
        (("model-registry.sqlite*", "reserve", "service.lock"), True, True, None),
    ],
    ids=str,
)
def test_what_is_left_is_served_and_what_is_missing_is_named(
    make_service: Callable[..., Any],
    original: Path,
    tmp_path: Path,
    missing: tuple[str, ...],
    jobs: bool,
    content: bool,
    warning: str | None,
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(original, copy)
    for pattern in missing:
        found = list(copy.glob(pattern))
        assert found or pattern in {"reserve", "service.lock"}, sorted(path.name for path in copy.rglob("*"))
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    service = make_service(copy, ["--images", str(original.parent / "images.toml")])
    s3, sagemaker = service.client("s3"), service.client("sagemaker")
    listed = sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
    assert [job["HyperParameterTuningJobStatus"] for job in listed] == (["Completed"] if jobs else [])
    if content:
        assert s3.get_object(Bucket="bucket", Key="key")["Body"].read() == b"content" * 10_000
    else:
        with pytest.raises(ClientError) as refused:
            s3.get_object(Bucket="bucket", Key="key")["Body"].read()
        assert refused.value.response["Error"]["Code"] in {"NoSuchBucket", "NoSuchKey", "InternalError"}
    log = service.log.read_text()
    assert (warning or "") in log
    assert "Traceback" not in log
    if not any(bucket["Name"] == "bucket" for bucket in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket="bucket")
    body = tuning_job("bucket")["TrainingJobDefinition"]
    sagemaker.create_training_job(TrainingJobName="after", **body)
    assert service.stop() == 0
