"""Where a page of a list of tuning jobs begins: after a row, not at a number, since new rows come in before it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from airflow.models.xcom import XComModel
from sqlalchemy import and_, or_

_TEXT = re.compile(r"([0-9TZ:.-]{20,27})~([0-9]{1,10})~(-1|[0-9]{1,9})~([\w.-]{1,250})")
_LARGEST = 2**31 - 1  # of a column of integers

# Jobs may be announced at the same instant: the rest of the row's key puts those into an order.
_COLUMNS: tuple[Any, ...] = (
    XComModel.timestamp,
    XComModel.dag_run_id,
    XComModel.map_index,
    XComModel.task_id,
)
NEWEST_FIRST = tuple(column.desc() for column in _COLUMNS)
"""The order of every list."""


class Position(NamedTuple):
    """A row of the list, in the order of :data:`NEWEST_FIRST`; as text for the browser, which gives it back."""

    announced: datetime
    dag_run_id: int
    map_index: int
    task_id: str

    @classmethod
    def of(cls, row: Any) -> Position:
        """Return the position of an XCom."""
        return cls(row.timestamp, row.dag_run_id, row.map_index, row.task_id)

    @classmethod
    def parse(cls, text: str) -> Position:
        """From its text.

        Raises:
            ValueError: it is not the text of a position.
        """
        parts = _TEXT.fullmatch(text)
        if parts is None or int(parts[2]) > _LARGEST:
            raise ValueError(text)
        moment = datetime.fromisoformat(parts[1])
        if moment.tzinfo is None:
            raise ValueError(text)
        return cls(moment, int(parts[2]), int(parts[3]), parts[4])

    def __str__(self) -> str:
        moment = self.announced.astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}~{self.dag_run_id}~{self.map_index}~{self.task_id}"

    def older(self) -> Any:
        """Return the condition that a row comes after this one."""
        # One column after the other: tuples cannot be compared in every database.
        alternatives: list[Any] = []
        equal: list[Any] = []
        for column, value in zip(_COLUMNS, self, strict=True):
            alternatives.append(and_(*equal, column < value))
            equal.append(column == value)
        return or_(*alternatives)
