"""One network for all hosts of a training job with network isolation.

A sandbox around the shells that lead the hosts has a network namespace, and the whole of this machine otherwise. The
hosts' own sandboxes, which those shells make, are in that network. Like the shells, it outlives the service.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.sandbox.bubblewrap import NO_NETWORK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

START = "start"
"""File in a host's directory: the command of its leader."""
SCRIPT = f'for host; do setsid /bin/sh "$host/{START}" & done; wait'


def start(
    program: str,
    leaders: Mapping[Path, Sequence[str]],
    environment: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    """Start the hosts of an attempt, and wait until each has noted its pid or has ended.

    Where the network can't be made, the first host's log says why, and every host has an exit code.

    Args:
        program: the path of ``bwrap``.
        leaders: the command of each host's leader, by the directory of its files.
        environment: of all leaders.

    Raises:
        OSError: bwrap can't be started.
    """
    for directory, command in leaders.items():
        (directory / START).write_text(f"exec {shlex.join(command)}\n", encoding="utf-8")
    first = next(iter(leaders))
    argv = [program, NO_NETWORK, "--dev-bind", "/", "/", "/bin/sh", "-c", SCRIPT, "hosts", *map(str, leaders)]
    with (first / "log").open("ab") as log:
        child = subprocess.Popen(
            argv,
            cwd=first,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while missing := [directory for directory in leaders if not _has_begun(directory)]:
        if child.poll() is not None:
            for directory in missing:
                (directory / "exit").write_text(f"{child.returncode}\n", encoding="utf-8")
            break
        time.sleep(0.005)
    return child


def _has_begun(directory: Path) -> bool:
    try:
        return (directory / "process").stat().st_size > 0
    except OSError:
        return False
