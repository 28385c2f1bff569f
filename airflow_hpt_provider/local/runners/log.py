"""An attempt's log, read while it grows."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.logs.lines import as_logged, split_lines
from airflow_hpt_provider.local.logs.times import LogTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from airflow_hpt_provider.local.runners.contract import Metric
    from airflow_hpt_provider.local.runners.metrics import MetricScraper

LOGGER = logging.getLogger(__name__)
CHUNK = 1 << 20
"""Bytes that are read in one piece."""
NUMBER = b"0123456789.+-_eExXinfINFaA"
"""Bytes that a number may consist of."""
INTERVAL = 0.1
"""Seconds between two reads of the logs."""


class LogReader:
    """Reads what was added to a log since the last time, whole lines only, and reports the metrics in it.

    It also notes, in a second file, when each piece was read: for readers through CloudWatch Logs' API.

    Args:
        path: the log.
        scraper: finds the metrics.
        position: bytes that have been read before.
        on_metrics: gets the metrics of what was read, if there are any, and the new position.
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
            end = _end_of_piece(chunk)
        elif final and len(chunk) < CHUNK:
            end = len(chunk)
        if end == 0:
            return False
        now = time.time()
        metrics: list[Metric] = []
        for line in split_lines(chunk[:end]):
            metrics += self._scraper.scrape(as_logged(line.removesuffix(b"\n")), now)
        self._position += end
        self._times.note(self._position, now)
        if metrics:
            self._on_metrics(metrics, self._position)
        return len(chunk) == CHUNK


def _end_of_piece(chunk: bytes) -> int:
    """Return the place to cut a line that is longer than a chunk: before its last word, or at least not in a number.

    A cut number would be another number. A chunk that is one number from its start to its end is none.
    """
    space = chunk.rfind(b" ") + 1
    return space or len(chunk.rstrip(NUMBER)) or len(chunk)


class LogFollower(threading.Thread):
    """One thread that reads on in all logs that grow, ten times a second.

    The pace only sets how soon a metric of a running job is known. When a job ends, its log is read to the end
    immediately, without waiting for this thread.
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
