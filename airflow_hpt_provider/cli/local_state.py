"""``local status``, ``local bucket`` and ``local reset``: the service that a data directory belongs to."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli.errors import CommandError
from airflow_hpt_provider.cli.options import add_debug
from airflow_hpt_provider.cli.own_program import with_environment

if TYPE_CHECKING:
    from airflow_hpt_provider.local.env_file import Environment

RUNNING, NOT_RUNNING = 0, 3
MAX_PAGES = 100


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the commands."""
    status = subparsers.add_parser(
        "status",
        help="show whether the service runs, where, and what it is doing",
        description=f"Show whether a service runs on a data directory. Exit code {NOT_RUNNING} means that none does.",
    )
    status.set_defaults(run=run_status)
    reset = subparsers.add_parser(
        "reset",
        help="delete the service's jobs, objects and models",
        description="Delete everything in the service's data directory except its key in local.env. "
        "Stop the service first.",
    )
    reset.add_argument("--yes", action="store_true", help="do not prompt for confirmation")
    reset.set_defaults(run=run_reset)
    bucket = subparsers.add_parser(
        "bucket",
        help="create S3 buckets in it",
        description="Create S3 buckets in a running service, for input data, code and models. One that exists is left "
        "as it is. The service creates none by itself: on AWS, a request that names a missing bucket fails too.",
    )
    bucket.add_argument("names", metavar="NAME", nargs="+", help="the bucket's name")
    bucket.set_defaults(run=run_bucket)
    for parser in (status, reset, bucket):
        parser.add_argument(
            "--data-dir",
            type=Path,
            default=Path(".local"),
            metavar="DIR",
            help="data directory of the service (default: %(default)s)",
        )
        add_debug(parser)


def run_status(options: argparse.Namespace) -> int:
    """Print where the service is, and return the exit code: 3 if it does not run."""
    from airflow_hpt_provider.local.env_file import read_environment
    from airflow_hpt_provider.local.settings import ServiceSettings

    directory = options.data_dir.absolute()
    settings = ServiceSettings(directory)
    process = _running(settings.lock_file)
    if process is None:
        print(
            f"No local tuning service runs on {directory}. Start one: airflow-hpt local serve --data-dir {directory}"
        )
        return NOT_RUNNING
    environment = read_environment(settings.environment_file)
    if environment is None or not environment.endpoint_url:
        print(f"The local tuning service on {directory} (process {process}) is starting.")
        return RUNNING
    print(f"The local tuning service on {directory} (process {process}) is at {environment.endpoint_url}")
    with contextlib.suppress(OSError):
        print(f"  {settings.isolation_file.read_text(encoding='utf-8').strip()}")
    for status, count in _jobs(environment).items():
        print(f"  {count:>5} tuning job{'s' * (count != 1)} {status}")
    print(f"use it: {with_environment(settings.environment_file, 'list')}")
    return RUNNING


def run_bucket(options: argparse.Namespace) -> int:
    """Create the buckets; 2 if the service does not run."""
    from botocore.exceptions import ClientError

    from airflow_hpt_provider.local.env_file import read_environment
    from airflow_hpt_provider.local.settings import ServiceSettings

    settings = ServiceSettings(options.data_dir.absolute())
    environment = (
        read_environment(settings.environment_file) if _running(settings.lock_file) is not None else None
    )
    if environment is None:
        raise CommandError(
            f"no local tuning service runs on {settings.data_dir}; start one: "
            f"airflow-hpt local serve --data-dir {settings.data_dir}"
        )
    client = _client(environment, "s3")
    # S3 takes every region but the first as a location.
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": environment.region}}
    for name in options.names:
        try:
            client.create_bucket(Bucket=name, **(elsewhere if environment.region != "us-east-1" else {}))
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise CommandError(f"bucket {name}: {error.response['Error']['Message']}") from error
        print(f"s3://{name}")
    return 0


def run_reset(options: argparse.Namespace) -> int:
    """Delete the service's data except its lock and its key, so that connections to it keep working."""
    from airflow_hpt_provider.local.settings import ServiceSettings

    directory = options.data_dir.absolute()
    settings = ServiceSettings(directory)
    if not settings.lock_file.is_file():
        raise CommandError(
            f"{directory} is not a data directory of a local tuning service; name one with --data-dir"
        )
    if process := _running(settings.lock_file):
        raise CommandError(
            f"the local tuning service on {directory} is running (process {process}); stop it first"
        )
    if not options.yes and not _agreed(f"Delete all jobs, objects and models in {directory}? [y/N] "):
        raise CommandError("nothing was deleted")
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path not in (settings.lock_file, settings.environment_file):
            path.unlink()
    print(f"Deleted everything in {directory} except the key in {settings.environment_file.name}.")
    return 0


def _running(lock_file: Path) -> str | None:
    """Return the process that holds a data directory's lock, `unknown` without its number; None if the lock is free.

    Raises:
        CommandError: the lock file cannot be read.
    """
    try:
        descriptor = os.open(lock_file, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CommandError(f"{lock_file} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
    else:
        return None
    finally:
        os.close(descriptor)


def _client(environment: Environment, service: str) -> Any:
    import boto3

    session: Any = boto3.session.Session(
        environment.access_key_id, environment.secret_access_key, region_name=environment.region
    )
    return session.client(service, endpoint_url=environment.endpoint_url)


def _jobs(environment: Environment) -> dict[str, int]:
    """Return the number of tuning jobs by status, among the newest 1,000."""
    client = _client(environment, "sagemaker")
    pages = client.get_paginator("list_hyper_parameter_tuning_jobs").paginate(
        PaginationConfig={"MaxItems": 1000, "PageSize": 100}
    )
    counts: dict[str, int] = {}
    for page in islice(pages, MAX_PAGES):
        for job in page["HyperParameterTuningJobSummaries"]:
            status = job["HyperParameterTuningJobStatus"]
            counts[status] = counts.get(status, 0) + 1
    return counts


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise CommandError("stdin is not a terminal; pass --yes to confirm")
    return input(question).strip().lower() in {"y", "yes"}
