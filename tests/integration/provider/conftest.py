"""One local tuning service for the provider's tests, and tasks that run against it over HTTP."""

from __future__ import annotations

import copy
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import comms, task_runner
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_hpt_provider.compat import TaskDeferred
from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from tests.support.statsd_listener import StatsdListener, airflow_sends_metrics
from tests.support.tuning_jobs import images_file, tuning_job

BUCKET = "tuning-tests"
SCRIPT = Path(__file__).parent / "training" / "quick.py"
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."
FAILING_JOBS = f"""
[[tuning_job]]
tuning_job = "flaky-??????"
reason = "{INTERNAL}"
after = 2
[[tuning_job]]
tuning_job = "twice-??????"
reason = "{INTERNAL}"
after = 1
[[tuning_job]]
tuning_job = "twice-??????-2"
reason = "CapacityError: Unable to provision requested ML compute capacity."
after = 1
[[tuning_job]]
tuning_job = "barren-??????"
reason = "{INTERNAL}"
[[tuning_job]]
tuning_job = "hopeless-*"
reason = "{INTERNAL}"
after = 1
[[tuning_job]]
tuning_job = "wrong-*"
reason = "ClientError: the role may not read the bucket"
after = 1
"""
"""What becomes of tuning jobs by their names; six characters stand for the run."""

MISSING = "the row is missing"
"""Airflow's response has no such task: it was deleted."""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """`airflow-hpt local serve` with one image, as a process of its own. Tuning jobs of some names fail."""
    yield from serve(tmp_path_factory.mktemp("service"), FAILING_JOBS)


@pytest.fixture(scope="session")
def untagged_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Another one, where no caller may read or write tags, and which takes its time to stop a job."""
    denied = "".join(
        f'[[fault]]\noperation = "{name}"\nkind = "access_denied"\n' for name in ("AddTags", "ListTags")
    )
    denied += '[[fault]]\noperation = "StopHyperParameterTuningJob"\nkind = "slow"\nseconds = 2.0\n'
    yield from serve(tmp_path_factory.mktemp("untagged"), denied + FAILING_JOBS)


def serve(folder: Path, faults: str) -> Iterator[LocalService]:
    images, file = images_file(folder, SCRIPT), folder / "faults.toml"
    file.write_text(faults)
    with LocalService(
        folder / "data", images, ["--faults", str(file), "--readable", str(folder.parent)]
    ) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(autouse=True)
def aws_connection(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    """`aws_default` leads to the service."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", service.airflow_connection)


@pytest.fixture(autouse=True)
def no_scheduler_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triggers wait a moment before they fire, for the sake of a scheduler that is not here."""
    monkeypatch.setattr("airflow_hpt_provider.triggers.tuning.FIRST_EVENT_SECONDS", 0.0)
    monkeypatch.setattr("airflow_hpt_provider.waiting.creation_queue.CHECK_SECONDS", 0.2)
    monkeypatch.setattr("airflow_hpt_provider.operators.resource_limit.RETRY_SECONDS", 0.2)


@pytest.fixture(autouse=True, scope="session")
def one_loader() -> Iterator[None]:
    """All boto3 clients read SageMaker's model once: to parse it takes half a second per client."""
    import botocore.loaders
    import botocore.session

    loader, create = botocore.loaders.Loader(), botocore.session.create_loader
    botocore.session.create_loader = lambda *_: loader
    yield
    botocore.session.create_loader = create


@pytest.fixture
def hook() -> HyperParameterTuningHook:
    return HyperParameterTuningHook()


@pytest.fixture
def config() -> dict[str, Any]:
    """A tuning job of four quick training jobs, without a name."""
    return tuning_job(BUCKET, fail="never")


def with_static(config: dict[str, Any], **values: str) -> dict[str, Any]:
    """A copy with more static hyperparameters."""
    copied = copy.deepcopy(config)
    copied["TrainingJobDefinition"]["StaticHyperParameters"].update(values)
    return copied


@pytest.fixture
def failing(config: dict[str, Any]) -> dict[str, Any]:
    """The same, every training job of which fails."""
    return with_static(config, fail="always")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """Training jobs of `gated` run until this file exists."""
    path = tmp_path / "open"
    yield path
    path.touch()


@pytest.fixture
def gated(config: dict[str, Any], gate: Path) -> dict[str, Any]:
    """The same, whose training jobs wait for the gate."""
    return with_static(config, gate=str(gate))


