"""Requests made from botocore's own service model: valid ones pass unchanged, each broken constraint is refused."""

import copy
from typing import Any

import botocore.session
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
from airflow_hpt_provider.models.base import RequestModel
from airflow_hpt_provider.models.patterns import TAG

SHAPES: dict[str, Any] = (
    botocore.session.get_session().get_service_model("sagemaker")._service_description["shapes"]
)
MODELS: dict[str, type[RequestModel]] = {
    model.aws_shape(): model
    for module in (channels, ranges, resources, training, tuning)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, RequestModel) and model is not RequestModel
}
TAG_CHARACTERS = st.characters(categories=["L", "Z", "N"]) | st.sampled_from("_.:/=+-@")
LINE = st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\u0085\u2028\u2029")


def any_text(shape: dict[str, Any]) -> st.SearchStrategy[str]:
    least, most, pattern = shape.get("min", 0), shape.get("max"), shape.get("pattern")
    if pattern in (None, ".*", ".+", r"[\S\s]*"):
        return st.text(LINE, min_size=least, max_size=min(most, 40))
    if pattern == TAG:
        return st.text(TAG_CHARACTERS, min_size=least, max_size=40)
    if "hub-content" in pattern:
        return st.just("arn:aws:sagemaker:us-east-1:123456789012:hub-content/hub/DataSet/data/1.0.0")
    java = pattern.replace("(.*)", r"([^\n\r\u0085\u2028\u2029]*)").replace("/.*", r"/[a-z]{20}")
    return st.from_regex(
        java, fullmatch=True, alphabet=st.characters(codec="ascii", exclude_categories=["Cc"])
    ).filter(lambda text: least <= len(text) <= most)


def anything(name: str) -> st.SearchStrategy[Any]:
    """Any valid value of a shape."""
    shape = SHAPES[name]
    match shape["type"]:
        case "structure":
            required = set(shape.get("required", ()))
            members = {member: anything(each["shape"]) for member, each in shape["members"].items()}
            return st.fixed_dictionaries(
                {member: each for member, each in members.items() if member in required},
                optional={member: each for member, each in members.items() if member not in required},
            )
        case "list":
            least = shape.get("min", 0)
            return st.lists(
                anything(shape["member"]["shape"]),
                min_size=least,
                max_size=max(least, min(2, shape.get("max", 2))),
            )
        case "map":
            return st.dictionaries(
                anything(shape["key"]["shape"]), anything(shape["value"]["shape"]), max_size=3
            )
        case "string" if "enum" in shape:
            return st.sampled_from(shape["enum"])
        case "string":
            return any_text(shape)
        case "integer" | "long":
            return st.integers(shape.get("min", -(2**31)), shape.get("max", 2**31))
        case "float":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
    raise AssertionError(shape["type"])


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


SAMPLES = {
    "SecurityGroupId": "sg-0",
    "SubnetId": "subnet-0",
    "RoleArn": "arn:aws:iam::123456789012:role/tune",
    "S3Uri": "s3://bucket/key",
    "FileSystemId": "fs-01234567",
    "HubDataSetArn": "arn:aws:sagemaker:us-east-1:123456789012:hub-content/hub/DataSet/data",
    "TrainingPlanArn": "arn:aws:sagemaker:us-east-1:123456789012:training-plan/plan",
}


def smallest(name: str) -> Any:
    """The smallest valid value of a shape."""
    shape = SHAPES[name]
    match shape["type"]:
        case "structure":
            return {
                member: smallest(shape["members"][member]["shape"]) for member in shape.get("required", ())
            }
        case "list":
            return [smallest(shape["member"]["shape"]) for _ in range(shape.get("min", 0))]
        case "map":
            return {}
        case "string" if "enum" in shape:
            return shape["enum"][0]
        case "string":
            return SAMPLES.get(name, "x" * shape.get("min", 0))
        case "integer" | "long":
            return shape.get("min", 0)
        case "boolean":
            return True
    return 0.5


def broken(name: str) -> dict[str, Any]:
    """Values that break one constraint of a shape each."""
    shape = SHAPES[name]
    found: dict[str, Any] = {}
    match shape["type"]:
        case "list":
            element = smallest(shape["member"]["shape"])
            if shape.get("min"):
                found["too few"] = [element] * (shape["min"] - 1)
            if "max" in shape:
                found["too many"] = [element] * (shape["max"] + 1)
            found["no list"] = 5
        case "map":
            found["too many"] = {f"k{i}": "" for i in range(shape["max"] + 1)}
            found["no map"] = [1]
        case "string" if "enum" in shape:
            found["no such word"] = "Nothing"
        case "string":
            found["too long"] = "x" * (shape["max"] + 1)
            if shape.get("min"):
                found["too short"] = "x" * (shape["min"] - 1)
            if "pattern" in shape and shape["pattern"] != r"[\S\s]*":
                found["pattern"] = "\n" * max(shape.get("min", 0), 1)
        case "integer" | "long":
            if "min" in shape:
                found["too small"] = shape["min"] - 1
            if "max" in shape:
                found["too large"] = shape["max"] + 1
            found["no number"] = "x"
        case "float":
            found["no number"] = "x"
        case "boolean":
            found["no boolean"] = "x"
        case "structure":
            found["no structure"] = 5
            found["unknown member"] = {**smallest(name), "Zzz": 1}
    return found


def bounds(name: str) -> list[Any]:
    """The outermost values that a shape admits."""
    shape = SHAPES[name]
    match shape["type"]:
        case "list":
            element = smallest(shape["member"]["shape"])
            return [[element] * shape.get("min", 0), [element] * shape.get("max", 3)]
        case "map":
            return [{}, {f"k{i}": "" for i in range(shape["max"])}]
        case "string" if "enum" in shape:
            return list(shape["enum"])
        case "integer" | "long":
            return [shape.get("min", -(2**63)), shape.get("max", 2**63 - 1)]
    return [smallest(name)]


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
