"""What the amazon provider's tuning operator and sensor get wrong, kept right here.

docs/comparison.md lists all of it; what other tests do not show already is shown here.
"""

from __future__ import annotations

import ast
import asyncio
import tomllib
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3.session
import pytest
from airflow.sdk.exceptions import TaskDeferred
from botocore.exceptions import ClientError
from jinja2 import UndefinedError

import airflow_hpt_provider
from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.exceptions import (
    TuningJobFailedError,
    TuningJobNotFoundError,
    TuningJobPermanentFailureError,
    TuningJobStoppedError,
)
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from airflow_hpt_provider.waiting import rate_limit, shared_poller
from tests.integration.provider.conftest import BUCKET, TaskTry, make, with_static
from tests.support.scripted_sagemaker import Fault, ScriptedEndpoint, ScriptedJob, ScriptedSageMaker

pytestmark = pytest.mark.integration

PACKAGE = Path(airflow_hpt_provider.__file__).parent


class Barren(ScriptedJob):
    """A tuning job none of whose training jobs has an objective."""

    def description(self, now: float) -> dict[str, Any]:
        answer = super().description(now)
        answer.pop("BestTrainingJob", None)
        return answer


class WithoutTrainingJobs(ScriptedSageMaker):
    """Tuning jobs whose training jobs can no longer be listed."""

    def answer(self, operation: str, body: dict[str, Any], key: str = "") -> Any:
        if operation.startswith("ListTrainingJobs"):
            return {"TrainingJobSummaries": []}
        return super().answer(operation, body, key)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedSageMaker]:
    """A SageMaker that says what the local service never has to say; the connection is `scripted`."""
    monkeypatch.setenv("AIRFLOW__HPT__POLLING_CALLS_PER_SECOND", "1000")
    monkeypatch.setenv("AIRFLOW__HPT__MIN_POLL_INTERVAL", "0.001")
    monkeypatch.setattr(rate_limit, "_budgets", {})
    monkeypatch.setattr(shared_poller, "GATHER", 0.001)
    script = WithoutTrainingJobs()
    with ScriptedEndpoint(script) as running:
        monkeypatch.setenv("AIRFLOW_CONN_SCRIPTED", running.connection())
        yield script


def sense(name: str, one: TaskTry | None = None) -> Any:
    task = make(
        HyperParameterTuningJobSensor,
        task_id="wait",
        tuning_job_name=name,
        aws_conn_id="scripted",
        deferrable=False,
        poke_interval=0.1,
        timeout=60,
    )
    return task.execute((one or TaskTry(task_id="wait")).context(task))


def test_nothing_needs_aiobotocore():
    imported = {
        name.split(".")[0]
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "boto3" in imported
    assert "aiobotocore" not in imported
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())
    assert "aiobotocore" not in str(project)
    assert find_spec("aiobotocore") is None, "so every test of this suite that defers does without it"


def test_throttled_describes_fail_neither_operator_nor_sensor(service, config, tmp_path, monkeypatch):
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\noperation = "Describe*"\nkind = "throttle"\nrate = 0.3\nseed = 3\n')
    images = service.data_dir.parent / "images.toml"
    with LocalService(
        tmp_path / "data", images, ["--faults", str(faults), "--readable", str(tmp_path)]
    ) as throttling:
        throttling.client("s3").create_bucket(Bucket=BUCKET)
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", throttling.airflow_connection)
        task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.1)
        first_try = TaskTry()
        result = TuningResult.from_xcom(task.execute(first_try.context(task)))
        assert result.succeeded
        sensor = make(
            HyperParameterTuningJobSensor,
            task_id="wait",
            tuning_job_name=result.tuning_job_name,
            deferrable=False,
            poke_interval=0.1,
            timeout=120,
        )
        assert sensor.execute(TaskTry(task_id="wait").context(sensor))["status"] == "Completed"


def test_delete_failed_is_no_success(script):
    script.add([ScriptedJob("job", 0.0, 1.0, "DeleteFailed", failure_reason="it is in use")])
    with pytest.raises(TuningJobNotFoundError, match=r"DeleteFailed.*it is in use"):
        sense("job")


def test_a_failure_without_a_reason_is_reported(script):
    script.add([ScriptedJob("job", 0.0, 1.0, "Failed")])
    with pytest.raises(TuningJobFailedError, match="Tuning job job failed"):
        sense("job")


def test_keys_that_are_rotated_while_the_sensor_pokes_are_read_again(script):
    """The same error at the first poll is a mistake, and ends the wait immediately."""
    refused = Fault(
        400, "UnrecognizedClientException", "The security token included in the request is invalid."
    )
    script.add([ScriptedJob("job", 0.0, 1e12)])
    script.faults.append(refused)
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        sense("job")

    def refuse_and_end(_: str) -> None:
        one.on_push = None
        script.faults.append(refused)
        script.add([ScriptedJob("job", 0.0, 1.0, "Stopped")])

    one = TaskTry(task_id="wait")
    one.once_running(refuse_and_end)
    with pytest.raises(TuningJobStoppedError):
        sense("job", one)
    assert not script.faults


