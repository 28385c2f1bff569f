"""Operations on model package groups."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.operations.model_registry.store import (
    encode,
    invalid,
    now,
    page,
    tags_of,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.operations.model_registry.store import RegistryContext

_KEPT = ("ModelPackageGroupDescription", "ManagedConfiguration")


def create(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle CreateModelPackageGroup."""
    name = parameters["ModelPackageGroupName"]
    arn = context.arn("model-package-group", name)
    document = {member: parameters[member] for member in _KEPT if member in parameters}
    try:
        with context.database.transaction() as connection:
            connection.execute(
                "insert into model_package_group (name, arn, created, document, tags) values (?, ?, ?, ?, ?)",
                (name, arn, now(), encode(document), tags_of(parameters)),
            )
    except sqlite3.IntegrityError:
        raise invalid(f"Model Package Group already exists: {arn}") from None
    return {"ModelPackageGroupArn": arn}


def describe(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeModelPackageGroup, by name or ARN."""
    with context.database.snapshot() as connection:
        row = find(context, connection, parameters["ModelPackageGroupName"])
    return {**summary(row), "CreatedBy": {}}


def list_(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle ListModelPackageGroups."""
    with context.database.snapshot() as connection:
        rows = connection.execute("select * from model_package_group order by rowid").fetchall()
    found, token = page(rows, parameters, name=lambda row: row["name"], key=lambda row: row["name"])
    return {"ModelPackageGroupSummaryList": [summary(row) for row in found], "NextToken": token}


def delete(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteModelPackageGroup; refused while it has packages."""
    with context.database.transaction() as connection:
        row = find(context, connection, parameters["ModelPackageGroupName"])
        if connection.execute("select 1 from model_package where group_name = ?", (row["name"],)).fetchone():
            raise ServiceError(
                "ConflictException", f"Model Package Group {row['arn']} cannot be deleted as it is not empty."
            )
        connection.execute("delete from model_package_group where name = ?", (row["name"],))
    return {}


def find(context: RegistryContext, connection: sqlite3.Connection, name_or_arn: str) -> sqlite3.Row:
    """Return a group's row, by name or ARN. Raises ValidationException, as AWS does."""
    row: sqlite3.Row | None = connection.execute(
        "select * from model_package_group where :it in (name, arn)", {"it": name_or_arn}
    ).fetchone()
    if row is None:
        arn = (
            name_or_arn if name_or_arn.startswith("arn:") else context.arn("model-package-group", name_or_arn)
        )
        raise invalid(f"Model Package Group {arn} does not exist.")
    return row


def summary(row: sqlite3.Row) -> dict[str, Any]:
    """Return a group as a list shows it."""
    return {
        **json.loads(row["document"]),
        "ModelPackageGroupName": row["name"],
        "ModelPackageGroupArn": row["arn"],
        "CreationTime": when(row["created"]),
        "ModelPackageGroupStatus": "Completed",
    }
