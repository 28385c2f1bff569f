"""A clock that stands still, in a module that reads the time by ``datetime.now``."""

from __future__ import annotations

from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def stop_clock(monkeypatch: pytest.MonkeyPatch, module: ModuleType, at: datetime) -> None:
    """Let a module read one time whenever it asks.

    Args:
        monkeypatch: undoes it at the end of the test.
        module: has imported ``datetime`` from ``datetime``.
        at: the time.
    """

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return at

    monkeypatch.setattr(module, "datetime", Stopped)
