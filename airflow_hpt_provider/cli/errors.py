"""Errors of the command line."""

from __future__ import annotations


class CommandError(Exception):
    """Something that the user can put right; shown as one line, exit code 2."""


def missing_extra(error: ImportError, extra: str) -> CommandError:
    """The error for a package that only an extra of ours brings."""
    return CommandError(
        f"this command needs the '{extra}' extra ({error.name or error} is not installed): "
        f"pip install 'airflow-hpt-provider[{extra}]'"
    )
