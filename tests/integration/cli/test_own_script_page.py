"""docs/own-script.md: its files and commands, in an empty directory, tune as the page says."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.cli.main import main
from airflow_hpt_provider.demo.service import LocalService

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration
PAGE = (Path(__file__).parents[3] / "docs" / "own-script.md").read_text()
FILES = dict(re.findall(r'^```\w+ title="([\w.-]+)"\n(.*?)^```', PAGE, re.DOTALL | re.MULTILINE))
COMMANDS = re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LocalService]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    with LocalService(tmp_path / ".local", tmp_path / "images.toml") as running:
        yield running


def test_the_page(service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(FILES) == {"train.py", "images.toml", "script-mode.yaml", "own-image.yaml"}
    monkeypatch.chdir(tmp_path)
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    serve, source, *commands = COMMANDS
    assert serve == "airflow-hpt local serve --images images.toml"
    assert source == "set -a; . .local/local.env; set +a"
    for command in commands:
        program, *arguments = shlex.split(command)
        if program == "airflow-hpt":
            assert main(arguments) == 0, command
        elif program == "aws":
            assert arguments[:2] == ["s3", "cp"]
            bucket, _, key = arguments[3].removeprefix("s3://").partition("/")
            service.client("s3").upload_file(arguments[2], bucket, key)
        else:
            subprocess.run([program, *arguments], check=True)
    sagemaker = service.client("sagemaker")
    for name in ("script-mode", "own-image"):
        job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        assert job["TrainingJobStatusCounters"]["Completed"] == 4
        best = job["BestTrainingJob"]
        x = float(best["TunedHyperParameters"]["x-value"])
        value = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        assert value == pytest.approx((x - 0.3) ** 2, abs=1e-6)
