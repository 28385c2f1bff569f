"""docs/snippets/event_queue.sh, run with the aws CLI as a person would, and its queue read by the trigger."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_hpt_provider.demo.processes import clean_environment
from airflow_hpt_provider.hooks.sqs import SqsQueue
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger
from tests.integration.provider.conftest import TaskTry, make

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[3] / "docs" / "snippets" / "event_queue.sh"


def set_up(service, name):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", str(SCRIPT), name],
        env={**clean_environment(), **service.environment, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def test_it_makes_a_queue_in_which_the_ends_of_tuning_jobs_arrive(config, service, monkeypatch):
    monkeypatch.setattr(SqsQueue.__init__, "__defaults__", (1,))
    url = await asyncio.to_thread(set_up, service, "by-script")
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.1)
    result = await asyncio.to_thread(task.execute, TaskTry().context(task))

    events = TuningJobStateChangeTrigger(url).run()
    async with asyncio.timeout(120):
        payload = (await anext(events)).payload
    await events.aclose()
    assert (payload["tuning_job_name"], payload["status"]) == (result["tuning_job_name"], "Completed")

    sqs = service.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(":rule/by-script")
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].endswith(":by-script-dead-letters")
    waiting = int(attributes["ApproximateNumberOfMessages"])
    in_flight = int(attributes["ApproximateNumberOfMessagesNotVisible"])
    assert waiting + in_flight == 1, "the rule lets ends through, not InProgress"
