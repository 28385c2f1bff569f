"""How many training jobs, and how many at a time. Only limits that AWS does not raise are enforced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.rules.helpers import LIMITS, config_of, member_of
from airflow_hpt_provider.models.status import StrategyType
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.models.request import TuningJobRequest

MAX_PARALLEL: Final = 100
"""The default quota is 10; AWS raises it up to this."""

MAX_TRAINING_JOBS: Final[dict[str, int]] = {
    StrategyType.BAYESIAN: 750,
    StrategyType.GRID: 750,
    StrategyType.RANDOM: 10_000,
    StrategyType.HYPERBAND: 20_000,
}
"""The most that AWS grants for each strategy."""


def parallel(request: TuningJobRequest) -> Iterator[Problem]:
    """Not more training jobs at a time than in all, nor than AWS can grant."""
    config = config_of(request)
    limits = member_of(config.resource_limits) if config is not None else None
    at_a_time = member_of(limits.max_parallel_training_jobs) if limits is not None else None
    if limits is None or at_a_time is None:
        return
    where, most = (*LIMITS, "MaxParallelTrainingJobs"), limits.max_number_of_training_jobs
    if most is not None and at_a_time > most:
        yield Problem(
            where,
            at_a_time,
            f"is more than MaxNumberOfTrainingJobs, {most}",
            f"set it to {most} or less, or raise MaxNumberOfTrainingJobs",
        )
    if at_a_time > MAX_PARALLEL:
        yield Problem(
            where,
            at_a_time,
            f"is more than AWS allows, {MAX_PARALLEL}",
            f"set it to {MAX_PARALLEL} or less",
        )


def number_of_training_jobs(request: TuningJobRequest) -> Iterator[Problem]:
    """Not more training jobs in all than the strategy may have."""
    config = config_of(request)
    limits = member_of(config.resource_limits) if config is not None else None
    most = limits.max_number_of_training_jobs if limits is not None else None
    if config is None or most is None:
        return
    allowed = MAX_TRAINING_JOBS.get(config.strategy)
    if allowed is not None and most > allowed:
        yield Problem(
            (*LIMITS, "MaxNumberOfTrainingJobs"),
            most,
            f"is more than AWS allows for {config.strategy}, {allowed:,}",
            f"set it to {allowed} or less, or split the search with WarmStartConfig",
        )
