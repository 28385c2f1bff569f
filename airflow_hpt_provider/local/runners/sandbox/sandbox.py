"""The sandbox of one attempt: what the job sees in addition to the system, and the command line that makes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.sandbox import leader
from airflow_hpt_provider.local.runners.sandbox.bubblewrap import LIFETIME, NAMESPACES, NO_NETWORK, privileges
from airflow_hpt_provider.local.runners.sandbox.mounts import Mounts
from airflow_hpt_provider.local.runners.sandbox.visible import show, too_much

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HOME = Path("/root")
"""The job's home directory, as in SageMaker's own containers."""
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - the sandbox's own
MACHINE_HOSTS = Path("/etc/hosts")


@dataclass(frozen=True)
class Place:
    """Where a job's command runs in its sandbox.

    Attributes:
        attempt: directory of the attempt's files, which the job does not see.
        opt_ml: becomes ``/opt/ml``.
        home, temporary: become the home directory and ``/tmp``.
        host: the name of the host.
        hosts: IP address by name of host.
        working_directory: in the sandbox.
        readable: files and directories of this machine that this job may read too.
        mounts: further directories: (source, place in the sandbox, whether it may be written to).
        isolated: without any network but its own loopback interface.
        in_network: that interface is shared with the job's other hosts (``network.py``).
    """

    attempt: Path
    opt_ml: Path
    home: Path
    temporary: Path
    host: str
    hosts: Mapping[str, str]
    working_directory: Path
    readable: Sequence[Path] = ()
    mounts: Sequence[tuple[Path, str, bool]] = ()
    isolated: bool = False
    in_network: bool = False


@dataclass(frozen=True)
class Sandbox:
    """Makes sandboxes.

    Attributes:
        program: the path of ``bwrap``.
        visible: what every job sees.
    """

    program: str
    visible: Mounts

    def command(self, place: Place, argv: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
        """Return the command line, for :data:`leader.SCRIPT`, that runs a command in a new sandbox.

        Its options, environment included, go into a private file: neither other users nor jobs can read them.

        Raises:
            ValueError: a name or value of the environment is one that no process can have.
        """
        mounts = Mounts(self.visible)
        for word in argv:
            _show_program(mounts, word)
        for path in place.readable:
            show(mounts, path)
        mounts.writable(place.opt_ml, "/opt/ml")
        mounts.writable(place.home, HOME)
        for temporary in TEMPORARY:
            mounts.writable(place.temporary, temporary)
        for source, at, may_write in place.mounts:
            (mounts.writable if may_write else mounts.read_only)(source, at)
        if MACHINE_HOSTS.is_file():
            file = place.attempt / "hosts"
            file.write_text(_hosts_file(place), encoding="utf-8")
            mounts.read_only(file, MACHINE_HOSTS)
        for name in environment:
            if not name or "=" in name:
                raise ValueError(f"illegal environment variable name '{name}'")
        options = [
            *NAMESPACES,
            *LIFETIME,
            *privileges(),
            *(NO_NETWORK,) * (place.isolated and not place.in_network),
            "--hostname",
            place.host,
        ]
        options += [*mounts.options(), "--chdir", str(place.working_directory)]
        for name, value in environment.items():
            options += ["--setenv", name, value]
        if any("\0" in option for option in options):  # it would begin another option
            raise ValueError("embedded null byte in a value of the environment")
        arguments = place.attempt / leader.ARGUMENTS
        arguments.touch(mode=0o600)
        arguments.write_bytes(b"".join(os.fsencode(option) + b"\0" for option in options))
        return (self.program, *leader.DESCRIPTORS, "/bin/sh", "-c", leader.INSIDE, str(place.attempt), *argv)

    def tool(
        self,
        command: Sequence[str],
        *,
        writable: Sequence[Path],
        readable: Sequence[Path],
        at: Path,
        home: Path,
    ) -> list[str]:
        """Return the command line that runs a program for a job: it may write to these places and temporary ones alone.

        It has the machine's network and environment variables, and a home directory with what is readable in it.
        """
        mounts = Mounts(self.visible)
        mounts.empty(home)
        for temporary in TEMPORARY:
            mounts.empty(temporary)
        for path in readable:
            mounts.read_only(path)
        for path in writable:
            mounts.writable(path, path)
        return [
            self.program,
            *NAMESPACES,
            *LIFETIME,
            *privileges(),
            *mounts.options(),
            "--chdir",
            str(at),
            *command,
        ]


def _show_program(mounts: Mounts, word: str) -> None:
    """Show the file that a word of the command names, and what lies next to a script."""
    path = Path(word)
    if not path.is_absolute() or word.startswith("/opt/ml") or not path.is_file():
        return
    show(mounts, path if too_much(path.parent) else path.parent)


def _hosts_file(place: Place) -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    if not place.isolated:
        lines = MACHINE_HOSTS.read_text(encoding="utf-8", errors="replace").splitlines()
        lines = [line for line in lines if not _names_any(line, place.hosts)]
    return "\n".join([*lines, *(f"{address} {name}" for name, address in place.hosts.items())]) + "\n"


def _names_any(line: str, names: Iterable[str]) -> bool:
    return not set(line.partition("#")[0].split()[1:]).isdisjoint(names)
