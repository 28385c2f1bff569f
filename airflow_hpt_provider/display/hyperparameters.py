"""Hyperparameters of training jobs, as SageMaker's responses have them: names, and values as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary


def names_in(training_jobs: Iterable[TrainingJobSummary]) -> list[str]:
    """Return the names of all hyperparameters of the training jobs, each once, in the order of first occurrence."""
    return list(
        dict.fromkeys(name for training_job in training_jobs for name in training_job.tuned_hyper_parameters)
    )


def unquoted(text: str) -> str:
    """Remove the quotes that the SageMaker SDK writes around texts: `"adam"` -> `adam`."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
