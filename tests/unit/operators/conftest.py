"""Airflow says of a task what the test has put into its ``fate``."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def fates(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("task_fate", "lost_task_fate"):
        monkeypatch.setattr(f"airflow_hpt_provider.triggers.task_state.{name}", lambda ti, log: ti.fate)
