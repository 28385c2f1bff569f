"""An Airflow of its own, in a clean environment that has the wheel alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.demo.airflow import LocalAirflow
from airflow_hpt_provider.demo.waiting import wait_until
from tests.support.airflow_actions import AirflowActions

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.support.wheels import CleanEnvironment

SECONDS = 420
"""Longer than CHECK_SECONDS * CHECKS_PER_TRY: rows of an older version do not say when SageMaker refused the task."""


@dataclass
class Installed:
    """The Airflow, and a service with room for three tuning jobs.

    Attributes:
        gates: config -> the file for which its training job waits.
    """

    environment: CleanEnvironment
    service: LocalService
    dags: Path
    gates: dict[str, Path]
    variables: dict[str, str]

    def __post_init__(self) -> None:
        self.airflow = self._airflow()

    def _airflow(self) -> LocalAirflow:
        python = str(self.environment.path / "bin" / "python")
        return LocalAirflow(self.environment.home / "airflow", self.dags, self.variables, python=python)

    @property
    def api(self) -> AirflowActions:
        assert isinstance(self.airflow.api, AirflowActions)
        return self.airflow.api

    def start(self) -> None:
        self.airflow.start()
        AirflowActions.replace_in(self.airflow)

    def start_again(self) -> None:
        """Start an Airflow with new processes on the same database."""
        self.airflow.stop()
        self.airflow = self._airflow()
        self.start()

    def python(self, *arguments: str) -> str:
        """Run the environment's Python as Airflow's components do; what it printed."""
        return self.environment.run("python", "-P", *arguments, variables=self.airflow.environment)

    def uninstall(self) -> None:
        self._uv("uninstall", "airflow-hpt-provider")

    def install(self, wheel: Path) -> None:
        """Install the wheel again; its dependencies are still installed."""
        self._uv("install", "--no-deps", str(wheel))

    def _uv(self, command: str, *arguments: str) -> None:
        python = str(self.environment.path / "bin" / "python")
        uv = [sys.executable, "-m", "uv", "pip", command, "--python", python, *arguments]
        subprocess.run(uv, check=True, capture_output=True)

    def wait_until_deferred(self, dag_id: str, run_id: str, trigger: str) -> None:
        def all_wait() -> bool:
            tasks = self.api.tasks(dag_id, run_id)
            return bool(tasks) and all(
                each["state"] == "deferred" and trigger in str(each["trigger"]) for each in tasks
            )

        wait_until(all_wait, SECONDS, f"the tasks of {dag_id} are not deferred", every=0.5)
