"""Runs ``on_kill``'s calls in a thread, safe wherever the signal arrives."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from airflow.sdk.exceptions import AirflowTaskTimeout

DECIDE_SECONDS = 2.0
READY_SECONDS = 2.0
"""Both together are below the five seconds after which Airflow kills the process."""
STOP_SECONDS = 60.0


def stop_in_thread(decide: Callable[[], bool], ready: Callable[[], Any], stop: Callable[[], Any]) -> None:
    """In a separate thread, find out whether to stop, and stop; wait for it as long as that makes sense.

    Airflow calls ``on_kill`` in a signal handler: in the middle of whatever the task's thread does. That may be
    the import of boto3, which must not be entered again half done, or hold a lock of the hook or of the connection to
    Airflow's supervisor. So the work goes to a thread, and if the decision does not come for two seconds, or the work
    cannot begin for another two, the handler returns: what is in its way is the code that the signal has interrupted.
    The thread carries on. As a rule, Airflow kills the process five seconds after the signal.

    Args:
        decide: whether to stop; must not raise.
        ready: makes what ``stop`` needs; its errors are left to ``stop`` to meet again.
        stop: must not raise.
    """
    decided, begun = threading.Event(), threading.Event()

    def work() -> None:
        wanted = decide()
        if not wanted:
            begun.set()
        decided.set()
        if not wanted:
            return
        with contextlib.suppress(Exception):
            ready()
        begun.set()
        stop()

    thread = threading.Thread(target=work, name="stop tuning job")
    thread.start()
    if decided.wait(DECIDE_SECONDS) and begun.wait(READY_SECONDS):
        thread.join(STOP_SECONDS)


def execution_timeout_is_over() -> bool:
    """Whether ``on_kill`` is called because of ``execution_timeout``: Airflow does so while it handles that error."""
    return isinstance(sys.exc_info()[1], AirflowTaskTimeout)


def supervisor_is_busy() -> bool:
    """Return whether the signal interrupted a request to Airflow's supervisor: no second one is possible."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "airflow.sdk.execution_time.comms":
            return True
        frame = frame.f_back
    return False


def has_supervisor() -> bool:
    """Return whether Airflow's supervisor runs this process; `dag.test()` runs tasks in the process that calls it."""
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import CommsDecoder

    return isinstance(getattr(task_runner, "SUPERVISOR_COMMS", None), CommsDecoder)
