"""``list``, ``training-jobs``, ``best`` and ``stop``: inspect tuning jobs, and stop them."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli import wait
from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.options import add_connection, add_job_name, add_output, count, part_of_name
from airflow_hpt_provider.models.printable import printable, printable_json
from airflow_hpt_provider.models.status import TuningJobStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TrainingJobSummary

NOTHING_FOUND = 1
STATUSES = tuple(status.value for status in TuningJobStatus)


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the commands."""
    listing = subparsers.add_parser("list", help="list tuning jobs, newest first")
    listing.add_argument("--status", choices=STATUSES, help="list only jobs in this status", metavar="STATUS")
    listing.add_argument(
        "--name-contains",
        type=part_of_name,
        metavar="TEXT",
        help="list only jobs whose name contains this text",
    )
    listing.add_argument(
        "--limit",
        type=count,
        default=20,
        metavar="N",
        help="maximum number of tuning jobs to list (default: 20)",
    )
    training_jobs = subparsers.add_parser(
        "training-jobs",
        aliases=["trials"],
        help="list a tuning job's training jobs, best first",
        description="List a tuning job's training jobs: those with an objective, best first, then the others.",
    )
    add_job_name(training_jobs)
    training_jobs.add_argument(
        "--limit", type=count, metavar="N", help="maximum number of training jobs to list (default: all)"
    )
    best = subparsers.add_parser(
        "best",
        help="show a tuning job's best training job so far",
        description="Show a tuning job's best training job so far, with its hyperparameters and its model. "
        "Exit code 1 means that no training job has reported an objective yet.",
    )
    add_job_name(best)
    stop = subparsers.add_parser(
        "stop",
        help="stop a tuning job and its training jobs",
        description="Stop a tuning job and its training jobs. A job that has ended is not changed. With --wait, "
        f"exit code 0 means that the job has ended, {wait.TIMED_OUT} that --timeout expired first.",
    )
    add_job_name(stop)
    stop.add_argument("--wait", action="store_true", help="wait until the job has stopped")
    wait.add_wait_options(stop)
    for parser, run in (
        (listing, run_list),
        (training_jobs, run_training_jobs),
        (best, run_best),
        (stop, run_stop),
    ):
        if parser is not stop:
            add_output(parser)
        add_connection(parser)
        parser.set_defaults(run=run)


def run_list(options: argparse.Namespace) -> int:
    """Print the tuning jobs."""
    from airflow_hpt_provider.display.format import format_duration, table

    found = list(
        Connection.of(options)
        .hook()
        .list(status=options.status, name_contains=options.name_contains, limit=options.limit)
    )
    if options.output == "json":
        return _print_json(found)
    if not found:
        chosen = options.status or options.name_contains
        print("No tuning job matches." if chosen else "No tuning jobs yet.", file=sys.stderr)
        return 0
    now = datetime.now(UTC)
    rows = []
    for job in found:
        counters = job.training_job_status_counters
        limit = job.resource_limits and job.resource_limits.max_number_of_training_jobs
        rows.append(
            [
                job.name,
                job.status,
                job.strategy,
                f"{counters.completed or 0}{f' of {limit}' if limit else ''}",
                counters.in_progress or 0,
                counters.failed,
                job.creation_time.astimezone().strftime("%Y-%m-%d %H:%M"),
                format_duration((job.hyper_parameter_tuning_end_time or now) - job.creation_time),
            ]
        )
    headers = ["name", "status", "strategy", "completed", "running", "failed", "created", "duration"]
    print(table(rows, headers, right=[3, 4, 5]))
    return 0


def run_training_jobs(options: argparse.Namespace) -> int:
    """Print the training jobs."""
    from airflow_hpt_provider.display.format import training_jobs_table
    from airflow_hpt_provider.hooks.final_metrics import known_final_metrics

    hook = Connection.of(options).hook()
    description = hook.describe(options.name)
    found = _all_trials(hook, options.name)[: options.limit]
    metrics, problem = known_final_metrics(hook, description.hyper_parameter_tuning_job_arn)
    if problem:
        print(problem, file=sys.stderr)
    if options.output == "json":
        return _print_json([_with_metrics(trial, metrics) for trial in found])
    objective = description.objective_of()
    metric = objective.metric_name if objective else "objective"
    print(training_jobs_table(found, metric, metrics))
    for group in hook.failures(options.name) if description.training_job_status_counters.failed else ():
        print(f"{group.count} failed: {' '.join(group.reason.split())}", file=sys.stderr)
    return 0


def _with_metrics(trial: TrainingJobSummary, metrics: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return a training job in AWS names, with the list of its final metrics as DescribeTrainingJob names it."""
    from airflow_hpt_provider.models.size_limit import to_json_value

    given = metrics.get(trial.training_job_name, {})
    listed = [{"MetricName": name, "Value": value} for name, value in sorted(given.items())]
    members: dict[str, Any] = to_json_value(trial)
    return {**members, "FinalMetricDataList": listed} if listed else members


def _all_trials(hook: HyperParameterTuningHook, name: str) -> list[TrainingJobSummary]:
    """All training jobs of a tuning job: those with an objective, the best first; then the others, by time."""
    ranked = list(hook.training_jobs(name))
    known = {training_job.training_job_name for training_job in ranked}
    others = hook.training_jobs(name, sort_by="CreationTime", sort_order="Ascending")
    return ranked + [training_job for training_job in others if training_job.training_job_name not in known]


def run_best(options: argparse.Namespace) -> int:
    """Print the best training job, and return the exit code: 1 without one."""
    from airflow_hpt_provider.display.format import format_duration

    hook = Connection.of(options).hook()
    description = hook.describe(options.name)
    best = hook.best_training_job(description)
    if best is None:
        print(f"Tuning job {options.name} ({description.status}) has no best training job.", file=sys.stderr)
        return NOTHING_FOUND
    if options.output == "json":
        return _print_json(best)
    objective = description.objective_of()
    rows = [
        ("Training job", best.training_job_name),
        *((f"  {name}", text) for name, text in sorted(best.tuned_hyper_parameters.items())),
        ("Objective", f"{objective.metric_name if objective else 'objective'} = {best.final_metric:.6g}"),
        ("Duration", format_duration(best.duration)),
        ("Model artifact", best.model_artifact or ""),
        ("Training image", best.training_image or ""),
    ]
    width = max(len(label) for label, _ in rows) + 3
    print("\n".join(printable(f"{label:<{width}}{text}".rstrip()) for label, text in rows))
    return 0


def run_stop(options: argparse.Namespace) -> int:
    """Stop the job; with ``--wait``, 0 when it has ended."""
    hook = Connection.of(options).hook()
    description = hook.describe(options.name)
    stopping = not description.is_terminal and hook.stop(options.name)
    text = "is being stopped" if stopping else f"had already ended ({description.status})"
    print(f"Tuning job {options.name} {text}.", file=sys.stderr)
    code = wait.wait(hook, options.name, options) if options.wait else 0
    return 0 if code in wait.EXIT_CODES.values() else code


def _print_json(value: BaseModel | Sequence[BaseModel | Mapping[str, Any]]) -> int:
    from airflow_hpt_provider.models.size_limit import to_json_value

    print(printable_json(json.dumps(to_json_value(value), indent=4, ensure_ascii=False)))
    return 0
