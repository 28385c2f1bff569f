"""The rules that AWS checks only after the call, checked before it.

Each rule is a function from a request to the problems it finds. It must not fail on a request that was read in
parts (:attr:`ValidationMode.PARTIAL`), in which any member may be None: see :func:`.helpers.part`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from airflow_hpt_provider.models.rules import (
    algorithm,
    forms,
    instances,
    job,
    limits,
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


def broken_rules(request: TuningJobRequest) -> list[Problem]:
    """Every problem of a request, whole or read in parts."""
    return [problem for rule in RULES for problem in rule(request)]
