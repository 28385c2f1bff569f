"""Ours and the others, behind one ask-and-tell interface."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.strategies import make_strategy
from airflow_hpt_provider.local.strategies.contract import Objective, Outcome, SearchContext, Strategy, Trial
from airflow_hpt_provider.local.strategies.parameters import Categorical, Continuous, Integer, Scale
from airflow_hpt_provider.local.strategies.space import SearchSpace

if TYPE_CHECKING:
    from benchmarks.strategies.compare import SearcherFactory
    from benchmarks.strategies.problems import Ranges


class Ours:
    """A strategy of the local tuning service, asked as the service asks it: with the whole history."""

    def __init__(self, strategy: Strategy) -> None:
        self.strategy = strategy
        self.history: dict[int, Trial] = {}

    def ask(self) -> tuple[int, Mapping[str, Any]]:
        number = len(self.history) + 1
        suggestion = self.strategy.suggest(list(self.history.values()))
        self.history[number] = Trial(number, suggestion.point)
        return number, suggestion.point

    def tell(self, handle: int, loss: float) -> None:
        self.history[handle] = Trial(handle, self.history[handle].point, Outcome.SUCCEEDED, loss)

    def load(self, point: Mapping[str, Any], loss: float) -> None:
        self.history[len(self.history) + 1] = Trial(len(self.history) + 1, point, Outcome.SUCCEEDED, loss)


def ours(strategy: str) -> SearcherFactory:
    def make(ranges: Ranges, seed: int) -> Ours:
        return Ours(make_strategy(SearchContext(strategy, ranges, Objective("Minimize"), seed)))

    return make


def sketch(path: Path) -> SearcherFactory:
    """Return the sketch that ours grew from, if its file is at hand."""
    spec = importlib.util.spec_from_file_location("sketch", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    words = {Scale.LINEAR: "linear", Scale.LOGARITHMIC: "log", Scale.REVERSE_LOGARITHMIC: "rlog"}

    def make(ranges: Ranges, seed: int) -> Any:
        space: list[tuple[Any, ...]] = []
        for parameter in SearchSpace.from_ranges(ranges).parameters:
            match parameter:
                case Categorical():
                    space.append((parameter.name, "cat", list(parameter.values)))
                case Continuous():
                    space.append(
                        (parameter.name, "float", parameter.low, parameter.high, words[parameter.scale])
                    )
                case Integer():
                    space.append(
                        (parameter.name, "int", parameter.low, parameter.high, words[parameter.scale])
                    )
        return module.GPSearch(space, seed)

    return make


class Optuna:
    """Optuna's samplers. A reverse logarithmic range becomes the logarithmic one of the distance from 1."""

    def __init__(self, ranges: Ranges, sampler: Any, **study: Any) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.space = SearchSpace.from_ranges(ranges)
        self.study = optuna.create_study(sampler=sampler, **study)

    def ask(self) -> tuple[Any, Mapping[str, Any]]:
        trial, point = self.study.ask(), {}
        for parameter in self.space.parameters:
            name = parameter.name
            match parameter:
                case Categorical():
                    point[name] = trial.suggest_categorical(name, parameter.values)
                case Continuous(scale=Scale.REVERSE_LOGARITHMIC):
                    point[name] = 1 - trial.suggest_float(
                        name, 1 - parameter.high, 1 - parameter.low, log=True
                    )
                case Continuous():
                    log = parameter.scale is Scale.LOGARITHMIC
                    point[name] = trial.suggest_float(name, parameter.low, parameter.high, log=log)
                case Integer():
                    log = parameter.scale is Scale.LOGARITHMIC
                    point[name] = trial.suggest_int(name, parameter.low, parameter.high, log=log)
        return trial, point

    def tell(self, handle: Any, loss: float) -> None:
        self.study.tell(handle, loss)

    def load(self, point: Mapping[str, Any], loss: float) -> None:
        self.study.enqueue_trial(dict(point))
        self.tell(self.ask()[0], loss)


def optuna_tpe(ranges: Ranges, seed: int) -> Optuna:
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Optuna(ranges, optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True))


def optuna_gp(ranges: Ranges, seed: int) -> Optuna:
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Optuna(ranges, optuna.samplers.GPSampler(seed=seed))


class Hyperopt:
    """Hyperopt's TPE, driven trial by trial."""

    def __init__(self, ranges: Ranges, seed: int) -> None:
        import math

        import hyperopt
        import numpy as np
        from hyperopt import hp
        from hyperopt.base import JOB_STATE_DONE, Domain

        self.parameters = SearchSpace.from_ranges(ranges).parameters
        space: dict[str, Any] = {}
        for parameter in self.parameters:
            name = parameter.name
            match parameter:
                case Categorical():
                    space[name] = hp.choice(name, range(len(parameter.values)))
                case Continuous(scale=Scale.LOGARITHMIC):
                    space[name] = hp.loguniform(name, math.log(parameter.low), math.log(parameter.high))
                case Continuous(scale=Scale.REVERSE_LOGARITHMIC):
                    space[name] = hp.loguniform(name, math.log1p(-parameter.high), math.log1p(-parameter.low))
                case Continuous():
                    space[name] = hp.uniform(name, parameter.low, parameter.high)
                case Integer(scale=Scale.LOGARITHMIC):
                    space[name] = hp.qloguniform(name, math.log(parameter.low), math.log(parameter.high), 1)
                case Integer():
                    space[name] = hp.quniform(name, parameter.low, parameter.high, 1)
        self.suggest, self.done = hyperopt.tpe.suggest, JOB_STATE_DONE
        self.trials, self.domain = hyperopt.Trials(), Domain(lambda _: 0.0, space)
        self.rng = np.random.default_rng(seed)

    def ask(self) -> tuple[Any, Mapping[str, Any]]:
        ids = self.trials.new_trial_ids(1)
        self.trials.refresh()
        documents = self.suggest(ids, self.domain, self.trials, int(self.rng.integers(2**31 - 1)))
        self.trials.insert_trial_docs(documents)
        self.trials.refresh()
        point: dict[str, Any] = {}
        for parameter in self.parameters:
            value = documents[0]["misc"]["vals"][parameter.name][0]
            match parameter:
                case Categorical():
                    point[parameter.name] = parameter.values[int(value)]
                case Integer():
                    point[parameter.name] = int(min(max(value, parameter.low), parameter.high))
                case Continuous(scale=Scale.REVERSE_LOGARITHMIC):
                    point[parameter.name] = 1 - value
                case Continuous():
                    point[parameter.name] = float(value)
        return ids[0], point

    def tell(self, handle: Any, loss: float) -> None:
        for document in self.trials._dynamic_trials:
            if document["tid"] == handle:
                document["state"], document["result"] = self.done, {"status": "ok", "loss": loss}
        self.trials.refresh()

    def load(self, point: Mapping[str, Any], loss: float) -> None:
        # It takes points in its own encoding only; one of its own is as good for timing it.
        self.tell(self.ask()[0], loss)


def available(sketch_path: Path | None = None) -> dict[str, SearcherFactory]:
    """Every searcher that can run here: ours, and the others where they are installed."""
    found: dict[str, SearcherFactory] = {"ours": ours("Bayesian"), "random": ours("Random")}
    if sketch_path is not None:
        found["sketch"] = sketch(sketch_path)
    if importlib.util.find_spec("optuna"):
        found["optuna TPE"] = optuna_tpe
        if importlib.util.find_spec("torch"):
            found["optuna GP"] = optuna_gp
    if importlib.util.find_spec("hyperopt"):
        found["hyperopt TPE"] = Hyperopt
    return found
