"""Named SQL: each ``sql/NAME.sql`` holds statements under ``-- name: NAME`` lines."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load(file: str) -> dict[str, str]:
    """Return the statements of ``sql/{file}.sql``, by name."""
    text = resources.files(__package__).joinpath("sql", f"{file}.sql").read_text(encoding="utf-8")
    parts = NAME.split(text)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}
