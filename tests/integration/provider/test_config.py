"""Configs as DAG authors write them: models, dicts, files, templates."""

from __future__ import annotations

import json

import pytest
import yaml
from airflow.sdk import DAG

from airflow_hpt_provider.config import load, validate
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models import Continuous, TuningJobRequest
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

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


@pytest.mark.parametrize("path", ["missing.yaml", "../outside.yaml", "/etc/outside.yaml"])
def test_a_file_must_lie_in_the_search_path(dag, tmp_path, path):
    (tmp_path.parent / "outside.yaml").write_text("a: 1")
    task = HyperParameterTuningJobOperator(task_id="t", config=path)
    with pytest.raises(TuningJobConfigError, match="no such file in the DAG's folder"):
        load(task, path, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a list", "must hold one structure"),
        ("a: [", r"job.yaml:1: not well-formed YAML"),
        (
            "!!python/object/apply:os.system ['true']",
            "not well-formed YAML: could not determine a constructor",
        ),
        ("a: 1\na: 2", r"job.yaml:2: 'a' is given twice"),
    ],
)
def test_a_file_that_is_no_config(dag, tmp_path, text, message):
    (tmp_path / "job.yaml").write_text(text)
    task = HyperParameterTuningJobOperator(task_id="t", config="job.yaml")
    with pytest.raises(TuningJobConfigError, match=message):
        load(task, "job.yaml", {})


def test_role_names_become_arns(config, hook, service):
    from airflow_hpt_provider.config import expand_roles

    service.client("iam").create_role(RoleName="tuning-role", AssumeRolePolicyDocument="{}")
    config["TrainingJobDefinition"]["RoleArn"] = "tuning-role"
    expanded = expand_roles(config, hook)
    assert expanded["TrainingJobDefinition"]["RoleArn"] == "arn:aws:iam::123456789012:role/tuning-role"
    assert config["TrainingJobDefinition"]["RoleArn"] == "tuning-role", "the author's dict is left alone"


def test_a_files_problems_tell_their_lines(config, dag, tmp_path):
    config["HyperParameterTuningJobConfig"]["Strategy"] = "Guess"
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(config))
    line = (tmp_path / "job.yaml").read_text().splitlines().index("  Strategy: Guess") + 1
    task = HyperParameterTuningJobOperator(task_id="t", config="job.yaml")
    with pytest.raises(TuningJobConfigError, match=rf"job\.yaml:{line}: .*Strategy: .* not 'Guess'"):
        validate(*load(task, task.config, {}))


def test_text_that_is_no_config(dag):
    task = HyperParameterTuningJobOperator(task_id="t", config="not json")
    with pytest.raises(
        TuningJobConfigError, match="neither the path of a .json, .yaml or .yml file, nor JSON"
    ):
        load(task, task.config, {})
