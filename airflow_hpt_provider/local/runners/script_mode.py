"""Script mode, as the SageMaker SDK's framework estimators ask for it and sagemaker-training-toolkit does it.

The hyperparameters ``sagemaker_program`` and ``sagemaker_submit_directory`` (JSON-encoded, as all that the SDK
sends) name a script and the ``sourcedir.tar.gz`` or directory that holds it; it runs as
``python PROGRAM --name value ...`` in the code directory, and one that is no ``.py`` file by itself.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.data.archives import ArchiveError, extract
from airflow_hpt_provider.local.runners.data.downloads import download
from airflow_hpt_provider.local.runners.data.s3 import S3Uri
from airflow_hpt_provider.local.runners.failures import ClientFailure
from airflow_hpt_provider.models.rules.space import OBJECTIVE_HYPERPARAMETER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.runners.opt_ml import OptMlTree
    from airflow_hpt_provider.local.s3.objects import ObjectStore

PROGRAM = "sagemaker_program"
SUBMIT_DIRECTORY = "sagemaker_submit_directory"
MAX_NESTED = 200
"""Brackets in a hyperparameter that is read as JSON."""


def decoded(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Hyperparameters as the toolkit reads them: JSON where it is JSON, the text itself where not.

    JSON that is nested beyond reason is left a text: Python could neither read it nor write it again.
    """
    result: dict[str, Any] = {}
    for name, text in hyperparameters.items():
        result[name] = text
        if text.count("[") + text.count("{") <= MAX_NESTED:
            with contextlib.suppress(ValueError):
                result[name] = json.loads(text)
    return result


def script_hyperparameters(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the hyperparameters that are for the script; the others are for the toolkit."""
    return {
        name: value
        for name, value in hyperparameters.items()
        if not name.startswith("sagemaker_") and name != OBJECTIVE_HYPERPARAMETER
    }


def is_script_mode(hyperparameters: Mapping[str, str]) -> bool:
    """Return whether the hyperparameters request script mode."""
    return PROGRAM in hyperparameters


def program(hyperparameters: Mapping[str, str]) -> str:
    """Return the script, relative to the code directory."""
    return str(decoded(hyperparameters)[PROGRAM])


def is_python(script: str) -> bool:
    """Return whether Python is to run it; anything else, such as a shell script, runs by itself."""
    return script.endswith(".py")


def arguments(hyperparameters: Mapping[str, str]) -> list[str]:
    """Return the script's arguments: ``--name value`` in order of the names, ``-n value`` for a name of one letter."""
    result: list[str] = []
    for name, value in sorted(script_hyperparameters(decoded(hyperparameters)).items()):
        if isinstance(value, dict):
            text = ",".join(f"{key}={item}" for key, item in sorted(value.items()))
        else:
            text = "" if value is None else str(value)
        result += [f"--{name}" if len(name) > 1 else f"-{name}", text]
    return result


def check(hyperparameters: Mapping[str, str]) -> None:
    """Refuse what can't run.

    Raises:
        ServiceError: a ValidationException.
    """
    values = decoded(hyperparameters)
    script = Path(str(values[PROGRAM]))
    if SUBMIT_DIRECTORY not in values:
        raise ServiceError("ValidationException", _no_code(str(script)))
    if script.is_absolute() or ".." in script.parts:
        raise ServiceError(
            "ValidationException",
            f"The hyperparameter {PROGRAM} must be a path inside {SUBMIT_DIRECTORY}; it is '{script!s}'.",
        )


def fetch_code(hyperparameters: Mapping[str, str], objects: ObjectStore, tree: OptMlTree) -> None:
    """Put the script and the files next to it into the job's code directory.

    The code may be in a channel, below ``/opt/ml/input/data``: the SDK sends it there for network isolation.

    Raises:
        ClientFailure: there is no such source, or it isn't an archive, or it would write elsewhere.
    """
    code = tree.code
    script, given = program(hyperparameters), decoded(hyperparameters).get(SUBMIT_DIRECTORY)
    if given is None:  # the program is searched, so that it was not there to be checked
        raise ClientFailure(_no_code(script))
    source = str(given)
    local = Path(tree.localize(source.removeprefix("file://")))
    if source.startswith("s3://"):
        archive = code.parent / "sourcedir.tar.gz"
        try:
            download(objects, S3Uri.parse(source), archive)
        except ServiceError as error:
            raise ClientFailure(f"Code download failed: {source}: {error}") from error
        _extract(archive, code, source)
        archive.unlink()
    elif local.is_dir():
        shutil.copytree(local, code, dirs_exist_ok=True)
    elif local.is_file():
        _extract(local, code, source)
    else:
        raise ClientFailure(
            f"Code download failed: {SUBMIT_DIRECTORY} {source} is neither on S3 nor a local path"
        )
    if not (code / script).is_file():
        raise ClientFailure(f"Code download failed: {source} holds no {script} ({PROGRAM})")
    if not is_python(script):
        (code / script).chmod(0o700)


def _no_code(script: str) -> str:
    return (
        f"The hyperparameter {PROGRAM} is '{script}' but {SUBMIT_DIRECTORY} is missing: set it to the "
        "s3:// URI of a sourcedir.tar.gz, or to a local directory that holds the script."
    )


def _extract(archive: Path, code: Path, source: str) -> None:
    try:
        extract(archive, code)
    except ArchiveError as error:
        raise ClientFailure(f"Code download failed: {source} can't be unpacked: {error}") from error
