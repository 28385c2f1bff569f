"""The tuning page in Airflow's API server needs exactly the IAM actions that are documented for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from tests.integration.ui.conftest import LEAST
from tests.integration.ui.test_routes import CONNECTION_ROUTES, OURS
from tests.support.tuning_jobs import tuning_job

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.ui.conftest import Page

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
TRAINING_JOBS = 4
OTHERS = {"importance": httpx.codes.CONFLICT, "parents/{name}": httpx.codes.NOT_FOUND}
"""Four training jobs are too few for the one, and the tuning job has none of the others. The rest responds with 200."""


def test_every_route_of_a_connection_under_a_policy_of_the_documented_actions(
    page: Page, tmp_path: Path
) -> None:
    sagemaker = page.service.client("sagemaker")

    def create(name: str, **static: str) -> None:
        request = tuning_job("tuning-tests", trials=TRAINING_JOBS, parallel=2, **static)
        sagemaker.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **request)

    def training_jobs(name: str, status: str) -> list[str]:
        found = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, StatusEquals=status
        )
        return [each["TrainingJobName"] for each in found["TrainingJobSummaries"]]

    create("least-ended", fail="never")
    create("least-running", gate=str(tmp_path / "gate"))
    ended = wait_until(
        lambda: len(found := training_jobs("least-ended", "Completed")) == 4 and found, 120, "no end"
    )
    alive = wait_until(lambda: training_jobs("least-running", "InProgress"), 60, "no training job runs")
    routes = [route for route in CONNECTION_ROUTES if route[1] != "/api/connections/{connection}/jobs"]
    for method, path in sorted(routes, key=lambda route: (route[0], -len(route[1]))):
        job, name = ("least-running", alive[0]) if method == "POST" else ("least-ended", ended[0])
        address = path.format(connection="least", tuning_job=job, name=name)
        response = page.ask("platform", method, address, headers=OURS)
        expected = next((code for end, code in OTHERS.items() if path.endswith(end)), httpx.codes.OK)
        assert response.status_code == expected, (method, address, response.text)
    listed = page.ask("platform", "GET", "/api/connections/least/jobs")
    assert listed.status_code == httpx.codes.OK, listed.text
    (tmp_path / "gate").touch()
    assert sorted(LEAST.denied) == [], "an action is missing, or limited to another resource"
    assert sorted(LEAST.needless) == [], "an action is needless"
