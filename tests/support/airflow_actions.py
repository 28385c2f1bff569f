"""What people and schedulers do to a running Airflow: mark, clear, backfill; and what only tests read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_hpt_provider.demo.airflow_api import AirflowApi

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.airflow import LocalAirflow


class AirflowActions(AirflowApi):
    """The demo's client, with the actions of people."""

    @classmethod
    def replace_in(cls, airflow: LocalAirflow) -> None:
        """Give a started Airflow this client in place of its own."""
        airflow.api.close()
        airflow.api = cls(airflow.url)
        airflow.api.log_in()

    def backfill(self, dag_id: str, first: str, last: str) -> int:
        """Start runs for all dates from the first to the last that have none, or a failed one.

        The backfill's id. Another one can be started when this one :meth:`backfill_has_ended`.

        Args:
            dag_id: of the DAG.
            first, last: ISO 8601.
        """
        body = {"dag_id": dag_id, "from_date": first, "to_date": last, "reprocess_behavior": "failed"}
        answer = self._call(
            "POST", "/api/v2/backfills", json={**body, "max_active_runs": 3, "dag_run_conf": {}}
        )
        return int(answer["id"])

    def backfill_has_ended(self, backfill_id: int) -> bool:
        """Whether all of its runs have ended, and Airflow has noticed."""
        return self._get(f"/api/v2/backfills/{backfill_id}")["completed_at"] is not None

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The DAG's latest runs, at most 100: ``dag_run_id``, ``run_type``, ``state``, ``partition_key``, ..."""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns"
        runs: list[dict[str, Any]] = self._get(path, params={"limit": 100, "order_by": "-id"})["dag_runs"]
        return runs

    def links(self, dag_id: str, run_id: str, task_id: str) -> dict[str, str | None]:
        """A task instance's extra links: name -> URL."""
        links: dict[str, str | None] = self._get(f"{self._task(dag_id, run_id, task_id)}/links")[
            "extra_links"
        ]
        return links

    def import_errors(self) -> list[str]:
        """The errors of DAG files."""
        return [each["stack_trace"] for each in self._get("/api/v2/importErrors")["import_errors"]]

    def tries(self, dag_id: str, run_id: str, task_id: str) -> list[dict[str, Any]]:
        """A task instance as it was in each of its tries, the last included."""
        found: list[dict[str, Any]] = self._get(f"{self._task(dag_id, run_id, task_id)}/tries")[
            "task_instances"
        ]
        return found

    def mark_task(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task instance ``failed`` or ``success``, as a person does in the UI."""
        self._call("PATCH", self._task(dag_id, run_id, task_id), json={"new_state": state})

    def clear_task(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clear a task instance in whatever state, so that it runs again."""
        body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": [task_id]}
        self._call("POST", f"/api/v2/dags/{quote(dag_id)}/clearTaskInstances", json=body)

    def mark_run(self, dag_id: str, run_id: str, state: str) -> None:
        """Mark a whole DAG run ``failed`` or ``success``."""
        self._call("PATCH", self._run(dag_id, run_id), json={"state": state})

    def set_variable(self, key: str, value: str) -> None:
        """Make an Airflow Variable."""
        self._call("POST", "/api/v2/variables", json={"key": key, "value": value})

    def pool(self, name: str) -> dict[str, Any]:
        """A pool: ``slots``, ``open_slots``, ``running_slots``, ``deferred_slots``, ..."""
        return self._get(f"/api/v2/pools/{quote(name)}")
