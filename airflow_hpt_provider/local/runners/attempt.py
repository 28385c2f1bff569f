"""One attempt at a training job, in a thread of its own: from the empty directory to the end."""

from __future__ import annotations

import logging
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners import outcome, permissions, process, script_mode
from airflow_hpt_provider.local.runners.command import CommandMaker, image_uri, script_command
from airflow_hpt_provider.local.runners.containers import containers
from airflow_hpt_provider.local.runners.contract import TRAINING, AttemptListener, AttemptResult, TrainingSpec
from airflow_hpt_provider.local.runners.data import artifacts, channels
from airflow_hpt_provider.local.runners.data.checkpoints import Checkpoints
from airflow_hpt_provider.local.runners.data.pipes import Pipe, open_pipes
from airflow_hpt_provider.local.runners.data.s3 import S3Uri
from airflow_hpt_provider.local.runners.devices import DevicePool
from airflow_hpt_provider.local.runners.failures import (
    INTERNAL,
    ClientFailure,
    algorithm_error,
    not_started,
    printable,
    without_secrets,
)
from airflow_hpt_provider.local.runners.log import LogFollower, LogReader
from airflow_hpt_provider.local.runners.metrics import MetricScraper
from airflow_hpt_provider.local.runners.opt_ml import OPT_ML, OptMlTree
from airflow_hpt_provider.local.runners.sandbox import leader
from airflow_hpt_provider.local.runners.variables import BASE_DIRECTORY
from airflow_hpt_provider.models.rules.space import OBJECTIVE_HYPERPARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_hpt_provider.local.s3.objects import ObjectStore

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunnerContext:
    """What all attempts share. ``closing``: set once the service closes; from then on, nothing is reported."""

    commands: CommandMaker
    objects: ObjectStore
    follower: LogFollower
    devices: DevicePool = field(default_factory=DevicePool)
    closing: threading.Event = field(default_factory=threading.Event)


