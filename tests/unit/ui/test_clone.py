"""A tuning job's request as YAML."""

from __future__ import annotations

import copy

import pytest
import yaml

from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.ui.clone import request_yaml
from tests.support.tuning_jobs import tuning_job
from tests.unit.ui.test_job_document import description


def cloned(*, with_values: bool, several: bool = False) -> str:
    config = tuning_job("bucket", epochs="20", token="their-secret", _tuning_objective_metric="objective")
    definition = config["TrainingJobDefinition"]
    definition["Environment"] = {"API_KEY": "another-secret"}
    if several:
        del config["TrainingJobDefinition"]
        config["TrainingJobDefinitions"] = [
            {**copy.deepcopy(definition), "DefinitionName": name} for name in ("a", "b")
        ]
    return request_yaml(description(**config), with_values=with_values)


@pytest.mark.parametrize("several", [False, True])
def test_no_value_of_a_static_hyperparameter_or_variable_is_in_it(several: bool) -> None:
    text = cloned(with_values=False, several=several)
    assert "secret" not in text
    for name in ("StaticHyperParameters.epochs", "StaticHyperParameters.token", "Environment.API_KEY"):
        assert f"#   {name}\n" in text
    assert "_tuning_objective_metric" not in text


def test_with_values_it_is_the_whole_request() -> None:
    request = yaml.safe_load(cloned(with_values=True))
    wanted = tuning_job("bucket", epochs="20", token="their-secret")
    wanted["TrainingJobDefinition"]["Environment"] = {"API_KEY": "another-secret"}
    assert request["TrainingJobDefinition"] == wanted["TrainingJobDefinition"]
    assert TuningJobRequest.model_validate(request).hyper_parameter_tuning_job_name is None
