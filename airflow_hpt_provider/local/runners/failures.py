"""Why an attempt failed, in SageMaker's words."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from airflow_hpt_provider.models.faults import looks_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from airflow_hpt_provider.local.runners.tree import Tree

MAX_FAILURE = 1024
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."


class ClientFailure(Exception):  # noqa: N818 - it is an outcome
    """The job failed by what its request asks for: shown as ``ClientError: ...``."""

    def __str__(self) -> str:
        return f"ClientError: {self.args[0]}"


def algorithm_error(
    *, exit_code: int, tree: Tree, log: Path, command: Sequence[str], script_mode: bool
) -> str:
    """The FailureReason of a process that ended with an exit code other than 0.

    The algorithm's own words from ``output/failure`` if it left any, else the end of its log. Script mode is
    told as sagemaker-training-toolkit tells it.
    """
    words = _beginning(tree)
    if words:
        return f"AlgorithmError: {words}"
    tail = _end(log)
    if script_mode:
        shown = shlex.join(command)
        text = f'ExecuteUserScriptError:\nExitCode {exit_code}\nErrorMessage "{tail}"\nCommand "{shown}"'
        return f"AlgorithmError: {text[:MAX_FAILURE]}, exit code: {exit_code}"
    return f"AlgorithmError: {tail}, exit code: {exit_code}"


def without_secrets(hyperparameters: Mapping[str, str]) -> dict[str, str]:
    """The hyperparameters to be told in a FailureReason: values under names that look secret are hidden."""
    return {name: "***" if looks_secret(name) else value for name, value in hyperparameters.items()}


def not_started(log: Path) -> str:
    """The FailureReason where the container engine could not run the container: it says why at the end of the log."""
    return str(ClientFailure(f"The container could not be started: {_end(log)}"))


def _beginning(tree: Tree) -> str:
    try:
        with tree.open(tree.failure) as file:
            return file.read(4 * MAX_FAILURE).decode(errors="replace")[:MAX_FAILURE].strip()
    except OSError:
        return ""


def _end(path: Path, lines: int = 8, characters: int = 600) -> str:
    """The last lines of a log: of a Python traceback, the place and the error."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 4 * characters))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])[-characters:]
