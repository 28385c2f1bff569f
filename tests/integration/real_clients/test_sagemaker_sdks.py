"""The SageMaker Python SDK's tuner and sagemaker-core's resources, each in an environment of its own.

``make test-heavy`` makes the environments, in ``.heavy/sdk`` and ``.heavy/core``.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.real_clients.conftest import BUCKET, SCRIPT, request
from tests.support.tuning_jobs import IMAGE, ROLE, ended_job

pytestmark = [pytest.mark.integration, pytest.mark.heavy, pytest.mark.timeout(600)]

PROGRAMS = Path(__file__).parent / "heavy"
ENVIRONMENTS = Path(os.environ.get("AIRFLOW_HPT_HEAVY", Path(__file__).parents[3] / ".heavy"))


def interpreter(environment: str, package: str) -> Path:
    """The Python of one of the environments."""
    python = ENVIRONMENTS / environment / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{package} is not installed in {python.parent.parent}: make test-heavy does it")
    return python


def run(python: Path, program: str, *arguments: str, env: dict[str, str], given: str = "") -> Any:
    """What a program prints last, from JSON."""
    done = subprocess.run(
        [str(python), "-W", "ignore", str(PROGRAMS / program), *arguments],
        env=env,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", ["image", "script", "isolated"])
def test_the_sdks_tuner(kind: str, sdk_report: dict[str, Any]) -> None:
    report = sdk_report[kind]
    assert report["status"] == "Completed"
    rows = report["rows"]
    assert len(rows) == 3
    assert {row["TrainingJobStatus"] for row in rows} == {"Completed"}
    for row in rows:
        assert row["FinalObjectiveValue"] == pytest.approx((float(row["x"]) - 0.3) ** 2 + 1, abs=1e-5)
    best = min(rows, key=lambda row: row["FinalObjectiveValue"])["TrainingJobName"]
    assert report["best"] == report["attached best"] == best
    assert report["model"] == f"s3://{BUCKET}/sdk/{best}/output/model.tar.gz"
    assert report["isolated"] is (kind == "isolated")
    values = {row["metric_name"]: row["value"] for row in report["curve"]}
    final = min(row["FinalObjectiveValue"] for row in rows)
    assert values["objective"] == pytest.approx(final, abs=1e-6), "CloudWatch's metrics, read by the SDK"


def test_the_third_sdk_with_its_check_of_the_role(service: Any, tmp_path: Path) -> None:
    python = interpreter("sdk3", "sagemaker>=3")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **service.environment}
    report = run(python, "sdk3_trainer.py", IMAGE, BUCKET, ROLE, str(SCRIPT), env=env)
    assert report["trained"] == report["status"] == "Completed"
    assert report["completed"] == 3
    assert report["model"].startswith(f"s3://{BUCKET}/sdk3/")
    best = service.client("sagemaker").describe_training_job(TrainingJobName=report["best"])
    x = float(best["HyperParameters"]["x"])
    assert report["objective"] == pytest.approx((x - 0.3) ** 2 + 1, abs=1e-5)


@pytest.fixture(scope="module")
def sdk_report(service: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    python = interpreter("sdk", "sagemaker<3")
    home = tmp_path_factory.mktemp("sdk")
    env = {"PATH": os.environ["PATH"], "HOME": str(home), **service.environment}
    return run(python, "sdk_tuner.py", IMAGE, BUCKET, ROLE, str(SCRIPT), env=env)


BOTH = pytest.mark.parametrize(
    ("environment", "package"), [("core", "sagemaker-core"), ("sdk", "sagemaker<3")]
)


@BOTH
def test_searches_of_the_sdks(
    environment: str, package: str, name: str, service: Any, tmp_path: Path
) -> None:
    """Expressions of the SDK's own, and every answer read into sagemaker-core's SearchRecord."""
    python = interpreter(environment, package)
    sagemaker = service.client("sagemaker")
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "blue", "Value": "team"}]
    sagemaker.create_hyper_parameter_tuning_job(**request(name), Tags=tags)
    job = ended_job(sagemaker, name)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **service.environment}
    report = run(python, "core_searches.py", name, env=env)
    assert report["tuning job"] == "Completed"
    assert report["listed"] is True
    assert report["tags"] == {"team": "blue", "blue": "team"}
    assert report["best"] == report["found"][0] == job["BestTrainingJob"]["TrainingJobName"]
    assert report["objectives"] == sorted(report["objectives"])
    assert sorted(report["found"]) == report["all"]
    assert len(report["all"]) == 3
    assert report["suggested"] == [{"property_name": "Metrics.objective"}]


@BOTH
def test_sagemaker_cores_resources(
    environment: str, package: str, name: str, service: Any, tmp_path: Path
) -> None:
    python = interpreter(environment, package)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **service.environment}
    report = run(python, "core_resources.py", env=env, given=json.dumps(request(name)))
    assert report["status"] == "Completed"
    assert report["completed"] == 3
    assert report["best"].startswith(f"{name}-")
    assert report["listed"] == [name]
