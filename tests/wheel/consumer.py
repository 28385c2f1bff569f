"""A DAG author's file, for ``mypy --strict`` against the installed wheel: every public part is typed."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, task

from airflow_hpt_provider.exceptions import TuningError
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.models import (
    Categorical,
    Continuous,
    Integer,
    TuningJobDescription,
    TuningJobRequest,
    TuningResult,
)
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

RANGES = {"x": Continuous(0.01, 1, log=True), "n": Integer(1, 5), "kind": Categorical(["a", "b"])}


@task
def report(xcom: dict[str, object]) -> str:
    result = TuningResult.from_xcom(xcom)
    best = result.best_training_job
    return best.training_job_name if best else result.status


def counters(name: str) -> int | None:
    try:
        description: TuningJobDescription = HyperParameterTuningHook().describe(name)
    except TuningError as error:
        raise SystemExit(str(error)) from error
    return description.training_job_status_counters.completed


def request(config: dict[str, object]) -> str | None:
    return TuningJobRequest.model_validate(config).hyper_parameter_tuning_job_name


with DAG("consumer", schedule=None):
    tune = HyperParameterTuningJobOperator(
        task_id="tune", config="job.yaml", deferrable=True, timeout=timedelta(hours=1), on_stopped="use_best"
    )
    wait = HyperParameterTuningJobSensor(task_id="wait", tuning_job_name="a", poke_interval=10)
    stop = StopHyperParameterTuningJobOperator(task_id="stop", tuning_job_name="a")
    register = RegisterBestTrainingJobOperator(
        task_id="register", tuning_result=tune.output, model_package_group_name="group"
    )
    tune >> wait >> stop
