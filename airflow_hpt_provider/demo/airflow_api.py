"""A client of a running Airflow's public REST API, as far as the demo needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpx
import tenacity

from airflow_hpt_provider.demo.errors import AirflowApiError, DagImportFailedError
from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

FINISHED = frozenset({"success", "failed"})
"""The states in which a DAG run stays."""


class AirflowApi:
    """A client for one Airflow.

    Args:
        base_url: of the API server, e.g. ``http://127.0.0.1:8080``.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._client = httpx.Client(base_url=base_url, timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def log_in(self) -> None:
        """Get a token from SimpleAuthManager, which gives one to anybody in its all-admins mode."""
        self._client.headers["Authorization"] = f"Bearer {self._get('/auth/token')['access_token']}"

    def health(self) -> Mapping[str, Any]:
        """Each component's ``status``: ``healthy``, ``unhealthy`` or None. Needs no token."""
        return self._get("/api/v2/monitor/health")

    def unhealthy(self) -> list[str]:
        """Return the components that are not (yet) healthy; ``["api-server"]`` without a response."""
        try:
            health = self.health()
        except AirflowApiError:
            return ["api-server"]
        return sorted(name for name, component in health.items() if component.get("status") != "healthy")

    # DAGs and runs ------------------------------------------------------------------------------------------

    def wait_for_dag(self, dag_id: str, timeout: float = 60) -> None:
        """Return as soon as Airflow knows the DAG.

        Raises:
            DagImportFailedError: a file in the dags folder has an error (checked while the DAG is missing).
            DemoTimeoutError: the DAG did not appear within ``timeout`` seconds.
        """

        def known() -> bool:
            if self._request("GET", f"/api/v2/dags/{quote(dag_id)}").status_code == httpx.codes.OK:
                return True
            for error in self._get("/api/v2/importErrors")["import_errors"]:
                raise DagImportFailedError(f"{error['filename']}:\n{error['stack_trace']}")
            return False

        wait_until(known, timeout, f"DAG {dag_id} is not in Airflow after {timeout:g} s")

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run of a DAG with these params; its run id."""
        body = {"logical_date": None, "conf": dict(conf or {})}
        answer = self._call("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", json=body)
        return str(answer["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """``queued``, ``running``, ``success`` or ``failed``."""
        return str(self._get(self._run(dag_id, run_id))["state"])

    def wait_for_run(self, dag_id: str, run_id: str, timeout: float) -> str:
        """Return the state the run ends in.

        Raises:
            DemoTimeoutError: the run has not ended after ``timeout`` seconds.
        """

        def finished() -> str | None:
            state = self.run_state(dag_id, run_id)
            return state if state in FINISHED else None

        return wait_until(finished, timeout, f"run {run_id} of {dag_id} has not ended after {timeout:g} s")

    # Task instances -----------------------------------------------------------------------------------------

    def task(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """Return a task instance: ``state``, ``try_number``, ``trigger``, ``pool_slots``, times, ..."""
        return self._get(self._task(dag_id, run_id, task_id))

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """All task instances of a run."""
        instances: list[dict[str, Any]] = self._get(f"{self._run(dag_id, run_id)}/taskInstances")[
            "task_instances"
        ]
        return instances

    def xcom(
        self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1
    ) -> Any:
        """Return the value of an XCom as JSON types, or None if there is none."""
        path = f"{self._task(dag_id, run_id, task_id)}/xcomEntries/{quote(key)}"
        answer = self._request("GET", path, params={"map_index": map_index})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return self._checked(answer)["value"]

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1) -> str:
        """Return a task's log in readable form: one line per event, tracebacks unchanged."""
        answer = self._get(
            f"{self._task(dag_id, run_id, task_id)}/logs/{try_number}", params={"full_content": True}
        )
        lines = [_log_line(event) for event in answer["content"]]
        return "\n".join(line for line in lines if not line.startswith(("::group::", "::endgroup::")))

    # HTTP ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _run(dag_id: str, run_id: str) -> str:
        return f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}"

    def _task(self, dag_id: str, run_id: str, task_id: str) -> str:
        return f"{self._run(dag_id, run_id)}/taskInstances/{quote(task_id)}"

    def _get(self, path: str, **kwargs: Any) -> dict[str, Any]:
        return self._call("GET", path, **kwargs)

    def _call(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        return self._checked(self._request(method, path, **kwargs))

    def _request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Return the response. A 500 is retried twice: SQLite was locked, and the change was rolled back."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(
                lambda answer: answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
            ),
            stop=tenacity.stop_after_attempt(4),
            wait=tenacity.wait_random(0, 1),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )
        try:
            answer: httpx.Response = retrying(self._client.request, method, path, **kwargs)
        except httpx.HTTPError as error:
            raise AirflowApiError(f"{method} {self.base_url}{path}: {error!r}") from error
        return answer

    @staticmethod
    def _checked(answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            request = answer.request
            raise AirflowApiError(
                f"{request.method} {request.url}: {answer.status_code} {answer.text[:1000]}"
            )
        body: dict[str, Any] = answer.json()
        return body


def _log_line(event: str | Mapping[str, Any]) -> str:
    if isinstance(event, str):
        return event
    errors = event.get("error_detail") or ()
    return "\n".join(
        [str(event.get("event", "")), *(f"{one['exc_type']}: {one['exc_value']}" for one in errors)]
    )
