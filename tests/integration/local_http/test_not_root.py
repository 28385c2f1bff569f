"""A service of a user who is not root. If the tests run as root, they start it as the user ``nobody``."""

from __future__ import annotations

import io
import json
import os
import pwd
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.local.runners import permissions
from tests.integration.local_http.conftest import Service
from tests.integration.local_http.searched import definition, wait

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

BUCKET = "not-root"
REPOSITORY = Path(__file__).parents[3]
# A tree that its user can neither read nor remove as it is: root could.
SCRIPT = b"""
import json, os, pathlib, signal, sys, time
base, hps = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]), json.loads(os.environ["SM_HPS"])
assert os.getuid() != 0
print("as", os.getuid(), flush=True)
locked = base / "model" / "locked" / "deep"
locked.mkdir(parents=True)
(locked / "weights").write_text("w")
(locked / "weights").chmod(0)
for path in (locked, locked.parent, base / "input" / "data"):
    path.chmod(0o555 if path.name == "data" else 0)
first = base.parent / "first"
if hps.get("again") and not first.exists():
    first.touch()
    os.killpg(0, signal.SIGKILL)
path = base / "checkpoints" / "epoch"
begun = int(path.read_text()) if path.exists() else 0
for epoch in range(begun + 1, int(hps["epochs"]) + 1):
    if path.parent.is_dir():
        path.write_text(str(epoch))
    print(f"loss={hps.get('x', 1)}; acc={epoch};", flush=True)
    time.sleep(0.1)
if path.parent.is_dir():
    path.chmod(0)
    path.parent.chmod(0)
if "x" not in hps:
    base.parent.chmod(0o500)
"""


def process_options() -> dict[str, Any]:
    """Arguments that run a process as the user ``nobody`` if the tests run as root, with the same packages."""
    packages = sysconfig.get_paths()["purelib"]
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), packages])}
    if os.geteuid() != 0:
        return {"env": environment}
    nobody = pwd.getpwnam("nobody")
    return {"env": environment, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def interpreter(options: dict[str, Any]) -> str:
    """A Python that such a process may run: ours may be in root's home."""
    name = f"python3.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        try:
            subprocess.run(
                [python, "-c", "import airflow_hpt_provider.local.server"],
                check=True,
                capture_output=True,
                cwd="/",
                **options,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(
        f"the unprivileged user may run {sys.executable}, and no other {name} here has this environment's packages"
    )


@pytest.fixture(scope="module", params=["none", "auto"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    options = process_options()
    python = interpreter(options)
    # pytest's own directories are for their user alone.
    directory = Path(tempfile.mkdtemp(prefix="airflow-hpt-not-root-"))
    if "user" in options:
        os.chown(directory, options["user"], options["group"])
    isolation = ["--isolation", request.param]
    made = Service(directory / "data", python, isolation, cwd=directory, **options)
    try:
        made.start()
        yield made
    finally:
        if made.process is not None:
            made.stop()
        permissions.remove(directory)


@pytest.fixture(scope="module")
def static(service: Service) -> dict[str, str]:
    s3 = service.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="data/rows", Body=b"1")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        info = tarfile.TarInfo("train.py")
        info.size = len(SCRIPT)
        tar.addfile(info, io.BytesIO(SCRIPT))
    s3.put_object(Bucket=BUCKET, Key="code.tar.gz", Body=archive.getvalue())
    return {
        "sagemaker_program": json.dumps("train.py"),
        "sagemaker_submit_directory": json.dumps(f"s3://{BUCKET}/code.tar.gz"),
    }


def request(static: dict[str, str], *, epochs: int, **members: Any) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data/"}
    hyperparameters = static | {"epochs": str(epochs)}
    return {
        **definition(
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/output"},
            InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            **members,
        ),
        "StaticHyperParameters": hyperparameters,
    }


def tune(service: Service, name: str, definition: dict[str, Any], trials: int) -> Callable[[], Any]:
    """Create a tuning job; what describes it."""
    service.client("sagemaker").create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trials, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        },
        TrainingJobDefinition=definition,
    )
    return lambda: service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )


def status(describe: Callable[[], Any]) -> str:
    return str(describe()["HyperParameterTuningJobStatus"])


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def saved(service: Service, prefix: str) -> list[str]:
    found = service.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [each["Key"] for each in found]


def test_a_tuning_job_that_is_killed_and_continues(service: Service, static: dict[str, str]) -> None:
    checkpoints = {"CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/checkpoints"}}
    describe = tune(service, "killed", request(static, epochs=20, **checkpoints), trials=3)
    until(lambda: list(service.data_dir.glob("training-jobs/killed-*/attempt-1/log")))
    service.stop(signal.SIGKILL)
    service.start()
    wait(lambda: status(describe))
    assert describe()["TrainingJobStatusCounters"]["Completed"] == 3
    keys = saved(service, "checkpoints/killed-")
    assert len(keys) == 3
    last = {service.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}
    assert last == {b"20"}


def test_one_that_is_stopped(service: Service, static: dict[str, str]) -> None:
    describe = tune(service, "stopped", request(static, epochs=6000), trials=2)
    until(lambda: len(list(service.data_dir.glob("training-jobs/stopped-*/attempt-1/process"))) == 2)
    service.client("sagemaker").stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="stopped")
    until(lambda: status(describe) == "Stopped")


@pytest.mark.parametrize("service", ["none"], indirect=True)  # it writes outside of its /opt/ml
def test_what_a_job_has_locked(service: Service, static: dict[str, str]) -> None:
    """It is uploaded, it does not stand in the next attempt's way, and the disk is freed of it."""
    asked = request(static, epochs=1, RetryStrategy={"MaximumRetryAttempts": 1})
    hyperparameters = asked.pop("StaticHyperParameters") | {"again": "1"}
    sagemaker = service.client("sagemaker")
    sagemaker.create_training_job(TrainingJobName="locked", HyperParameters=hyperparameters, **asked)
    wait(lambda: sagemaker.describe_training_job(TrainingJobName="locked")["TrainingJobStatus"])
    job = sagemaker.describe_training_job(TrainingJobName="locked")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]].count("Starting") == 2
    body = service.client("s3").get_object(Bucket=BUCKET, Key="output/locked/output/model.tar.gz")["Body"]
    with tarfile.open(fileobj=io.BytesIO(body.read())) as tar:
        weights = tar.extractfile("locked/deep/weights")
        assert weights is not None
        assert weights.read() == b"w"
    tree = service.data_dir / "training-jobs" / "locked" / "ml"
    assert not [each for each in ("model", "input/data", "code") if (tree / each).exists()]


def test_all_that_it_keeps_is_its_users(service: Service) -> None:
    owner = service.data_dir.stat().st_uid
    assert owner != 0
    assert {path.lstat().st_uid for path in service.data_dir.rglob("*")} == {owner}
