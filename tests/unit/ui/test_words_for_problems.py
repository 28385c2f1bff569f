"""What the page says when a call fails names what was tried, and the permission that it needs."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.ui.problems import CHECKING_OWNER, LISTING, READING, STOPPING, Attempt, from_error

ALL_ACTIONS = {
    "sagemaker:DescribeHyperParameterTuningJob",
    "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
    "sagemaker:ListTags",
    "sagemaker:ListHyperParameterTuningJobs",
    "sagemaker:StopHyperParameterTuningJob",
}


def denied(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, operation)


@pytest.mark.parametrize(
    ("attempt", "title", "actions"),
    [
        (
            READING,
            "AWS does not allow reading this tuning job",
            {
                "sagemaker:DescribeHyperParameterTuningJob",
                "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
                "sagemaker:ListTags",
            },
        ),
        (
            LISTING,
            "AWS does not allow listing the tuning jobs",
            {"sagemaker:ListHyperParameterTuningJobs"},
        ),
        (
            STOPPING,
            "AWS does not allow stopping this tuning job",
            {"sagemaker:StopHyperParameterTuningJob"},
        ),
    ],
)
def test_a_denied_call_names_its_own_permission(attempt: Attempt, title: str, actions: set[str]) -> None:
    problem = from_error(denied("Any"), "job", "aws_default", attempt)
    assert (problem.kind, problem.title) == ("access_denied", title)
    assert {action for action in ALL_ACTIONS if action in problem.remedy.replace(",", " ").split()} == actions
    assert "connection 'aws_default'" in problem.remedy


def test_what_else_went_wrong_says_what_was_tried() -> None:
    error = ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, "Stop")
    assert from_error(error, "job", None, STOPPING).title == "Stopping this tuning job failed"
    assert from_error(error, "job", None, LISTING).title == "Listing the tuning jobs failed"
    assert from_error(error, "job", None, READING).title == "Reading this tuning job failed"


@pytest.mark.parametrize("code", ["ThrottlingException", "ServiceUnavailable", "InternalFailure"])
def test_tags_that_cannot_be_read_now_are_neither_another_dags_nor_a_job_that_is_gone(code: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "Rate exceeded"}}, "ListTags")
    now = from_error(error, "job", "aws_default", CHECKING_OWNER)
    assert (now.status, now.kind) == (504, "owner_unchecked")
    assert now.title == "It cannot be checked now whose tuning job this is"
    assert "retries automatically" in now.remedy
    others = [
        from_error(error, "job", "aws_default", READING),
        from_error(denied("ListTags"), "job", "aws_default", CHECKING_OWNER),
        from_error(TuningJobNotFoundError("gone", "job"), "job", "aws_default", CHECKING_OWNER),
    ]
    assert now.title not in {each.title for each in others}
    assert now.kind not in {each.kind for each in others}


def test_no_password_of_a_url_reaches_the_browser() -> None:
    url = "https://trainer:hunter22@proxy.internal/"
    error = ClientError({"Error": {"Code": "ValidationException", "Message": f"no {url}"}}, "Stop")
    assert from_error(error, "job", None).detail.endswith("no https://***@proxy.internal/")
