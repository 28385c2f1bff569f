"""A search's page and count, and the keys to search by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import tokens
from airflow_hpt_provider.local.db.search_expressions import SQL, Place, Sql

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

ALL = Sql("TRUE")
VALUE = Sql("value")


def keys(connection: sqlite3.Connection, rows: Sql, place: Place, steps: Sequence[object]) -> list[str]:
    """All keys that a map has in any job.

    Args:
        rows: the jobs.
        place: where the first step leads from.
        steps: members' names and, for any element of a list, anything else; the last one is to the map's values.
    """
    for step in steps[:-1]:
        if isinstance(step, str):
            place = place.below(step)
            continue
        rows, element = place.elements(rows)
        place = Place(Sql(f"{element.text}.value"), depth=place.depth + 1)
    rows, element = place.elements(rows)
    found = Sql.of(SQL["keys"], Sql(f"{element.text}.key"), rows)
    return [row["key"] for row in connection.execute(found.text, found.values)]


def tag_keys(connection: sqlite3.Connection, rows: Sql) -> list[str]:
    """Return the keys of all tags of some jobs."""
    return [row["key"] for row in connection.execute(Sql.of(SQL["tag_keys"], rows).text)]


def metric_names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of all training jobs' metrics."""
    return [row["key"] for row in connection.execute(SQL["metric_names"])]


@dataclass(frozen=True)
class Search:
    """What to find, in which order. Of jobs with the same value the id decides; those without one come last.

    Attributes:
        rows: what to select from; the jobs are ``job`` there.
        sort: a job's value that decides.
        order: what to sort by, made of that ``value``.
        descending: the other way round.
        condition: what a job must satisfy.
    """

    rows: Sql
    sort: Sql
    descending: bool
    condition: Sql = ALL
    order: Sql = VALUE

    def count(self, connection: sqlite3.Connection) -> int:
        """Return the number of rows."""
        counted = Sql.of(SQL["count"], self.rows, self.condition)
        return int(connection.execute(counted.text, counted.values).fetchone()[0])

    def page(
        self, connection: sqlite3.Connection, *, limit: int, token: str | None
    ) -> tuple[list[int], str | None]:
        """Ids of the jobs of one page, and the token of the next, None after the last.

        Raises:
            BadTokenError: the token belongs to another search, or is none.
        """
        order, after = ("DESC", "<") if self.descending else ("ASC", ">")
        behind = ALL
        if token is not None:
            value, last = tokens.read(self._query, token)
            behind = (
                Sql(f"sorted_by IS NULL AND id {after} ?", (last,))
                if value is None
                else Sql(f"sorted_by IS NULL OR (sorted_by, id) {after} (?, ?)", (value, last))
            )
        found = Sql.of(SQL["found"], self.order, self.sort, self.rows, self.condition)
        page = Sql.of(SQL["page"], found, behind, Sql(order), Sql(order), limit + 1)
        rows = connection.execute(page.text, page.values).fetchall()
        more = None
        if len(rows) > limit:
            last_row = rows[limit - 1]
            more = tokens.write(self._query, last_row["sorted_by"], last_row["id"])
        return [row["id"] for row in rows[:limit]], more

    @property
    def _query(self) -> list[Any]:
        """What distinguishes this search from others."""
        parts = (self.rows, self.sort, self.order, self.condition)
        return [self.descending, *((part.text, part.values) for part in parts)]
