"""What notebooks show of results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape


def members_html(title: str, members: Mapping[str, object]) -> str:
    """Return a structure as a table of its members; those without a value are left out."""
    return table(title, ((name, None if value is None else str(value)) for name, value in members.items()))


def table(title: str, rows: Iterable[tuple[str, str | None]]) -> str:
    """Return an HTML table of names and values; rows without a value are left out."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(value)}</td></tr>"
        for name, value in rows
        if value
    )
    return f"<table><caption style='text-align:left'><b>{escape(title)}</b></caption>{cells}</table>"
