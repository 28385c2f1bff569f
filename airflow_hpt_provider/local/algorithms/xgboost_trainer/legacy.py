"""The checks of version 0.72, the image of the repository ``xgboost``, in the words of that image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.local.algorithms.xgboost_trainer.checks import MULTI_CLASS, inside
from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTS: Final = ("nthread", "num_class")
"""The hyperparameters whose lower bound is worded differently."""
UPDATE: Final = "process_type 'update' can only be used with updater 'refresh' and 'prune'"


def check(given: Mapping[str, str], rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Check the hyperparameters of a training job.

    Args:
        given: their texts, by name.
        rows: the version's hyperparameters.

    Raises:
        UserError: one is missing, not readable or out of its range.
    """
    for name, row in rows.items():
        problem = _problem(name, given[name], row) if name in given else None
        if problem is not None:
            raise UserError(problem)
    multi_class = given.get("objective") in MULTI_CLASS
    if multi_class and "num_class" not in given:
        raise UserError("Require input for parameter 'num_class' for multi classification.")
    if "num_class" in given and not multi_class:
        raise UserError(
            "Do not need to setup parameter 'num_class' for learning task other than multi classification."
        )
    if given.get("booster") == "gblinear" and "updater" not in given:
        raise UserError("Linear updater should be one of these options: 'shotgun', 'coor_descent'.")
    if given.get("process_type") == "update" and "updater" not in given:
        raise UserError(UPDATE)
    if "num_round" not in given:
        raise UserError("Require input for parameter num_round")


def _problem(name: str, text: str, row: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a value; None if nothing is."""
    kind = row["type"]
    if kind == "Categorical":
        if text in row["values"]:
            return None
        if "gpu" in text:
            return "GPU training is not supported yet."
        options = ", ".join(f"'{value}'" for value in row["values"])
        return f"Parameter '{name}' should be one of these options: {options}."
    if kind not in ("Integer", "Continuous"):
        return None
    try:
        value = int(text) if kind == "Integer" else float(text)
    except ValueError:
        return f"Parameter {name} expects {'integer' if kind == 'Integer' else 'float'} input."
    interval = row["range"]
    if inside(value, interval):
        return None
    low, _, high = interval[1:-1].partition(", ")
    if kind == "Integer" and (low, high) == ("0", "1"):
        return f"Parameter '{name}' should be either '0' or '1'."
    if high == "+inf":
        bound = "greater or equal to" if name in COUNTS else "greater than or equal to"
        return f"Parameter '{name}' should be {bound} {low}."
    return f"Parameter '{name}' should be in range {interval.replace(', ', ',')}."
