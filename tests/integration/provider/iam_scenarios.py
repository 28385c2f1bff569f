"""What each part of the provider, and each method of its hook, calls in use; for the tests of permissions."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.main import build_parser
from airflow_hpt_provider.cli.page import page_server
from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.exceptions import TuningError
from airflow_hpt_provider.hooks.actions import ATTRIBUTE, actions_of
from airflow_hpt_provider.hooks.permissions import PARTS
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.links.tuning import push_links
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.creation_turn import CreationTurnTrigger
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from airflow_hpt_provider.ui.pages import BUNDLE
from airflow_hpt_provider.ui.standalone import create_app
from tests.integration.provider.conftest import TaskTry, fire, make


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
                expected = EXPECTED.get(path, httpx.codes.OK)
                assert response.status_code == expected, (method, path, response.text)
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
IS_BUILT = (BUNDLE / "index.html").is_file()
PAGE = httpx.codes.OK if IS_BUILT else httpx.codes.SERVICE_UNAVAILABLE
EXPECTED = {
    "/": httpx.codes.SEE_OTHER,
    "/api/connections/{connection}/jobs/{tuning_job}/importance": httpx.codes.CONFLICT,
    "/static/{path:path}": httpx.codes.OK if IS_BUILT else httpx.codes.NOT_FOUND,
    "/connections/{connection}": PAGE,
    "/connections/{connection}/jobs/{tuning_job}": PAGE,
    "/api/connections/{connection}/jobs/{tuning_job}/parents/{name}": httpx.codes.NOT_FOUND,
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
