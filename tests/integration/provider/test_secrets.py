"""Secrets of a job that its training code puts into a FailureReason, and where they may come out: in no place raw."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

import pytest
import yaml
from airflow.sdk import DAG
from airflow.sdk.execution_time.task_runner import _serialize_rendered_fields

from airflow_hpt_provider.compat import redact
from airflow_hpt_provider.decorators.tuning import tuning_job_task
from airflow_hpt_provider.exceptions import TuningJobConfigError, TuningJobFailedError
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.lineage.facets import lineage
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.notifications.tuning import message_of
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.stopping import StopHyperParameterTuningJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from tests.integration.provider.conftest import jobs_of, make, run, wait_for, with_static

pytestmark = pytest.mark.integration


class Secrets:
    """Two secrets that no process has masked yet, and a job whose training jobs reveal them."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.key, self.password = f"k3y-{uuid.uuid4().hex}", f"pw-{uuid.uuid4().hex}"
        self.config = with_static(config, fail="echo", api_key=self.key)
        url = f"postgresql://trainer:{self.password}@db.internal/features"
        self.config["TrainingJobDefinition"]["Environment"] = {"DATABASE_URL": url}

    def are_in(self, text: object) -> bool:
        text = text if isinstance(text, str) else json.dumps(text, default=str)
        return self.key in text or self.password in text


@pytest.fixture
def secrets(config):
    return Secrets(config)


def created(hook: HyperParameterTuningHook, secrets: Secrets) -> str:
    """The name of a new job with them that no task has created."""
    name = f"s-{uuid.uuid4().hex[:20]}"
    hook.create(TuningJobRequest.model_validate({**secrets.config, "HyperParameterTuningJobName": name}))
    return name


def task_of(form: str, secrets: Secrets, folder: Any, deferrable: bool) -> Any:
    """The task with its config in one of the forms that users write."""
    common = {"deferrable": deferrable, "poll_interval": 0.2}
    with DAG("dag", schedule=None, template_searchpath=str(folder)):
        if form == "decorated":
            return tuning_job_task(task_id="tune", **common)(lambda: secrets.config)().operator
        if form == "file":
            (folder / "job.yaml").write_text(yaml.safe_dump(secrets.config))
        config = "job.yaml" if form == "file" else secrets.config
        return HyperParameterTuningJobOperator(task_id="tune", config=config, **common)


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize("form", ["dict", "file", "decorated"])
async def test_training_code_that_reveals_them(secrets, first_try, tmp_path, form, deferrable, caplog):
    caplog.set_level(logging.DEBUG)
    task = task_of(form, secrets, tmp_path, deferrable)
    with pytest.raises(TuningJobFailedError) as caught:
        await run(task, first_try)
    assert "login refused: *** postgresql://trainer:***@db.internal/features" in str(caught.value)
    assert not secrets.are_in(first_try.xcom)
    assert not secrets.are_in(repr(task.get_openlineage_facets_on_failure(None) if not deferrable else ""))
    assert not secrets.are_in(redact(caplog.text)), "the log: Airflow's masker knows them"


def forget_masks() -> None:
    """As in another process."""
    from airflow.sdk._shared.secrets_masker import _secrets_masker

    _secrets_masker().reset_masker()


@pytest.mark.parametrize("form", ["file", "decorated"])
async def test_worker_that_takes_the_task_up_again_masks_them(secrets, first_try, hook, tmp_path, form):
    """It has rendered neither the file nor the function's config: it learns them from SageMaker."""
    first_try.once_running(lambda name: wait_for(hook, name, "Completed", "Failed"))
    task = task_of(form, secrets, tmp_path, deferrable=False)
    with pytest.raises(TuningJobFailedError):
        await run(task, first_try)
    [name] = jobs_of(hook, first_try)
    again = task_of(form, secrets, tmp_path, deferrable=True)
    forget_masks()
    assert secrets.are_in(redact(secrets.key))
    with pytest.raises(TuningJobFailedError) as caught:
        again.execute_complete(first_try.context(again), {"status": "completed"}, name, [])
    assert not secrets.are_in(str(caught.value))
    assert not secrets.are_in(redact(f"{secrets.key} {secrets.password}"))


@pytest.mark.parametrize("deferrable", [False, True])
async def test_sensor_of_a_job_that_another_task_created(secrets, first_try, hook, deferrable):
    name = created(hook, secrets)
    forget_masks()
    task = make(
        HyperParameterTuningJobSensor,
        tuning_job_name=name,
        deferrable=deferrable,
        poke_interval=0.2,
        timeout=120,
    )
    with pytest.raises(TuningJobFailedError) as caught:
        await run(task, first_try)
    assert "login refused: ***" in str(caught.value)
    assert not secrets.are_in(first_try.xcom)
    assert not secrets.are_in(redact(f"{secrets.key} {secrets.password}"))


