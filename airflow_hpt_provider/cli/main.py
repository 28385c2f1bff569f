# PYTHON_ARGCOMPLETE_OK
"""The command line: ``airflow-hpt COMMAND ...``.

A command is a module with a function ``register(subparsers)`` that adds its parser and sets defaults on it: ``run``, a
function from the parsed arguments to the exit code, and ``parser``, itself, where wrong arguments have an exit code of
their own. To add one, write the module and name it in :data:`COMMANDS`. What a command needs beyond argparse it imports
when it runs, not before.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from airflow_hpt_provider import __version__
from airflow_hpt_provider.cli.errors import (
    INTERRUPTED,
    NO_COMMAND,
    PIPE_CLOSED,
    discard_output,
    message_and_code,
    usage_error,
)
from airflow_hpt_provider.cli.options import add_debug

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = (
    "airflow_hpt_provider.cli.validate",
    "airflow_hpt_provider.cli.create",
    "airflow_hpt_provider.cli.wait",
    "airflow_hpt_provider.cli.jobs",
    "airflow_hpt_provider.cli.logs",
    "airflow_hpt_provider.cli.plot",
    "airflow_hpt_provider.cli.export",
    "airflow_hpt_provider.cli.page",
    "airflow_hpt_provider.cli.aws.describe",
    "airflow_hpt_provider.cli.local",
    "airflow_hpt_provider.cli.migrate",
    "airflow_hpt_provider.cli.iam_policy",
    "airflow_hpt_provider.demo.cli",
)
"""Modules with a ``register(subparsers)``, in the order of ``--help``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 for success, 2 for a usage error, 1 for any other error."""
    parser = build_parser()
    _complete(parser)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        message = f"unrecognized arguments: {' '.join(unknown)}"
        if hasattr(options, "parser"):
            options.parser.error(message)
        usage_error(parser, message)
    return execute(options)


def execute(options: argparse.Namespace) -> int:
    """Run the command that was parsed; an error becomes a message on stderr and an exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller has closed it, and wants the exit code alone
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - open as long as the process
    debug = getattr(options, "debug", False)
    run: Callable[[argparse.Namespace], int] = options.run
    if debug:
        import logging

        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    try:
        code = run(options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough, as in `airflow-hpt list | head`
        discard_output()
        return PIPE_CLOSED
    except Exception as error:
        if debug:
            raise
        from airflow_hpt_provider.models.printable import printable

        message, code = message_and_code(error)
        print(printable(f"airflow-hpt: error: {message}", keep="\n"), file=sys.stderr)
        return code


def _complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell, if it is the shell that asks (docs/cli.md)."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)


class _Parser(argparse.ArgumentParser):
    """Reports a usage error in one line, without the list of options."""

    def error(self, message: str) -> NoReturn:
        usage_error(self, message)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every command."""
    parser = _Parser(
        prog="airflow-hpt",
        description="SageMaker hyperparameter tuning with Airflow, on AWS or on this machine.",
    )
    parser.add_argument("--version", action="version", version=f"airflow-hpt-provider {__version__}")
    add_debug(parser)
    add_commands(parser)
    # A missing or unknown command, as in version 2 of the AWS CLI.
    parser.error = partial(usage_error, parser, code=NO_COMMAND)  # type: ignore[method-assign]
    return parser


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add every command to a parser."""
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(name).register(subparsers)


if __name__ == "__main__":
    sys.exit(main())
