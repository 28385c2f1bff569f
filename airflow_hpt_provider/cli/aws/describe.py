"""``describe-hyper-parameter-tuning-job``: as ``aws sagemaker`` has it.

Times are ISO 8601, as in version 2 of the aws CLI, unless ``cli_timestamp_format = wire`` in the AWS configuration
file says otherwise.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from typing import Any

from airflow_hpt_provider.cli.aws import output, skeleton
from airflow_hpt_provider.cli.aws.errors import INVALID_INPUT, InputError, SettingsError, as_aws_error
from airflow_hpt_provider.cli.aws.inputs import parameters_of, text_of
from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.errors import discard_output, usage_error
from airflow_hpt_provider.cli.options import add_connection

OPERATION = "DescribeHyperParameterTuningJob"
COMMAND = "describe-hyper-parameter-tuning-job"
NAME_OPTION = "--hyper-parameter-tuning-job-name"

_DESCRIPTION = """\
Gets a description of a hyperparameter tuning job. The same command as the aws CLI's, with the same options, output
and exit codes; an Airflow connection will do, too."""

_EPILOG = """\
exit codes, as the aws CLI's version 2:
  0 done, 252 wrong arguments, 253 credentials, region or profile missing, 254 refused by SageMaker, 255 anything else

examples:
  describe-hyper-parameter-tuning-job --hyper-parameter-tuning-job-name NAME --query BestTrainingJob.TrainingJobName
  describe-hyper-parameter-tuning-job --generate-cli-skeleton yaml-input > job.yaml
  describe-hyper-parameter-tuning-job --cli-input-yaml file://job.yaml --output table"""


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        COMMAND,
        help="what SageMaker says of a tuning job; as `aws sagemaker` has it",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        NAME_OPTION,
        metavar="VALUE",
        help="the name of the tuning job; required, unless one of the next three is given",
    )
    files = parser.add_mutually_exclusive_group()
    files.add_argument(
        "--cli-input-json",
        metavar="TEXT",
        help="read the arguments from this JSON, or from file://PATH; other arguments override it",
    )
    files.add_argument(
        "--cli-input-yaml",
        metavar="TEXT",
        help="read the arguments from this YAML, or from file://PATH; other arguments override it",
    )
    parser.add_argument(
        "--generate-cli-skeleton",
        nargs="?",
        const="input",
        choices=skeleton.KINDS,
        metavar="KIND",
        help="send nothing; print the arguments to fill in, as JSON (input, the default) or YAML (yaml-input), or "
        "check the arguments and print a sample answer (output)",
    )
    formatting = parser.add_argument_group("output")
    formatting.add_argument(
        "--output",
        choices=output.FORMATS,
        help="form of the answer; default: AWS_DEFAULT_OUTPUT, the AWS configuration file's, or json",
    )
    formatting.add_argument("--query", metavar="EXPRESSION", help="a JMESPath query to filter the answer by")
    formatting.add_argument(
        "--color", choices=output.COLORS, default="auto", help="of --output table; default: on a terminal"
    )
    add_connection(parser)
    prompts = parser.add_mutually_exclusive_group()
    prompts.add_argument(
        "--cli-auto-prompt", action="store_true", help="ask for the name of the tuning job if it is not given"
    )
    prompts.add_argument("--no-cli-auto-prompt", action="store_true", help="ask for nothing; the default")
    others = parser.add_argument_group("taken for the aws CLI's sake; without effect on this command")
    others.add_argument("--no-paginate", action="store_true", help="the answer has one page")
    others.add_argument("--no-cli-pager", action="store_true", help="no pager is ever started")
    others.add_argument(
        "--cli-binary-format",
        choices=("base64", "raw-in-base64-out"),
        help="the operation takes and gives no binary values",
    )
    parser.set_defaults(run=run, parser=parser)
    parser.error = partial(usage_error, parser, code=INVALID_INPUT)


def run(options: argparse.Namespace) -> int:
    """Call the operation and print its answer, or a skeleton."""
    try:
        _describe(options)
    except BrokenPipeError:  # whoever read the output has seen enough
        discard_output()
    except Exception as error:
        if getattr(options, "debug", False):
            raise
        raise as_aws_error(error) from error
    return 0


def _describe(options: argparse.Namespace) -> None:
    query = _query(options.query)
    kind = options.generate_cli_skeleton
    if kind in {"input", "yaml-input"}:
        print(skeleton.input_skeleton(_any_client(), OPERATION, as_yaml=kind == "yaml-input"))
        return
    parameters = _parameters(options)
    if kind == "output":
        answer = skeleton.output_skeleton(_any_client(), OPERATION, parameters)
        form = options.output or "json"
    else:
        connection = Connection.of(options)
        session = connection.session()
        form = _form(options.output, session)
        _read_times_as_text(session)
        answer = connection.client(session).describe_hyper_parameter_tuning_job(**parameters)
    answer.pop("ResponseMetadata", None)
    value = answer if query is None else query.search(answer)
    try:
        output.write(value, form, sys.stdout, title=OPERATION, color=options.color)
    except ValueError as error:
        raise InputError(f"--output {form}: {error}") from error
    sys.stdout.flush()


def _parameters(options: argparse.Namespace) -> dict[str, Any]:
    name = options.hyper_parameter_tuning_job_name
    if name is not None:
        name = text_of(NAME_OPTION, name)
    elif (options.cli_input_json, options.cli_input_yaml, options.generate_cli_skeleton) == (
        None,
        None,
        None,
    ):
        if not options.cli_auto_prompt:
            raise InputError(f"the following arguments are required: {NAME_OPTION}")
        name = _asked()
    return parameters_of(
        {"HyperParameterTuningJobName": name}, options.cli_input_json, options.cli_input_yaml
    )


def _asked() -> str:
    if not sys.stdin.isatty():
        raise InputError(f"--cli-auto-prompt: there is no terminal to ask on; give {NAME_OPTION}")
    print(f"{NAME_OPTION}: ", end="", file=sys.stderr, flush=True)  # stdout is for the answer
    if name := sys.stdin.readline().strip():
        return text_of(NAME_OPTION, name)
    raise InputError(f"--cli-auto-prompt: no value was given for {NAME_OPTION}")


def _query(text: str | None) -> Any:
    if text is None:
        return None
    import jmespath

    try:
        return jmespath.compile(text)
    except Exception as error:
        raise InputError(f"bad value for --query {text}: {' '.join(str(error).split())}") from error


def _form(chosen: str | None, session: Any) -> str:
    form = chosen or os.environ.get("AWS_DEFAULT_OUTPUT") or _setting(session, "output") or "json"
    if form not in output.FORMATS:
        raise SettingsError(f"output = {form} in the AWS settings is none of {', '.join(output.FORMATS)}")
    return form


def _read_times_as_text(session: Any) -> None:
    """Times become text where they are read, so that a query can select and format them."""
    from botocore.utils import parse_timestamp

    form = _setting(session, "cli_timestamp_format") or "iso8601"
    parsers = {
        "iso8601": lambda value: parse_timestamp(value).isoformat(),
        "wire": lambda value: value,
        "none": lambda value: value,
    }
    if form not in parsers:
        raise SettingsError(f"cli_timestamp_format = {form} in the AWS settings is neither iso8601 nor wire")
    core = session._session  # boto3 has no public way to it
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parsers[form])


def _setting(session: Any, name: str) -> str | None:
    return session._session.get_scoped_config().get(name)  # type: ignore[no-any-return]


def _any_client() -> Any:
    """A client that is never used for a call."""
    import boto3

    session: Any = boto3.session.Session
    return session(
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106 - nothing is sent
    ).client("sagemaker")
