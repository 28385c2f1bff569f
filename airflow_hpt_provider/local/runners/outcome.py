"""How an attempt ended, noted in its directory.

What an attempt has uploaded is then removed from the disk. If the service dies before the engine has recorded the end,
the note is how the next process of the service knows it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.contract import AttemptResult

if TYPE_CHECKING:
    from pathlib import Path

NAME = "outcome.json"
_SIZE = 16384
"""Bytes taken for the note when the attempt begins: the disk may be full when it ends."""


def reserve(attempt: Path) -> None:
    """Take the space of the note."""
    _part(attempt).write_bytes(b" " * _SIZE)


def note(attempt: Path, ended: AttemptResult) -> None:
    """Note the end of the attempt that has this directory; the note is whole or not there."""
    part = _part(attempt)
    with part.open("r+b" if part.exists() else "wb") as file:
        file.write(json.dumps(asdict(ended)).encode())
        file.truncate()
    part.replace(attempt / NAME)


def _part(attempt: Path) -> Path:
    return attempt / f"{NAME}.part"


def noted(attempt: Path) -> AttemptResult | None:
    """Return the recorded result; None without one."""
    try:
        text = (attempt / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return AttemptResult(**json.loads(text))
