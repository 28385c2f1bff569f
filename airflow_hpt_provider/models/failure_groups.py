"""Why training jobs failed, once for all that failed alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from airflow_hpt_provider.models import FailureGroup, TrainingJobSummary
from airflow_hpt_provider.models.printable import printable

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|(?<!\w)(?:nan|inf)(?!\w)")


def group_failures(training_jobs: Iterable[TrainingJobSummary]) -> list[FailureGroup]:
    """Group failed training jobs by what their FailureReasons say, the largest group first.

    Job names, hyperparameter values and numbers in a reason make no difference; a group shows its first job's reason.
    """
    by_reason: dict[str, list[TrainingJobSummary]] = defaultdict(list)
    for training_job in training_jobs:
        by_reason[_without_particulars(training_job)].append(training_job)
    groups = [
        FailureGroup(
            reason=headline(members[0].failure_reason),
            count=len(members),
            training_job_names=tuple(member.training_job_name for member in members[:5]),
            hyper_parameters=_shared_values(members),
        )
        for members in by_reason.values()
    ]
    return sorted(groups, key=lambda group: -group.count)


def headline(failure_reason: str | None) -> str:
    """Summarize a FailureReason in one line, the same for the same failure.

    Its first line; but where SageMaker's training toolkit reports a script's end (``ExecuteUserScriptError``),
    the script's last words: the lines around them (exit code, command) differ from job to job.
    """
    lines = [printable(line.strip()) for line in (failure_reason or "").splitlines() if line.strip()]
    if not lines:
        return "no reason given"
    if lines[0].endswith("ExecuteUserScriptError:"):
        said = [line for line in lines[1:] if not line.startswith(("ExitCode", "Command"))]
        if said:
            return f"{lines[0]} {said[-1].removeprefix('ErrorMessage').strip().strip(chr(34))}"
    return lines[0]


def _without_particulars(training_job: TrainingJobSummary) -> str:
    """Return a failed training job's headline without what differs from job to job: names, values, numbers."""
    text = headline(training_job.failure_reason)
    values = [value.strip('"') for value in training_job.tuned_hyper_parameters.values()]
    # A word as a whole: the value `a` of a categorical hyperparameter is not every letter `a`.
    for particular in sorted({training_job.training_job_name, *values} - {""}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(particular)}(?!\w)", "*", text)
    return _NUMBER.sub("*", text)


def _shared_values(members: list[TrainingJobSummary]) -> dict[str, str]:
    """Return the tuned hyperparameters that have the same value in all of several training jobs."""
    if len(members) < 2:
        return {}
    shared = set(members[0].tuned_hyper_parameters.items())
    return dict(
        sorted(shared.intersection(*(member.tuned_hyper_parameters.items() for member in members[1:])))
    )
