"""The members that all List operations share: filters, sorting, pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db.paging import Listing
from airflow_hpt_provider.local.db.tokens import BadTokenError
from airflow_hpt_provider.local.operations.error_messages import bad_token

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

PAGE = 10
"""MaxResults where none is given."""
SORT_COLUMNS = {
    "Name": "key",
    "CreationTime": "created_at",
    "Status": "status",
    "FinalObjectiveMetricValue": "objective_value",
}


def listing(table: str, parameters: Mapping[str, Any], *, sort_by: str) -> Listing:
    """Return a list, sorted and filtered as asked: by default in ascending order of ``sort_by``."""
    result = Listing(
        table,
        SORT_COLUMNS[parameters.get("SortBy") or sort_by],
        descending=parameters.get("SortOrder") == "Descending",
    )
    for member, condition in (
        ("CreationTimeAfter", "created_at > ?"),
        ("CreationTimeBefore", "created_at < ?"),
        ("LastModifiedTimeAfter", "modified_at > ?"),
        ("LastModifiedTimeBefore", "modified_at < ?"),
    ):
        if parameters.get(member) is not None:
            result.where(condition, round(parameters[member].timestamp(), 3))
    if parameters.get("NameContains"):
        result.where("instr(key, ?) > 0", parameters["NameContains"].lower())
    if parameters.get("StatusEquals"):
        result.where("status = ?", parameters["StatusEquals"])
    return result


def page(
    connection: sqlite3.Connection, listed: Listing, parameters: Mapping[str, Any]
) -> tuple[Sequence[sqlite3.Row], dict[str, str]]:
    """Return the rows that NextToken and MaxResults select, and the response's NextToken if there are more.

    Raises:
        ServiceError: NextToken is not from this list.
    """
    try:
        rows, token = listed.page(
            connection, limit=parameters.get("MaxResults") or PAGE, token=parameters.get("NextToken")
        )
    except BadTokenError as error:
        raise bad_token() from error
    return rows, {"NextToken": token} if token else {}
