"""``describe-hyper-parameter-tuning-job`` and the AWS CLI's version 2: the same bytes, exit codes and errors.

Debian packages version 2.9.19. Where the newest version differs, our command follows the newest (docs/cli.md).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.cli.conftest import CommandLine, Ended
from tests.support.aws_cli_2 import AwsCli2
from tests.support.foreign_programs import debian_program

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = [pytest.mark.integration, pytest.mark.foreign]

COMMAND = "describe-hyper-parameter-tuning-job"
NAME = "--hyper-parameter-tuning-job-name"
FORMS = ["json", "text", "table", "yaml", "yaml-stream"]
PREFIX = "\nairflow-hpt: [ERROR]: "


@dataclass
class Both:
    """Runs the command with both programs, with the same settings in the same home."""

    cli: CommandLine
    program: AwsCli2
    config: Path

    def __call__(self, *options: str, settings: str = "", **environment: str) -> tuple[Ended, Ended]:
        """Return what the AWS CLI leaves behind, and what ours does."""
        self.config.write_text(settings)
        self.cli.environment.update(AWS_CONFIG_FILE=str(self.config), AWS_EC2_METADATA_DISABLED="true")
        if "--endpoint-url" not in options:  # AWS_ENDPOINT_URL is younger than 2.9.19
            options = (*options, "--endpoint-url", self.cli.environment["AWS_ENDPOINT_URL"])
        variables = {**self.cli.environment, **environment}
        theirs = self.program.run(
            ["sagemaker", COMMAND, *options, "--no-cli-pager"], variables, self.cli.folder
        )
        return Ended(*theirs), self.cli(COMMAND, *options, "--no-cli-pager", **environment)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCli2]:
    debian_program("aws")
    program = AwsCli2(tmp_path_factory.mktemp("models"))
    yield program
    program.close()


@pytest.fixture
def both(cli: CommandLine, program: AwsCli2, tmp_path: Path) -> Both:
    return Both(cli, program, tmp_path / "config")


@pytest.mark.parametrize("form", FORMS)
def test_the_whole_response(both: Both, finished: str, form: str) -> None:
    theirs, ours = both(NAME, finished, "--output", form)
    assert (theirs.code, theirs.err) == (0, "")
    assert "objective" in theirs.out
    assert ours == theirs


@pytest.mark.parametrize("options", [("--query", "TrainingJobStatusCounters"), ("--output", "xml")])
def test_the_program_itself_does_the_same(
    both: Both, finished: str, service: LocalService, options: tuple[str, ...]
) -> None:
    """The other tests run it in forks of one process."""
    options = (NAME, finished, "--endpoint-url", service.endpoint, *options)
    theirs, _ = both(*options)
    alone = subprocess.run(
        [debian_program("aws"), "sagemaker", COMMAND, *options, "--no-cli-pager"],
        env=both.cli.environment,
        cwd=both.cli.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert Ended(alone.returncode, alone.stdout, alone.stderr) == theirs


WORKS: dict[str, tuple[list[str], dict[str, str]]] = {
    "yaml of a time": (["--output", "yaml", "--query", "CreationTime"], {}),
    "yaml of a text": (["--output", "yaml", "--query", "HyperParameterTuningJobStatus"], {}),
    "yaml of an empty text": (["--output", "yaml", "--query", '`""`'], {}),
    "yaml of a comma": (["--output", "yaml", "--query", '`"a,b"`'], {}),
    "yaml of a long text": (["--output", "yaml", "--query", "join(' ', keys(@))"], {}),
    "yaml of null": (["--output", "yaml", "--query", "Nothing"], {}),
    "yaml of an empty structure": (["--output", "yaml", "--query", "`{}`"], {}),
    "a stream of an empty structure": (["--output", "yaml-stream", "--query", "`{}`"], {}),
    "a stream of null": (["--output", "yaml-stream", "--query", "Nothing"], {}),
    "text of null": (["--output", "text", "--query", "Nothing"], {}),
    "table of null": (["--output", "table", "--query", "Nothing"], {}),
    "a list": (["--query", "[HyperParameterTuningJobName, Nothing]", "--output", "text"], {}),
    "an empty profile": (["--profile", ""], {}),
    "the output of the environment": ([], {"AWS_DEFAULT_OUTPUT": "text"}),
    "the output of a file": (["--color", "off"], {"settings": "[default]\noutput = table\n"}),
    "times as they come": ([], {"settings": "[default]\ncli_timestamp_format = wire\n"}),
    "no page": (["--no-paginate"], {}),
    "the region of version 2": (
        ["--query", "`1`"],
        {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "no where"},
    ),
    "time-outs": (["--cli-read-timeout", "30", "--cli-connect-timeout", "0"], {}),
    "a time-out with blanks": (["--cli-read-timeout", " 30 "], {}),
    "an abbreviation": (["--quer", "`1`"], {}),
    "JSON": (["--cli-input-json", '{"HyperParameterTuningJobName": "no-such-job"}'], {}),
    "skeleton": (["--generate-cli-skeleton"], {}),
    "skeleton in YAML": (["--generate-cli-skeleton", "yaml-input"], {}),
    "skeleton before a wrong file": (["--generate-cli-skeleton", "input", "--cli-input-json", "{}"], {}),
}


@pytest.mark.parametrize("case", WORKS)
def test_the_same_bytes(both: Both, finished: str, case: str) -> None:
    options, variables = WORKS[case]
    theirs, ours = both(NAME, finished, *options, **variables)
    assert (theirs.code, theirs.err) == (0, "")
    assert ours == theirs


def test_a_profile(both: Both, finished: str) -> None:
    """Its settings count, and its credentials even before those of the environment."""
    lines = ["[profile mine]", "output = yaml", "cli_timestamp_format = wire"]
    theirs, ours = both(NAME, finished, "--profile", "mine", settings="\n".join(lines))
    assert theirs.code == ours.code == 253
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    lines += [f"{name.lower()} = {both.cli.environment[name]}" for name in names]
    theirs, ours = both(NAME, finished, "--profile", "mine", settings="\n".join(lines))
    assert (theirs.code, theirs.err) == (0, "")
    assert "CreationTime: 1" in theirs.out
    assert ours == theirs


FAILS: dict[str, tuple[int, list[str], dict[str, str]]] = {
    "no such profile": (255, [NAME, "x", "--profile", "nope"], {}),
    "no such profile in the environment": (255, [NAME, "x"], {"AWS_PROFILE": "nope"}),
    "a broken config file": (255, [NAME, "x"], {"settings": "broken ["}),
    "a bad region": (255, [NAME, "x", "--region", "us east/1"], {}),
    "a bad output in the config file": (255, [NAME, "{finished}"], {"settings": "[default]\noutput = xml\n"}),
    "a bad output in the environment": (255, [NAME, "{finished}"], {"AWS_DEFAULT_OUTPUT": "xml"}),
    "an empty output in the environment": (255, [NAME, "{finished}"], {"AWS_DEFAULT_OUTPUT": ""}),
    "a wrong read time-out": (255, [NAME, "x", "--cli-read-timeout", "soon"], {}),
    "a wrong connect time-out": (255, [NAME, "x", "--cli-connect-timeout", "1.5"], {}),
    "a negative time-out": (255, [NAME, "x", "--cli-read-timeout", "-1"], {}),
    "times as botocore has them": (
        253,
        [NAME, "x"],
        {"settings": "[default]\ncli_timestamp_format = none\n"},
    ),
    "no credentials": (253, [NAME, "x"], {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
    "half of the credentials": (255, [NAME, "x"], {"AWS_SECRET_ACCESS_KEY": ""}),
    "no service": (255, [NAME, "x", "--endpoint-url", "http://127.0.0.1:9"], {}),
    "no such job": (254, [NAME, "no-such-job"], {}),
    "no signature": (254, [NAME, "x", "--no-sign-request"], {}),
    "no name": (252, [], {}),
    "an empty name": (252, [NAME, ""], {}),
    "no value": (252, [NAME], {}),
    "bytes for a name": (252, [NAME, "fileb://config"], {}),
    "no such file": (252, [NAME, "file://nope"], {}),
    "no such file of bytes": (252, [NAME, "fileb://nope"], {}),
    "bad JSON": (252, ["--cli-input-json", "{"], {}),
    "a list for a structure": (252, ["--cli-input-json", "[]"], {}),
    "no members": (252, ["--cli-input-json", "{}"], {}),
    "a number for a name": (252, ["--cli-input-json", '{"HyperParameterTuningJobName": 3}'], {}),
    "an unknown member": (252, ["--cli-input-yaml", "X: 3", NAME, "x"], {}),
    "JSON and YAML": (252, ["--cli-input-json", "{}", "--cli-input-yaml", "{}"], {}),
    "a bad query": (252, [NAME, "x", "--query", "["], {}),
    "a query that fails": (255, [NAME, "{finished}", "--query", "max(HyperParameterTuningJobName)"], {}),
    "rows of different lengths": (
        255,
        [NAME, "{finished}", "--query", "`[[1, 2], [3]]`", "--output", "table"],
        {},
    ),
    "no scheme": (252, [NAME, "x", "--endpoint-url", "foo"], {}),
    "an unknown option": (252, [NAME, "x", "--foo"], {}),
    "an unknown word": (252, [NAME, "x", "y"], {}),
    "help after something else": (252, [NAME, "x", "y", "help"], {}),
    "an unknown output": (252, [NAME, "x", "--output", "xml"], {}),
    "an unknown colour": (252, [NAME, "x", "--color", "blue"], {}),
    "an unknown skeleton": (252, ["--generate-cli-skeleton", "foo"], {}),
    "a response's skeleton without a name": (252, ["--generate-cli-skeleton", "output"], {}),
}
THEIR_WORDS = {
    *("no such profile", "no such profile in the environment", "a broken config file", "a bad region"),
    *("no such job", "an empty name", "bytes for a name", "no members", "a number for a name"),
    *("an unknown member", "half of the credentials", "no signature", "an unknown option", "an unknown word"),
    *("no name", "no value", "a query that fails", "no service", "no credentials"),
}
"""Errors whose text is botocore's, or a list of options: ours has it whole."""


