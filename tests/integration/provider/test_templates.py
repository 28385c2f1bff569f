"""What is rendered in an operator's arguments, and what stays as it was written."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.config.loading import load, validate
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.stopping import StopHyperParameterTuningJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

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
@pytest.mark.parametrize("text", LITERALS)
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


def literals_come_out_equal(config, mapped, values):
    """Check that native rendering leaves the literals of a request alone."""
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


VALUES = st.lists(st.sampled_from(LITERALS) | TEXTS, min_size=1, max_size=5)


@pytest.mark.parametrize("mapped", [False, True])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=VALUES)
def test_any_request_of_literals_comes_out_equal_under_native_rendering(config, mapped, values):
    literals_come_out_equal(config, mapped, values)


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


@pytest.mark.parametrize("native", [False, True])
def test_a_text_with_an_expression_that_gives_none_is_refused_with_its_template(config, native):
    config["TrainingJobDefinition"]["StaticHyperParameters"] = {"job": "{{ params.x }}-job"}
    with pytest.raises(TuningJobConfigError, match=r"'\{\{ params.x \}\}-job' must give a text"):
        rendered(HyperParameterTuningJobOperator, {"params": {"x": None}}, native=native, config=config)
    task = rendered(HyperParameterTuningJobOperator, {"params": {"x": ""}}, native=native, config=config)
    assert static_of(task, {}) == {"job": "-job"}


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("empty", [None, ""])
def test_texts_whose_expressions_are_all_empty_render_to_nothing(native, empty):
    for template in (
        "{{ params.x }}",
        " {{ params.x }} ",
        "{{ params.x }}{{ params.x }}",
        "{% if 0 %}a{% endif %}",
    ):
        task = rendered(
            HyperParameterTuningJobOperator,
            {"params": {"x": empty}},
            native=native,
            config={},
            region_name=template,
        )
        assert task.region_name is None


@pytest.mark.parametrize("native", [False, True])
def test_names_of_members_are_rendered(config, native):
    static = {"{{ params.name }}": "1", "h{{ params.number }}": "2", "plain": "3"}
    config["TrainingJobDefinition"]["StaticHyperParameters"] = static
    context = {"params": {"name": "2024", "number": 7}}
    task = rendered(HyperParameterTuningJobOperator, context, native=native, config=config)
    assert static_of(task, context) == {"2024": "1", "h7": "2", "plain": "3"}


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    ("static", "words"),
    [
        ({"{{ params.none }}": "1"}, "must have a value, but renders to nothing"),
        ({"a{{ params.none }}": "1"}, "must give a text"),
        (
            {"{{ params.name }}": "1", "plain": "2"},
            "in one structure are both 'plain'",
        ),
        (
            {"plain": "2", "{{ params.name }}": "1"},
            "in one structure are both 'plain'",
        ),
    ],
)
def test_names_that_cannot_be_rendered_are_refused_with_their_template(config, native, static, words):
    config["TrainingJobDefinition"]["StaticHyperParameters"] = static
    context = {"params": {"name": "plain", "none": None}}
    with pytest.raises(TuningJobConfigError, match=words) as caught:
        rendered(HyperParameterTuningJobOperator, context, native=native, config=config)
    assert "{{ params.n" in str(caught.value)


def test_other_delimiters_of_a_dag_are_templates_too(config):
    config["TrainingJobDefinition"]["StaticHyperParameters"] = {"a": "<< params.x >>", "b": "{{ params.x }}"}
    environment = {"variable_start_string": "<<", "variable_end_string": ">>"}
    with DAG("d", schedule=None, jinja_environment_kwargs=environment):
        task = HyperParameterTuningJobOperator(task_id="t", config=config)
    task.render_template_fields({"params": {"x": "1.10"}})
    assert static_of(task, {}) == {"a": "1.10", "b": "{{ params.x }}"}


def trigger_of(sensor, context):
    """Return the trigger of a sensor that starts in the triggerer, rendered as the triggerer does."""
    trigger = HyperParameterTuningJobTrigger(**sensor.start_trigger_args.trigger_kwargs)
    trigger.task_instance = SimpleNamespace(task_id="t", task=sensor)
    trigger.render_template_fields(context)
    return trigger


@pytest.mark.skipif(not has("start_from_trigger"), reason="tasks start on a worker")
@pytest.mark.parametrize("native", [False, True])
def test_a_task_that_starts_in_the_triggerer_follows_the_same_rule(native):
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        sensor = HyperParameterTuningJobSensor(
            task_id="t",
            start_from_trigger=True,
            tuning_job_name="{{ params.name }}",
            region_name="{{ params.region }}",
            event_queue_url="{{ params.region }}",
            max_failed_training_jobs="{{ params.most }}",
        )
    assert sensor.start_from_trigger
    for empty in (None, ""):
        trigger = trigger_of(sensor, {"params": {"name": "20240101", "region": empty, "most": 3}})
        assert (trigger.tuning_job_name, trigger.region_name, trigger.event_queue_url) == (
            "20240101",
            None,
            None,
        )
        assert trigger._limits.max_failed_training_jobs == 3
        with pytest.raises(TuningJobConfigError, match=r"^tuning_job_name must have a value, .*params.name"):
            trigger_of(sensor, {"params": {"name": empty, "region": "us-east-1", "most": 3}})


@pytest.mark.parametrize("native", [False, True])
def test_a_failed_task_looks_for_its_orphan_over_the_connection_that_is_given(native, monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.creation.tags.is_own_job", lambda *_: True)
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        task = HyperParameterTuningJobOperator(task_id="t", config={}, aws_conn_id="{{ params.x }}")
    key = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1}
    ti = SimpleNamespace(**key, xcom_pull=lambda **_: "job", try_number=1, max_tries=0)
    with pytest.raises(TuningJobConfigError, match=r"^aws_conn_id must have a value"):
        task._find_orphan({"params": {"x": None}, "ti": ti})
    assert task._find_orphan({"params": {"x": "aws_other"}, "ti": ti}) == "job"
    assert task.aws_conn_id == "aws_other"
