"""Why an attempt failed, in SageMaker's words."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.opt_ml import OPT_ML
from airflow_hpt_provider.models.secret_names import looks_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from airflow_hpt_provider.local.runners.opt_ml import OptMlTree

MAX_FAILURE = 1024
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."
NO_OPT_ML = (
    f"{OPT_ML} exists in sandboxes and containers only. Here, SM_MODEL_DIR, SM_CHANNEL_... and the other SM_* "
    "variables name the directories."
)
SHARED_PORTS = (
    "The hosts of a training job share the ports of 0.0.0.0: let servers listen on their host's name. Without "
    "EnableNetworkIsolation, parallel training jobs share them too: set it, or MaxParallelTrainingJobs to 1."
)
_PORT_IN_USE = "address already in use"


class ClientFailure(Exception):  # noqa: N818 - it is an outcome
    """The job failed by what its request asks for: shown as ``ClientError: ...``."""

    def __str__(self) -> str:
        return printable(f"ClientError: {self.args[0]}")


class AlgorithmFailure(ClientFailure):
    """The job failed by what its author sent: shown as ``AlgorithmError: ...``."""

    def __str__(self) -> str:
        return printable(f"AlgorithmError: {self.args[0]}")


def printable(reason: str) -> str:
    """Return a FailureReason that can be stored and sent: encoded in UTF-8, and bounded in length."""
    return reason[:MAX_FAILURE].encode(errors="backslashreplace").decode()


def algorithm_error(
    *,
    exit_code: int,
    tree: OptMlTree,
    log: Path,
    command: Sequence[str],
    script_mode: bool,
    has_opt_ml: bool,
    shares_ports: bool = False,
    client_error: bool = False,
) -> str:
    """Return the FailureReason of a process that ended with an exit code other than 0.

    The algorithm's own words from ``output/failure`` if it left any, else the end of its log. Script mode is
    formatted as by sagemaker-training-toolkit. For a process that searched ``/opt/ml`` it names the directories;
    for one that shares ports with other hosts and found one in use, the remedies.

    Args:
        client_error: the words are about the request, as the algorithm says itself.
    """
    words = _beginning(tree)
    if words:
        return f"{'ClientError' if client_error else 'AlgorithmError'}: {words}"
    tail = _end(log)
    missing_opt_ml = OPT_ML in tail and not has_opt_ml
    if script_mode:
        shown = shlex.join(command)
        text = f'ExecuteUserScriptError:\nExitCode {exit_code}\nErrorMessage "{tail}"\nCommand "{shown}"'
        reason = f"AlgorithmError: {text[:MAX_FAILURE]}, exit code: {exit_code}"
    else:
        reason = f"AlgorithmError: {tail}, exit code: {exit_code}"
    if shares_ports and _PORT_IN_USE in tail.lower():
        return _with_hint(reason, SHARED_PORTS)
    return _with_hint(reason, NO_OPT_ML) if missing_opt_ml else reason


def _with_hint(reason: str, hint: str) -> str:
    return f"{reason[: MAX_FAILURE - len(hint) - 2]}. {hint}"


def without_secrets(hyperparameters: Mapping[str, str]) -> dict[str, str]:
    """Return the hyperparameters for a FailureReason: values under names that seem secret are hidden."""
    return {name: "***" if looks_secret(name) else value for name, value in hyperparameters.items()}


def not_started(log: Path, what: str = "container") -> str:
    """Return the FailureReason where a container or sandbox could not be started: the end of the log says why."""
    return str(ClientFailure(f"The {what} could not be started: {_end(log)}"))


def _beginning(tree: OptMlTree) -> str:
    try:
        with tree.open(tree.failure) as file:
            return file.read(4 * MAX_FAILURE).decode(errors="replace")[:MAX_FAILURE].strip()
    except OSError:
        return ""


def _end(path: Path, lines: int = 8, characters: int = 600) -> str:
    """Return the last lines of a log: of a Python traceback, the place and the error."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 4 * characters))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])[-characters:]
