"""Names of properties to search by, for who is typing one.

Those that every resource has are in botocore's model; the keys of hyperparameters, tags, metrics and other maps are
those that there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model
from airflow_hpt_provider.local.db.search_expressions import members
from airflow_hpt_provider.local.db.search_queries import keys, metric_names, tag_keys
from airflow_hpt_provider.local.operations.search_api.operation import RESOURCES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

    from botocore.model import Shape

    from airflow_hpt_provider.local.engine.engine import Engine
    from airflow_hpt_provider.local.operations.search_api.properties import Resource

LONGEST = 255
"""Characters of a property's name: no filter can have a longer one."""


def suggest(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetSearchSuggestions: the names that begin with the hint, in its case; without a hint, all."""
    resource, _ = RESOURCES[parameters["Resource"]]
    query = (parameters.get("SuggestionQuery") or {}).get("PropertyNameQuery") or {}
    hint = query.get("PropertyNameHint") or ""
    with engine.database.snapshot() as connection:
        found = sorted(
            {
                name
                for name in _names(connection, resource, hint)
                if name.startswith(hint) and len(name) <= LONGEST
            }
        )
    return {"PropertyNameSuggestions": [{"PropertyName": name} for name in found]}


def _names(connection: sqlite3.Connection, resource: Resource, hint: str) -> Iterator[str]:
    rows = members(resource.file).rows
    for name, is_map in _of_shape(sagemaker_model().shape(resource.shape)):
        yield name
        if is_map and _may_begin(f"{name}.", hint):
            # Only a key of a map is a property that leads into it: any will do.
            into = resource.property(f"{name}.key")
            yield from _below(name, keys(connection, rows, into.start, into.steps[1:]))
    if _may_begin("Tags.", hint):
        yield from _below("Tags", tag_keys(connection, rows))
    if resource.metrics and _may_begin("Metrics.", hint):
        yield from _below("Metrics", metric_names(connection))


def _below(name: str, found: Iterable[str]) -> Iterator[str]:
    return (f"{name}.{key}" for key in found if key)


def _may_begin(name: str, hint: str) -> bool:
    """Return whether a name that is longer than this one can begin with the hint."""
    return name.startswith(hint) or hint.startswith(name)


def _of_shape(shape: Shape, name: str = "") -> Iterator[tuple[str, bool]]:
    """(name, whether it is a map's) of all that is below a shape; of a list, what its elements have."""
    while isinstance(shape, ListShape):
        shape = shape.member
    if name:
        yield name, isinstance(shape, MapShape)
    if isinstance(shape, StructureShape) and name != "Tags":  # Tags.Key is the tag of this key
        for member, below in shape.members.items():
            yield from _of_shape(below, f"{name}.{member}" if name else member)
