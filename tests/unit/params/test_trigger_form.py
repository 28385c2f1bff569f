"""From a request to a form, and from what a person enters back to a request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions.param import ParamsDict
from jinja2 import Environment
from pydantic import ValidationError

from airflow_hpt_provider.config import loading as configs
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models import Categorical, Continuous, Integer, TuningJobRequest
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.params import request_from_params, tuning_config, tuning_params

YAML = Path(__file__).parents[3] / "dags" / "breast_cancer.yaml"
EXPOSE = [
    "Strategy",
    "MaxNumberOfTrainingJobs",
    "HyperParameterTuningJobConfig.ResourceLimits.MaxRuntimeInSeconds",
    "TargetObjectiveMetricValue",
    "ParameterRanges.learning-rate",
    "ParameterRanges.class-weight",
    "StaticHyperParameters.sagemaker_program",
    "InstanceType",
    "EnableManagedSpotTraining",
]


@pytest.fixture
def request_dict() -> dict[str, Any]:
    plain = TuningJobRequest.from_file(YAML).to_dict()
    plain["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
        "learning-rate": Continuous(0.01, 1, log=True),
        "max-leaf-nodes": Integer(2, 64),
        "class-weight": Categorical(["none", "balanced"]),
    }
    return plain


def entered(request: Any, expose: list[str], **values: Any) -> dict[str, Any]:
    """What Airflow hands to the task: checked against the form."""
    params = ParamsDict(tuning_params(request, expose))
    params.update(values)
    params.validate()
    return params.dump()


def rendered(template: str, **context: Any) -> Any:
    return json.loads(Environment().from_string(template).render(**context))


def test_titles_descriptions_choices_bounds_and_sections(request_dict: dict[str, Any]) -> None:
    form = {
        key: (param.value, param.description, param.schema)
        for key, param in tuning_params(request_dict, EXPOSE).items()
    }
    assert form["strategy"] == (
        "Bayesian",
        "How hyperparameters are chosen.",
        {
            "type": "string",
            "enum": ["Bayesian", "Random", "Hyperband", "Grid"],
            "title": "Strategy",
            "section": "Search",
        },
    )
    assert form["max_number_of_training_jobs"][0] == 12
    assert form["max_runtime_in_seconds"][2] == {
        "type": ["integer", "null"],
        "minimum": 120,
        "maximum": 15_768_000,
        "title": "Max runtime in seconds",
        "section": "Limits",
    }
    assert form["learning_rate_min"][0] == 0.01
    assert form["learning_rate_max"][2]["title"] == "learning-rate, to"
    assert form["class_weight"][0] == ["none", "balanced"]
    assert form["class_weight"][2]["examples"] == ["none", "balanced"]
    assert form["sagemaker_program"][0] == "train.py"
    assert "ml.m5.large" in form["instance_type"][2]["enum"]
    assert form["enable_managed_spot_training"][2]["type"] == ["boolean", "null"]
    assert list(form) == [
        *(
            "strategy",
            "max_number_of_training_jobs",
            "max_runtime_in_seconds",
            "target_objective_metric_value",
        ),
        *("learning_rate_min", "learning_rate_max", "class_weight", "sagemaker_program", "instance_type"),
        "enable_managed_spot_training",
    ]


def test_by_default_strategy_limits_and_every_range() -> None:
    assert list(tuning_params(YAML)) == [
        *("strategy", "max_number_of_training_jobs", "max_parallel_training_jobs", "max_runtime_in_seconds"),
        *("max_leaf_nodes_min", "max_leaf_nodes_max", "learning_rate_min", "learning_rate_max"),
    ]


def test_the_defaults_make_the_same_request(request_dict: dict[str, Any]) -> None:
    params = entered(request_dict, EXPOSE)
    same = TuningJobRequest.model_validate(request_dict)
    assert (
        TuningJobRequest.model_validate(rendered(tuning_config(request_dict, EXPOSE), params=params)) == same
    )
    assert request_from_params(request_dict, params, EXPOSE) == same


def test_what_is_entered_reaches_the_request(request_dict: dict[str, Any]) -> None:
    awkward = 'a "quoted" {{ name }} </script>'
    params = entered(
        request_dict,
        EXPOSE,
        strategy="Random",
        learning_rate_min=0.1,
        class_weight=["balanced"],
        target_objective_metric_value=0.05,
        sagemaker_program=awkward,
        enable_managed_spot_training=None,
    )
    for request in (
        TuningJobRequest.model_validate(rendered(tuning_config(request_dict, EXPOSE), params=params)),
        request_from_params(request_dict, params, EXPOSE),
    ):
        search = request.hyper_parameter_tuning_job_config
        assert search.strategy == "Random"
        assert search.parameter_ranges is not None
        assert search.parameter_ranges.continuous_parameter_ranges[0].min_value == "0.1"
        assert search.parameter_ranges.categorical_parameter_ranges[0].values == ["balanced"]
        assert search.tuning_job_completion_criteria.target_objective_metric_value == 0.05
        assert request.training_job_definition.static_hyper_parameters["sagemaker_program"] == awkward
        assert request.training_job_definition.enable_managed_spot_training is None


def test_other_templates_stay_and_stay_single_values(request_dict: dict[str, Any]) -> None:
    static = request_dict["TrainingJobDefinition"]["StaticHyperParameters"]
    static["note"] = 'é 😀 "q" {{ params.note }} of {{ x | upper }}'
    static["braces"] = "a}} \\ {b"
    value = '", "injected": "'
    read = rendered(
        tuning_config(request_dict, ["Strategy"]), params={"strategy": "Random", "note": value}, x="y"
    )
    assert read["TrainingJobDefinition"]["StaticHyperParameters"]["note"] == f'é 😀 "q" {value} of Y'
    assert read["TrainingJobDefinition"]["StaticHyperParameters"]["braces"] == "a}} \\ {b"


@pytest.mark.parametrize("text", ["{% if x %}x{% endif %}", "{{ {'a': 1}.a }}", "{# note #}"])
def test_templates_that_are_too_much(request_dict: dict[str, Any], text: str) -> None:
    request_dict["TrainingJobDefinition"]["StaticHyperParameters"]["note"] = text
    with pytest.raises(ValueError, match="supports only simple"):
        tuning_config(request_dict, ["Strategy"])


def test_the_operator_takes_the_config(request_dict: dict[str, Any]) -> None:
    config = tuning_config(request_dict, EXPOSE)
    with DAG("form", schedule=None, params=tuning_params(request_dict, EXPOSE)):
        HyperParameterTuningJobOperator(task_id="tune", config=config)


def test_the_form_and_then_the_task_refuse(request_dict: dict[str, Any]) -> None:
    """The form, what one value shows; the task, what only all of them together do."""
    for bad in (
        {"strategy": "Best"},
        {"max_number_of_training_jobs": 0},
        {"instance_type": "ml.none"},
        {"class_weight": []},
    ):
        with pytest.raises(Exception, match="Invalid input for param"):
            entered(request_dict, EXPOSE, **bad)
    params = entered(request_dict, EXPOSE, learning_rate_min=2.0)
    with pytest.raises(ValidationError, match="must be less than MaxValue"):
        request_from_params(request_dict, params, EXPOSE)
    config = configs._from_json(
        Environment().from_string(tuning_config(request_dict, EXPOSE)).render(params=params)
    )
    with pytest.raises(TuningJobConfigError, match="MinValue"):
        configs.validate(config)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("InstanceTyp", "Did you mean 'InstanceType'"),
        ("Name", "is ambiguous: it may be .*MetricDefinitions.Name. Give more of its path"),
        ("ParameterRanges.depth", "unknown hyperparameter; the tuned ones are .*learning-rate"),
        ("StaticHyperParameters.x", "unknown static hyperparameter; the known ones are sagemaker_program"),
        ("ResourceLimits", "must name a member of a tuning job's request that holds one value"),
    ],
)
def test_names_that_mean_nothing_or_too_much(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tuning_params(YAML, [name])


def test_several_definitions() -> None:
    one = TuningJobRequest.from_file(YAML).to_dict()
    definition = one.pop("TrainingJobDefinition")
    several = {**one, "TrainingJobDefinitions": [definition, definition]}
    name = "TrainingJobDefinitions.ResourceConfig.InstanceCount"
    with pytest.raises(ValueError, match="is ambiguous"):
        tuning_params(several, [name])


def test_the_dag_is_one_that_airflow_takes() -> None:
    with DAG("form", schedule=None, params=tuning_params(YAML)) as dag:
        pass
    assert dag.params["strategy"] == "Bayesian"


def test_the_page_quotes_the_dag_as_it_is() -> None:
    root = YAML.parents[1]
    (quoted,) = re.findall(r"```python\n(.*?)```", (root / "docs" / "trigger-form.md").read_text(), re.DOTALL)
    assert quoted in (root / "dags" / "tune_from_ui.py").read_text()


def test_the_request_that_a_form_is_made_of_stays_as_it_is(request_dict: dict[str, Any]) -> None:
    definition = request_dict.pop("TrainingJobDefinition")
    ranges = request_dict["HyperParameterTuningJobConfig"].pop("ParameterRanges")
    request_dict["TrainingJobDefinitions"] = [{**definition, "HyperParameterRanges": ranges}]
    tuning_params(request_dict, ["ParameterRanges.learning-rate"])
    assert request_dict["TrainingJobDefinitions"][0]["HyperParameterRanges"] is ranges


def test_a_date_in_a_yaml_file_is_text_as_without_a_form(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(
        YAML.read_text().replace("    sagemaker_program:", "    since: 2026-03-01\n    sagemaker_program:")
    )
    config = rendered(tuning_config(path, ["Strategy"]), params={"strategy": "Random"})
    assert config["TrainingJobDefinition"]["StaticHyperParameters"]["since"] == "2026-03-01"
    expected = TuningJobRequest.from_file(path).to_dict()["TrainingJobDefinition"]
    assert TuningJobRequest.model_validate(config).to_dict()["TrainingJobDefinition"] == expected
