"""Options that many commands share."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OUTPUTS = ("table", "json")
MAX_PORT = 65535
MAX_NAME = 32
"""Maximum length of a tuning job's name."""


def add_debug(parser: argparse._ActionsContainer) -> None:
    """``--debug``; it may stand before the command, too."""
    parser.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="log botocore's calls, and show the traceback of an error",
    )


def add_connection(parser: argparse.ArgumentParser, timeout: Callable[[str], object] = int) -> None:
    """Add the options for reaching SageMaker: an Airflow connection, or the AWS CLI's options.

    Args:
        parser: the command's parser.
        timeout: parses the time-outs.
    """
    group = parser.add_argument_group("connection")
    group.add_argument(
        "--aws-conn-id",
        metavar="ID",
        help="Airflow connection to use. Default: aws_default with `airflow hpt`; none with `airflow-hpt` or with "
        "--profile: boto3 then finds credentials, region and endpoint",
    )
    group.add_argument("--region", metavar="REGION", help="region (default: from the settings)")
    group.add_argument("--profile", metavar="NAME", help="profile of the AWS configuration files")
    group.add_argument("--endpoint-url", type=_url, metavar="URL", help="URL to send the calls to")
    group.add_argument(
        "--no-verify-ssl", action="store_true", help="do not verify the certificates of TLS connections"
    )
    group.add_argument("--ca-bundle", metavar="FILE", help="CA certificates to verify TLS connections with")
    group.add_argument(
        "--cli-read-timeout",
        type=timeout,
        metavar="SECONDS",
        help="read timeout in seconds (default: 60); 0 means none",
    )
    group.add_argument(
        "--cli-connect-timeout",
        type=timeout,
        metavar="SECONDS",
        help="connect timeout in seconds (default: 60); 0 means none",
    )
    group.add_argument(
        "--no-sign-request", action="store_true", help="do not sign requests, and do not load credentials"
    )
    add_debug(group)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--output table|json``."""
    parser.add_argument(
        "--output",
        choices=OUTPUTS,
        default="table",
        help="a table (default), or JSON with AWS member names",
    )


def add_job_name(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the tuning job's name."""
    parser.add_argument("name", type=_job_name, metavar="NAME", help="name of the tuning job")


def part_of_name(text: str) -> str:
    """Parse a training job's name, or a part of a tuning job's: SageMaker refuses any other text."""
    if not re.fullmatch("[a-zA-Z0-9-]{1,63}", text):
        raise argparse.ArgumentTypeError(f"must be 1 to 63 letters, digits and hyphens, got '{text}'")
    return text


def count(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got '{text}'")
    return int(text)


def port(text: str) -> int:
    """Parse a port number; 0 means any free port."""
    if not text.isdigit() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to {MAX_PORT}, got '{text}'")
    return int(text)


def seconds(text: str) -> float:
    """Parse a duration in seconds, more than 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds greater than 0, got '{text}'")
    return value


def _job_name(text: str) -> str:
    if len(text) > MAX_NAME or not re.fullmatch("[a-zA-Z0-9](-*[a-zA-Z0-9])*", text):
        raise argparse.ArgumentTypeError(
            f"must be a tuning job's name (1 to {MAX_NAME} letters, digits and hyphens), got '{text}'"
        )
    return text


def _url(text: str) -> str:
    if "://" not in text:
        raise argparse.ArgumentTypeError(f"must begin with http:// or https://, got '{text}'")
    return text
