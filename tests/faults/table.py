"""What was tried and what happened, as people read it."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

VIOLATED = "violated"
HEADINGS = (
    "what went wrong",
    "mode",
    "runs",
    "delivered",
    "recreated",
    "stopped",
    "violated",
    "tries",
    "met",
    "lateness",
)


@dataclass(frozen=True)
class Record:
    """One run.

    Attributes:
        what: the fault.
        mode: in which the task waited.
        outcome: ``delivered``, ``recreated``, ``stopped`` or ``violated``.
        tries: of the task.
        met: calls that met the fault, or processes killed.
        ratio: how late the result was, in units of the trouble and a poll interval.
    """

    what: str
    mode: str
    outcome: str
    tries: int
    met: int
    ratio: float


def rows(records: Iterable[Record]) -> list[tuple[str, ...]]:
    """One row for each fault and mode, in the order of their first runs."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.what, record.mode), []).append(record)
    return [_row(what, mode, group) for (what, mode), group in groups.items()]


def _row(what: str, mode: str, group: list[Record]) -> tuple[str, ...]:
    outcomes = Counter(record.outcome for record in group)
    tries = Counter(record.tries for record in group)
    late = [record.ratio for record in group if record.outcome in ("delivered", "recreated")]
    return (
        what,
        mode,
        str(len(group)),
        *(str(outcomes[each]) for each in ("delivered", "recreated", "stopped", VIOLATED)),
        ", ".join(f"{count} x {number}" for number, count in sorted(tries.items())),
        str(sum(record.met for record in group)),
        f"{max(late):.1f}" if late else "-",
    )


def markdown(records: list[Record]) -> str:
    """The table."""
    lines = [HEADINGS, tuple("-" * len(heading) for heading in HEADINGS), *rows(records)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def page(records: list[Record], seed: int, minutes: float) -> str:
    """``docs/faults.md``."""
    outcomes = Counter(record.outcome for record in records)
    return f"""\
# Fault-injection results

Written by `make test-faults TABLE=docs/faults.md`; the figures are those of that run: {len(records)} runs of a task,
seed {seed}, {minutes:.0f} minutes, Python {platform.python_version()}.

After every run exactly one of these must be true. The test lists all tuning jobs and their training jobs at the local
tuning service to check it:

- **delivered**: there is one tuning job for the task, it has completed, and its result arrived once;
- **recreated**: the same, but Airflow itself had ended a try (it treats a process without heartbeats as dead), whose
  job was stopped before the next try created the delivered one; never two at a time;
- **stopped**: nothing was delivered, and every job of the task was stopped, or has failed.

Here {outcomes["delivered"]} were delivered, {outcomes["recreated"]} delivered again, {outcomes["stopped"]} stopped, and
{outcomes[VIOLATED]} none of these.

{markdown(records)}

- *tries*: numbers of runs and of tries that they needed (`6 x 1` : six runs, one try).
- *met*: calls that met the fault; or processes killed.
- *lateness*: the worst, as a ratio: seconds from the moment when the result was available (the job and the faults have
  ended) to the end of the task, divided by the length of the faults plus one poll interval.
  A kill counts as 40 s of faults: Airflow, as configured here, notices it after that time.
- *limit unreachable*: the task tolerates two seconds of unavailability (`unreachable_timeout`), so some tries fail.
  *limit timeout*: the job would run without end, and must be stopped despite the faults (`timeout`).

Faults of calls are those of `local serve --faults`, injected by a loopback proxy between the provider and the service
([tests/support/faulty_proxy.py](../tests/support/faulty_proxy.py)). They begin with a random one of the task's calls
and last 3 to 8 seconds. Kills are SIGKILL at random moments of a real Airflow's processes, each of which is restarted
after some seconds, as by systemd ([tests/faults](../tests/faults)).
"""
