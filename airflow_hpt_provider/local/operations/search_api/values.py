"""Values of filters, which are all given as text."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import NamedTuple

from airflow_hpt_provider.local.db.tokens import MOST

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
BOOLEANS = {"true": 1, "false": 0}


class Moment(NamedTuple):
    """A time in seconds since the epoch, and how exactly it was given, in seconds."""

    at: float
    exact_to: float


def number(text: str) -> int | float | None:
    """Return a whole number or a decimal one; None if it is neither."""
    if not NUMBER.fullmatch(text):
        return None
    if WHOLE.fullmatch(text) and abs(int(text)) <= MOST:
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else None


def moment(text: str) -> Moment | None:
    """Return the time in an ISO 8601 text, in UTC if it has no offset; None if the text is no time."""
    try:
        at = datetime.fromisoformat(text)
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return Moment(round(seconds, 3), 0.001 if "." in text or "," in text else 1.0)


def boolean(text: str) -> int | None:
    """1 for ``true``, 0 for ``false``, in whatever case; None for anything else."""
    return BOOLEANS.get(text.lower())
