"""Become another program, tied to the life of the process that asked for it.

Run as ``python -m airflow_hpt_provider.demo.child PROGRAM [ARGUMENT ...]``. On Linux the kernel then sends
SIGTERM to the program when the parent ends in any way, SIGKILL included, so that a killed demo leaves no
Airflow behind. Elsewhere the program is simply run. A separate program rather than ``preexec_fn``, which
is not safe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Replace this process by the program in ``argv``."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the kernel knew our wish
            raise SystemExit(1)
    os.execvp(argv[0], argv)  # noqa: S606  (the program is the caller's choice; no shell)


if __name__ == "__main__":
    main(sys.argv[1:])
