"""``wait``: poll a tuning job until it has ended; the exit code says how."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.errors import INTERRUPTED
from airflow_hpt_provider.cli.options import add_connection, add_job_name, seconds
from airflow_hpt_provider.models.printable import printable

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobDescription

EXIT_CODES = {"Completed": 0, "Failed": 3, "Stopped": 4, "DeleteFailed": 5}
NO_RESULT = 3
"""Completed, but no training job reported the objective: treated as a failure."""
TIMED_OUT = 6

EPILOG = """\
exit codes:
  0    Completed, with a best training job
  3    Failed; or Completed, and no training job has reported the objective metric
  4    Stopped
  5    DeleteFailed
  6    --timeout expired; the tuning job keeps running
  130  Ctrl-C; the tuning job keeps running, unless --stop-on-interrupt is given
  1, 2 as for every command: 1 the service is unreachable or returns an error, 2 the tuning job does not exist"""


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "wait",
        help="wait for a tuning job with a progress bar; the exit code says how it ended",
        description="Wait until a tuning job has ended. Show a progress bar with the best objective so far on stderr, "
        "or, without a terminal, a line for each change. At the end, print the best training job's name on stdout.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_job_name(parser)
    add_wait_options(parser)
    add_connection(parser)
    parser.set_defaults(run=run)


def add_wait_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for waiting."""
    group = parser.add_argument_group("waiting")
    group.add_argument(
        "--poll-interval",
        type=seconds,
        default=10.0,
        metavar="SECONDS",
        help="seconds between polls (default: %(default)s)",
    )
    group.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help="seconds to wait before giving up (default: no limit)",
    )
    group.add_argument("--stop-on-interrupt", action="store_true", help="also stop the tuning job on Ctrl-C")


def run(options: argparse.Namespace) -> int:
    """Wait; the exit code is the outcome's."""
    return wait(Connection.of(options).hook(), options.name, options)


def wait(hook: HyperParameterTuningHook, name: str, options: argparse.Namespace) -> int:
    """Wait for a tuning job, showing its progress.

    Raises:
        TuningJobNotFoundError: no tuning job has this name.
        botocore.exceptions.ClientError: the service rejects the call.
    """
    from airflow_hpt_provider.cli.progress import shown_progress
    from airflow_hpt_provider.exceptions import TuningJobTimeoutError

    hook.describe(name)  # reports a job that has never existed
    limit = None if options.timeout is None else datetime.now(UTC) + timedelta(seconds=options.timeout)
    try:
        with shown_progress(sys.stderr) as show:
            description = hook.wait(name, poll_interval=options.poll_interval, deadline=limit, on_poll=show)
    except TuningJobTimeoutError:
        _print_error(
            f"{name} did not end within {options.timeout:g} s and keeps running. Wait again: airflow-hpt wait {name}"
        )
        return TIMED_OUT
    except KeyboardInterrupt:
        _interrupted(hook, name, stop=options.stop_on_interrupt)
        return INTERRUPTED
    _explain(hook, description)
    return _print_outcome(description)


def _explain(hook: HyperParameterTuningHook, description: TuningJobDescription) -> None:
    """Print why training jobs failed, grouped by reason, and whether the result is suspicious."""
    from airflow_hpt_provider.result.failure_report import grouped_reasons
    from airflow_hpt_provider.result.suspicious import same_objective_warning
    from airflow_hpt_provider.retries.errors import one_line

    try:
        if description.training_job_status_counters.failed:
            for line in grouped_reasons(description, hook.failures(description.name), is_aws=hook.is_aws):
                _print_error(line)
        if description.best_training_job is not None:
            warning = same_objective_warning(hook, description.name)
            if warning:
                _print_error(f"Warning: {warning}")
    except Exception as error:  # noqa: BLE001 - the outcome and its exit code are known
        _print_error(f"The training jobs could not be listed: {one_line(error)}")


def _print_outcome(description: TuningJobDescription) -> int:
    from airflow_hpt_provider.models import TuningResult

    result = TuningResult.from_description(description)
    # Without a terminal the last progress line already says the same, except for the reason.
    if sys.stderr.isatty():
        _print_error(result.summary())
    elif result.failure_reason:
        _print_error(result.failure_reason)
    if result.best_training_job is not None:
        print(result.best_training_job.training_job_name)
    elif result.status in ("Completed", "Failed"):
        _print_error(
            f"No training job has reported the objective metric. See `airflow-hpt training-jobs {description.name}`"
        )
        return NO_RESULT
    return EXIT_CODES[result.status]


def _interrupted(hook: HyperParameterTuningHook, name: str, *, stop: bool) -> None:
    if stop:
        stopping = hook.stop(name)
        _print_error(f"Tuning job {name} {'is being stopped' if stopping else 'had already ended'}.")
    else:
        _print_error(
            f"\nTuning job {name} keeps running. Wait for it again: airflow-hpt wait {name}   "
            f"Stop it: airflow-hpt stop {name}"
        )


def _print_error(text: str) -> None:
    print(printable(text, keep="\n"), file=sys.stderr, flush=True)
