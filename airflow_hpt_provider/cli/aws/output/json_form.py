"""``--output json``."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, TextIO


def write(value: Any, out: TextIO, indent: int | None = 4) -> None:
    """Indented JSON in the members' own order. An answer without members prints nothing, as the aws CLI has it."""
    if value != {}:
        out.write(json.dumps(value, indent=indent, ensure_ascii=False, default=as_json) + "\n")


def as_json(value: Any) -> str:
    """Return a datetime as ISO 8601 text.

    Raises:
        TypeError: there is no JSON for the value.
    """
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
