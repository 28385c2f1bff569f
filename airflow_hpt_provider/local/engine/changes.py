"""What listeners of training jobs get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from airflow_hpt_provider.local.db.records import TrainingJob, Transition


class TrainingJobChange(NamedTuple):
    """A training job that has entered a secondary status.

    Attributes:
        job: as it is now.
        definition: its training definition, in AWS names.
        transitions: its secondary statuses so far, in order.
        tags: its tags.
    """

    job: TrainingJob
    definition: Mapping[str, Any]
    transitions: Sequence[Transition]
    tags: Mapping[str, str]


OnTrainingChange = Callable[[TrainingJobChange], object]
