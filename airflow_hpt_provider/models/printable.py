"""Text that a terminal or a log can show: training jobs write whatever they like into names, values and failures."""

from __future__ import annotations

import json


def printable(text: str, *, keep: str = "") -> str:
    r"""Return text in which characters that cannot be seen are written as in Python: ``\n``, ``\x1b``, ``\u202e``.

    Args:
        text: any text.
        keep: characters that stay as they are, such as the line ends of a report with several lines.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else repr(each)[1:-1] for each in text)


def shortened(text: str, length: int) -> str:
    """Return the text, or its beginning and ``...`` if it is longer than ``length`` characters."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def printable_json(text: str) -> str:
    """Return JSON text with the same content in which every character but the line's end can be seen."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text)
