"""The model's data: trials as rows and losses.

A row of the model is a row of the space, followed by its context: the columns in which trials of one space may
differ besides their points. Trials of warm-start parents that ran on other data have a context, a one-hot task.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.fit import CATEGORICAL_LENGTHSCALE, Columns
from airflow_hpt_provider.local.strategies.bayesian.transform import HUGEST, SAME, location_and_scale
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, Trial
from airflow_hpt_provider.local.strategies.parameters import Categorical

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.parameters import Array
    from airflow_hpt_provider.local.strategies.space import SearchSpace

NUMBERS = 0.15, (1e-3, 3.0)
"""The prior's median lengthscale of a numeric parameter, times the square root of the number of parameters (the
cube's side is 1), and the prior of the noise."""
MIXED = 0.3, (1e-4, 2.0)
"""The same where there are categories. There, losses jump more often than that they shake, and a model that takes
jumps for noise looks no further (``docs/benchmarks/search.md``)."""
SCALED_FROM = 4
"""Number of losses that a task needs for a separate scale."""
TASK_LENGTHSCALE = 3.0
"""Prior length scale of the one-hot task. Its values are sqrt(2) apart, so tasks start out correlated by 0.7."""


@dataclass(frozen=True)
class Observations:
    """What is known of a tuning job, as the model takes it.

    Attributes:
        columns: of the rows.
        rows: of the trials with a loss, shape (n, d).
        losses: the rows' losses, finite, shape (n,).
        failed: rows of the trials that have failed, shape (f, d).
        pending: rows of the trials still running, shape (p, d).
        context: the last columns of the row to propose, shape (c,); the space's width and c make d.
    """

    columns: Columns
    rows: Array
    losses: Array
    failed: Array
    pending: Array
    context: Array


def succeeded(trial: Trial) -> bool:
    """Return whether a trial has a loss to learn from; one that is not finite counts as a failure."""
    return trial.outcome is Outcome.SUCCEEDED and trial.value is not None and math.isfinite(trial.value)


def failed(trial: Trial) -> bool:
    """Return whether a trial has ended without a loss to learn from."""
    return trial.outcome is not Outcome.PENDING and not succeeded(trial)


def finished_losses(objective: Objective, trials: Iterable[Trial]) -> list[float]:
    """Return the losses of all finished trials in their order, infinite for the failed."""
    return [
        objective.loss(trial.value) if succeeded(trial) and trial.value is not None else math.inf
        for trial in trials
        if trial.outcome is not Outcome.PENDING
    ]


def has_categories(space: SearchSpace) -> bool:
    """Return whether there are categories to choose from."""
    return any(isinstance(each, Categorical) and each.size > 1 for each in space.parameters)


def lay_out(space: SearchSpace, context: Sequence[tuple[int, float]] = ()) -> Columns:
    """One lengthscale a parameter, shared by the columns of a categorical one; which parts the covariance has.

    Args:
        space: of the trials.
        context: of each group of context columns, how many there are and the prior's median lengthscale.
    """
    groups: list[int] = []
    scales: list[float] = []
    length, noise = MIXED if has_categories(space) else NUMBERS
    numeric = length * math.sqrt(len(space.parameters))
    for index, (parameter, columns) in enumerate(zip(space.parameters, space.columns, strict=True)):
        groups += [index] * (columns.stop - columns.start)
        scales.append(CATEGORICAL_LENGTHSCALE if isinstance(parameter, Categorical) else numeric)
    for count, scale in context:
        groups += [len(scales)] * count
        scales.append(scale)
    parts, shares = _parts(space, len(groups))
    return Columns(np.array(groups), scales, parts, shares, noise=noise)


