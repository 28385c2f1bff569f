"""``logs``: print a training job's log."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.errors import CommandError
from airflow_hpt_provider.cli.options import add_connection, part_of_name, seconds
from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.models.status import TERMINAL_TRAINING_STATUSES

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

GROUP = "/aws/sagemaker/TrainingJobs"
MAX_PAGES = 1000
MAX_NAME = 63
"""Characters of a training job's name."""


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "logs",
        help="a training job's log",
        description="Print a training job's log from CloudWatch Logs, where SageMaker and the local service keep it. "
        "With several hosts or attempts, each line begins with the name of its log stream.",
    )
    parser.add_argument(
        "name",
        type=part_of_name,
        metavar="TRAINING_JOB",
        help="the training job's name (list them: airflow-hpt training-jobs NAME)",
    )
    parser.add_argument(
        "--follow", action="store_true", help="keep printing until the training job has ended"
    )
    parser.add_argument(
        "--poll-interval",
        type=seconds,
        default=2.0,
        metavar="SECONDS",
        help="seconds between polls with --follow (default: %(default)s)",
    )
    add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the log; with ``--follow``, until the training job has ended.

    Raises:
        CommandError: there is no such training job.
    """
    connection = Connection.of(options)
    hook = connection.hook()
    has_ended = _has_ended(hook, options.name)
    log = _Log(connection.client(service="logs"), options.name)
    printed = log.print_new()
    while options.follow and not has_ended:
        time.sleep(options.poll_interval)
        has_ended = _has_ended(hook, options.name)
        printed += log.print_new()
    if not printed:
        print(
            f"Training job {options.name} has not logged anything{'' if has_ended else ' yet'}.",
            file=sys.stderr,
        )
    return 0


@needs("sagemaker:DescribeTrainingJob")
def _has_ended(hook: HyperParameterTuningHook, name: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        if len(name) > MAX_NAME:
            raise CommandError(f"TRAINING_JOB must have at most {MAX_NAME} characters, got {len(name)}")
        return hook.describe_training_job(name)["TrainingJobStatus"] in TERMINAL_TRAINING_STATUSES
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound"):
            raise CommandError(f"there is no training job '{name}' in this account and region") from error
        raise


@dataclass
class _Log:
    """The streams of a training job, and how far each has been read."""

    client: Any
    training_job: str
    tokens: dict[str, str] = field(default_factory=dict)

    def print_new(self) -> int:
        """Print the lines that have come since the last call; return how many."""
        names = self._streams()
        count = 0
        for stream in names:
            prefix = f"{stream.partition('/')[2]}: " if len(names) > 1 else ""
            for line in self._new_lines(stream):
                print(f"{prefix}{line}", flush=True)
                count += 1
        return count

    @needs("logs:DescribeLogStreams")
    def _streams(self) -> list[str]:
        from botocore.exceptions import ClientError

        pages = self.client.get_paginator("describe_log_streams").paginate(
            logGroupName=GROUP, logStreamNamePrefix=f"{self.training_job}/"
        )
        try:
            return [
                stream["logStreamName"] for page in islice(pages, MAX_PAGES) for stream in page["logStreams"]
            ]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":  # nothing has been logged yet
                return []
            raise

    @needs("logs:GetLogEvents")
    def _new_lines(self, stream: str) -> Iterator[str]:
        # A stream's end is where the token does not change any more; a page before it may be empty.
        for _ in range(MAX_PAGES):  # what is left is printed by the next call
            token = self.tokens.get(stream)
            answer = self.client.get_log_events(
                logGroupName=GROUP,
                logStreamName=stream,
                startFromHead=True,
                **({"nextToken": token} if token else {}),
            )
            yield from (event["message"] for event in answer["events"])
            self.tokens[stream] = answer["nextForwardToken"]
            if answer["nextForwardToken"] == token:
                return
