"""Metrics in the output of a training job, found by the regexes of its MetricDefinitions."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import regex

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.contract import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOGGER = logging.getLogger(__name__)
MAX_LINE = 16_384
"""Characters of a line that are looked at."""
MAX_SECONDS = 0.25
"""For one regex on one line: a user's regex may backtrack without end."""


class MetricScraper:
    """Finds metrics in lines of text.

    Args:
        definitions: MetricDefinitions: of each match, the first group is the value (the whole match if the
            regex has none).
    """

    def __init__(self, definitions: Sequence[Mapping[str, Any]]) -> None:
        self._patterns = [(d["Name"], compile_regex(d["Name"], d["Regex"])) for d in definitions]
        self._slow: set[str] = set()

    def scrape(self, line: str, at: float) -> list[Metric]:
        """All metrics in a line; what is no finite number is left out."""
        found: list[Metric] = []
        for name, pattern in self._patterns:
            try:
                for match in pattern.finditer(line[:MAX_LINE], timeout=MAX_SECONDS):
                    value = _number(match[1] if pattern.groups else match[0])
                    if value is not None:
                        found.append(Metric(name, value, at))
            except TimeoutError:
                if name not in self._slow:
                    self._slow.add(name)
                    LOGGER.warning(
                        "the regex of metric %r takes too long on a line of the log: %.200r", name, line
                    )
        return found


def compile_regex(name: str, pattern: str) -> regex.Pattern[str]:
    """A MetricDefinition's regex.

    Raises:
        ServiceError: a ValidationException: it isn't one.
    """
    try:
        return regex.compile(pattern)
    except regex.error as error:
        text = f"The regular expression of metric definition {name!r} is not valid: {pattern!r}: {error}."
        raise ServiceError("ValidationException", text) from error


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
