"""The command line: help, usage errors, and one clear line for what the user can put right."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_hpt_provider import __version__
from airflow_hpt_provider.cli.errors import missing_extra
from airflow_hpt_provider.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--help"], "local tuning service"),
        (["local", "--help"], "serve"),
        (["local", "serve", "--help"], "--images FILE"),
    ],
)
def test_help(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert text in capsys.readouterr().out


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for command in ("local", "demo", "up"):
        assert f"\n    {command} " in out


@pytest.mark.parametrize(
    "command",
    [
        *(
            "validate",
            "create",
            "wait",
            "list",
            "training-jobs",
            "best",
            "stop",
            "plot",
            "migrate-check",
            "demo",
            "up",
        ),
        *("describe-hyper-parameter-tuning-job", "local serve", "local status", "local reset"),
    ],
)
def test_every_command_can_show_where_an_error_comes_from(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    assert "--debug" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"), [([], "required: COMMAND"), (["describe"], "invalid choice: 'describe'")]
)
def test_a_missing_or_unknown_command_has_the_aws_clis_exit_code(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 252
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["local"], "required: COMMAND"),
        (["local", "--nothing", "status"], "unrecognized arguments: --nothing"),
        (["local", "serve", "--port", "70000"], "must be a port from 0 to 65535, got '70000'"),
        (["local", "serve", "--max-parallel", "0"], "must be a whole number of at least 1, got '0'"),
        (["logs", ""], "TRAINING_JOB: must be 1 to 63 letters, digits and hyphens, got ''"),
        (["list", "--name-contains", "%"], "must be 1 to 63 letters, digits and hyphens, got '%'"),
        (["local", "serve", "--spot-interruptions", "often"], "must be a rate of at least 0, got 'often'"),
    ],
)
def test_usage_errors(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--output", "paper"], "invalid choice: 'paper'"),
        (["--cli-input-json", "{}", "--cli-input-yaml", "{}"], "not allowed with argument"),
        (["--endpoint-url", "localhost"], "must begin with http:// or https://, got 'localhost'"),
        (["--nothing"], "Unknown options: --nothing"),
    ],
)
def test_usage_errors_of_the_aws_clis_command_have_its_exit_code(
    options: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["describe-hyper-parameter-tuning-job", *options])
    assert ended.value.code == 252
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--images", "none.toml"], "none.toml: file not found"),
        (["--host", "0.0.0.0"], "loopback addresses only"),
    ],
)
def test_one_line_per_error(
    options: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["local", "serve", "--data-dir", str(tmp_path), *options]
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("airflow-hpt: error: ")
    assert text in err
    assert err.count("\n") == 1
    with pytest.raises(Exception, match=text):
        main(["--debug", *arguments])


def test_missing_extra() -> None:
    error = missing_extra(ModuleNotFoundError("No module named 'moto'", name="moto"), "local")
    assert str(error).endswith("pip install 'airflow-hpt-provider[local]'")
    assert "moto is not installed" in str(error)


def test_without_the_extra(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['moto'] = None\n"
        "from airflow_hpt_provider.cli.main import main\n"
        f"sys.exit(main(['local', 'serve', '--data-dir', {str(tmp_path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'airflow-hpt-provider[local]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_local_status_of_a_lock_that_cannot_be_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not the same as no service: then a second one would be started."""
    (tmp_path / "service.lock").mkdir()
    assert main(["local", "status", "--data-dir", str(tmp_path)]) == 2
    assert f"{tmp_path / 'service.lock'} cannot be opened: Is a directory" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["none", "file"])
def test_local_status_where_there_is_no_service(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["local", "status", "--data-dir", str(tmp_path / folder)]) == 3
    assert "No local tuning service runs on" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from airflow_hpt_provider.cli.main import build_parser\n"
        "build_parser().format_help()\n"
        "print([m for m in ('airflow', 'boto3', 'botocore', 'moto', 'numpy', 'uvicorn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["list", "--limit", "-1"], "must be a whole number of at least 1, got '-1'"),
        (["training-jobs", "job", "--limit", "0"], "must be a whole number of at least 1, got '0'"),
        (["wait", "job", "--poll-interval", "0"], "must be a number of seconds greater than 0, got '0'"),
        (["wait", "job", "--timeout", "1h"], "must be a number of seconds greater than 0, got '1h'"),
        (["stop", "job", "--timeout", "nan"], "must be a number of seconds greater than 0, got 'nan'"),
        (["best", "my_job"], "letters, digits and hyphens), got 'my_job'"),
        (["best", "j" * 33], "1 to 32 letters, digits and hyphens"),
        (["list", "--endpoint-url", "localhost"], "must begin with http:// or https://, got 'localhost'"),
    ],
)
def test_a_wrong_value_is_reported_before_anything_is_asked(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    err = capsys.readouterr().err
    assert ended.value.code == 2
    assert text in err
    assert err.count("\n") == 1


def test_a_service_that_is_down_is_reported_soon(tmp_path: Path) -> None:
    from airflow_hpt_provider.cli import connection

    assert connection.RETRY_TIMEOUT.total_seconds() <= 10, "a person waits"
    settings = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AIRFLOW_HOME": str(tmp_path),
    }
    code = (
        "import datetime, sys\n"
        "from airflow_hpt_provider.cli import connection, main\n"
        "connection.RETRY_TIMEOUT = datetime.timedelta(0)\n"
        "sys.exit(main.main(sys.argv[1:]))"
    )
    with socket.socket() as taken:  # bound, and not listening: no other process can bind it
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        command = [sys.executable, "-c", code, "wait", "job", "--endpoint-url", url]
        done = subprocess.run(
            command, env=os.environ | settings, capture_output=True, text=True, timeout=200, check=False
        )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "retrying in" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f'airflow-hpt: error: Could not connect to the endpoint URL: "{url}')
    assert "Is the service running" in last


