"""The rules that AWS checks only after the call, checked before it.

Each rule is a function from a request to the problems it finds. It must not fail on a request that was read in
parts (:attr:`ValidationMode.PARTIAL`), in which any member may be None: see :func:`.helpers.part`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from airflow_hpt_provider.models.rules import (
    advice,
    algorithm,
    built_in,
    forms,
    instances,
    job,
    limits,
    metric_regexes,
    space,
    strategy,
    tags,
    training,
)
from airflow_hpt_provider.models.validation.problems import Problem

if TYPE_CHECKING:
    from airflow_hpt_provider.models.request import TuningJobRequest

Rule = Callable[["TuningJobRequest"], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    forms.one_form_of_definitions,
    forms.single_definition,
    forms.several_definitions,
    space.bounds,
    space.names,
    space.size,
    strategy.grid,
    strategy.enough_combinations,
    strategy.hyperband,
    strategy.strategy_config,
    limits.parallel,
    limits.number_of_training_jobs,
    algorithm.image_or_name,
    algorithm.objective_is_a_metric,
    built_in.objective_of_algorithm,
    built_in.tunable_names,
    training.spot,
    training.run_time,
    training.channels,
    training.instance_group_names,
    training.environment,
    instances.one_resource_config,
    instances.kinds_of_machines,
    instances.instance_configs,
    instances.instance_preferences,
    tags.tags,
    job.warm_start,
)
"""All rules, in the order in which their problems are reported."""


WARNINGS: tuple[Rule, ...] = (
    advice.own_metrics,
    metric_regexes.control_characters,
    metric_regexes.small_and_negative_numbers,
    advice.required_by_algorithm,
    advice.data_of_objective,
    advice.recommended_ranges,
)
"""The rules whose problems are warnings: AWS accepts the request, and what it asks for is likely to go wrong."""


def broken_rules(request: TuningJobRequest) -> list[Problem]:
    """Every problem of a request, whole or read in parts."""
    return [problem for rule in RULES for problem in rule(request)]


def warnings_of(request: TuningJobRequest) -> list[Problem]:
    """Return warnings about members of a valid request that are likely to go wrong."""
    return [problem for rule in WARNINGS for problem in rule(request)]
