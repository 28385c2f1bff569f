"""``describe-hyper-parameter-tuning-job`` next to the aws CLI from PyPI: the same bytes for the same answer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from ruamel.yaml import YAML

from tests.integration.cli.conftest import CommandLine, Ended

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = pytest.mark.integration

COMMAND = "describe-hyper-parameter-tuning-job"
NAME = "--hyper-parameter-tuning-job-name"

Both = Callable[..., tuple[Ended, Ended]]


@pytest.fixture
def both(cli: CommandLine, finished: str, tmp_path: Path) -> Both:
    """Runs the command with both programs: the aws CLI's output, and ours."""
    config = tmp_path / ".aws" / "config"
    config.parent.mkdir()
    config.write_text("[default]\ncli_timestamp_format = iso8601\n")

    def run(*options: str) -> tuple[Ended, Ended]:
        arguments = (COMMAND, NAME, finished, *options)
        return cli.run("aws", "sagemaker", *arguments), cli(*arguments)

    return run


@pytest.mark.parametrize("color", ["on", "off", "auto"])
@pytest.mark.parametrize("form", ["json", "text", "table"])
def test_the_whole_answer(both: Both, form: str, color: str) -> None:
    theirs, ours = both("--output", form, "--color", color)
    assert ("\x1b[34m" in theirs.out) == ((form, color) == ("table", "on"))
    assert (theirs.code, theirs.err) == (0, "")
    assert "objective" in theirs.out
    assert ours == theirs


@pytest.mark.parametrize("columns", [40, 120, 400])
@pytest.mark.parametrize("color", ["off", "auto"])
def test_a_table_on_a_terminal(cli: CommandLine, both: Both, finished: str, color: str, columns: int) -> None:
    """As wide as the terminal, and in colours by itself."""
    arguments = (COMMAND, NAME, finished, "--output", "table", "--color", color)
    theirs = cli.on_terminal(("aws", "sagemaker", *arguments), columns)
    assert ("\x1b[34m" in theirs) == (color == "auto")
    assert "objective" in theirs
    assert cli.on_terminal(("airflow-hpt", *arguments), columns) == theirs


def test_the_same_answer_in_yaml(cli: CommandLine, finished: str, both: Both) -> None:
    """Version 1 has no YAML: what version 2 writes it with makes it of version 1's JSON."""
    answer = json.loads(both("--output", "json")[0].out)
    for form, value in (("yaml", answer), ("yaml-stream", [answer])):
        yaml, theirs = YAML(typ="safe"), io.StringIO()
        yaml.representer.default_flow_style = False
        yaml.dump(value, theirs)
        for color in ("on", "off"):
            ours = cli(COMMAND, NAME, finished, "--output", form, "--color", color)
            assert ours == Ended(0, theirs.getvalue(), "")


QUERY = "{Name: HyperParameterTuningJobName, Best: BestTrainingJob, Range: *.*.CategoricalParameterRanges[]}"


@pytest.mark.parametrize("form", ["json", "text", "table"])
def test_a_query(both: Both, form: str) -> None:
    theirs, ours = both("--output", form, "--query", QUERY, "--color", "off")
    assert (theirs.code, theirs.err) == (0, "")
    assert ours == theirs


def test_times_as_they_come(cli: CommandLine, both: Both, tmp_path: Path) -> None:
    """The aws CLI's version 1 prints seconds since 1970 by default; so does this command with the same setting."""
    (tmp_path / ".aws" / "config").write_text("[default]\ncli_timestamp_format = wire\noutput = text\n")
    theirs, ours = both("--query", "[CreationTime, HyperParameterTuningEndTime]")
    assert float(theirs.out.split("\t")[0]) > 1.7e9
    assert ours == theirs


def test_arguments_from_files(cli: CommandLine, finished: str, tmp_path: Path) -> None:
    """From JSON, from YAML, from a file; what stands on the command line comes first."""
    (tmp_path / "job.yaml").write_text(f"HyperParameterTuningJobName: {finished}\n")
    (tmp_path / "name.txt").write_text(finished)
    wrong = '{"HyperParameterTuningJobName": "not-this-one"}'
    (tmp_path / "job.json").write_text(wrong.replace("not-this-one", finished))
    for arguments in (
        ("--cli-input-json", wrong.replace("not-this-one", finished)),
        ("--cli-input-json", "fileb://job.json"),
        ("--cli-input-yaml", "file://job.yaml"),
        (NAME, "file://$HOME/name.txt"),
        (NAME, "file://~/name.txt"),
        ("--cli-input-json", wrong, NAME, finished),
        (NAME, "file://name.txt"),
    ):
        arguments = (COMMAND, *arguments, "--query", "HyperParameterTuningJobName", "--output", "text")
        done = Ended(0, f"{finished}\n", "")
        assert cli(*arguments) == done, arguments
        if "--cli-input-yaml" not in arguments:  # version 1 has none
            assert cli.run("aws", "sagemaker", *arguments) == done, arguments


