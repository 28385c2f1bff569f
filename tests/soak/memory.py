"""What the service's processes need: memory and open files, which must not grow with what the service has done."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil

SETTLED = 5.0
"""Seconds after which a process has loaded what it needs."""
TOLERATED_GROWTH = 0.15
TOLERATED_BYTES = 12 << 20


@dataclass
class Memory:
    """Samples of one process after the other.

    Attributes:
        processes: of each process of the service, the largest resident memory and number of open files.
    """

    processes: list[tuple[int, int]] = field(default_factory=list)
    _largest: dict[int, tuple[int, int]] = field(default_factory=dict)

    def sample(self, pid: int | None) -> None:
        """Note what a process needs now, unless it is too young."""
        try:
            process = psutil.Process(pid or 0)
            if not pid or time.time() - process.create_time() < SETTLED:
                return
            bytes_, files = process.memory_info().rss, process.num_fds()
        except psutil.Error:
            return
        before = self._largest.get(pid, (0, 0))
        self._largest[pid] = max(bytes_, before[0]), max(files, before[1])
        self.processes = list(self._largest.values())

    def check(self) -> Iterator[str]:
        """Yield what has grown from the first third of the processes to the last."""
        third = max(1, len(self.processes) // 3)
        if len(self.processes) < 2:
            return
        for index, what, tolerated in ((0, "bytes of memory", TOLERATED_BYTES), (1, "open files", 32)):
            first = statistics.median(each[index] for each in self.processes[:third])
            last = statistics.median(each[index] for each in self.processes[-third:])
            if last > first * (1 + TOLERATED_GROWTH) + tolerated:
                yield f"the service needed {first:.0f} {what} at first, and {last:.0f} in the end"


class Sampler(threading.Thread):
    """Samples the service's process every second until stopped."""

    def __init__(self, memory: Memory, pid: Callable[[], int | None]) -> None:
        super().__init__(name="memory", daemon=True)
        self._memory, self._pid, self._ended = memory, pid, threading.Event()

    def run(self) -> None:
        """Sample."""
        while not self._ended.wait(1.0):
            self._memory.sample(self._pid())

    def stop(self) -> None:
        """End it."""
        self._ended.set()
        self.join()
