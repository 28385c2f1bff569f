"""One attempt at a training job, in a thread of its own: from the empty directory to the end of all hosts."""

from __future__ import annotations

import contextlib
import logging
import signal
import sqlite3
import threading
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners import full_disk, outcome, permissions, process
from airflow_hpt_provider.local.runners.containers import containers
from airflow_hpt_provider.local.runners.contract import TRAINING, AttemptListener, AttemptResult, TrainingSpec
from airflow_hpt_provider.local.runners.data import artifacts, channels
from airflow_hpt_provider.local.runners.failures import INTERNAL, ClientFailure, printable
from airflow_hpt_provider.local.runners.host_job import HostJob
from airflow_hpt_provider.local.runners.host_run import HostRun
from airflow_hpt_provider.local.runners.launch import launch
from airflow_hpt_provider.local.runners.metric_journal import NAME, MetricJournal
from airflow_hpt_provider.local.runners.variables import BASE_DIRECTORY

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from airflow_hpt_provider.local.runners.context import RunnerContext

LOGGER = logging.getLogger(__name__)


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
        self._directory = spec.directory / f"attempt-{spec.attempt}"
        self._runs = [HostRun(job, means) for job in HostJob.all(spec)]
        self._failed: list[HostRun] = []
        self._lock = threading.Lock()
        self._launched = False
        self._behind = 0.0
        self._around: subprocess.Popen[bytes] | None = None
        self._stop_signal: int | None = None
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
        """SIGTERM to the groups; before there are any, there won't be."""
        self._stop(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the groups."""
        self._stop(signal.SIGKILL)

    def join(self, timeout: float) -> None:
        """Wait for the thread."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _stop(self, number: int) -> None:
        with self._lock:
            if self._stop_signal != signal.SIGKILL:
                self._stop_signal = number
            self._signal(number)

    @property
    def _stopping(self) -> bool:
        return self._stop_signal is not None

    def _signal(self, number: int) -> None:
        if self._launched:
            for run in self._runs:
                run.signal(number)

    def _end_processes(self) -> None:
        """SIGKILL to the groups, for no reason of the engine's: a channel can't be fed, or a host has failed."""
        with self._lock:
            self._signal(signal.SIGKILL)

    # The attempt itself, in its thread

    def _run(self, resume: bool) -> None:
        try:
            ended = self._resume() if resume else self._start()
        except ClientFailure as failure:  # it has not begun
            self._clear()
            ended = AttemptResult(failure_reason=str(failure))
        except Exception as error:
            full = full_disk.failure_of(error, self.spec.directory)
            if full is None:
                LOGGER.exception("training job %s: the runner failed", self.spec.name)
                ended = AttemptResult(failure_reason=printable(f"{INTERNAL} ({error})"), internal=True)
            else:
                LOGGER.error("training job %s: %s", self.spec.name, full)
                ended = AttemptResult(failure_reason=str(full))
            # The next start of a service that closes follows the attempt again.
            if not self._means.closing.is_set():
                self._abandon(ended)
        self._means.devices.give_back(self._directory)
        self._report_end(ended)

    def _abandon(self, ended: AttemptResult) -> None:
        """End the processes of an attempt that the service could not begin or follow, and remove its files.

        The end is noted first: a service that dies in between would deliver the model that is left of the files.
        """
        try:
            self._end_processes()
            for run in self._runs:
                containers.end(run.job)
            self._kill_escaped_processes()
            with contextlib.suppress(OSError):  # the disk may be full
                outcome.note(self._directory, ended)
            self._clear()
        except Exception:
            LOGGER.exception("training job %s: some of its files or processes are left", self.spec.name)

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
        for run in self._runs:
            run.prepare()
        outcome.reserve(self._directory)
        artifacts.check(self.spec, self._means.objects)
        if self._runs[0].checkpoints or self.spec.definition.get("InputDataConfig"):
            self._report("Downloading", "Downloading input data")
            for run in self._runs:
                run.fetch()
        try:
            for run in self._runs:
                run.open_pipes(self._end_processes)
            started = self._start_processes()
        except BaseException:
            self._end_pipes()
            raise
        if not started:
            self._end_pipes()
            return AttemptResult()
        return self._follow()

    def _start_processes(self) -> bool:
        """Start them; return False if the attempt was asked to stop before."""
        count = len(self._runs)
        try:
            devices = self._means.devices.take(
                self._directory, lambda: self._stopping or self._means.closing.is_set()
            )
            commands = [
                self._means.commands.make(run.job, devices.of_host(index, count))
                for index, run in enumerate(self._runs)
            ]
        except ValueError as error:  # a name or value that no process can be given
            raise ClientFailure(f"the training job can't be started: {error}") from error
        if self._stopping:
            return False
        self._around = launch(self._runs, commands, self._means.commands.sandbox)
        with self._lock:
            self._launched = True
            if self._stop_signal is not None:
                self._signal(self._stop_signal)
        self._report("Training", TRAINING)
        return True

    def _resume(self) -> AttemptResult:
        for run in self._runs:
            run.find()
        known = outcome.noted(self._directory) is not None
        # A job with pipes read them to their end when the service died, not to the end of its data; unless it had
        # been seen to end before.
        starved = bool(channels.in_pipe_mode(self.spec.definition))
        failed = any(run.exit_code for run in self._runs)
        if not known and (starved or (any(run.is_gone for run in self._runs) and not failed)):
            for run in self._runs:
                run.signal(signal.SIGKILL)
                run.wait()
            self._kill_escaped_processes()
            for run in self._runs:
                containers.end(run.job)
            containers.end_network(self._runs[0].job)
            LOGGER.info("training job %s: lost with the service", self.spec.name)
            return AttemptResult(lost=True)
        with self._lock:
            self._launched = True
            if self._stop_signal is not None:
                self._signal(self._stop_signal)
        if any(run.process for run in self._runs):
            self._report("Training", TRAINING)
        elif not known:
            self._behind = max(
                0.0, time.time() - max(process.ended_at(run.job.directory) for run in self._runs)
            )
        ended = self._follow()
        self._kill_escaped_processes()
        return ended

    def _kill_escaped_processes(self, since: int = 0) -> None:
        """Kill processes that have left the process group, or were in one whose leader is not a child process."""
        process.kill_escaped_processes(BASE_DIRECTORY, self._runs[0].job.mark, since=since)

    def _follow(self) -> AttemptResult:
        """Follow the processes, some of which may have ended, to their end."""
        first = self._runs[0]
        try:
            self._read_logs()
            self._wait()
        finally:
            for run in self._runs:
                run.clean_up()
            containers.end_network(first.job)
            if first.process is not None and first.may_leave_processes:
                self._kill_escaped_processes(since=first.process.pid)
        if self._around is not None:
            self._around.wait()
        if self._means.closing.is_set():
            return AttemptResult(lost=True)
        for run in self._runs:
            run.read_rest_of_log()
        ended = outcome.noted(self._directory)
        if ended is None:
            try:
                for run in self._runs:
                    if run.checkpoints:
                        run.checkpoints.save_last()
                ended = self._outcome()
            except ClientFailure as failure:
                ended = AttemptResult(failure_reason=str(failure))
            except (OSError, sqlite3.OperationalError) as error:
                full = full_disk.failure_of(error, self.spec.directory)
                if full is None:
                    raise
                ended = AttemptResult(failure_reason=str(full))
            ended = replace(full_disk.explained(ended, self.spec.directory), ended_at=self._now())
            outcome.note(self._directory, ended)
            full_disk.shorten_logs(self._runs)
        self._clear()
        return ended

    def _read_logs(self) -> None:
        position, on_metrics = self.spec.log_position, self._listener.on_metrics
        if len(self._runs) == 1:
            self._runs[0].read_log(position, on_metrics)
            return
        journal = MetricJournal(self._directory / NAME, position, on_metrics)
        for run in self._runs:
            name = run.job.host.name
            run.read_log(journal.position(name), partial(journal.add, name))

    def _wait(self) -> None:
        """Wait for all hosts; once one has failed, end the others."""
        first, *others = self._runs
        threads = [
            threading.Thread(target=self._wait_for, args=(run,), name=f"{self.spec.name} {run.job.host.name}")
            for run in others
        ]
        for thread in threads:
            thread.start()
        self._wait_for(first)
        for thread in threads:
            thread.join()

    def _wait_for(self, run: HostRun) -> None:
        exit_code = run.wait()
        if exit_code == 0 or self._stopping:
            return
        if exit_code is not None:
            self._failed.append(run)
        self._end_processes()

    def _outcome(self) -> AttemptResult:
        """Return the attempt's result from the end of its processes; upload the artifacts unless one failed.

        Raises:
            ClientFailure: they can't be uploaded.
        """
        spec, stopping = self.spec, self._stopping
        starved = next((run.starved for run in self._runs if run.starved), None)
        if starved and not stopping:
            return AttemptResult(failure_reason=str(ClientFailure(starved)))
        if self._failed and not stopping:
            return AttemptResult(failure_reason=self._failed[0].failure_reason())
        if any(run.exit_code is None for run in self._runs) and not stopping:
            LOGGER.warning("training job %s: its process group was killed from outside", spec.name)
            return AttemptResult(failure_reason=INTERNAL, internal=True)
        self._report("Uploading", "Uploading generated training model")
        artifact = artifacts.upload(
            spec,
            [run.job.tree for run in self._runs],
            self._means.objects,
            even_empty=all(run.exit_code == 0 for run in self._runs),
        )
        return AttemptResult(model_artifact=artifact)

    # Details

    def _report(self, status: str, message: str) -> None:
        if not self._means.closing.is_set():
            self._listener.on_status(status, message, self._now())

    def _now(self) -> float:
        """Return the time; from the end of its processes on, if the service was down then."""
        return round(time.time() - self._behind, 3)

    def _end_pipes(self) -> None:
        for run in self._runs:
            run.end_pipes()

    def _clear(self) -> None:
        for run in self._runs:
            run.job.tree.clear()
