"""Ours and the rivals, behind one interface that knows failures and warm-start parents."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, SearchContext, Trial
from benchmarks.external.problem import Parent, Ranges
from benchmarks.external.rivals import Hebo, OptunaRival, Smac
from benchmarks.external.run import Setting
from benchmarks.strategies.searchers import optuna_gp, optuna_tpe


class Searcher(Protocol):
    """Suggests points, and learns what came of them."""

    def ask(self) -> tuple[Any, Mapping[str, Any]]: ...

    def report(self, handle: Any, loss: float | None) -> None:
        """Report the loss of a suggestion, None if its training failed."""


Factory = Callable[[Ranges, int, Sequence[Parent], Setting], Searcher]


class Ours:
    """A strategy of the local tuning service, called as the service calls it: with the whole history."""

    def __init__(
        self, strategy: str, ranges: Ranges, seed: int, parents: Sequence[Parent], setting: Setting
    ) -> None:
        self.strategy = make_strategy(
            SearchContext(strategy, ranges, Objective("Minimize"), seed, max_trials=setting.trials)
        )
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


RIVALS: dict[str, tuple[tuple[str, ...], Factory]] = {
    "optuna TPE": (("optuna",), lambda ranges, seed, *_: OptunaRival(optuna_tpe(ranges, seed))),
    "optuna GP": (("optuna", "torch"), lambda ranges, seed, *_: OptunaRival(optuna_gp(ranges, seed))),
    "SMAC3": (("smac",), lambda ranges, seed, _, setting: Smac(ranges, seed, setting)),
    "HEBO": (("hebo",), lambda ranges, seed, _, setting: Hebo(ranges, seed, setting)),
}
"""Other libraries' searches, each with the modules that it needs."""


def available() -> dict[str, Factory]:
    """Return every searcher that is installed, by name. ``ours cold`` ignores warm-start parents."""
    found: dict[str, Factory] = {
        "ours": lambda *run: Ours("Bayesian", *run),
        "ours cold": lambda ranges, seed, _, setting: Ours("Bayesian", ranges, seed, (), setting),
        "random": lambda ranges, seed, _, setting: Ours("Random", ranges, seed, (), setting),
    }
    for name, (modules, factory) in RIVALS.items():
        if all(map(importlib.util.find_spec, modules)):
            found[name] = factory
    return found