@pytest.mark.parametrize("case", FAILS)
def test_the_same_exit_code_and_shape(both: Both, finished: str, case: str) -> None:
    """Nothing on stdout; on stderr an empty line, and then the error: the newest version names the program, too."""
    code, options, variables = FAILS[case]
    theirs, ours = both(*(each.replace("{finished}", finished) for each in options), **variables)
    assert (theirs.code, theirs.out) == (code, "")
    assert (ours.code, ours.out) == (code, "")
    assert theirs.err.startswith("\n")
    assert ours.err.startswith(PREFIX)
    if case in THEIR_WORDS:
        words = theirs.err.rstrip().split("aws: error: ")[-1].split("\nUnknown")[-1].strip()
        words = words.partition(" You can configure")[0].rstrip(".")
        assert words in ours.err


def test_help_is_no_error(both: Both, cli: CommandLine) -> None:
    for options in (["help"], ["--help"], ["--h"], ["--version"]):
        theirs, ours = (
            both.program.run(["sagemaker", COMMAND, *options], cli.environment, cli.folder),
            cli(COMMAND, *options),
        )
        assert theirs[0] == ours.code == 0, options
        assert ours.err == ""
        assert ("airflow-hpt-provider 0" if options == ["--version"] else "--cli-error-format") in ours.out


