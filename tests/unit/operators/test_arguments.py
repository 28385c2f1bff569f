"""Arguments are checked before anything is created: when the DAG is parsed, or once they are rendered."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG, BaseOperator

from airflow_hpt_provider.exceptions import RegistrationError, TuningJobConfigError
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.stopping import StopHyperParameterTuningJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.waiting.budget import BudgetLimits

WRONG = (ValueError, TuningJobConfigError)


def tune(**kwargs):
    with DAG("dag", schedule=None):
        return HyperParameterTuningJobOperator(task_id="tune", config={}, **kwargs)


def wait(**kwargs):
    with DAG("dag", schedule=None):
        return HyperParameterTuningJobSensor(task_id="wait", tuning_job_name="job", **kwargs)


def stop(**kwargs):
    with DAG("dag", schedule=None):
        return StopHyperParameterTuningJobOperator(task_id="stop", tuning_job_name="job", **kwargs)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("poll_interval", 0, "poll_interval must be a duration of more than 0 seconds, got 0"),
        ("poll_interval", "soon", "poll_interval='soon'"),
        ("timeout", timedelta(0), "timeout must be a duration of more than 0 seconds, got"),
        ("timeout", -5, "timeout must be .*, got -5"),
        ("unreachable_timeout", -1, "unreachable_timeout must be a duration of at least 0 seconds, got -1"),
        ("unreachable_timeout", "a while", "unreachable_timeout='a while'"),
        ("top_k", 101, "top_k must be a whole number from 0 to 100, got 101"),
        *(("top_k", value, f"top_k must be .*, got {value!r}") for value in (2.5, True, "3", None)),
        *(("timeout", value, "timeout must be at most 36500 days") for value in (1e12, timedelta.max)),
        ("resource_limit_timeout", timedelta.max, "resource_limit_timeout must be at most"),
        ("on_stopped", "ignore", "on_stopped must be one of .*, got 'ignore'"),
    ],
)
def test_what_is_wrong_is_reported_when_the_dag_is_parsed(argument, value, message):
    with pytest.raises(WRONG, match=message):
        tune(**{argument: value})


@pytest.mark.parametrize(("argument", "value"), [("poll_interval", "-1"), ("timeout", "0")])
def test_what_was_a_template_is_checked_once_it_is_rendered(argument, value):
    task = tune(**{argument: "{{ params.seconds }}"})
    setattr(task, argument, value)
    with pytest.raises(TuningJobConfigError, match=f"{argument} must be .*, got '{value}'"):
        task.execute({"ti": SimpleNamespace(try_number=1)})


@pytest.mark.parametrize(
    ("argument", "value"), [("poll_interval", 0), ("timeout", "later"), ("timeout", 1e12)]
)
def test_the_stop_operator_reports_as_early(argument, value):
    with pytest.raises(TuningJobConfigError, match=f"{argument}.*{value!r}"):
        stop(**{argument: value})


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("approval_status", "Yes"),
        ("min_metric", "nan"),
        ("min_metric", [1]),
        ("model_package_config", ["x"]),
        ("on_rejected", "ignore"),
    ],
)
def test_the_register_operator_reports_before_anything_is_tuned(argument, value):
    arguments = {"task_id": "r", "tuning_result": {}, "model_package_group_name": "g"}
    with pytest.raises((ValueError, TypeError, TuningJobConfigError, RegistrationError), match=argument):
        RegisterBestTrainingJobOperator(**arguments, **{argument: value})
    if argument in RegisterBestTrainingJobOperator.template_fields:
        for later in ("{{ params.x }}", lambda context, jinja_env: value):
            RegisterBestTrainingJobOperator(**arguments, **{argument: later})


@pytest.mark.parametrize("argument", ["content_types", "response_types"])
def test_one_content_type_is_no_list_of_letters(argument):
    with (
        DAG("dag", schedule=None),
        pytest.raises(TypeError, match=rf"{argument} must be a list .*'text/csv'"),
    ):
        RegisterBestTrainingJobOperator(
            task_id="r", tuning_result={}, model_package_group_name="g", **{argument: "text/csv"}
        )


def test_an_output_of_none_is_neither_true_nor_false():
    task = tune(wait_for_completion="{{ params.x }}")
    task.wait_for_completion = None
    with pytest.raises(TuningJobConfigError, match="wait_for_completion must be true or false, got None"):
        task._cast_templated()


def test_how_long_the_stop_operator_waits():
    assert stop().timeout == 15 * 60
    assert stop(timeout=timedelta(hours=1), poll_interval=timedelta(minutes=1)).poll_interval == 60
    assert stop(timeout=None).timeout is None


@pytest.mark.parametrize(
    ("argument", "value"),
    [("unreachable_timeout", -1), ("top_k", -1), ("top_k", 2.5), ("on_timeout", "ignore"), ("timeout", 1e12)],
)
def test_the_sensor_reports_as_early(argument, value):
    with pytest.raises(WRONG, match=f"{argument} must be .*, got {value!r}"):
        wait(**{argument: value})


def test_times_may_be_given_in_every_form():
    for value in (90, 90.0, "90", timedelta(seconds=90), "PT1M30S"):
        task = tune(poll_interval=value, timeout=value, unreachable_timeout=value)
        task._cast_templated()
        assert (task.poll_interval, task._timeout, task.unreachable_timeout) == (
            90.0,
            timedelta(seconds=90),
            90.0,
        )


def test_a_param_that_was_left_empty_is_no_argument():
    names = ("poll_interval", "timeout", "max_billable_seconds", "max_failed_training_jobs")
    for empty in (None, ""):
        task = tune(**dict.fromkeys(names, "{{ params.x }}"))
        task.render_template_fields({"params": {"x": empty}})
        task._cast_templated()
        assert (task.poll_interval, task._timeout) == (30.0, None)
        assert task._limits == BudgetLimits()


@pytest.mark.parametrize("name", ["poll_interval", "timeout", "max_billable_seconds", "wait_for_completion"])
def test_the_text_none_is_no_number(name):
    task = tune(**{name: "{{ params.x }}"})
    task.render_template_fields({"params": {"x": "None"}})
    with pytest.raises(TuningJobConfigError, match=f"{name}='None'"):
        task._cast_templated()


def test_template_fields_may_be_any_kind_of_template_or_another_tasks_output():
    statement = "{% if params.fast %}1{% else %}2{% endif %}"
    with DAG("dag", schedule=None):
        output = BaseOperator(task_id="before").output
        for value in (statement, "{{ params.x }}", output["x"]):
            task = HyperParameterTuningJobOperator(
                task_id=f"tune{id(value)}",
                config=output,
                poll_interval=value,
                timeout=value,
                retry_strategy=value,
                max_billable_seconds=value,
                max_failed_training_jobs=value,
                on_stopped=value,
                on_timeout=value,
                on_budget_exceeded=value,
            )
            if value not in (statement, "{{ params.x }}"):
                assert task.upstream_task_ids == {"before"}
            HyperParameterTuningJobSensor(
                task_id=f"wait{id(value)}",
                tuning_job_name=output,
                max_billable_seconds=value,
                max_failed_training_jobs=value,
                on_stopped=value,
            )
