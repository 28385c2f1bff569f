"""Which operations are ours, and which resources' tags."""

from __future__ import annotations

from types import SimpleNamespace

import botocore.session
import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.operations import local_operations, responses, tagging
from airflow_hpt_provider.local.operations.local_operations import HANDLERS, TAGGING, LocalOperations, family

MODEL = botocore.session.get_session().get_service_model("sagemaker")


def test_all_are_operations_of_sagemaker():
    assert set(HANDLERS) <= set(MODEL.operation_names)
    assert LocalOperations(None).names == set(HANDLERS)


def test_the_whole_family_is_ours():
    """A botocore with a new operation on our jobs: write it, or leave it refused and name it here."""
    refused = set()
    assert family(MODEL.operation_names) - set(HANDLERS) == refused
    assert len(family(MODEL.operation_names)) == 12


def test_a_new_operation_of_the_family_is_refused_not_left_to_moto(monkeypatch):
    """botocore may be newer on a user's machine than here."""
    new = "BatchDescribeTrainingJobs"
    model = local_operations.sagemaker_model()
    monkeypatch.setattr(
        local_operations,
        "sagemaker_model",
        lambda: SimpleNamespace(operation_names=model.operation_names | {new, "CreateTrainingPlan"}),
    )
    operations = LocalOperations(None)
    assert new in operations.names
    assert "CreateTrainingPlan" not in operations.names
    assert operations.handles(new, {})
    with pytest.raises(ServiceError, match=f"does not offer '{new}' of sagemaker") as refused:
        operations.call(new, {})
    assert refused.value.code == "UnknownOperationException"


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
    assert responses.present({"a": None, "b": 0, "c": ""}) == {"b": 0, "c": ""}
