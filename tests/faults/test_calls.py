"""Faults on the way to the service: operator, trigger and retries in this process, a proxy, a real service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.fault_schedule import Fault, FaultWindow
from tests.faults.scenarios import Scenario, ScenarioResult, run_scenario
from tests.faults.table import VIOLATED, Record

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.faults.client_faults import ClientFaults

pytestmark = pytest.mark.integration

SIDE_BY_SIDE = 8
MODES = ("sync", "deferrable")
Play = Callable[[Iterable[Scenario]], list[ScenarioResult]]


@pytest.fixture
def play_all(
    service: LocalService, machine: ClientFaults, config: dict[str, Any], seed: int, records: list[Record]
) -> Play:
    """Runs scenarios side by side; fails if the property did not hold after one of them."""

    def one(scenario: Scenario) -> ScenarioResult:
        window = FaultWindow.drawn(scenario.fault, f"{seed} {scenario.name}", machine)
        return run_scenario(scenario, window, service, config)

    def run(scenarios: Iterable[Scenario]) -> list[ScenarioResult]:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            played = list(pool.map(one, scenarios))
        records.extend(each.record for each in played)
        violations = [each.reported for each in played if each.outcome == VIOLATED]
        assert not violations, "\n".join(violations)
        return played

    return run


def all_delivered(played: Iterable[ScenarioResult]) -> None:
    """What passes must not cost the task its result."""
    failed = [(each.scenario, each.error) for each in played if each.outcome != "delivered"]
    assert not failed


def test_a_sample_of_faults(play_all: Play) -> None:
    faults = (Fault.THROTTLING, Fault.RESETS, Fault.EXPIRED, Fault.MIXED)
    all_delivered(play_all(Scenario(fault, mode, "none", 0) for fault in faults for mode in MODES))


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_every_fault_passes_and_the_result_arrives_once(play_all: Play) -> None:
    played = play_all(
        Scenario(fault, mode, "none", turn) for fault in Fault for mode in MODES for turn in range(1, 4)
    )
    all_delivered(played)
    met = {each.scenario.fault for each in played if each.faulted}
    assert met == set(Fault), "each was met at least once"


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("limit", ["unreachable", "timeout"])
def test_limits_hold_through_every_fault(play_all: Play, limit: str) -> None:
    played = play_all(Scenario(fault, mode, limit, 1) for fault in Fault for mode in MODES)
    if limit == "timeout":
        assert {each.outcome for each in played} == {"stopped"}
