"""Why jobs end: what the store keeps in ``tuning_jobs.ending`` and ``training_jobs.stop_reason``."""

from __future__ import annotations

from enum import StrEnum


class CompletionReason(StrEnum):
    """Why a tuning job launches nothing more, though its budget is not used up."""

    REQUEST = "StopHyperParameterTuningJob"
    RUNTIME = "MaxRuntimeInSeconds"
    TARGET = "TargetObjectiveMetricValue"
    NOT_IMPROVING = "BestObjectiveNotImproving"
    CONVERGED = "ConvergenceDetected"
    ERROR = "InternalServerError"


def takes_precedence(ending: CompletionReason, former: str | None) -> bool:
    """Return whether a reason to end replaces the one that the tuning job may already have.

    The first reason counts, except that a requested stop never shows InProgress, and Completed later, because a
    criterion had been met.
    """
    return former is None or (
        ending is CompletionReason.REQUEST
        and former not in (CompletionReason.REQUEST, CompletionReason.ERROR)
    )


class StopReason(StrEnum):
    """Why a training job was asked to stop."""

    REQUEST = "StopTrainingJob"
    TUNING_JOB = "TuningJobEnds"
    EARLY = "EarlyStopping"
    RUNTIME = "MaxRuntimeInSeconds"
    WAIT = "MaxWaitTimeInSeconds"
    INTERRUPTION = "SpotInterruption"


def final_status(reason: StopReason) -> tuple[str, str]:
    """(secondary status, message) of a training job that was stopped for this reason."""
    if reason is StopReason.RUNTIME:
        return "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds provided"
    if reason is StopReason.WAIT:
        return "MaxWaitTimeExceeded", "Training job wait time exceeded MaxWaitTimeInSeconds provided"
    return "Stopped", "Training job stopped"
