"""The command line: ``airflow-hpt COMMAND ...``.

A command is a module with a function ``register(subparsers)`` that adds its parser and sets ``run`` on it, a
function from the parsed arguments to the exit code. To add one, write the module and name it in
:data:`COMMANDS`. What a command needs beyond argparse it imports when it runs, not before.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from airflow_hpt_provider import __version__
from airflow_hpt_provider.cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = (
    "airflow_hpt_provider.cli.local",
    "airflow_hpt_provider.cli.migrate",
    "airflow_hpt_provider.demo.cli",
)
"""Modules with a ``register(subparsers)``, in the order of ``--help``."""

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 0 for success, 2 for an error of the user's, 1 for one of ours."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if options.debug:
            raise
        message = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, CommandError):
            print(f"airflow-hpt: error: {message}", file=sys.stderr)
            return USAGE_ERROR
        print(
            f"airflow-hpt: error: {type(error).__name__}: {message} (--debug shows where)",
            file=sys.stderr,
        )
        return 1


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command in it."""
    parser = argparse.ArgumentParser(
        prog="airflow-hpt",
        description="SageMaker hyperparameter tuning with Airflow, on AWS or on this machine.",
    )
    parser.add_argument("--version", action="version", version=f"airflow-hpt-provider {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(name).register(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
