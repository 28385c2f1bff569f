"""The problems of a refused config on the page: those that the task itself reports."""

from __future__ import annotations

import json

import pytest

from airflow_hpt_provider.config.loading import validate
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.ui.refused_config import refusal
from tests.support.tuning_jobs import tuning_job


def wrong() -> dict:
    config = tuning_job("bucket")
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = 9
    config["HyperParameterTuningJobConfig"]["Stratgy"] = "Random"
    return config


@pytest.mark.parametrize("stored", [wrong(), json.dumps(wrong())])
def test_each_problem_that_the_task_reports_has_field_and_remedy(stored) -> None:
    problem = refusal({"config": stored})
    assert problem is not None
    assert problem.title == f"The config has {len(problem.problems)} problems"
    with pytest.raises(TuningJobConfigError) as raised:
        validate(wrong())
    for row in problem.to_dict()["problems"]:
        assert f"{row['field']}: {row['problem']}" in str(raised.value)
    rows = {row["field"]: row for row in problem.problems}
    parallel = rows["HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs"]
    assert "9" in parallel["problem"]
    assert parallel["remedy"].startswith("set it to 4 or less")


def test_the_name_of_a_role_is_no_problem() -> None:
    config = tuning_job("bucket")
    config["TrainingJobDefinition"]["RoleArn"] = "tuning-role"
    assert refusal({"config": config}) is None
    config["HyperParameterTuningJobConfig"]["Stratgy"] = "Random"
    assert [row["field"] for row in refusal({"config": config}).problems] == [
        "HyperParameterTuningJobConfig.Stratgy"
    ]


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "jobs/first.yaml",
        "Truncated. You can change this behaviour in [core]max_templated_field_length.",
        {**wrong(), "Tags": [{"Key": "token", "Value": "***"}]},
    ],
)
def test_what_is_not_known_in_full_is_not_judged(stored) -> None:
    assert refusal({"config": stored}) is None
