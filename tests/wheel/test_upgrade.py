"""The installed wheel in an Airflow whose database holds what older and newer versions stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_hpt_provider.demo.processes import stop_all
from airflow_hpt_provider.demo.waiting import wait_until
from tests.wheel.installed_airflow import SECONDS, Installed

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(1200)]
HERE = Path(__file__).parent
IGNORED = " ignores the arguments later_option, which this version of airflow-hpt-provider does not know"
RESUMED = {"waiting": "execute_complete", "queued": "create_in_turn"}
"""The method with which the DAG's tasks resume. A task that started in the triggerer has stored no arguments for it."""
STORED = {
    "CreationTurnTrigger": 1,
    "HyperParameterTuningJobTrigger": 2,
    "TuningJobStateChangeTrigger": 1,
}
"""Rows of a newer version: one in each DAG."""


def test_rows_of_other_versions_run(installed: Installed) -> None:
    api = installed.api
    for dag_id in ("waiting", "queued", "serialized", "on_event_older", "on_event_newer"):
        api.wait_for_dag(dag_id)
    runs = {"waiting": api.trigger("waiting")}
    installed.wait_until_deferred("waiting", runs["waiting"], "HyperParameterTuningJobTrigger")
    runs["queued"] = api.trigger("queued")
    installed.wait_until_deferred("queued", runs["queued"], "CreationTurnTrigger")

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

    installed.gates["gated"].touch()
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
