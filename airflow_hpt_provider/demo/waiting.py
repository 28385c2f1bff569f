"""Waiting for something to become true."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from airflow_hpt_provider.demo.errors import DemoTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def wait_until(look: Callable[[], T | None], timeout: float, complaint: str, every: float = 0.2) -> T:
    """Call ``look`` every ``every`` seconds until it returns something true, and return that.

    Raises:
        DemoTimeoutError: with ``complaint``, after ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise DemoTimeoutError(complaint)
        time.sleep(every)
