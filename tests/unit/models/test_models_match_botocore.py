"""The models against botocore's own service model: any difference, in either direction, is a failure."""

from typing import Annotated, Any, get_args, get_origin

import botocore.session
import pytest
import regex
from botocore import xform_name

from airflow_hpt_provider.models import (
    TrainingJobSummary,
    TuningJobDescription,
    TuningJobRequest,
    TuningJobSummary,
)
from airflow_hpt_provider.models.validation.base import AwsModel
from airflow_hpt_provider.models.validation.collections import ListSize, MapSize
from airflow_hpt_provider.models.validation.names import aws_name
from airflow_hpt_provider.models.validation.patterns import TAG, matches
from airflow_hpt_provider.models.validation.scalars import Choice, Flag, Number, Time, Whole
from airflow_hpt_provider.models.validation.text import Text
from docs.coverage.members import annotation_of, unwrapped

SERVICE = botocore.session.get_session().get_service_model("sagemaker")
SHAPES: dict[str, Any] = SERVICE._service_description["shapes"]
ROOTS: dict[str, type[AwsModel]] = {
    SERVICE.operation_model("CreateHyperParameterTuningJob").input_shape.name: TuningJobRequest,
    SERVICE.operation_model("DescribeHyperParameterTuningJob").output_shape.name: TuningJobDescription,
    "HyperParameterTuningJobSummary": TuningJobSummary,
    "HyperParameterTrainingJobSummary": TrainingJobSummary,
}

NOT_REQUIRED_HERE = {("CreateHyperParameterTuningJobRequest", "HyperParameterTuningJobName")}
"""The one difference: a config may leave the name to the operator. `to_aws` asks for it."""


def structures(
    shape: str, model: type[AwsModel], found: dict[str, type[AwsModel]]
) -> dict[str, type[AwsModel]]:
    """Every structure below a root, with its model."""
    if shape in found:
        assert found[shape] is model, f"two models for {shape}"
        return found
    found[shape] = model
    for attribute, field in model.model_fields.items():
        member = SHAPES[shape]["members"].get(aws_name(attribute))
        if member is not None:
            pair = structure_in(member["shape"], annotation_of(field))
            if pair is not None:
                structures(*pair, found)
    return found


def structure_in(shape: str, annotation: Any) -> tuple[str, type[AwsModel]] | None:
    inner, _ = unwrapped(annotation)
    if SHAPES[shape]["type"] == "structure":
        return shape, inner
    if SHAPES[shape]["type"] == "list" and get_origin(inner) is list:
        return structure_in(SHAPES[shape]["member"]["shape"], get_args(inner)[0])
    return None


def differences(shape_name: str, annotation: Any) -> list[str]:
    """What differs between a shape and an annotation."""
    shape = SHAPES[shape_name]
    inner, metadata = unwrapped(annotation)
    bounds = (shape.get("min", 0), shape.get("max"))
    match shape["type"]:
        case "structure":
            same = isinstance(inner, type) and issubclass(inner, AwsModel) and inner.aws_shape() == shape_name
            return [] if same else [f"{inner} is not {shape_name}"]
        case "list":
            [items] = [each for each in metadata if isinstance(each, ListSize)] or [ListSize()]
            found = [] if (items.min, items.max) == bounds else [f"{items}, not {bounds}"]
            if get_origin(inner) is not list:
                return [*found, f"{inner} is not a list"]
            return found + differences(shape["member"]["shape"], get_args(inner)[0])
        case "map":
            [entries] = [each for each in metadata if isinstance(each, MapSize)]
            found = [] if (entries.min, entries.max) == bounds else [f"{entries}, not {bounds}"]
            key, value = get_args(inner)
            return (
                found + differences(shape["key"]["shape"], key) + differences(shape["value"]["shape"], value)
            )
        case "string" if "enum" in shape:
            [choice] = metadata
            assert isinstance(choice, Choice)
            assert inner is str
            listed = sorted(choice.values)
            return [] if listed == sorted(shape["enum"]) else [f"{set(listed) ^ set(shape['enum'])} differ"]
        case "string":
            [text] = metadata
            expected = (shape.get("min", 0), shape.get("max"), shape.get("pattern"))
            actual = (text.min, text.max, text.pattern)
            return [] if actual == expected and inner is str else [f"{actual}, not {expected}"]
        case "integer" | "long":
            [whole] = metadata
            expected = (shape.get("min"), shape.get("max"))
            assert isinstance(whole, Whole)
            return [] if (whole.min, whole.max) == expected and inner is int else [f"{whole}, not {expected}"]
        case "float" | "double":
            [number] = metadata
            assert not {"min", "max"} & shape.keys()
            return [] if isinstance(number, Number) and inner is float else [f"{metadata}, not a number"]
        case "boolean":
            return [] if isinstance(metadata[0], Flag) and inner is bool else [f"{metadata}, not a flag"]
        case "timestamp":
            return [] if isinstance(metadata[0], Time) else [f"{metadata}, not a time"]
        case other:
            return [f"botocore has a new type, {other}"]


