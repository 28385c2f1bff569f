"""Builds Params that Airflow's trigger form shows with titles, descriptions, choices, bounds and sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param

from airflow_hpt_provider.params.members import RANGES, Member, Request, as_plain, find, spaces, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_EXPOSE = (
    "Strategy",
    "MaxNumberOfTrainingJobs",
    "MaxParallelTrainingJobs",
    "HyperParameterTuningJobConfig.ResourceLimits.MaxRuntimeInSeconds",
)
"""Members exposed by default, in addition to every range."""

SECTIONS = (
    (("HyperParameterTuningJobConfig", "ResourceLimits"), "Limits"),
    (("HyperParameterTuningJobConfig",), "Search"),
    (("WarmStartConfig",), "Warm start"),
    ((), "Training jobs"),
)


def tuning_params(request: Request, expose: Sequence[str] | None = None) -> dict[str, Param]:
    """Params for a DAG whose trigger form sets up the tuning job; their defaults are the request's own values.

    Args:
        request: a request model; or what boto3's create_hyper_parameter_tuning_job takes, as a dict or a .json or
            .yaml file. What is not exposed may hold templates.
        expose: members' names (``"InstanceType"``; with more of the path where a name is not unique),
            ``"ParameterRanges.NAME"`` for both ends of a hyperparameter's range or its categories, and
            ``"StaticHyperParameters.NAME"``. Default: strategy, limits and every range.

    Returns:
        Params by name, in the order of ``expose``.

    Raises:
        UnknownMemberError: a name in ``expose`` means nothing, or several things.
    """
    plain = as_plain(request)
    params: dict[str, Param] = {}
    for key, member in exposed(plain, expose):
        value = value_at(plain, member.place)
        schema = _schema(member, value)
        params[key] = Param(
            _as_typed(value, schema),
            description=schema.pop("description"),
            **{name: each for name, each in schema.items() if each is not None},
        )
    return params


def exposed(plain: dict[str, Any], expose: Sequence[str] | None) -> Iterator[tuple[str, Member]]:
    """Yield the params' names with the members they stand for.

    Args:
        plain: from :func:`~airflow_hpt_provider.params.members.as_plain`.
        expose: as in :func:`tuning_params`.
    """
    names = [*DEFAULT_EXPOSE, *_all_ranges(plain)] if expose is None else expose
    taken: set[str] = set()
    for name in names:
        for member in find(plain, name):
            key = _key(member)
            if key in taken:  # the same member of several definitions
                key = "_".join(_snake(str(step)) for step in member.place[-4:])
            taken.add(key)
            yield key, member


def _all_ranges(plain: dict[str, Any]) -> list[str]:
    return [
        f"ParameterRanges.{each['Name']}"
        for place in spaces(plain)
        for kind in RANGES
        for each in value_at(plain, (*place, kind)) or ()
    ]


def _key(member: Member) -> str:
    """``MaxRuntimeInSeconds`` -> ``max_runtime_in_seconds``; a range's ends ``learning_rate_min``, ``_max``."""
    if member.hyperparameter is None:
        return _snake(str(member.place[-1]))
    ends = {"MinValue": "_min", "MaxValue": "_max"}
    return _snake(member.hyperparameter) + ends.get(str(member.place[-1]), "")


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    snake = re.sub(r"[^a-zA-Z0-9]+", "_", words).strip("_").lower()
    return f"p_{snake}" if snake[:1].isdigit() else snake


def _schema(member: Member, value: Any) -> dict[str, Any]:
    if member.kind is not None:
        return _of_range(member, value)
    if member.scalar is None:
        name = str(member.hyperparameter)
        return {
            "type": "string",
            "title": name,
            "description": "The same in all training jobs.",
            "section": "Training jobs",
        }
    schema = dict(member.scalar.schema())
    if not member.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return {
        **schema,
        "title": _title(str(member.place[-1])),
        "description": member.description,
        "section": next(name for start, name in SECTIONS if member.place[: len(start)] == start),
    }


def _of_range(member: Member, value: Any) -> dict[str, Any]:
    title = {"MinValue": "from", "MaxValue": "to", "Values": "any of"}[str(member.place[-1])]
    common = {"title": f"{member.hyperparameter}, {title}", "section": "Search space"}
    if member.kind == "categorical":
        known = [str(each) for each in value or ()]
        return common | {
            "type": "array",
            "items": {"type": "string"},
            "examples": known,
            "minItems": 1,
            "maxItems": 30,
            "description": "The categories to try.",
        }
    side = "lower" if member.place[-1] == "MinValue" else "upper"
    return common | {"type": member.kind, "description": f"The {side} end of the range to search."}


def _title(name: str) -> str:
    """``MaxNumberOfTrainingJobs`` -> ``Max number of training jobs``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).split()
    return " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])


def _as_typed(value: Any, schema: dict[str, Any]) -> Any:
    """Return a value in the form's type: AWS stores a range's ends as text."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None:
        return None
    if "integer" in types or "number" in types:
        for cast in (int, float):  # from text, so that 0.5 does not become 0
            try:
                return cast(str(value))
            except ValueError:
                continue
        return value  # a template, or a mistake: the form says so
    if "array" in types:
        return [str(each) for each in value]
    return value if "boolean" in types else str(value)
