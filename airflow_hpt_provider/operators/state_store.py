"""What Airflow's task state store (3.3+) keeps of a task's tuning job, beside the tags on the job itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.creation.ownership import DELIVERED_TAG, NAME, Owner

if TYPE_CHECKING:
    from airflow.sdk import Context

STORE_KEY = "airflow_hpt_tuning_job"
"""Its value: the job's name and its marks (:meth:`Owner.marks`)."""


class JobStateStore:
    """The task's memory of its last tuning job; below Airflow 3.3 it remembers nothing."""

    def __init__(self, context: Context) -> None:
        self._store: Any = context.get("task_state_store")

    def recall(self) -> Mapping[str, str]:
        """The job's name and marks; empty if nothing is known."""
        return (self._store.get(STORE_KEY) if self._store else None) or {}

    def note(self, name: str, marks: Mapping[str, str]) -> None:
        """Remember a job in place of the one before."""
        if self._store:
            self._store.set(STORE_KEY, {NAME: name, **marks})

    def note_delivered(self, name: str, owner: Owner) -> None:
        """Remember that the job's result has arrived, unless another job is remembered by now."""
        known = self.recall()
        if self._store and known.get(NAME) == name:
            self._store.set(STORE_KEY, {**known, DELIVERED_TAG: str(owner.generation)})
