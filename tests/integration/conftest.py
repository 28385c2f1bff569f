"""What holds for every test against the local service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def kept_logging() -> Iterator[None]:
    """Undo what a command did to Airflow's log, which it sends to stderr for the rest of the process."""
    former = structlog.get_config()
    yield
    if structlog.get_config()["logger_factory"] is not former["logger_factory"]:
        structlog.configure(**former)
