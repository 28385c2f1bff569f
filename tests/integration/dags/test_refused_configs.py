"""The last error in the log of a task that could not create a tuning job is the reason, in Airflow's own code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_hpt_provider.demo.processes import clean_environment

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

FOLDER = Path(__file__).parent / "refused"
RUN = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
run = bag.dags["refused"].test()
print("STATES", *sorted(f"{ti.task_id}[{ti.map_index}]={ti.state}" for ti in run.get_task_instances()), flush=True)
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What ``dag.test()`` prints: it runs the tasks as a worker does, with the API server's routes in its process."""
    environment = clean_environment() | {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(FOLDER),
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://AKIA:secret@/?region_name=us-east-1",
        "PATH": os.environ["PATH"],
    }
    for arguments in (["-m", "airflow", "db", "migrate"], ["-c", RUN, str(FOLDER)]):
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=400
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_the_tasks_have_failed_for_their_configs(log: str) -> None:
    assert log.count("TrainingJobDefinition") >= 4
    names = ("config_False[-1]", "config_True[-1]", "mapped[0]", "mapped[1]", "template[-1]")
    (states,) = (line for line in log.splitlines() if line.startswith("STATES"))
    assert states.split()[1:] == [f"{name}=failed" for name in names]


def test_airflow_logs_no_missing_xcom(log: str) -> None:
    assert "XCom not found" not in log
