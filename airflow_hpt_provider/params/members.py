"""Finds members of a request by name: ``InstanceType`` -> its path, and what AWS allows there."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.models.files import read_config
from airflow_hpt_provider.models.ranges import ParameterRanges
from airflow_hpt_provider.models.validation.base import AwsModel
from airflow_hpt_provider.models.validation.errors import nearest
from airflow_hpt_provider.models.validation.names import aws_name
from airflow_hpt_provider.models.validation.scalars import Scalar

Request = TuningJobRequest | Mapping[str, Any] | str | Path
Place = tuple[str | int, ...]

RANGES = {
    "IntegerParameterRanges": "integer",
    "ContinuousParameterRanges": "number",
    "CategoricalParameterRanges": "categorical",
}


class UnknownMemberError(ValueError):
    """What is to be exposed is not there, or not one thing; the message names the choices."""


@dataclass(frozen=True)
class Member:
    """A value in a request that a person may choose.

    Attributes:
        place: where it is: AWS's names and list indexes.
        scalar: what AWS allows there; None: it is part of a range, or a static hyperparameter.
        description: what it is.
        required: whether it must have a value.
        hyperparameter: the hyperparameter that it belongs to.
        kind: of a range: integer, number or categorical.
    """

    place: Place
    scalar: Scalar | None = None
    description: str = ""
    required: bool = False
    hyperparameter: str | None = None
    kind: str | None = None


def as_plain(request: Request) -> dict[str, Any]:
    """Return a copy of a request as a dict in AWS's names, with ranges written out.

    It may hold templates, so nothing is checked.
    """
    if isinstance(request, TuningJobRequest):
        return request.to_dict()
    plain = read_config(request) if isinstance(request, str | Path) else _aws_names(copy.deepcopy(request))
    for holder in _holders(plain):
        for name in ("ParameterRanges", "HyperParameterRanges"):
            if isinstance(holder.get(name), Mapping):
                holder[name] = dict(ParameterRanges.expand_shorthands(holder[name]))
    return plain


def find(request: dict[str, Any], name: str) -> list[Member]:
    """Return the members with a name: one, or a range's ends.

    Args:
        request: from :func:`as_plain`.
        name: a member's name if no other has the same (``InstanceType``), more of its path
            (``ResourceConfig.InstanceType``), ``ParameterRanges.NAME`` or ``StaticHyperParameters.NAME``.

    Raises:
        UnknownMemberError: there is no such member, or there are several.
    """
    head, _, hyperparameter = name.partition(".")
    if head in {"ParameterRanges", "HyperParameterRanges"} and hyperparameter:
        return _range(request, hyperparameter)
    if head == "StaticHyperParameters" and hyperparameter:
        return [_static(request, hyperparameter)]
    wanted = tuple(name.split("."))
    everything = list(_walk(TuningJobRequest, request, ()))
    found = [member for member in everything if _path(member)[-len(wanted) :] == wanted]
    if len(found) > 1:  # where the request has only one of the structures, that one is meant
        found = [member for member in found if value_at(request, member.place[:-1]) is not None] or found
    if len(found) == 1:
        return found
    if found:
        paths = ", ".join(".".join(_path(member)) for member in found)
        raise UnknownMemberError(f"expose={name!r} is ambiguous: it may be {paths}. Give more of its path.")
    near = nearest(name, {str(_path(member)[-1]) for member in everything})
    hint = f" Did you mean {near!r}?" if near else ""
    raise UnknownMemberError(
        f"expose={name!r} must name a member of a tuning job's request that holds one value.{hint}"
    )


def value_at(request: Any, place: Place) -> Any:
    """Return the value at a path, or None."""
    for step in place:
        if isinstance(request, Mapping):
            request = request.get(step)
        elif isinstance(request, Sequence) and isinstance(step, int) and step < len(request):
            request = request[step]
        else:
            return None
    return request


def put(request: dict[str, Any], place: Place, value: Any) -> None:
    """Set the value there; structures on the way are made."""
    holder: Any = request
    for step in place[:-1]:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
    holder[place[-1]] = value


def _path(member: Member) -> tuple[str, ...]:
    return tuple(step for step in member.place if isinstance(step, str))


def _walk(model: type[AwsModel], request: Any, place: Place) -> Iterator[Member]:
    """Every member below that holds one value; of lists, those of the elements that are there."""
    for attribute, field in model.model_fields.items():
        at = (*place, aws_name(attribute))
        scalar, nested, is_list = _meaning(field.annotation, field.metadata)
        if scalar is not None and not is_list:
            yield Member(at, scalar, field.description or "", field.is_required())
        elif nested is not None:
            there = value_at(request, at)
            if at == ("TrainingJobDefinitions",) and not there:
                continue
            if at == ("TrainingJobDefinition",) and value_at(request, ("TrainingJobDefinitions",)):
                continue
            below = [(*at, index) for index in range(len(there or ()))] if is_list else [at]
            for each in below:
                yield from _walk(nested, request, each)


def _meaning(
    annotation: Any, metadata: Sequence[Any] = ()
) -> tuple[Scalar | None, type[AwsModel] | None, bool]:
    """Return what an annotation holds: a scalar, a structure, or a list of one of them."""
    for each in metadata:
        if isinstance(each, Scalar):
            return each, None, False
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return _meaning(inner, metadata)
    if get_origin(annotation) in {Union, UnionType}:
        return next(_meaning(each) for each in get_args(annotation) if each is not type(None))
    if get_origin(annotation) is list:
        scalar, nested, _ = _meaning(get_args(annotation)[0])
        return scalar, nested, True
    if isinstance(annotation, type) and issubclass(annotation, AwsModel):
        return None, annotation, False
    return None, None, False


def _range(request: dict[str, Any], name: str) -> list[Member]:
    known: list[str] = []
    for place in spaces(request):
        for member, kind in RANGES.items():
            for index, each in enumerate(value_at(request, (*place, member)) or ()):
                known.append(str(each.get("Name")))
                if each.get("Name") != name:
                    continue
                at = (*place, member, index)
                ends = ["Values"] if kind == "categorical" else ["MinValue", "MaxValue"]
                return [Member((*at, end), None, "", True, name, kind) for end in ends]
    raise UnknownMemberError(
        f"expose='ParameterRanges.{name}': unknown hyperparameter; the tuned ones are "
        f"{', '.join(known) or 'none'}."
    )


def _static(request: dict[str, Any], name: str) -> Member:
    known: list[str] = []
    for place in _definitions(request):
        values = value_at(request, (*place, "StaticHyperParameters")) or {}
        known.extend(values)
        if name in values:
            return Member((*place, "StaticHyperParameters", name), None, "", True, name)
    raise UnknownMemberError(
        f"expose='StaticHyperParameters.{name}': unknown static hyperparameter; the known ones are "
        f"{', '.join(known) or 'none'}."
    )


def _definitions(request: dict[str, Any]) -> list[Place]:
    several = range(len(value_at(request, ("TrainingJobDefinitions",)) or ()))
    return [("TrainingJobDefinition",), *(("TrainingJobDefinitions", index) for index in several)]


def spaces(request: dict[str, Any]) -> list[Place]:
    """Where a request may have search spaces: the tuning job's own, and each definition's."""
    own = [(*place, "HyperParameterRanges") for place in _definitions(request)]
    return [("HyperParameterTuningJobConfig", "ParameterRanges"), *own]


def _holders(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the structures that may have a search space, unchanged."""
    candidates = [request.get("HyperParameterTuningJobConfig"), request.get("TrainingJobDefinition")]
    for each in [*candidates, *(request.get("TrainingJobDefinitions") or ())]:
        if isinstance(each, dict):
            yield each


def _aws_names(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the top level of a request in AWS's names; its author may have written Python's."""
    return {
        (aws_name(name) if name.islower() else name): dict(value) if isinstance(value, Mapping) else value
        for name, value in request.items()
    }
