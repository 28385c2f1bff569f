"""A real API server with the page, users with different permissions, and tuning jobs of two DAGs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from airflow_hpt_provider.demo.airflow import LocalAirflow
from airflow_hpt_provider.demo.processes import ChildProcess, stop_all
from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.hooks.permissions import PARTS, Scope, policy
from airflow_hpt_provider.local.fault_injection.rules import CallFault, FaultKind
from tests.support.faulty_proxy import FaultyProxy
from tests.support.iam_rules import IamRules
from tests.support.tuning_jobs import images_file

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SCRIPT = HERE.parent / "provider" / "training" / "quick.py"
PERMISSIONS = {
    "viewer": {"mine": "read"},
    "editor": {"mine": "edit"},
    "neighbour": {"mine": "edit", "theirs": "read"},
    "other": {"theirs": "edit"},
    "nobody": {},
    "operator": dict.fromkeys(("waiting", "waiting_run", "on_workers", "on_worker_run"), "edit"),
    "listener": {"quiet": "read"},
    # Roles with a permission on a connection, as a custom role of FAB's has them.
    "auditor": {"mine": "read", "connection:aws_default": "read", "connection:denied": "read"},
    "steward": {"mine": "edit", "connection:aws_default": "edit"},
    "platform": {"connection:least": "edit"},
}
LEAST = IamRules(policy(PARTS["api-server"]["tuning page"], Scope()))
"""IAM in front of the service: the page's documented actions and no others."""
WAYS: dict[str, Sequence[CallFault] | IamRules] = {
    "throttled": [CallFault(operation="ListTags", kind=FaultKind.THROTTLE)],
    "denied": [CallFault(operation="ListTags", kind=FaultKind.ACCESS_DENIED)],
    "silent": [CallFault(operation="*", kind=FaultKind.LOST_REQUEST)],
    "least": LEAST,
}
"""Connections of the API server that lead to the service through a proxy, and what the proxy does to each call."""
TOKENS = """
import json, sys
from airflow.api_fastapi.app import create_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
manager = create_auth_manager()
users = json.loads(sys.argv[1])
print(json.dumps({one: manager.generate_jwt(SimpleAuthManagerUser(username=one, role="viewer")) for one in users}))
"""


@dataclass
class Page:
    """The running API server.

    Attributes:
        url: its address.
        tokens: user -> token.
        runs: DAG id -> run id.
        service: the local tuning service.
        run: runs Python with arguments, in the environment of this Airflow; what it prints.
        log: the API server's log file.
        thief: the program of an attacker, to which his XComs lead.
    """

    url: str
    tokens: dict[str, str]
    runs: dict[str, str]
    service: LocalService
    run: Callable[..., str]
    log: Path
    thief: FaultyProxy | None = None

    def ask(self, user: str | None, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """A request below the page's prefix; without a user if none is given."""
        return self.ask_airflow(user, method, f"/hpt{path}", **kwargs)

    def ask_airflow(self, user: str | None, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """A request to Airflow's own API."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}"} if user else {}
        headers |= kwargs.pop("headers", {})
        return httpx.request(
            method, f"{self.url}{path}", headers=headers, timeout=60, trust_env=False, **kwargs
        )

    def task(self, dag_id: str, task_id: str, rest: str = "") -> str:
        """The path of a task's tuning job in the API."""
        return f"/api/dags/{dag_id}/runs/{quote(self.runs[dag_id], safe='')}/tasks/{task_id}{rest}"


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("page")
    images, gate = images_file(folder, SCRIPT), folder / "gate"
    with ExitStack() as stack:
        # The training jobs that wait for the gate leave room for those of tests.
        options = ["--readable", str(folder), "--max-parallel", "24"]
        service = stack.enter_context(LocalService(folder / "service", images, options))
        service.client("s3").create_bucket(Bucket="tuning-tests")
        ways = {name: stack.enter_context(FaultyProxy(_place(service), way)) for name, way in WAYS.items()}
        thief = stack.enter_context(FaultyProxy(_place(service)))
        connections = {"AWS_DEFAULT", "WORKERS_ONLY", *map(str.upper, WAYS)}
        airflow = LocalAirflow(
            folder / "airflow",
            HERE,
            {
                **{f"AIRFLOW_CONN_{name}": service.airflow_connection for name in connections},
                "AIRFLOW__CORE__AUTH_MANAGER": "tests.support.per_dag_auth.PerDagAuthManager",
                "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
                "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
                "HPT_TEST_PERMISSIONS": json.dumps(PERMISSIONS),
                "HPT_TEST_GATE": str(gate),
                "HPT_TEST_THIEF": f"http://127.0.0.1:{thief.port}",
                "PYTHONPATH": str(ROOT),
            },
        )
        airflow.logs.mkdir(parents=True)
        run = program(airflow.environment)
        run("-m", "airflow", "db", "migrate")
        printed = run(str(HERE / "dags.py"))
        runs = json.loads(printed.rsplit("RUNS ", 1)[1])
        tokens = json.loads(run("-c", TOKENS, json.dumps(list(PERMISSIONS))).splitlines()[-1])
        # The same connections lead the API server elsewhere than they led the tasks.
        server_environment = airflow.environment | {
            f"AIRFLOW_CONN_{name.upper()}": service.airflow_connection.replace(
                service.endpoint, f"http://127.0.0.1:{way.port}"
            )
            for name, way in ways.items()
        }
        del server_environment["AIRFLOW_CONN_WORKERS_ONLY"]
        server = ChildProcess(
            "airflow api-server",
            [
                *(sys.executable, "-m", "airflow", "api-server", "--host", "127.0.0.1"),
                *("--port", airflow.url.rsplit(":", 1)[1]),
            ],
            server_environment,
            airflow.logs / "api-server.log",
        )
        server.start()
        try:
            wait_until(lambda: answers(server, airflow.url), 240, f"no API server; log: {server.log}")
            yield Page(airflow.url, tokens, runs, service, run, server.log, thief)
        finally:
            stop_all([server])
            gate.touch()


def _place(service: LocalService) -> tuple[str, int]:
    address = urlsplit(service.endpoint)
    assert address.hostname
    assert address.port
    return address.hostname, address.port


def program(environment: dict[str, str], python: str = sys.executable) -> Callable[..., str]:
    """A function that runs Python with arguments in an environment and returns what it prints."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [python, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
            cwd=ROOT,
        )
        assert done.returncode == 0, f"{arguments[:3]}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    return run


def answers(server: ChildProcess, url: str) -> bool:
    """Whether the API server and the page in it answer."""
    server.check()
    try:
        return httpx.get(f"{url}/hpt/jobs", timeout=10, trust_env=False).status_code == 401
    except httpx.HTTPError:
        return False
