"""Finds Python's own words in messages of a service whose clients do not know Python."""

from __future__ import annotations

import re
from typing import Any

WORDS = re.compile(
    r"<[\w. ]+ object at 0x|<function|datetime\.\w+\(|[{\[(]'[^']*'[:,\])]|(?<!')\bb'|"
    r"\b[A-Z]\w+Error\b|Traceback|dict_\w+\(|<class '|NoneType|\b(None|True|False)\b|float\(\)|int\(\)|"
    r"positional argument|unhashable|has no attribute|codec can't|argument of type|Decimal\("
)
"""What only the repr of an object, or an exception of Python's, writes."""
AWS_WORDS = re.compile(r"enum value set: \[[^\]]*\]")
"""Where AWS's own words may look alike: `None` is a value of some enums."""


def pythons_words(message: str, request: Any) -> str | None:
    """Return Python's words in a message, without the texts of the request, which are the user's; None without any."""
    found = WORDS.search(AWS_WORDS.sub("", _without_values(message, request)))
    return found[0] if found else None


def _without_values(text: str, request: Any) -> str:
    if isinstance(request, dict):
        request = [*request, *request.values()]
    if isinstance(request, list):
        for each in request:
            text = _without_values(text, each)
    elif isinstance(request, str) and len(request) > 1:
        text = text.replace(request, "")
    return text
