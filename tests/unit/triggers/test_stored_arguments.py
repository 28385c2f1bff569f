"""Triggers of another version: Airflow makes them from the arguments in its database."""

from __future__ import annotations

import inspect
import json
import logging
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.operators.stored_arguments import known_arguments
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
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


def test_stored_arguments_are_those_of_earlier_versions_and_a_later_one_is_off():
    """A default of True would end tasks in the triggerer, or stop jobs of other tasks, that did not ask for it."""
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
        "rendered": False,
    }


METHODS = [
    (HyperParameterTuningJobOperator, "execute_complete", {"tuning_job_name": "job-1", "misses": 1}),
    (HyperParameterTuningJobOperator, "create_in_turn", {"failed": [], "since": None}),
    (HyperParameterTuningJobSensor, "execute_complete", {"deadline": "", "misses": 1}),
]


@pytest.mark.parametrize(("operator", "method", "stored"), METHODS, ids=lambda value: str(value))
def test_deferral_of_a_newer_version_resumes_without_what_is_unknown(
    operator, method, stored, caplog, monkeypatch
):
    given = {"config": {}} if operator is HyperParameterTuningJobOperator else {"tuning_job_name": "job-1"}
    task, resumed = operator(task_id="tune", **given), []
    real = getattr(operator, method)

    def resume(self, context, event=None, **kwargs):
        resumed.append((event, kwargs))

    resume.__signature__ = inspect.signature(real)
    monkeypatch.setattr(operator, method, resume)
    with caplog.at_level(logging.WARNING):
        task.resume_execution(method, {**stored, "event": {"status": "x"}, "later": 1}, {})
    assert resumed == [({"status": "x"}, stored)]
    [record] = caplog.records
    assert f"{operator.__name__}.{method} ignores the arguments later," in record.getMessage()


def test_a_derived_class_that_takes_any_argument_gets_all(caplog):
    class Own(HyperParameterTuningJobOperator):
        def execute_complete(self, context, event=None, **kwargs):
            return event, kwargs

    task = Own(task_id="tune", config={})
    stored = {"tuning_job_name": "job-1", "misses": 1}
    assert task.resume_execution("execute_complete", {**stored, "event": {}}, {}) == ({}, stored)
    assert caplog.records == []


def test_a_method_that_this_version_does_not_have_keeps_its_arguments():
    assert known_arguments(object(), "later_method", {"later": 1}) == {"later": 1}
    assert known_arguments(object(), "later_method", None) == {}
