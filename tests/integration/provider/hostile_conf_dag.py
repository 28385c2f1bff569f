"""The DAG of test_second_rendering.py: each task hands on the text that the user who triggers the run gives."""

import json
import os
from pathlib import Path

from airflow.sdk import DAG, task

from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.stopping import StopHyperParameterTuningJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

CONFIG, SEEN = json.loads(os.environ["TUNING_CONFIG"]), Path(os.environ["SEEN"])
NOTE = "{{ dag_run.conf['note'] }}"
AGENT = {"user_agent_extra": NOTE}


def noted(note: str) -> dict:
    """The config with a note, as a hyperparameter that the training script ignores."""
    config = json.loads(json.dumps(CONFIG))
    config["TrainingJobDefinition"]["StaticHyperParameters"]["note"] = note
    return config


def record(context: dict) -> None:
    """Keep what the task calls AWS with, at the begin of each of its legs on a worker."""
    one, ti = context["task"], context["ti"]
    with SEEN.open("a") as file:
        file.write(
            json.dumps([ti.task_id, ti.map_index, (one.botocore_config or {}).get("user_agent_extra")]) + "\n"
        )


run = HyperParameterTuningJobTrigger.run


def run_with_open_gate(self):
    """Let the training jobs continue, then wait: the first task is deferred before its job can end."""
    Path(os.environ["GATE"]).touch()
    return run(self)


HyperParameterTuningJobTrigger.run = run_with_open_gate

with DAG(
    "hostile", schedule=None, default_args={"poll_interval": 0.2, "poke_interval": 0.2, "pre_execute": record}
):

    @task(pre_execute=None)
    def notes(dag_run=None) -> list[str]:
        return [dag_run.conf["note"]]

    @task(pre_execute=None)
    def configs(dag_run=None) -> list[dict]:
        return [noted(dag_run.conf["note"])]

    @task(pre_execute=None)
    def waits(name: str, dag_run=None) -> list[dict]:
        return [{"tuning_job_name": name, "botocore_config": {"user_agent_extra": dag_run.conf["note"]}}]

    @task(pre_execute=None)
    def keywords(dag_run=None) -> list[dict]:
        return [{"note": dag_run.conf["note"]}]

    @task.tuning_job(deferrable=True, botocore_config=AGENT)
    def decorated(note: str, positional: str) -> dict:
        assert note == positional
        return noted(note)

    plain = HyperParameterTuningJobOperator(
        task_id="plain", config=noted(NOTE), deferrable=True, botocore_config=AGENT
    )
    file = HyperParameterTuningJobOperator(
        task_id="file", config="job.yaml", deferrable=True, botocore_config=AGENT
    )
    made = decorated(note=NOTE, positional=NOTE)
    mapped = HyperParameterTuningJobOperator.partial(task_id="mapped", deferrable=True).expand(
        config=configs()
    )
    calls = task.tuning_job(task_id="calls", deferrable=True)(noted).expand(note=notes())
    sensor = HyperParameterTuningJobSensor(
        task_id="sensor",
        tuning_job_name="{{ ti.xcom_pull('plain', key='tuning_job_name') }}",
        deferrable=True,
        botocore_config=AGENT,
    )
    sensors = HyperParameterTuningJobSensor.partial(task_id="sensors").expand_kwargs(
        waits(plain.output["tuning_job_name"])
    )
    stop = StopHyperParameterTuningJobOperator(
        task_id="stop", tuning_job_name=plain.output, botocore_config=AGENT
    )
    register = RegisterBestTrainingJobOperator(
        task_id="register",
        tuning_result=plain.output,
        model_package_group_name="hostile",
        model_package_config={"ModelPackageDescription": NOTE},
        botocore_config=AGENT,
    )
    plain >> sensor
    function_kwargs = task.tuning_job(task_id="function_kwargs", deferrable=True)(noted).expand_kwargs(
        keywords()
    )
