"""How a table is drawn: widths, frames, and what happens when the terminal is too narrow."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

PADDING = 4
"""Widths of the columns, frames included."""


class Colors:
    """Values in bright blue, the frames of nested tables in dim yellow.

    Attributes:
        after: what is written after each piece of a line: colours end there.
    """

    after = "\x1b[0m"

    def value(self, text: str) -> str:
        """Format a cell."""
        return f"\x1b[1m\x1b[34m{text}\x1b[0m"

    def frame(self, text: str) -> str:
        """Format the edge of a nested table."""
        return f"\x1b[2m\x1b[33m{text}\x1b[0m"


class _Plain(Colors):
    after = ""

    def value(self, text: str) -> str:
        return text

    def frame(self, text: str) -> str:
        return text


@dataclass
class Section:
    """A title with a small table under it; ``depth`` says in how many others it lies."""

    title: str
    depth: int = 0
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    _columns: int | None = None

    def head(self, names: Sequence[str]) -> None:
        """Set the columns' names.

        Raises:
            ValueError: there are rows with more or fewer cells.
        """
        self._check(names)
        self.header = list(names)

    def add(self, values: Sequence[Any]) -> None:
        """Add a row.

        Raises:
            ValueError: it has more or fewer cells than the rows before.
        """
        self._check(values)
        self.rows.append([str(value) for value in values])

    def _check(self, cells: Sequence[Any]) -> None:
        if self._columns is None:
            self._columns = len(cells)
        if len(cells) != self._columns:
            raise ValueError(
                f"a row of this table has {len(cells)} cells, others have {self._columns}; "
                "use --output json, or another --query"
            )

    @property
    def natural_widths(self) -> list[int]:
        """Return the width that each column needs."""
        lines = ([self.header] if self.header else []) + self.rows
        return [max(map(width_of, column)) + PADDING for column in zip(*lines, strict=True)]

    @property
    def natural_width(self) -> int:
        """Return the width that the section needs with its frames."""
        return max(width_of(self.title), sum(self.natural_widths)) + 2 + 2 * self.depth

    def upright(self) -> Section:
        """Turn a single row and its header into one row for each column."""
        if len(self.rows) != 1 or not self.header:
            return self
        turned = Section(self.title, self.depth)
        for name, value in zip(self.header, self.rows[0], strict=True):
            turned.add([name, value])
        return turned

    def widths(self, total: int) -> list[int]:
        """Return the columns' widths, stretched or squeezed to a total."""
        natural = self.natural_widths
        if not natural:
            return []
        scale = total / float(sum(natural))
        widths = [round(scale * width) for width in natural]
        excess = sum(widths) - total
        # Rounding is made good one by one: what is too much from the left, what is missing from the right.
        for step in range(abs(excess)):
            place = step % len(widths)
            widths[place if excess > 0 else len(widths) - 1 - place] -= 1 if excess > 0 else -1
        return widths


def draw(sections: Sequence[Section], out: TextIO, colors: Colors | None = None) -> Iterator[str]:
    """Yield the lines of a table with these sections and their edges."""
    colors = colors or _Plain()
    total = max(section.natural_width for section in sections)
    if total > _terminal_width(out):
        sections = [section.upright() for section in sections]
        total = max(section.natural_width for section in sections)
    yield f"{'-' * total}\n{colors.after}"
    for section in sections:
        edge = colors.frame("|") * section.depth
        for line in _lines(section, total - 2 * section.depth, colors):
            yield "".join(f"{piece}{colors.after}" for piece in (edge, line, edge, "\n"))


def _lines(section: Section, width: int, colors: Colors) -> Iterator[str]:
    if section.title:
        yield _centered(section.title, width, first=True)
        if not section.header and not section.rows:
            yield f"+{'-' * (width - 2)}+"
    widths = section.widths(width)
    if not widths:
        return
    rule = "".join(
        f"+{'-' * (each - 2)}+" if not place else f"{'-' * (each - 1)}+" for place, each in enumerate(widths)
    )
    if section.header:
        yield rule
        yield "".join(
            _centered(name, each, first=not place)
            for place, (name, each) in enumerate(zip(section.header, widths, strict=True))
        )
    yield rule
    for row in section.rows:
        yield "".join(
            _to_the_left(cell, each, colors, first=not place)
            for place, (cell, each) in enumerate(zip(row, widths, strict=True))
        )
    yield rule


def _centered(text: str, width: int, *, first: bool) -> str:
    left = f"{'|' * first}{' ' * (width // 2 - width_of(text) // 2 - 1)}{text}"
    return f"{left}{' ' * (width - width_of(left) - 1)}|"


def _to_the_left(text: str, width: int, colors: Colors, *, first: bool) -> str:
    edges = 1 + first
    padding = 2 if width - width_of(text) - 2 - edges >= 0 else 0
    rest = width - width_of(text) - padding - edges
    return f"{'|' * first}{' ' * padding}{colors.value(text)}{' ' * rest}|"


def width_of(text: str) -> int:
    """Columns on a terminal: wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def _terminal_width(out: TextIO) -> int:
    try:
        return os.get_terminal_size(out.fileno()).columns
    except (OSError, ValueError):
        return 80
