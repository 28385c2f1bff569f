"""The content of the event of a tuning task's asset outlet."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.execution_time.context import OutletEventAccessors

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.xcom import asset_events

ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/job"
RESULT = TuningResult(tuning_job_name="job", tuning_job_arn=ARN, status="Completed", final_metric=0.5)


def reported(*outlets, result=RESULT):
    events = OutletEventAccessors()
    asset_events.describe_events(SimpleNamespace(outlets=list(outlets)), {"outlet_events": events}, result)
    return events


def partitions(event):
    return getattr(event, "partition_keys", None)  # Airflow 3.3+


def test_each_asset_gets_the_outcome():
    one, other = Asset("one"), Asset("other")
    events = reported(one, other)
    for asset in (one, other):
        assert events[asset].extra == {
            "tuning_job_name": "job",
            "tuning_job_arn": ARN,
            "status": "Completed",
            "objective": None,
            "final_metric": 0.5,
            "best_training_job": None,
        }
        assert not partitions(events[asset])


@pytest.mark.skipif(not has("asset_partitions"), reason="Airflow 3.3+")
def test_an_asset_per_tuning_job_has_a_partition():
    asset = Asset("one", extra={**asset_events.PER_TUNING_JOB, "owner": "us"})
    assert partitions(reported(asset)[asset]) == {"job"}


def test_below_airflow_3_3_it_is_a_plain_event(monkeypatch):
    monkeypatch.setattr(asset_events, "has", lambda capability: False)
    asset = Asset("one", extra=asset_events.PER_TUNING_JOB)
    assert not partitions(reported(asset)[asset])
    assert reported(asset)[asset].extra["tuning_job_name"] == "job"


def test_aliases_are_left_to_the_author():
    alias = AssetAlias("alias")
    assert reported(alias)[alias].asset_alias_events == []


@pytest.mark.parametrize("context", [{}, {"outlet_events": None}])
def test_without_outlets_or_events_nothing_happens(context):
    asset_events.describe_events(SimpleNamespace(outlets=[Asset("one")]), context, RESULT)
    asset_events.describe_events(SimpleNamespace(), {"outlet_events": OutletEventAccessors()}, RESULT)
