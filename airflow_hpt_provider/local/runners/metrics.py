"""Metrics in the output of a training job, found by the regexes of its MetricDefinitions."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

import regex

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.contract import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOGGER = logging.getLogger(__name__)
MAX_SECONDS = 0.25
"""For one regex on one line: a user's regex may backtrack without end."""
ALLOWANCE, ALLOWANCE_PER_CHARACTER = 1.0, 1e-6
"""Seconds of CPU time that a regex may take on an attempt's log, at least and for each character of it."""


class MetricScraper:
    """Finds metrics in lines of text.

    Args:
        definitions: MetricDefinitions: of each match, the first group is the value (the whole match if the
            regex has none).
    """

    def __init__(self, definitions: Sequence[Mapping[str, Any]]) -> None:
        self._patterns = [_Pattern(d["Name"], compile_regex(d["Name"], d["Regex"])) for d in definitions]

    def scrape(self, line: str, at: float) -> list[Metric]:
        """Return all metrics in a line, NaN and infinities included. Matches that are no numbers are left out."""
        found: list[Metric] = []
        for pattern in self._patterns:
            found += [Metric(pattern.name, value, at) for value in pattern.values(line)]
        dropped = [pattern for pattern in self._patterns if pattern.too_slow]
        for pattern in dropped:
            self._patterns.remove(pattern)
            LOGGER.warning(
                "the regex of metric %r takes too long and is not matched any more in this attempt's log; the line: "
                "%.200r",
                pattern.name,
                line,
            )
        return found


class _Pattern:
    """A metric's regex in one attempt's log, and the time that it has taken."""

    def __init__(self, name: str, pattern: regex.Pattern[str]) -> None:
        self.name = name
        self._pattern = pattern
        self._seconds = 0.0
        self._characters = 0

    @property
    def too_slow(self) -> bool:
        """Whether it backtracks: it has taken much more time than the text is long."""
        return self._seconds > ALLOWANCE + ALLOWANCE_PER_CHARACTER * self._characters

    def values(self, line: str) -> list[float]:
        """Return the values of all matches, up to where a match takes too long."""
        found: list[float] = []
        started = time.thread_time()
        with contextlib.suppress(TimeoutError):
            for match in self._pattern.finditer(line, timeout=MAX_SECONDS, concurrent=True):
                value = _number(match[1] if self._pattern.groups else match[0])
                if value is not None:
                    found.append(value)
        self._seconds += time.thread_time() - started
        self._characters += len(line)
        return found


def compile_regex(name: str, pattern: str) -> regex.Pattern[str]:
    """Return the compiled regex of a MetricDefinition.

    Raises:
        ServiceError: a ValidationException: it isn't one.
    """
    try:
        return regex.compile(pattern)
    except regex.error as error:
        text = f"The regular expression of metric definition '{name}' is not valid: '{pattern}': {error}."
        raise ServiceError("ValidationException", text) from error


def _number(text: str | None) -> float | None:
    """Return a number that any program would read; Python alone reads 1_000, and the digits of other scripts."""
    if not text or "_" in text or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None