def test_a_profile_that_is_missing_is_the_users_to_put_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert main(["list", "--profile", "missing"]) == 2
    assert "The config profile (missing) could not be found" in capsys.readouterr().err


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_outputs_that_are_closed_do_not_change_the_exit_code(closed: str) -> None:
    program = f'"$0" -m airflow_hpt_provider.cli.main validate "$1" {closed}'
    config = Path(__file__).parents[3] / "dags" / "breast_cancer.yaml"
    for path, code in ((config, 0), (config.with_name("none.yaml"), 1)):
        done = subprocess.run(["sh", "-c", program, sys.executable, path], capture_output=True, check=False)
        assert done.returncode == code, done.stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    code = (
        "import argparse, sys\n"
        "from airflow_hpt_provider.cli.main import execute\n"
        "def run(options):\n"
        "    for _ in range(100000): print('a line of a long table')\n"
        "    return 0\n"
        "sys.exit(execute(argparse.Namespace(run=run)))"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.readline()
    program.stdout.close()
    assert (program.stderr.read(), program.wait(60)) == ("", 141)
    program.stderr.close()


CONFIG = """\
HyperParameterTuningJobConfig:
  Strategy: Random
  HyperParameterTuningJobObjective: {Type: Minimize, MetricName: loss}
  ResourceLimits: {MaxNumberOfTrainingJobs: "{{ params.jobs }}", MaxParallelTrainingJobs: 1}
  ParameterRanges:
    IntegerParameterRanges: [{Name: depth, MinValue: "2", MaxValue: "{% if wide %}9{% else %}5{% endif %}"}]
TrainingJobDefinition:
  AlgorithmSpecification:
    TrainingImage: 123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1
    TrainingInputMode: File
    MetricDefinitions: [{Name: loss, Regex: "loss=([-+.0-9e]+)"}]
  OutputDataConfig: {S3OutputPath: "s3://bucket/models"}
  ResourceConfig: {InstanceType: ml.m5.large, InstanceCount: 1, VolumeSizeInGB: 5}
  StoppingCondition: {MaxRuntimeInSeconds: 600}
  RoleArn: "{{ params.role_arn }}"
"""


def test_templates_in_a_config_are_named_and_not_held_against_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(CONFIG)
    assert main(["validate", str(path)]) == 0
    *templates, last = capsys.readouterr().out.splitlines()
    members = {line.split(": ")[1].rsplit(".", 1)[-1] for line in templates}
    assert members == {"MaxNumberOfTrainingJobs", "MaxValue", "RoleArn"}
    assert all(line.endswith("is a template: checked after a task has rendered it") for line in templates)
    assert last == f"{path}: valid, except for templates, which are not checked"
    path.write_text(CONFIG.replace("Random", "Rnadom"))
    assert main(["validate", str(path)]) == 1
    reported = capsys.readouterr().out
    assert "did you mean 'Random'?" in reported
    assert f"{path}: valid" not in reported


def test_warnings_name_their_line_and_leave_a_config_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = CONFIG.replace("loss=([-+.0-9e]+)", "\\\\tloss=([-+.0-9e]+)").replace('"{{ params.jobs }}"', "2")
    config = config.replace("{% if wide %}9{% else %}5{% endif %}", "9")
    config = config.replace("{{ params.role_arn }}", "arn:aws:iam::123456789012:role/tuning")
    path = tmp_path / "job.yaml"
    path.write_text(config)
    assert main(["validate", str(path)]) == 0
    warning, last = capsys.readouterr().out.splitlines()
    place = "TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions[0].Regex"
    assert warning.startswith(f"{path}:11: warning: {place}: \\t never matches on AWS")
    assert last.startswith(f"{path}: valid: Random search of 1 hyperparameter")
