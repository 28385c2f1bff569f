"""Requests made from botocore's own service model: valid ones pass unchanged, each broken constraint is refused."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from airflow_hpt_provider.models import (
    TuningJobRequest,
    channels,
    explain,
    ranges,
    resources,
    training,
    tuning,
)
from airflow_hpt_provider.models.validation.base import RequestModel
from tests.support.sagemaker_shapes import SHAPES, bounds, broken, smallest
from tests.support.sagemaker_strategies import anything

MODELS: dict[str, type[RequestModel]] = {
    model.aws_shape(): model
    for module in (channels, ranges, resources, training, tuning)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, RequestModel) and model is not RequestModel
}


def as_people_write(value: Any) -> Any:
    """The same with every number and boolean as text, as templates leave them."""
    if isinstance(value, dict):
        return {key: as_people_write(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_people_write(each) for each in value]
    return value if isinstance(value, str) else str(value)


@pytest.mark.parametrize("shape", sorted(MODELS))
def test_any_valid_structure_goes_through_unchanged(shape):
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(anything(shape))
    def goes_through(value):
        model = MODELS[shape].model_validate(value)
        assert model.to_aws() == value
        assert MODELS[shape].model_validate(as_people_write(value)) == model
        assert MODELS[shape].model_validate(model.to_aws()) == model

    goes_through()


PARTS = {
    "VpcConfig": "VpcConfig",
    "CheckpointConfig": "CheckpointConfig",
    "RetryStrategy": "RetryStrategy",
    "Environment": "HyperParameterTrainingJobEnvironmentMap",
    "EnableNetworkIsolation": "Boolean",
    "OutputDataConfig": "OutputDataConfig",
    "RoleArn": "RoleArn",
}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    job=st.fixed_dictionaries({}, optional={member: anything(shape) for member, shape in PARTS.items()}),
    criteria=anything("TuningJobCompletionCriteria"),
    seed=anything("RandomSeed"),
    tags=st.lists(anything("Tag"), unique_by=lambda tag: tag["Key"], max_size=5),
)
def test_any_valid_request_goes_through_unchanged(config, job, criteria, seed, tags):
    request = copy.deepcopy(config)
    request["HyperParameterTuningJobConfig"] |= {"TuningJobCompletionCriteria": criteria, "RandomSeed": seed}
    request["TrainingJobDefinition"] |= job
    request["Tags"] = [tag for tag in tags if not tag["Key"].lower().startswith("aws:")]
    made = TuningJobRequest.model_validate(request)
    assert made.to_aws() == request
    assert TuningJobRequest.model_validate(as_people_write(request)).fingerprint() == made.fingerprint()


MEMBERS = [
    (shape, member, SHAPES[shape]["members"][member]["shape"])
    for shape in sorted(MODELS)
    for member in SHAPES[shape]["members"]
]


@pytest.mark.parametrize(("shape", "member", "kind"), MEMBERS)
def test_each_broken_constraint_is_refused_by_name(shape, member, kind):
    for why, value in broken(kind).items():
        with pytest.raises(ValidationError) as caught:
            MODELS[shape].model_validate({**smallest(shape), member: value})
        assert all(line.startswith(member) for line in explain(caught.value).splitlines()), why


@pytest.mark.parametrize(("shape", "member", "kind"), MEMBERS)
def test_the_outermost_values_are_taken(shape, member, kind):
    for value in bounds(kind):
        model = MODELS[shape].model_validate({**smallest(shape), member: value})
        assert model.to_aws()[member] == value


@pytest.mark.parametrize(
    ("shape", "member"),
    [(shape, member) for shape in sorted(MODELS) for member in SHAPES[shape].get("required", ())],
)
def test_each_required_member_is_required(shape, member):
    value = smallest(shape)
    MODELS[shape].model_validate(value)
    for missing in ({}, {member: None}):
        with pytest.raises(ValidationError) as caught:
            MODELS[shape].model_validate({**{k: v for k, v in value.items() if k != member}, **missing})
        assert explain(caught.value) == f"{member}: is required; add it"
