"""The contract of a search strategy: what was tried -> what to try next.

A strategy is a pure function of the search space, the seed and the history: it keeps no state that cannot
be rebuilt from the trials in the store. So the service can be killed at any moment and resume.
Instances may cache (a fitted model, a factorisation), keyed by the history they saw. They are called by one
thread at a time per tuning job, off the event loop, and must not block on anything but computation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Protocol

Value = float | int | str
"""A hyperparameter's value: float if continuous, int if integer, str if categorical."""


class Outcome(Enum):
    """The state of a trial's objective."""

    PENDING = "Pending"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    """The job failed, or ended without emitting the objective metric."""


@dataclass(frozen=True)
class Trial:
    """One training job as a strategy sees it.

    Attributes:
        number: 1, 2, 3 ... in order of creation within the tuning job; negative for a warm-start parent's trial.
        point: hyperparameter name -> value, for every searched hyperparameter. A parent's may lack names or
            lie outside the current ranges: strategies clip or skip such trials.
        outcome: of the final objective.
        value: the final objective as the training job reported it (not sign-flipped); None unless SUCCEEDED.
        curve: (step, value) of the objective so far, in order of emission; step counts from 1.
        stopped_early: the job was stopped by :class:`EarlyStopping`; its value is then the last reported one.
        running: the training job is still running.
        budget: Hyperband only: the resource level given to the trial by ``Suggestion.budget``.
        bracket: Hyperband only: as given by ``Suggestion.bracket``.
        parent: of a warm-start parent's trial, the parent's name, so that trials of different parents are told
            apart; None for the tuning job's own.
    """

    number: int
    point: Mapping[str, Value]
    outcome: Outcome = Outcome.PENDING
    value: float | None = None
    curve: Sequence[tuple[int, float]] = ()
    stopped_early: bool = False
    running: bool = False
    budget: int | None = None
    bracket: int | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Suggestion:
    """A suggestion for the next trial. ``budget`` and ``bracket`` come back in the trial's history."""

    point: Mapping[str, Value]
    budget: int | None = None
    bracket: int | None = None


@dataclass(frozen=True)
class Objective:
    """The direction of the objective."""

    direction: Literal["Minimize", "Maximize"]

    def loss(self, value: float) -> float:
        """Return the value as a loss, to be minimised."""
        return value if self.direction == "Minimize" else -value


class Exhausted(Exception):  # noqa: N818 - it is an answer, not an error
    """No point is left to suggest (every combination of a grid has been tried)."""


class Strategy(Protocol):
    """Suggests the next trial.

    Errors:
        Exhausted: nothing is left to try.
    """

    def suggest(self, history: Sequence[Trial]) -> Suggestion:
        """Return the next point.

        ``history`` holds every trial so far, including pending ones and those of warm-start parents.

        Deterministic: same space, objective, seed and history give the same suggestion.
        """
        ...


class EarlyStopping(Protocol):
    """Decides which running trials should stop early."""

    def should_stop(self, trial: Trial, history: Sequence[Trial]) -> bool:
        """Return whether this running trial should be stopped now, given all the job's trials."""
        ...


@dataclass(frozen=True)
class SearchContext:
    """All that a strategy is made from; :func:`airflow_hpt_provider.local.strategies.make_strategy` takes one.

    Attributes:
        strategy: ``Random``, ``Grid``, ``Bayesian`` or ``Hyperband``, as in the API.
        ranges: the API's ``ParameterRanges`` in AWS names (ContinuousParameterRanges, IntegerParameterRanges,
            CategoricalParameterRanges, each a list; MinValue/MaxValue are strings).
        objective: which way is better.
        seed: the job's RandomSeed, or one drawn when the job was created and kept with it.
        min_resource, max_resource: Hyperband's, in steps of the objective metric.
        early_stopping: ``Off`` or ``Auto``.
        max_trials: the maximum number of own trials; None: unknown. Bayesian search ends near the best ones.
        options: ``warm_start_type``, the API's ``IdenticalDataAndAlgorithm`` or ``TransferLearning``: the former
            has parents' trials count as the job's own. TransferLearning, if absent.
    """

    strategy: str
    ranges: Mapping[str, Sequence[Mapping[str, object]]]
    objective: Objective
    seed: int
    min_resource: int | None = None
    max_resource: int | None = None
    early_stopping: str = "Off"
    max_trials: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)
