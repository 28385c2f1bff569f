"""Reports why a tuning job failed, in at most 15 lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from airflow_hpt_provider.models.printable import shortened

if TYPE_CHECKING:
    from airflow_hpt_provider.models import Attempt, FailureGroup, TuningJobDescription

MAX_LINES = 15
_GROUPS = 3
_VALUES = 6


def failure_report(
    description: TuningJobDescription,
    what: str,
    groups: Sequence[FailureGroup],
    *,
    previous_attempts: Sequence[Attempt] = (),
    is_aws: bool = False,
) -> str:
    """Build the report: status, reasons of the training jobs with counts, what they have in common, links to the logs.

    Args:
        description: the job.
        what: how it ended, as the end of a sentence about it.
        groups: its failed training jobs by reason (:func:`airflow_hpt_provider.models.failure_groups.group_failures`).
        previous_attempts: the attempts before it.
        is_aws: whether AWS's console shows the job.
    """
    counts = description.training_job_status_counters
    parts = ((counts.completed, "completed"), (counts.failed, "failed"), (counts.stopped, "stopped"))
    listed = ", ".join(f"{count} {word}" for count, word in parts if count)
    lines = [f"Tuning job {description.name} {what}."]
    if reason := description.shown_failure_reason:
        lines.append(f"  Reason: {_shorten(reason)}")
    lines.append(f"  Status {description.status}; training jobs: {listed or 'none'}")
    if previous_attempts:
        past = "; ".join(f"{each.tuning_job_name} {each.status}" for each in previous_attempts)
        lines.append(f"  Attempt {len(previous_attempts) + 1}, after {_shorten(past, 160)}")
    lines.extend(grouped_reasons(description, groups, is_aws=is_aws))
    return "\n".join(lines[:MAX_LINES])


def grouped_reasons(
    description: TuningJobDescription, groups: Sequence[FailureGroup], *, is_aws: bool = False
) -> list[str]:
    """Return lines about the most frequent reasons: count, reason, shared hyperparameters, the log of one of them."""
    lines: list[str] = []
    for group in groups[:_GROUPS]:
        lines.extend(_of_group(group, description, is_aws=is_aws))
    if len(groups) > _GROUPS:
        rest = sum(group.count for group in groups[_GROUPS:])
        lines.append(f"  ... and {rest} for {len(groups) - _GROUPS} more reasons.")
    return lines


def _of_group(group: FailureGroup, description: TuningJobDescription, *, is_aws: bool) -> Iterator[str]:
    plural = "s" * (group.count > 1)
    yield f"  {group.count} training job{plural} failed with: {_shorten(group.reason)}"
    if group.hyper_parameters:
        shared = ", ".join(f"{key}={value}" for key, value in list(group.hyper_parameters.items())[:_VALUES])
        yield f"    all of them with {_shorten(shared, 160)}"
    if group.training_job_names:
        name = group.training_job_names[0]
        yield f"    log: {_log_url(description, name) if is_aws else f'airflow-hpt logs {name}'}"


def _log_url(description: TuningJobDescription, training_job_name: str) -> str:
    from airflow_hpt_provider.links.console import training_job_logs_url

    return training_job_logs_url(description.hyper_parameter_tuning_job_arn, training_job_name)


def _shorten(text: str, length: int = 300) -> str:
    return shortened(" ".join(text.split()), length)
