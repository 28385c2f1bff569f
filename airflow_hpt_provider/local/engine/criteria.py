"""When a tuning job ends though its budget is not used up, and when it has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.local.engine.stop_reasons import CompletionReason
from airflow_hpt_provider.local.strategies.completion import target_reached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.local.engine.history import History
    from airflow_hpt_provider.local.engine.plan import Plan

MAX_INITIAL_FAILURES = 5
"""After this many training jobs without a single objective, a tuning job has failed."""


def criterion_met(plan: Plan, history: History, not_improving: int) -> CompletionReason | None:
    """Return the completion criterion that the results meet; None if they meet none.

    ConvergenceDetected is not among them: it takes a model to say, and so a thread (``suggesters.py``).

    Args:
        not_improving: how many results have come since the best one.
    """
    if plan.target is not None and any(
        target_reached(definition.objective, plan.target, history.results(n))
        for n, definition in enumerate(plan.definitions)
    ):
        return CompletionReason.TARGET
    if plan.not_improving is not None and not_improving >= plan.not_improving:
        return CompletionReason.NOT_IMPROVING
    return None


def failure_reason(
    *,
    succeeded: int,
    completed: int,
    failed: int,
    metrics: Sequence[str] = (),
    not_finite: Sequence[float] = (),
) -> str | None:
    """Return the FailureReason of a tuning job; None if it has not failed.

    Args:
        succeeded: how many training jobs have an objective value.
        completed, failed: how many ended so.
        metrics: the names of the objective metrics.
        not_finite: objective values that are NaN or infinite, of training jobs that emitted any.
    """
    if succeeded or not (completed or failed):
        return None
    if completed and not_finite:
        values = ", ".join(sorted({str(value) for value in not_finite}))
        return (
            f"No objective metrics found after running {completed + failed} training jobs. {len(not_finite)} of them "
            f"emitted the objective metric {' or '.join(map(repr, metrics))}, but only with values that are not finite "
            f"numbers ({values}). Please ensure that the custom algorithm does not diverge."
        )
    if completed:
        return (
            f"No objective metrics found after running {completed + failed} training jobs. Please ensure that the "
            "custom algorithm is emitting the objective metric as defined by the regular expression provided."
        )
    if failed >= MAX_INITIAL_FAILURES:
        return (
            f"No training job succeeded after {MAX_INITIAL_FAILURES} attempts. "
            "Please take a look at the training job failures to get more details."
        )
    return "All training jobs failed. Please take a look at the training job failures to get more details."
