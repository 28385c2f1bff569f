"""Which failed attempts a new one learns from, and why it learns from none."""

from __future__ import annotations

import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.retries.strategy import MAX_PARENTS, describe_series, warm_started
from tests.support.tuning_jobs import tuning_job

LOG = logging.getLogger("task")


def request(parents: int = 0, **config: Any) -> TuningJobRequest:
    body = tuning_job("bucket") | {"HyperParameterTuningJobName": "next"}
    body["HyperParameterTuningJobConfig"] |= config
    if parents:
        named = [{"HyperParameterTuningJobName": f"own-{number}"} for number in range(parents)]
        body["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": named,
            "WarmStartType": "IdenticalDataAndAlgorithm",
        }
    return TuningJobRequest.model_validate(body)


def failed(*succeeded: int) -> list[Any]:
    return [
        SimpleNamespace(name=f"try-{number}", objective_status_counters=SimpleNamespace(succeeded=count))
        for number, count in enumerate(succeeded)
    ]


def parents(made: TuningJobRequest | None) -> list[str] | None:
    if made is None:
        return None
    config = made.to_dict()["WarmStartConfig"]
    assert config["WarmStartType"] == "IdenticalDataAndAlgorithm"
    return [each["HyperParameterTuningJobName"] for each in config["ParentHyperParameterTuningJobs"]]


@pytest.mark.parametrize(
    ("own", "attempts", "learns_from"),
    [
        (0, failed(1), ["try-0"]),
        (0, failed(1, 0, 2), ["try-0", "try-2"]),
        (0, failed(*[1] * 7), [f"try-{number}" for number in range(2, 7)]),
        (2, failed(*[1] * 7), ["own-0", "own-1", "try-4", "try-5", "try-6"]),
        (4, failed(1, 1), ["own-0", "own-1", "own-2", "own-3", "try-1"]),
    ],
)
def test_the_newest_attempts_that_have_results(own: int, attempts: Any, learns_from: list[str]) -> None:
    made = parents(warm_started(request(own), attempts, LOG))
    assert made is not None
    assert sorted(made) == sorted(learns_from)
    assert len(made) <= MAX_PARENTS == 5


@pytest.mark.parametrize(
    ("asked", "attempts", "why"),
    [
        (request(), failed(), "no training job of the failed attempts has reported"),
        (request(), failed(0, 0), "no training job of the failed attempts has reported"),
        (request(5), failed(1), "the config already has 5 parents"),
    ],
)
def test_no_warm_start(
    asked: TuningJobRequest, attempts: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert warm_started(asked, attempts, LOG) is None
    assert f"No warm start: {why}" in caplog.text


def test_a_grid_search_learns_nothing(caplog: pytest.LogCaptureFixture) -> None:
    grid: Any = SimpleNamespace(
        hyper_parameter_tuning_job_config=SimpleNamespace(strategy="Grid"), warm_start_config=None
    )
    with caplog.at_level(logging.INFO):
        assert warm_started(grid, failed(1), LOG) is None
    assert "a grid search always runs completely" in caplog.text


def test_how_a_series_is_described() -> None:
    assert describe_series("then", 1, timedelta(hours=1)).startswith(
        "1 tuning job failed since then; the timeout"
    )
    assert describe_series("then", 2, timedelta(hours=1)).startswith("2 tuning jobs failed since then;")
