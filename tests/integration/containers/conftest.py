"""What all tests here share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE = 180.0


@pytest.fixture
def wait_until() -> Callable[[Callable[[], Any]], Any]:
    """Waits for a condition; its value."""

    def wait(condition: Callable[[], Any]) -> Any:
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if value := condition():
                return value
            time.sleep(0.02)
        pytest.fail(f"not within {DEADLINE} s: {condition}")

    return wait
