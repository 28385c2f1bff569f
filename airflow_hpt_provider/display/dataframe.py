"""Training jobs as a pandas DataFrame. pandas comes with the ``pandas`` extra."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.display.hyperparameters import names_in, unquoted
from airflow_hpt_provider.models.spaces import search_spaces

if TYPE_CHECKING:
    import pandas as pd

    from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription

COLUMNS = ("training_job_name", "status", "objective", "objective_status", "duration_seconds")
"""These columns come first, then the hyperparameters by name, then the rest."""
_WIDTH = ("integer", "continuous", "categorical")
"""Kinds of hyperparameters; each can hold the values of those before it."""


def training_jobs_dataframe(
    description: TuningJobDescription,
    training_jobs: Sequence[TrainingJobSummary],
    metrics: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """One row for each training job.

    Args:
        description: the tuning job; its ranges define the hyperparameters' types.
        training_jobs: its training jobs, in the order that the rows are to have.
        metrics: the final values of each training job's metrics, by the training job's name.

    Returns:
        Columns ``training_job_name``, ``status``, ``objective`` (float, NaN without one), ``objective_status``,
        ``duration_seconds``; one for each hyperparameter (int64 where all have a value, else Int64; float64; category);
        one for each metric, the objective's included, with ``metric:`` before its name (float64, NaN without a value);
        ``definition``, ``creation_time``, ``start_time``, ``end_time`` (UTC) and ``failure_reason``. A hyperparameter
        that is called like one of these has ``hp:`` before its name.

    Raises:
        ImportError: pandas is not installed; says how to get it.
    """
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise ImportError(
            "training_jobs_dataframe() requires pandas: pip install 'airflow-hpt-provider[pandas]'",
            name="pandas",
        ) from error

    kinds = _kinds(description)
    names = list(dict.fromkeys([*kinds, *names_in(training_jobs)]))
    frame = pd.DataFrame(
        {
            "training_job_name": pd.Series(
                [training_job.training_job_name for training_job in training_jobs], dtype="str"
            ),
            "status": pd.Categorical([str(training_job.status) for training_job in training_jobs]),
            "objective": pd.Series(
                [_number(training_job.final_metric) for training_job in training_jobs], dtype="float64"
            ),
            "objective_status": pd.Categorical(
                [training_job.objective_status for training_job in training_jobs]
            ),
            "duration_seconds": pd.Series(
                [
                    training_job.duration.total_seconds() if training_job.duration else math.nan
                    for training_job in training_jobs
                ],
                dtype="float64",
            ),
        }
    )
    rest = {
        "definition": pd.Series(
            [training_job.training_job_definition_name for training_job in training_jobs], dtype="object"
        ),
        "creation_time": _times(pd, [training_job.creation_time for training_job in training_jobs]),
        "start_time": _times(pd, [training_job.training_start_time for training_job in training_jobs]),
        "end_time": _times(pd, [training_job.training_end_time for training_job in training_jobs]),
        "failure_reason": pd.Series(
            [training_job.failure_reason for training_job in training_jobs], dtype="object"
        ),
    }
    taken = {*frame.columns, *rest}
    for name in names:
        texts = [training_job.tuned_hyper_parameters.get(name) for training_job in training_jobs]
        frame[f"hp:{name}" if name in taken else name] = _column(pd, texts, kinds.get(name))
    given = [(metrics or {}).get(each.training_job_name, {}) for each in training_jobs]
    for name in sorted({name for values in given for name in values}):
        frame[f"metric:{name}"] = pd.Series([values.get(name, math.nan) for values in given], dtype="float64")
    for name, column in rest.items():
        frame[name] = column
    return frame


def _column(pd: Any, texts: Sequence[str | None], kind: str | None) -> Any:
    words = [None if text is None else unquoted(text) for text in texts]
    if kind == "categorical":
        return pd.Categorical(words)
    numbers = pd.to_numeric(pd.Series(texts, dtype="object"), errors="coerce")
    missing = words.count(None)
    if kind is None and numbers.isna().sum() > missing:  # not of the ranges, and not all are numbers
        return pd.Series(words, dtype="object")
    if kind == "integer":
        return numbers.astype("Int64" if missing else "int64")
    return numbers.astype("float64")


def _kinds(description: TuningJobDescription) -> dict[str, str]:
    """Hyperparameter -> integer, continuous or categorical; the widest of them where definitions differ."""
    kinds: dict[str, str] = {}
    for space in search_spaces(description):
        found = {each.name: "integer" for each in space.integer_parameter_ranges or ()}
        found |= {each.name: "continuous" for each in space.continuous_parameter_ranges or ()}
        found |= {each.name: "categorical" for each in space.categorical_parameter_ranges or ()}
        for name, kind in found.items():
            kinds[name] = max(kinds.get(name, kind), kind, key=_WIDTH.index)
    return kinds


def _times(pd: Any, moments: Sequence[Any]) -> Any:
    return pd.to_datetime(pd.Series(moments, dtype="object"), utc=True)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
