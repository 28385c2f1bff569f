"""The tuning jobs of all runs, and the service that runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_hpt_provider.demo.processes import free_port
from airflow_hpt_provider.demo.service import LocalService
from tests.support.tuning_jobs import images_file, tuning_job

BUCKET = "faults"
SCRIPT = Path(__file__).parent / "training" / "train.py"


def start_service(folder: Path) -> LocalService:
    """`airflow-hpt local serve` with room for many training jobs that only sleep.

    The service has a fixed port, so that its clients find it again after a kill.
    """
    images = images_file(folder, SCRIPT, "-S")
    service = LocalService(folder / "data", images, ["--max-parallel", "64", "--port", str(free_port())])
    service.start()
    service.client("s3").create_bucket(Bucket=BUCKET)
    return service


def job_config(**static: str) -> dict[str, Any]:
    """A tuning job of two training jobs side by side, each of which may take 20 minutes."""
    config = tuning_job(BUCKET, trials=2, **{"seconds": "3", **static})
    config["TrainingJobDefinition"]["StoppingCondition"]["MaxRuntimeInSeconds"] = 1200
    return config
