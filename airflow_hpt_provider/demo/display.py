"""Progress lines: one that updates itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_CLEAR_LINE = "\r\x1b[K"


class Display:
    """Writes to ``stream``; :meth:`update` rewrites the current line if the stream is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._shown = ""

    def say(self, line: str = "") -> None:
        """Print a line that stays."""
        self.finish()
        print(line, file=self._stream, flush=True)

    def update(self, line: str, ticker: str = "") -> None:
        """Print a line that the next update replaces; without a terminal, print a new line whenever it differs.

        Args:
            ticker: added on terminals only: what changes all the time, such as the seconds.
        """
        if not self._terminal:
            if line != self._shown:
                print(line, file=self._stream, flush=True)
        else:
            width = shutil.get_terminal_size().columns - 1
            print(_CLEAR_LINE + (line + ticker)[:width], end="", file=self._stream, flush=True)
        self._shown = line

    def finish(self) -> None:
        """Keep the updated line, and continue below it."""
        if self._terminal and self._shown:
            print(file=self._stream, flush=True)
        self._shown = ""
