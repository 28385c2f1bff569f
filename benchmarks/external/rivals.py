"""The searches of other libraries: optuna's samplers, SMAC3 and HEBO. None has a use for warm-start parents.

Each library gets its own kinds of ranges. A reverse logarithmic range becomes the logarithmic one of the distance
from 1. A library is imported when its searcher is made.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.strategies.contract import Exhausted
from airflow_hpt_provider.local.strategies.parameters import (
    Categorical,
    Continuous,
    Integer,
    Parameter,
    Scale,
)
from airflow_hpt_provider.local.strategies.space import SearchSpace

if TYPE_CHECKING:
    from benchmarks.external.problem import Ranges
    from benchmarks.external.run import Setting
    from benchmarks.strategies.searchers import Optuna


def _bounds(parameter: Continuous | Integer) -> tuple[Any, Any, bool]:
    """Return the ends of a numeric range as a library searches it, and whether it is logarithmic."""
    if parameter.scale is Scale.REVERSE_LOGARITHMIC:
        return 1 - parameter.high, 1 - parameter.low, True
    return parameter.low, parameter.high, parameter.scale is Scale.LOGARITHMIC


def _value(parameter: Parameter, found: Any) -> Any:
    """Return the hyperparameter's value for the value that a library suggests."""
    match parameter:
        case Categorical():
            return str(found)
        case Continuous(scale=Scale.REVERSE_LOGARITHMIC):
            found = 1 - float(found)
    kind = float if isinstance(parameter, Continuous) else int
    return min(max(kind(found), parameter.low), parameter.high)


class OptunaRival:
    """A sampler of optuna. A failed training job is reported as such."""

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


class Smac:
    """SMAC3's facade for hyperparameters: a random forest, and a quarter of the training jobs from a Sobol design.

    Its defaults, but it is informed that training is deterministic, so that it does not repeat points. Its model
    cannot take infinite costs: a failed training job has crashed, at the highest loss known.
    """

    def __init__(self, ranges: Ranges, seed: int, setting: Setting) -> None:
        from ConfigSpace import CategoricalHyperparameter as Category
        from ConfigSpace import ConfigurationSpace
        from ConfigSpace import UniformFloatHyperparameter as Float
        from ConfigSpace import UniformIntegerHyperparameter as Whole
        from smac import HyperparameterOptimizationFacade as Facade
        from smac import Scenario

        self.parameters = SearchSpace.from_ranges(ranges).parameters
        self.folder = tempfile.TemporaryDirectory()
        self.waiting: list[Any] = []
        self.highest = -math.inf
        space = ConfigurationSpace(seed=seed)
        for parameter in self.parameters:
            if isinstance(parameter, Categorical):
                space.add(Category(parameter.name, list(parameter.values)))
            else:
                low, high, log = _bounds(parameter)
                kind = Float if isinstance(parameter, Continuous) else Whole
                space.add(kind(parameter.name, low, high, log=log))
        scenario = Scenario(
            space, output_directory=self.folder.name, deterministic=True, n_trials=setting.trials, seed=seed
        )
        self.facade = Facade(scenario, None, overwrite=True, logging_level=False)

    def ask(self) -> tuple[Any, Mapping[str, Any]]:
        from smac.main.exceptions import ConfigurationSpaceExhaustedException

        try:
            trial = self.facade.ask()
        except ConfigurationSpaceExhaustedException as error:
            raise Exhausted("SMAC3 has tried all configurations") from error
        return trial, {each.name: _value(each, trial.config[each.name]) for each in self.parameters}

    def report(self, handle: Any, loss: float | None) -> None:
        from smac.runhistory.dataclasses import TrialValue
        from smac.runhistory.enumerations import StatusType

        if loss is None:
            self.waiting.append(handle)
        else:
            self.highest = max(self.highest, loss)
            self.facade.tell(handle, TrialValue(loss), save=False)
        if self.highest > -math.inf:
            for failed in self.waiting:
                self.facade.tell(failed, TrialValue(self.highest, status=StatusType.CRASHED), save=False)
            self.waiting.clear()


class Hebo:
    """HEBO. Rounds are asked for as a whole; else one suggestion at a time, as it knows no running training jobs.

    It leaves out losses that are not finite, so that it never learns of failed training jobs.
    """

    def __init__(self, ranges: Ranges, seed: int, setting: Setting) -> None:
        import numpy as np
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        np.random.seed(seed)  # HEBO's own seed is of its first points only
        torch.manual_seed(seed)
        self.parameters = SearchSpace.from_ranges(ranges).parameters
        self.batch = setting.parallel if setting.rounds else 1
        self.ready: list[Any] = []
        space = DesignSpace().parse([self._range(parameter) for parameter in self.parameters])
        self.search = HEBO(space, scramble_seed=seed)

    @staticmethod
    def _range(parameter: Parameter) -> dict[str, Any]:
        if isinstance(parameter, Categorical):
            return {"name": parameter.name, "type": "cat", "categories": list(parameter.values)}
        low, high, log = _bounds(parameter)
        kind = {(True, False): "num", (True, True): "pow", (False, False): "int", (False, True): "pow_int"}
        return {
            "name": parameter.name,
            "type": kind[isinstance(parameter, Continuous), log],
            "lb": low,
            "ub": high,
        }

    def ask(self) -> tuple[Any, Mapping[str, Any]]:
        if not self.ready:
            rows = self.search.suggest(self.batch)
            self.ready = [rows.iloc[[place]] for place in range(len(rows))]
        row = self.ready.pop(0)
        return row, {each.name: _value(each, row[each.name].iloc[0]) for each in self.parameters}

    def report(self, handle: Any, loss: float | None) -> None:
        import numpy as np

        self.search.observe_new_data(handle, np.array([[math.nan if loss is None else loss]]))
