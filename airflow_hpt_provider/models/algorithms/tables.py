"""The tables of the built-in algorithms, read from the TOML files."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.models.algorithms.algorithm import EITHER, MAX_METRICS, Algorithm, Tunable

if TYPE_CHECKING:
    from collections.abc import Iterable

QUALITY: Final = r"#quality_metric: host=\S+,"
PROGRESS: Final = {
    "train:progress": r"#progress_metric: host=\S+, completed (\S+) %",
    "train:throughput": r"#throughput_metric: host=\S+, train throughput=(\S+) records/second",
}
XGBOOST_NAMES: Final = {"reg": "regression", "count": "regression"}
"""The tables of ``[described]`` for the kinds of the hyperparameter ``objective`` that are not named alike."""
XGBOOST_KINDS: Final = ("binary", "multi", "rank", "survival", "reg", "count", "")
DEFAULT_KIND: Final = "regression"
LEGACY: Final = "0.72"
"""The version of the repository ``xgboost``."""
NEWEST: Final = "3.2"
"""The newest version of the repository ``sagemaker-xgboost`` that is known."""


@cache
def table(name: str) -> dict[str, Any]:
    """Return the content of one TOML file of this package."""
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def algorithm(repository: str, version: str) -> Algorithm:
    """Return an algorithm.

    Args:
        repository: ``xgboost``, ``sagemaker-xgboost``, or a table of ``algorithms.toml``.
        version: XGBoost's version, such as ``1.7``; of no effect on the others.
    """
    if repository in ("xgboost", "sagemaker-xgboost"):
        return _xgboost(repository, version)
    entry = table("algorithms")[repository]
    splits = entry.get("splits", ())
    metrics = {
        name: regex.replace("QUALITY", QUALITY).replace("SPLIT", split)
        for template, regex in entry["metrics"].items()
        for name, split in _split(template, splits)
    }
    if entry.get("progress"):
        metrics |= PROGRESS
    hidden = {name for each in entry.get("hidden", ()) for name, _ in _split(each, splits)}
    objectives = {
        name: direction
        for direction, templates in entry["objectives"].items()
        for template in templates
        for name, _ in _split(template, entry.get("objective_splits", splits))
    }
    return Algorithm(
        name=repository,
        version="1",
        metrics=metrics,
        objectives=objectives,
        tunable={name: Tunable(*words.split()) for name, words in entry["tunable"].items()},
        required=tuple(entry["required"]),
        channels=tuple(entry["channels"]),
        optional_channels=tuple(entry["optional_channels"]),
        shown={"": tuple(name for name in metrics if name not in hidden)},
    )


def _split(template: str, splits: Iterable[str]) -> list[tuple[str, str]]:
    """Return the names that a template with ``SPLIT`` stands for, each with its data set."""
    if "SPLIT" not in template:
        return [(template, "")]
    return [(template.replace("SPLIT", split), split) for split in splits]


def number(version: str) -> tuple[int, ...]:
    """Return a version as numbers, to be compared."""
    return tuple(int(part) for part in version.split("."))


def in_version(entry: dict[str, Any], version: str) -> bool:
    """Say whether a hyperparameter exists in a version of XGBoost."""
    since, until = entry.get("since"), entry.get("until")
    return not (
        (since is not None and number(version) < number(since))
        or (until is not None and number(version) > number(until))
    )


def _xgboost(repository: str, version: str) -> Algorithm:
    entry = table("xgboost")
    logged = [
        metric
        for since, metrics in entry["since"].items()
        if number(since) <= number(version)
        for metric in metrics
    ]
    regex = entry["regex"]
    metrics = {
        f"{split}:{metric}": regex.replace("SPLIT", split).replace("METRIC", metric)
        for split in ("train", "validation")
        for metric in logged
    }
    either = entry["either"].get(version, ())
    objectives = {
        f"validation:{metric}": EITHER if metric in either else direction
        for direction, names in entry["better"].items()
        for metric in names
        if metric in logged
    }
    return Algorithm(
        name=repository,
        version=version,
        metrics=metrics,
        objectives=objectives,
        tunable={
            name: Tunable(each["type"], *each["tune"].split())
            for name, each in entry["hyperparameters"].items()
            if "tune" in each and in_version(each, version)
        },
        required=tuple(entry["required"]),
        channels=tuple(entry["channels"]),
        optional_channels=tuple(entry["optional_channels"]),
        shown=_shown(entry["described"], metrics, version),
    )


def _shown(described: dict[str, Any], metrics: dict[str, str], version: str) -> dict[str, tuple[str, ...]]:
    if version == LEGACY:
        return {"": tuple(described[LEGACY])}
    if len(metrics) < MAX_METRICS:
        return {"": tuple(metrics)}
    return {
        kind: tuple(
            name for name in described[XGBOOST_NAMES.get(kind, kind) or DEFAULT_KIND] if name in metrics
        )
        for kind in XGBOOST_KINDS
    }
