"""Airflow's REST API as the users of a cluster call it, through outages of the API server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from airflow_hpt_provider.demo.errors import AirflowApiError
from tests.support.airflow_actions import AirflowActions

T = TypeVar("T")


class ClusterApi(AirflowActions):
    """A client of one user.

    Args:
        base_url: of the API server.
        timeout: seconds that a response may take.
    """

    def __init__(self, base_url: str, timeout: float = 60) -> None:
        super().__init__(base_url)
        self._client.timeout = httpx.Timeout(timeout)

    def log_in_as(self, user: str) -> None:
        """Get a token; the user's name is the password."""
        response = self._call("POST", "/auth/token", json={"username": user, "password": user})
        self._client.headers["Authorization"] = f"Bearer {response['access_token']}"

    def status(self, method: str, path: str, **kwargs: Any) -> int:
        """Return the HTTP status of a request, whatever it is."""
        return int(self._request(method, path, **kwargs).status_code)

    def start_run(self, dag_id: str, run_id: str) -> None:
        """Start a DAG run of this id. Harmless when repeated: a response may have been lost."""
        body = {"logical_date": None, "conf": {}, "dag_run_id": run_id}
        response = self._request("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", json=body)
        if response.status_code != httpx.codes.CONFLICT:
            self._checked(response)

    def switch_on(self, dag_id: str) -> None:
        """Unpause a DAG."""
        self._call("PATCH", f"/api/v2/dags/{quote(dag_id)}", json={"is_paused": False})

    def put_connection(self, name: str, airflow_connection: Mapping[str, Any]) -> None:
        """Create a connection, or replace it.

        Args:
            name: its id.
            airflow_connection: as AIRFLOW_CONN_* variables take it, as a dict.
        """
        body = {"connection_id": name, **airflow_connection, "extra": json.dumps(airflow_connection["extra"])}
        if self.status("POST", "/api/v2/connections", json=body) == httpx.codes.CONFLICT:
            self._call("PATCH", f"/api/v2/connections/{quote(name)}", json=body)

    def delete_connection(self, name: str) -> None:
        """Delete a connection."""
        self._delete(f"/api/v2/connections/{quote(name)}")

    def _delete(self, path: str) -> None:
        response = self._request("DELETE", path)
        if response.is_error:
            raise AirflowApiError(f"DELETE {path}: {response.status_code} {response.text[:500]}")


def persistently(call: Callable[[], T], seconds: float = 240) -> T:
    """Return what a call returns; while Airflow is out of reach, call again.

    Raises:
        AirflowApiError: Airflow was out of reach, or refused the call, for ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except AirflowApiError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(1)
