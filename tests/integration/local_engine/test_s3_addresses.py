"""S3 URIs that are addresses on the web, as AWS's pattern allows them."""

from __future__ import annotations

import pytest

from tests.integration.local_engine.jobs import channel, create, member

pytestmark = pytest.mark.integration


def test_what_is_read_and_what_is_written(service):
    service.objects.put("bucket", "data/a.csv", b"1,2")
    service.script(
        "(pathlib.Path(os.environ['SM_MODEL_DIR']) / 'seen').write_bytes("
        "(pathlib.Path(os.environ['SM_CHANNEL_TRAIN']) / 'a.csv').read_bytes())"
    )
    create(
        service,
        InputDataConfig=[channel("train", "S3Prefix", "https://bucket.s3.us-east-1.amazonaws.com/data/")],
        OutputDataConfig={"S3OutputPath": "https://s3.us-east-1.amazonaws.com/bucket/output"},
    )
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert member(service, "output/job/output/model.tar.gz", "seen") == b"1,2"
