"""SageMaker's operations: validated parameters in, answers out, both in AWS names.

``local_operations.py`` lists them; each group has its module. What changes something is carried out by the
engine's thread; what only reads uses the store directly.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.engine.engine import Engine
from airflow_hpt_provider.local.engine.naming import Arns
from airflow_hpt_provider.local.operations.contract import Operations
from airflow_hpt_provider.local.operations.local_operations import LocalOperations
from airflow_hpt_provider.local.runners.containers.containers import Containers
from airflow_hpt_provider.local.runners.devices import DevicePool
from airflow_hpt_provider.local.runners.requirements import Environments
from airflow_hpt_provider.local.runners.sandbox.choose import choose
from airflow_hpt_provider.local.runners.subprocess_runner import SubprocessRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_hpt_provider.local.engine.changes import OnTrainingChange
    from airflow_hpt_provider.local.engine.tuning import FailureOf, OnChange
    from airflow_hpt_provider.local.runners.contract import Runner
    from airflow_hpt_provider.local.runners.sandbox.choose import Isolation
    from airflow_hpt_provider.local.s3.objects import ObjectStore

__all__ = ["Operations", "OperationsSettings", "build_operations"]


class OperationsSettings(Protocol):
    """What :func:`build_operations` reads of the service's settings."""

    @property
    def data_dir(self) -> Path:
        """Gets ``jobs.sqlite`` and ``training-jobs/NAME`` with each training job's tree and logs."""
        ...

    @property
    def region(self) -> str:
        """The region in ARNs, which training jobs get too."""
        ...

    @property
    def account_id(self) -> str:
        """The account id in ARNs."""
        ...

    @property
    def images(self) -> Path | None:
        """The ``--images`` file."""
        ...

    @property
    def max_tuning_jobs(self) -> int | None:
        """How many tuning jobs may be in progress; None: no limit."""
        ...

    @property
    def pull(self) -> bool:
        """Whether the container engine may pull images that are not on this machine."""
        ...

    @property
    def isolation(self) -> Isolation:
        """Whether training jobs run in sandboxes."""
        ...

    @property
    def isolation_file(self) -> Path:
        """Gets a sentence about that."""
        ...

    @property
    def install(self) -> bool:
        """Whether a requirements.txt next to a script is installed."""
        ...

    @property
    def readable(self) -> tuple[Path, ...]:
        """Directories that training jobs in sandboxes may read too."""
        ...

    @property
    def gpus_per_job(self) -> int | None:
        """GPUs of each training job; 0: all jobs share all; None: an even share."""
        ...

    @property
    def cpus_per_job(self) -> int | None:
        """CPUs of each training job; None: an even share."""
        ...

    @property
    def max_hosts(self) -> int:
        """Maximum number of hosts of a training job."""
        ...

    @property
    def max_parallel(self) -> int | None:
        """Maximum number of concurrent training jobs, over all tuning jobs; None: the number of CPUs."""
        ...

    @property
    def spot_interruptions(self) -> float:
        """Mean interruptions per minute of training of each managed spot training job."""
        ...


def build_operations(
    settings: OperationsSettings,
    objects: ObjectStore,
    wrap: Callable[[Runner], Runner] = lambda runner: runner,
    on_change: OnChange = lambda job, tags: None,
    failure_of: FailureOf = lambda name, ended: None,
    on_training_change: OnTrainingChange | None = None,
) -> LocalOperations:
    """Return the operations of a service; call their ``start`` before the first call and ``close`` after the last.

    Args:
        settings: of the service.
        objects: where training jobs find their data and leave their models.
        wrap: puts something around the runner of the training jobs.
        on_change: called with a tuning job and its tags when its status has changed.
        failure_of: lets tuning jobs fail on request.
        on_training_change: called with a training job that has entered a secondary status.

    Raises:
        ValueError, OSError: the images file can't be used; sandboxes are required and cannot be made;
            a training job would need more GPUs or CPUs than there are.
    """
    hidden = [settings.data_dir, Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()]
    sandbox, choice = choose(settings.isolation, readable=settings.readable, hidden=hidden)
    settings.isolation_file.write_text(f"{choice}.\n", encoding="utf-8")
    devices = DevicePool(settings.max_parallel, settings.gpus_per_job, settings.cpus_per_job)
    runner = SubprocessRunner(
        objects,
        images=settings.images,
        region=settings.region,
        containers=Containers(pull=settings.pull),
        sandbox=sandbox,
        environments=Environments(settings.data_dir / "environments", sandbox) if settings.install else None,
        devices=devices,
        max_hosts=settings.max_hosts,
    )
    engine = Engine(
        open_database(settings.data_dir / "jobs.sqlite"),
        wrap(runner),
        settings.data_dir,
        Arns(settings.region, settings.account_id),
        max_parallel=devices.max_parallel,
        max_tuning_jobs=settings.max_tuning_jobs,
        spot_interruptions=settings.spot_interruptions,
        on_change=on_change,
        failure_of=failure_of,
        on_training_change=on_training_change,
    )
    return LocalOperations(engine)
