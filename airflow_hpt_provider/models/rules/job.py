"""Warm start of the tuning job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.rules.helpers import listed
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest


def warm_start(request: TuningJobRequest) -> Iterator[Problem]:
    """Each parent is named, once, and is not the new job itself."""
    warm = request.warm_start_config
    parents = warm.parent_hyper_parameter_tuning_jobs if warm is not None else None
    seen: set[str] = set()
    for index, parent in listed(parents):
        where = (
            "WarmStartConfig",
            "ParentHyperParameterTuningJobs",
            index,
            "HyperParameterTuningJobName",
        )
        name = parent.hyper_parameter_tuning_job_name
        if name is None:
            yield Problem(
                where, None, "a parent needs its name", "give it or remove the parent", sought=(where,)
            )
            continue
        # Names of tuning jobs are not case sensitive.
        if name.lower() in seen:
            yield Problem(where, name, "is given twice", "name each parent once")
        seen.add(name.lower())
        if name.lower() == (request.hyper_parameter_tuning_job_name or "").lower():
            yield Problem(where, name, "is the new tuning job itself", "name a finished tuning job")