class Attempt:
    """One attempt; a :class:`~airflow_hpt_provider.local.runners.contract.RunningJob`.

    Args:
        spec: what to run.
        listener: receives the reports.
        means: what it shares with all others.
        on_gone: called after the end has been reported.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        listener: AttemptListener,
        means: RunnerContext,
        *,
        on_gone: Callable[[Attempt], None],
    ) -> None:
        self.spec = spec
        self._listener = listener
        self._means = means
        self._on_gone = on_gone
        self._tree = OptMlTree(spec.directory / "ml")
        self._directory = spec.directory / f"attempt-{spec.attempt}"
        self._lock = threading.Lock()
        self._process: process.Process | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None

    # Control, from the engine's thread

    def begin(self, *, resume: bool) -> None:
        """Start, or take up again, in a thread."""
        if resume:  # before any other job starts
            self._means.devices.take_again(self._directory)
        self._thread = threading.Thread(
            target=self._run, args=(resume,), name=f"attempt {self.spec.name}", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError as error:  # the machine has no more threads to give
            self._thread = None
            self._report_end(AttemptResult(failure_reason=printable(f"{INTERNAL} ({error})"), internal=True))

    def stop(self) -> None:
        """SIGTERM to the group; before there is one, there won't be."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the group."""
        self._signal(signal.SIGKILL)

    def join(self, timeout: float) -> None:
        """Wait for the thread."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _signal(self, number: int) -> None:
        with self._lock:
            self._stopping = True
            if self._process is not None:
                self._process.signal(number)

    def _end_process(self) -> None:
        """SIGKILL to the group, for no reason of the engine's: a channel can't be fed any further."""
        with self._lock:
            if self._process is not None:
                self._process.signal(signal.SIGKILL)

    # The attempt itself, in its thread

    def _run(self, resume: bool) -> None:
        try:
            ended = self._resume() if resume else self._start()
        except ClientFailure as failure:  # it has not begun
            self._tree.clear()
            ended = AttemptResult(failure_reason=str(failure))
        except Exception as error:
            LOGGER.exception("training job %s: the runner failed", self.spec.name)
            ended = AttemptResult(failure_reason=printable(f"{INTERNAL} ({error})"), internal=True)
        self._means.devices.give_back(self._directory)
        self._report_end(ended)

    def _report_end(self, ended: AttemptResult) -> None:
        # When the service closes, the end is its doing, not the job's: nothing is reported.
        if not self._means.closing.is_set():
            self._listener.on_end(ended)
        self._on_gone(self)

    def _start(self) -> AttemptResult:
        self.spec.directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.spec.directory.mkdir(exist_ok=True, mode=0o700)
        permissions.grant(self.spec.directory)
        permissions.remove(self._directory)
        self._directory.mkdir(mode=0o700)
        self._tree.create(self.spec)
        artifacts.check(self.spec, self._means.objects)
        checkpoints = self._checkpoints()
        if checkpoints or self.spec.definition.get("InputDataConfig"):
            self._report("Downloading", "Downloading input data")
            channels.fetch(self.spec.definition, self._means.objects, self._tree.data)
            if checkpoints:
                checkpoints.restore()
        pipes = open_pipes(self.spec.definition, self._means.objects, self._tree.data, self._end_process)
        try:
            started = self._start_process()
        except BaseException:
            _end(pipes)
            raise
        if started is None:
            _end(pipes)
            return AttemptResult()
        return self._follow(started, checkpoints, pipes)

    def _start_process(self) -> process.Process | None:
        """Start it; return None if it was asked to stop before."""
        try:
            devices = self._means.devices.take(
                self._directory, lambda: self._stopping or self._means.closing.is_set()
            )
            command = self._means.commands.make(self.spec, self._tree, self._directory, devices)
        except ValueError as error:  # a name or value that no process can be given
            raise ClientFailure(f"the training job can't be started: {error}") from error
        with self._lock:
            if self._stopping:
                return None
            try:
                self._process = process.start(
                    command.argv,
                    self._directory,
                    working_directory=command.working_directory,
                    environment=command.environment,
                    leader=command.leader,
                )
            except (OSError, ValueError) as error:  # ValueError: a name or value that no process can be given
                raise ClientFailure(f"{command.argv[0]} can't be started: {error}") from error
        self._report("Training", TRAINING)
        return self._process

    def _resume(self) -> AttemptResult:
        running = process.find(self._directory)
        has_ended = process.exit_code(self._directory) is not None
        # A job with pipes read them to their end when the service died, not to the end of its data; unless it had
        # been seen to end before.
        starved = channels.in_pipe_mode(self.spec.definition) and outcome.noted(self._directory) is None
        if starved or (running is None and not has_ended):
            if running is not None:
                running.signal(signal.SIGKILL)
                running.wait()
            self._kill_escaped_processes()
            containers.end(self._directory, self._tree)
            LOGGER.info("training job %s: lost with the service", self.spec.name)
            return AttemptResult(lost=True)
        with self._lock:
            self._process = running
            stopping = self._stopping
        if running is not None:
            if stopping:
                running.signal(signal.SIGTERM)
            self._report("Training", TRAINING)
        ended = self._follow(running, self._checkpoints())
        self._kill_escaped_processes()
        return ended

    def _kill_escaped_processes(self, since: int = 0) -> None:
        """Kill processes that have left the process group, or were in one whose leader is not a child process."""
        process.kill_escaped_processes(BASE_DIRECTORY, str(self._tree.base), since=since)

    def _follow(
        self,
        running: process.Process | None,
        checkpoints: Checkpoints | None,
        pipes: Sequence[Pipe] = (),
    ) -> AttemptResult:
        """Follow the running process (None: it has ended) to its end."""
        definition = self.spec.definition
        scraper = MetricScraper(
            self._means.commands.images.metric_definitions(
                image_uri(definition),
                definition["AlgorithmSpecification"].get("MetricDefinitions") or (),
                self.spec.hyperparameters.get(OBJECTIVE_HYPERPARAMETER),
            )
        )
        reader = LogReader(
            self._directory / "log", scraper, self.spec.log_position, self._listener.on_metrics
        )
        self._means.follower.add(reader)
        if checkpoints:
            checkpoints.keep_saving()
        try:
            exit_code = running.wait() if running else process.exit_code(self._directory)
        finally:
            self._means.follower.remove(reader)
            if checkpoints:
                checkpoints.stop_saving()
            _end(pipes)
            in_container = containers.end(self._directory, self._tree)
            if running is not None and not in_container and not leader.is_sandboxed(self._directory):
                # With a container, all of its processes are gone; what podman keeps running is not the job's.
                self._kill_escaped_processes(since=running.pid)
        if self._means.closing.is_set():
            return AttemptResult(lost=True)
        reader.read(final=True)
        ended = outcome.noted(self._directory)
        if ended is None:
            try:
                if checkpoints:
                    checkpoints.save_last()
                ended = self._outcome(exit_code, pipes, in_container=in_container)
            except ClientFailure as failure:
                ended = AttemptResult(failure_reason=str(failure))
            outcome.note(self._directory, ended)
        self._tree.clear()
        return ended

    def _outcome(self, exit_code: int | None, pipes: Sequence[Pipe], *, in_container: bool) -> AttemptResult:
        """Return the attempt's result from the end of its process; upload the artifacts unless it failed.

        Raises:
            ClientFailure: they can't be uploaded.
        """
        spec, stopping = self.spec, self._stopping
        starved = next((pipe.failure for pipe in pipes if pipe.failure), None)
        if starved and not stopping:
            return AttemptResult(failure_reason=str(ClientFailure(starved)))
        if exit_code is None and not stopping:
            LOGGER.warning("training job %s: its process group was killed from outside", spec.name)
            return AttemptResult(failure_reason=INTERNAL, internal=True)
        if in_container and exit_code == containers.NOT_STARTED and not stopping:
            return AttemptResult(failure_reason=not_started(self._directory / "log"))
        sandboxed = leader.is_sandboxed(self._directory)
        if sandboxed and exit_code != 0 and not stopping and not leader.is_complete(self._directory):
            return AttemptResult(failure_reason=not_started(self._directory / "log", "sandbox"))
        if exit_code != 0 and not stopping:
            tree = OptMlTree(Path(OPT_ML)) if sandboxed else self._tree
            reason = algorithm_error(
                exit_code=exit_code or 0,
                tree=self._tree,
                log=self._directory / "log",
                command=script_command(without_secrets(spec.hyperparameters), tree),
                script_mode=script_mode.is_script_mode(spec.hyperparameters),
                has_opt_ml=in_container or sandboxed,
            )
            return AttemptResult(failure_reason=reason)
        self._report("Uploading", "Uploading generated training model")
        artifact = artifacts.upload(spec, self._tree, self._means.objects, even_empty=exit_code == 0)
        return AttemptResult(model_artifact=artifact)

    # Details

    def _report(self, status: str, message: str) -> None:
        if not self._means.closing.is_set():
            self._listener.on_status(status, message, round(time.time(), 3))

    def _checkpoints(self) -> Checkpoints | None:
        directory = self._tree.checkpoints(self.spec.definition)
        if directory is None:
            return None
        uri = S3Uri.parse(self.spec.definition["CheckpointConfig"]["S3Uri"])
        return Checkpoints(directory, uri, self._means.objects, self._tree)


def _end(pipes: Sequence[Pipe]) -> None:
    for pipe in pipes:
        pipe.end()
