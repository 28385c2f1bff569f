"""Pieces of SQL with their values: what a search's conditions and order are put together from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db.queries import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SQL = load("searches")


@dataclass(frozen=True)
class Sql:
    """An SQL expression and the values of its question marks. Only our own texts go into it; values are bound."""

    text: str
    values: tuple[Any, ...] = ()

    @classmethod
    def of(cls, template: str, *parts: Sql | float | str) -> Sql:
        """Put parts into the curly braces of a template: SQL as it is, anything else as a bound value."""
        made = [part if isinstance(part, Sql) else cls("?", (part,)) for part in parts]
        text = template.format(*(part.text for part in made))
        return cls(text, tuple(value for part in made for value in part.values))

    def negated(self) -> Sql:
        """Return the negation: a condition that holds where this one is false or unknown."""
        return Sql(f"NOT COALESCE(({self.text}), 0)", self.values)


def joined(operator: str, parts: Iterable[Sql]) -> Sql:
    """All of them (``AND``), or any of them (``OR``); there is at least one."""
    parts = list(parts)
    return Sql(
        f" {operator} ".join(f"({part.text})" for part in parts),
        tuple(value for part in parts for value in part.values),
    )


@dataclass(frozen=True)
class Place:
    """Somewhere in a JSON document.

    Attributes:
        source: the document, or a scalar.
        path: the members that lead there; none: the source itself.
        depth: in how many lists or maps it is.
    """

    source: Sql
    path: tuple[str, ...] = ()
    depth: int = 0

    def below(self, *names: str) -> Place:
        """Return the place reached by a path of members. The names are AWS's: letters and digits."""
        return Place(self.source, (*self.path, *names), self.depth)

    @property
    def value(self) -> Sql:
        """The value at this place; NULL without one."""
        return Sql.of("json_extract({}, {})", self.source, self._steps) if self.path else self.source

    def some(self, test: Callable[[Place], Sql]) -> Sql:
        """Return the condition that an element of the list at this place passes."""
        inner = test(Place(Sql(f"{self._element.text}.value"), depth=self.depth + 1))
        return Sql.of(SQL["some_element"], self.source, self._steps, self._element, inner)

    def entry(self, key: str, test: Callable[[Sql], Sql]) -> Sql:
        """Return the condition that the map at this place has the key, and its value passes."""
        own_key, value = Sql(f"{self._element.text}.key"), Sql(f"{self._element.text}.value")
        return Sql.of(SQL["some_value"], self.source, self._steps, self._element, own_key, key, test(value))

    def entry_value(self, key: str) -> Sql:
        """Return the value of a key of the map at this place; NULL without such a key."""
        return Sql.of(SQL["value_of_key"], self.source, self._steps, key)

    def elements(self, rows: Sql) -> tuple[Sql, Sql]:
        """Rows joined with those of the list or map that is here, and what these are called."""
        return Sql.of(SQL["elements"], rows, self.source, self._steps, self._element), self._element

    @property
    def _steps(self) -> Sql:
        return Sql("'$" + "".join(f".{name}" for name in self.path) + "'")

    @property
    def _element(self) -> Sql:
        """The elements' name; those of lists within lists have other ones."""
        return Sql(f"element_{self.depth}")


ANOTHER = re.compile(r"\{(\w+)\}")
"""Where a block has another one of its file in it."""


class Members:
    """What a search knows of one kind of job.

    Args:
        file: of ``sql/``, with an expression for each member that is not simply in the job's document.
    """

    def __init__(self, file: str) -> None:
        blocks = load(file)
        self._blocks = {
            name: ANOTHER.sub(lambda found: blocks[found[1]], text) for name, text in blocks.items()
        }

    @property
    def rows(self) -> Sql:
        """What to select from, with the job as ``job``."""
        return Sql(self._blocks["rows"])

    def __getitem__(self, member: str) -> Place:
        """Where a member of the job is."""
        if member in self._blocks:
            return Place(Sql(self._blocks[member]))
        return Place(Sql(self._blocks["document"]), (member,))

    def keyed(self, block: str, key: str) -> Sql:
        """Return the value of a tag (``Tag``) or a metric (``Metrics``)."""
        return Sql(self._blocks[block], (key,))


@cache
def members(file: str) -> Members:
    """Those of a file, read once."""
    return Members(file)
