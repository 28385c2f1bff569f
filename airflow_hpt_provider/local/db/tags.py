"""Tags in the store, by the ARN of what they are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.local.db.queries import load

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

SQL = load("tags")


def put(connection: sqlite3.Connection, arn: str, tags: Mapping[str, str]) -> None:
    """Add tags, replacing those of the same key."""
    connection.executemany(
        SQL["put"], [{"arn": arn, "key": key, "value": value} for key, value in tags.items()]
    )


def of(connection: sqlite3.Connection, arn: str) -> dict[str, str]:
    """Return the tags of a resource, by key."""
    return {row["key"]: row["value"] for row in connection.execute(SQL["of_arn"], {"arn": arn})}


def delete(connection: sqlite3.Connection, arn: str, keys: Iterable[str]) -> None:
    """Remove these keys, where they are there."""
    connection.executemany(SQL["delete"], [{"arn": arn, "key": key} for key in keys])


def delete_all(connection: sqlite3.Connection, arn: str) -> None:
    """Remove all of a resource's tags, as it goes itself."""
    connection.execute(SQL["delete_all"], {"arn": arn})