async def test_result_of_a_job_with_failed_training_jobs(secrets, first_try, hook):
    """The reasons in the XCom and the lineage of a task that takes what there is."""
    name = created(hook, secrets)
    wait_for(hook, name, "Completed", "Failed")
    task = make(HyperParameterTuningJobOperator, config=secrets.config)
    description = hook.describe(name)
    result = task._resolver([]).result(description)
    assert "login refused: ***" in result.failures[0].reason
    assert not secrets.are_in(result.to_xcom())
    reported = description.model_copy(update={"failure_reason": f"ClientError: {secrets.key}"})
    assert not secrets.are_in(repr(lineage(reported, result)))
    assert not secrets.are_in(task._resolver([]).result(reported).to_xcom())


def test_notification_of_a_failure_leaves_airflow_without_them(secrets, first_try, monkeypatch):
    sent: list[str] = []

    class Notifier:
        def __init__(self, text: str) -> None:
            sent.append(text)

        def __call__(self, context: Any) -> None:
            pass

    from airflow_hpt_provider.config.masking import mask_secrets
    from airflow_hpt_provider.notifications.tuning import TuningJobNotifier

    mask_secrets(secrets.config)
    error = RuntimeError(f"refused {secrets.key}, proxy http://user:{secrets.password}-2@proxy.internal:3128")
    context = {**first_try.context(None), "exception": error}
    assert secrets.are_in(message_of(context))
    TuningJobNotifier(Notifier, text="text")(context)  # type: ignore[arg-type]
    from jinja2 import Environment

    text = Environment(autoescape=True).from_string(sent[0]).render()
    assert "refused ***, proxy http://***@proxy.internal:3128" in text
    assert not secrets.are_in(text)


OPERATORS = {
    HyperParameterTuningJobOperator: {"config": {}},
    HyperParameterTuningJobSensor: {"tuning_job_name": "job"},
    StopHyperParameterTuningJobOperator: {"tuning_job_name": "job"},
    RegisterBestTrainingJobOperator: {"tuning_result": {}, "model_package_group_name": "group"},
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_password_of_a_proxy(operator):
    """In rendered fields and logs, whichever form `botocore_config` has."""
    password = f"pr0xy-{uuid.uuid4().hex}"
    proxies = {"https": "http://user:{{ params.password }}@proxy.internal:3128"}
    for config in ({"proxies": proxies}, json.dumps({"proxies": proxies})):
        forget_masks()
        task = make(operator, **OPERATORS[operator], botocore_config=config)
        task.render_template_fields({"params": {"password": password}})
        assert password in str(task.botocore_config)
        assert password not in json.dumps(_serialize_rendered_fields(task))
        assert password not in str(redact(f"cannot connect to http://user:{password}@proxy.internal:3128"))


def test_passwords_in_the_extra_of_a_connection(service, monkeypatch):
    """Airflow masks an extra's members by their names, which are harmless here."""
    password = f"pr0xy-{uuid.uuid4().hex}"
    connection = json.loads(service.airflow_connection)
    connection["extra"]["config_kwargs"] = {"proxies": {"http": f"http://user:{password}@127.0.0.1:1"}}
    monkeypatch.setenv("AIRFLOW_CONN_PROXIED", json.dumps(connection))
    forget_masks()
    hook = HyperParameterTuningHook(aws_conn_id="proxied")
    with pytest.raises(Exception, match="proxy") as caught:
        hook.describe_once("job")
    assert password not in str(caught.value)
    assert password not in str(redact(f"http://user:{password}@127.0.0.1:1"))


@pytest.mark.parametrize("secret", ['a"b\\c-hunter22', "a<b&c'd-hunter22", "ä\nö-hunter22 of prod"])
def test_secret_that_json_and_html_escape(config, secret):
    """`tojson` writes it in another way into the rendered config, and so does an error that quotes it."""
    config["TrainingJobDefinition"]["Environment"] = {"DB_PASSWORD": secret}
    forget_masks()
    task = make(HyperParameterTuningJobOperator, config="{{ params.config | tojson }}")
    task.render_template_fields({"params": {"config": config}})
    assert "hunter22" in task.config
    shown = json.dumps(_serialize_rendered_fields(task))
    assert "hunter22" not in shown
    assert "hunter22" not in str(redact(f"the value {secret!r} is refused"))


def test_error_of_a_config_quotes_no_secret(config, first_try):
    config["TrainingJobDefinition"]["StaticHyperParameters"]["api_key"] = ["hunter22"] * 3000
    task = make(HyperParameterTuningJobOperator, config=config)
    with pytest.raises(TuningJobConfigError) as caught:
        task.execute(first_try.context(task))
    assert "hunter22" not in str(caught.value)
