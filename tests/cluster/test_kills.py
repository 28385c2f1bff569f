"""Kills, drains and outages of each component at random moments of tasks that wait."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.cluster.plan import EVERY_FAULT, KILLS, SEED, SHORT, waves
from tests.cluster.wave import MODES, Wave

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.process_faults import Fault
    from tests.cluster.stack import Stack
    from tests.cluster.table import Record

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each wave that the options ask for."""
    if "wave_faults" in metafunc.fixturenames:
        option = metafunc.config.getoption
        seed, kills = option("--cluster-seed", default=SEED), option("--cluster-kills", default=KILLS)
        found = waves(seed, kills)
        metafunc.parametrize(
            "wave_faults", found, ids=[f"wave{number}" for number in range(1, len(found) + 1)]
        )


def test_a_handful_of_faults_loses_no_paid_job(
    stack: Stack, service: LocalService, rng: random.Random, records: list[Record]
) -> None:
    """The short form, which CI runs."""
    found, wrong = Wave(stack, service, MODES, rng).play(SHORT)
    records.extend(found)
    assert not wrong, "\n".join(wrong)
    assert {record.what for record in found} >= {str(fault) for fault in SHORT}


@pytest.mark.heavy
def test_no_fault_loses_a_paid_job(
    stack: Stack,
    service: LocalService,
    rng: random.Random,
    records: list[Record],
    wave_faults: list[Fault],
) -> None:
    """The whole form."""
    found, wrong = Wave(stack, service, MODES, rng).play(wave_faults)
    records.extend(found)
    assert not wrong, "\n".join(wrong)


def test_the_whole_form_strikes_each_part_in_each_way() -> None:
    struck = [fault for wave in waves(1, KILLS) for fault in wave]
    assert len(struck) >= 60
    assert set(struck) == set(EVERY_FAULT)
    assert struck != [fault for wave in waves(2, KILLS) for fault in wave]
