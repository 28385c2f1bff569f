"""Which FailureReasons are worth another job."""

import pytest

from airflow_hpt_provider.retries.failure_reasons import is_capacity_failure, is_retryable_failure


@pytest.mark.parametrize(
    ("reason", "retryable"),
    [
        ("InternalServerError: We encountered an internal error.", True),
        ("Internal server error. Please retry.", True),
        ("CapacityError: Unable to provision requested ML compute capacity", True),
        ("AlgorithmError: exit code 1", False),
        ("ClientError: Data download failed", False),
        ("AlgorithmError: InternalServerError in the user's code", False),
        ("ClientError: insufficient capacity of the bucket", False),
        ("", False),
        (None, False),
    ],
)
def test_retryable_failures(reason, retryable):
    assert is_retryable_failure(reason) is retryable


def test_an_internal_error_is_no_want_of_capacity():
    assert not is_capacity_failure("Internal server error")
    assert is_capacity_failure("CapacityError: no machines")