def _parts(space: SearchSpace, width: int) -> tuple[Array, Array]:
    """Return the columns (p, width) and the shares of the variance (p,) of the parts of the covariance.

    One part sees all columns. Where there are numeric and categorical parameters, one more sees the former and
    the context, and one the latter alone. Where there are several numeric parameters and no others, one more sees
    each of them alone. (With categories, the latter were tried too: they cost more than they brought.)
    """
    whole, categorical = np.ones(width), np.zeros(width)
    alone: list[Array] = []
    for parameter, columns in zip(space.parameters, space.columns, strict=True):
        if isinstance(parameter, Categorical):
            categorical[columns] = float(parameter.size > 1)
        elif parameter.size > 1:
            alone.append(np.eye(width)[columns.start])
    if alone and categorical.any():
        parts = [whole, whole - categorical, categorical]
        return np.array(parts), np.full(len(parts), 1.0 / len(parts))
    if len(alone) > 1:
        return np.array([whole, *alone]), np.array([0.5, *[0.5 / len(alone)] * len(alone)])
    return whole[None, :], np.ones(1)


def observe(space: SearchSpace, objective: Objective, trials: Sequence[Trial]) -> Observations:
    """Return the trials of one task, in their order."""
    return _observe(space, objective, trials, lay_out(space), lambda _: np.zeros(0), np.zeros(0))


def observe_tasks(space: SearchSpace, objective: Objective, trials: Sequence[Trial]) -> Observations:
    """Return the trials of several tasks: the tuning job's own, and each warm-start parent's.

    A parent may have run on other data, so each task's losses get a location and a scale of their own: the median
    is subtracted, and the rest is divided by the interquartile range. A task with fewer than four losses takes the
    median of the other tasks' scales. The model has a further offset for every task. How alike the tasks are is for
    the model to learn: it is the lengthscale of the one-hot task. Swersky, Snoek and Adams, "Multi-Task
    Bayesian Optimization", 2013, with the simplest of task kernels.
    """
    names = ["", *sorted({task_of(trial) for trial in trials} - {""})]
    if len(names) == 1:
        return observe(space, objective, trials)
    width = space.width
    shared = lay_out(space, [(len(names), TASK_LENGTHSCALE)])
    columns = replace(shared, task=slice(width, width + len(names)))
    one_hot = np.eye(len(names))
    observations = _observe(
        space, objective, trials, columns, lambda trial: one_hot[names.index(task_of(trial))], one_hot[0]
    )
    tasks = observations.rows[:, width:].argmax(axis=1)
    return replace(observations, losses=_standardised(observations.losses, tasks))


def _standardised(losses: Array, tasks: Array) -> Array:
    """Return losses, shape (n,), less their task's location and over its scale; ``tasks`` are indices, shape (n,)."""
    result = np.clip(losses, -HUGEST, HUGEST)
    scales: dict[int, float] = {}
    for task in np.unique(tasks):
        members = result[tasks == task]
        location, scale = location_and_scale(members)
        result[tasks == task] -= location
        if len(members) >= SCALED_FROM and scale > SAME * abs(location):
            scales[int(task)] = scale
    usual = float(np.median(list(scales.values()))) if scales else 1.0
    for task in np.unique(tasks):
        result[tasks == task] /= scales.get(int(task), usual)
    return result


def _observe(
    space: SearchSpace,
    objective: Objective,
    trials: Iterable[Trial],
    columns: Columns,
    context_of: Callable[[Trial], Array],
    context: Array,
) -> Observations:
    rows: list[Array] = []
    losses: list[float] = []
    failures: list[Array] = []
    pending: list[Array] = []
    for trial in trials:
        point = space.parse(trial.point)
        if point is None:
            continue  # a parent's, outside the ranges searched now
        row = np.concatenate([space.encode(point), context_of(trial)])
        if succeeded(trial) and trial.value is not None:
            rows.append(row)
            losses.append(objective.loss(trial.value))
        elif failed(trial):
            failures.append(row)
        elif trial.number > 0:
            pending.append(row)
    width = space.width + len(context)
    return Observations(
        columns,
        np.array(rows).reshape(-1, width),
        np.array(losses),
        np.array(failures).reshape(-1, width),
        np.array(pending).reshape(-1, width),
        context,
    )


def task_of(trial: Trial) -> str:
    """Whose trial it is: the parent's name, or "" for the tuning job's own."""
    return "" if trial.number > 0 else trial.parent or "parent"
