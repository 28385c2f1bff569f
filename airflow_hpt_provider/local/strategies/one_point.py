"""The search of a tuning job that leaves no hyperparameter to search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_hpt_provider.local.strategies.contract import Exhausted, Suggestion, Trial


@dataclass(frozen=True)
class OnePoint:
    """One training job with the static hyperparameters: Autotune was given nothing that it could search."""

    def suggest(self, history: Sequence[Trial]) -> Suggestion:
        """Return the only point.

        Raises:
            Exhausted: it has been tried.
        """
        if any(trial.number > 0 for trial in history):
            raise Exhausted(
                "the tuning job has no hyperparameter to search, and its only point has been tried"
            )
        return Suggestion({})
