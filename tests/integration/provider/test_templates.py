"""What is rendered in an operator's arguments, and what stays as it was written."""

from __future__ import annotations

import copy

import pytest
from airflow.sdk import DAG
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_hpt_provider.config.loading import load, validate
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.stopping import StopHyperParameterTuningJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

pytestmark = pytest.mark.integration

LITERALS = [
    "64,32", "1.10", "True", "1e5", "0x10", "'q'", "1_000", "-0", "None", "{1}", "0,1", "[1, 2]", " 7",
]  # fmt: skip


def rendered(operator, context=None, *, native, **arguments):
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        task = operator(task_id="t", **arguments)
    task.render_template_fields(context or {})
    return task


def static_of(task, context):
    request = validate(*load(task, task.config, context)).to_dict()
    return request["TrainingJobDefinition"]["StaticHyperParameters"]


@pytest.mark.parametrize("native", [False, True])
def test_literals_reach_aws_as_written(config, native):
    written = {f"h{number}": text for number, text in enumerate(LITERALS)}
    config["TrainingJobDefinition"]["StaticHyperParameters"] = written
    task = rendered(HyperParameterTuningJobOperator, native=native, config=config)
    assert static_of(task, {}) == written


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("text", [text for text in LITERALS if text != "None"])
def test_text_that_a_template_makes_reaches_aws_as_it_was_made(config, native, text):
    config["TrainingJobDefinition"]["StaticHyperParameters"] = {
        "whole": "{{ params.text }}",
        "part": "0{{ params.text }}",
    }
    context = {"params": {"text": text}}
    task = rendered(HyperParameterTuningJobOperator, context, native=native, config=config)
    assert static_of(task, context) == {"whole": text, "part": f"0{text}"}


TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20).filter(
    lambda text: "{{" not in text and "{%" not in text
)


@pytest.mark.parametrize("mapped", [False, True])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(st.sampled_from(LITERALS) | TEXTS, min_size=1, max_size=5))
def test_any_request_of_literals_comes_out_equal_under_native_rendering(config, mapped, values):
    config = copy.deepcopy(config)
    static = {f"h{number}": text for number, text in enumerate(values)}
    config["TrainingJobDefinition"]["StaticHyperParameters"] = static
    with DAG("d", schedule=None, render_template_as_native_obj=True) as dag:
        if mapped:
            partial = HyperParameterTuningJobOperator.partial(task_id="t").expand(config=[config])
            task = partial.unmap({"config": copy.deepcopy(config)})
        else:
            task = HyperParameterTuningJobOperator(task_id="t", config=copy.deepcopy(config))
    task._do_render_template_fields(task, task.template_fields, {}, dag.get_template_env(), set())
    assert task.config == config


def test_one_expression_keeps_its_native_value(config):
    task = rendered(
        HyperParameterTuningJobOperator, {"params": {"all": config}}, native=True, config="{{ params.all }}"
    )
    assert task.config == config


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("operator", [StopHyperParameterTuningJobOperator, HyperParameterTuningJobSensor])
def test_names_made_of_digits(operator, native):
    from airflow_hpt_provider.xcom.job_name import checked_job_name

    for template, context in [("{{ ds }}", {"ds": "20240101"}), ("{{ n }}", {"n": 20240101})]:
        task = rendered(operator, context, native=native, tuning_job_name=template)
        assert checked_job_name(task.tuning_job_name) == "20240101"


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("nothing", [None, ""])
def test_what_renders_to_nothing_is_not_given(config, native, nothing):
    config["HyperParameterTuningJobName"] = "{{ params.name }}"
    context = {"params": {"name": nothing}}
    task = rendered(
        HyperParameterTuningJobOperator,
        context,
        native=native,
        config=config,
        region_name="{{ params.name }}",
        event_queue_url="{{ params.name }}",
    )
    del config["HyperParameterTuningJobName"]
    assert validate(*load(task, task.config, context)) == TuningJobRequest.model_validate(config)
    assert (task.region_name, task.event_queue_url) == (None, None)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    ("operator", "field", "others"),
    [
        (StopHyperParameterTuningJobOperator, "tuning_job_name", {}),
        (HyperParameterTuningJobSensor, "tuning_job_name", {}),
        (HyperParameterTuningJobSensor, "on_stopped", {"tuning_job_name": "a"}),
        (RegisterBestTrainingJobOperator, "model_package_group_name", {"tuning_result": {}}),
        (HyperParameterTuningJobOperator, "aws_conn_id", {"config": {}}),
        (HyperParameterTuningJobOperator, "config", {}),
    ],
)
def test_where_something_must_be_given_nothing_is_refused_with_its_template(operator, field, others, native):
    with pytest.raises(TuningJobConfigError, match=rf"^{field} must have a value, .*'{{{{ params.x }}}}'"):
        rendered(operator, {"params": {"x": None}}, native=native, **{field: "{{ params.x }}", **others})


def test_a_required_member_that_renders_to_nothing_is_refused_with_its_template(config):
    config["TrainingJobDefinition"]["RoleArn"] = "{{ params.role }}"
    context = {"params": {"role": None}}
    task = rendered(HyperParameterTuningJobOperator, context, native=False, config=config)
    with pytest.raises(TuningJobConfigError, match=r"RoleArn: is required(.|\n)*'{{ params.role }}'"):
        task._request(context)
