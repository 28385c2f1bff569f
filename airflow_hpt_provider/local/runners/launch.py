"""Starts the processes of all hosts of an attempt."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners import process
from airflow_hpt_provider.local.runners.failures import ClientFailure
from airflow_hpt_provider.local.runners.sandbox import leader, network

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

    from airflow_hpt_provider.local.runners.command import Command
    from airflow_hpt_provider.local.runners.host_run import HostRun
    from airflow_hpt_provider.local.runners.sandbox.sandbox import Sandbox


def launch(
    runs: Sequence[HostRun], commands: Sequence[Command], sandbox: Sandbox | None
) -> subprocess.Popen[bytes] | None:
    """Start the process of each host; return what has to be waited for once they have ended.

    Raises:
        ClientFailure: one can't be started; then none runs.
    """
    try:
        if sandbox is not None and _share_a_network(runs, commands):
            leaders = {
                run.job.directory: process.leader_command(command.argv, run.job.directory, command.leader)
                for run, command in zip(runs, commands, strict=True)
            }
            around = network.start(sandbox.program, leaders, commands[0].environment)
            for run in runs:
                run.find()
            return around
        for run, command in zip(runs, commands, strict=True):
            run.process = process.start(
                command.argv,
                run.job.directory,
                working_directory=command.working_directory,
                environment=command.environment,
                leader=command.leader,
            )
    except (OSError, ValueError) as error:  # ValueError: a name or value that no process can be given
        for run in runs:
            if run.process is not None:
                run.signal(signal.SIGKILL)
                run.wait()
        raise ClientFailure(f"{commands[0].argv[0]} can't be started: {error}") from error
    return None


def _share_a_network(runs: Sequence[HostRun], commands: Sequence[Command]) -> bool:
    isolated = bool(runs[0].job.spec.definition.get("EnableNetworkIsolation"))
    return len(runs) > 1 and isolated and commands[0].leader == leader.SCRIPT
