r"""AWS's regular expressions, which are Java's, applied with the standard library.

They match the whole text. `\d` and `\w` are ASCII in Java, and `.` stops at more line ends than in Python.
Classes such as `\p{L}` do not exist in `re`: the one expression that has them is written out by hand.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

TAG: Final = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
"""A tag's key or value."""

_WORDS: Final = {
    ".*": "one line of text",
    ".+": "one line of text, not empty",
    TAG: "letters, digits, spaces and _ . : / = + - @",
    r"[a-zA-Z_][a-zA-Z0-9_]*": "an environment variable's name (letters, digits, _; no digit first)",
    r"(https|s3)://([^/]+)/?(.*)": "s3://bucket/prefix",
    r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+": "arn:aws:iam::123456789012:role/NAME",
    r"[-0-9a-zA-Z]+": "letters, digits and hyphens",
    r"[A-Za-z0-9\.\-_]+": "letters, digits and . - _",
    r"(fs-[0-9a-f]{8,})": "fs- and hexadecimal digits",
}
_NAME: Final = re.compile(r"\[a-zA-Z0-9\]\(-\*\[a-zA-Z0-9\]\)\{0,\d+\}")

_DOT: Final = re.compile(r"(\\.)|(\[(?:\\.|[^\]\\])*\])|(\.)")
"""What has a dot in it: an escape, a class of characters, and, as the third group, the dot that stands for any one."""
_JAVAS_DOT: Final = "[^\n\r\u0085\u2028\u2029]"
"""Java's dot: it stops at these line ends, Python's at the first one only."""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_DOT.sub(lambda found: _JAVAS_DOT if found[3] else found[0], pattern), re.ASCII)


def matches(pattern: str, text: str) -> bool:
    """Return whether AWS's expression matches the whole text."""
    if pattern == TAG:
        return all(char in "_.:/=+-@" or unicodedata.category(char)[0] in "LZN" for char in text)
    return _compiled(pattern).fullmatch(text) is not None


def describe(pattern: str) -> str:
    """Return the expression in words if it has a description, else the expression."""
    if _NAME.fullmatch(pattern):
        return "letters, digits and hyphens, with a letter or digit first and last"
    return _WORDS.get(pattern, pattern)


def for_json_schema(pattern: str) -> str | None:
    """Return the expression anchored, as JSON schema needs it; None for the one that browsers cannot apply."""
    return None if pattern == TAG else f"^(?:{pattern})$"
