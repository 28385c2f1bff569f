"""Runs the clients, kills the service, and balances the books."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from airflow_hpt_provider.demo.processes import free_port
from airflow_hpt_provider.demo.service import LocalService
from tests.soak.books import check_directory, check_objects, check_tuning_jobs
from tests.soak.clients import Ledger, TuningClient, unmodified_client
from tests.soak.memory import Memory, Sampler
from tests.soak.objects import BUCKET, ObjectClient, Objects

FULL_SECONDS = 1200.0
FULL_JOBS = 200
CLIENTS = 4
GRACE_SECONDS = 600.0
"""How long the jobs may take that are left when the time is over; a slow machine needs it."""
START_SECONDS = 300.0
"""How long a start of the service may take, on a machine that others use as well."""
TRAIN = """
x=${SM_HP_X:-1}
[ "$SM_HP_KIND" = slow ] && sleep 2
echo "model of $x" > "$SM_MODEL_DIR/model"
case $x in 0.9*) echo "bad luck" >&2; exit 1;; esac
echo "objective=$x;"
"""


@dataclass(frozen=True)
class Plan:
    """How much a soak does.

    Attributes:
        seconds: how long the clients create tuning jobs and write objects.
        jobs: tuning jobs in all.
        kill_every: seconds between two kills.
        seed: of the clients' choices.
    """

    seconds: float
    jobs: int
    kill_every: float
    seed: int

    @classmethod
    def of(cls, seconds: float, jobs: int | None, kill_every: float | None, seed: int) -> Plan:
        """Return a plan for some seconds; what is not given is in proportion to 20 minutes."""
        share = round(FULL_JOBS * seconds / FULL_SECONDS)
        return cls(
            seconds, jobs or max(CLIENTS, share), kill_every or (30.0 if seconds > 300 else 15.0), seed
        )


@dataclass
class Report:
    """What came of a soak."""

    plan: Plan
    kills: int = 0
    seconds: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)
    objects: Objects = field(default_factory=Objects)
    memory: Memory = field(default_factory=Memory)
    faults: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the figures."""
        ends: dict[str, int] = {}
        for status in self.ledger.ended.values():
            ends[status] = ends.get(status, 0) + 1
        mebibytes = [round(each[0] / 2**20) for each in self.memory.processes]
        return "\n".join(
            (
                f"{self.seconds:.0f} s, {self.kills} kills, seed {self.plan.seed}",
                f"{len(self.ledger.created)} tuning jobs: {dict(sorted(ends.items()))}",
                f"{self.ledger.calls} calls to SageMaker, {sum(self.ledger.lost.values())} without a response",
                f"{self.objects.calls} calls to S3, {sum(self.objects.lost.values())} without a response",
                f"MiB of memory of each process: {mebibytes}",
                f"open files of each process: {[each[1] for each in self.memory.processes]}",
                f"{len(self.faults)} faults",
            )
        )


def run(directory: Path, plan: Plan, reported: Callable[[str], None] = lambda line: None) -> Report:
    """Run a soak in an empty directory.

    Args:
        directory: for the service's data and its training script.
        plan: how much.
        reported: called with a line after each kill.
    """
    report, began = Report(plan), time.monotonic()
    script = directory / "train.sh"
    script.write_text(TRAIN, encoding="utf-8")
    images = directory / "images.toml"
    images.write_text(
        f'[[image]]\nmatch = "*/quick:*"\ncommand = ["/bin/sh", "{script}"]\n', encoding="utf-8"
    )
    service = LocalService(directory / "data", images, ["--port", str(free_port())])
    service.start(timeout=START_SECONDS)
    sampler = Sampler(report.memory, lambda: service.pid)
    sampler.start()
    try:
        for bucket in ("soak", BUCKET):
            service.client("s3").create_bucket(Bucket=bucket)
        _work(service, report, time.monotonic(), reported)
        report.faults += [*report.ledger.faults, *report.objects.faults, *report.memory.check()]
        sagemaker, s3 = (unmodified_client(service, name) for name in ("sagemaker", "s3"))
        report.faults += check_tuning_jobs(sagemaker, s3, report.ledger)
        report.faults += check_objects(s3, report.objects)
    finally:
        sampler.stop()
        service.stop()
    report.faults += check_directory(service.data_dir, service.log.read_text(encoding="utf-8"))
    if not report.ledger.lost:
        report.faults.append("no kill has met a call: nothing was tried")
    report.seconds = time.monotonic() - began
    return report


def _work(service: LocalService, report: Report, began: float, reported: Callable[[str], None]) -> None:
    plan = report.plan
    give_up = began + plan.seconds + GRACE_SECONDS
    shares = [plan.jobs // CLIENTS + (number < plan.jobs % CLIENTS) for number in range(CLIENTS)]
    tuning = [
        TuningClient(service, report.ledger, number, jobs, plan.seconds * 0.9, give_up, plan.seed)
        for number, jobs in enumerate(shares)
    ]
    traffic = [
        ObjectClient(service, report.objects, number, began + plan.seconds, plan.seed)
        for number in range(CLIENTS)
    ]
    for thread in (*tuning, *traffic):
        thread.start()
    moments = random.Random(plan.seed)
    while any(thread.is_alive() for thread in tuning):
        pause = plan.kill_every * moments.uniform(0.8, 1.2)
        end = time.monotonic() + pause
        while time.monotonic() < end and any(thread.is_alive() for thread in tuning):
            time.sleep(0.1)
        if time.monotonic() >= end and time.monotonic() < began + plan.seconds:
            service.kill()
            report.kills += 1
            service.start(timeout=START_SECONDS)
            reported(
                f"{time.monotonic() - began:5.0f} s: kill {report.kills}, {len(report.ledger.created)} created,"
                f" {len(report.ledger.ended)} ended"
            )
    for thread in (*tuning, *traffic):
        thread.join()
