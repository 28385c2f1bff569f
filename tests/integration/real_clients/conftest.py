"""One service, and tuning jobs for clients that know nothing of it but its address and key."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.demo.service import LocalService
from tests.support.tuning_jobs import images_file, tuning_job

BUCKET = "real-clients"
SCRIPT = Path(__file__).parent / "train.py"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    folder = tmp_path_factory.mktemp("real-clients")
    images = images_file(folder, SCRIPT)
    with LocalService(folder / "data", images, ["--readable", str(folder.parent)]) as running:
        s3 = running.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="train/rows.csv", Body=b"1,2\n")
        yield running


@pytest.fixture
def environment(service: LocalService, tmp_path: Path) -> dict[str, str]:
    """What a program gets: local.env and a home of its own, nothing of this process's."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", **service.environment}


@pytest.fixture
def name() -> str:
    """Of a tuning job that is not there yet."""
    return f"job-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """Trials with the static hyperparameter ``gate`` run until this file exists."""
    path = tmp_path / "open"
    yield path
    path.touch()


def request(name: str, trials: int = 3, **static: str) -> dict[str, Any]:
    """A tuning job of this number of quick trials with one channel of data."""
    made = tuning_job(BUCKET, trials=trials, parallel=min(2, trials), **{"epochs": "1", **static})
    data = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/train/"}
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": data}}
    made["TrainingJobDefinition"]["InputDataConfig"] = [channel]
    return {"HyperParameterTuningJobName": name, **made}
