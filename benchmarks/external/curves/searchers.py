"""Ours and optuna's, each a sampler with a rule that stops training jobs early."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.strategies import make_early_stopping, make_strategy
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, SearchContext, Trial
from benchmarks.external.curves.problems import FULL
from benchmarks.strategies.searchers import Optuna

if TYPE_CHECKING:
    from benchmarks.external.curves.run import Factory
    from benchmarks.external.problem import Ranges


class Ours:
    """A strategy of the local tuning service with its early stopping, called as the service calls them."""

    def __init__(self, ranges: Ranges, seed: int, strategy: str, early_stopping: str) -> None:
        context = SearchContext(
            strategy,
            ranges,
            Objective("Minimize"),
            seed,
            min_resource=1,
            max_resource=FULL,
            early_stopping=early_stopping,
        )
        self.strategy, self.rule = make_strategy(context), make_early_stopping(context)
        self.trials: dict[int, Trial] = {}

    def ask(self) -> tuple[int, Mapping[str, Any]]:
        number = len(self.trials) + 1
        made = self.strategy.suggest(list(self.trials.values()))
        self.trials[number] = Trial(
            number, made.point, running=True, budget=made.budget, bracket=made.bracket
        )
        return number, made.point

    def report(self, handle: int, step: int, loss: float) -> bool:
        trial = self.trials[handle]
        self.trials[handle] = trial = replace(trial, curve=(*trial.curve, (step, loss)))
        return self.rule is not None and self.rule.should_stop(trial, list(self.trials.values()))

    def end(self, handle: int, loss: float, *, stopped: bool) -> None:
        outcome = Outcome.SUCCEEDED if math.isfinite(loss) else Outcome.FAILED
        self.trials[handle] = replace(
            self.trials[handle],
            outcome=outcome,
            value=loss if outcome is Outcome.SUCCEEDED else None,
            running=False,
            stopped_early=stopped,
        )


class Rival:
    """A sampler of optuna with one of its pruners, both at the least and full resource that ours get."""

    def __init__(self, ranges: Ranges, seed: int, sampler: str, pruner: str) -> None:
        import optuna

        samplers: dict[str, Callable[[], Any]] = {
            "random": lambda: optuna.samplers.RandomSampler(seed=seed),
            "TPE": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True),
        }
        pruners: dict[str, Callable[[], Any]] = {
            "full": optuna.pruners.NopPruner,
            "median": optuna.pruners.MedianPruner,
            "ASHA": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
            "Hyperband": lambda: optuna.pruners.HyperbandPruner(
                min_resource=1, max_resource=FULL, reduction_factor=3
            ),
        }
        # Hyperband's brackets depend on the study's name.
        name = f"curves-{seed}"
        self.wrapped = Optuna(ranges, samplers[sampler](), pruner=pruners[pruner](), study_name=name)
        self.pruned = optuna.trial.TrialState.PRUNED
        self.failed = optuna.trial.TrialState.FAIL

    def ask(self) -> tuple[Any, Mapping[str, Any]]:
        return self.wrapped.ask()

    def report(self, handle: Any, step: int, loss: float) -> bool:
        handle.report(loss, step)
        return bool(handle.should_prune())

    def end(self, handle: Any, loss: float, *, stopped: bool) -> None:
        if stopped:
            self.wrapped.study.tell(handle, state=self.pruned)
        elif math.isfinite(loss):
            self.wrapped.study.tell(handle, loss)
        else:
            self.wrapped.study.tell(handle, state=self.failed)


def _ours(strategy: str, early_stopping: str = "Off") -> Factory:
    return lambda ranges, seed: Ours(ranges, seed, strategy, early_stopping)


def _rival(sampler: str, pruner: str) -> Factory:
    return lambda ranges, seed: Rival(ranges, seed, sampler, pruner)


def available() -> dict[str, tuple[Factory, str]]:
    """Return every searcher that is installed, by name, with the setting that it runs in."""
    found = {
        "ours Hyperband": (_ours("Hyperband"), "equal epochs"),
        "random in full": (_ours("Random"), "40 jobs"),
        "ours Bayesian in full": (_ours("Bayesian"), "40 jobs"),
        "ours random AUTO": (_ours("Random", "Auto"), "40 jobs"),
        "ours Bayesian AUTO": (_ours("Bayesian", "Auto"), "40 jobs"),
    }
    if importlib.util.find_spec("optuna"):
        found |= {
            "optuna ASHA random": (_rival("random", "ASHA"), "equal epochs"),
            "optuna ASHA TPE": (_rival("TPE", "ASHA"), "equal epochs"),
            "optuna Hyperband TPE": (_rival("TPE", "Hyperband"), "equal epochs"),
            "optuna TPE in full": (_rival("TPE", "full"), "40 jobs"),
            "optuna random in full": (_rival("random", "full"), "40 jobs"),
            "optuna random median": (_rival("random", "median"), "40 jobs"),
            "optuna TPE median": (_rival("TPE", "median"), "40 jobs"),
        }
    return found
