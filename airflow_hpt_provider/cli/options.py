"""Options that many commands share."""

from __future__ import annotations

import argparse
import re

OUTPUTS = ("table", "json")
MAX_NAME = 32
"""Characters of a tuning job's name."""


def add_debug(parser: argparse._ActionsContainer) -> None:
    """``--debug``; it may stand before the command, too."""
    parser.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="log what botocore does, and show the traceback of an error",
    )


def add_connection(parser: argparse.ArgumentParser) -> None:
    """How to reach SageMaker: an Airflow connection, or what the aws CLI takes."""
    group = parser.add_argument_group("connection")
    group.add_argument(
        "--aws-conn-id",
        metavar="ID",
        help="Airflow connection to use. Default: with `airflow hpt`, aws_default; with `airflow-hpt`, or where "
        "--profile is given, none: credentials, region and endpoint come from where boto3 finds them",
    )
    group.add_argument("--region", metavar="REGION", help="region, instead of the settings' own")
    group.add_argument("--profile", metavar="NAME", help="profile of the AWS configuration files")
    group.add_argument("--endpoint-url", type=_url, metavar="URL", help="send the calls there")
    group.add_argument(
        "--no-verify-ssl", action="store_true", help="do not verify the certificates of TLS connections"
    )
    group.add_argument("--ca-bundle", metavar="FILE", help="CA certificates to verify TLS connections with")
    group.add_argument(
        "--cli-read-timeout",
        type=int,
        metavar="SECONDS",
        help="longest wait for an answer (default: 60); 0: without end",
    )
    group.add_argument(
        "--cli-connect-timeout",
        type=int,
        metavar="SECONDS",
        help="longest wait for a connection (default: 60); 0: without end",
    )
    group.add_argument(
        "--no-sign-request", action="store_true", help="do not sign requests; no credentials are looked for"
    )
    add_debug(group)


def add_output(parser: argparse.ArgumentParser) -> None:
    """``--output table|json``."""
    parser.add_argument(
        "--output",
        choices=OUTPUTS,
        default="table",
        help="table for people (the default), or JSON in AWS's names",
    )


def add_job_name(parser: argparse.ArgumentParser) -> None:
    """The tuning job's name."""
    parser.add_argument("name", type=_job_name, metavar="NAME", help="the tuning job's name")


def count(text: str) -> int:
    """A number from 1 upwards."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 upwards")
    return int(text)


def seconds(text: str) -> float:
    """A time in seconds, more than 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is no time: give seconds, as a number above 0")
    return value


def _job_name(text: str) -> str:
    if len(text) > MAX_NAME or not re.fullmatch("[a-zA-Z0-9](-*[a-zA-Z0-9])*", text):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no name of a tuning job, which has at most {MAX_NAME} letters, digits and hyphens"
        )
    return text


def _url(text: str) -> str:
    if "://" not in text:
        raise argparse.ArgumentTypeError(f"'{text}' has no scheme: give it as http://HOST/ or https://HOST/")
    return text