FOUND: dict[str, type[AwsModel]] = {}
for _root, _model in ROOTS.items():
    structures(_root, _model, FOUND)


@pytest.mark.parametrize("shape", sorted(FOUND))
def test_structure_is_botocores(shape):
    model, members = FOUND[shape], SHAPES[shape]["members"]
    assert model.aws_shape() == shape
    ours = {aws_name(attribute): attribute for attribute in model.model_fields}
    assert sorted(ours) == sorted(members)
    found = []
    for member, attribute in ours.items():
        field = model.model_fields[attribute]
        assert attribute == xform_name(member)
        found += [f"{member}: {each}" for each in differences(members[member]["shape"], annotation_of(field))]
        required = member in SHAPES[shape].get("required", ())
        if (shape, member) in NOT_REQUIRED_HERE:
            assert required
            assert not field.is_required()
        elif field.is_required() != required:
            found.append(f"{member}: required is {field.is_required()}, not {required}")
    assert found == []


def closure(name: str, seen: set[str]) -> set[str]:
    if name not in seen:
        seen.add(name)
        shape = SHAPES[name]
        for member in shape.get("members", {}).values():
            closure(member["shape"], seen)
        for part in ("member", "key", "value"):
            if part in shape:
                closure(shape[part]["shape"], seen)
    return seen


def test_every_structure_of_the_four_operations_has_been_compared():
    every = set().union(*(closure(root, set()) for root in ROOTS))
    assert {name for name in every if SHAPES[name]["type"] == "structure"} == set(FOUND)
    assert len(closure("CreateHyperParameterTuningJobRequest", set())) == 127


def test_the_walk_sees_a_difference():
    """The comparison itself can fail: a bound, a pattern, an enum value, a type."""
    assert differences("MaximumRetryAttempts", Annotated[int, Whole(1, 31)])
    assert differences("RoleArn", Annotated[str, Text(20, 2048, "arn:.*")])
    assert differences("AutotuneMode", Annotated[str, Choice(lambda: ("Enabled", "Disabled"))])
    assert differences("TagList", Annotated[list[TrainingJobSummary], ListSize(0, 50)])
    assert differences("TagList", Annotated[list[TuningJobSummary], ListSize(0, 51)])


PATTERNS = sorted(
    {SHAPES[name]["pattern"] for root in ROOTS for name in closure(root, set()) if "pattern" in SHAPES[name]}
)
SAMPLES = [
    "", "a", "-a", "a-", "a--b", "ä", "1", "x" * 33, "a b", "a\nb", "a\rb", "a\u2028b", "\u0661", "日本 語", "a\u00a0b",
    "_", "a_b",
    "9a", "a.b:c/d=e+f-g@h", "a#b", "s3://bucket/key", "s3:///key", "https://host", "http://host", "fs-01234567",
    "fs-0123456g", "arn:aws:iam::123456789012:role/x", "arn:aws:iam::12345678901:role/x", "\U0001d54f", "😀",
    "arn:aws-cn:iam::123456789012:role/path/x", "arn:aws:sagemaker:us-east-1:123456789012:training-job/a-1",
    "arn:aws:sagemaker:us-east-1:123456789012:training-job/a_1", "arn:aws:sagemaker:eu-west-1:123456789012:algorithm/x",
    "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/x",
    "arn:aws:sagemaker:us-east-1:123456789012:training-plan/x", "alias/Key_1", "subnet-0a",
    "arn:aws:sagemaker:us-east-1:123456789012:hub-content/hub/DataSet/data/1.0.0",
    "arn:aws:sagemaker:us-east-1:aws:hub-content/hub/DataSet/data",
]  # fmt: skip


def test_only_the_tags_pattern_has_classes_that_re_lacks():
    assert [pattern for pattern in PATTERNS if "\\p" in pattern] == [TAG]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_match_as_the_regex_package_matches_them(pattern):
    """`regex` knows Java's classes; its dot, like Python's, differs from Java's in the line ends alone."""
    known = regex.compile(pattern, regex.ASCII if pattern != TAG else regex.UNICODE)
    line_ends = {"a\rb", "a\u2028b"}
    for sample in SAMPLES:
        if sample in line_ends and "." in pattern:
            continue
        assert matches(pattern, sample) == bool(known.fullmatch(sample)), sample


@pytest.mark.parametrize("pattern", [".*", ".+"])
@pytest.mark.parametrize("end", ["\n", "\r", "\u0085", "\u2028", "\u2029"])
def test_javas_dot_stops_at_every_line_end(pattern, end):
    assert matches(pattern, "one line")
    assert not matches(pattern, f"two{end}lines")
