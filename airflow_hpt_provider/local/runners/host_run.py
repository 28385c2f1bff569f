"""One host of an attempt under way: its directories, its process, and what is fed to it and read from it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.algorithms import trainable
from airflow_hpt_provider.local.runners import process, script_mode
from airflow_hpt_provider.local.runners.command import image_uri, script_command
from airflow_hpt_provider.local.runners.containers import containers
from airflow_hpt_provider.local.runners.data import channels, input_config
from airflow_hpt_provider.local.runners.data.checkpoints import Checkpoints
from airflow_hpt_provider.local.runners.data.pipes import Pipe, open_pipes
from airflow_hpt_provider.local.runners.data.s3 import S3Uri
from airflow_hpt_provider.local.runners.failures import algorithm_error, not_started, without_secrets
from airflow_hpt_provider.local.runners.log import LogReader
from airflow_hpt_provider.local.runners.metrics import MetricScraper
from airflow_hpt_provider.local.runners.opt_ml import OPT_ML, OptMlTree
from airflow_hpt_provider.local.runners.sandbox import leader
from airflow_hpt_provider.models.rules.space import OBJECTIVE_HYPERPARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_hpt_provider.local.runners.context import RunnerContext
    from airflow_hpt_provider.local.runners.contract import Metric
    from airflow_hpt_provider.local.runners.host_job import HostJob

LOGGER = logging.getLogger(__name__)


class HostRun:
    """One host of an attempt.

    Args:
        job: what it runs.
        context: what all attempts share.

    Attributes:
        process: None before it was started, and if it had ended when the service took it up again.
        exit_code: of its command; None while it runs, and if it was killed from outside.
        checkpoints: None if the job has none.
    """

    def __init__(self, job: HostJob, context: RunnerContext) -> None:
        self.job = job
        self.process: process.Process | None = None
        self.exit_code: int | None = None
        self.checkpoints = _checkpoints(job, context)
        self._context = context
        self._pipes: list[Pipe] = []
        self._reader: LogReader | None = None
        self._in_container = False

    # Before its process

    def prepare(self) -> None:
        """Make the host's directories and configuration files."""
        job, interface = self.job, self._context.commands.interface(self.job.spec)
        job.directory.mkdir(mode=0o700)
        files = input_config.files(job.spec, job.cluster, job.host, interface)
        job.tree.create(job.spec.definition, files)

    def fetch(self) -> None:
        """Download its channels and checkpoints.

        Raises:
            ClientFailure: there is no such data.
        """
        channels.fetch(self.job, self._context.objects)
        if self.checkpoints:
            self.checkpoints.restore()

    def open_pipes(self, on_failure: Callable[[], None]) -> None:
        """Make the pipes of its channels in Pipe mode.

        Raises:
            ClientFailure: there is no such data.
        """
        self._pipes = open_pipes(self.job, self._context.objects, on_failure)

    def end_pipes(self) -> None:
        """Stop feeding it."""
        for pipe in self._pipes:
            pipe.end()

    def find(self) -> None:
        """Look for the process that an earlier service started, or for its exit code."""
        self.process = process.find(self.job.directory)
        self.exit_code = process.exit_code(self.job.directory)

    @property
    def is_gone(self) -> bool:
        """Return whether, after :meth:`find`, it neither runs nor has an exit code."""
        return self.process is None and self.exit_code is None

    # While it runs

    def signal(self, number: int) -> None:
        """Signal its process group, if it has one."""
        if self.process is not None:
            self.process.signal(number)

    def read_log(self, position: int, on_metrics: Callable[[Sequence[Metric], int], None]) -> None:
        """Read its log from a byte on while it grows, and save its checkpoints."""
        definition, hyperparameters = self.job.spec.definition, self.job.spec.hyperparameters
        scraper = MetricScraper(
            self._context.commands.images.metric_definitions(
                image_uri(definition),
                definition["AlgorithmSpecification"].get("MetricDefinitions") or (),
                hyperparameters.get(OBJECTIVE_HYPERPARAMETER),
            )
        )
        self._reader = LogReader(self.job.directory / "log", scraper, position, on_metrics)
        self._context.follower.add(self._reader)
        if self.checkpoints:
            self.checkpoints.keep_saving()

    def wait(self) -> int | None:
        """Wait for the end of its process; return the exit code."""
        self.exit_code = self.process.wait() if self.process else process.exit_code(self.job.directory)
        return self.exit_code

    # After it

    def clean_up(self) -> None:
        """End all that was done for the process, and what may be left of its container."""
        if self._reader is not None:
            self._context.follower.remove(self._reader)
        if self.checkpoints:
            self.checkpoints.stop_saving()
        self.end_pipes()
        self._in_container = containers.end(self.job)

    def read_rest_of_log(self) -> None:
        """Read its log to the end."""
        if self._reader is not None:
            self._reader.read(final=True)

    @property
    def may_leave_processes(self) -> bool:
        """Return whether it was a bare process: with a container or sandbox, all that it started has ended."""
        return self.process is not None and not self._in_container and not self._is_sandboxed

    @property
    def starved(self) -> str | None:
        """Return why a channel could not be fed to the end; None if all could."""
        return next((pipe.failure for pipe in self._pipes if pipe.failure), None)

    def failure_reason(self) -> str:
        """Return why it ended with an exit code other than 0."""
        job, log = self.job, self.job.directory / "log"
        if self._in_container and self.exit_code == containers.NOT_STARTED:
            return not_started(log)
        if self._is_sandboxed and not leader.is_complete(job.directory):
            return not_started(log, "sandbox")
        hyperparameters = job.spec.hyperparameters
        tree = OptMlTree(Path(OPT_ML)) if self._is_sandboxed else job.tree
        return algorithm_error(
            exit_code=self.exit_code or 0,
            tree=job.tree,
            log=log,
            command=script_command(without_secrets(hyperparameters), tree),
            script_mode=script_mode.is_script_mode(hyperparameters),
            has_opt_ml=self._in_container or self._is_sandboxed,
            shares_ports=not job.alone and self._is_sandboxed,
            client_error=self.exit_code == trainable.CLIENT_ERROR
            and self._context.commands.trains(job.spec.definition, hyperparameters),
        )

    @property
    def _is_sandboxed(self) -> bool:
        return leader.is_sandboxed(self.job.directory)


def _checkpoints(job: HostJob, context: RunnerContext) -> Checkpoints | None:
    directory = job.tree.checkpoints(job.spec.definition)
    if directory is None:
        return None
    uri = S3Uri.parse(job.spec.definition["CheckpointConfig"]["S3Uri"])
    return Checkpoints(directory, uri, context.objects, job.tree)
