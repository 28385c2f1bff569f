"""Calls that block for no longer than the wait that they belong to."""

from __future__ import annotations

import contextvars
import math
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LAST_POLL_SECONDS = 10.0
"""How long after its deadline a wait is given for the last poll to come back."""


class CallTimeoutError(TimeoutError):
    """The call has not come back in time. It may still be under way."""


def call_within(seconds: float, function: Callable[[], T]) -> T:
    """Return the function's result, if it returns in time.

    It runs in a thread, which is left behind if it does not: no call of the hook's blocks for ever.

    Args:
        seconds: the limit; infinite: the function is called in the calling thread.
        function: the call.

    Raises:
        CallTimeoutError: the time is over.
        Exception: what the function raises.
    """
    if math.isinf(seconds):
        return function()
    results: queue.SimpleQueue[tuple[bool, T | BaseException]] = queue.SimpleQueue()

    def work() -> None:
        try:
            results.put((True, context.run(function)))
        except BaseException as error:  # noqa: BLE001 - raised in the calling thread
            results.put((False, error))

    context = contextvars.copy_context()
    threading.Thread(target=work, name="poll tuning job", daemon=True).start()
    try:
        succeeded, result = results.get(timeout=min(seconds, threading.TIMEOUT_MAX))
    except queue.Empty:
        raise CallTimeoutError(f"no response within {seconds:.1f} s") from None
    if succeeded:
        return result  # type: ignore[return-value]
    raise result  # type: ignore[misc]
