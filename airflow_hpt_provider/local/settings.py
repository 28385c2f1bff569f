"""What the local tuning service is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ACCOUNT_ID = "123456789012"


@dataclass(frozen=True)
class ServiceSettings:
    """Settings of one service.

    Attributes:
        data_dir: everything it keeps; belongs to one running service at a time. Made if missing, mode 700.
        port: to listen on; 0 for a free one (the one of the last start, if that is still free).
        host: 127.0.0.1 or another loopback address; nothing else is accepted.
        region: what its ARNs and ``local.env`` say.
        account_id: what its ARNs say.
        images: TOML, which command stands for which training image; None: script mode and containers only.
        pull: whether training images that are not on this machine are pulled by the container engine.
        max_parallel: training jobs that run at the same time over all tuning jobs; None: the number of CPUs.
        max_tuning_jobs: tuning jobs that may be in progress; SageMaker refuses further ones. None: no limit.
        spot_interruptions: mean interruptions per minute of training of each managed spot training job.
        isolation: how training jobs are kept apart: ``auto``, ``sandbox`` or ``none``.
        readable: directories that training jobs in sandboxes may read too.
        install: whether a ``requirements.txt`` next to a script is installed.
        gpus_per_job: GPUs of each training job; 0: all jobs share all GPUs; None: an even share, at least one.
        cpus_per_job: CPUs of each training job; None: an even share, at least one.
        max_hosts: maximum number of hosts of a training job (InstanceCount).
        faults: TOML, what is to go wrong (:mod:`airflow_hpt_provider.local.fault_injection`); None: nothing.
    """

    data_dir: Path
    port: int = 0
    host: str = "127.0.0.1"
    region: str = "us-east-1"
    account_id: str = ACCOUNT_ID
    images: Path | None = None
    pull: bool = False
    max_parallel: int | None = None
    max_tuning_jobs: int | None = None
    spot_interruptions: float = 0.0
    faults: Path | None = None
    isolation: Literal["auto", "sandbox", "none"] = "auto"
    readable: tuple[Path, ...] = ()
    install: bool = True
    gpus_per_job: int | None = None
    cpus_per_job: int | None = None
    max_hosts: int = 4

    @property
    def environment_file(self) -> Path:
        """``local.env``: what a client needs."""
        return self.data_dir / "local.env"

    @property
    def s3_dir(self) -> Path:
        """Where the object store is."""
        return self.data_dir / "s3"

    @property
    def registry_file(self) -> Path:
        """Where the model packages are."""
        return self.data_dir / "model-registry.sqlite"

    @property
    def isolation_file(self) -> Path:
        """Says in a sentence how the service that runs keeps training jobs apart."""
        return self.data_dir / "isolation.txt"

    @property
    def reserve_file(self) -> Path:
        """Takes disk space that is given back when the disk is full."""
        return self.data_dir / "reserve"

    @property
    def lock_file(self) -> Path:
        """Held while a service runs on the directory."""
        return self.data_dir / "service.lock"
