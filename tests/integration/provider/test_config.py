"""Configs as DAG authors write them: models, dicts, files, templates."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace

import pytest
import yaml
from airflow.sdk import DAG

from airflow_hpt_provider.config.loading import load, validate
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models import Continuous, TuningJobRequest
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.params import tuning_config

pytestmark = pytest.mark.integration


@pytest.fixture
def dag(tmp_path):
    with DAG("dag", schedule=None, template_searchpath=str(tmp_path)) as dag:
        yield dag


def test_all_forms_are_the_same_request(config, dag, tmp_path):
    (tmp_path / "job.json").write_text(json.dumps(config))
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(config))
    ranges = {"ParameterRanges": {"x": Continuous(0, 1)}}
    short = {**config, "HyperParameterTuningJobConfig": config["HyperParameterTuningJobConfig"] | ranges}
    forms = [
        config,
        TuningJobRequest.model_validate(config),
        "job.json",
        "job.yaml",
        json.dumps(config),
        short,
    ]
    prints = set()
    for number, form in enumerate(forms):
        task = HyperParameterTuningJobOperator(task_id=f"t{number}", config=form)
        task.render_template_fields({})
        prints.add(validate(*load(task, task.config, {})).fingerprint())
    assert len(prints) == 1


def test_a_files_templates_are_rendered_as_values_never_as_structure(config, dag, tmp_path):
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = "{{ jobs }}"
    config["TrainingJobDefinition"]["StaticHyperParameters"]["note"] = "{{ note }}"
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(config))
    task = HyperParameterTuningJobOperator(task_id="t", config="job.yaml")
    smuggled = "x}, Tags: [{Key: a, Value: b}], y: {z: '"
    request = validate(*load(task, task.config, {"jobs": 12, "note": smuggled}))
    assert request.hyper_parameter_tuning_job_config.resource_limits.max_number_of_training_jobs == 12
    assert request.tags is None
    assert request.training_job_definition.static_hyper_parameters["note"] == smuggled


HOSTILE = [
    "x}, Tags: [{Key: a, Value: b}], y: {z: '",
    '", "Tags": [{"Key": "a", "Value": "b"}], "x": "',
    "{{ var.value.secret }}",
    "{{ 7 * 7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "!!python/object/apply:os.system ['true']",
    "*anchor",
    "<<: {a: b}",
    "null",
    "~",
    '{"nested": ["structure"]}',
    "job.sql",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("form", ["dict", "job.yaml", "job.json"])
@pytest.mark.parametrize("native", [False, True])
def test_who_triggers_a_run_gives_values_never_structure_or_code(config, tmp_path, hostile, form, native):
    """params and dag_run.conf, in whichever form the config is, and with native objects too."""
    job = config["TrainingJobDefinition"]
    job["StaticHyperParameters"] |= {"note": "{{ params.note }}", "more": "{{ dag_run.conf['note'] }}"}
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "job.json").write_text(json.dumps(config))
    with DAG("d", schedule=None, template_searchpath=str(tmp_path), render_template_as_native_obj=native):
        task = HyperParameterTuningJobOperator(task_id="t", config=config if form == "dict" else form)
    context = {"params": {"note": hostile}, "dag_run": SimpleNamespace(conf={"note": hostile})}
    task.render_template_fields(context)
    request = validate(*load(task, task.config, context)).to_dict()
    static = request["TrainingJobDefinition"].pop("StaticHyperParameters")
    expected = copy.deepcopy(config)
    expected["TrainingJobDefinition"].pop("StaticHyperParameters")
    assert request == TuningJobRequest.model_validate(expected).to_dict(), "nothing else has changed"
    if native:  # the author's choice: a value may then be a number, a list or nothing, and is written as text
        assert set(static) <= set(job["StaticHyperParameters"])
        assert all(isinstance(value, str) for value in static.values())
    else:
        assert static["note"] == static["more"] == hostile


def test_where_a_name_or_number_belongs_a_hostile_value_is_refused(config, dag):
    config["TrainingJobDefinition"]["RoleArn"] = "{{ params.role }}"
    config["TrainingJobDefinition"]["StaticHyperParameters"]["note"] = "{{ params.note }}"
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = "{{ params.jobs }}"
    task = HyperParameterTuningJobOperator(task_id="t", config=config)
    context = {"params": {"role": 'arn:x", "Tags": []', "jobs": '2, "x": 1', "note": "a\nTags: []"}}
    task.render_template_fields(context)
    with pytest.raises(TuningJobConfigError) as caught:
        validate(*load(task, task.config, context))
    assert "TrainingJobDefinition.RoleArn: " in str(caught.value)
    assert "StaticHyperParameters.note: " in str(caught.value)
    assert "ResourceLimits.MaxNumberOfTrainingJobs: " in str(caught.value)


@pytest.mark.parametrize(
    "text", ['{"RoleArn": "{{ params.role }}"}', "{{ a }}{{ b }}", '{% if x %}{"a": 1}{% endif %}']
)
def test_json_text_with_templates_in_it_is_refused_when_the_dag_is_read(dag, text):
    with pytest.raises(ValueError, match="whose values could change its structure"):
        HyperParameterTuningJobOperator(task_id="t", config=text)


def test_the_text_that_tuning_config_writes_is_taken(config, dag):
    """Each of its expressions is one JSON value, whatever it is rendered to."""
    text = tuning_config(config, ["Strategy"])
    assert "{{" in text
    assert HyperParameterTuningJobOperator(task_id="t", config=text).config == text


@pytest.mark.parametrize("text", ["{{ params.config | tojson }}", "{{ params.folder }}/job.yaml", '{"a": 1}'])
def test_other_text_is_taken(dag, text):
    assert HyperParameterTuningJobOperator(task_id="t", config=text).config == text


def test_links_within_the_folder_are_followed_and_out_of_it_are_not(dag, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "job.yaml").write_text("a: 1")
    (tmp_path / "revision").mkdir()
    (tmp_path / "revision" / "job.yaml").write_text("a: 2")
    (tmp_path / "current").symlink_to("revision")  # as a mounted ConfigMap has it
    (tmp_path / "file.yaml").symlink_to(outside / "job.yaml")
    (tmp_path / "folder").symlink_to(outside)
    task = HyperParameterTuningJobOperator(task_id="t", config="current/job.yaml")
    assert load(task, "current/job.yaml", {})[0] == {"a": 2}
    for path in ("file.yaml", "folder/job.yaml", "current/../../" + outside.name + "/job.yaml"):
        with pytest.raises(TuningJobConfigError, match="must not lead out of it"):
            load(task, path, {})


def test_secrets_are_masked_in_rendered_fields_and_logs(config, dag, tmp_path):
    from airflow.sdk.execution_time.task_runner import _serialize_rendered_fields
    from airflow.sdk.log import redact

    config["TrainingJobDefinition"]["StaticHyperParameters"] |= {
        "api_key": "{{ params.secret }}",
        "colour": "ultramarine",
    }
    task = HyperParameterTuningJobOperator(task_id="t", config=config)
    task.render_template_fields({"params": {"secret": "hunter2-in-a-dict"}})
    shown = json.dumps(_serialize_rendered_fields(task))
    assert "hunter2" not in shown
    assert "ultramarine" in shown
    assert "hunter2" not in redact("the service said: hunter2-in-a-dict is no key")

    config["TrainingJobDefinition"]["Environment"] = {"DB_PASSWORD": "{{ var.value.password }}"}
    task = HyperParameterTuningJobOperator(task_id="v", config=config)
    task.render_template_fields({"params": {"secret": "x"}, "var": {"value": {"password": "a{{b-hunter2"}}})
    assert "hunter2" not in json.dumps(_serialize_rendered_fields(task))
    assert "hunter2" not in redact("the service said: a{{b-hunter2 is no password")

    config["TrainingJobDefinition"]["Environment"] = {}
    config["TrainingJobDefinition"]["StaticHyperParameters"]["api_key"] = "hunter2-in-a-file"
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(config))
    task = HyperParameterTuningJobOperator(task_id="f", config="job.yaml")
    load(task, task.config, {})
    assert "hunter2" not in redact("the service said: hunter2-in-a-file is no key")

    mapped = HyperParameterTuningJobOperator.partial(task_id="m").expand(config=[config])
    unmapped = mapped.unmap({"config": json.dumps(config).replace("in-a-file", "in-a-mapped-task")})
    unmapped._do_render_template_fields(unmapped, unmapped.template_fields, {}, dag.get_template_env(), set())
    assert "hunter2" not in json.dumps(_serialize_rendered_fields(unmapped))


@pytest.mark.parametrize("path", ["missing.yaml", "../outside.yaml", "/etc/outside.yaml"])
def test_a_file_must_lie_in_the_search_path(dag, tmp_path, path):
    (tmp_path.parent / "outside.yaml").write_text("a: 1")
    task = HyperParameterTuningJobOperator(task_id="t", config=path)
    with pytest.raises(TuningJobConfigError, match="file not found in the DAG's folder"):
        load(task, path, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a list", "must hold one structure"),
        ("a: [", r"job.yaml:1:5: not well-formed YAML"),
        (
            "!!python/object/apply:os.system ['true']",
            "the tag !!python/object/apply:os.system must not be given",
        ),
        ("a: 1\na: 2", r"job.yaml:2:1: 'a' is given twice"),
    ],
)
def test_a_file_that_is_no_config(dag, tmp_path, text, message):
    (tmp_path / "job.yaml").write_text(text)
    task = HyperParameterTuningJobOperator(task_id="t", config="job.yaml")
    with pytest.raises(TuningJobConfigError, match=message):
        load(task, "job.yaml", {})


def test_role_names_become_arns(config, hook, service):
    from airflow_hpt_provider.config.loading import expand_roles

    service.client("iam").create_role(RoleName="tuning-role", AssumeRolePolicyDocument="{}")
    config["TrainingJobDefinition"]["RoleArn"] = "tuning-role"
    expanded = expand_roles(config, hook)
    assert expanded["TrainingJobDefinition"]["RoleArn"] == "arn:aws:iam::123456789012:role/tuning-role"
    assert config["TrainingJobDefinition"]["RoleArn"] == "tuning-role", "the author's dict is left alone"


def test_a_files_problems_name_their_lines(config, dag, tmp_path):
    config["HyperParameterTuningJobConfig"]["Strategy"] = "Guess"
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(config))
    line = (tmp_path / "job.yaml").read_text().splitlines().index("  Strategy: Guess") + 1
    task = HyperParameterTuningJobOperator(task_id="t", config="job.yaml")
    with pytest.raises(TuningJobConfigError, match=rf"job\.yaml:{line}: .*Strategy: .* not 'Guess'"):
        validate(*load(task, task.config, {}))


def test_text_that_is_no_config(dag):
    task = HyperParameterTuningJobOperator(task_id="t", config="not json")
    with pytest.raises(
        TuningJobConfigError, match="must be JSON, or the path of a .json, .yaml or .yml file"
    ):
        load(task, task.config, {})


@pytest.mark.parametrize(
    "begin", ['{"Environment": {"DB_PASSWORD": ', "[{'api_key': ", ' {"a": 1, "client_secret": ']
)
def test_text_that_is_no_json_is_not_shown(dag, begin):
    """No masker finds a secret in it, as it has no names."""
    task = HyperParameterTuningJobOperator(task_id="t", config="{{ params.config }}")
    context = {"params": {"config": begin + '"hunter22-of-prod"'}}
    task.render_template_fields(context)
    with pytest.raises(TuningJobConfigError, match="must be JSON, or the path") as caught:
        load(task, task.config, context)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("native", [False, True])
def test_structure_that_is_handed_over_on_purpose_is_not_rendered_again(config, native):
    config["TrainingJobDefinition"]["StaticHyperParameters"]["note"] = "{{ var.value.secret }}{{ 7 * 7 }}"
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        task = HyperParameterTuningJobOperator(task_id="t", config="{{ params.config | tojson }}")
    context = {"params": {"config": config}}
    task.render_template_fields(context)
    request = validate(*load(task, task.config, context)).to_dict()
    note = request["TrainingJobDefinition"]["StaticHyperParameters"]["note"]
    assert note == "{{ var.value.secret }}{{ 7 * 7 }}"


@pytest.mark.parametrize(
    "bomb", ["[" * 100_000, '{"a":' * 100_000, '{"a": ' + "9" * 5000 + "}", "a: &a [*a]"]
)
def test_text_of_a_value_cannot_be_a_bomb(dag, bomb):
    task = HyperParameterTuningJobOperator(task_id="t", config="{{ params.config }}")
    context = {"params": {"config": bomb}}
    task.render_template_fields(context)
    with pytest.raises(TuningJobConfigError, match="must be JSON, or the path") as caught:
        load(task, task.config, context)
    assert len(str(caught.value)) < 500
