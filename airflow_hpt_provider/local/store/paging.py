"""Pages of a list, right while rows come and go: each begins behind the last row of the one before."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


MOST = 2**63 - 1
"""The largest whole number that SQLite takes."""


class BadTokenError(ValueError):
    """The token is not one that this list gave for this query."""


@dataclass
class Listing:
    """A list in the making: what to list, filtered and sorted how.

    Args:
        table: the table's name.
        sort_column: what to sort by; the id breaks ties.
        descending: the other way round.
    """

    table: str
    sort_column: str
    descending: bool = False
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def where(self, condition: str, *values: Any) -> None:
        """Only rows for which this SQL holds."""
        self.conditions.append(condition)
        self.values.extend(values)

    def page(
        self, connection: sqlite3.Connection, *, limit: int, token: str | None
    ) -> tuple[Sequence[sqlite3.Row], str | None]:
        """One page and the token of the next, None after the last.

        Raises:
            BadTokenError: the token belongs to another query, or is none.
        """
        conditions, values = list(self.conditions), list(self.values)
        if token is not None:
            after = self._read(token)
            conditions.append(f"({self.sort_column}, id) {'<' if self.descending else '>'} (?, ?)")
            values.extend(after)
        order = "DESC" if self.descending else "ASC"
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        # Only our own column names and conditions are put into the statement; values are bound.
        statement = (
            f"SELECT * FROM {self.table} {where} "  # noqa: S608
            f"ORDER BY {self.sort_column} {order}, id {order} LIMIT ?"
        )
        rows = connection.execute(statement, [*values, limit + 1]).fetchall()
        if len(rows) <= limit:
            return rows, None
        last = rows[limit - 1]
        return rows[:limit], self._write(last[self.sort_column], last["id"])

    def _query(self) -> str:
        """What tells this query from others, so that a token can't be used for another one."""
        text = json.dumps([self.table, self.sort_column, self.descending, self.conditions, self.values])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _write(self, value: Any, row_id: int) -> str:
        return base64.urlsafe_b64encode(json.dumps([self._query(), value, row_id]).encode()).decode()

    def _read(self, token: str) -> tuple[Any, int]:
        try:
            query, value, row_id = json.loads(base64.urlsafe_b64decode(token.encode()))
        except (binascii.Error, ValueError, TypeError, RecursionError) as error:
            raise BadTokenError(token) from error
        if query != self._query() or not isinstance(row_id, int) or isinstance(value, dict | list):
            raise BadTokenError(token)
        if any(isinstance(each, int) and abs(each) > MOST for each in (value, row_id)):
            raise BadTokenError(token)
        return value, row_id
