"""How strictly the models read what they are given.

The same shapes appear in requests and in answers. A request is checked to the letter; an answer is AWS's and
is taken as it comes, with members and values that are newer than this release.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ValidationMode(Enum):
    """How strictly to read."""

    STRICT = auto()
    """Every constraint holds; unknown members are errors."""
    LENIENT = auto()
    """Types only; unknown members and values are kept."""
    PARTIAL = auto()
    """Whatever can be read of a faulty request; the rest becomes None. Finds the faults that lie between parts."""


_current: ContextVar[ValidationMode] = ContextVar("airflow_hpt_reading", default=ValidationMode.STRICT)


def current() -> ValidationMode:
    """How the value being validated is to be read."""
    return _current.get()


@contextmanager
def reading(how: ValidationMode) -> Iterator[None]:
    """Read like this within the block."""
    token = _current.set(how)
    try:
        yield
    finally:
        _current.reset(token)
