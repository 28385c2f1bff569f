"""Search over model packages and their groups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.operations.model_registry import groups, packages
from airflow_hpt_provider.local.operations.search_api.operation import search_in
from airflow_hpt_provider.local.operations.search_api.properties import Resource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

    from airflow_hpt_provider.local.operations.model_registry.store import RegistryContext


def _found(
    table: str, describe: Callable[[sqlite3.Row], dict[str, Any]]
) -> Callable[[sqlite3.Connection, Iterable[int]], list[dict[str, Any]]]:
    def found(connection: sqlite3.Connection, ids: Iterable[int]) -> list[dict[str, Any]]:
        records = []
        for row_id in ids:
            row = connection.execute(f"select * from {table} where rowid = ?", (row_id,)).fetchone()  # noqa: S608
            tags = [{"Key": key, "Value": value} for key, value in json.loads(row["tags"]).items()]
            records.append(describe(row) | {"Tags": tags})
        return records

    return found


RESOURCES = {
    "ModelPackage": (
        Resource("ModelPackage", shape="ModelPackage", file="model_package_members", sort_by="CreationTime"),
        _found("model_package", packages.description),
    ),
    "ModelPackageGroup": (
        Resource(
            "ModelPackageGroup",
            shape="ModelPackageGroup",
            file="model_package_group_members",
            sort_by="CreationTime",
        ),
        _found("model_package_group", groups.summary),
    ),
}


def search(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle Search."""
    return search_in(RESOURCES, context.database, parameters)
