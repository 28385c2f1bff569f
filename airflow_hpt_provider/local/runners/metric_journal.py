"""The metrics of several hosts, in the order in which they were found.

The engine knows one position per attempt. For several hosts, that is a position in this file: each line has a host, how
far its log had been read, and the metrics found there. After a restart of the service, each log is read on from where
its last line says, and the lines that the engine does not know are reported again.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.contract import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAME = "metrics"


class MetricJournal:
    """Collects the metrics of all hosts of an attempt.

    Args:
        path: the file, which may exist.
        position: bytes of it that have been reported.
        on_metrics: receives new metrics and the new position.
    """

    def __init__(
        self, path: Path, position: int, on_metrics: Callable[[Sequence[Metric], int], None]
    ) -> None:
        self._path = path
        self._on_metrics = on_metrics
        self._lock = threading.Lock()
        self._positions: dict[str, int] = {}
        self._end = 0
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
            if not line.endswith(b"\n"):  # the service died while it wrote
                break
            host, read, metrics = json.loads(line)
            self._positions[host] = read
            self._end += len(line)
            if self._end > position:
                on_metrics([Metric(*metric) for metric in metrics], self._end)

    def position(self, host: str) -> int:
        """Return how far the host's log has been read."""
        return self._positions.get(host, 0)

    def add(self, host: str, metrics: Sequence[Metric], read: int) -> None:
        """Write and report the metrics of a host, whose log has been read up to a byte."""
        found = [(metric.name, metric.value, metric.at) for metric in metrics]
        line = json.dumps([host, read, found]).encode() + b"\n"
        with self._lock:
            with self._path.open("r+b" if self._path.exists() else "wb") as file:
                file.truncate(self._end)
                file.seek(self._end)
                file.write(line)
            self._end += len(line)
            self._on_metrics(metrics, self._end)
