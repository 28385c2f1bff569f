"""``local status`` and ``local reset``: what a service's data directory says of it."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from airflow_hpt_provider.cli.errors import CommandError
from airflow_hpt_provider.cli.options import add_debug

RUNNING, NOT_RUNNING = 0, 3
LOCK = "service.lock"
ENVIRONMENT = "local.env"
KEPT = frozenset({LOCK, ENVIRONMENT})
"""Reset leaves them: connections that were made with the key go on working."""


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add both commands."""
    status = subparsers.add_parser(
        "status",
        help="whether it runs, where, and what it is doing",
        description=f"Tell whether a service runs on a data directory. Exit code {NOT_RUNNING} if none does.",
    )
    status.set_defaults(run=run_status)
    reset = subparsers.add_parser(
        "reset",
        help="delete its jobs, objects and models",
        description="Delete everything that the service keeps in its data directory, but for its key in local.env. "
        "It must not be running.",
    )
    reset.add_argument("--yes", action="store_true", help="do not ask")
    reset.set_defaults(run=run_reset)
    for parser in (status, reset):
        parser.add_argument(
            "--data-dir",
            type=Path,
            default=Path(".local"),
            metavar="DIR",
            help="the service's (default: %(default)s)",
        )
        add_debug(parser)


def run_status(options: argparse.Namespace) -> int:
    """Tell where the service is; 3 if it does not run."""
    directory = options.data_dir.absolute()
    process = _running(directory)
    if process is None:
        print(
            f"No local tuning service runs on {directory}; start one: airflow-hpt local serve --data-dir {directory}"
        )
        return NOT_RUNNING
    environment = _environment(directory)
    endpoint = environment.get("AWS_ENDPOINT_URL")
    if endpoint is None:
        print(f"The local tuning service on {directory} (process {process}) is starting.")
        return RUNNING
    print(f"The local tuning service on {directory} (process {process}) is at {endpoint}")
    for status, count in _jobs(environment).items():
        print(f"  {count:>5} tuning job{'s' * (count != 1)} {status}")
    print(f"use it: set -a; . {directory / ENVIRONMENT}; set +a; airflow-hpt list")
    return RUNNING


def run_reset(options: argparse.Namespace) -> int:
    """Delete what the service keeps."""
    directory = options.data_dir.absolute()
    if not (directory / LOCK).is_file():
        raise CommandError(
            f"{directory} is not a local tuning service's data directory; name it with --data-dir"
        )
    if process := _running(directory):
        raise CommandError(
            f"the local tuning service on {directory} is running (process {process}); end it first"
        )
    if not options.yes and not _agreed(f"Delete all jobs, objects and models in {directory}? [y/N] "):
        raise CommandError("nothing was deleted")
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in KEPT:
            path.unlink()
    print(f"{directory} is empty, but for the key in {ENVIRONMENT}.")
    return 0


def _running(directory: Path) -> str | None:
    """The process that holds the directory's lock, as far as is known; None if there is none."""
    try:
        descriptor = os.open(directory / LOCK, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
    else:
        return None
    finally:
        os.close(descriptor)


def _environment(directory: Path) -> dict[str, str]:
    try:
        lines = (directory / ENVIRONMENT).read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _jobs(environment: dict[str, str]) -> dict[str, int]:
    """How many tuning jobs there are, by status; of the newest 1,000."""
    import boto3

    session: Any = boto3.session.Session(
        environment.get("AWS_ACCESS_KEY_ID"),
        environment.get("AWS_SECRET_ACCESS_KEY"),
        region_name=environment.get("AWS_DEFAULT_REGION"),
    )
    client = session.client("sagemaker", endpoint_url=environment["AWS_ENDPOINT_URL"])
    pages = client.get_paginator("list_hyper_parameter_tuning_jobs").paginate(
        PaginationConfig={"MaxItems": 1000, "PageSize": 100}
    )
    counts: dict[str, int] = {}
    for page in pages:
        for job in page["HyperParameterTuningJobSummaries"]:
            status = job["HyperParameterTuningJobStatus"]
            counts[status] = counts.get(status, 0) + 1
    return counts


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise CommandError("there is nobody to ask; give --yes")
    return input(question).strip().lower() in {"y", "yes"}
