"""When a tuning job has failed."""

from __future__ import annotations

FRUITLESS = 5
"""So many training jobs without a single objective, and a tuning job has failed."""


def failure_reason(*, succeeded: int, completed: int, failed: int) -> str | None:
    """FailureReason of a tuning job whose training jobs came to this; None if it has not failed."""
    if succeeded or not (completed or failed):
        return None
    if completed:
        return (
            f"No objective metrics found after running {completed + failed} training jobs. Please ensure that the "
            "custom algorithm is emitting the objective metric as defined by the regular expression provided."
        )
    if failed >= FRUITLESS:
        return (
            f"No training job succeeded after {FRUITLESS} attempts. Please take a look at the training job failures "
            "to get more details."
        )
    return "All training jobs failed. Please take a look at the training job failures to get more details."
