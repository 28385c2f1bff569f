"""Logs a summary at the end of a task: the tuning job's result, and its best training jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.display.format import leaderboard
from airflow_hpt_provider.result.suspicious import same_objective_warning
from airflow_hpt_provider.retries.errors import one_line

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningResult

TOP = 5


def log_result(hook: HyperParameterTuningHook, result: TuningResult, log: Any) -> None:
    """Log the result in a line, and the top five training jobs as a table.

    The table takes a call of its own. If that fails, the line has to do: a log is no reason for a task to fail.
    """
    log.info("%s", result.summary())
    if result.best_training_job is None:
        return
    try:
        training_jobs = result.top_training_jobs[:TOP] or list(
            hook.training_jobs(result.tuning_job_name, limit=TOP)
        )
        warning = same_objective_warning(hook, result.tuning_job_name, training_jobs)
    except Exception as error:  # noqa: BLE001 - see above
        log.info("Could not list the best training jobs: %s", one_line(error))
        return
    metric = result.objective.metric_name if result.objective else "objective"
    for line in ("The best training jobs:", *leaderboard(training_jobs, metric).splitlines()):
        log.info("%s", line)
    if warning:
        log.warning("%s", warning)
