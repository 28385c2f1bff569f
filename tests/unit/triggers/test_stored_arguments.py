"""Triggers of another version: Airflow makes them from the arguments in its database."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/tuning-jobs"
TRIGGERS = [HyperParameterTuningJobTrigger("job-1"), TuningJobStateChangeTrigger(QUEUE)]


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
