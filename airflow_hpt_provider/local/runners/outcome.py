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


def note(attempt: Path, ended: AttemptResult) -> None:
    """Note the end of the attempt that has this directory; the note is whole or not there."""
    part = attempt / f"{NAME}.part"
    part.write_text(json.dumps(asdict(ended)), encoding="utf-8")
    part.replace(attempt / NAME)


def noted(attempt: Path) -> AttemptResult | None:
    """Return the recorded result; None without one."""
    try:
        text = (attempt / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return AttemptResult(**json.loads(text))
