"""Channels in Pipe mode."""

from __future__ import annotations

import gzip
import json
import threading
import tracemalloc

import pytest

from airflow_hpt_provider.local.runners.contract import AttemptListener, AttemptResult, TrainingSpec
from airflow_hpt_provider.local.runners.data import pipes
from tests.integration.local_engine.jobs import channel, create, member

pytestmark = pytest.mark.integration


def test_pipes(service):
    """Two epochs of one channel, records of another; the third pipe of the first is never read."""
    service.objects.put("bucket", "p/a", gzip.compress(b"one "))
    service.objects.put("bucket", "p/b", gzip.compress(b"two"))
    lines = [{"source-ref": f"s3://bucket/i/{n}", "label": n} for n in range(3)]
    for n in range(3):
        service.objects.put("bucket", f"i/{n}", f"image-{n}".encode())
    service.objects.put("bucket", "m", "\n".join(json.dumps(line) for line in lines).encode())
    service.script(
        """
import struct
data = base / "input" / "data"
epochs = [(data / f"plain_{n}").read_bytes().decode() for n in range(2)]
records = []
with open(data / "images_0", "rb") as pipe:
    while head := pipe.read(8):
        magic, length = struct.unpack("<II", head)
        assert magic == 0xCED7230A
        records.append(pipe.read(length).decode())
        pipe.read(-length % 4)
(base / "model" / "seen").write_text(json.dumps([epochs, records]))
"""
    )
    plain = channel("plain", "S3Prefix", "s3://bucket/p/", InputMode="Pipe", CompressionType="Gzip")
    images = channel(
        "images",
        "AugmentedManifestFile",
        "s3://bucket/m",
        InputMode="Pipe",
        RecordWrapperType="RecordIO",
        ShuffleConfig={"Seed": 3},
    )
    images["DataSource"]["S3DataSource"]["AttributeNames"] = ["source-ref", "label"]
    create(service, InputDataConfig=[plain, images])
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    epochs, records = json.loads(member(service, "output/job/output/model.tar.gz", "seen"))
    assert epochs == ["one two", "one two"]
    assert sorted(records) == ["0", "1", "2", "image-0", "image-1", "image-2"]
    for image, label in zip(records[::2], records[1::2], strict=True):
        assert image == f"image-{label}", "an image and its label stay together"
    service.wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("pipe ")])


def test_an_unread_pipe_does_not_hold_the_job(service):
    service.objects.put("bucket", "p/a", b"x" * 1_000_000)
    service.script("open(base / 'input/data/read_0', 'rb').read(10)")
    channels = [channel(name, "S3Prefix", "s3://bucket/p/", InputMode="Pipe") for name in ("read", "unread")]
    create(service, InputDataConfig=channels)
    assert service.training_job("job")["TrainingJobStatus"] == "Completed"
    service.wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("pipe ")])


def test_a_channel_that_cannot_be_fed_fails_its_job(service):
    """Else it would train on what came before, and take that for all there is."""
    service.objects.put("bucket", "i/0", b"image")
    service.objects.put("bucket", "m", b'{"source-ref": "s3://bucket/i/0"}\n{"other": 1}\n')
    service.script(
        """
import time
(base / "input/data/images_0").read_bytes()
time.sleep(600)
"""
    )
    images = channel("images", "AugmentedManifestFile", "s3://bucket/m", InputMode="Pipe")
    images["DataSource"]["S3DataSource"]["AttributeNames"] = ["source-ref"]
    create(service, InputDataConfig=[images])
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == (
        "ClientError: Data download failed:s3://bucket/m line 2: the attribute 'source-ref' is missing "
        "(channel 'images')"
    )


def test_a_record_that_unpacks_to_more_than_a_record_fails_its_job(service, monkeypatch):
    """The service takes a record into memory whole; some kilobytes of gzip hold gigabytes."""
    monkeypatch.setattr(pipes, "MAX_RECORD_BYTES", 100_000)
    service.objects.put("bucket", "p/bomb", gzip.compress(bytes(50 << 20)))
    service.script("import time\n(base / 'input/data/plain_0').read_bytes()\ntime.sleep(20)")
    options = {"InputMode": "Pipe", "CompressionType": "Gzip", "RecordWrapperType": "RecordIO"}
    tracemalloc.start()
    try:
        create(service, InputDataConfig=[channel("plain", "S3Prefix", "s3://bucket/p/", **options)])
        job = service.training_job("job")
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    assert job["TrainingJobStatus"] == "Failed"
    assert "a RecordIO record must have at most 100000 bytes (s3://bucket/p/bomb)" in job["FailureReason"]


def test_a_job_may_remove_its_input(service):
    service.objects.put("bucket", "p/a", b"x")
    service.script(
        "import shutil\n(base / 'input/data/read_0').read_bytes()\nshutil.rmtree(base / 'input' / 'data')"
    )
    create(service, InputDataConfig=[channel("read", "S3Prefix", "s3://bucket/p/", InputMode="Pipe")])
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")


def test_one_whose_end_is_known_is_not_run_again(service):
    """The service may be killed between the upload of the model and the record of the end."""
    service.objects.put("bucket", "p/a", b"one")
    service.script("(base / 'model' / 'seen').write_text((base / 'input/data/plain_0').read_text())")
    plain = channel("plain", "S3Prefix", "s3://bucket/p/", InputMode="Pipe")
    create(service, InputDataConfig=[plain])
    job = service.training_job("job")
    spec = TrainingSpec(
        name="job",
        arn="arn",
        definition=service.definition(InputDataConfig=[plain]),
        hyperparameters={},
        directory=service.directory / "training-jobs" / "job",
    )
    ends = []
    service.runner.resume(spec, AttemptListener(lambda *status: None, lambda *metrics: None, ends.append))
    service.wait_until(lambda: ends)
    artifact, ended_at = job["ModelArtifacts"]["S3ModelArtifacts"], job["TrainingEndTime"].timestamp()
    assert ends == [AttemptResult(model_artifact=artifact, ended_at=ended_at)]
