"""The task's entry in Airflow's task state store (3.3+): its tuning job, in addition to the tags on the job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.creation.ownership import DELIVERED_BY_TRY_TAG, DELIVERED_TAG, NAME, Owner

if TYPE_CHECKING:
    from airflow.sdk import Context

STORE_KEY = "airflow_hpt_tuning_job"
"""Its value: the job's name and its tags (:meth:`Owner.ownership_tags`)."""


class JobStateStore:
    """Stores the task's last tuning job; below Airflow 3.3 it stores nothing."""

    def __init__(self, context: Context) -> None:
        self._store: Any = context.get("task_state_store")

    def load(self) -> Mapping[str, str]:
        """Return the job's name and tags; empty if none is stored."""
        return (self._store.get(STORE_KEY) if self._store else None) or {}

    def save(self, name: str, tags: Mapping[str, str]) -> None:
        """Store a job in place of the previous one."""
        if self._store:
            self._store.set(STORE_KEY, {NAME: name, **tags})

    def save_delivered(self, name: str, owner: Owner, try_number: int, tag: str = DELIVERED_TAG) -> None:
        """Store that the job's result was delivered, unless another job is stored."""
        known = self.load()
        if self._store and known.get(NAME) == name:
            marks = {tag: str(owner.generation), DELIVERED_BY_TRY_TAG: str(try_number)}
            self._store.set(STORE_KEY, {**known, **marks})
