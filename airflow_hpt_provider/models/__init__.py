"""The tuning API as pydantic models: the request, the answers, and the result that lands in XCom.

Nothing here imports Airflow or boto3, and each name below is loaded when it is first used, so that a DAG file
pays only for what it asks for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from airflow_hpt_provider.models.best import BestTrainingJob
    from airflow_hpt_provider.models.counters import ObjectiveStatusCounters, TrainingJobStatusCounters
    from airflow_hpt_provider.models.description import TuningJobDescription, TuningJobSummary
    from airflow_hpt_provider.models.files import ConfigFileError
    from airflow_hpt_provider.models.request import TuningJobRequest, check_request
    from airflow_hpt_provider.models.result import TuningResult
    from airflow_hpt_provider.models.result_parts import Attempt, FailureGroup, Objective
    from airflow_hpt_provider.models.shorthands import Categorical, Continuous, Integer
    from airflow_hpt_provider.models.status import (
        ObjectiveStatus,
        ObjectiveType,
        ScalingType,
        StrategyType,
        TrainingJobStatus,
        TuningJobStatus,
        WarmStartType,
    )
    from airflow_hpt_provider.models.training_job_summary import TrainingJobSummary
    from airflow_hpt_provider.models.validation.messages import explain
    from airflow_hpt_provider.models.validation.problems import Problem

_HOMES: Final = {
    "best": ("BestTrainingJob",),
    "counters": ("ObjectiveStatusCounters", "TrainingJobStatusCounters"),
    "description": ("TuningJobDescription", "TuningJobSummary"),
    "files": ("ConfigFileError",),
    "request": ("TuningJobRequest", "check_request"),
    "result": ("TuningResult",),
    "result_parts": ("Attempt", "FailureGroup", "Objective"),
    "shorthands": ("Categorical", "Continuous", "Integer"),
    "status": (
        "ObjectiveStatus",
        "ObjectiveType",
        "ScalingType",
        "StrategyType",
        "TrainingJobStatus",
        "TuningJobStatus",
        "WarmStartType",
    ),
    "training_job_summary": ("TrainingJobSummary",),
    "validation.messages": ("explain",),
    "validation.problems": ("Problem",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Attempt",
    "BestTrainingJob",
    "Categorical",
    "ConfigFileError",
    "Continuous",
    "FailureGroup",
    "Integer",
    "Objective",
    "ObjectiveStatus",
    "ObjectiveStatusCounters",
    "ObjectiveType",
    "Problem",
    "ScalingType",
    "StrategyType",
    "TrainingJobStatus",
    "TrainingJobStatusCounters",
    "TrainingJobSummary",
    "TuningJobDescription",
    "TuningJobRequest",
    "TuningJobStatus",
    "TuningJobSummary",
    "TuningResult",
    "WarmStartType",
    "check_request",
    "explain",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return __all__
