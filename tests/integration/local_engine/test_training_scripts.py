"""Training scripts in the styles that users write are tuned as they are, with and without sandboxes."""

from __future__ import annotations

import io
import json
import os
import signal
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.local_engine.test_sandbox import processes

if TYPE_CHECKING:
    from tests.integration.local_engine.conftest import Service

pytestmark = pytest.mark.integration
SCRIPTS = Path(__file__).parents[1] / "training_scripts"
NAMES = sorted(path.name for path in SCRIPTS.iterdir() if path.is_dir() and path.name != "__pycache__")
SEVERAL_HOSTS = {"two_hosts", "torch_gloo"}
SANDBOX_ONLY = {"hard_coded_opt_ml", *SEVERAL_HOSTS}
"""A bare process can have neither an /opt/ml nor a host name."""
MARKS = {
    # From PyPI, and partly compiled: `make test-heavy`.
    "sagemaker_training": [pytest.mark.heavy, pytest.mark.timeout(900)],
    "torch_gloo": [pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")],
}
CASES = [
    pytest.param(name, fixture, id=f"{name}-{fixture}", marks=MARKS.get(name, []))
    for name in NAMES
    for fixture in ("service", "sandboxed")
    if not (fixture == "service" and name in SANDBOX_ONLY)
]


def wheel() -> bytes:
    """A wheel that is on no index."""
    content, info = io.BytesIO(), "tiny_loss-1.0.dist-info"
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("tiny_loss.py", "def loss(x):\n    return (x - 0.3) ** 2\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-loss\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{info}/RECORD", f"tiny_loss.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    return content.getvalue()


def archive(name: str) -> bytes:
    """The directory of a script as a sourcedir.tar.gz."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for path in sorted((SCRIPTS / name).iterdir()):
            if path.name != "__pycache__":
                tar.add(path, path.name)
        if name == "requirements":
            member = tarfile.TarInfo("tiny_loss-1.0-py3-none-any.whl")
            member.size = len(wheel())
            tar.addfile(member, io.BytesIO(wheel()))
    return content.getvalue()


def definition(name: str) -> dict[str, Any]:
    entry_point = "train.sh" if (SCRIPTS / name / "train.sh").exists() else "train.py"
    static = {
        "sagemaker_program": json.dumps(entry_point),
        "sagemaker_submit_directory": json.dumps(f"s3://bucket/code/{name}.tar.gz"),
    }
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": "s3://bucket/train/",
        "S3DataDistributionType": "ShardedByS3Key" if name == "two_hosts" else "FullyReplicated",
    }
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
    hosts = 2 if name in SEVERAL_HOSTS else 1
    return {
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": hosts, "VolumeSizeInGB": 1},
        "StaticHyperParameters": static,
        "InputDataConfig": [channel],
        "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints"},
        "Environment": {},
    }


def test_all_styles_are_found() -> None:
    assert len(NAMES) == 13


@pytest.mark.parametrize(("name", "fixture"), CASES)
def test_it_is_tuned_as_it_is(request: pytest.FixtureRequest, name: str, fixture: str) -> None:
    service: Service = request.getfixturevalue(fixture)
    service.objects.put("bucket", "train/target.txt", b"0.3")
    service.objects.put("bucket", f"code/{name}.tar.gz", archive(name))
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2}
    service.tune("tune", config={"ResourceLimits": limits}, definition=definition(name))
    job = service.ended("tune", deadline=800 if name == "sagemaker_training" else 60)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    summaries = service.call(
        "ListTrainingJobsForHyperParameterTuningJob", HyperParameterTuningJobName="tune"
    )["TrainingJobSummaries"]
    assert len(summaries) == 2
    for summary in summaries:
        assert summary["TrainingJobStatus"] == "Completed", summary
        x = float(summary["TunedHyperParameters"]["x"])
        value = summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        assert value == pytest.approx((x - 0.3) ** 2, abs=1e-6)
        if name == "background_process":
            left = processes(summary["TrainingJobName"])
            # `env -i` hides a process from the search for a bare job's processes, never from a sandbox's end.
            assert not left if fixture == "sandboxed" else len(left) <= 1
            for pid in left:
                os.kill(pid, signal.SIGKILL)
