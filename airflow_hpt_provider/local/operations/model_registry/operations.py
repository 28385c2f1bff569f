"""The model registry as Operations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.database import Database
from airflow_hpt_provider.local.operations.model_registry import groups, packages, searching
from airflow_hpt_provider.local.operations.model_registry.store import (
    SCHEMA,
    RegistryContext,
    encode,
    invalid,
)
from airflow_hpt_provider.local.tag_rules import check_number, check_page, given_keys, given_tags

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from pathlib import Path


def add_tags(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """AddTags; answers with those that were added."""
    added = given_tags(parameters["Tags"])
    _change_tags(context, parameters["ResourceArn"], lambda tags: tags | added)
    return {"Tags": parameters["Tags"]}


def list_tags(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListTags: never more than a page."""
    check_page(parameters)
    with context.database.snapshot() as connection:
        tags = _tags(connection, parameters["ResourceArn"])[1]
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def delete_tags(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle DeleteTags."""
    gone = given_keys(parameters["TagKeys"])
    _change_tags(
        context, parameters["ResourceArn"], lambda tags: {k: v for k, v in tags.items() if k not in gone}
    )
    return {}


HANDLERS: dict[str, Callable[[RegistryContext, Mapping[str, Any]], dict[str, Any]]] = {
    "CreateModelPackageGroup": groups.create,
    "DescribeModelPackageGroup": groups.describe,
    "ListModelPackageGroups": groups.list_,
    "DeleteModelPackageGroup": groups.delete,
    "CreateModelPackage": packages.create,
    "DescribeModelPackage": packages.describe,
    "UpdateModelPackage": packages.update,
    "ListModelPackages": packages.list_,
    "DeleteModelPackage": packages.delete,
    "AddTags": add_tags,
    "ListTags": list_tags,
    "DeleteTags": delete_tags,
    "Search": searching.search,
}
_TAGGING = frozenset({"AddTags", "ListTags", "DeleteTags"})


class ModelRegistry:
    """Answers the operations on model packages, their groups and the tags of both."""

    names = frozenset(HANDLERS)

    def __init__(self, path: Path, region: str, account_id: str) -> None:
        self._context = RegistryContext(
            Database(path, lambda connection: connection.executescript(SCHEMA)), region, account_id
        )

    def handles(self, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether this call is for the registry."""
        if operation in _TAGGING:
            return ":model-package" in str(parameters.get("ResourceArn", ""))
        if operation == "Search":
            return parameters["Resource"] in searching.RESOURCES
        return operation in self.names

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one operation."""
        return HANDLERS[operation](self._context, parameters)

    def start(self) -> None:
        """Nothing to take up."""

    def close(self) -> None:
        """Close the database."""
        self._context.database.close()


def _change_tags(
    context: RegistryContext, arn: str, change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    with context.database.transaction() as connection:
        table, tags = _tags(connection, arn)
        changed = change(tags)
        check_number(changed)
        connection.execute(f"update {table} set tags = ? where arn = ?", (encode(changed), arn))  # noqa: S608


def _tags(connection: sqlite3.Connection, arn: str) -> tuple[str, dict[str, str]]:
    """Return the table that the resource is in, and its tags."""
    for table in ("model_package_group", "model_package"):
        row = connection.execute(f"select tags from {table} where arn = ?", (arn,)).fetchone()  # noqa: S608
        if row is not None:
            return table, json.loads(row["tags"])
    raise invalid(f"The resource {arn} does not exist.")
