"""Hyperparameters of training jobs, as SageMaker's answers have them: names, and values as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary


def names_in(trials: Iterable[TrainingJobSummary]) -> list[str]:
    """The names of all hyperparameters that training jobs have, each once, in the order in which they come up."""
    return list(dict.fromkeys(name for trial in trials for name in trial.tuned_hyper_parameters))


def unquoted(text: str) -> str:
    """A value without the quotes that the SageMaker SDK writes around texts: `"adam"` -> `adam`."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
