"""Answers go out as the model has them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from airflow_hpt_provider.local.aws_json.encode import encode
from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model

DESCRIBE = sagemaker_model().operation("DescribeTrainingJob")


def test_timestamps_are_epoch_seconds_in_milliseconds() -> None:
    body = encode(DESCRIBE, {"CreationTime": datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)})
    assert json.loads(body) == {"CreationTime": 1767225600.123}


def test_none_and_unknown_members_are_left_out() -> None:
    answer = {"TrainingJobName": "a", "FailureReason": None, "Ours": 1, "HyperParameters": {"a": "1"}}
    assert json.loads(encode(DESCRIBE, answer)) == {"TrainingJobName": "a", "HyperParameters": {"a": "1"}}


def test_floats_have_single_precision() -> None:
    answer = {
        "FinalMetricDataList": [{"MetricName": "loss", "Value": 1.19876}, {"Value": 1e300}, {"Value": 3}]
    }
    values = [each["Value"] for each in json.loads(encode(DESCRIBE, answer))["FinalMetricDataList"]]
    assert values == [1.1987600326538086, 3.4028234663852886e38, 3.0]


def test_doubles_keep_their_precision() -> None:
    operation = sagemaker_model().operation("DescribeTrialComponent")
    answer = {"Metrics": [{"MetricName": "loss", "Last": 1.19876}]}
    assert json.loads(encode(operation, answer))["Metrics"][0]["Last"] == 1.19876


def test_a_naive_datetime_is_an_internal_error() -> None:
    with pytest.raises(TypeError, match="timezone-aware"):
        encode(DESCRIBE, {"CreationTime": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_an_operation_without_an_answer_has_no_body() -> None:
    assert encode(sagemaker_model().operation("StopTrainingJob"), {}) == b""
