"""One local tuning service and one real Airflow for all system tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_hpt_provider.demo.data import BUCKET, source_archive
from airflow_hpt_provider.demo.processes import in_sessions
from airflow_hpt_provider.demo.session import DemoSession, example_dags
from airflow_hpt_provider.demo.waiting import wait_until

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoSession]:
    """A running DemoSession whose DAGs are the examples and those of the system tests."""
    dags = tmp_path_factory.mktemp("dags")
    shutil.copytree(example_dags(), dags, dirs_exist_ok=True)
    shutil.copytree(HERE / "dags", dags, dirs_exist_ok=True)
    with DemoSession(
        tmp_path_factory.mktemp("demo"),
        dags,
        environment={"AIRFLOW__CORE__PARALLELISM": "16"},
        service_options=["--max-parallel", "32"],
    ) as session:
        code = source_archive(HERE / "training")
        session.service.client("s3").put_object(Bucket=BUCKET, Key="system/sourcedir.tar.gz", Body=code)
        _send_events_to_queue(session)
        assert session.service.pid is not None
        sessions = [*session.airflow.pids, session.service.pid]
        yield session
    wait_until(lambda: not in_sessions(sessions), 30, "processes are left behind")


def _send_events_to_queue(session: DemoSession) -> None:
    """State changes of tuning jobs go to the queue that the DAGs watch."""
    sqs, events = session.service.client("sqs"), session.service.client("events")
    url = sqs.create_queue(QueueName="state-changes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"detail-type": ["SageMaker HyperParameter Tuning Job State Change"]}
    events.put_rule(Name="state-changes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="state-changes", Targets=[{"Id": "queue", "Arn": arn}])
