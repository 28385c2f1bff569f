"""One local tuning service for all runs, and the table of what happened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.table import BEGIN
from tests.faults.client_faults import ClientFaults
from tests.faults.jobs import job_config, start_service
from tests.faults.table import Record, markdown, page

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

BY_HAND = "## The local service\n"
"""Heading of the part of the page that no run writes."""
SEED = 20261124
RECORDS = pytest.StashKey[list[Record]]()
BEGAN = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-seed", type=int, default=SEED, help="of all that is random in tests/faults")
    parser.addoption("--fault-table", type=Path, help="write the page with the table of what happened here")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RECORDS] = []
    config.stash[BEGAN] = time.monotonic()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    records = config.stash[RECORDS]
    if records:
        terminalreporter.section("what was tried and what happened")
        terminalreporter.write_line(markdown(records))
    if target := config.getoption("--fault-table", default=None):
        minutes = (time.monotonic() - config.stash[BEGAN]) / 60
        old = target.read_text() if target.exists() else ""
        kept = [
            old.partition(heading) for heading in (BY_HAND, BEGIN)
        ]  # `make test-cluster` writes what has BEGIN
        rest = max(("".join(parts[1:]) for parts in kept), key=len)
        new = page(records, config.getoption("--fault-seed", default=SEED), minutes)
        target.write_text(f"{new}\n{rest}" if rest else new)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fault-seed", default=SEED))


@pytest.fixture
def records(request: pytest.FixtureRequest) -> list[Record]:
    """What the tests of this session have seen so far."""
    return request.config.stash[RECORDS]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    running = start_service(tmp_path_factory.mktemp("service"))
    yield running
    running.stop()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientFaults]:
    """This process's resolver and clock; and no trigger waits for the sake of a scheduler that is not here."""
    monkeypatch.setattr("airflow_hpt_provider.triggers.tuning.FIRST_EVENT_SECONDS", 0.0)
    with ClientFaults().patched() as machine:
        yield machine


@pytest.fixture
def config() -> dict[str, Any]:
    return job_config()
