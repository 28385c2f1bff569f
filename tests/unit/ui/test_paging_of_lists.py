"""Lists by pages, in a real database: no job is skipped, and none is shown twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from airflow_hpt_provider.ui.tasks import Found

pytestmark = pytest.mark.filterwarnings("ignore")  # what Airflow's models warn of when they are imported
VERSION = UUID(int=1)
AT = datetime(2026, 11, 24, 10, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def session() -> Iterator[Session]:
    """Airflow's tables, empty."""
    from airflow.models import import_all_models
    from airflow.models.base import Base
    from airflow.models.serialized_dag import SerializedDagModel

    import_all_models()
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as made:
        task = {"task_id": "tune", "_operator_extra_links": {"Tuning page": "_link_TuningPageLink"}}
        other = {"task_id": "python", "task_type": "PythonOperator"}
        data = {"dag": {"tasks": [{"__type": "operator", "__var": each} for each in (task, other)]}}
        made.execute(
            insert(SerializedDagModel),
            [{"id": uuid4(), "dag_id": "dag", "_data": data, "dag_hash": "1", "dag_version_id": VERSION}],
        )
        yield made
    engine.dispose()


def announce(session: Session, *names: str, run: int = 1, at: datetime = AT, task_id: str = "tune") -> None:
    """Mapped tasks that name their jobs, all at one instant."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel

    values = [
        {
            "dag_run_id": run,
            "run_id": f"run-{run}",
            "dag_id": "dag",
            "task_id": task_id,
            "map_index": index,
            "key": "tuning_job_name",
            "value": name,
            "timestamp": at,
        }
        for index, name in enumerate(names)
    ]
    session.execute(insert(XComModel), values)
    instances = [
        {name: value[name] for name in ("run_id", "dag_id", "task_id", "map_index")}
        | {
            "id": uuid4(),
            "dag_version_id": VERSION,
            "pool": "default_pool",
            "pool_slots": 1,
            "span_status": "ended",
        }
        for value in values
    ]
    session.execute(insert(TaskInstance), instances)


def pages(session: Session, limit: int) -> list[list[str]]:
    """The names in each page until there is no older one; each position goes through its text."""
    from airflow_hpt_provider.ui import tasks
    from airflow_hpt_provider.ui.paging import Position

    found: Found = tasks.recent_jobs(session, {"dag"}, limit=limit)
    read = [[job.name for job in found.jobs]]
    while found.older is not None and len(read) < 20:
        before = Position.parse(str(found.older))
        found = tasks.recent_jobs(session, {"dag"}, before=before, limit=limit)
        read.append([job.name for job in found.jobs])
    return read


def test_jobs_announced_at_the_same_instant_are_all_listed(session: Session) -> None:
    announce(session, "a", "b", "c", "d", "e")
    announce(session, "f", "g", run=2)
    announce(session, "older", run=3, at=AT - timedelta(microseconds=1))
    assert pages(session, 2) == [["g", "f"], ["e", "d"], ["c", "b"], ["a", "older"]]


def test_a_task_that_names_no_job_does_not_end_the_list(session: Session) -> None:
    announce(session, "a", "", "c", "", "", "f")
    assert pages(session, 2) == [["f"], ["c"], ["a"]]


def test_tasks_of_other_operators_are_not_listed(session: Session) -> None:
    announce(session, "a", "b")
    announce(session, "stolen", task_id="python")
    announce(session, "gone", task_id="removed_from_the_dag")
    assert pages(session, 10) == [["b", "a"]]


def test_a_page_that_is_just_full_promises_no_other(session: Session) -> None:
    announce(session, "a", "b")
    assert pages(session, 2) == [["b", "a"]]


def test_a_run_is_listed_by_pages_too(session: Session) -> None:
    from airflow_hpt_provider.ui import tasks

    announce(session, "a", "b", "c")
    announce(session, "other", run=2)
    first = tasks.jobs_of_run(session, "dag", "run-1", limit=2)
    rest = tasks.jobs_of_run(session, "dag", "run-1", before=first.older, limit=2)
    assert [[job.name for job in found.jobs] for found in (first, rest)] == [["c", "b"], ["a"]]
    assert rest.older is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123.5",
        "2026-11-24T10:30:00.123456Z",
        "2026-11-24T10:30:00.123456~1~-1~tune",
        "2026-13-24T10:30:00.123456Z~1~-1~tune",
        "2026-11-24T10:30:00.123456Z~9999999999~-1~tune",
        "2026-11-24T10:30:00.123456Z~1~-2~tune",
        "2026-11-24T10:30:00.123456Z~1~-1~tu\x00ne",
        "2026-11-24T10:30:00.123456Z~1~-1~",
    ],
)
def test_what_is_no_position_is_refused(text: str) -> None:
    from airflow_hpt_provider.ui.paging import Position

    with pytest.raises(ValueError, match=""):
        Position.parse(text)