def test_completed_without_one_success_is_a_failure(script):
    script.add([Barren("job", 0.0, 1.0, "Completed")])
    with pytest.raises(TuningJobFailedError, match="no training job reported the objective metric"):
        sense("job")


async def test_a_deferred_wait_has_no_hidden_cap_of_polls(script):
    """SageMakerTrigger gives up after 480."""
    job = ScriptedJob("job", 0.0, 1e12)
    script.add([job])
    trigger = HyperParameterTuningJobTrigger(
        "job", poll_interval=0.001, **ConnectionSettings("scripted").as_kwargs()
    )
    events = trigger.run()
    waiting = anext(events)

    async def end_after_many_looks() -> None:
        while sum(script.calls.values()) <= 600:  # noqa: ASYNC110 - it counts in a thread
            await asyncio.sleep(0.01)
        job.ends = 1.0

    ending = asyncio.create_task(end_after_many_looks())
    async with asyncio.timeout(120):
        event = await waiting
        await ending
    assert event.payload["status"] == "completed"
    assert sum(script.calls.values()) > 600
    await events.aclose()


def test_the_first_poll_is_immediate(config, first_try):
    create = make(HyperParameterTuningJobOperator, config=config, wait_for_completion=False, deferrable=False)
    name = create.execute(first_try.context(create))["tuning_job_name"]
    until = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.1)
    until.execute(first_try.retry().context(until))
    patient = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=86400)
    assert patient.execute(first_try.retry().retry().context(patient))["tuning_job_name"] == name


def test_a_retry_finds_the_job_of_a_given_name_too(gated, gate, first_try):
    name = f"given-{uuid.uuid4().hex[:12]}"
    named = {**gated, "HyperParameterTuningJobName": name}
    for one_try in (first_try, first_try.retry()):
        task = make(HyperParameterTuningJobOperator, config=named, deferrable=True)
        with pytest.raises(TaskDeferred):
            task.execute(one_try.context(task))
        assert one_try.xcom["tuning_job_name"] == name


def test_the_data_are_not_looked_for_from_the_worker(config, first_try):
    """The worker may have no right to read them; SageMaker, which needs it, says what is missing."""
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/nothing-here/"}
    config["TrainingJobDefinition"]["InputDataConfig"] = [
        {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
    ]
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.1)
    with pytest.raises(TuningJobPermanentFailureError, match="nothing-here"):
        task.execute(first_try.context(task))
    assert first_try.xcom["tuning_job_name"], "the job was made"


def test_a_roles_name_is_looked_up_with_the_connections_settings(service, config, first_try, monkeypatch):
    made = []
    client = boto3.session.Session.client

    def spy(self: Any, service_name: str, *args: Any, **kwargs: Any) -> Any:
        made.append((service_name, kwargs.get("verify"), getattr(kwargs.get("config"), "read_timeout", None)))
        return client(self, service_name, *args, **kwargs)

    monkeypatch.setattr(boto3.session.Session, "client", spy)
    service.client("iam").create_role(RoleName="promised", AssumeRolePolicyDocument="{}")
    config["TrainingJobDefinition"]["RoleArn"] = "promised"
    task = make(
        HyperParameterTuningJobOperator,
        config=config,
        wait_for_completion=False,
        deferrable=False,
        verify=False,
        botocore_config={"read_timeout": 77},
    )
    task.execute(first_try.context(task))
    assert ("iam", False, 77) in made


def test_the_log_shows_no_static_hyperparameter(config, first_try, caplog_info, capfd):
    reported = uuid.uuid4().hex  # under a name that no masker knows
    task = make(
        HyperParameterTuningJobOperator,
        config=with_static(config, remark=reported),
        deferrable=False,
        poll_interval=0.1,
    )
    task.execute(first_try.context(task))
    printed = capfd.readouterr()
    log = caplog_info.text + printed.out + printed.err  # Airflow's log may go to either
    assert first_try.xcom["tuning_job_name"] in log
    assert reported not in log


def test_secrets_are_known_to_the_masker_before_airflow_logs_what_it_cannot_render(
    config, first_try, monkeypatch
):
    reported = []
    monkeypatch.setattr("airflow_hpt_provider.compat.mask_secret", reported.append)
    secret, broken = uuid.uuid4().hex, "{{ params.there_is_none }}"
    task = make(
        HyperParameterTuningJobOperator,
        config=with_static(config, api_key=secret, rows=broken),
        deferrable=False,
    )
    with pytest.raises(UndefinedError):
        task.render_template_fields(first_try.context(task))
    assert reported == [secret]
