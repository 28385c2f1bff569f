"""A disk that is really full: a small file system of its own, where one can be mounted."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.tuning_jobs import ended_training_job, images_file, tuning_job

pytestmark = pytest.mark.integration

TRAIN = """
import json, os, pathlib, sys
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
how = json.loads((base / "input/config/hyperparameters.json").read_text())["how"]

def fill(file):
    while True:
        try:
            file.write(bytes(4096))
        except OSError as error:
            file.write(bytes(1))
            raise

if how == "fails":
    with open(base / "model/large", "wb", buffering=0) as file:
        fill(file)
elif how == "swallows":
    try:
        with open(base / "model/large", "wb", buffering=0) as file:
            fill(file)
    except OSError:
        pass
elif how == "log":
    try:
        while True:
            os.write(1, b"x" * 4095 + bytes([10]))
    except OSError:
        sys.exit(3)
print("objective=0.5;", flush=True)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("no file system can be mounted here: only root may")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    path = disk / "filling"
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    with path.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        file.write(bytes(4096))
    return path


def test_start_and_delete(make_service: Callable[[Path], Any], disk: Path) -> None:
    service = make_service(disk / "data")
    s3 = service.client("s3")
    s3.create_bucket(Bucket="bucket")
    for number in range(5):
        s3.put_object(Bucket="bucket", Key=str(number), Body=bytes(1000))
    filling = fill(disk)
    with pytest.raises(ClientError, match="No space left on device|disk is full"):
        s3.put_object(Bucket="bucket", Key="more", Body=bytes(100_000))
    s3.delete_object(Bucket="bucket", Key="0")
    service.stop()
    fill(disk)

    service.start()  # from its reserve
    assert f"The disk of {disk / 'data'} is full: free space on it" in service.log.read_text()
    s3 = service.client("s3")
    s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": str(n)} for n in range(1, 5)]})
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")
    assert "Traceback" not in service.log.read_text()
    filling.unlink()
    s3.put_object(Bucket="bucket", Key="more", Body=bytes(100_000))
    service.stop()


@pytest.mark.parametrize("how", ["fails", "swallows", "log"])
def test_a_training_job_that_fills_the_disk(
    make_service: Callable[..., Any], disk: Path, tmp_path: Path, how: str
) -> None:
    """Its failure names the disk and what to do, and it leaves the next one room, and the store."""
    script = tmp_path / "train.py"
    script.write_text(TRAIN)
    service = make_service(disk / "data", ["--images", str(images_file(tmp_path, script))])
    service.client("s3").create_bucket(Bucket="bucket")
    sagemaker = service.client("sagemaker")

    def train(name: str, how: str) -> dict[str, Any]:
        body = tuning_job("bucket", how=how)["TrainingJobDefinition"]
        body["HyperParameters"] = body.pop("StaticHyperParameters")
        sagemaker.create_training_job(TrainingJobName=name, **body)
        return ended_training_job(sagemaker, name)

    before = shutil.disk_usage(disk).free
    job = train("filling", how)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Not enough disk space. ")
    assert f"The disk of {disk}/data/training-jobs is full: free space on it" in job["FailureReason"]
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]].count("Training") == 1, "tried once"
    assert before - shutil.disk_usage(disk).free < 3 << 20, "what it left is cleaned up"
    assert train("next", "trains")["TrainingJobStatus"] == "Completed"
    assert "Traceback" not in service.log.read_text()
    service.stop()


def test_a_start_that_is_not_possible_says_what_to_do(disk: Path) -> None:
    fill(disk)
    (disk / "data").mkdir(mode=0o700)
    command = [sys.executable, "-m", "airflow_hpt_provider.cli.main", "local", "serve", "--data-dir"]
    done = subprocess.run(
        [*command, str(disk / "data")], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 2
    assert f"The disk of {disk / 'data'} is full: free space on it" in done.stderr
    assert "--data-dir" in done.stderr
    assert "Traceback" not in done.stderr
