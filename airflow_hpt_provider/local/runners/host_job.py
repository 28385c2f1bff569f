"""What one host of an attempt runs, and where its files are.

The first host's are where a job with one host has them. Each other host has a directory in the job's, and one in the
attempt's::

    JOB/ml  JOB/home  JOB/tmp  JOB/attempt-1          algo-1
    JOB/algo-2/ml ...          JOB/attempt-1/algo-2   algo-2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.cluster import Cluster, Host
from airflow_hpt_provider.local.runners.opt_ml import OptMlTree

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_hpt_provider.local.runners.contract import TrainingSpec


@dataclass(frozen=True)
class HostJob:
    """One host's part in an attempt.

    Attributes:
        spec: the attempt.
        cluster, host: all of its hosts, and this one.
    """

    spec: TrainingSpec
    cluster: Cluster
    host: Host

    @classmethod
    def all(cls, spec: TrainingSpec) -> tuple[HostJob, ...]:
        """Return the part of each host, the first host's first."""
        cluster = Cluster.of(spec.definition)
        return tuple(cls(spec, cluster, host) for host in cluster.hosts)

    @property
    def tree(self) -> OptMlTree:
        """Return the host's ``/opt/ml``."""
        return OptMlTree(self._within(self.spec.directory) / "ml")

    @property
    def directory(self) -> Path:
        """Return the directory of the host's process, log and exit code."""
        return self._within(self.spec.directory / f"attempt-{self.spec.attempt}")

    @property
    def mark(self) -> str:
        """Return the value of SAGEMAKER_BASE_DIR by which the processes of all hosts are found."""
        return str(self.spec.directory / "ml")

    @property
    def alone(self) -> bool:
        """Return whether the job has no other host."""
        return len(self.cluster.hosts) == 1

    def _within(self, directory: Path) -> Path:
        return directory if self.host.number == 1 else directory / self.host.name
