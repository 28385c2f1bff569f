"""Log streams: the log of each attempt at a training job, where the runner left it."""

from __future__ import annotations

import itertools
import os
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.job_directories import owner
from airflow_hpt_provider.local.logs.lines import as_logged, split_lines
from airflow_hpt_provider.local.logs.times import read_times

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE_BYTES = 1 << 20
"""Maximum size of a page of events, as at AWS."""
LARGEST_EVENT = 256 << 10


@dataclass(frozen=True)
class Event:
    """A line of a log. ``begin`` and ``end``: its bytes; ``at``: milliseconds since the epoch."""

    begin: int
    end: int
    at: int
    message: str


@dataclass(frozen=True)
class Stream:
    """One host's log of an attempt, as far as it has been read.

    ``name``: as SageMaker makes it, ``JOB/HOST-SECONDS``.
    """

    name: str
    log: Path

    @cached_property
    def times(self) -> list[tuple[int, int]]:
        """As :func:`.times.read_times` has them."""
        return read_times(self.log)

    @property
    def end(self) -> int:
        """How far it has been read, in bytes."""
        return self.times[-1][0] if self.times else 0

    def forward(self, begin: int, *, since: int, until: int, limit: int) -> list[Event]:
        """Return a page of events from a byte on, from ``since`` up to but not at ``until``."""
        begin, end = self._between(begin, self.end, since, until)
        with self.log.open("rb") as file:
            file.seek(begin)
            return self._events(
                begin, file.read(min(end - begin, PAGE_BYTES)), whole=end - begin <= PAGE_BYTES
            )[:limit]

    def backward(self, end: int, *, since: int, until: int, limit: int) -> list[Event]:
        """Return the page of events that ends at a byte, in order of time."""
        first, end = self._between(0, end, since, until)
        begin = max(first, end - PAGE_BYTES)
        with self.log.open("rb") as file:
            file.seek(begin)
            content = file.read(end - begin)
        if begin > first and b"\n" in content:  # the rest of a line that began before
            cut = content.index(b"\n") + 1
            begin, content = begin + cut, content[cut:]
        return self._events(begin, content, whole=True)[-limit:]

    def _between(self, begin: int, end: int, since: int, until: int) -> tuple[int, int]:
        """Return the part of a stretch that was read at these times."""
        ats = [at for _, at in self.times]
        first, last = bisect_left(ats, since), bisect_left(ats, until)
        begin = max(begin, self.times[first - 1][0] if first else 0)
        return begin, max(begin, min(end, self.times[last - 1][0] if last else 0))

    def _events(self, begin: int, content: bytes, *, whole: bool) -> list[Event]:
        if not whole and b"\n" in content:
            content = content[: content.rindex(b"\n") + 1]  # the next page begins with a line
        ends = [end for end, _ in self.times]
        events: list[Event] = []
        for line in split_lines(content):
            end = begin + len(line)
            at = self.times[min(bisect_right(ends, begin), len(ends) - 1)][1]
            message = as_logged(line.removesuffix(b"\n")[:LARGEST_EVENT])
            events.append(Event(begin, end, at, message))
            begin = end
        return events


def find_streams(training_jobs: Path, prefix: str = "") -> Iterator[Stream]:
    """Yield the streams whose names begin so: job by job, of each the oldest first.

    Jobs that have had the same name share it, as at AWS: so do their streams' names except for the time.

    Args:
        training_jobs: the directory that has one for each training job.
        prefix: of the name; with a ``/``, one training job's.
    """
    wanted, slash, _ = prefix.partition("/")
    every = os.listdir(training_jobs) if training_jobs.is_dir() else []  # noqa: PTH208 - there may be thousands
    directories = sorted((name for name in every if name.startswith(wanted)), key=owner)
    for job, of_job in itertools.groupby(directories, key=lambda name: owner(name)[0]):
        if slash and job != wanted:
            continue
        taken: set[str] = set()
        for attempt in itertools.chain.from_iterable(_attempts(training_jobs / name) for name in of_job):
            for host, directory in _hosts(attempt):
                times = read_times(directory / "log")
                if not times:
                    continue
                seconds = itertools.count(times[0][1] // 1000)
                name = next(name for second in seconds if (name := f"{job}/{host}-{second}") not in taken)
                taken.add(name)
                if name.startswith(prefix):
                    yield Stream(name, directory / "log")


def _hosts(attempt: Path) -> Iterator[tuple[str, Path]]:
    """Yield the directory of each host's log in an attempt."""
    yield "algo-1", attempt
    for number in itertools.count(2):
        directory = attempt / f"algo-{number}"
        if not directory.is_dir():
            return
        yield directory.name, directory


def _attempts(training_job: Path) -> list[Path]:
    """Return the attempts' directories in their order, without others that the job may have made next to them."""
    numbers = (path.name.removeprefix("attempt-") for path in training_job.glob("attempt-*"))
    return [
        training_job / f"attempt-{number}"
        for number in sorted(int(text) for text in numbers if text.isdecimal())
    ]
