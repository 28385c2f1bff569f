"""An attempt's log, scraped for metrics while it grows."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Any

import regex

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.logs.times import LogTimes
from airflow_hpt_provider.local.runners.contract import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LOGGER = logging.getLogger(__name__)
MAX_LINE = 16_384
"""Characters of a line that are looked at."""
MAX_SECONDS = 0.25
"""For one regex on one line: a user's regex may backtrack without end."""
CHUNK = 1 << 20
INTERVAL = 0.1


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


class LogReader:
    """Reads what was added to a log since the last time, whole lines only, and reports the metrics in it.

    Args:
        position: bytes that have been read before.
        on_metrics: gets the metrics of what was read, if there are any, and the new position.

    When what was read is noted beside the log, for those who read it by CloudWatch Logs' API.
    """

    def __init__(
        self,
        path: Path,
        scraper: MetricScraper,
        position: int,
        on_metrics: Callable[[Sequence[Metric], int], None],
    ) -> None:
        self._path = path
        self._scraper = scraper
        self._position = position
        self._on_metrics = on_metrics
        self._times = LogTimes(path)
        self._lock = threading.Lock()

    def read(self, *, final: bool = False) -> None:
        """Read on; with ``final``, also a last line that has no end."""
        with self._lock:
            try:
                if self._path.stat().st_size <= self._position:
                    return
                file = self._path.open("rb")
            except OSError:
                return
            with file:
                file.seek(self._position)
                while self._read_chunk(file.read(CHUNK), final=final):
                    file.seek(self._position)

    def _read_chunk(self, chunk: bytes, *, final: bool) -> bool:
        """Take the whole lines of a chunk; says whether there may be more."""
        end = chunk.rfind(b"\n") + 1
        if len(chunk) == CHUNK and end == 0:
            end = CHUNK  # a line longer than a chunk: in pieces
        elif final and len(chunk) < CHUNK:
            end = len(chunk)
        if end == 0:
            return False
        now = time.time()
        metrics: list[Metric] = []
        for line in chunk[:end].decode(errors="replace").splitlines():
            metrics += self._scraper.scrape(line, now)
        self._position += end
        self._times.note(self._position, now)
        if metrics:
            self._on_metrics(metrics, self._position)
        return len(chunk) == CHUNK


class LogFollower(threading.Thread):
    """One thread that reads on in all logs that grow, ten times a second.

    That only sets how soon a metric of a running job is known; the end of a job is known, and its log read to
    the end, without waiting for this.
    """

    def __init__(self) -> None:
        super().__init__(name="log-follower", daemon=True)
        self._readers: set[LogReader] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False

    def add(self, reader: LogReader) -> None:
        """Follow this log."""
        with self._lock:
            self._readers.add(reader)
        self._wake.set()

    def remove(self, reader: LogReader) -> None:
        """Follow it no longer."""
        with self._lock:
            self._readers.discard(reader)

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wake.set()

    def run(self) -> None:
        """Follow until closed; without a log to follow, sleep."""
        while not self._closed:
            with self._lock:
                readers = list(self._readers)
                if not readers:
                    self._wake.clear()
            if not readers:
                self._wake.wait()
                continue
            for reader in readers:
                try:
                    reader.read()
                except Exception:
                    LOGGER.exception("can't follow a log")
            time.sleep(INTERVAL)
