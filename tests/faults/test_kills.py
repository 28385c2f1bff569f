"""SIGKILL at random moments, under a real scheduler and triggerer."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.demo.waiting import wait_until
from tests.faults import invariants
from tests.faults.installation import Run, installed, wait_for_all
from tests.faults.process_chaos import BY_RUN, KillTarget, ProcessKiller

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.airflow import LocalAirflow
    from airflow_hpt_provider.demo.service import LocalService
    from tests.faults.table import Record

pytestmark = [pytest.mark.heavy, pytest.mark.system, pytest.mark.timeout(1800)]

MODES = ("sync", "deferrable")
EACH = 2
"""Runs of each mode for each kind of kill; of all kinds together that makes 24."""
KILLS = 2
"""Of a part that all runs share; or of one run's processes, at most."""
WAIT_SECONDS = 900


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalAirflow, LocalService]]:
    with installed(tmp_path_factory.mktemp("kills")) as both:
        yield both


@pytest.mark.parametrize("victim", KillTarget)
def test_after_kills_a_result_arrives_once_or_nothing_runs(
    installation: tuple[LocalAirflow, LocalService], victim: KillTarget, seed: int, records: list[Record]
) -> None:
    airflow, service = installation
    rng = random.Random(f"{seed} {victim.name}")
    killer = ProcessKiller(airflow, service, rng)
    try:
        runs = _play(victim, killer, rng)
        wait_for_all(killer, runs, WAIT_SECONDS)
        judged = [run.judged(airflow, service) for run in runs]
    finally:
        killer.clean_up()
    records.extend(record for record, _ in judged)
    violations = [reported for _, reported in judged if reported]
    assert not violations, "\n".join(violations)
    assert any(run.kills for run in runs)


def test_a_worker_that_is_lost_in_the_last_try_leaves_no_job(
    installation: tuple[LocalAirflow, LocalService], seed: int
) -> None:
    """No worker is left to stop it: Airflow calls back in its DAG processor."""
    airflow, service = installation
    killer, sagemaker = ProcessKiller(airflow, service, random.Random(seed)), service.client("sagemaker")
    run = Run(KillTarget.WORKER, "once", airflow.api.trigger("once"))
    name = Owner(run.mode, "tune", run.run_id).base_name
    wait_until(lambda: invariants.jobs_of(sagemaker, name), WAIT_SECONDS, "no job is made")
    faulted: set[int] = set()

    def is_over() -> bool:
        # Airflow may start the task again by itself, as after the loss of a scheduler: that try is lost as well.
        pid = run.pid(airflow)
        if pid is not None and pid not in faulted and killer.strike_task(KillTarget.WORKER, pid):
            faulted.add(pid)
        return run.over(airflow)

    wait_until(is_over, WAIT_SECONDS, "Airflow does not notice")
    assert faulted
    [job] = invariants.settled(sagemaker, name)
    assert (job.status, job.runs) == ("Stopped", False)


def _play(victim: KillTarget, killer: ProcessKiller, rng: random.Random) -> list[Run]:
    """Start the runs one after the other, and kill in the meantime; returns when all that was killed is back."""
    airflow, began = killer.airflow, time.time()
    modes = [mode for mode in MODES for _ in range(EACH)]
    rng.shuffle(modes)
    starts = sorted(rng.uniform(0, 15) for _ in modes)
    # Soon after a run's start, so that the kill meets it on any machine, however fast.
    kills = [] if victim in BY_RUN else sorted(rng.choice(starts) + rng.uniform(2, 10) for _ in range(KILLS))
    runs: list[Run] = []
    last = began + 90
    while modes or kills or killer.down or (victim in BY_RUN and time.time() < last):
        now = time.time() - began
        if modes and now >= starts[0]:
            starts.pop(0)
            mode = modes.pop()
            runs.append(Run(victim, mode, airflow.api.trigger(mode)))
        if victim in BY_RUN:
            for run in runs:
                _strike_task(victim, run, killer, rng)
        elif kills and now >= kills[0] and not killer.down:
            kills.pop(0)
            hit = [run for run in runs if not run.over(airflow)]
            killer.strike(victim)
            for run in hit:
                run.kills, run.back = run.kills + 1, killer.down[-1][0]
        killer.restart_due()
        time.sleep(0.3)
    return runs


def _strike_task(victim: KillTarget, run: Run, killer: ProcessKiller, rng: random.Random) -> None:
    """Perhaps, now. A leg of a task that defers is short, so it is more likely there."""
    if run.kills >= KILLS or rng.random() > (0.15 if run.mode == "sync" else 0.4):
        return
    pid = run.pid(killer.airflow)
    if pid is not None and killer.strike_task(victim, pid):
        run.kills, run.back = run.kills + 1, time.time()
