"""Which built-in algorithms the local service can train."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from airflow_hpt_provider.models.algorithms import find_algorithm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.models.algorithms import Algorithm

EXTRA: Final = "airflow-hpt-provider[algorithms]"
XGBOOST: Final = ("xgboost", "sagemaker-xgboost")
_PARQUET: Final = ("parquet", "application/x-parquet")
PROGRAM: Final = "airflow_hpt_provider.local.algorithms.xgboost_trainer"
CLIENT_ERROR: Final = 2
"""Exit code of the trainer if the FailureReason is to begin with ``ClientError``."""


def command(image: str) -> tuple[str, ...] | None:
    """Return the command that trains a built-in algorithm; None if the service does not train the image."""
    algorithm = find_algorithm(image)
    if algorithm is None or why_not(algorithm) is not None:
        return None
    return (sys.executable, "-m", PROGRAM, algorithm.version)


def unsupported(definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> str | None:
    """Return what XGBoost's trainer cannot do of a request, with the remedy; None if it trains it.

    Args:
        definition: the training definition, in AWS names.
        hyperparameters: the static ones.
    """
    if "_kfold" in hyperparameters:
        return "The local service does not train with _kfold: remove this hyperparameter"
    mode = definition["AlgorithmSpecification"]["TrainingInputMode"]
    for channel in definition.get("InputDataConfig") or ():
        name, content_type = channel["ChannelName"], str(channel.get("ContentType") or "")
        kind = content_type.partition(";")[0].strip().lower()
        if (channel.get("InputMode") or mode) == "Pipe":
            return (
                f"The local service does not train from channel '{name}' in Pipe mode: set InputMode to File"
            )
        if name == "train" and "recordio" in kind:
            return f"The local service does not read {content_type} of channel '{name}': use CSV, libsvm or Parquet"
        if name == "train" and kind in _PARQUET and find_spec("pyarrow") is None:
            return f"The local service needs the package pyarrow to read {content_type}: install it"
    return None


def why_not(algorithm: Algorithm) -> str | None:
    """Return the reason why the service does not train an algorithm, with the remedy; None if it does."""
    if algorithm.name not in XGBOOST:
        return f"The local service knows the built-in algorithm {algorithm.name}, but does not train it"
    if find_spec("xgboost") is None:
        return (
            f"To train the built-in algorithm {algorithm.name}, the local service needs the package xgboost: install "
            f"{EXTRA}"
        )
    return None