@pytest.mark.parametrize("options", [[], ["describe-hyper-parameter-tuning-jobs"]])
def test_a_missing_or_unknown_command(cli: CommandLine, program: AwsCli2, options: list[str]) -> None:
    theirs = program.run(["sagemaker", *options], cli.environment, cli.folder)
    ours = cli(*options)
    assert (theirs[0], theirs[1]) == (252, "")
    assert (ours.code, ours.out) == (252, "")


def errors(cli: CommandLine, form: str, **environment: Any) -> Ended:
    return cli(COMMAND, NAME, "no-such-job", "--cli-error-format", form, **environment)


def test_the_forms_of_errors(cli: CommandLine) -> None:
    """The newest version's, described in the AWS CLI's user guide; 2.9.19 has none of them."""
    message = "Amazon SageMaker can't find a tuning job called no-such-job. Type another name."
    call = "when calling the DescribeHyperParameterTuningJob operation"
    whole = f"An error occurred (ResourceNotFound) {call}: {message}"
    for form in ("enhanced", "legacy"):
        assert errors(cli, form).err.startswith(f"{PREFIX}{whole}\n")
    as_json = errors(cli, "json")
    assert (as_json.code, as_json.out) == (254, "")
    assert f'    "Message": "{message}",\n    "Code": "ResourceNotFound"' in as_json.err
    assert errors(cli, "text").err == f"ResourceNotFound\t{message}\n"
    assert "Code: ResourceNotFound\n" in errors(cli, "yaml").err
    assert (
        "|  Code   |" in " ".join(errors(cli, "table").err.split(" ")) or "Code" in errors(cli, "table").err
    )
    assert cli(COMMAND, NAME, "x", AWS_CLI_ERROR_FORMAT="xml", AWS_PROFILE="nope").err.startswith(PREFIX)
    assert cli(COMMAND, NAME, "no-such-job", AWS_CLI_ERROR_FORMAT="JSON").err == as_json.err
    assert cli(COMMAND, NAME, "x", "--cli-error-format", "xml").code == 252
