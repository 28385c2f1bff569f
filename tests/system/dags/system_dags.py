"""DAGs of the system tests: one behaviour each, with training jobs of milliseconds."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher, Param, task
from quick_jobs import job

from airflow_hpt_provider.models import Continuous
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger

with DAG("sync", schedule=None):
    HyperParameterTuningJobOperator(task_id="tune", config=job(), deferrable=False, poll_interval=1)

two = job()
two["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 12
two["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
    "position": Continuous(0, 10),
    "seconds": Continuous(0.001, 0.1, log=True),
}
with DAG("two_hyperparameters", schedule=None):
    HyperParameterTuningJobOperator(task_id="tune", config=two, deferrable=False, poll_interval=1)

with DAG("failing", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="tune", config=job(failure="the disk is on fire"), deferrable=True, poll_interval=1
    )

with DAG("endless", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="tune", config=job(seconds="600"), deferrable=True, poll_interval=1
    )

with DAG("fire_and_wait", schedule=None):
    create = HyperParameterTuningJobOperator(
        task_id="create", config=job(seconds="12"), deferrable=True, wait_for_completion=False
    )
    name = "{{ ti.xcom_pull(task_ids='create', key='tuning_job_name') }}"
    create >> HyperParameterTuningJobSensor(
        task_id="wait_deferred", tuning_job_name=name, deferrable=True, poke_interval=1
    )
    create >> HyperParameterTuningJobSensor(
        task_id="wait_rescheduled",
        tuning_job_name=name,
        deferrable=False,
        mode="reschedule",
        poke_interval=20,  # Airflow takes a task that is back before its executor has reported for a lost one
    )

with DAG("no_worker", schedule=None):
    create = HyperParameterTuningJobOperator(
        task_id="create", config=job(seconds="8"), deferrable=True, wait_for_completion=False
    )
    created = "{{ ti.xcom_pull(task_ids='create', key='tuning_job_name') }}"
    unusual = "{{ ti.xcom_pull(task_ids=['create'], key='tuning_job_name')[0] }}"
    waiting: dict[str, Any] = {"poke_interval": 1, "start_from_trigger": True}
    create >> [
        HyperParameterTuningJobSensor(
            task_id="on_worker", tuning_job_name=created, deferrable=True, poke_interval=1
        ),
        HyperParameterTuningJobSensor(task_id="from_output", tuning_job_name=create.output, **waiting),
        HyperParameterTuningJobSensor(task_id="from_template", tuning_job_name=created, **waiting),
        HyperParameterTuningJobSensor(task_id="from_unusual", tuning_job_name=unusual, **waiting),
        HyperParameterTuningJobSensor(
            task_id="never_on_worker", tuning_job_name=create.output, finish_in_triggerer=True, **waiting
        ),
        HyperParameterTuningJobSensor.partial(task_id="mapped", finish_in_triggerer=True, **waiting).expand(
            tuning_job_name=[created, unusual]
        ),
    ]

with DAG("no_worker_params", schedule=None, params={"job": Param("", type="string")}):
    HyperParameterTuningJobSensor(
        task_id="wait", tuning_job_name="{{ params.job }}", finish_in_triggerer=True, **waiting
    )

with DAG("watched", schedule=None, params={"name": Param("", type="string")}):
    HyperParameterTuningJobOperator(
        task_id="tune", config=job() | {"HyperParameterTuningJobName": "{{ params.name }}"}, deferrable=False
    )

# Two watchers share the queue: each gets its own events, and a message is deleted only when both are done with it.
QUEUE = "http://sqs.us-east-1.localhost/123456789012/state-changes"
TUNED = Asset(
    "tuned", watchers=[AssetWatcher("tuned", TuningJobStateChangeTrigger(QUEUE, name_prefix="watched-"))]
)
BROKEN = Asset(
    "broken", watchers=[AssetWatcher("broken", TuningJobStateChangeTrigger(QUEUE, ["Failed"], "watched-"))]
)


@task
def payloads(asset: Asset, triggering_asset_events: Any = None) -> list[dict[str, Any]]:
    """What the events say."""
    return [event.extra["payload"] for event in triggering_asset_events[asset]]


for watched in (TUNED, BROKEN):
    with DAG(f"on_{watched.name}", schedule=[watched]):
        payloads(watched)
