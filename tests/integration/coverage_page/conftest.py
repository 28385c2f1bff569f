"""One service that has described every member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs.coverage import round_trip

if TYPE_CHECKING:
    from docs.coverage.round_trip import RoundTrip


@pytest.fixture(scope="session")
def trip(tmp_path_factory: pytest.TempPathFactory) -> RoundTrip:
    return round_trip.run(tmp_path_factory.mktemp("coverage"))
