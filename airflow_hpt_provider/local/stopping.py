"""The end of the service, within its grace period whatever its threads do."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading

log = logging.getLogger(__name__)

RESPONSE_SECONDS = 5
"""How long responses that have begun may take after the signal to stop."""
GRACE_SECONDS = 25
"""Maximum seconds from the stop signal to the end of the process, which include ending the training jobs' processes."""


class StopDeadline:
    """Ends the process if it has not ended by itself ``seconds`` after the first signal to stop.

    The store loses nothing: whatever was answered is on disk, as after SIGKILL.
    """

    def __init__(self, seconds: float = GRACE_SECONDS) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def begin(self) -> None:
        """Start the clock; a second call changes nothing."""
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._end)
            self._timer.name = "stop deadline"
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Stop the clock, unless a thread still runs for which the interpreter would wait."""
        if self._timer is not None and not _waited_for():
            self._timer.cancel()

    def _end(self) -> None:
        names = ", ".join(sorted(thread.name for thread in _waited_for())) or "the main thread"
        log.critical(
            "The service did not end within %g s of the signal to stop, because of: %s. It ends now. What it has "
            "answered is on disk; the next start follows the training jobs' processes that still run.",
            self._seconds,
            names,
        )
        faulthandler.dump_traceback(sys.stderr, all_threads=True)
        sys.stderr.flush()
        os._exit(1)


def _waited_for() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()]
