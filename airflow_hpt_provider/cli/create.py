"""``create``: start a tuning job from a config file."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli import wait
from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.errors import CommandError
from airflow_hpt_provider.cli.options import MAX_NAME, add_connection

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobRequest


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "create",
        help="start a tuning job from a config file",
        description="Validate the config, start the tuning job, and print its name, alone on stdout.",
    )
    parser.add_argument(
        "config",
        metavar="FILE",
        help="JSON or YAML file with the arguments of boto3's create_hyper_parameter_tuning_job; RoleArn may be a name",
    )
    parser.add_argument(
        "--name",
        help="name of the tuning job (default: the config's, or the file's name with the time)",
    )
    parser.add_argument(
        "--wait", action="store_true", help="wait for the tuning job, like the command `wait`"
    )
    wait.add_wait_options(parser)
    add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Create the job; with ``--wait``, how it ended."""
    from airflow_hpt_provider.models.files import ConfigFileError, read_config

    try:
        config = read_config(options.config)
    except ConfigFileError as error:
        raise CommandError(str(error)) from error
    hook = Connection.of(options).hook()
    name = start(hook, config, options.config, options.name)
    print(name, flush=True)
    return wait.wait(hook, name, options) if options.wait else 0


def start(hook: HyperParameterTuningHook, config: dict[str, Any], path: str, name: str | None) -> str:
    """Create a tuning job and return its name.

    Raises:
        TuningJobConfigError: the config is wrong; lists every problem. Nothing was created.
        CommandError: the name is taken.
    """
    from botocore.exceptions import ClientError

    from airflow_hpt_provider.config.loading import expand_roles, validate
    from airflow_hpt_provider.retries.errors import error_code

    if name is not None:
        config = {**config, "HyperParameterTuningJobName": name}
    request: TuningJobRequest = validate(expand_roles(config, hook), path)
    if request.hyper_parameter_tuning_job_name is None:
        request = request.with_name(name_from(path))
    name = str(request.hyper_parameter_tuning_job_name)
    try:
        hook.create(request)
    except ClientError as error:
        if error_code(error) == "ResourceInUse":
            raise CommandError(f"tuning job {name} already exists; give another --name") from error
        raise
    return name


def name_from(path: str) -> str:
    """Return a name from the file's name and the time: ``breast_cancer.yaml`` -> ``breast-cancer-1124-013205``."""
    suffix = datetime.now(UTC).strftime("-%m%d-%H%M%S")
    slug = re.sub(r"[^a-zA-Z0-9]+", "-", Path(path).stem).strip("-")[: MAX_NAME - len(suffix)].strip("-")
    return f"{slug or 'tune'}{suffix}"
