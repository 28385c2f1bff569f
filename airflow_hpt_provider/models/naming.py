"""Names of the hyperparameters, definitions and channels that a validation error is about.

A location such as ``ParameterRanges.IntegerParameterRanges.0.MaxValue`` has only indexes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from airflow_hpt_provider.models.ranges import ParameterRanges
from airflow_hpt_provider.models.validation.collections import from_json_text
from airflow_hpt_provider.models.validation.errors import Location, format_value, line

if TYPE_CHECKING:
    from pydantic_core import InitErrorDetails

_NAMED: Final = {
    "IntegerParameterRanges": ("Name", "hyperparameter"),
    "ContinuousParameterRanges": ("Name", "hyperparameter"),
    "CategoricalParameterRanges": ("Name", "hyperparameter"),
    "AutoParameters": ("Name", "hyperparameter"),
    "TrainingJobDefinitions": ("DefinitionName", "definition"),
    "InputDataConfig": ("ChannelName", "channel"),
    "MetricDefinitions": ("Name", "metric"),
    "Tags": ("Key", "tag"),
}
"""List -> the member that names an element, and what an element is."""


def with_names(lines: Iterable[InitErrorDetails], data: Any) -> list[InitErrorDetails]:
    """Return the lines of an error, each with the names of what it is about at its end.

    Args:
        lines: the lines.
        data: the input that they are about. It may be of any form that a request takes.
    """
    return [_with_names(each, data) for each in lines]


def _with_names(each: InitErrorDetails, data: Any) -> InitErrorDetails:
    kind = each["type"]
    if isinstance(kind, str):
        return each
    text = kind.message()
    missing = [f"{what} {name}" for what, name in _names(each.get("loc", ()), data) if name not in text]
    if not missing:
        return each
    text = f"{text} ({' of '.join(reversed(missing))})"
    return line(kind.type, each.get("loc", ()), text, each.get("input"), **(kind.context or {}))


def _names(location: Location, data: Any) -> Iterator[tuple[str, str]]:
    """Find the named elements around a location, outermost first."""
    node, holder = data, ""
    for step in location:
        node = _plain(node)
        if isinstance(node, Mapping):
            holder, node = str(step), _member(node, str(step))
        elif isinstance(node, list | tuple) and isinstance(step, int) and step < len(node):
            node = _plain(node[step])
            member, what = _NAMED.get(holder, ("", ""))
            name = _member(node, member) if member and isinstance(node, Mapping) else None
            if isinstance(name, str | int | float):
                yield what, format_value(str(name))
        else:
            return


def _plain(node: Any) -> Any:
    if isinstance(node, BaseModel):
        return node.model_dump(by_alias=True)
    if isinstance(node, str):
        return from_json_text(from_json_text(node, "{"), "[")
    return node


def _member(node: Mapping[Any, Any], name: str) -> Any:
    if name in _NAMED:
        try:
            node = ParameterRanges.expand_shorthands(node)
        except PydanticCustomError:
            return None
    wanted = name.lower()
    return next((value for key, value in node.items() if str(key).replace("_", "").lower() == wanted), None)
