"""One local tuning service and one real Airflow for all system tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.demo.data import BUCKET, example_dags, source_archive
from airflow_hpt_provider.demo.events import send_events_to_queue
from airflow_hpt_provider.demo.reaper import in_sessions
from airflow_hpt_provider.demo.session import DemoSession
from airflow_hpt_provider.demo.waiting import wait_until
from benchmarks.page.session import browser
from tests.support.airflow_actions import AirflowActions

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoSession]:
    """A running DemoSession whose DAGs are the examples and those of the system tests."""
    dags = tmp_path_factory.mktemp("dags")
    shutil.copytree(example_dags(), dags, dirs_exist_ok=True)
    shutil.copytree(HERE / "dags", dags, dirs_exist_ok=True)
    shutil.copy(HERE.parents[1] / "docs" / "snippets" / "wait_on_events.py", dags)
    with DemoSession(
        tmp_path_factory.mktemp("demo"),
        dags,
        environment={"AIRFLOW__CORE__PARALLELISM": "16"},
        service_options=["--max-parallel", "32"],
        with_events=True,
    ) as session:
        AirflowActions.replace_in(session.airflow)
        send_events_to_queue(session.service, prefix="together-")  # not each test's job is to start more runs
        send_events_to_queue(session.service, "state-changes")
        waits = send_events_to_queue(session.service, "waits")
        session.airflow.api.set_variable("hpt_wait_queue_url", waits)
        code = source_archive(HERE / "training")
        session.service.client("s3").put_object(Bucket=BUCKET, Key="system/sourcedir.tar.gz", Body=code)
        assert session.service.pid is not None
        sessions = [*session.airflow.pids, session.service.pid]
        yield session
    wait_until(lambda: not in_sessions(sessions), 30, "processes are left behind")


@pytest.fixture(scope="session")
def chrome() -> Iterator[Any]:
    pytest.importorskip("playwright", reason="Playwright is not installed: make env-browser")
    with browser() as running:
        yield running


@pytest.fixture
def tab(chrome: Any) -> Iterator[Any]:
    """A browser tab; an error in the page's script fails the test."""
    context = chrome.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(60_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


@pytest.fixture(scope="session")
def finished(demo: DemoSession) -> str:
    """The run id of a finished run of DAG ``sync``."""
    api = demo.airflow.api
    api.wait_for_dag("sync")
    run_id = api.trigger("sync")
    assert api.wait_for_run("sync", run_id, 240) == "success"
    return run_id
