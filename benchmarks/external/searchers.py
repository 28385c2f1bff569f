"""Ours and the rivals, behind one interface that knows failures and warm-start parents."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, SearchContext, Trial
from benchmarks.external.problem import Parent, Ranges
from benchmarks.strategies.searchers import Optuna, optuna_gp, optuna_tpe


class Searcher(Protocol):
    """Suggests points, and learns what came of them."""

    def ask(self) -> tuple[Any, Mapping[str, Any]]: ...

    def report(self, handle: Any, loss: float | None) -> None:
        """Report the loss of a suggestion, None if its training failed."""


Factory = Callable[[Ranges, int, Sequence[Parent]], Searcher]


class Ours:
    """A strategy of the local tuning service, called as the service calls it: with the whole history."""

    def __init__(self, strategy: str, ranges: Ranges, seed: int, parents: Sequence[Parent]) -> None:
        self.strategy = make_strategy(SearchContext(strategy, ranges, Objective("Minimize"), seed))
        self.parents = [
            Trial(-place, parent.point, Outcome.SUCCEEDED, parent.loss, parent="parent")
            for place, parent in enumerate(parents, 1)
        ]
        self.own: dict[int, Trial] = {}

    def ask(self) -> tuple[int, Mapping[str, Any]]:
        number = len(self.own) + 1
        suggestion = self.strategy.suggest([*self.parents, *self.own.values()])
        self.own[number] = Trial(number, suggestion.point)
        return number, suggestion.point

    def report(self, handle: int, loss: float | None) -> None:
        outcome = Outcome.FAILED if loss is None else Outcome.SUCCEEDED
        self.own[handle] = Trial(handle, self.own[handle].point, outcome, loss)


class Rival:
    """A sampler of optuna; it has no use for parents."""

    def __init__(self, study: Optuna) -> None:
        self.study = study

    def ask(self) -> tuple[Any, Mapping[str, Any]]:
        return self.study.ask()

    def report(self, handle: Any, loss: float | None) -> None:
        import optuna

        if loss is None:
            self.study.study.tell(handle, state=optuna.trial.TrialState.FAIL)
        else:
            self.study.study.tell(handle, loss)


def available() -> dict[str, Factory]:
    """Return every searcher that is installed, by name. ``ours cold`` ignores warm-start parents."""
    found: dict[str, Factory] = {
        "ours": lambda ranges, seed, parents: Ours("Bayesian", ranges, seed, parents),
        "ours cold": lambda ranges, seed, _: Ours("Bayesian", ranges, seed, ()),
        "random": lambda ranges, seed, _: Ours("Random", ranges, seed, ()),
    }
    if importlib.util.find_spec("optuna"):
        found["optuna TPE"] = lambda ranges, seed, _: Rival(optuna_tpe(ranges, seed))
        if importlib.util.find_spec("torch"):
            found["optuna GP"] = lambda ranges, seed, _: Rival(optuna_gp(ranges, seed))
    return found
