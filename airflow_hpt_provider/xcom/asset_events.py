"""Asset events of tuning tasks: the ``extra`` of the event of an ``outlets=[Asset(...)]``.

Airflow emits an event for each of a task's outlets when the task succeeds. This module puts the tuning job's
outcome into its ``extra``:

======================  ==============================================================================
key                     value
======================  ==============================================================================
``tuning_job_name``     str
``tuning_job_arn``      str
``status``              AWS's word: ``Completed``; ``Stopped`` with ``use_best``; ``InProgress`` if not waited for
``objective``           ``{"type": "Minimize", "metric_name": ...}``, or None
``final_metric``        float, or None
``best_training_job``   dict in AWS names, as in XCom, or None
======================  ==============================================================================

A consumer is scheduled by ``DAG(schedule=[MODEL])`` and reads ``triggering_asset_events``, or reads past events
through ``inlets=[MODEL]`` and ``inlet_events[MODEL]``.

One DAG run may come from several events. For exactly one run per tuning job (Airflow 3.3), declare the asset as
``Asset("model", extra=PER_TUNING_JOB)`` and schedule the consumer by ``PartitionedAssetTimetable(assets=MODEL)``:
its ``dag_run.partition_key`` is the tuning job's name. Events with a partition key start such consumers alone, and
those without one start all others, so it is the asset that says which it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.assets import PER_TUNING_JOB
from airflow_hpt_provider.compat import has

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.models import TuningResult


def describe_events(operator: Any, context: Context, result: TuningResult) -> None:
    """Fill in the events that Airflow emits for the task's outlets if it succeeds.

    Outlets that are no assets by themselves (``AssetAlias``) are left to the task's author.
    """
    from airflow.sdk import Asset, AssetAlias

    accessors: Any = context.get("outlet_events")
    if accessors is None:
        return
    extra = event_extra(result)
    for outlet in getattr(operator, "outlets", None) or ():
        if isinstance(outlet, AssetAlias):
            continue
        event = accessors[outlet]
        event.extra.update(extra)
        partitioned = isinstance(outlet, Asset) and PER_TUNING_JOB.items() <= (outlet.extra or {}).items()
        if partitioned and has("asset_partitions"):
            event.add_partitions(result.tuning_job_name)


def event_extra(result: TuningResult) -> dict[str, Any]:
    """Return the outcome as JSON values: the same keys as in XCom, without what only the task itself needs."""
    value = result.to_xcom()
    keys = (
        "tuning_job_name",
        "tuning_job_arn",
        "status",
        "objective",
        "final_metric",
        "best_training_job",
    )
    return {key: value.get(key) for key in keys}
