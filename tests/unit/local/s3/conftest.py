"""A store in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_hpt_provider.local.s3.objects import ObjectStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    objects = ObjectStore(tmp_path / "s3")
    objects.create_bucket("bucket")
    yield objects
    objects.close()
