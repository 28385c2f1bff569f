"""Grid search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.strategies.contract import Suggestion, Trial
from airflow_hpt_provider.local.strategies.parameters import Categorical
from airflow_hpt_provider.local.strategies.untried import first_untried, tried_keys

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.space import SearchSpace


@dataclass(frozen=True)
class GridSearch:
    """Every combination of categorical values exactly once, the last parameter varying fastest.

    Raises:
        ValueError: a range is not categorical.
    """

    space: SearchSpace

    def __post_init__(self) -> None:
        for parameter in self.space.parameters:
            if not isinstance(parameter, Categorical):
                raise ValueError(  # noqa: TRY004 - it comes from a request, not from a caller's types
                    f"Grid searches categorical ranges only and '{parameter.name}' is not one: "
                    "give its values as CategoricalParameterRanges"
                )

    def suggest(self, history: Sequence[Trial]) -> Suggestion:
        """Return the first combination that no trial of this job has; a parent's trials don't count.

        Raises:
            Exhausted: every combination has been tried.
        """
        return Suggestion(
            first_untried(self.space, tried_keys(self.space, (t for t in history if t.number > 0)))
        )
