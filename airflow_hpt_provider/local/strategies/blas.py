"""One thread for linear algebra.

Matrices of a few hundred rows gain nothing from several threads and lose much when these wait for busy cores:
measured on two cores that others were using too, a suggestion at 500 known trials took 0.08 s with one thread
and 0.2 to 1 s with two. One thread also makes the rounding, and so the suggestion, the same on every machine
with the same library.
"""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from functools import cache
from typing import Any, Self

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


class OneThread(ContextDecorator):
    """A context in which BLAS uses one thread in the whole process. The last one to leave restores the number."""

    _lock = threading.Lock()
    _inside = 0
    _limit: Any = None

    def __enter__(self) -> Self:
        with self._lock:
            if OneThread._inside == 0:
                OneThread._limit = _controller().limit(limits=1, user_api="blas")
            OneThread._inside += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            OneThread._inside -= 1
            if OneThread._inside == 0:
                OneThread._limit.restore_original_limits()


@cache
def _controller() -> ThreadpoolController:
    """Find the loaded libraries, once: that takes milliseconds."""
    return ThreadpoolController()
