"""Services with faults, and clients that meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from airflow_hpt_provider.demo.service import LocalService
from tests.support.tuning_jobs import images_file, tuning_job

SCRIPT = Path(__file__).parent / "training" / "quick.py"
Serve = Callable[[str], LocalService]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a service with the faults in a text."""
    running: list[LocalService] = []

    def start(faults: str) -> LocalService:
        images, file = images_file(tmp_path, SCRIPT), tmp_path / "faults.toml"
        file.write_text(faults)
        service = LocalService(
            tmp_path / "data", images, ["--faults", str(file), "--readable", str(tmp_path)]
        )
        running.append(service)
        service.start()
        return service

    yield start
    for service in running:
        service.stop()


def client(service: LocalService, name: str = "sagemaker", *, attempts: int = 1, **config: Any) -> Any:
    """A boto3 client that tries so often."""
    environment = service.environment
    make: Any = boto3.client
    return make(
        name,
        endpoint_url=service.endpoint,
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}, **config),
    )


def request(trials: int = 4, *, name: str = "job", **definition: Any) -> dict[str, Any]:
    """A tuning job of this number of trials, one at a time; ``definition`` are further members of its definition."""
    made = tuning_job("bucket", trials=trials, parallel=1)
    made["TrainingJobDefinition"] |= definition
    return {"HyperParameterTuningJobName": name, **made}
