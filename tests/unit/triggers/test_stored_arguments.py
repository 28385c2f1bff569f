"""Triggers of another version: Airflow makes them from the arguments in its database."""

from __future__ import annotations

import inspect
import json
import logging
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.triggers.creation_turn import CreationTurnTrigger
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/tuning-jobs"
CONNECTION = {
    "aws_conn_id": "team_a",
    "region_name": "eu-west-1",
    "verify": False,
    "botocore_config": {"read_timeout": 3},
}
TRIGGERS = [
    HyperParameterTuningJobTrigger("job-1"),
    TuningJobStateChangeTrigger(QUEUE),
    CreationTurnTrigger(),
]


def again(trigger: BaseTrigger, arguments: dict[str, object]) -> BaseTrigger:
    """Make a trigger as the triggerer does, from a row of Airflow's database."""
    return type(trigger)(**json.loads(json.dumps(arguments)))


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: type(trigger).__name__)
def test_row_of_a_newer_version_warns_and_names_what_is_ignored(trigger, caplog):
    _, arguments = trigger.serialize()
    with caplog.at_level(logging.WARNING):
        made = again(trigger, {**arguments, "later_option": 1, "another": None})
    assert made.serialize() == trigger.serialize()
    [record] = caplog.records
    assert "another, later_option" in record.getMessage()


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: type(trigger).__name__)
def test_row_of_an_older_version_gets_the_defaults(trigger, caplog):
    _, arguments = trigger.serialize()
    required = {name: arguments[name] for name in ("tuning_job_name", "queue_url") if name in arguments}
    for missing in arguments.keys() - required.keys():
        made = again(trigger, {name: value for name, value in arguments.items() if name != missing})
        assert made.serialize() == trigger.serialize(), missing
    assert again(trigger, required).serialize() == trigger.serialize()
    assert caplog.records == []


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: type(trigger).__name__)
def test_every_argument_is_stored_as_it_was_given(trigger):
    path, arguments = trigger.serialize()
    assert path == f"{type(trigger).__module__}.{type(trigger).__name__}"
    own = inspect.signature(type(trigger)).parameters.values()
    assert set(arguments) == {each.name for each in own if each.kind is not each.VAR_KEYWORD} | set(
        CONNECTION
    )
    assert again(trigger, {**arguments, **CONNECTION}).serialize() == (path, {**arguments, **CONNECTION})


def test_stored_arguments_are_those_of_earlier_versions():
    _, arguments = HyperParameterTuningJobTrigger("job-1", previous_jobs=("job-0",), **CONNECTION).serialize()
    assert arguments == {
        "tuning_job_name": "job-1",
        "poll_interval": 30.0,
        **CONNECTION,
        "deadline": None,
        "unreachable_timeout": None,
        "stop_on_kill": False,
        "event_queue_url": None,
        "name_from": None,
        "finish_in_triggerer": False,
        "on_stopped": "fail",
        "top_k": 0,
        "push_result": True,
        "max_billable_seconds": None,
        "max_failed_training_jobs": None,
        "previous_jobs": ["job-0"],
    }
