"""A tuning task that updates assets, and DAGs that its events start."""

from __future__ import annotations

from airflow.sdk import DAG, Asset, PartitionedAssetTimetable, task
from quick_jobs import job

from airflow_hpt_provider.assets import PER_TUNING_JOB
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

TUNED = Asset("result-of-tuning")
EACH_TUNED = Asset("each-result-of-tuning", extra=PER_TUNING_JOB)

with DAG("updates_assets", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="tune", config=job(), deferrable=True, poll_interval=1, outlets=[TUNED, EACH_TUNED]
    )

with DAG("on_asset", schedule=[TUNED]):

    @task
    def reported(triggering_asset_events) -> list[dict]:
        return [event.extra for event in triggering_asset_events[TUNED]]

    reported()

with DAG("on_partition", schedule=PartitionedAssetTimetable(assets=EACH_TUNED)):

    @task
    def reported_one(dag_run, triggering_asset_events) -> dict:
        events = [event.extra for event in triggering_asset_events[EACH_TUNED]]
        return {"partition": dag_run.partition_key, "events": events}

    reported_one()
