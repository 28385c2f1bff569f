"""One run: an operator, its trigger and its retries, as Airflow drives them, through a fault window."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from asgiref.sync import ThreadSensitiveContext

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.faults import invariants
from tests.faults.table import VIOLATED, Record
from tests.integration.provider.conftest import TaskTry, make, with_static
from tests.support.faulty_proxy import FaultyProxy

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.faults.fault_schedule import Fault, FaultWindow

RETRIES = 2
POLL_INTERVAL = 1.0
UNREACHABLE_SECONDS = 2.0
TIMEOUT_SECONDS = 6.0


@dataclass(frozen=True)
class Scenario:
    """What is tried.

    Attributes:
        mode: ``sync`` or ``deferrable``.
        limit: ``none``: the job ends by itself, and the trouble sooner or later too. ``unreachable``: the task
            may not tolerate more than two seconds of trouble. ``timeout``: the job would take for ever.
    """

    fault: Fault
    mode: str
    limit: str
    seed: int

    @property
    def name(self) -> str:
        """Unique among scenarios, and part of what the connection is called."""
        return f"{self.fault.name}_{self.mode}_{self.limit}_{self.seed}".upper()


@dataclass
class ScenarioResult:
    """What happened.

    Attributes:
        outcome: see :func:`tests.faults.invariants.check_invariant`; or ``violated``.
        tries: of the task.
        faulted: calls that met trouble.
        lateness: seconds from the moment when the result could have been had, to the end of the task.
        trouble: seconds that the fault window lasted.
        error: the last of the task's errors.
        details: what helps to understand a violation.
    """

    scenario: Scenario
    outcome: str = ""
    tries: int = 0
    faulted: int = 0
    lateness: float = 0.0
    trouble: float = 0.0
    error: str = ""
    reported: str = ""
    delivered: list[dict[str, Any]] = field(default_factory=list)

    @property
    def record(self) -> Record:
        """For the table."""
        limit = "" if self.scenario.limit == "none" else f"; limit: {self.scenario.limit}"
        ratio = self.lateness / (self.trouble + POLL_INTERVAL)
        return Record(
            self.scenario.fault.value + limit,
            self.scenario.mode,
            self.outcome,
            self.tries,
            self.faulted,
            ratio,
        )


def run_scenario(
    scenario: Scenario, window: FaultWindow, service: LocalService, config: dict[str, Any]
) -> ScenarioResult:
    """Run a task through a window to its end, and judge what is left."""
    played = ScenarioResult(scenario)
    conn_id = f"faults_{scenario.name.lower()}"
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    address = urlsplit(service.endpoint)
    with FaultyProxy((address.hostname or "", address.port or 80), window) as proxy:
        keys = [new_key(service, f"{scenario.name.lower()}-{n}") for n in range(2)]
        os.environ[variable] = _connection(proxy.port, keys[0])
        window.port = proxy.port
        window.rotate = lambda: os.environ.__setitem__(variable, _connection(proxy.port, keys[1]))
        one = TaskTry(dag_id=scenario.name, max_tries=RETRIES)
        job = with_static(config, seconds="600") if scenario.limit == "timeout" else config
        task = make(
            HyperParameterTuningJobOperator,
            config=job,
            deferrable=scenario.mode == "deferrable",
            poll_interval=POLL_INTERVAL,
            aws_conn_id=conn_id,
            retries=RETRIES,
            unreachable_timeout=UNREACHABLE_SECONDS if scenario.limit == "unreachable" else None,
            timeout=TIMEOUT_SECONDS if scenario.limit == "timeout" else None,
        )
        _run(task, one, played)
        ended = time.time()
        os.environ.pop(variable, None)
    name = Owner.from_context(one.context(task)).base_name
    jobs = invariants.settled(service.client("sagemaker"), name)
    played.faulted = len(proxy.faulted) + window.machine.faulted[proxy.port]
    played.trouble = 0.0 if window.began is None else window.seconds
    try:
        played.outcome = invariants.check_invariant(jobs, played.delivered)
    except invariants.Violation as violation:
        played.outcome = VIOLATED
        played.reported = (
            f"{scenario}: {violation}; tries: {played.tries}, {played.error}; calls: {_short(proxy)}"
        )
    if played.outcome == "delivered" and jobs[0].ended is not None:
        played.lateness = max(0.0, ended - max(jobs[0].ended, window.over if window.began else 0.0))
    return played


def _run(task: Any, one: TaskTry, played: ScenarioResult) -> None:
    """All tries of a task, as Airflow makes them."""
    while True:
        played.tries += 1
        try:
            played.delivered.append(_attempt(task, one))
            return
        except (AirflowFailException, AirflowSkipException) as error:
            played.error = repr(error)[:500]
            return
        except Exception as error:
            played.error = repr(error)[:500]
            if one.try_number > one.max_tries:
                return
        one = one.retry()
        time.sleep(0.5)


def _attempt(task: Any, one: TaskTry) -> dict[str, Any]:
    context = one.context(task)
    task.__dict__.pop("hook", None)  # each leg is a process of its own in life
    method, arguments = "execute", None
    while True:
        try:
            if arguments is None:
                return dict(task.execute(context))
            return dict(task.resume_execution(method, arguments, context))
        except TaskDeferred as deferred:
            method, arguments = deferred.method_name, dict(deferred.kwargs or {})
            try:
                arguments["event"] = asyncio.run(_first_event(deferred.trigger))
            except Exception as error:
                method, arguments = "__fail__", {"error": "Trigger failure", "traceback": [repr(error)]}
            task.__dict__.pop("hook", None)


async def _first_event(trigger: Any) -> Any:
    # Each triggerer has a thread for what must not block its loop; without a context, all in this process share one.
    async with ThreadSensitiveContext():
        async for event in trigger.run():
            return event.payload
    raise RuntimeError("the trigger ended without an event")


def new_key(service: LocalService, user: str) -> dict[str, str]:
    """An access key of its own."""
    iam = service.client("iam")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"login": key["AccessKeyId"], "password": key["SecretAccessKey"]}


def _connection(port: int, key: dict[str, str]) -> str:
    extra = {
        "endpoint_url": f"http://localhost:{port}",
        "region_name": "us-east-1",
        # A call that hangs is to end within seconds, not within the minute or so of life.
        "config_kwargs": {"connect_timeout": 2, "read_timeout": 2},
    }
    return json.dumps({"conn_type": "aws", **key, "extra": extra})


def _short(proxy: FaultyProxy) -> str:
    return " ".join(
        f"{str(call.name).replace('HyperParameterTuningJob', 'HPTJ')}{':' + call.fault if call.fault else ''}"
        for call in proxy.calls
    )
