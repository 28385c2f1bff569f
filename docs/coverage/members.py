"""The members of DescribeHyperParameterTuningJob's answer, and how our models have them."""

from __future__ import annotations

import types
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import botocore.session
from botocore import xform_name

from airflow_hpt_provider.models import TuningJobDescription
from airflow_hpt_provider.models.validation.base import AwsModel
from airflow_hpt_provider.models.validation.collections import ListSize, MapSize
from airflow_hpt_provider.models.validation.scalars import Choice, Flag, Number, Time, Whole
from airflow_hpt_provider.models.validation.text import Text

OPERATION = "DescribeHyperParameterTuningJob"
REFERENCE = Path(__file__).parent / "reference_members.txt"


@dataclass(frozen=True)
class Member:
    """One member of the answer.

    Attributes:
        path: from the answer on; ``[]`` stands for a list's elements.
        key: ``Structure.Member``: what our own words about it are found by.
        type: AWS's.
        asked: whether it is part of a request too; else only of answers.
        model: ``Model.attribute`` of this provider; None if the provider lacks it.
        checks: what the model checks, in a few words.
    """

    path: str
    key: str
    type: str
    asked: bool
    model: str | None
    checks: str


def reference_paths() -> list[str]:
    """Return the members that the reference document names, in its order."""
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def members() -> tuple[Member, ...]:
    """Every member of the answer in botocore's current model, in its order."""
    service = botocore.session.get_session().get_service_model("sagemaker")
    answer = service.operation_model(OPERATION).output_shape
    request = service.operation_model("CreateHyperParameterTuningJob").input_shape
    asked = set(request.members) if request is not None else set()
    return tuple(_walk(answer, TuningJobDescription, "", asked))


def _walk(shape: Any, model: Any, prefix: str, asked: set[str] | bool) -> list[Member]:
    found: list[Member] = []
    for name, member in shape.members.items():
        path = f"{prefix}{name}"
        field = getattr(model, "model_fields", {}).get(xform_name(name))
        annotation = annotation_of(field) if field is not None else None
        is_asked = asked if isinstance(asked, bool) else name in asked
        found.append(
            Member(
                path=path,
                key=f"{shape.name}.{name}",
                type=member.type_name,
                asked=is_asked,
                model=f"{model.__name__}.{xform_name(name)}" if field is not None else None,
                checks=_checks(annotation, required=name in shape.required_members) if is_asked else "",
            )
        )
        while member.type_name == "list":
            member, path = member.member, f"{path}[]"
            annotation = get_args(unwrapped(annotation)[0])[0] if annotation is not None else None
        if member.type_name == "structure":
            inner = unwrapped(annotation)[0] if annotation is not None else None
            found += _walk(member, inner, f"{path}.", is_asked)
    return found


def annotation_of(field: Any) -> Any:
    """Return a field's annotation whole: pydantic keeps its outermost metadata apart."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def unwrapped(annotation: Any) -> tuple[Any, list[Any]]:
    """Return the type without Optional and Annotated, and the annotations."""
    metadata: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            metadata += annotation.__metadata__
            annotation = annotation.__origin__
        elif get_origin(annotation) in (Union, types.UnionType):
            [annotation] = [each for each in get_args(annotation) if each is not type(None)]
        else:
            return annotation, metadata


def _checks(annotation: Any, *, required: bool) -> str:
    """Describe what a model's annotation checks, in a few words."""
    if annotation is None:
        return ""
    inner, metadata = unwrapped(annotation)
    parts = ["required"] if required else []
    for each in metadata:
        match each:
            case Text():
                parts += [_span(each.min, each.max, "characters")] if each.min or each.max else []
                parts += ["pattern"] if each.pattern and each.pattern not in (".*", ".+") else []
            case Whole():
                parts += [_span(each.min, each.max, "")]
            case ListSize():
                parts += [_span(each.min, each.max, "elements")]
            case MapSize():
                parts += [_span(each.min, each.max, "entries")]
            case Choice():
                values = list(each.values)
                parts += [
                    f"one of {', '.join(values)}" if len(values) <= 4 else f"one of {len(values)} values"
                ]
            case Number():
                parts += ["number"]
            case Flag():
                parts += ["boolean"]
            case Time():
                parts += ["time"]
    if isinstance(inner, type) and issubclass(inner, AwsModel):
        parts += ["structure"]
    return ", ".join(part for part in parts if part) or "type"


def _span(least: int | None, most: int | None, unit: str) -> str:
    if not least and most is None:
        return ""
    span = f"≥ {least}" if most is None else f"{least or 0} to {most}"
    return f"{span} {unit}".strip()
