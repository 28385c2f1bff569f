"""The operator within setups and teardowns, under trigger rules, and mapped, by ``dag.test()`` in a private Airflow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.demo.processes import clean_environment
from tests.support.tuning_jobs import tuning_job

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

HERE = Path(__file__).parent
DAGS = HERE / "structures"
RUNNER = HERE.parent / "dags" / "run_dags.py"
NAMES = (
    "stopped_by_teardown",
    "between_setup_and_teardown",
    "as_teardown",
    "as_setup",
    "trigger_rules",
    "mapped_over_configs",
)


@dataclass
class Run:
    """What came of a DAG run."""

    dag_id: str
    run_id: str
    state: str
    tasks: dict[tuple[str, int], str]
    xcoms: dict[tuple[str, int, str], Any]
    hook: HyperParameterTuningHook

    def state_of(self, task_id: str, map_index: int = -1) -> str:
        return self.tasks[task_id, map_index]

    def xcom(self, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        return self.xcoms.get((task_id, map_index, key))

    def jobs(self, task_id: str, map_index: int = -1) -> dict[str, str]:
        """The task's jobs by name, with their statuses, as the service knows them."""
        base = Owner(self.dag_id, task_id, self.run_id, map_index).base_name
        return {job.name: str(job.status) for job in self.hook.list(name_contains=base)}


@pytest.fixture(scope="module")
def runs(
    service: LocalService, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, HyperParameterTuningHook], Run]:
    """All of them, run in one process; importing Airflow takes longer than they do."""
    home = tmp_path_factory.mktemp("structures")
    environment = clean_environment() | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__HPT__MIN_POLL_INTERVAL": "0.2",
        "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
        "TUNING_CONFIG": json.dumps(tuning_job("tuning-tests", trials=2, fail="never", note="none")),
        "TUNING_GATE": str(home / "never opened"),
    }
    lines = [{"dag_id": name, "params": {}, "skip": None} for name in NAMES]
    lines.append({"dag_id": "between_setup_and_teardown", "params": {}, "skip": "tune"})
    migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, env=environment, capture_output=True, check=True, timeout=240)
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(DAGS)],
        env=environment,
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=600,
    )
    results = done.stdout.splitlines()
    assert len(results) == len(lines), (done.stdout + done.stderr)[-5000:]
    outcomes = [json.loads(line) for line in results]
    named = dict(zip([*NAMES, "marked"], zip(lines, outcomes, strict=True), strict=True))

    def run_of(name: str, hook: HyperParameterTuningHook) -> Run:
        line, outcome = named[name]
        return Run(
            dag_id=str(line["dag_id"]),
            run_id=outcome["run_id"],
            state=outcome["state"],
            tasks={(task_id, index): state for task_id, index, state in outcome["tasks"]},
            xcoms={(task_id, index, key): value for task_id, index, key, value in outcome["xcoms"]},
            hook=hook,
        )

    return run_of


Find = Callable[[str], Run]


@pytest.fixture
def run(runs: Callable[[str, HyperParameterTuningHook], Run], hook: HyperParameterTuningHook) -> Find:
    return lambda name: runs(name, hook)


def test_a_teardown_stops_the_job_that_a_setup_has_made(run: Find) -> None:
    found = run("stopped_by_teardown")
    assert (found.state, found.state_of("group.broken"), found.state_of("group.stop")) == (
        "failed",
        "failed",
        "success",
    )
    name = found.xcom("group.create", "tuning_job_name")
    assert found.jobs("group.create") == {name: "Stopped"}
    assert found.xcom("group.stop") == "Stopped"


def test_a_teardown_runs_after_a_job_that_failed(run: Find) -> None:
    found = run("between_setup_and_teardown")
    assert (found.state, found.state_of("tune"), found.state_of("clean")) == ("failed", "failed", "success")
    assert list(found.jobs("tune").values()) == ["Failed"], "and only one was made"


def test_a_job_as_a_teardown_is_waited_for_whatever_failed_before_it(run: Find) -> None:
    found = run("as_teardown")
    assert (found.state, found.state_of("broken"), found.state_of("tune")) == ("failed", "failed", "success")
    assert list(found.jobs("tune").values()) == ["Completed"]
    assert found.xcom("tune")["status"] == "Completed"


def test_nothing_follows_a_setup_whose_job_failed(run: Find) -> None:
    found = run("as_setup")
    assert {task_id: state for (task_id, _), state in found.tasks.items()} == {
        "tune": "failed",
        "work": "upstream_failed",
        "clean": "upstream_failed",
    }
    assert len(found.jobs("tune")) == 1


@pytest.mark.parametrize(
    ("task_id", "state", "jobs"),
    [
        ("by_default", "upstream_failed", 0),
        ("all_done", "success", 1),
        ("one_failed", "success", 1),
        ("nothing_failed", "skipped", 0),
        ("not_taken", "skipped", 0),
    ],
)
def test_only_a_task_that_runs_makes_a_job(run: Find, task_id: str, state: str, jobs: int) -> None:
    found = run("trigger_rules")
    assert found.state_of(task_id) == state
    assert list(found.jobs(task_id).values()) == ["Completed"] * jobs


def test_of_mapped_configs_one_fails_and_the_others_deliver(run: Find) -> None:
    found = run("mapped_over_configs")
    assert [found.state_of("tune", index) for index in range(3)] == ["success", "failed", "success"]
    jobs = [found.jobs("tune", index) for index in range(3)]
    assert [list(each.values()) for each in jobs] == [["Completed"], ["Failed"], ["Completed"]]
    assert len({name for each in jobs for name in each}) == 3
    metrics = [found.xcom("tune", "final_metric", index) for index in (0, 2)]
    assert found.xcom("best") == metrics
    assert found.xcom("tune", "final_metric", 1) is None


def test_a_task_that_is_marked_as_success_makes_no_job(run: Find) -> None:
    found = run("marked")
    assert (found.state, found.state_of("tune"), found.state_of("clean")) == ("success", "success", "success")
    assert found.jobs("tune") == {}
    assert found.xcom("tune", "tuning_job_name") is None
