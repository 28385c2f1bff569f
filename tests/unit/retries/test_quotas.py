"""What SageMaker's ResourceLimitExceeded says, in messages that users have posted."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.retries.quotas import QuotaShortage

TEXT = (
    "The account-level service limit '{}' is {} Instances, with current utilization of {} Instances and a request delta"
    " of {} Instances. Please contact AWS support to request an increase for this limit."
)
QUOTA = "ml.m4.xlarge for training job usage"


def refused(message: str, code: str = "ResourceLimitExceeded") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateHyperParameterTuningJob")


@pytest.mark.parametrize(
    ("limit", "used", "wanted", "permanent"),
    [(0, 0, 2, True), (4, 0, 11, True), (2, 3, 1, False), (20, 20, 20, False)],
)
def test_a_quota_that_is_too_small_is_permanent(limit: int, used: int, wanted: int, permanent: bool) -> None:
    shortage = QuotaShortage.of(refused(TEXT.format(QUOTA, limit, used, wanted)))
    assert shortage is not None
    assert (shortage.quota, shortage.limit, shortage.used, shortage.wanted) == (QUOTA, limit, used, wanted)
    assert shortage.is_permanent is permanent
    assert str(shortage) == f"quota '{QUOTA}': limit {limit}, in use {used}, needed {wanted}"


def test_an_unknown_text_is_no_reason_to_give_up() -> None:
    shortage = QuotaShortage.of(refused("You have reached a limit."))
    assert shortage is not None
    assert not shortage.is_permanent
    assert "You have reached a limit." in str(shortage)


def test_other_errors_are_about_no_quota() -> None:
    assert QuotaShortage.of(refused(TEXT.format(QUOTA, 0, 0, 1), "ValidationException")) is None
    assert QuotaShortage.of(ValueError("no")) is None
