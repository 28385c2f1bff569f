"""The spend guard: what a tuning job may use, watched while it is waited for.

``max_trials_failed`` costs nothing: every look at a job brings its counters. ``max_billable_seconds`` has to be
measured: see :mod:`airflow_hpt_provider.waiting.billable_time`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_hpt_provider.exceptions import TuningJobBudgetError
from airflow_hpt_provider.waiting.snapshot import Sighting

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription


@dataclass(frozen=True)
class SpendLimits:
    """What one tuning job may use. None: no limit.

    Attributes:
        max_billable_seconds: of all its training jobs together, and of those of the attempts before it; more than 0.
        max_trials_failed: so many of its own training jobs may fail, not one more; 0 or more.

    Raises:
        ValueError: naming the argument, the value and the remedy.
    """

    max_billable_seconds: float | None = None
    max_trials_failed: int | None = None

    def __post_init__(self) -> None:
        seconds, trials = self.max_billable_seconds, self.max_trials_failed
        if seconds is not None and not seconds > 0:
            raise ValueError(
                f"max_billable_seconds={seconds!r} is not more than 0; leave it out for no limit."
            )
        if trials is not None and trials < 0:
            raise ValueError(f"max_trials_failed={trials!r} is less than 0; leave it out for no limit.")

    def check_counters(self, seen: Sighting | TuningJobDescription) -> None:
        """Check what every look shows. A job that has ended, or is about to, spends no more.

        Raises:
            TuningJobBudgetError: too many training jobs have failed.
        """
        if self.max_trials_failed is None:
            return
        sighting = seen if isinstance(seen, Sighting) else Sighting.of_description(seen)
        if sighting.status == "InProgress" and sighting.failed > self.max_trials_failed:
            raise TuningJobBudgetError(
                f"had {sighting.failed} failed training jobs (max_trials_failed={self.max_trials_failed})",
                sighting.name,
            )
