"""Errors of the command line, and what others' errors say to its user."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, ClassVar, NoReturn

if TYPE_CHECKING:
    import argparse

FAILURE = 1
"""Exit code of an internal or remote error."""
USAGE_ERROR = 2
"""Exit code of a usage or configuration error."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells."""
NO_COMMAND = 252
"""Exit code of a command that is missing or unknown, as in version 2 of the AWS CLI."""
PIPE_CLOSED = 141
"""Exit code after the reader of the output closed the pipe, as in shells."""


class CommandError(Exception):
    """Something that the user can put right; shown without a traceback.

    Attributes:
        exit_code: what the program ends with.
    """

    exit_code: ClassVar[int] = USAGE_ERROR


def usage_error(parser: argparse.ArgumentParser, message: str, code: int = USAGE_ERROR) -> NoReturn:
    """End the program over wrong arguments: one line, without a page of options above it."""
    parser.exit(code, f"{parser.prog}: error: {message} (see {parser.prog} --help)\n")


def discard_output() -> None:
    """Discard the rest of the output after the reader closed the pipe: Python writes once more when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def missing_extra(error: ImportError, extra: str) -> CommandError:
    """Return the error for a package that only one of this project's extras installs."""
    return CommandError(
        f"this command needs the '{extra}' extra ({error.name or error} is not installed): "
        f"pip install 'airflow-hpt-provider[{extra}]'"
    )


def message_and_code(error: Exception) -> tuple[str, int]:
    """Return an error's message and its exit code.

    One line; a config's problems, one line each. Nothing is imported to find out: an error of a package can only come
    from one that is loaded.
    """
    text = str(error).strip() or type(error).__name__
    if isinstance(error, CommandError):
        return text, error.exit_code
    exceptions = sys.modules.get("airflow_hpt_provider.exceptions")
    if exceptions is not None and isinstance(error, exceptions.TuningError):
        mine = isinstance(error, exceptions.TuningJobConfigError | exceptions.TuningJobNotFoundError)
        return text, USAGE_ERROR if mine else FAILURE
    aws = sys.modules.get("botocore.exceptions")
    if aws is not None and isinstance(error, aws.BotoCoreError | aws.ClientError):
        text = " ".join(text.split()).rstrip(".")
        if isinstance(error, aws.NoCredentialsError | aws.NoRegionError):
            text += (
                ". Give --region, --profile or --aws-conn-id, set AWS_* variables, or run `aws configure`."
            )
            return text, USAGE_ERROR
        if isinstance(error, aws.EndpointConnectionError):
            text += ". Is the service running, and is the address right? (local service: `airflow-hpt local status`)"
        return text, USAGE_ERROR if isinstance(error, aws.ProfileNotFound) else FAILURE
    return f"{type(error).__name__}: {' '.join(text.split())} (--debug shows where)", FAILURE
