"""One built-in algorithm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OBJECTIVE_METRIC: Final = "ObjectiveMetric"
"""The metric that SageMaker adds to a tuning job's training jobs: the objective under a fixed name."""

MAX_METRICS: Final = 40
"""The most MetricDefinitions of one algorithm."""

EITHER: Final = "Minimize or Maximize"
"""The direction of a metric whose direction changed between images of one version."""


@dataclass(frozen=True)
class Tunable:
    """A hyperparameter that a tuning job can search, and the range that AWS recommends.

    Attributes:
        kind: Integer, Continuous or Categorical.
        low, high: the recommended bounds as text; None where they are unknown.
    """

    kind: str
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class Algorithm:
    """A built-in algorithm, in one version.

    Attributes:
        name: its repository, such as ``linear-learner``.
        version: its version, such as ``1.7``; ``1`` for all but XGBoost.
        metrics: each metric that it logs, with the regex that finds it; the regex is empty where it is unknown.
        objectives: the metrics that a tuning job can optimize, with Minimize, Maximize or :data:`EITHER`.
        tunable: the hyperparameters that a tuning job can search.
        required: the hyperparameters without which it does not train.
        channels, optional_channels: the channels without which it does not train, and the others that it reads.
        shown: the metrics that Describe shows, in its order, by the kind of the hyperparameter ``objective``;
            the key ``""`` stands for every other kind.
    """

    name: str
    version: str
    metrics: Mapping[str, str]
    objectives: Mapping[str, str]
    tunable: Mapping[str, Tunable]
    required: Sequence[str]
    channels: Sequence[str]
    optional_channels: Sequence[str]
    shown: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def metric_definitions(
        self, hyperparameters: Mapping[str, str], objective: str | None = None
    ) -> list[dict[str, str]]:
        """Return the MetricDefinitions as Describe shows them.

        Args:
            hyperparameters: the static ones; Describe shows the metrics that suit their ``objective``.
            objective: the metric that a tuning job optimizes. It is among them; so is, last, the same regex under
                the name ``ObjectiveMetric``.
        """
        kind = hyperparameters.get("objective", "").partition(":")[0]
        names = list(self.shown.get(kind, self.shown.get("", tuple(self.metrics))))
        if objective is not None and objective in self.metrics and objective not in names:
            names.append(objective)
        definitions = [{"Name": name, "Regex": self.metrics[name]} for name in names if self.metrics[name]]
        return with_objective(definitions, objective)


def with_objective(definitions: Sequence[Mapping[str, str]], objective: str | None) -> list[dict[str, str]]:
    """Return MetricDefinitions with ``ObjectiveMetric`` added if they define the objective but not this metric."""
    result = [dict(each) for each in definitions]
    known = {each["Name"]: each["Regex"] for each in result}
    if objective in known and OBJECTIVE_METRIC not in known:
        result.append({"Name": OBJECTIVE_METRIC, "Regex": known[objective]})
    return result
