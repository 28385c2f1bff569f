"""The local tuning service with the example's data and an Airflow connected to it, as one thing."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Self

from airflow_hpt_provider.demo import data, events
from airflow_hpt_provider.demo.airflow import LocalAirflow
from airflow_hpt_provider.demo.service import LocalService

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class DemoSession:
    """A context in which the example DAGs run as they stand.

    Args:
        data_dir: for everything that both write. A folder used before continues.
        dags: the DAG files' folder.
        ui_port: of Airflow's UI; 0 for a free one.
        report: called with a line on each step, for the user.
        environment: added to Airflow's, e.g. ``AIRFLOW__*`` settings.
        service_options: more options of ``airflow-hpt local serve``.
        with_events: also make a queue that gets the tuning jobs' state changes, for dags/on_tuning_finished.py.
    """

    def __init__(
        self,
        data_dir: Path,
        dags: Path | None = None,
        ui_port: int = 0,
        report: Callable[[str], None] = lambda line: None,
        *,
        environment: Mapping[str, str] | None = None,
        service_options: Sequence[str] = (),
        with_events: bool = False,
    ) -> None:
        self.data_dir = data_dir
        self.dags = dags or data.example_dags()
        self.service = LocalService(data_dir / "service", options=service_options)
        self.airflow: LocalAirflow
        self._ui_port = ui_port
        self._environment = dict(environment or {})
        self._report = report
        self._with_events = with_events
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as starting:
            self._report("Starting the local tuning service ...")
            starting.enter_context(self.service)
            data.upload(self.service.client("s3"), self.dags)
            self._report("Starting Airflow: scheduler, DAG processor, triggerer, API server ...")
            environment = self._environment | {"AIRFLOW_CONN_AWS_DEFAULT": self.service.airflow_connection}
            if self._with_events:
                environment[events.VARIABLE] = events.send_events_to_queue(self.service)
            self.airflow = LocalAirflow(self.data_dir / "airflow", self.dags, environment, port=self._ui_port)
            starting.enter_context(self.airflow)
            self._running = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def check(self) -> None:
        """Raise ProcessEndedError if anything that should run has ended."""
        self.service.check()
        self.airflow.check()
