"""Operations on model packages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.operations.model_registry import groups
from airflow_hpt_provider.local.operations.model_registry.store import (
    encode,
    invalid,
    now,
    page,
    tags_of,
    when,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from airflow_hpt_provider.local.operations.model_registry.store import RegistryContext

_NOT_KEPT = {"ModelPackageName", "ModelPackageGroupName", "Tags", "ClientToken"}
_REPLACED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
_SUMMARY = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
MAX_PROPERTIES = 50


def create(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateModelPackage: a version of a group, or a package with a name of its own.

    The same ClientToken again returns the existing package.
    """
    name, group_name = parameters.get("ModelPackageName"), parameters.get("ModelPackageGroupName")
    if (name is None) == (group_name is None):
        raise invalid("Exactly one of ModelPackageName and ModelPackageGroupName must be provided.")
    token = parameters.get("ClientToken")
    document = {member: value for member, value in parameters.items() if member not in _NOT_KEPT}
    with context.database.transaction() as connection:
        # Without a token nothing is found: in SQL, nothing equals NULL.
        known = connection.execute(
            "select arn from model_package where client_token = ?", (token,)
        ).fetchone()
        if known:
            return {"ModelPackageArn": known["arn"]}
        version = None
        if group_name is not None:
            group = groups.find(context, connection, group_name)
            name, version = group["name"], group["last_version"] + 1
            document.setdefault("ModelApprovalStatus", "PendingManualApproval")
            connection.execute(
                "update model_package_group set last_version = ? where name = ?", (version, group["name"])
            )
        arn = context.arn("model-package", str(name).lower() + (f"/{version}" if version else ""))
        if connection.execute("select 1 from model_package where arn = ?", (arn,)).fetchone():
            raise invalid(f"Model Package already exists: {arn}")
        connection.execute(
            "insert into model_package (arn, name, group_name, version, created, client_token, document, tags)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                arn,
                name,
                name if version else None,
                version,
                now(),
                token,
                encode(document),
                tags_of(parameters),
            ),
        )
    return {"ModelPackageArn": arn}


def describe(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeModelPackage, by ARN, or by the name of one without a group."""
    with context.database.snapshot() as connection:
        return description(_find(context, connection, parameters["ModelPackageName"]))


def update(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateModelPackage: what is given replaces what was there; customer metadata is merged, then removed by key."""
    with context.database.transaction() as connection:
        row = _find(context, connection, parameters["ModelPackageArn"])
        document = json.loads(row["document"])
        document.update({member: parameters[member] for member in _REPLACED if member in parameters})
        properties = document.get("CustomerMetadataProperties", {})
        properties |= parameters.get("CustomerMetadataProperties", {})
        for key in parameters.get("CustomerMetadataPropertiesToRemove", []):
            properties.pop(key, None)
        if len(properties) > MAX_PROPERTIES:
            raise invalid(f"A model package can have at most {MAX_PROPERTIES} CustomerMetadataProperties.")
        document["CustomerMetadataProperties"] = properties
        added = parameters.get("AdditionalInferenceSpecificationsToAdd", [])
        if added:
            document["AdditionalInferenceSpecifications"] = (
                document.get("AdditionalInferenceSpecifications", []) + added
            )
        connection.execute(
            "update model_package set document = ?, modified = ? where arn = ?",
            (encode(document), now(), row["arn"]),
        )
    return {"ModelPackageArn": row["arn"]}


def list_(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListModelPackages: those of a group, or (the default) those that belong to none."""
    with context.database.snapshot() as connection:
        if (group_name := parameters.get("ModelPackageGroupName")) is not None:
            group = groups.find(context, connection, group_name)["name"]
            rows = connection.execute(
                "select * from model_package where group_name = ? order by rowid", (group,)
            ).fetchall()
        else:
            wanted = {"Versioned": "version is not null", "Both": "true"}.get(
                parameters.get("ModelPackageType", "Unversioned"), "version is null"
            )
            rows = connection.execute(f"select * from model_package where {wanted} order by rowid").fetchall()  # noqa: S608
    status = parameters.get("ModelApprovalStatus")
    rows = [
        r for r in rows if status is None or json.loads(r["document"]).get("ModelApprovalStatus") == status
    ]
    found, token = page(rows, parameters, name=lambda row: row["name"], key=lambda row: row["arn"])
    summaries = []
    for row in found:
        described = description(row)
        summaries.append({member: described.get(member) for member in _SUMMARY})
    return {"ModelPackageSummaryList": summaries, "NextToken": token}


def delete(context: RegistryContext, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Handle DeleteModelPackage."""
    with context.database.transaction() as connection:
        row = _find(context, connection, parameters["ModelPackageName"])
        connection.execute("delete from model_package where arn = ?", (row["arn"],))
    return {}


def _find(context: RegistryContext, connection: sqlite3.Connection, name_or_arn: str) -> sqlite3.Row:
    arn = name_or_arn if name_or_arn.startswith("arn:") else context.arn("model-package", name_or_arn.lower())
    row: sqlite3.Row | None = connection.execute(
        "select * from model_package where arn = ?", (arn,)
    ).fetchone()
    if row is None:
        raise invalid(f"ModelPackage {arn} does not exist.")
    return row


def description(row: sqlite3.Row) -> dict[str, Any]:
    """Return a package as DescribeModelPackage shows it."""
    return {
        "CertifyForMarketplace": False,
        **json.loads(row["document"]),
        "ModelPackageName": row["name"],
        "ModelPackageGroupName": row["group_name"],
        "ModelPackageVersion": row["version"],
        "ModelPackageArn": row["arn"],
        "CreationTime": when(row["created"]),
        "LastModifiedTime": when(row["modified"]),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    }
