"""The search spaces of a tuning job, wherever they stand in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_hpt_provider.models.description import TuningJobDescription
    from airflow_hpt_provider.models.ranges import ParameterRanges
    from airflow_hpt_provider.models.request import TuningJobRequest


def search_spaces(job: TuningJobRequest | TuningJobDescription) -> list[ParameterRanges]:
    """Return the tuning job's own ranges, and those of each training job definition, in this order."""
    definitions = [job.training_job_definition, *(job.training_job_definitions or ())]
    spaces = [job.hyper_parameter_tuning_job_config.parameter_ranges]
    spaces += [each.hyper_parameter_ranges for each in definitions if each is not None]
    return [space for space in spaces if space is not None]
