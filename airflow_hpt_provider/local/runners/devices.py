"""Shares out the machine's GPUs and CPUs among training jobs that run in parallel.

Each job gets GPUs of its own (CUDA_VISIBLE_DEVICES) and as many threads as it has CPUs, so that jobs in parallel do not
compete for them. What an attempt got is noted in its directory: a job that outlives the service keeps its GPUs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""What numerical libraries read when they start their threads."""
NOTE = "gpus"
"""File of an attempt."""


@dataclass(frozen=True)
class Devices:
    """What one training job may use.

    Attributes:
        cpus: number of CPUs.
        gpus: ids of its GPUs, for CUDA_VISIBLE_DEVICES.
        shared_gpus: number of GPUs that it shares with all other jobs; ``gpus`` is empty then.
    """

    cpus: int
    gpus: tuple[str, ...] = ()
    shared_gpus: int = 0

    def variables(self) -> dict[str, str]:
        """Return the environment variables that keep a job to its share."""
        threads = dict.fromkeys(THREADS, str(self.cpus))
        return {**threads, VISIBLE: ",".join(self.gpus)} if self.gpus else threads

    def of_host(self, index: int, hosts: int) -> Devices:
        """Return the share of one of several hosts of the job: with fewer GPUs than hosts, all share all of them."""
        gpus = self.gpus if len(self.gpus) < hosts else self.gpus[index::hosts]
        return Devices(max(1, self.cpus // hosts), gpus, self.shared_gpus)

    @property
    def gpu_count(self) -> int:
        """Return the number of GPUs that the job sees."""
        return len(self.gpus) or self.shared_gpus


class DevicePool:
    """The machine's GPUs and CPUs.

    Args:
        max_parallel: training jobs in parallel; None: the number of CPUs.
        gpus_per_job: GPUs of each job; 0: all jobs share all GPUs; None: an even share, at least one.
        cpus_per_job: CPUs of each job; None: an even share, at least one.
        gpus: ids of the GPUs; None: those that this process may use.

    Raises:
        ValueError: a job would need more GPUs or CPUs than there are.
    """

    def __init__(
        self,
        max_parallel: int | None = None,
        gpus_per_job: int | None = None,
        cpus_per_job: int | None = None,
        gpus: Sequence[str] | None = None,
    ) -> None:
        self._all = tuple(find_gpus() if gpus is None else gpus)
        count = os.cpu_count() or 1
        wanted = max_parallel or count
        if gpus_per_job is None:
            gpus_per_job = max(1, len(self._all) // wanted) if self._all else 0
        _check("--gpus-per-job", gpus_per_job, len(self._all), "GPUs")
        _check("--cpus-per-job", cpus_per_job or 1, count, "CPUs")
        self.gpus_per_job = gpus_per_job
        self.max_parallel = min(wanted, len(self._all) // gpus_per_job) if gpus_per_job else wanted
        """Training jobs in parallel, so that each has GPUs of its own."""
        self.cpus_per_job = cpus_per_job or max(1, count // self.max_parallel)
        self._free = list(self._all)
        self._changed = threading.Condition()

    def take(self, attempt: Path, cancelled: Callable[[], bool] = lambda: False) -> Devices:
        """Return an attempt's share, once it is free.

        Args:
            attempt: directory of the attempt, where the share is noted.
            cancelled: ends the wait; the share then has no GPU.
        """
        with self._changed:
            while len(self._free) < self.gpus_per_job and not cancelled():
                self._changed.wait(0.1)
            if cancelled():
                return Devices(self.cpus_per_job)
            taken, self._free = self._free[: self.gpus_per_job], self._free[self.gpus_per_job :]
        if taken:
            (attempt / NOTE).write_text("\n".join(taken), encoding="utf-8")
        return Devices(self.cpus_per_job, tuple(taken), 0 if self.gpus_per_job else len(self._all))

    def take_again(self, attempt: Path) -> None:
        """Mark as taken what an attempt got from an earlier service."""
        noted = _noted(attempt)
        with self._changed:
            self._free = [gpu for gpu in self._free if gpu not in noted]

    def give_back(self, attempt: Path) -> None:
        """Free what an attempt got; nothing happens the second time."""
        noted = _noted(attempt)
        if not noted:
            return
        (attempt / NOTE).unlink(missing_ok=True)
        with self._changed:
            self._free = [gpu for gpu in self._all if gpu in self._free or gpu in noted]
            self._changed.notify_all()


def find_gpus(devices: Path = Path("/dev")) -> list[str]:
    """Return the ids of the GPUs that this process may use: CUDA_VISIBLE_DEVICES, or else one for each device file."""
    visible = os.environ.get(VISIBLE)
    if visible is not None:
        return [each for each in visible.replace(" ", "").split(",") if each]
    return [str(number) for number in range(sum(1 for _ in devices.glob("nvidia[0-9]*")))]


def _check(option: str, wanted: int, available: int, what: str) -> None:
    if wanted > available:
        raise ValueError(
            f"{option} must be at most {available}, the number of {what} of this machine, got {wanted}"
        )


def _noted(attempt: Path) -> set[str]:
    try:
        return set((attempt / NOTE).read_text(encoding="utf-8").split())
    except OSError:
        return set()
