"""Numbers in texts, as AWS and every other program read them."""

from __future__ import annotations

import math
import re


def whole(text: str | None) -> int | None:
    """Return the whole number in a text, else None. Python's own forms, such as `1_000`, do not count."""
    if text is None or re.fullmatch(r"[+-]?[0-9]{1,100}", text) is None:
        return None
    return int(text)


def number(text: str | None) -> float | None:
    """Return the finite number in a text, else None."""
    if text is None or re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text) is None:
        return None
    return float(text) if math.isfinite(float(text)) else None
