"""Each part of the provider needs exactly the actions that it declares: the service denies all others."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from airflow_hpt_provider.cli.main import main
from airflow_hpt_provider.exceptions import TuningError
from airflow_hpt_provider.hooks.permissions import PARTS
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.links.tuning import push_links
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.creation_turn import CreationTurnTrigger
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from tests.integration.provider.conftest import TaskTry, fire, make, wait_for
from tests.support.faulty_proxy import FaultyProxy, ProxyFault

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
NAMES = {
    "monitoring:GetMetricData": "cloudwatch:GetMetricData",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""Operations that are permitted by another action's name."""
NEEDLESS = {"iam:PassRole"}
"""SageMaker checks it: the provider makes no such call."""
PART_NAMES = {name: actions for parts in PARTS.values() for name, actions in parts.items()}


class Account:
    """The service behind a proxy that allows some actions only, and what a scenario may use of it.

    Attributes:
        direct: a hook that leads past the proxy.
        used, denied: the actions that were called.
    """

    def __init__(self, service, config, gated, gate, queue_url, allowed, monkeypatch):
        self.service, self.config, self.gated, self.gate = service, config, gated, gate
        self.monkeypatch = monkeypatch
        self.direct = HyperParameterTuningHook()
        self.direct.ready()
        self.used, self.denied = set(), set()
        address = urlsplit(service.endpoint)

        def decide(call):
            action = f"{call.service}:{call.operation}"
            called = {NAMES.get(action, action)}
            if call.has_tags and call.operation.startswith("Create"):
                called.add("sagemaker:AddTags")
            self.used |= called
            self.denied |= called - allowed
            return ProxyFault.DENIED if called - allowed else None

        self.proxy = FaultyProxy((address.hostname, address.port), decide)
        self._queue_url = queue_url

    def __enter__(self):
        self.proxy.__enter__()
        url = f"http://127.0.0.1:{self.proxy.port}"
        connection = self.service.airflow_connection.replace(self.service.endpoint, url)
        self.monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection)
        for name, value in {**self.service.environment, "AWS_ENDPOINT_URL": url}.items():
            self.monkeypatch.setenv(name, value)
        self.queue_url = self._queue_url.replace(self.service.endpoint, url)
        return self

    def __exit__(self, *error):
        self.gate.touch()
        self.proxy.__exit__(*error)

    def finished(self):
        """The result of a job that has ended, and its name."""
        request = {**self.config, "HyperParameterTuningJobName": f"iam-{time.time_ns()}"}
        self.direct.conn.create_hyper_parameter_tuning_job(**request)
        wait_for(self.direct, request["HyperParameterTuningJobName"], "Completed")
        return request["HyperParameterTuningJobName"]

    def running(self):
        """The name of a job that runs until the gate opens."""
        request = {**self.gated, "HyperParameterTuningJobName": f"iam-{time.time_ns()}"}
        self.direct.conn.create_hyper_parameter_tuning_job(**request)
        return request["HyperParameterTuningJobName"]

    def command(self, *arguments):
        assert main(arguments) == 0, arguments


def run(operator, **kwargs):
    task = make(operator, **kwargs)
    return task.execute(TaskTry().context(task))


async def tuning_operator(account):
    with suppress(Exception):
        account.service.client("iam").create_role(RoleName="iam-role", AssumeRolePolicyDocument="{}")
    request = json.loads(json.dumps(account.config))
    request["TrainingJobDefinition"]["RoleArn"] = "iam-role"
    common = {"deferrable": False, "poll_interval": 0.1}
    task, one = make(HyperParameterTuningJobOperator, config=request, top_k=2, **common), TaskTry()
    for each in (one, one.retry()):  # the retry finds the job of the try before it
        task.execute(each.context(task))
    with pytest.raises(TuningError):
        run(HyperParameterTuningJobOperator, config=account.gated, timeout=1, **common)


async def sensor(account):
    common = {"deferrable": False, "poke_interval": 0.1}
    run(HyperParameterTuningJobSensor, tuning_job_name=account.finished(), top_k=2, **common)
    with pytest.raises(TuningError):
        run(
            HyperParameterTuningJobSensor,
            tuning_job_name=account.running(),
            max_billable_seconds=0.5,
            **common,
        )


async def stop_operator(account):
    run(StopHyperParameterTuningJobOperator, tuning_job_name=account.running(), poll_interval=0.1)


async def registration(account):
    name = account.finished()
    hook = account.direct
    from airflow_hpt_provider.result.resolve import OutcomeResolver

    result = (
        OutcomeResolver(hook, "fail", log=logging.getLogger(__name__)).result(hook.describe(name)).to_xcom()
    )
    for _ in range(2):
        run(
            RegisterBestTrainingJobOperator,
            tuning_result=result,
            model_package_group_name=f"group-{name}",
            approval_status="Approved",
            must_improve=True,
        )


async def trigger(account):
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    names = [account.running() for _ in range(3)]
    waits = [
        fire(HyperParameterTuningJobTrigger(each, 0.2, deadline=soon, stop_on_kill=True)) for each in names
    ]
    budget = HyperParameterTuningJobTrigger(account.running(), 0.2, max_billable_seconds=0.5)
    await asyncio.gather(*waits, fire(budget))
    finish = HyperParameterTuningJobTrigger(account.finished(), 0.2, finish_in_triggerer=True, top_k=2)
    pushed = []

    async def aset(key, value, **_):
        pushed.append(key)

    account.monkeypatch.setattr("airflow.sdk.execution_time.xcom.XCom.aset", aset)
    one = TaskTry()
    finish.task_instance = one
    async for _ in finish.run():
        break
    assert pushed


