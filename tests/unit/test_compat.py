"""What ``compat.py`` says of the running Airflow is what that Airflow has. ``make test-matrix`` runs this on each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from airflow_hpt_provider import compat


def trigger_has_on_kill() -> bool:
    from airflow.triggers.base import BaseTrigger

    return hasattr(BaseTrigger, "on_kill")


def has_retry_policies() -> bool:
    import airflow.sdk

    return hasattr(airflow.sdk, "RetryPolicy")


def trigger_arguments_are_templates() -> bool:
    from airflow.triggers.base import BaseTrigger

    return hasattr(BaseTrigger, "render_template_fields")


def triggers_can_push_xcoms() -> bool:
    from airflow.sdk.bases.xcom import BaseXCom

    return hasattr(BaseXCom, "aset")


def context_has_a_state_store() -> bool:
    from airflow.sdk import Context

    return "task_state_store" in Context.__annotations__


def triggers_can_share_a_stream() -> bool:
    from airflow.triggers.base import BaseEventTrigger

    return hasattr(BaseEventTrigger, "shared_stream_key")


def events_of_assets_have_partitions() -> bool:
    from airflow.sdk.execution_time.context import OutletEventAccessor

    return hasattr(OutletEventAccessor, "add_partitions")


PROBES: dict[str, Callable[[], bool]] = {
    "trigger_on_kill": trigger_has_on_kill,
    "retry_policy": has_retry_policies,
    "start_from_trigger": trigger_arguments_are_templates,
    "finish_in_triggerer": triggers_can_push_xcoms,
    "shared_streams": triggers_can_share_a_stream,
    "asset_partitions": events_of_assets_have_partitions,
    "task_state_store": context_has_a_state_store,
}


def test_every_capability_has_a_probe() -> None:
    assert set(PROBES) == set(compat.CAPABILITIES)


@pytest.mark.parametrize("capability", PROBES)
def test_compat_says_what_this_airflow_has(capability: str) -> None:
    assert compat.has(capability) is PROBES[capability]()


def test_the_version_is_the_running_one() -> None:
    import airflow

    assert airflow.__version__.startswith(".".join(map(str, compat.airflow_version())))


def test_what_it_says_of_each_capability_is_a_sentence() -> None:
    for capability in compat.CAPABILITIES.values():
        assert capability.since >= (3, 1, 0)
        for text in (capability.what, capability.below):
            assert text[0].isupper()
            assert text.endswith(".")


STATS = """
import importlib, sys
from airflow_hpt_provider.compat import STATS_MODULES, stats
package = "PACKAGE"
try:
    ours = importlib.import_module(package + "._shared.observability.metrics.stats")
except ModuleNotFoundError:  # Airflow 3.1
    from airflow.stats import Stats as expected
else:
    factory = importlib.import_module(package + ".observability.metrics.stats_utils").get_stats_factory
    expected = ours.Stats
    if hasattr(ours, "initialize"):  # Airflow 3.3
        ours.initialize(factory=factory(), export_legacy_names=True)
    else:
        expected.initialize(factory=factory(expected))
found = stats()
copies = [getattr(sys.modules.get(name), "Stats", None) for name in STATS_MODULES]  # airflow.sdk.serde initializes one
assert found is None or found in copies
print(found is not None)
"""
"""What a process does that initializes one of Airflow's copies of its stats."""


@pytest.mark.parametrize("package", ["airflow", "airflow.sdk"])
@pytest.mark.parametrize("on", [True, False])
def test_the_stats_are_those_that_the_process_has_initialized(on: bool, package: str) -> None:
    environment = {**os.environ, "AIRFLOW__METRICS__STATSD_ON": str(on)}
    code = STATS.replace("PACKAGE", package)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.split()) == (0, [str(on)]), done.stderr
