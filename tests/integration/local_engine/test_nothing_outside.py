"""A training job's directory is where everything of it stays: its checkpoints, its channels, its code."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from airflow_hpt_provider.local.errors import ServiceError

pytestmark = pytest.mark.integration


def create(service, name="job", **members):
    definition = service.definition() | members
    service.call("CreateTrainingJob", TrainingJobName=name, **definition)


@pytest.mark.parametrize(
    "path", ["/opt/ml/../../../../x", "..", "/opt/ml/checkpoints/../../../../x", "a/../../b"]
)
def test_checkpoints_cannot_lie_outside(service, path):
    with pytest.raises(ServiceError, match=r"CheckpointConfig\.LocalPath .* must not lead out"):
        create(service, CheckpointConfig={"S3Uri": "s3://bucket/checkpoints", "LocalPath": path})


@pytest.mark.parametrize("name", [".", ".."])
def test_a_channel_is_a_directory_of_its_own(service, name):
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data"}}
    with pytest.raises(ServiceError, match="choose another name"):
        create(service, InputDataConfig=[{"ChannelName": name, "DataSource": source}])


def test_checkpoints_whose_keys_lead_elsewhere_stay_away(service):
    service.objects.put("bucket", "checkpoints/../../../../evil", b"x")
    service.objects.put("bucket", "checkpoints/good", b"x")
    service.script("(base / 'model/seen').write_text(str(sorted(os.listdir(base / 'checkpoints'))))")
    create(service, CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"})
    assert service.training_job("job")["TrainingJobStatus"] == "Completed"
    with tarfile.open(
        fileobj=io.BytesIO(service.objects.get("bucket", "output/job/output/model.tar.gz"))
    ) as tar:
        assert tar.extractfile("seen").read() == b"['good']"
    assert not list(service.directory.rglob("evil"))


def test_a_training_job_has_none_of_the_services_files_open(service):
    service.script(
        "found = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if int(n) > 2\n"
        "         and os.path.exists(f'/proc/self/fd/{n}')]\n"
        "(base / 'model/open').write_text(json.dumps(found))"
    )
    create(service)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    with tarfile.open(
        fileobj=io.BytesIO(service.objects.get("bucket", "output/job/output/model.tar.gz"))
    ) as tar:
        found = json.loads(tar.extractfile("open").read())
    assert not [
        path
        for path in found
        if "sqlite" in path or "socket" in path or str(service.directory / "s3") in path
    ]


@pytest.mark.parametrize("kind", ["link", "file"])
def test_what_a_job_has_put_in_its_trees_place_goes_before_the_next_attempt(service, kind):
    elsewhere = service.directory / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    put = f"base.symlink_to({str(elsewhere)!r})" if kind == "link" else "base.touch()"
    service.script(
        f"""
import signal
aside = base.parent / "aside"
if not aside.exists():
    base.rename(aside)
    {put}
    os.killpg(0, signal.SIGKILL)
print("loss=1")
"""
    )
    create(service, RetryStrategy={"MaximumRetryAttempts": 1})
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert (elsewhere / "kept").exists()
