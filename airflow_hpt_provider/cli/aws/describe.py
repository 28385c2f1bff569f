"""``describe-hyper-parameter-tuning-job``: as ``aws sagemaker`` has it.

Times are ISO 8601, as in version 2 of the aws CLI, unless ``cli_timestamp_format = wire`` in the AWS configuration
file says otherwise.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from airflow_hpt_provider import __version__
from airflow_hpt_provider.cli.aws import error_forms, output, skeleton
from airflow_hpt_provider.cli.aws.errors import Failure, InputError, OtherError, SettingsError
from airflow_hpt_provider.cli.aws.inputs import parameters_of, value_of
from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.errors import discard_output
from airflow_hpt_provider.cli.options import add_connection
from airflow_hpt_provider.hooks.actions import needs

OPERATION = "DescribeHyperParameterTuningJob"
COMMAND = "describe-hyper-parameter-tuning-job"
NAME_OPTION = "--hyper-parameter-tuning-job-name"

_DESCRIPTION = """\
Describe a hyperparameter tuning job. The command has the options, output and exit codes of the AWS CLI's command of
the same name, and also accepts an Airflow connection."""

_EPILOG = """\
exit codes, as in version 2 of the AWS CLI:
  0 success, 252 invalid arguments, 253 no credentials or region, 254 rejected by SageMaker,
  255 other error, such as a profile that does not exist or a service that cannot be reached

examples:
  describe-hyper-parameter-tuning-job --hyper-parameter-tuning-job-name NAME --query BestTrainingJob.TrainingJobName
  describe-hyper-parameter-tuning-job --generate-cli-skeleton yaml-input > job.yaml
  describe-hyper-parameter-tuning-job --cli-input-yaml file://job.yaml --output table"""


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        COMMAND,
        help="describe a tuning job, with the same options and output as `aws sagemaker`",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        NAME_OPTION,
        metavar="VALUE",
        help="name of the tuning job; required unless one of the next three options is given",
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
        help="print a template of the arguments as JSON (input, the default) or YAML (yaml-input), or validate the "
        "arguments and print a sample response (output); no request is sent",
    )
    formatting = parser.add_argument_group("output")
    formatting.add_argument(
        "--output",
        choices=output.FORMATS,
        help="output format (default: AWS_DEFAULT_OUTPUT, the AWS configuration file's, or json)",
    )
    formatting.add_argument(
        "--query", metavar="EXPRESSION", help="JMESPath query to filter the response with"
    )
    formatting.add_argument(
        "--color",
        choices=output.COLORS,
        default="auto",
        help="colors of --output table (default: on a terminal)",
    )
    formatting.add_argument(
        "--cli-error-format",
        choices=error_forms.FORMATS,
        help="format of errors on stderr (default: AWS_CLI_ERROR_FORMAT, cli_error_format in the AWS configuration "
        "file, or enhanced)",
    )
    add_connection(parser, timeout=str)
    prompts = parser.add_mutually_exclusive_group()
    prompts.add_argument(
        "--cli-auto-prompt",
        action="store_true",
        help="prompt for the name of the tuning job if it is not given",
    )
    prompts.add_argument("--no-cli-auto-prompt", action="store_true", help="do not prompt (the default)")
    others = parser.add_argument_group(
        "accepted for compatibility with the AWS CLI; no effect on this command"
    )
    others.add_argument("--no-paginate", action="store_true", help="the response always has one page")
    others.add_argument("--no-cli-pager", action="store_true", help="this command never starts a pager")
    others.add_argument(
        "--cli-binary-format",
        choices=("base64", "raw-in-base64-out"),
        help="this operation has no binary values",
    )
    # The AWS CLI's own ways to ask for help.
    parser.add_argument("--h", action="help", help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"airflow-hpt-provider {__version__}")
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.set_defaults(run=run, parser=parser)
    parser.error = partial(_usage_error, parser)


def run(options: argparse.Namespace) -> int:
    """Call the operation and print its response, or a skeleton; return the AWS CLI's exit code."""
    try:
        if options.words == ["help"]:
            options.parser.print_help()
        elif options.words:
            raise InputError(f"Unknown options: {', '.join(options.words)}")
        else:
            _describe(options)
    except BrokenPipeError:  # the reader of the output has closed the pipe
        discard_output()
    except Exception as error:
        if getattr(options, "debug", False):
            raise
        failure = Failure.of(error)
        form = error_forms.chosen(options.cli_error_format, options.profile)
        error_forms.write(failure, form, sys.stderr)
        return failure.exit_code
    return 0


