"""Which operations are ours, and which resources' tags."""

from __future__ import annotations

import botocore.session
import pytest

from airflow_hpt_provider.local.operations import answers, tagging
from airflow_hpt_provider.local.operations.local_operations import HANDLERS, TAGGING, LocalOperations

MODEL = botocore.session.get_session().get_service_model("sagemaker")


def test_all_are_operations_of_sagemaker():
    assert set(HANDLERS) <= set(MODEL.operation_names)
    assert LocalOperations.names == set(HANDLERS)


def test_the_whole_family_is_ours():
    family = {
        name
        for name in MODEL.operation_names
        if "HyperParameterTuningJob" in name or name.endswith(("TrainingJob", "TrainingJobs"))
    }
    assert family <= set(HANDLERS)


@pytest.mark.parametrize(
    ("arn", "ours"),
    [
        ("arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/a", True),
        ("arn:aws:sagemaker:us-east-1:123456789012:training-job/a", True),
        ("arn:aws:sagemaker:us-east-1:123456789012:model-package/a/1", False),
        ("arn:aws:s3:::training-job/a", False),
        ("", False),
    ],
)
def test_tags_of_other_resources_go_elsewhere(arn, ours):
    assert tagging.is_ours(arn) is ours
    operations = LocalOperations(None)
    for operation in TAGGING:
        assert operations.handles(operation, {"ResourceArn": arn}) is ours


def test_other_operations_go_elsewhere():
    operations = LocalOperations(None)
    assert operations.handles("DescribeTrainingJob", {})
    assert not operations.handles("CreateModelPackage", {})


def test_answers_leave_out_what_has_no_value():
    assert answers.present({"a": None, "b": 0, "c": ""}) == {"b": 0, "c": ""}
