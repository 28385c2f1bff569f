"""Jinja in `dag_run.conf` is text: in no task, leg or trigger is it rendered, with Airflow's own task runner."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from airflow.sdk import DAG

from airflow_hpt_provider.compat import TaskDeferred, has
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from tests.integration.provider.conftest import with_static

pytestmark = pytest.mark.integration

NOTE = "{{ var.value.prod }}{{ conn.prod.password }}{{ 7 * 191 }}{% include 'secret.yaml' %}{{"
TUNING = ("plain", "file", "decorated", "mapped", "calls", "function_kwargs")


@pytest.fixture(scope="module")
def seen(tmp_path_factory, service) -> tuple[str, list[Any], datetime]:
    """The log of the run, what each leg on a worker has called AWS with, and when the run began."""
    from tests.support.tuning_jobs import tuning_job

    home, began = tmp_path_factory.mktemp("hostile"), datetime.now(UTC)
    dags, config = home / "dags", tuning_job("tuning-tests", trials=1, parallel=1, gate=str(home / "gate"))
    dags.mkdir()
    shutil.copy(Path(__file__).parent / "hostile_conf_dag.py", dags)
    template = with_static(config, note="{{ dag_run.conf['note'] }}")
    (dags / "job.yaml").write_text(yaml.safe_dump(template))
    (dags / "secret.yaml").write_text("hunter22 of a file")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__HPT__MIN_POLL_INTERVAL": "0.5",
        "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
        "AIRFLOW_CONN_PROD": "http://user:hunter22@prod.internal",
        "AIRFLOW_VAR_PROD": "hunter22 of a variable",
        "TUNING_CONFIG": json.dumps(config),
        "SEEN": str(home / "seen.jsonl"),
        "GATE": str(home / "gate"),
    }
    conf = json.dumps({"note": NOTE})
    for command in (["db", "migrate"], ["dags", "reserialize"], ["dags", "test", "hostile", "--conf", conf]):
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *command],
            env=environment, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    calls = (home / "seen.jsonl").read_text()
    return done.stdout + done.stderr, [json.loads(line) for line in calls.splitlines()], began


def test_no_task_renders_it_a_second_time(seen, hook, service):
    log, calls, began = seen
    assert "hunter22" not in log
    notes = [
        hook.describe(job.name).training_job_definition.static_hyper_parameters.get("note")
        for job in hook.list(created_after=began)
    ]
    assert [note for note in notes if note is not None] == [NOTE] * len(TUNING)
    tasks = {"plain", "file", "decorated", "sensor", "sensors", "stop", "register"}
    assert {task_id for task_id, _, agent in calls if agent == NOTE} == tasks
    assert {agent for _, _, agent in calls} == {NOTE, None}
    legs = [task_id for task_id, _, _ in calls]
    assert any(legs.count(task_id) == 2 for task_id in TUNING), "deferred, and taken up again"
    sagemaker = service.client("sagemaker")
    [package] = sagemaker.list_model_packages(ModelPackageGroupName="hostile")["ModelPackageSummaryList"]
    found = sagemaker.describe_model_package(ModelPackageName=package["ModelPackageArn"])
    assert found["ModelPackageDescription"] == NOTE


@pytest.mark.skipif(not has("start_from_trigger"), reason="the triggerer renders nothing")
def test_the_triggerer_renders_the_dags_templates_and_no_value_of_a_worker():
    """Airflow renders each trigger of a task that starts there, also one that its worker has deferred to."""
    note = "{{ dag_run.conf['note'] }}"
    with DAG("d", schedule=None):
        sensor = HyperParameterTuningJobSensor(
            task_id="t",
            start_from_trigger=True,
            tuning_job_name="{{ dag_run.conf['name'] }}",
            botocore_config={"user_agent_extra": note},
        )
    context = {"dag_run": SimpleNamespace(conf={"name": "job", "note": "{{ 7 * 191 }}"})}
    started = HyperParameterTuningJobTrigger(**sensor.start_trigger_args.trigger_kwargs)
    started.task_instance = SimpleNamespace(task_id="t", task=sensor)
    started.render_template_fields(context)
    assert (started.tuning_job_name, started.botocore_config) == (
        "job",
        {"user_agent_extra": "{{ 7 * 191 }}"},
    )

    sensor.render_template_fields(context)  # on a worker, when the event came early
    with pytest.raises(TaskDeferred) as deferred:
        sensor._defer(datetime.now(UTC))
    _, stored = deferred.value.trigger.serialize()
    again = HyperParameterTuningJobTrigger(**json.loads(json.dumps(stored)))
    again.task_instance = SimpleNamespace(task_id="t", task=sensor)
    again.render_template_fields(context)
    assert again.botocore_config == {"user_agent_extra": "{{ 7 * 191 }}"}