def _usage_error(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    unknown = message.removeprefix("unrecognized arguments: ")
    if unknown != message:
        message = f"Unknown options: {', '.join(unknown.split())}"
    failure = Failure.of(InputError(f"{message} (see {parser.prog} --help)"))
    error_forms.write(failure, error_forms.chosen(None), sys.stderr)
    parser.exit(failure.exit_code)


@needs("sagemaker:DescribeHyperParameterTuningJob")
def _describe(options: argparse.Namespace) -> None:
    query = _query(options.query)
    connection = _connection(options)
    kind = options.generate_cli_skeleton
    if kind in {"input", "yaml-input"}:
        print(skeleton.input_skeleton(_any_client(), OPERATION, as_yaml=kind == "yaml-input"))
        return
    parameters = _parameters(options)
    if kind == "output":
        answer = skeleton.output_skeleton(_any_client(), OPERATION, parameters)
        form = options.output or "json"
    else:
        session = connection.session()
        form = _form(options.output, session)
        _read_times_as_text(session)
        answer = connection.client(session).describe_hyper_parameter_tuning_job(**parameters)
    answer.pop("ResponseMetadata", None)
    value = answer if query is None else query.search(answer)
    try:
        output.write(value, form, sys.stdout, title=OPERATION, color=options.color)
    except ValueError as error:
        raise OtherError(f"--output {form}: {error}") from error
    sys.stdout.flush()


def _connection(options: argparse.Namespace) -> Connection:
    for name in ("cli_read_timeout", "cli_connect_timeout"):
        value = getattr(options, name)
        try:
            setattr(options, name, None if value is None else int(value))
        except ValueError as error:
            option = f"--{name.replace('_', '-')}"
            raise OtherError(f"{option} must be a whole number of seconds, got {value!r}") from error
    connection = Connection.of(options)
    if connection.aws_conn_id is None and connection.region is None:
        # Version 2 of the AWS CLI reads this variable before AWS_DEFAULT_REGION; boto3 does not read it.
        return replace(connection, region=os.environ.get("AWS_REGION"))
    return connection


def _parameters(options: argparse.Namespace) -> dict[str, Any]:
    name = options.hyper_parameter_tuning_job_name
    if name is not None:
        name = value_of(NAME_OPTION, name)
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


def _asked() -> str | bytes:
    if not sys.stdin.isatty():
        raise InputError(f"--cli-auto-prompt: stdin is not a terminal; pass {NAME_OPTION}")
    print(f"{NAME_OPTION}: ", end="", file=sys.stderr, flush=True)  # stdout is for the answer
    if name := sys.stdin.readline().strip():
        return value_of(NAME_OPTION, name)
    raise InputError(f"--cli-auto-prompt: no value was given for {NAME_OPTION}")


def _query(text: str | None) -> Any:
    if text is None:
        return None
    import jmespath

    try:
        return jmespath.compile(text)
    except Exception as error:
        raise InputError(
            f"--query must be a JMESPath expression, got {text}: {' '.join(str(error).split())}"
        ) from error


def _form(chosen: str | None, session: Any) -> str:
    form = chosen or os.environ.get("AWS_DEFAULT_OUTPUT", _setting(session, "output") or "json")
    if form not in output.FORMATS:
        raise OtherError(f"output in the AWS settings must be one of {', '.join(output.FORMATS)}, got {form}")
    return form


def _read_times_as_text(session: Any) -> None:
    """Read times as text, so that a query can select and format them."""
    from botocore.utils import parse_timestamp

    form = _setting(session, "cli_timestamp_format") or "iso8601"
    parsers = {
        "iso8601": lambda value: parse_timestamp(value).isoformat(),
        "wire": lambda value: value,
    }
    if form not in parsers:
        raise SettingsError(f"cli_timestamp_format in the AWS settings must be iso8601 or wire, got {form}")
    core = session._session  # boto3 has no public way to it
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parsers[form])


def _setting(session: Any, name: str) -> str | None:
    return session._session.get_scoped_config().get(name)  # type: ignore[no-any-return]


def _any_client() -> Any:
    """Return a client that is never used for a call."""
    import boto3

    session: Any = boto3.session.Session
    return session(
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106 - nothing is sent
    ).client("sagemaker")
