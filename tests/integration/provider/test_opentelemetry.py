"""Metrics reach an OpenTelemetry collector by OTLP, sent through Airflow's own stats from processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.integration.provider.stopping import deferred
from tests.support.otlp_receiver import OtlpReceiver

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PROGRAM = """
import sys
from importlib import import_module
package, name, gate = sys.argv[1:]
stats = import_module(f"{package}._shared.observability.metrics.stats")
utils = import_module(f"{package}.observability.metrics.stats_utils")
stats.initialize(factory=utils.get_stats_factory(), export_legacy_names=True)
from pathlib import Path
from airflow_hpt_provider import metrics
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
metrics.CREATE_QUEUE.send(3)
HyperParameterTuningHook().wait(name, poll_interval=0.1, on_poll=lambda description: Path(gate).touch())
from opentelemetry.metrics import get_meter_provider
assert get_meter_provider().force_flush()
"""
"""A wait in a process that initializes one copy of Airflow's stats, as a task's process and the triggerer do."""


@pytest.mark.parametrize("package", ["airflow.sdk", "airflow"], ids=["task", "triggerer"])
def test_a_wait_is_sent_by_otlp(package, gated, gate, first_try):
    _, waiting = deferred(gated, first_try)
    name = waiting.trigger.tuning_job_name
    with OtlpReceiver() as collector:
        subprocess.run(
            [sys.executable, "-c", PROGRAM, package, name, str(gate)],
            env={**os.environ, **collector.environment},
            check=True,
            timeout=120,
        )
        (waits,) = {
            (point.kind, point.value) for point in collector.wait_for("airflow.hpt.waits", where="worker")
        }
        assert waits == ("sum", 1)
        queue = collector.wait_for("airflow.hpt.create_queue")
        assert {(point.kind, point.value) for point in queue} == {("gauge", 3)}
        assert all(point.attributes["hostname"] for point in queue)
        calls = {"operation": "DescribeHyperParameterTuningJob", "outcome": "ok"}
        assert max(point.value for point in collector.wait_for("airflow.hpt.calls", **calls)) > 1
        late = collector.wait_for("airflow.hpt.lateness", where="worker")
        assert {point.kind for point in late} == {"exponential_histogram"}
        assert all(0 <= point.value < 60_000 for point in late)
