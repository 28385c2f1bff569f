"""What ``on_kill`` does, safe wherever the signal has come."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

READY_SECONDS = 2.0
STOP_SECONDS = 60.0


def run_in_thread(ready: Callable[[], Any], stop: Callable[[], Any]) -> None:
    """Call ``stop`` in a thread of its own, and wait for it.

    Airflow calls ``on_kill`` in a signal handler: in the middle of whatever the task's thread does. That may be
    the import of boto3, which must not be entered again half done, or hold a lock of the hook's. So the work goes
    to a thread, and if that cannot begin for two seconds, the handler returns: what is in its way is the code
    that the signal has interrupted. Airflow kills the process some seconds later.

    Args:
        ready: makes what ``stop`` needs; its errors are left to ``stop`` to meet again.
        stop: must not raise.
    """
    begun = threading.Event()

    def work() -> None:
        with contextlib.suppress(Exception):
            ready()
        begun.set()
        stop()

    thread = threading.Thread(target=work, name="stop tuning job")
    thread.start()
    if begun.wait(READY_SECONDS):
        thread.join(STOP_SECONDS)
