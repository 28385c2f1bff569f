"""Which Airflow supports what: the only module that checks its version.

Features of newer versions are used where they exist. The table :data:`CAPABILITIES` says since when.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

try:  # Airflow 3.2+
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowRuntimeError,
        AirflowSensorTimeout,
        AirflowSkipException,
        TaskDeferralError,
        TaskDeferralTimeout,
        TaskDeferred,
    )
    from airflow.sdk.log import mask_secret, redact  # type: ignore[attr-defined]
except ImportError:
    try:  # Airflow 3.1
        from airflow.exceptions import (  # type: ignore[no-redef, attr-defined]
            AirflowException,
            AirflowFailException,
            AirflowSensorTimeout,
            AirflowSkipException,
            TaskDeferralError,
            TaskDeferralTimeout,
            TaskDeferred,
        )
        from airflow.sdk.exceptions import AirflowRuntimeError

        try:  # Airflow 3.1.1+
            from airflow.sdk.log import mask_secret
        except ImportError:  # Airflow 3.1.0
            from airflow.sdk.execution_time.secrets_masker import mask_secret  # type: ignore[no-redef]
        from airflow.sdk._shared.secrets_masker import redact
    except ModuleNotFoundError as error:
        if error.name != "airflow":
            raise
        # The tuning page and the command line run where Airflow is not installed.
        from airflow_hpt_provider.without_airflow import (  # type: ignore[assignment]
            AirflowException,
            AirflowFailException,
            AirflowRuntimeError,
            AirflowSensorTimeout,
            AirflowSkipException,
            TaskDeferralError,
            TaskDeferralTimeout,
            TaskDeferred,
            mask_secret,
            redact,
        )

__all__ = [
    "CAPABILITIES",
    "AirflowException",
    "AirflowFailException",
    "AirflowRuntimeError",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "Capability",
    "TaskDeferralError",
    "TaskDeferralTimeout",
    "TaskDeferred",
    "airflow_version",
    "base_url",
    "default_deferrable",
    "deployment",
    "has",
    "mask_secret",
    "redact",
    "secret_names",
    "setting",
    "stats",
    "trigger_arguments",
]


@dataclass(frozen=True)
class Capability:
    """Something that Airflow can do since a version, and what happens below it."""

    since: tuple[int, int, int]
    what: str
    below: str


CAPABILITIES = {
    "trigger_on_kill": Capability(
        (3, 3, 0),
        "A deferred task that is marked, or whose DAG run times out, stops its tuning job immediately.",
        "The API server stops the job of a deferred task that a person marks. Otherwise it keeps running; use "
        "StopHyperParameterTuningJobOperator to end it.",
    ),
    "retry_policy": Capability(
        (3, 3, 0),
        "TuningRetryPolicy decides by the failure's reason whether Airflow retries the task.",
        "Failures that a retry cannot mend raise AirflowFailException, which ends the retries as well.",
    ),
    "start_from_trigger": Capability(
        (3, 3, 0),
        "HyperParameterTuningJobSensor(start_from_trigger=True) starts in the triggerer, without a worker.",
        "It starts on a worker, which immediately hands over to the triggerer.",
    ),
    "finish_in_triggerer": Capability(
        (3, 3, 0),
        "HyperParameterTuningJobSensor(finish_in_triggerer=True) ends in the triggerer when the job has completed.",
        "It ends on a worker.",
    ),
    "shared_streams": Capability(
        (3, 3, 0),
        "All TuningJobStateChangeTriggers of one queue share one reader, and a message is deleted only when its "
        "events are stored in Airflow's database.",
        "Each reads a queue of its own, and deletes a message some seconds after it has handed the event on.",
    ),
    "asset_partitions": Capability(
        (3, 3, 0),
        "Each finished tuning job can start a DAG run of its own: by an asset with extra=PER_TUNING_JOB, or by an "
        "AssetWatcher (dags/on_tuning_finished.py).",
        "One DAG run may be about several jobs: it loops over them.",
    ),
    "task_state_store": Capability(
        (3, 3, 0),
        "The name of the task's tuning job is also kept in the task state store.",
        "The job is found again by its derived name and its tags.",
    ),
}


@cache
def airflow_version() -> tuple[int, int, int]:
    """Return the running Airflow's (major, minor, patch), without pre-release suffixes."""
    major, minor, patch = version("apache-airflow-core").split(".")[:3]
    return int(major), int(minor), int("".join(c for c in patch if c.isdigit()) or 0)


def has(capability: str) -> bool:
    """Return whether the running Airflow has one of :data:`CAPABILITIES`."""
    return airflow_version() >= CAPABILITIES[capability].since


def default_deferrable() -> bool:
    """``[operators] default_deferrable`` of Airflow's configuration."""
    return bool(_configuration().getboolean("operators", "default_deferrable", fallback=False))


def setting(name: str, default: float) -> float:
    """Return a number from the section ``[hpt]`` of Airflow's configuration (see ``provider_info.py``)."""
    return float(_configuration().getfloat("hpt", name, fallback=default))


def deployment() -> str:
    """``[hpt] deployment`` of Airflow's configuration: distinguishes Airflows that share an AWS account."""
    return str(_configuration().get("hpt", "deployment", fallback="") or "")


def base_url() -> str:
    """Return ``[api] base_url`` of Airflow's configuration, the address of its UI, or an empty string."""
    return str(_configuration().get("api", "base_url", fallback="") or "")


def secret_names() -> tuple[str, ...]:
    """Return ``[core] sensitive_var_conn_names`` of Airflow's configuration: parts of names whose values are secret."""
    names = str(_configuration().get("core", "sensitive_var_conn_names", fallback="") or "")
    return tuple(name for each in names.split(",") if (name := each.strip().lower()))


STATS_MODULES = (
    "airflow.sdk._shared.observability.metrics.stats",
    "airflow._shared.observability.metrics.stats",
    "airflow.stats",
)
"""Airflow's stats: the task SDK's and the core's separate copies (Airflow 3.2+), and the only one of Airflow 3.1."""


def stats() -> Any | None:
    """Return Airflow's stats, with ``incr``, ``gauge`` and ``timing``; None if this process sends no metrics.

    A task's process initializes one copy, triggerer and API server the other; a copy that is not initialized discards
    every metric. No module is imported: what is not loaded is not initialized.
    """
    for name in STATS_MODULES:
        copy = getattr(sys.modules.get(name), "Stats", None)
        # Airflow 3.3 keeps the factory in the module, older versions in the class.
        factory = getattr(sys.modules.get(name), "_factory", None) or getattr(copy, "factory", None)
        if factory is not None and getattr(factory, "__name__", "") != "NoStatsLogger":
            return copy
    return None


def trigger_arguments(encrypted: str) -> dict[str, Any]:
    """Decrypt a trigger's arguments from Airflow's database; call this only where that database is accessible."""
    from airflow.models.trigger import Trigger

    try:  # Airflow 3.2+
        from airflow.serialization.decoders import smart_decode_trigger_kwargs
    except ImportError:  # Airflow 3.1
        from airflow.serialization.serialized_objects import (  # type: ignore[no-redef, attr-defined]
            smart_decode_trigger_kwargs,
        )
    row = Trigger(classpath="", kwargs={})
    row.encrypted_kwargs = encrypted
    decode: Any = smart_decode_trigger_kwargs
    return {name: decode(value) for name, value in row.kwargs.items()}


def _configuration() -> Any:
    try:  # Airflow 3.2+
        from airflow.sdk.configuration import conf
    except ImportError:  # Airflow 3.1
        from airflow.configuration import conf
    return conf
