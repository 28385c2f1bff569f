"""DAGs with each kind of stored trigger. The gates are files: a training job ends once its gate exists."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher, task

import airflow_hpt_provider
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger

CONFIGS = json.loads(Path(os.environ["UPGRADE_CONFIGS"]).read_text())
"""``gated`` and ``forgotten``: tuning jobs, each with its gate; ``queues``; ``package``: the folder of the wheel."""
assert airflow_hpt_provider.__file__.startswith(CONFIGS["package"]), airflow_hpt_provider.__file__


def tune(task_id: str, config: str = "gated", **kwargs: Any) -> None:
    HyperParameterTuningJobOperator(
        task_id=task_id, config=CONFIGS[config], deferrable=True, poll_interval=1, **kwargs
    )


with DAG("waiting", schedule=None):
    tune("older")
    tune("newer")

with DAG("queued", schedule=None):
    tune("older", on_resource_limit="wait")
    tune("newer", on_resource_limit="wait")

with DAG("serialized", schedule=None):
    for task_id in ("older", "newer"):
        HyperParameterTuningJobSensor(
            task_id=task_id, tuning_job_name="awaited", deferrable=True, start_from_trigger=True
        )

for name in ("older", "newer"):
    trigger = TuningJobStateChangeTrigger(CONFIGS["queues"][name], statuses=["Completed"])
    with DAG(f"on_event_{name}", schedule=[Asset(f"tuned-{name}", watchers=[AssetWatcher(name, trigger)])]):

        @task
        def event(triggering_asset_events: Any = None) -> list[Any]:
            return [each.extra for events in triggering_asset_events.values() for each in events]

        event()

with DAG("forgotten", schedule=None):
    tune("newer", "forgotten", retries=5, retry_delay=timedelta(seconds=30))
