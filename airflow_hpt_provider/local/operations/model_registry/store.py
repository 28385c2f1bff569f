"""What the model registry keeps: groups and packages as documents in AWS names, found by a few columns."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.page_tokens import from_token, to_token
from airflow_hpt_provider.local.tag_rules import given_tags

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from airflow_hpt_provider.local.database import Database

SCHEMA = """
create table if not exists model_package_group (
    name text primary key, arn text not null unique, created real not null,
    last_version integer not null default 0,     -- versions are never used again
    document text not null, tags text not null
);

create table if not exists model_package (
    arn text primary key, name text not null,
    group_name text references model_package_group, version integer,
    created real not null, modified real, client_token text unique,
    document text not null, tags text not null
);
create index if not exists model_package_group_name on model_package (group_name, created);
"""


@dataclass(frozen=True)
class RegistryContext:
    """What the operations work on."""

    database: Database
    region: str
    account_id: str

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of a group or package."""
        return f"arn:aws:sagemaker:{self.region}:{self.account_id}:{kind}/{name}"


DEFAULT_PAGE = 100


def encode(document: Mapping[str, Any]) -> str:
    """Return a document as JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def tags_of(parameters: Mapping[str, Any]) -> str:
    """Return a request's Tags as JSON.

    Raises:
        ServiceError: AWS would not take them.
    """
    return encode(given_tags(parameters.get("Tags")))


def now() -> float:
    """Seconds since the epoch, in milliseconds: the precision that clients see and filter by."""
    return round(time.time(), 3)


def when(timestamp: float | None) -> datetime | None:
    """Seconds since the epoch as an aware datetime."""
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


def invalid(message: str) -> ServiceError:
    """Return a ValidationException, AWS's code for nearly every error of the registry."""
    return ServiceError("ValidationException", message)


def page(
    rows: Sequence[sqlite3.Row],
    parameters: Mapping[str, Any],
    name: Callable[[sqlite3.Row], str],
    key: Callable[[sqlite3.Row], str],
) -> tuple[list[sqlite3.Row], str | None]:
    """Filter, sort and cut rows by a List request's common parameters.

    Returns:
        The page, and the NextToken; None after the last page.

    Args:
        rows: all that the request's own filters left, in order of creation.
        parameters: CreationTimeAfter, CreationTimeBefore, NameContains, SortBy, SortOrder, MaxResults, NextToken.
        name: the column for SortBy Name and NameContains.
        key: tells rows apart; what a NextToken holds.

    Raises:
        ServiceError: a ValidationException for a NextToken that is none, or whose row is gone.
    """
    after, before = parameters.get("CreationTimeAfter"), parameters.get("CreationTimeBefore")
    found = [
        row
        for row in rows
        if (after is None or row["created"] > round(after.timestamp(), 3))
        and (before is None or row["created"] < round(before.timestamp(), 3))
        and parameters.get("NameContains", "").lower() in name(row).lower()
    ]
    by_name = parameters.get("SortBy") == "Name"
    descending = parameters.get("SortOrder") == "Descending"
    if descending:
        found.reverse()  # what was made in the same millisecond turns round too
    found.sort(key=lambda row: (name(row) if by_name else "", row["created"]), reverse=descending)
    if (token := parameters.get("NextToken")) is not None:
        try:
            last = from_token(token)
        except ValueError:
            raise invalid("Invalid NextToken.") from None
        position = next((n for n, row in enumerate(found) if key(row) == last), None)
        if position is None:
            raise invalid("Invalid NextToken: what it points to is gone. Start the list again.")
        found = found[position + 1 :]
    limit = parameters.get("MaxResults", DEFAULT_PAGE)
    cut = found[:limit]
    return cut, to_token(key(cut[-1])) if len(found) > limit else None
