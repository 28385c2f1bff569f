"""The metrics of all training jobs, page by page, and the values of one."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.local.db import metrics, training_jobs
from airflow_hpt_provider.local.db.metrics import JobMetric
from airflow_hpt_provider.local.db.records import MetricRow, NewTrainingJob


@pytest.fixture
def store(database):
    """Two training jobs: ``a`` emits loss at 10, 20 and 30, and auc at 10; ``b`` emits loss at 40."""
    with database.transaction() as connection:
        for name, emitted in (
            ("a", [("loss", 10.0), ("auc", 10.0), ("loss", 30.0), ("loss", 20.0)]),
            ("b", [("loss", 40.0)]),
        ):
            definition = training_jobs.insert_definition(connection, {})
            job_id = training_jobs.insert(connection, NewTrainingJob(name, name, definition, {}), 1.0)
            rows = [MetricRow(metric, at / 100, at) for metric, at in emitted]
            training_jobs.add_metrics(connection, job_id, rows, 1)
        yield connection


FIRST, SECOND, THIRD = JobMetric(1, "a", "auc"), JobMetric(1, "a", "loss"), JobMetric(2, "b", "loss")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [FIRST, SECOND, THIRD]),
        ({"limit": 1}, [FIRST]),
        ({"after": (1, "auc")}, [SECOND, THIRD]),
        ({"after": (1, "loss")}, [THIRD]),
        ({"after": (2, "loss")}, []),
        ({"after": (0, "z")}, [FIRST, SECOND, THIRD]),
        ({"job": "a"}, [FIRST, SECOND]),
        ({"job": "A"}, []),
        ({"name": "loss"}, [SECOND, THIRD]),
        ({"active_since": 30.0}, [SECOND, THIRD]),
        ({"active_since": 30.5}, [THIRD]),
    ],
)
def test_pages(store, query, found):
    assert metrics.page(store, **{"limit": 9, **query}) == found


def test_the_first_job_and_metrics_from_the_epoch_on_are_listed(store):
    """The defaults leave nothing out."""
    training_jobs.add_metrics(store, 2, [MetricRow("", 1.0, 0.0)], 1)
    assert metrics.page(store, limit=9) == [FIRST, SECOND, JobMetric(2, "b", ""), THIRD]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (0.0, 99.0, [(10.0, 0.1), (20.0, 0.2), (30.0, 0.3)]),
        (20.0, 30.0, [(20.0, 0.2)]),
        (31.0, 99.0, []),
    ],
)
def test_values_of_a_metric(store, since, until, found):
    assert metrics.values(store, "a", "loss", since=since, until=until) == found
