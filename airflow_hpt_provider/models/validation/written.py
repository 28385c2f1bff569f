"""Numbers from config files that remember how they were written."""

from __future__ import annotations

from typing import Self


class WrittenInt(int):
    """An integer and its text. Where AWS wants a text, it gets the digits of the file.

    Attributes:
        written: the text.
    """

    written: str

    def __new__(cls, value: int | str, written: str | None = None) -> Self:
        """Make it of a number and its text, or of the text alone."""
        made = super().__new__(cls, value)
        made.written = str(value) if written is None else written
        return made


class WrittenFloat(float):
    """A float and its text, as :class:`WrittenInt`."""

    written: str

    def __new__(cls, value: float | str, written: str | None = None) -> Self:
        """Make it of a number and its text, or of the text alone."""
        made = super().__new__(cls, value)
        made.written = str(value) if written is None else written
        return made
