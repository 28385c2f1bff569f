"""The checks of single hyperparameters, as SageMaker's container makes them: parsing, ranges, dependencies."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import UserError
from airflow_hpt_provider.models.algorithms.tables import LEGACY, in_version, number, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WITH_ARGUMENT: Final = ("error", "ndcg", "map")
"""Metrics that may have an argument, such as ``error@0.7``."""
MULTI_CLASS: Final = ("multi:softmax", "multi:softprob")
AUC: Final = ("binary:", "rank:")
AUC_LEGACY: Final = (*AUC, "multi:", "reg:logistic")
"""The objectives that the metric ``auc`` goes with, by their beginnings."""
GROWERS: Final = (
    *("grow_colmaker", "distcol", "grow_histmaker", "grow_local_histmaker", "grow_quantile_histmaker"),
)
"""The updaters of which there may be only one. The container does not count ``grow_skmaker``."""
LINEAR_UPDATERS: Final = ("shotgun", "coord_descent")
UPDATERS_OF_UPDATE: Final = ("refresh", "prune")
CONSTRAINED: Final = {
    "monotone_constraints": ("exact", "hist"),
    "interaction_constraints": ("exact", "hist", "approx"),
}
"""The tree methods that constraints need, which have to be named."""


def known_in(version: str) -> dict[str, Mapping[str, Any]]:
    """Return the hyperparameters of a version, each with the values and the range that it has there."""
    rows = {
        name: {**row, **(row.get("legacy") or {})} if version == LEGACY else row
        for name, row in table("xgboost")["hyperparameters"].items()
    }
    return {name: _values_in(row, version) for name, row in rows.items() if in_version(row, version)}


def _values_in(row: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    later = row.get("values_since") or {}
    if not later:
        return row
    values = [each for each in row["values"] if in_version({"since": later.get(each)}, version)]
    return {**row, "values": values}


def metrics_of(version: str) -> list[str]:
    """Return the metrics that the image of a version knows, without their data sets."""
    return [
        metric
        for since, metrics in table("xgboost")["since"].items()
        if number(since) <= number(version)
        for metric in metrics
    ]


def parse(name: str, text: str, row: Mapping[str, Any]) -> Any:
    """Return the value in a text.

    Raises:
        UserError: it is not of the hyperparameter's type.
    """
    kind = row["type"]
    try:
        if kind == "Integer":
            return int(text)
        if kind == "Continuous":
            return float(text)
        if kind in ("Tuple", "Nested"):
            return ast.literal_eval(text)
        return text.split(",") if kind in ("List", "Metrics") else text
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        cause = type(error).__name__
        raise UserError(f"Hyperparameter {name}: could not parse value (caused by {cause})") from error


def check_range(name: str, text: str, value: Any, row: Mapping[str, Any], version: str) -> None:
    """Check that a value is among those that the version takes.

    Raises:
        UserError: it is not.
    """
    kind = row["type"]
    if kind == "Metrics":
        _check_metrics(name, value, version)
    elif kind in ("List", "Tuple"):
        _check_each(name, value, value, row["values"])
    elif kind == "Nested":
        _check_each(
            name, value, [each for group in _each(name, value) for each in _each(name, group)], row["range"]
        )
    elif "range" in row:
        if not inside(value, row["range"]):
            raise UserError(f"Hyperparameter {name}: {text} is not in {row['range']}")
    elif value not in row["values"]:
        if "gpu" in value and number(version) < (1, 2):
            raise UserError("GPU training is not supported yet.")
        raise UserError(f"Hyperparameter {name}: {text} is not in {row['values']}")


def _check_each(name: str, value: Any, parts: Any, allowed: Sequence[Any] | str) -> None:
    for part in _each(name, parts):
        if not (inside(part, allowed) if isinstance(allowed, str) else part in allowed):
            raise UserError(f"Hyperparameter {name}: value {value} not in range {allowed}")


def _each(name: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise UserError(f"Hyperparameter {name}: could not parse value (caused by TypeError)")
    return value


def inside(value: Any, interval: str) -> bool:
    """Say whether a value is a number in an interval such as ``(0, 1]``."""
    if not isinstance(value, int | float):
        return False
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    return above and below


def _check_metrics(name: str, metrics: Sequence[str], version: str) -> None:
    known = table("xgboost")["legacy"]["eval_metrics"] if version == LEGACY else metrics_of(version)
    for metric in metrics:
        plain, at, argument = (part.strip() for part in metric.partition("@"))
        if not at:
            if metric not in known:
                raise UserError(f"Hyperparameter {name}: value {list(metrics)} not in range {known}")
        elif plain not in WITH_ARGUMENT:
            raise UserError(
                f"Metric '{metric}' is not supported. Parameter 'eval_metric' with customized threshold should be one "
                "of these options: 'error', 'ndcg', 'map'."
            )
        elif not _is_number(argument):
            raise UserError(f"Threshold value 't' in '{plain}@t' expects float input.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def check_dependencies(values: Mapping[str, Any], objective: str, version: str) -> None:
    """Check the hyperparameters that depend on others.

    Raises:
        UserError: they do not go together.
    """
    if objective in MULTI_CLASS and "num_class" not in values:
        raise UserError("Require input for parameter 'num_class' for multi-classification")
    metrics = values.get("eval_metric", ())
    if "auc" in metrics and not objective.startswith(AUC_LEGACY if version == LEGACY else AUC):
        raise UserError("Metric 'auc' can only be applied for classification and ranking problems.")
    if "aft-nloglik" in metrics and objective != "survival:aft":
        raise UserError("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.")
    for name, methods in CONSTRAINED.items():
        if name in values and values.get("tree_method") not in methods:
            *others, last = (f"'{method}'" for method in methods)
            these = f"{', '.join(others)} or {last}"
            raise UserError(
                f"{name} can be used only when the tree_method parameter is set to either {these}."
            )
    if "updater" in values:
        _check_updaters(values["updater"], values.get("booster"), values.get("process_type"))


def _check_updaters(updaters: Sequence[str], booster: str | None, process_type: str | None) -> None:
    if booster == "gblinear":
        if len(updaters) != 1 or updaters[0] not in LINEAR_UPDATERS:
            raise UserError("Linear updater should be one of these options: 'shotgun', 'coord_descent'.")
    elif process_type == "update":
        if not all(each in UPDATERS_OF_UPDATE for each in updaters):
            raise UserError("process_type 'update' can only be used with updater 'refresh' and 'prune'")
    elif any(each in LINEAR_UPDATERS for each in updaters):
        raise UserError(
            "Tree updater should be selected from these options: 'grow_colmaker', 'distcol', 'grow_histmaker', "
            "'grow_local_histmaker', 'grow_skmaker', 'grow_quantile_histmaker', 'sync', 'refresh', 'prune', "
            "'shortgun', 'coord_descent'."
        )
    elif sum(each in GROWERS for each in updaters) > 1:
        raise UserError(
            "Only one tree grow plugin can be selected. Choose one from the"
            "following: 'grow_colmaker', 'distcol', 'grow_histmaker', 'grow_local_histmaker', 'grow_skmaker'"
        )
