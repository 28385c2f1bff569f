"""One cluster with one local tuning service for all tests of this folder, and the table of what happened."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.demo.reaper import in_sessions
from airflow_hpt_provider.demo.waiting import wait_until
from tests.cluster.plan import KILLS, SEED
from tests.cluster.requirements import missing, must_run
from tests.cluster.runs import Run
from tests.cluster.scenario import wait_until_over
from tests.cluster.stack import Stack
from tests.cluster.table import Record, markdown, section, write
from tests.cluster.wave import JOB_SECONDS, MODES
from tests.faults.jobs import job_config, start_service

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

RECORDS = pytest.StashKey[list[Record]]()
BEGAN = pytest.StashKey[float]()
LENGTHS = {
    "_second": 1,
    "": JOB_SECONDS,
    "_minute": 60,
    "_two_minutes": 120,
    "_three_minutes": 180,
    "_long": 3600,
}
"""Seconds that a tuning job takes in the DAGs with this suffix."""
HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cluster-seed", type=int, default=SEED, help="of all that is random in tests/cluster")
    parser.addoption("--cluster-kills", type=int, default=KILLS, help="faults in tests/cluster/test_kills.py")
    parser.addoption("--cluster-table", type=Path, help="the page that takes the table of what happened here")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RECORDS] = []
    config.stash[BEGAN] = time.monotonic()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    records = config.stash[RECORDS]
    if records:
        terminalreporter.section("what was tried on the cluster")
        terminalreporter.write_line(markdown(records))
        if target := config.getoption("--cluster-table", default=None):
            minutes = (time.monotonic() - config.stash[BEGAN]) / 60
            write(target, section(records, config.getoption("--cluster-seed", default=SEED), minutes))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    seed = request.config.getoption("--cluster-seed", default=SEED)
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture
def records(request: pytest.FixtureRequest) -> list[Record]:
    """What the tests of this session have seen so far."""
    return request.config.stash[RECORDS]


@pytest.fixture(scope="session")
def packages() -> None:
    """Skip where a cluster cannot run; in CI, fail."""
    if found := missing():
        reason = f"a cluster needs {', '.join(found)}"
        if must_run():
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def service(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    running = start_service(tmp_path_factory.mktemp("service"))
    yield running
    running.stop()


def job_configs() -> dict[str, Any]:
    """Return the config of a tuning job for each suffix of a DAG; in ``_halves`` one training job follows the other."""
    found = {suffix: job_config(seconds=str(length)) for suffix, length in LENGTHS.items()}
    halves = job_config(seconds="20")
    halves["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = 1
    return found | {"_halves": halves}


@pytest.fixture
def other_service(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Another account, for the connections that a test changes."""
    running = start_service(tmp_path_factory.mktemp("other"))
    yield running
    running.stop()


@pytest.fixture
def third_service(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """An account whose secret is rotated."""
    running = start_service(tmp_path_factory.mktemp("third"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def stack(service: LocalService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    dags = tmp_path_factory.mktemp("cluster") / "dags"
    shutil.copytree(HERE / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {
        "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
        "CLUSTER_JOBS": json.dumps(job_configs()),
    }
    with Stack(dags, environment) as running:
        for dag_id in MODES:
            running.api.wait_for_dag(dag_id, timeout=240)
        # The first requests of a new API server take long, and would count as faults.
        run = Run.start(running.api, "deferrable_second")
        wait_until_over([run], running.api)
        assert running.api.xcom(*run.key), run.story(running.api)
        yield running
        sessions = [component.pid for component in running.components.values()]
    wait_until(lambda: not in_sessions(sessions), 30, "processes of the cluster are still running")
