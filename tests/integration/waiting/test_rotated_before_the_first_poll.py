"""A trigger that starts (again) in a triggerer while the credentials are refused: another triggerer has failed, say."""

from __future__ import annotations

import asyncio

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from airflow_hpt_provider.waiting import subscription
from tests.integration.waiting.conftest import end, jobs, until, within
from tests.support.scripted_sagemaker import Fault

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

REFUSED = Fault(403, "InvalidSignatureException", "The request signature we calculated does not match.")


def start(name: str, *, rendered: bool):
    trigger = HyperParameterTuningJobTrigger(
        name, poll_interval=0.1, aws_conn_id="scripted", rendered=rendered
    )
    return asyncio.create_task(anext(trigger.run()))


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(subscription.BACKOFF, "cap", 0.1)
    monkeypatch.setattr("airflow_hpt_provider.triggers.tuning.FIRST_EVENT_SECONDS", 0.0)


async def test_a_wait_that_a_worker_began_outlasts_it(script, watching):
    (job,) = all_jobs = jobs(1)
    script.add(all_jobs)
    script.faults.extend([REFUSED] * 8)
    waits = start(job.name, rendered=True)
    await until(lambda: not script.faults)
    end(all_jobs)
    assert (await within(waits)).payload["status"] == "completed"


async def test_a_wait_that_no_worker_has_begun_reports_it(script, watching):
    (job,) = all_jobs = jobs(1)
    script.add(all_jobs)
    script.faults.extend([REFUSED] * 8)
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        await within(start(job.name, rendered=False))
