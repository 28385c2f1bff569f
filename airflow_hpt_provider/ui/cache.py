"""A short cache between the page and SageMaker: concurrent users cost one call."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from airflow_hpt_provider.ui.problems import Problem

T = TypeVar("T")
PATIENCE_SECONDS = 30.0
"""How long a request waits for another one that is reading the same thing."""


@dataclass
class _Slot(Generic[T]):
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: T | None = None
    error: Exception | None = None
    fresh_until: float = 0.0


class SharedCache(Generic[T]):
    """Values by key; each is loaded by one thread at a time, and an old one is served in the meantime.

    Errors are remembered for a moment too, so that a broken connection is not tried once per person and second.

    Args:
        size: how many values are kept; the one unused for longest goes first.
        error_seconds: how long an error is cached before the next try.
        clock: seconds, ever growing.
    """

    def __init__(
        self, size: int = 64, error_seconds: float = 3.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size, self._error_seconds, self._clock = size, error_seconds, clock
        self._slots: OrderedDict[str, _Slot[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, load: Callable[[T | None], T], fresh_for: Callable[[T], float]) -> T:
        """Return the value, at most ``fresh_for(value)`` seconds old, or a little older while another thread loads it.

        Args:
            key: of the value.
            load: makes it; gets the old value, or None.
            fresh_for: how long a value may be served.

        Raises:
            Problem: another thread has been loading it for too long.
            Exception: whatever ``load`` raises.
        """
        slot = self._slot(key)
        if self._clock() < slot.fresh_until:
            return self._value_or_raise(slot)
        old = slot.value
        if not (
            slot.lock.acquire(timeout=PATIENCE_SECONDS) if old is None else slot.lock.acquire(blocking=False)
        ):
            if old is not None:
                return old
            raise Problem(
                504, "unreachable", "SageMaker responds slowly", "", "The page retries automatically."
            )
        try:
            if self._clock() < slot.fresh_until:  # loaded while this thread waited
                return self._value_or_raise(slot)
            try:
                slot.value, slot.error = load(slot.value), None
            except Exception as error:
                slot.error, slot.fresh_until = error, self._clock() + self._error_seconds
                raise
            slot.fresh_until = self._clock() + fresh_for(slot.value)
            return slot.value
        finally:
            slot.lock.release()

    def fresh(self, key: str) -> T | None:
        """Return the value if it is fresh, without loading it."""
        with self._lock:
            slot = self._slots.get(key)
        return (
            slot.value
            if slot is not None and slot.error is None and self._clock() < slot.fresh_until
            else None
        )

    def expire(self, key: str) -> None:
        """Load the value again on the next request."""
        self._slot(key).fresh_until = 0.0

    def _slot(self, key: str) -> _Slot[T]:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._size:
                self._slots.popitem(last=False)
            return slot

    @staticmethod
    def _value_or_raise(slot: _Slot[T]) -> T:
        if slot.error is not None:
            raise slot.error
        assert slot.value is not None  # noqa: S101 - fresh and no error: there is one
        return slot.value
