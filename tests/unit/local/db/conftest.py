"""An empty database of tuning and training jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.local.db.migrate import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airflow_hpt_provider.local.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(tmp_path / "jobs.sqlite")
    yield made
    made.close()
