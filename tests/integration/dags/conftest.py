"""One local tuning service with the example's data, and one private Airflow, for all example DAGs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.demo import data
from airflow_hpt_provider.demo.data import example_dags
from airflow_hpt_provider.demo.processes import clean_environment
from airflow_hpt_provider.demo.service import LocalService


@dataclass
class Run:
    """What came of a DAG run."""

    state: str
    tasks: dict[tuple[str, int], str]
    xcoms: dict[tuple[str, int, str], Any]
    events: list[dict[str, Any]]
    """Extras of the asset events."""

    def xcom(self, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        return self.xcoms.get((task_id, map_index, key))

    def task_states(self) -> dict[str, str]:
        return {task_id: state for (task_id, _), state in self.tasks.items()}


class DagRunner:
    """A process that runs DAGs of ``dags/`` as they stand; the connection and the params are all that is set."""

    def __init__(self, home: Path, connection: str) -> None:
        environment = clean_environment() | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(example_dags()),
            "AIRFLOW__HPT__MIN_POLL_INTERVAL": "0.5",
            "AIRFLOW_CONN_AWS_DEFAULT": connection,
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
                {"type": "file", "log_file_path": str(home / "lineage.jsonl"), "append": True}
            ),
            # In a process with as many threads as dag.test() has, the default, a fork, may hang.
            "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",
        }
        self.lineage = home / "lineage.jsonl"
        migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
        subprocess.run(migrate, env=environment, capture_output=True, check=True, timeout=240)
        self._log = home / "runs.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("run_dags.py")), str(example_dags())],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def __call__(self, dag_id: str, skip: str | None = None, **params: Any) -> Run:
        """Run a DAG; ``skip`` matches tasks that are marked as success instead. It must succeed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"dag_id": dag_id, "params": params, "skip": skip}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(f"the process ended: {self._log.read_text()[-5000:]}")
        result = json.loads(line)
        assert result["state"] == "success", self._log.read_text()[-10_000:]
        return Run(
            state=result["state"],
            tasks={(task_id, index): state for task_id, index, state in result["tasks"]},
            xcoms={(task_id, index, key): value for task_id, index, key, value in result["xcoms"]},
            events=result["events"],
        )

    def lineage_of(self, dag_id: str, task_id: str) -> list[dict[str, Any]]:
        """The task's OpenLineage events, as written to a file by OpenLineage's own transport."""
        events = [json.loads(line) for line in self.lineage.read_text().splitlines()]
        return [event for event in events if event["job"]["name"] == f"{dag_id}.{task_id}"]

    def close(self) -> None:
        """End it and its children (OpenLineage's listener keeps some); they have nothing to lose."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=60)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    with LocalService(tmp_path_factory.mktemp("service") / "data") as running:
        data.upload(running.client("s3"), example_dags())
        yield running


@pytest.fixture(scope="session")
def run_dag(service: LocalService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagRunner]:
    runner = DagRunner(tmp_path_factory.mktemp("airflow"), service.airflow_connection)
    yield runner
    runner.close()
