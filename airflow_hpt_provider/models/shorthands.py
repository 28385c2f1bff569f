"""Ranges as people write them: `{"learning_rate": Continuous(1e-4, 1e-1, log=True)}` as ParameterRanges.

They are named tuples: Airflow renders templates inside them (`Integer(2, "{{ params.depth }}")`) without
changing the DAG's own object, and importing them costs nothing. The bounds are checked with the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Continuous(NamedTuple):
    """A range of floats, both ends included.

    Attributes:
        min_value: the lower end.
        max_value: the upper end.
        log: search on a logarithmic scale; the range must be above 0.
        reverse_log: search on a reverse logarithmic scale (fine near 1); the range must lie in [0, 1).
    """

    min_value: float | str
    max_value: float | str
    log: bool | str = False
    reverse_log: bool | str = False

    def __repr__(self) -> str:
        return _repr("Continuous", self)


class Integer(NamedTuple):
    """A range of whole numbers, both ends included.

    Attributes:
        min_value: the lower end.
        max_value: the upper end.
        log: search on a logarithmic scale; the range must be above 0.
    """

    min_value: int | str
    max_value: int | str
    log: bool | str = False

    def __repr__(self) -> str:
        return _repr("Integer", self)


class Categorical(NamedTuple):
    """A set of values, at most 30. Values that are not strings are written as JSON.

    Attributes:
        values: the values.
    """

    values: Sequence[Any] | str

    def __repr__(self) -> str:
        return f"Categorical({self.values!r})"


Shorthand = Continuous | Integer | Categorical


def _repr(name: str, shorthand: Continuous | Integer) -> str:
    fields = shorthand._asdict()
    bounds = f"{fields.pop('min_value')!r}, {fields.pop('max_value')!r}"
    return f"{name}({bounds}{''.join(f', {flag}={value!r}' for flag, value in fields.items() if value)})"
