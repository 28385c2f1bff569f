"""What is noted on a tuning job, and what happens if it cannot be."""

import logging
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from airflow_hpt_provider.creation.find_or_create import JobResolver
from airflow_hpt_provider.creation.ownership import (
    DELIVERED_BY_TRY_TAG,
    DELIVERED_TAG,
    NAME,
    OWNER_TAG,
    Owner,
)
from airflow_hpt_provider.creation.submission import MAX_TAGS, Submission
from airflow_hpt_provider.creation.tags import mark_delivered, take_back_delivery
from airflow_hpt_provider.models import TuningJobRequest
from tests.support.tuning_jobs import tuning_job

OWNER = Owner("dag", "tune", "run", 3)


@pytest.mark.parametrize("own", [0, 40, 43, 48, 49, 50])
def test_there_is_room_left_for_the_mark_of_delivery(own):
    tags = [{"Key": f"team-{n}", "Value": "x"} for n in range(own)]
    request = TuningJobRequest.model_validate({**tuning_job("bucket"), "Tags": tags})
    created = []
    hook = SimpleNamespace(create=created.append)
    Submission(hook, OWNER, lambda name: None, logging.getLogger()).send(request, "fingerprint", None)
    ours = created[0].to_dict().get("Tags", [])[own:]
    assert own + len(ours) + 1 <= MAX_TAGS or not ours
    assert OWNER_TAG in [tag["Key"] for tag in ours] or own >= MAX_TAGS - 1
    assert len(ours) == min(7, max(0, MAX_TAGS - 1 - own)), "as many as there is room for"


@pytest.mark.parametrize(("noted", "added"), [("3", [{DELIVERED_BY_TRY_TAG: "0"}]), ("4", []), (None, [])])
def test_a_try_takes_back_its_own_delivery_alone(noted, added):
    """A worker that was cut off may come back after the cleared task has delivered."""
    sent, tags = [], {DELIVERED_BY_TRY_TAG: noted} if noted else {}
    hook = SimpleNamespace(tags=lambda arn: tags, add_tags=lambda arn, new: sent.append(new))
    take_back_delivery(hook, "arn", 3, logging.getLogger("task"))
    assert sent == added


def test_a_delivery_that_cannot_be_looked_up_is_not_taken_back(caplog):
    def denied(arn):
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListTags")

    take_back_delivery(SimpleNamespace(tags=denied), "arn", 3, logging.getLogger("task"))
    assert "stays tagged as delivered" in caplog.text


@pytest.mark.parametrize("foreign", [{}, {"team": "a"}])
def test_a_jobs_own_tags_count_before_what_the_task_remembers_of_it(foreign):
    """The worker may have been lost between the tag that its result has arrived and the note of it."""
    delivered = {OWNER_TAG: OWNER.digest, DELIVERED_TAG: "0"}
    memory = {NAME: "job", OWNER_TAG: OWNER.digest}
    request = TuningJobRequest.model_validate(tuning_job("bucket"))
    for tags, marks in ((delivered, delivered), (foreign, {OWNER_TAG: OWNER.digest})):
        hook = SimpleNamespace(tags=lambda arn, tags=tags: tags)
        finder = JobResolver(hook=hook, owner=OWNER, request=request, memory=memory)
        assert finder._tags("arn", remembered=True) == marks
        assert finder._tags("arn", remembered=False) == tags


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "AddTags"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_a_result_that_was_delivered_is_not_lost_for_want_of_a_mark(error, caplog):
    class Hook:
        def add_tags(self, arn, tags):
            assert tags == {DELIVERED_TAG: "0", DELIVERED_BY_TRY_TAG: "3"}
            raise error

    mark_delivered(Hook(), "arn", OWNER, 3, logging.getLogger("task"))
    assert "may take the same result again" in caplog.text
