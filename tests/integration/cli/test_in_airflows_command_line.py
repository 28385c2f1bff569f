"""``airflow hpt``: our commands in Airflow's own parser, on Airflow's own connection (Airflow 3.2+)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.cli.conftest import CommandLine, Ended

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = pytest.mark.integration
CONNECTION = "AIRFLOW_CONN_AWS_DEFAULT"
Airflow = Callable[..., Ended]


@pytest.fixture
def airflow(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cli: CommandLine) -> Airflow:
    """Runs ``airflow`` in this process without any AWS settings."""
    from airflow.cli.cli_parser import get_parser

    parser = get_parser()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(cli.folder))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        options = parser.parse_args(arguments)
        with pytest.raises(SystemExit) as ended:
            options.func(options)
        reported = capsys.readouterr()
        return Ended(int(ended.value.code or 0), reported.out, reported.err)

    return run


def test_airflows_connection_is_the_default(
    airflow: Airflow, monkeypatch: pytest.MonkeyPatch, service: LocalService, finished: str
) -> None:
    monkeypatch.setenv(CONNECTION, service.airflow_connection)
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", service.airflow_connection)
    command = ("hpt", "describe-hyper-parameter-tuning-job", "--hyper-parameter-tuning-job-name", finished)
    query = ("--query", "HyperParameterTuningJobStatus", "--output", "text")
    for options in ((), ("--aws-conn-id", "other")):
        done = airflow(*command, *query, *options)
        assert (done.code, done.out) == (0, "Completed\n")
    assert finished in airflow("hpt", "list", "--name-contains", finished).out
    assert airflow("hpt", "wait", finished).code == 0


def test_without_a_connection_boto3_finds_its_way(airflow: Airflow) -> None:
    done = airflow("hpt", "best", "any-job", "--region", "us-east-1")
    assert (done.code, done.out) == (2, "")
    assert "Unable to locate credentials. Give --region, --profile or --aws-conn-id" in done.err
    missing = airflow("hpt", "best", "any-job", "--aws-conn-id", "nowhere")
    assert missing.code == 2
    assert "Airflow connection 'nowhere' does not exist" in missing.err
    both = airflow("hpt", "best", "any-job", "--aws-conn-id", "nowhere", "--profile", "me")
    assert "give only one" in both.err


def test_offline_commands(airflow: Airflow, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("HyperParameterTuningJobConfig: {Strategie: Random}\n")
    done = airflow("hpt", "validate", str(tmp_path / "wrong.yaml"))
    assert done.code == 1
    assert "did you mean 'Strategy'?" in done.out
