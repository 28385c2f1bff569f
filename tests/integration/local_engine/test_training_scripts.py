"""Training scripts in the styles that users write are tuned as they are, with and without sandboxes."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.local_engine.conftest import SYSTEM_PYTHON
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
}
CASES = [
    pytest.param(name, fixture, False, id=f"{name}-{fixture}", marks=MARKS.get(name, []))
    for name in NAMES
    for fixture in ("service", "sandboxed")
    if not (fixture == "service" and name in SANDBOX_ONLY)
] + [pytest.param(name, "sandboxed", True, id=f"{name}-isolated") for name in sorted(SEVERAL_HOSTS)]


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


def python_with_torch() -> str:
    """The first Python that has torch: the service's, or the system's (Debian: python3-torch)."""
    looked = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    for python in (sys.executable, SYSTEM_PYTHON):
        if Path(python).exists() and subprocess.run([python, "-c", looked], check=False).returncode == 0:
            return python
    pytest.skip(f"neither {sys.executable} nor {SYSTEM_PYTHON} has torch (Debian: python3-torch)")


def with_image(service: Service, name: str, made: dict[str, Any]) -> dict[str, Any]:
    """The script as a mapped image, which the system's Python runs, in place of script mode."""
    shutil.copy(SCRIPTS / name / "train.py", service.scripts / "train.py")
    specification = service.definition()["AlgorithmSpecification"] | {"TrainingImage": "system/torch:1"}
    return {**made, "AlgorithmSpecification": specification, "StaticHyperParameters": {}}


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


@pytest.mark.parametrize(("name", "fixture", "isolated"), CASES)
def test_it_is_tuned_as_it_is(
    request: pytest.FixtureRequest, name: str, fixture: str, isolated: bool
) -> None:
    service: Service = request.getfixturevalue(fixture)
    service.objects.put("bucket", "train/target.txt", b"0.3")
    service.objects.put("bucket", f"code/{name}.tar.gz", archive(name))
    made = definition(name)
    if name == "torch_gloo" and python_with_torch() == SYSTEM_PYTHON:
        made = with_image(service, name, made)
    # torch's rendezvous listens on all addresses, and jobs that are not isolated have the machine's ports in common.
    parallel = 1 if name == "torch_gloo" and not isolated else 2
    made["EnableNetworkIsolation"] = isolated
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": parallel}
    service.tune("tune", config={"ResourceLimits": limits}, definition=made)
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
