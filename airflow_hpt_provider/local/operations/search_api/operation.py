"""The operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db.search_expressions import Sql, joined, members
from airflow_hpt_provider.local.db.search_queries import ALL, VALUE, Search
from airflow_hpt_provider.local.db.tokens import BadTokenError
from airflow_hpt_provider.local.operations.error_messages import bad_token, invalid
from airflow_hpt_provider.local.operations.listing import PAGE
from airflow_hpt_provider.local.operations.search_api import results
from airflow_hpt_provider.local.operations.search_api.comparing import is_number
from airflow_hpt_provider.local.operations.search_api.expressions import condition, visible
from airflow_hpt_provider.local.operations.search_api.properties import Kind, Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

    from airflow_hpt_provider.local.database import Database
    from airflow_hpt_provider.local.engine.engine import Engine

    Resources = Mapping[str, tuple[Resource, Callable[[sqlite3.Connection, Iterable[int]], results.Found]]]

RESOURCES: Resources = {
    "TrainingJob": (
        Resource("TrainingJob", shape="TrainingJob", file="training_job_members", metrics=True),
        results.training_jobs_found,
    ),
    "HyperParameterTuningJob": (
        Resource(
            "HyperParameterTuningJob",
            shape="HyperParameterTuningJobSearchEntity",
            file="tuning_job_members",
        ),
        results.tuning_jobs_found,
    ),
}
SORTED_CHARACTERS = 1000
"""Maximum length of a text that is sorted by: a NextToken has no room for more."""


def is_ours(resource: str) -> bool:
    """Return whether a search is for a resource that the service itself keeps."""
    return resource in RESOURCES


def search(engine: Engine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle Search."""
    return search_in(RESOURCES, engine.database, parameters)


def search_in(resources: Resources, database: Database, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Search a database for one of its resources."""
    resource, found = resources[parameters["Resource"]]
    sort, order = _sort(resource, parameters.get("SortBy") or resource.sort_by)
    wanted = Search(
        members(resource.file).rows,
        sort,
        order=order,
        descending=parameters.get("SortOrder") != "Ascending",
        condition=_condition(resource, parameters),
    )
    limit, given = parameters.get("MaxResults") or PAGE, parameters.get("NextToken")
    with database.snapshot() as connection:
        try:
            ids, token = wanted.page(connection, limit=limit, token=given)
        except BadTokenError as error:
            raise bad_token() from error
        whole = given is None and token is None
        return {
            "Results": [{resource.name: job} for job in found(connection, ids)],
            "TotalHits": {
                "Value": len(ids) if whole else wanted.count(connection),
                "Relation": "EqualTo",
            },
            **({"NextToken": token} if token else {}),
        }


def _condition(resource: Resource, parameters: Mapping[str, Any]) -> Sql:
    wanted = [ALL]
    if parameters.get("SearchExpression") is not None:
        wanted.append(condition(resource, parameters["SearchExpression"]))
    if parameters.get("VisibilityConditions"):
        wanted.append(visible(resource, parameters["VisibilityConditions"]))
    if parameters.get("CrossAccountFilterOption") == "CrossAccount":
        wanted.append(Sql("FALSE"))  # there are no other accounts
    return joined("AND", wanted)


def _sort(resource: Resource, name: str) -> tuple[Sql, Sql]:
    """Return the value to sort by, and the expression that orders it."""
    by = resource.property(name)
    value = by.scalar
    if value is None or by.kind is Kind.STRUCTURE:
        raise invalid(f"{resource.name}s cannot be sorted by {name}: give a property that has one value.")
    text = Sql(f"substr(value, 1, {SORTED_CHARACTERS})")
    if by.kind is Kind.HYPERPARAMETER:
        # Numbers by their size, and before texts.
        number = Sql.of("CASE WHEN {} THEN CAST(value AS REAL) ELSE {} END", is_number(VALUE), text)
        return value, number
    return value, text if by.kind is Kind.TEXT else VALUE
