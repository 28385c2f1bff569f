"""The last lines of a task's log."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.models import TrainingJobSummary
from airflow_hpt_provider.result.suspicious import same_objective_warning
from tests.unit.models.test_failure_groups import failed


def trial(number: int, objective: float) -> TrainingJobSummary:
    answer = failed(number, None, rate=str(number)).to_aws()
    answer["FinalHyperParameterTuningJobObjectiveMetric"] = {"MetricName": "loss", "Value": objective}
    return TrainingJobSummary.model_validate(answer)


class Hook:
    """A hook with these training jobs, which counts its listings."""

    def __init__(self, objectives: list[float], type_: str = "Minimize") -> None:
        self.trials = [trial(number, objective) for number, objective in enumerate(objectives)]
        self.type = type_
        self.listings = 0

    def describe(self, name: str) -> Any:
        return SimpleNamespace(objective_of=lambda: SimpleNamespace(metric_name="loss", type=self.type))

    def training_jobs(self, name: str, *, sort_order: str | None = None, limit: int | None = None) -> Any:
        self.listings += 1
        best = "Descending" if self.type == "Maximize" else "Ascending"
        ordered = sorted(self.trials, key=lambda each: each.final_metric or 0.0)
        return iter(ordered[:: 1 if (sort_order or best) == "Ascending" else -1][:limit])


@pytest.mark.parametrize("type_", ["Minimize", "Maximize"])
@pytest.mark.parametrize("worse", [[], [0.9], [0.1]])
def test_the_worst_training_job_decides(type_: str, worse: list[float]) -> None:
    hook: Any = Hook([0.5] * 150 + worse, type_)
    assert bool(same_objective_warning(hook, "job")) is not bool(worse)
    assert hook.listings <= 2


def test_training_jobs_that_differ_take_no_second_listing() -> None:
    hook: Any = Hook([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert same_objective_warning(hook, "job", hook.trials[:5]) is None
    assert hook.listings == 0
    assert same_objective_warning(hook, "job") is None
    assert hook.listings == 1


def test_the_tasks_log_has_the_warning(caplog: pytest.LogCaptureFixture) -> None:
    from airflow_hpt_provider.result.log_summary import log_result

    result: Any = SimpleNamespace(
        summary=lambda: "Completed",
        best_training_job=object(),
        top_training_jobs=(),
        tuning_job_name="job",
        objective=SimpleNamespace(metric_name="loss"),
    )
    with caplog.at_level(logging.INFO):
        log_result(Hook([0.5] * 5), result, logging.getLogger("task"))  # type: ignore[arg-type]
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "All training jobs reported the same value of loss, 0.5" in warning.getMessage()
