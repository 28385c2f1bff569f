"""Search contexts and histories for all tests of the search."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_hpt_provider.local.strategies.contract import (
    Objective,
    Outcome,
    SearchContext,
    Strategy,
    Suggestion,
    Trial,
)

Ranges = dict[str, list[dict[str, Any]]]


def continuous(name: str, low: float | str, high: float | str, scaling: str = "Linear") -> dict[str, Any]:
    return {"Name": name, "MinValue": str(low), "MaxValue": str(high), "ScalingType": scaling}


MIXED: Ranges = {
    "ContinuousParameterRanges": [
        continuous("rate", 1e-5, 1.0, "Logarithmic"),
        continuous("momentum", 0.5, 0.999, "ReverseLogarithmic"),
        continuous("drop", 0.0, 0.8),
    ],
    "IntegerParameterRanges": [continuous("depth", 1, 8), continuous("width", 4, 512, "Auto")],
    "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", '"b"', "c"]}],
}
CATEGORICAL: Ranges = {
    "CategoricalParameterRanges": [
        {"Name": "kind", "Values": ["a", "b", "c"]},
        {"Name": "norm", "Values": ["on", "off"]},
        {"Name": "size", "Values": ["1", "2", "4", "8"]},
    ]
}
INTEGERS: Ranges = {"IntegerParameterRanges": [continuous("i", 0, 4), continuous("j", -2, 2)]}
HUGE: Ranges = {
    "ContinuousParameterRanges": [
        continuous("x", -1e300, 1e300),
        continuous("y", 1e-300, 1e300, "Logarithmic"),
    ],
    "IntegerParameterRanges": [continuous("n", -(10**15), 10**15)],
}
POINT: Ranges = {
    "ContinuousParameterRanges": [continuous("x", 0.5, 0.5), continuous("y", 0, 1)],
    "IntegerParameterRanges": [continuous("n", 3, 3)],
    "CategoricalParameterRanges": [{"Name": "kind", "Values": ["only"]}],
}
WIDE: Ranges = {"ContinuousParameterRanges": [continuous(f"x{i}", 0, 1) for i in range(30)]}
SPACES = {
    "mixed": MIXED,
    "categorical": CATEGORICAL,
    "integers": INTEGERS,
    "huge": HUGE,
    "point": POINT,
    "wide": WIDE,
}


def context(strategy: str, ranges: Ranges, **changes: Any) -> SearchContext:
    defaults: dict[str, Any] = {
        "objective": Objective("Minimize"),
        "seed": 7,
        "min_resource": 1,
        "max_resource": 9,
    }
    return SearchContext(strategy, ranges, **(defaults | changes))


def smooth_loss(point: Mapping[str, Any]) -> float:
    """Something smooth in the order in which the values are written, whatever they are."""
    total = 0.0
    for place, value in enumerate(point.values()):
        number = float(len(value) + ord(value[0]) % 3) if isinstance(value, str) else float(value)
        total += math.atan(number - 0.3 * place) ** 2
    return total


def play(
    strategy: Strategy,
    count: int,
    result: Callable[[Suggestion, int], tuple[Outcome, float | None]] | None = None,
    *,
    history: Sequence[Trial] = (),
    pending: int = 0,
) -> list[Trial]:
    """Ask for ``count`` trials, the last ``pending`` of which stay pending; the history that results."""
    trials = list(history)
    first = sum(trial.number > 0 for trial in trials)
    for number in range(first + 1, first + count + 1):
        suggestion = strategy.suggest(trials)
        outcome, value = Outcome.SUCCEEDED, smooth_loss(suggestion.point)
        if result is not None:
            outcome, value = result(suggestion, number)
        trials.append(
            Trial(
                number, suggestion.point, outcome, value, budget=suggestion.budget, bracket=suggestion.bracket
            )
        )
        late = len(trials) - 1 - pending
        if pending:
            trials[-1] = Trial(number, suggestion.point, bracket=suggestion.bracket)
        if pending and late >= len(history):
            done = trials[late]
            trials[late] = Trial(done.number, done.point, Outcome.SUCCEEDED, smooth_loss(done.point))
    return trials