@dataclass
class TaskTry:
    """One try of a task: what Airflow's runner hands to `execute`, and what is left in XCom."""

    dag_id: str = "dag"
    task_id: str = "tune"
    run_id: str = field(default_factory=lambda: f"manual__{uuid.uuid4().hex}")
    map_index: int = -1
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    try_number: int = 1
    max_tries: int = 0
    xcom: dict[str, Any] = field(default_factory=dict)
    store: dict[str, Any] | None = None
    on_push: Callable[[str, Any], object] | None = None

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcom[key] = value
        if self.on_push:
            self.on_push(key, value)

    def once_running(self, do: Callable[[str], object]) -> None:
        """Do something as soon as a tuning job's name is known: while the task waits, in whichever mode."""
        self.on_push = lambda key, value: do(value) if key == "tuning_job_name" else None

    def xcom_pull(self, task_ids: str, key: str, map_indexes: int | None = None) -> Any:
        return self.xcom.get(key)

    def context(self, task: Any) -> Any:
        return {"ti": self, "task": task} | (
            {"task_state_store": _Store(self.store)} if self.store is not None else {}
        )

    def retry(self) -> TaskTry:
        """The next try, as Airflow makes it: XComs are gone."""
        return self._again(self.try_number + 1, self.max_tries)

    def cleared(self, retries: int = 0) -> TaskTry:
        """The try after a person has cleared the task."""
        return self._again(self.try_number + 1, self.try_number + retries)

    def _again(self, try_number: int, max_tries: int) -> TaskTry:
        again = copy.copy(self)
        again.id = uuid.uuid4()
        again.try_number, again.max_tries, again.xcom = try_number, max_tries, {}
        return again


@dataclass
class _Store:
    values: dict[str, Any]

    def get(self, key: str) -> Any:
        return json.loads(self.values[key]) if key in self.values else None

    def set(self, key: str, value: Any) -> None:
        self.values[key] = json.dumps(value)


@pytest.fixture
def first_try() -> TaskTry:
    return TaskTry()


def make(operator: type, **kwargs: Any) -> Any:
    """A task in a DAG."""
    with DAG("dag", schedule=None):
        return operator(task_id=kwargs.pop("task_id", "tune"), **kwargs)


def wait_for(hook: HyperParameterTuningHook, name: str, *statuses: str) -> None:
    """Wait until the tuning job has one of these statuses."""
    deadline = time.monotonic() + 60
    while (status := hook.describe(name).status) not in statuses:
        assert time.monotonic() < deadline, f"{name} is {status}"
        time.sleep(0.05)


def jobs_of(hook: HyperParameterTuningHook, one: TaskTry) -> list[str]:
    """The names of the task's jobs, in order."""
    base = Owner.from_context({"ti": one, "task": None}).base_name
    return sorted(job.name for job in hook.list(name_contains=base))


async def run(task: Any, one: TaskTry) -> Any:
    """A try of a task from its start to its end, in whichever mode: worker, triggerer, worker, as often as it takes.

    What Airflow keeps in its database in the meantime goes through JSON here as there.
    """
    try:
        return task.execute(one.context(task))
    except TaskDeferred as deferred:
        waiting = deferred
    while True:
        event = await fire(waiting.trigger)
        task = copy.copy(task)  # another process in real life
        kwargs = json.loads(json.dumps(waiting.kwargs))
        try:
            return getattr(task, waiting.method_name)(one.context(task), event=event, **kwargs)
        except TaskDeferred as again:
            waiting = again


async def fire(trigger: Any) -> Any:
    """What the triggerer does: make the trigger from its serialized form, and run it to its first event."""
    path, kwargs = trigger.serialize()
    trigger = type(trigger)(**json.loads(json.dumps(kwargs)))
    assert path == f"{type(trigger).__module__}.{type(trigger).__qualname__}"
    async for event in trigger.run():
        return json.loads(json.dumps(event.payload))
    return None


@pytest.fixture
def airflow_says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What Airflow responds when a task asks for its own state, and for its own try: None, or the error's status."""

    def say(one: TaskTry, state: Any, try_status: int | None = None) -> None:
        def states(**asked: Any) -> dict[str, Any]:
            if isinstance(state, Exception):
                raise state
            assert asked == {
                "dag_id": one.dag_id,
                "task_ids": [one.task_id],
                "run_ids": [one.run_id],
                "map_index": one.map_index,
            }
            name = (
                one.task_id if one.map_index < 0 else f"{one.task_id}_{one.map_index}"
            )  # as Airflow responds
            return {} if state is MISSING else {one.run_id: {name: state}}

        def send(message: comms.ValidateInletsAndOutlets) -> None:
            assert message.ti_id == one.id
            if try_status:
                detail = {"status_code": try_status}
                error = comms.ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail)
                raise AirflowRuntimeError(error)

        monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(states))
        supervisor = SimpleNamespace(send=send)
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)

    return say


@pytest.fixture
def caplog_info(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


@pytest.fixture(params=["airflow.sdk", "airflow"], ids=["task", "triggerer"])
def statsd(request: pytest.FixtureRequest) -> Iterator[StatsdListener]:
    """A StatsD server that receives what this process sends, through either copy of Airflow's stats."""
    # A monkeypatch of its own, which is undone before the listener closes; the connection stays.
    with pytest.MonkeyPatch.context() as patch, airflow_sends_metrics(request.param, patch) as listener:
        yield listener
