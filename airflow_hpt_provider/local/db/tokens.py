"""NextTokens: the last row of a page, for the query that gave it and no other."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.page_tokens import from_token, to_token

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 2**63 - 1
"""The largest whole number that SQLite takes."""


class BadTokenError(ValueError):
    """The token is not one that this list gave for this query."""


def write(query: Sequence[Any], value: float | str | None, row_id: int) -> str:
    """Return the token of a page.

    Args:
        query: distinguishes the query from others; goes into JSON.
        value: what the last row is sorted by.
        row_id: the last row's.
    """
    return to_token(json.dumps([_seal(query, value, row_id), value, row_id]))


def read(query: Sequence[Any], token: str) -> tuple[float | str | None, int]:
    """Return the sort value and the id of the last row.

    Raises:
        BadTokenError: the token belongs to another query, was changed, or is none.
    """
    try:
        seal, value, row_id = json.loads(from_token(token))
        if isinstance(value, str):
            value.encode()  # half a surrogate pair is nothing that a row has
    except (ValueError, TypeError, RecursionError) as error:
        raise BadTokenError(token) from error
    if not isinstance(row_id, int) or not isinstance(value, str | int | float | None):
        raise BadTokenError(token)
    if any(isinstance(each, int) and abs(each) > MOST for each in (value, row_id)):
        raise BadTokenError(token)
    if seal != _seal(query, value, row_id):
        raise BadTokenError(token)
    return value, row_id


def _seal(query: Sequence[Any], value: float | str | None, row_id: int) -> str:
    """Distinguishes the tokens of one query from another's, and from altered ones. It is no secret."""
    return hashlib.sha256(json.dumps([query, value, row_id]).encode()).hexdigest()[:16]
