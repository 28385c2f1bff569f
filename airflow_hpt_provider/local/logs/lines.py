"""The lines of a training job's output in the form that CloudWatch Logs and the metrics' regexes use.

SageMaker's log agent writes a control character as ``#`` and its number in three octal digits: a tab is ``#011``,
Escape ``#033``, a carriage return ``#015``. Only a newline ends a line, so a progress bar is one line. The regexes of
the metrics, among them those of SageMaker's own XGBoost, see the lines in this form.
"""

from __future__ import annotations

from typing import Final

_WRITTEN: Final = {code: f"#{code:03o}" for code in (*range(0x20), 0x7F)}


def as_logged(line: bytes) -> str:
    """Return a line as CloudWatch Logs holds it.

    Args:
        line: without the newline at its end.
    """
    return line.decode(errors="replace").translate(_WRITTEN)


def split_lines(content: bytes) -> list[bytes]:
    """Return the lines of a log; each keeps its newline."""
    *lines, last = content.split(b"\n")
    whole = [line + b"\n" for line in lines]
    return [*whole, last] if last else whole
