"""Pages of a list, right while rows come and go: each begins behind the last row of the one before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import tokens

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


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
            after = tokens.read(self._query(), token)
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
        return rows[:limit], tokens.write(self._query(), last[self.sort_column], last["id"])

    def _query(self) -> list[Any]:
        """Return a key that differs for different queries."""
        return [self.table, self.sort_column, self.descending, self.conditions, self.values]
