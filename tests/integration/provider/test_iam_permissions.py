"""Each part of the provider, and each method of its hook, needs exactly the actions that it declares.

IAM stands between them and the service: it allows what a rule file with the printed policy allows, and denies the rest.
"""

from __future__ import annotations

import asyncio
import copy
import importlib
import json
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger
from botocore.exceptions import ClientError

from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.main import build_parser, main
from airflow_hpt_provider.cli.page import page_server
from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.exceptions import TuningError
from airflow_hpt_provider.hooks.actions import ATTRIBUTE, actions_of
from airflow_hpt_provider.hooks.permissions import PARTS, Scope, policy
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.links.tuning import push_links
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)
from airflow_hpt_provider.provider_info import get_provider_info
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.creation_turn import CreationTurnTrigger
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from airflow_hpt_provider.ui.standalone import create_app
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from tests.integration.provider.conftest import TaskTry, fire, make, wait_for
from tests.support.faulty_proxy import FaultyProxy
from tests.support.iam_rules import IamRules

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
PART_NAMES = {name: actions for parts in PARTS.values() for name, actions in parts.items()}


class Account:
    """The service behind IAM, and what a scenario may use of it.

    Attributes:
        direct: a hook that leads past IAM.
        iam: the rules, with what was called and what was denied.
    """

    def __init__(self, service, config, gated, gate, queue_url, iam, monkeypatch):
        self.service, self.config, self.gated, self.gate = service, config, gated, gate
        self.monkeypatch = monkeypatch
        self.direct = HyperParameterTuningHook()
        self.direct.ready()
        self.iam = iam
        address = urlsplit(service.endpoint)
        self.proxy = FaultyProxy((address.hostname, address.port), iam)
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

    def arn(self, name):
        """A job's ARN."""
        return self.direct.describe(name).hyper_parameter_tuning_job_arn

    def role_by_name(self):
        """The name of a role that exists."""
        with suppress(Exception):
            self.service.client("iam").create_role(RoleName="iam-role", AssumeRolePolicyDocument="{}")
        return "iam-role"

    def command(self, *arguments):
        assert main(arguments) == 0, arguments


def run(operator, **kwargs):
    task = make(operator, **kwargs)
    return task.execute(TaskTry().context(task))


async def tuning_operator(account):
    request = copy.deepcopy(account.config)
    request["TrainingJobDefinition"]["RoleArn"] = account.role_by_name()
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
        while not {"sqs:DeleteMessage", "sqs:GetQueueAttributes"} <= account.iam.used:  # noqa: ASYNC110
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
    first = next(iter(view.training_jobs))
    training_jobs.detail(job, view, first)
    training_jobs.log(job, view, first, None, None)
    CurveReader(reader, training_jobs.client).of_objective(job, view)
    running = page_job(account.running())
    while not (view := reader.view(running)).training_jobs:
        await asyncio.sleep(0.2)
        reader.expire(running)
    training_jobs.stop(running, view, next(iter(view.training_jobs)))
    assert reader.stop(running)


async def orphaned_jobs(account):
    from airflow_hpt_provider.ui.stop_orphaned_jobs import DeferredTask, _stop
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
                request = copy.deepcopy(account.config) | {"Tags": [{"Key": "team", "Value": "a"}]}
                request["TrainingJobDefinition"]["RoleArn"] = account.role_by_name()
                path.write_text(
                    json.dumps({**request, "HyperParameterTuningJobName": f"iam-{time.time_ns()}"})
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


async def page_over_http(account):
    await asyncio.to_thread(every_route, account)


def every_route(account):
    """Request each route of the page's FastAPI app from a server of its own."""
    finished, running = account.finished(), account.running()
    (first,) = account.direct.training_jobs(finished, limit=1)
    alive = wait_until(
        lambda: [*account.direct.training_jobs(running, status="InProgress", sort_by="CreationTime")],
        60,
        "no training job runs",
    )[0]
    server = page_server(Connection.of(build_parser().parse_args(["page"])), "team", 0)
    server.start()
    address, _, token = server.url.partition("/?token=")
    headers = {"Authorization": f"Bearer {token}", "X-Requested-With": "tuning-page"}
    try:
        with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60) as client:
            for method, path in PAGE_ROUTES:
                job, name = (running, alive) if method == "POST" else (finished, first)
                values = {"connection": "team", "tuning_job": job, "name": name.training_job_name}
                response = client.request(method, path.replace("{path:path}", "icon.svg").format(**values))
                expected = EXPECTED.get(path, {httpx.codes.OK})
                assert response.status_code in expected, (method, path, response.text)
    finally:
        server.stop()


PAGE_ROUTES = sorted(
    (
        (method, route.path)
        for route in create_app(HyperParameterTuningHook, "team").routes
        for method in route.methods - {"HEAD"}
    ),
    key=lambda route: (route[0], -len(route[1])),
)
"""GET comes before POST, and the training job is stopped before its tuning job."""
NO_BUNDLE = {httpx.codes.OK, httpx.codes.NOT_FOUND, httpx.codes.SERVICE_UNAVAILABLE}
EXPECTED = {
    "/": {httpx.codes.SEE_OTHER},
    "/api/connections/{connection}/jobs/{tuning_job}/importance": {httpx.codes.CONFLICT},
    "/static/{path:path}": NO_BUNDLE,
    "/connections/{connection}": NO_BUNDLE,
    "/connections/{connection}/jobs/{tuning_job}": NO_BUNDLE,
    "/api/connections/{connection}/jobs/{tuning_job}/parents/{name}": {httpx.codes.NOT_FOUND},
}
"""``make ui`` may not have built the bundle, and the job has no parents. The rest responds with 200."""