async def trigger_with_queue(account):
    account.finished()  # its event is another reader's
    event = account.queue_url
    wait = asyncio.create_task(
        fire(HyperParameterTuningJobTrigger(account.running(), 0.5, event_queue_url=event))
    )
    await asyncio.sleep(5)
    account.gate.touch()
    await wait
    await asyncio.sleep(2)


async def creation_turn(account):
    await fire(CreationTurnTrigger())


async def state_change(account):
    account.service.client("sqs").send_message(QueueUrl=account._queue_url, MessageBody="no event")
    account.finished()
    async with asyncio.timeout(60):
        await fire(TuningJobStateChangeTrigger(account.queue_url))
        while not {"sqs:DeleteMessage", "sqs:GetQueueAttributes"} <= account.used:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


def page_job(name):
    from airflow_hpt_provider.ui.tasks import TaskJob, TaskKey

    return TaskJob(TaskKey("dag", "run", "tune"), name, ConnectionSettings(), datetime.now(UTC), "running")


async def page(account):
    from airflow_hpt_provider.ui.airflow_hooks import make_hook
    from airflow_hpt_provider.ui.curve_reader import CurveReader
    from airflow_hpt_provider.ui.jobs import JobReader
    from airflow_hpt_provider.ui.training_jobs import TrainingJobReader

    reader = JobReader(make_hook)
    training_jobs = TrainingJobReader(reader)
    job = page_job(account.finished())
    view = reader.view(job)
    reader.summaries(job)
    first = next(iter(view.trials))
    training_jobs.detail(job, view, first)
    training_jobs.log(job, view, first, None, None)
    CurveReader(reader, training_jobs.client).of_objective(job, view)
    running = page_job(account.running())
    while not (view := reader.view(running)).trials:
        await asyncio.sleep(0.2)
        reader.expire(running)
    training_jobs.stop(running, view, next(iter(view.trials)))
    assert reader.stop(running)


async def orphaned_jobs(account):
    from airflow_hpt_provider.ui.orphaned_jobs import DeferredTask, _stop
    from airflow_hpt_provider.ui.tasks import TaskKey

    task = TaskKey("dag", "run", f"t{time.time_ns()}")
    name = task.owner.base_name
    request = {**account.gated, "HyperParameterTuningJobName": name}
    account.direct.conn.create_hyper_parameter_tuning_job(**request, Tags=task.owner.tags("0", None))
    await asyncio.to_thread(_stop, DeferredTask(task), name, ConnectionSettings())
    assert account.direct.describe(name).status != "InProgress"


async def links(account):
    task = make(HyperParameterTuningJobOperator, config=account.config)
    one = TaskTry()
    push_links(
        task, one.context(task), "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/x"
    )
    assert one.xcom


def commands(name):
    async def scenario(account):
        job = account.running() if name == "stop" else account.finished()
        match name:
            case "list":
                account.command("list")
            case "describe-hyper-parameter-tuning-job":
                account.command(name, "--hyper-parameter-tuning-job-name", job)
            case "logs":
                account.command("logs", next(iter(account.direct.training_jobs(job))).training_job_name)
            case "create":
                path = account.gate.parent / "job.json"
                path.write_text(
                    json.dumps({**account.config, "HyperParameterTuningJobName": f"iam-{time.time_ns()}"})
                )
                account.command("create", str(path))
            case "plot":
                account.command("plot", job, "--out", str(account.gate.parent / "plot.html"))
            case "export":
                account.command("export", job, "--optuna", f"sqlite:///{account.gate.parent / 'study.db'}")
            case _:
                account.command(name, job)

    return scenario


async def delete(account):
    name = account.finished()
    HyperParameterTuningHook().delete(name)


SCENARIOS = {
    "HyperParameterTuningJobOperator": tuning_operator,
    "HyperParameterTuningJobSensor": sensor,
    "StopHyperParameterTuningJobOperator": stop_operator,
    "RegisterBestTrainingJobOperator": registration,
    "HyperParameterTuningJobTrigger": trigger,
    "HyperParameterTuningJobTrigger(event_queue_url)": trigger_with_queue,
    "CreationTurnTrigger": creation_turn,
    "TuningJobStateChangeTrigger": state_change,
    "tuning page": page,
    "orphaned jobs": orphaned_jobs,
    "links": links,
    "hook.delete()": delete,
} | {name: commands(name) for name in PARTS["command-line"] if "." not in name}


@pytest.fixture
def queue_url(service, request):
    """A queue without a dead-letter queue, that the service's events go to."""
    name = f"iam-{time.time_ns()}"
    sqs, events = service.client("sqs"), service.client("events")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield url
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=url)


@pytest.mark.parametrize("part", sorted(PART_NAMES))
async def test_a_part_needs_exactly_the_actions_that_it_declares(
    part, service, config, gated, gate, queue_url, monkeypatch
):
    monkeypatch.setattr("airflow_hpt_provider.triggers.events.HANDOVER_SECONDS", 0.2)
    declared = PART_NAMES[part]
    with Account(service, config, gated, gate, queue_url, declared, monkeypatch) as account:
        SharedPoller.shared(ConnectionSettings())
        await SCENARIOS[part](account)
    assert sorted(account.denied) == [], "an action is missing"
    assert sorted(declared - account.used - NEEDLESS) == [], "an action is needless"


def test_every_part_has_a_scenario():
    assert set(SCENARIOS) == set(PART_NAMES)
