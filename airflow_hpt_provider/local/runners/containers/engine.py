"""The container engine of this machine, through the command line that docker and podman share."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.failures import ClientFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGGER = logging.getLogger(__name__)
PROGRAMS = ("docker", "podman")
ASK_SECONDS = 10.0
"""Maximum seconds until an engine must respond."""
ASK_AGAIN = 30.0
"""Seconds for which it is taken to be as it last said."""
CARRY_OUT_SECONDS = 60.0
REMOVE_AGAIN = 0.5
"""Seconds until a container that could not be removed is tried again."""


@dataclass(frozen=True)
class ContainerEngine:
    """An engine; ``program`` is the path of its command line."""

    program: str

    def answers(self) -> bool:
        """Return whether there is an engine behind the command line: a docker client may be alone."""
        return self._succeeds("info", timeout=ASK_SECONDS)

    def has_image(self, uri: str) -> bool:
        """Return whether the image is on this machine."""
        return self._succeeds("image", "inspect", uri, timeout=CARRY_OUT_SECONDS)

    def remove(self, label: str) -> None:
        """Kill and remove all containers that have this label, running or not; none is well too.

        A container that is being removed already, or has just been started, may be refused: so it is tried again.
        """
        for last in (False, False, True):
            try:
                found = self._run("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}")
                if containers := found.stdout.split():
                    # podman's rm would give a container ten seconds to end by itself. Kill refuses what does not run.
                    self._succeeds("kill", *containers, timeout=CARRY_OUT_SECONDS)
                    self._run("rm", "--force", *containers)
            except (OSError, subprocess.SubprocessError) as error:
                if last:
                    LOGGER.warning("can't remove the containers labelled %s: %s", label, _reason(error))
                else:
                    time.sleep(REMOVE_AGAIN)
            else:
                return

    def create_network(self, name: str, label: str, *, internal: bool) -> None:
        """Make a network; an internal one leads nowhere else.

        Raises:
            ClientFailure: the engine refuses it.
        """
        try:
            self._run("network", "create", "--label", label, *("--internal",) * internal, name)
        except (OSError, subprocess.SubprocessError) as error:
            raise ClientFailure(f"the network of the hosts can't be made: {_reason(error)}") from error

    def remove_networks(self, label: str) -> None:
        """Remove all networks that have this label; none is well too."""
        try:
            found = self._run("network", "ls", "--quiet", "--filter", f"label={label}")
            for network in found.stdout.split():
                self._run("network", "rm", network)
        except (OSError, subprocess.SubprocessError) as error:
            LOGGER.warning("can't remove the networks labelled %s: %s", label, _reason(error))

    def run_to_end(self, *arguments: str) -> None:
        """``run`` something short and wait for it; that it failed is logged, no more."""
        try:
            self._run("run", *arguments)
        except (OSError, subprocess.SubprocessError) as error:
            LOGGER.warning("%s run: %s", self.program, _reason(error))

    def _succeeds(self, *arguments: str, timeout: float) -> bool:
        try:
            self._run(*arguments, timeout=timeout)
        except (OSError, subprocess.SubprocessError):
            return False
        return True

    def _run(self, *arguments: str, timeout: float = CARRY_OUT_SECONDS) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=timeout,
        )


class EngineFinder:
    """Finds the engine that answers, docker's before podman's; asks at most every ``ASK_AGAIN`` seconds.

    Args:
        programs: names or paths of command lines, the preferred first.
    """

    def __init__(self, programs: Sequence[str] = PROGRAMS) -> None:
        self._programs = programs
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._found: ContainerEngine | None = None

    def find(self) -> ContainerEngine | None:
        """Return the engine; None if none answers."""
        with self._lock:
            now = time.monotonic()
            if self._asked_at is None or now - self._asked_at > ASK_AGAIN:
                paths = (path for name in self._programs if (path := shutil.which(name)))
                engines = (ContainerEngine(path) for path in paths)
                self._found = next((engine for engine in engines if engine.answers()), None)
                self._asked_at = time.monotonic()
            return self._found


def _reason(error: Exception) -> str:
    """Return the command line's own error message, if it has one."""
    return (getattr(error, "stderr", None) or str(error)).strip()
