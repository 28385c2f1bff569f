"""Tuning requests that once got a wrong answer, as files: the smallest of their kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def case(name: str) -> dict[str, Any]:
    """Return the request in a file of this folder."""
    request: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return request
