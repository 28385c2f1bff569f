"""When the lines of a log were read: what CloudWatch gives with each, and the log itself does not say.

A file next to the log holds a line for every piece that was read: how far the log was then read, and when, in
milliseconds since the epoch. A log is read ten times a second while it grows.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = "log.times"


class LogTimes:
    """Notes the times of one log; by one thread at a time.

    Args:
        log: the log.
    """

    def __init__(self, log: Path) -> None:
        self._path = log.with_name(NAME)
        known = read_times(log)
        self._end = known[-1][0] if known else 0

    def note(self, end: int, at: float) -> None:
        """Note that the log has been read up to this byte. Notes of an earlier process of the service are kept."""
        if end <= self._end:
            return
        self._end = end
        # What can't be noted is not shown: no reason to disturb the training job.
        with contextlib.suppress(OSError), self._path.open("a", encoding="ascii") as file:
            file.write(f"{end} {int(at * 1000)}\n")


def read_times(log: Path) -> list[tuple[int, int]]:
    """(byte that was read up to, milliseconds) of each piece of a log, in order; empty if nothing has been read."""
    try:
        lines = log.with_name(NAME).read_text(encoding="ascii").split("\n")[:-1]
        return [(int(end), int(at)) for end, at in map(str.split, lines)]
    except (OSError, ValueError):
        return []