def test_a_name_that_is_a_boolean_in_old_yaml(cli: CommandLine) -> None:
    """As version 2 of the aws CLI reads it: a word; so it is the service that knows no such job."""
    for text, code in (("on", 254), ("No", 254), ("true", 252), ("1e5", 252), ("{}", 252)):
        done = cli(COMMAND, "--cli-input-yaml", f"HyperParameterTuningJobName: {text}")
        assert (done.code, done.out) == (code, ""), (text, done.err)
    both = cli(COMMAND, "--cli-input-yaml", "{}", "--cli-input-json", "{}")
    assert (both.code, "not allowed with" in both.err) == (252, True)


def test_the_name_is_asked_for(cli: CommandLine, finished: str) -> None:
    arguments = ("airflow-hpt", COMMAND, "--cli-auto-prompt", "--query", "HyperParameterTuningJobStatus")
    reported = cli.on_terminal(arguments, typed=f"{finished}\n")
    assert reported.replace("\r\n", "\n").endswith('"Completed"\n')
    assert f"{NAME}: " in reported
    assert "no value was given" in cli.on_terminal(arguments, typed="\n")
    nobody = cli.run(*arguments)
    assert (nobody.code, "stdin is not a terminal" in nobody.err) == (252, True)
    assert cli(COMMAND, NAME, finished, "--cli-auto-prompt", "--output", "off") == Ended(0, "", "")
    assert cli(COMMAND, NAME, finished, "--cli-auto-prompt", "--no-cli-auto-prompt").code == 252


def test_skeletons(cli: CommandLine, finished: str) -> None:
    theirs = cli.run("aws", "sagemaker", COMMAND, "--generate-cli-skeleton")
    assert (
        cli(COMMAND, "--generate-cli-skeleton") == cli(COMMAND, "--generate-cli-skeleton", "input") == theirs
    )
    as_yaml = cli(COMMAND, "--generate-cli-skeleton", "yaml-input")
    assert as_yaml.out == "HyperParameterTuningJobName: ''  # [REQUIRED] The name of the tuning job.\n"
    filled_in = as_yaml.out.replace("''", finished)
    assert cli(COMMAND, "--cli-input-yaml", filled_in, "--output", "off").code == 0


def test_an_error_of_the_service(cli: CommandLine) -> None:
    theirs = cli.run("aws", "sagemaker", COMMAND, NAME, "no-such-job")
    ours = cli(COMMAND, NAME, "no-such-job")
    assert (ours.code, ours.out) == (254, "")
    assert ours.err.strip().removeprefix("airflow-hpt: [ERROR]: ") in theirs.err
    assert (ours.err[0], ours.err.count("\n")) == ("\n", 2)
    with pytest.raises(ClientError):
        cli(COMMAND, NAME, "no-such-job", "--debug")


@pytest.mark.parametrize(
    "wrong", [("--output", "xml"), ("--no-such-option",), ("--color", "blue"), ("--cli-error-format", "xml")]
)
def test_wrong_options(cli: CommandLine, wrong: tuple[str, ...]) -> None:
    done = cli(COMMAND, NAME, "job", *wrong)
    assert (done.code, done.out) == (252, "")
    assert wrong[0] in done.err


def test_options_of_the_connection(cli: CommandLine, finished: str, service: LocalService) -> None:
    """Each overrides the environment; a wrong one is reported in a line."""
    describe = (COMMAND, NAME, finished, "--output", "off")
    elsewhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    assert cli(*describe, **elsewhere).code == 255
    assert cli(*describe, "--endpoint-url", service.endpoint, "--region", "us-east-1", **elsewhere).code == 0
    unsigned = cli(*describe, "--no-sign-request")
    assert unsigned.code == 254
    assert "MissingAuthenticationToken" in unsigned.err
    assert cli(*describe, "--profile", "nobody").code == 255
    assert cli(*describe, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="").code == 253
    everything = (
        *("--no-verify-ssl", "--cli-read-timeout", "30", "--cli-connect-timeout", "0", "--no-paginate"),
        *("--no-cli-pager", "--no-cli-auto-prompt", "--cli-binary-format", "base64", "--color", "on"),
    )
    assert cli(*describe, *everything) == Ended(0, "", "")
