"""Which built-in algorithms the local service can train."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.algorithms import find_algorithm

if TYPE_CHECKING:
    from airflow_hpt_provider.models.algorithms import Algorithm

EXTRA: Final = "airflow-hpt-provider[algorithms]"
XGBOOST: Final = ("xgboost", "sagemaker-xgboost")
PROGRAM: Final = "airflow_hpt_provider.local.algorithms.xgboost_trainer"


def command(image: str) -> tuple[str, ...] | None:
    """Return the command that trains a built-in algorithm; None if the service does not train the image."""
    algorithm = find_algorithm(image)
    if algorithm is None or why_not(algorithm) is not None:
        return None
    return (sys.executable, "-m", PROGRAM, algorithm.version)


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
