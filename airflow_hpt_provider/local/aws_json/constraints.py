"""What the values of a shape must satisfy, and what AWS says of those that don't."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

_JAVA_ASTRAL = r"\uD800\uDC00-\uDBFF\uDFFF"
"""All characters beyond the basic plane, in UTF-16: what Java's patterns are written in."""


class Constraints:
    """Bounds, enum and pattern of one shape.

    Attributes:
        sensitive: values must not be repeated in messages.
    """

    def __init__(self, raw: Mapping[str, Any], type_name: str) -> None:
        self._what = "value" if type_name in {"integer", "long", "float", "double"} else "length"
        self._min, self._max = raw.get("min"), raw.get("max")
        self._enum: list[str] = raw.get("enum", [])
        self._values = frozenset(self._enum)
        self._pattern_text: str | None = raw.get("pattern")
        self.sensitive: bool = raw.get("sensitive", False)

    @cached_property
    def _pattern(self) -> regex.Pattern[str] | None:
        # The patterns are Java's: \p{L} and the like are beyond the standard library's re.
        if self._pattern_text is None:
            return None
        return regex.compile(self._pattern_text.replace(_JAVA_ASTRAL, r"\U00010000-\U0010FFFF"))

    def violations(self, value: str | float | list[Any] | dict[str, Any]) -> list[str]:
        """Return the texts of those that the value does not satisfy.

        Raises:
            TimeoutError: the pattern backtracks without end on this value.
        """
        size = value if isinstance(value, int | float) else _utf16_length(value)
        found = []
        if self._max is not None and size > self._max:
            found.append(self._upper)
        if self._min is not None and size < self._min:
            found.append(self._lower)
        if isinstance(value, str):
            if self._pattern and not self._pattern.fullmatch(value, timeout=1):
                found.append(self._matching)
            if self._values and value not in self._values:
                found.append(self._one_of)
        return found

    @property
    def texts(self) -> list[str]:
        """All of them, in AWS's words and order."""
        texts = []
        if self._max is not None:
            texts.append(self._upper)
        if self._min is not None:
            texts.append(self._lower)
        if self._pattern_text is not None:
            texts.append(self._matching)
        if self._enum:
            texts.append(self._one_of)
        return texts

    @property
    def _upper(self) -> str:
        return f"Member must have {self._what} less than or equal to {self._max}"

    @property
    def _lower(self) -> str:
        return f"Member must have {self._what} greater than or equal to {self._min}"

    @property
    def _matching(self) -> str:
        return f"Member must satisfy regular expression pattern: {self._pattern_text}"

    @property
    def _one_of(self) -> str:
        return f"Member must satisfy enum value set: [{', '.join(self._enum)}]"


def _utf16_length(value: str | list[Any] | dict[str, Any]) -> int:
    """AWS counts strings as Java does."""
    if isinstance(value, str) and not value.isascii():
        return len(value.encode("utf-16-le", "surrogatepass")) // 2
    return len(value)
