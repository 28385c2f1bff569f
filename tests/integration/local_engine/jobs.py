"""Training jobs for the tests: how they are made, and what they leave."""

from __future__ import annotations

import io
import tarfile


def create(service, name="job", algorithm="train.py", hyperparameters=None, **members):
    definition = service.definition(algorithm, **members)
    service.call(
        "CreateTrainingJob", TrainingJobName=name, HyperParameters=hyperparameters or {}, **definition
    )
    return name


def leader(service, name="job", attempt=1):
    """The pid of the process group of an attempt, once its script has begun."""
    path = service.directory / "training-jobs" / name / f"attempt-{attempt}" / "process"
    service.wait_until(lambda: path.exists() and path.read_text().strip())
    return int(path.read_text())


def channel(name, kind, uri, **members):
    source = {"S3DataType": kind, "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **members}


def member(service, key, name):
    with tarfile.open(fileobj=io.BytesIO(service.objects.get("bucket", key))) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return file.read()
