"""The installed wheel in an Airflow whose database holds what older and newer versions stored."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.demo.airflow import LocalAirflow
from airflow_hpt_provider.demo.events import send_events_to_queue
from airflow_hpt_provider.demo.processes import stop_all
from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.demo.waiting import wait_until
from tests.support.airflow_actions import AirflowActions
from tests.support.tuning_jobs import images_file, tuning_job
from tests.support.wheels import REPOSITORY, CleanEnvironment

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(1200)]
HERE = Path(__file__).parent
SCRIPT = REPOSITORY / "tests" / "integration" / "provider" / "training" / "quick.py"
BUCKET = "upgrade"
SECONDS = 420
"""Longer than CHECK_SECONDS * CHECKS_PER_TRY: rows of an older version do not say when SageMaker refused the task."""
IGNORED = " ignores the arguments later_option, which this version of airflow-hpt-provider does not know"
RESUMED = {"waiting": "execute_complete", "queued": "create_in_turn"}
"""The method with which the DAG's tasks resume. A task that started in the triggerer has stored no arguments for it."""
STORED = {
    "CreationTurnTrigger": 1,
    "HyperParameterTuningJobTrigger": 2,
    "TuningJobStateChangeTrigger": 1,
}
"""Rows of a newer version: one in each DAG."""


@dataclass
class Installed:
    """An Airflow of its own with the wheel, and a service with room for three tuning jobs."""

    environment: CleanEnvironment
    service: LocalService
    home: Path
    dags: Path
    variables: dict[str, str]
    airflow: LocalAirflow

    @property
    def api(self) -> AirflowActions:
        assert isinstance(self.airflow.api, AirflowActions)
        return self.airflow.api

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.environment.path / "bin" / "python"), *arguments],
            env={**self.airflow.environment, **self.variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Iterator[Installed]:
    environment = CleanEnvironment.make(tmp_path / "upgraded", wheel)
    dags = tmp_path / "dags"
    dags.mkdir()
    shutil.copy(HERE / "upgrade_dags.py", dags)
    images = images_file(tmp_path, SCRIPT)
    options = ["--max-tuning-jobs", "3", "--readable", str(tmp_path)]
    with LocalService(tmp_path / "service", images, options) as service:
        service.client("s3").create_bucket(Bucket=BUCKET)
        queues = {
            name: send_events_to_queue(service, f"{name}-events", "awaited") for name in ("older", "newer")
        }
        configs: dict[str, Any] = {
            name: tuning_job(BUCKET, trials=1, parallel=1, gate=str(tmp_path / name)) for name in ("gated",)
        }
        (tmp_path / "configs.json").write_text(json.dumps({**configs, "queues": queues}))
        request = {**configs["gated"], "HyperParameterTuningJobName": "awaited"}
        service.client("sagemaker").create_hyper_parameter_tuning_job(**request)
        variables = {
            "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
            "UPGRADE_CONFIGS": str(tmp_path / "configs.json"),
            "AIRFLOW__HPT__MIN_POLL_INTERVAL": "0.5",
        }
        python = str(environment.path / "bin" / "python")
        airflow = LocalAirflow(tmp_path / "airflow", dags, variables, python=python)
        made = Installed(environment, service, tmp_path / "airflow", dags, variables, airflow)
        with airflow:
            AirflowActions.replace_in(airflow)
            yield made
            made.airflow.stop()
        for name in ("gated",):
            (tmp_path / name).touch()


def deferred(installed: Installed, dag_id: str, run_id: str, trigger: str) -> None:
    def all_wait() -> bool:
        tasks = installed.api.tasks(dag_id, run_id)
        return bool(tasks) and all(
            each["state"] == "deferred" and trigger in str(each["trigger"]) for each in tasks
        )

    wait_until(all_wait, SECONDS, f"the tasks of {dag_id} are not deferred", every=0.5)


def test_rows_of_other_versions_run(installed: Installed, tmp_path: Path) -> None:
    api = installed.api
    for dag_id in ("waiting", "queued", "serialized", "on_event_older", "on_event_newer"):
        api.wait_for_dag(dag_id)
    runs = {"waiting": api.trigger("waiting")}
    deferred(installed, "waiting", runs["waiting"], "HyperParameterTuningJobTrigger")
    runs["queued"] = api.trigger("queued")
    deferred(installed, "queued", runs["queued"], "CreationTurnTrigger")

    # -- another version has stored the rows ---------------------------------------------------------------
    stop_all(installed.airflow.component(name) for name in ("triggerer", "dag-processor"))
    rewritten = installed.python(str(HERE / "stored_rows.py"))
    rows = [line.split() for line in rewritten.splitlines() if line.startswith(("trigger ", "task "))]
    classes = ("CreationTurnTrigger", "HyperParameterTuningJobTrigger", "TuningJobStateChangeTrigger")
    assert sorted(row[1:3] for row in rows if row[0] == "trigger") == sorted(
        [name, trigger] for name in ("older", "newer") for trigger in classes
    )
    tasks = {row[1]: set(row[2:]) for row in rows if row[0] == "task"}
    assert tasks["older"] == {"tuning_job_name"}
    assert {"later_option", "poll_interval"} <= tasks["newer"]

    (tmp_path / "gated").touch()
    installed.airflow.component("triggerer").start()
    runs["serialized"] = api.trigger("serialized")
    for dag_id, run_id in runs.items():
        state = api.wait_for_run(dag_id, run_id, SECONDS)
        logs = {name: api.log(dag_id, run_id, name) for name in ("older", "newer")}
        assert state == "success", logs
        if dag_id in RESUMED:
            assert RESUMED[dag_id] + IGNORED in logs["newer"]
        assert "ignores the arguments" not in logs["older"]
    for name in ("older", "newer"):
        dag_id = f"on_event_{name}"
        wait_until(lambda dag_id=dag_id: api.runs(dag_id), SECONDS, f"{dag_id} has not started", every=0.5)
        links = api.links("serialized", runs["serialized"], name)
        assert ("Tuning page" in links) == (name == "newer")
    log = (installed.airflow.logs / "triggerer.log").read_text()
    assert {name: log.count(name + IGNORED) for name in STORED} == STORED
