"""The wheel, and one clean environment for each way to install it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_hpt_provider.demo.events import send_events_to_queue
from airflow_hpt_provider.demo.service import LocalService
from tests.support.tuning_jobs import images_file, tuning_job
from tests.support.wheels import REPOSITORY, CleanEnvironment, build
from tests.wheel.installed_airflow import Installed

HERE = Path(__file__).parent
SCRIPT = REPOSITORY / "tests" / "integration" / "provider" / "training" / "quick.py"
BUCKET = "upgrade"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    return CleanEnvironment.make(tmp_path_factory.mktemp("base") / "venv", wheel)


@pytest.fixture(scope="session")
def local(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    return CleanEnvironment.make(tmp_path_factory.mktemp("local") / "venv", wheel, "local")


@pytest.fixture(scope="session")
def demo(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """With what the demo needs, and what every other module does."""
    return CleanEnvironment.make(tmp_path_factory.mktemp("demo") / "venv", wheel, "demo,openlineage")


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Iterator[Installed]:
    """A running Airflow with the DAGs of ``upgrade_dags.py``."""
    environment = CleanEnvironment.make(tmp_path / "installed", wheel)
    dags = tmp_path / "dags"
    dags.mkdir()
    shutil.copy(HERE / "upgrade_dags.py", dags)
    gates = {name: tmp_path / name for name in ("gated", "forgotten")}
    options = ["--max-tuning-jobs", "3", "--readable", str(tmp_path)]
    with LocalService(tmp_path / "service", images_file(tmp_path, SCRIPT), options) as service:
        service.client("s3").create_bucket(Bucket=BUCKET)
        queues = {
            name: send_events_to_queue(service, f"{name}-events", "awaited") for name in ("older", "newer")
        }
        configs = {
            name: tuning_job(BUCKET, trials=1, parallel=1, gate=str(gate)) for name, gate in gates.items()
        }
        package = str(environment.path / "lib")
        (tmp_path / "configs.json").write_text(json.dumps({**configs, "queues": queues, "package": package}))
        request = {**configs["gated"], "HyperParameterTuningJobName": "awaited"}
        service.client("sagemaker").create_hyper_parameter_tuning_job(**request)
        variables = {
            "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
            "UPGRADE_CONFIGS": str(tmp_path / "configs.json"),
            "AIRFLOW__HPT__MIN_POLL_INTERVAL": "0.5",
        }
        running = Installed(environment, service, dags, gates, variables)
        try:
            running.start()
            yield running
        finally:
            running.airflow.stop()
            for gate in gates.values():
                gate.touch()