def _frame(hook, account):
    assert len(hook.training_jobs_dataframe(account.finished())) == 4


def _stop(hook, account):
    assert not hook.stop(account.finished())  # SageMaker refuses: the status decides
    assert hook.stop(account.running())


def _create(hook, account):
    request = {**account.config, "HyperParameterTuningJobName": f"iam-{time.time_ns()}"}
    hook.create(TuningJobRequest.model_validate(request | {"Tags": [{"Key": "team", "Value": "a"}]}))


def _best(hook, account):
    assert hook.best_training_job(account.direct.describe(account.finished())).model_artifact


METHODS = {
    "create": _create,
    "describe": lambda hook, account: hook.describe(account.finished()),
    "_describe": lambda hook, account: hook._describe(hook.call, account.finished()),
    "describe_once": lambda hook, account: hook.describe_once(account.finished()),
    "wait": lambda hook, account: hook.wait(account.finished()),
    "list": lambda hook, account: list(hook.list(limit=1)),
    "stop": _stop,
    "delete": lambda hook, account: hook.delete(account.finished()),
    "tags": lambda hook, account: hook.tags(account.arn(account.finished())),
    "add_tags": lambda hook, account: hook.add_tags(account.arn(account.finished()), {"a": "b"}),
    "training_jobs": lambda hook, account: list(hook.training_jobs(account.finished())),
    "training_jobs_dataframe": _frame,
    "to_optuna_study": lambda hook, account: hook.to_optuna_study(account.finished()),
    "history": lambda hook, account: hook.history(account.finished()),
    "billable_seconds": lambda hook, account: hook.billable_seconds(account.finished()),
    "describe_training_job": lambda hook, account: hook.describe_training_job(
        next(account.direct.training_jobs(account.finished())).training_job_name
    ),
    "best_training_job": _best,
    "with_artifacts": lambda hook, account: hook.with_artifacts(
        next(account.direct.training_jobs(account.finished()))
    ),
    "failures": lambda hook, account: hook.failures(account.finished()),
}
DECLARING = {
    name: actions_of(method)
    for name, method in vars(HyperParameterTuningHook).items()
    if hasattr(method, ATTRIBUTE)
}
"""The hook's methods that declare actions."""
WITHOUT_AWS = {"validate", "iam-policy", "migrate-check", "local", "demo", "up", "trials"}
"""Commands that make no call to AWS, and ``trials``, which is ``training-jobs``."""


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
    "page": page_over_http,
} | {name: commands(name) for name in PARTS["command-line"] if name not in {"hook.delete()", "page"}}


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


@pytest.fixture
def run_with(service, config, gated, gate, queue_url, monkeypatch, tmp_path):
    """Run a scenario under a policy with these actions; each is needed, and no other one."""
    monkeypatch.setattr("airflow_hpt_provider.triggers.events.HANDOVER_SECONDS", 0.2)

    async def run_scenario(scenario, actions):
        rules = tmp_path / "policy.json"
        rules.write_text(json.dumps(policy(actions, Scope())))
        iam = IamRules(json.loads(rules.read_text()))
        with Account(service, config, gated, gate, queue_url, iam, monkeypatch) as account:
            SharedPoller.shared(ConnectionSettings())
            await scenario(account)
        assert sorted(iam.denied) == [], "an action is missing, or limited to another resource"
        assert sorted(iam.needless) == [], "an action is needless"

    return run_scenario


@pytest.mark.parametrize("part", sorted(PART_NAMES))
async def test_a_part_needs_exactly_the_actions_that_it_declares(part, run_with):
    await run_with(SCENARIOS[part], PART_NAMES[part])


@pytest.mark.parametrize("method", sorted(DECLARING))
async def test_a_method_of_the_hook_needs_exactly_the_actions_that_it_declares(method, run_with):
    async def scenario(account):
        await asyncio.to_thread(METHODS[method], HyperParameterTuningHook(), account)

    await run_with(scenario, DECLARING[method])


async def test_a_missing_action_is_noticed(run_with):
    with pytest.raises(ClientError, match="AccessDenied"):
        await run_with(SCENARIOS["hook.delete()"], PART_NAMES["list"])


async def test_a_needless_action_is_noticed(run_with):
    with pytest.raises(AssertionError, match="needless"):
        await run_with(SCENARIOS["links"], PART_NAMES["list"])


def test_every_part_has_a_scenario():
    assert set(SCENARIOS) == set(PART_NAMES)


def test_every_method_that_declares_actions_has_a_scenario():
    assert set(METHODS) == set(DECLARING)


def test_every_class_and_command_is_a_part():
    info = get_provider_info()
    modules = {
        module
        for kind in ("operators", "sensors", "triggers")
        for each in info[kind]
        for module in each["python-modules"]
    }
    classes = {
        name
        for module in map(importlib.import_module, modules)
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ in modules
        and issubclass(value, (BaseOperator, BaseTrigger))
    }
    assert classes == {part.partition("(")[0] for part in PART_NAMES} & classes
    assert len(classes) >= 7
    parser = build_parser()
    (commands,) = (action for action in parser._actions if action.dest == "==SUPPRESS==" and action.choices)
    assert set(commands.choices) - set(PARTS["command-line"]) == WITHOUT_AWS
