"""Run as a program, in the environment of a private Airflow with FAB: tuning jobs of two DAGs, and users with roles.

Prints the run ids as JSON.
"""

from __future__ import annotations

import json
import os
import sys

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from tests.support.tuning_jobs import tuning_job

READ = [("can_read", "DAG:mine"), ("can_read", "DAG Runs"), ("can_read", "Task Instances")]
TASKS = ("can_edit", "Task Instances")
EDIT = [("can_edit", "DAG:mine"), ("can_edit", "DAG Runs"), TASKS, ("can_read", "XComs")]
"""FAB asks for the DAG runs, too, whenever it is about task instances."""
ROLES = {
    "Reader of mine": [*READ, ("can_read", "XComs")],
    "Editor of mine": [*READ, *EDIT],
    "Editor of mine without XComs": [one for one in (*READ, *EDIT) if one[1] != "XComs"],
    "Editor of mine who may not edit tasks": [one for one in (*READ, *EDIT) if one != TASKS],
    "XComs without DAGs": [one for one in (*READ, *EDIT) if one[1] != "DAG:mine"],
    "Nothing": [],
}
"""Custom roles and their permissions: (action, resource)."""
USERS = {
    "viewer": "Viewer",
    "user": "User",
    "op": "Op",
    "reader": "Reader of mine",
    "editor": "Editor of mine",
    "no_xcoms": "Editor of mine without XComs",
    "no_tasks": "Editor of mine who may not edit tasks",
    "no_dags": "XComs without DAGs",
    "nothing": "Nothing",
    "leaver": "User",
}
"""Users and their roles; each user's password is its name."""
STOPPED_BY = ("user", "op", "editor")


def tunes(task_id: str, gate: str = "") -> None:
    """Create a tuning job of the task's name, which runs until its gate opens."""
    job = tuning_job("tuning-tests", trials=2, parallel=1, fail="never", gate=gate, note="none")
    HyperParameterTuningJobOperator(
        task_id=task_id,
        config={"HyperParameterTuningJobName": task_id, **job},
        deferrable=False,
        wait_for_completion=not gate,
        poll_interval=0.5,
    )


GATE = os.environ["HPT_TEST_GATE"]

with DAG("theirs", schedule=None) as theirs:
    tunes("their-job")

with DAG("mine", schedule=None) as mine:
    tunes("my-job", GATE)
    for user in STOPPED_BY:
        tunes(f"stopped-by-{user}", GATE)
    HyperParameterTuningJobSensor(
        task_id="borrowed", tuning_job_name="their-job", deferrable=False, poke_interval=0.5
    )


def add_users() -> None:
    """Make the roles and the users."""
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        for role, granted in ROLES.items():
            added = manager.add_role(role)
            for action, resource in granted:
                manager.add_permission_to_role(added, manager.create_permission(action, resource))
        for user, role in USERS.items():
            assert manager.add_user(user, user, user, f"{user}@example.com", manager.find_role(role), user)


if __name__ == "__main__":
    add_users()
    done = [dag.test() for dag in (theirs, mine)]
    assert all(run.state == "success" for run in done), done
    sys.stdout.write(f"\nRUNS {json.dumps({run.dag_id: run.run_id for run in done})}\n")
