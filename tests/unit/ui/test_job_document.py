"""What the page gets of a tuning job, what a file of it holds, and what matters in it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription
from airflow_hpt_provider.ui import export
from airflow_hpt_provider.ui.document import document, encode
from airflow_hpt_provider.ui.importance import importance
from airflow_hpt_provider.ui.problems import Problem

START = datetime(2026, 11, 24, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def description(**change: Any) -> TuningJobDescription:
    answer = {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobArn": f"{ARN}:hyper-parameter-tuning-job/job",
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": START,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1000, "MaxParallelTrainingJobs": 10},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "lr", "MinValue": "0.001", "MaxValue": "1", "ScalingType": "Logarithmic"},
                    {"Name": "noise", "MinValue": "0", "MaxValue": "1"},
                ],
                "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b"]}],
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1",
                "TrainingInputMode": "File",
            },
            "StaticHyperParameters": {"password": "not-for-the-page"},
            "Environment": {"TOKEN": "neither-is-this"},
            "RoleArn": "arn:aws:iam::123456789012:role/tuning",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
        "TrainingJobStatusCounters": {"Completed": 2, "NonRetryableError": 1, "RetryableError": 1},
        "ObjectiveStatusCounters": {},
    }
    return TuningJobDescription.model_validate(answer | change)


def trial(
    number: int, metric: float | None = None, reason: str | None = None, **tuned: Any
) -> TrainingJobSummary:
    name = f"job-{number:03d}-{number * 2654435761 % 2**32:08x}"
    answer: dict[str, Any] = {
        "TrainingJobName": name,
        "TrainingJobArn": f"{ARN}:training-job/{name}",
        "CreationTime": START + timedelta(seconds=number),
        "TrainingStartTime": START + timedelta(seconds=number + 1),
        "TrainingEndTime": START + timedelta(seconds=number + 31.5),
        "TrainingJobStatus": "Failed" if reason else "Completed",
        "TunedHyperParameters": {key: str(value) for key, value in tuned.items()},
        "FailureReason": reason,
    }
    if metric is not None:
        answer["FinalHyperParameterTuningJobObjectiveMetric"] = {"MetricName": "loss", "Value": metric}
    return TrainingJobSummary.model_validate(answer)


def many(count: int) -> list[TrainingJobSummary]:
    rng = random.Random(1)
    points = [(10 ** rng.uniform(-3, 0), rng.random(), rng.choice("ab")) for _ in range(count)]
    return [
        trial(i + 1, (math.log10(lr) + 1.5) ** 2 + (kind == "b") * 0.3, lr=lr, noise=noise, kind=kind)
        for i, (lr, noise, kind) in enumerate(points)
    ]


def test_columns_and_scales() -> None:
    reported = document(description(), [trial(1, 0.5, lr=0.1, noise=0.2, kind="a"), trial(2, reason="boom")])
    assert reported["parameters"] == [
        {"name": "lr", "kind": "continuous", "scale": "log", "min": 0.001, "max": 1},
        {"name": "noise", "kind": "continuous", "scale": "linear", "min": 0, "max": 1},
        {"name": "kind", "kind": "categorical", "values": ["a", "b"]},
    ]
    assert reported["training_jobs"]["values"] == {
        "lr": [0.1, None],
        "noise": [0.2, None],
        "kind": ["a", None],
    }
    assert reported["training_jobs"]["metric"] == [0.5, None]
    assert reported["training_jobs"]["reason"] == [None, 0]
    assert reported["reasons"] == [{"text": "boom", "headline": "boom"}]
    assert reported["job"]["counters"] == {"completed": 2, "in_progress": 0, "failed": 2, "stopped": 0}
    assert reported["job"]["instances"] == [{"definition": None, "type": "ml.m5.large", "count": 2}]


def test_one_objective_for_all_hyperparameters_is_a_warning() -> None:
    trials = [trial(number, 0.5, lr=number / 10, noise=0.2, kind="a") for number in range(1, 6)]
    assert document(description(), trials[:4])["job"]["warning"] is None
    assert (
        "All training jobs reported the same value of loss, 0.5"
        in document(description(), trials)["job"]["warning"]
    )
    assert document(description(), [*trials, trial(6, 0.4, lr=0.6)])["job"]["warning"] is None


def searched_by(*spaces: dict[str, Any]) -> TuningJobDescription:
    """A tuning job with a definition for each of these search spaces."""
    one = description().to_aws()
    definition = one.pop("TrainingJobDefinition")
    del one["HyperParameterTuningJobConfig"]["ParameterRanges"]
    several = [
        {**definition, "DefinitionName": f"definition-{number}", "HyperParameterRanges": space}
        for number, space in enumerate(spaces)
    ]
    return TuningJobDescription.model_validate({**one, "TrainingJobDefinitions": several})


@pytest.mark.parametrize("order", [1, -1])
def test_a_hyperparameter_that_definitions_search_on_different_scales_loses_no_value(order: int) -> None:
    spaces = [
        {"IntegerParameterRanges": [{"Name": "lr", "MinValue": "0", "MaxValue": "3"}]},
        {
            "ContinuousParameterRanges": [
                {"Name": "lr", "MinValue": "0.1", "MaxValue": "1", "ScalingType": "Logarithmic"}
            ]
        },
    ]
    reported = document(searched_by(*spaces[::order]), [trial(1, 0.5, lr=0)])
    assert reported["parameters"] == [
        {"name": "lr", "kind": "continuous", "scale": "linear", "min": 0, "max": 3}
    ]
    assert reported["training_jobs"]["values"] == {"lr": [0]}


@pytest.mark.parametrize("order", [1, -1])
def test_a_hyperparameter_that_is_a_number_in_one_definition_and_a_word_in_another(order: int) -> None:
    spaces = [
        {"ContinuousParameterRanges": [{"Name": "lr", "MinValue": "0", "MaxValue": "1"}]},
        {"CategoricalParameterRanges": [{"Name": "lr", "Values": ["auto"]}]},
    ]
    reported = document(searched_by(*spaces[::order]), [trial(1, 0.5, lr=0.5), trial(2, 0.5, lr="auto")])
    assert reported["parameters"] == [{"name": "lr", "kind": "categorical", "values": ["0.5", "auto"]}]
    assert reported["training_jobs"]["values"] == {"lr": ["0.5", "auto"]}


def test_what_may_be_secret_is_not_shown() -> None:
    text = encode(document(description(), many(3))).decode()
    assert "not-for-the-page" not in text
    assert "neither-is-this" not in text


def test_no_failure_reason_shows_a_secret_of_the_job() -> None:
    job = description(FailureReason="refused hunter22-key")
    static, environment = {"api_key": "hunter22-key"}, {"DB": "pg://u:hunter22-pw@db"}
    assert job.training_job_definition is not None
    secret = job.training_job_definition.model_copy(
        update={"static_hyper_parameters": static, "environment": environment}
    )
    job = job.model_copy(update={"training_job_definition": secret})
    failed = trial(1, reason="cannot open pg://u:hunter22-pw@db\nwith hunter22-key")
    shown = document(job, [failed])
    assert shown["job"]["failure_reason"] == "refused ***"
    assert shown["reasons"][0]["headline"] == "cannot open pg://u:***@db"
    assert "hunter22" not in json.dumps(shown)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_cannot_hold_are_left_out(value: float) -> None:
    reported = json.loads(encode(document(description(), [trial(1, value, lr=value, noise=0, kind="a")])))
    assert reported["training_jobs"]["metric"] == [None]
    assert reported["training_jobs"]["values"]["lr"] == [None]


def test_hyperparameters_without_a_range_are_found_in_the_training_jobs() -> None:
    trials = [trial(1, 1.0, depth=3, booster="dart"), trial(2, 1.0, depth=4, booster="gbtree")]
    kinds = {one["name"]: one["kind"] for one in document(description(), trials)["parameters"]}
    assert (kinds["depth"], kinds["booster"]) == ("continuous", "categorical")


def test_a_thousand_training_jobs_are_small() -> None:
    assert len(gzip.compress(encode(document(description(), many(1000))), 5)) < 300_000


def test_importance_finds_what_matters() -> None:
    pytest.importorskip("sklearn")
    found = importance(document(description(), many(120)))
    shares = {one["name"]: one["share"] for one in found["parameters"]}
    assert next(iter(shares)) == "lr"
    assert shares["kind"] > shares["noise"]
    assert sum(shares.values()) == pytest.approx(1, abs=0.01)
    assert found["score"] > 0.7


def test_importance_without_enough_training_jobs_or_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Problem) as few:
        importance(document(description(), many(9)))
    assert few.value.kind == "too_few_training_jobs"
    assert few.value.remedy == "It appears by itself."
    with pytest.raises(Problem) as ended:
        importance(document(description(HyperParameterTuningJobStatus="Stopped"), many(9)))
    assert (ended.value.kind, ended.value.remedy) == ("too_few_training_jobs", ""), "there will be no more"
    monkeypatch.setattr("airflow_hpt_provider.ui.importance.find_spec", lambda name: None)
    with pytest.raises(Problem) as missing:
        importance(document(description(), many(50)))
    assert "airflow-hpt-provider[importance]" in missing.value.remedy


def test_a_csv_runs_no_formula_in_a_spreadsheet() -> None:
    reported = document(description(), [trial(1, reason="=HYPERLINK(1)", lr=0.1, noise=0, kind="a")])
    (row,) = csv.DictReader(io.StringIO(export.to_csv(reported)))
    assert row["failure_reason"] == "'=HYPERLINK(1)"
    assert (row["hyperparameter.lr"], row["duration_seconds"]) == ("0.1", "30.5")
    assert json.loads(export.to_json(reported))[0]["failure_reason"] == "=HYPERLINK(1)"


@pytest.mark.parametrize(
    "text",
    ["=1+1", " =1+1", "\t\n=1", "\x00=1", "\u00a0@x", "\uff1d1+1", " \uff0b1", "\ufeff-1", "\u200b=1", "\tx"],
)
def test_a_formula_in_disguise_is_text(text: str) -> None:
    reported = document(description(), [trial(1, reason=text, lr=0.1, noise=0, kind="a")])
    (row,) = csv.DictReader(io.StringIO(export.to_csv(reported).replace("\0", "0")))
    assert row["failure_reason"].startswith("'")


def test_a_job_without_training_jobs_makes_an_empty_file() -> None:
    assert export.to_csv(document(description(), [])).strip() == "training_job_name"


def test_every_metric_is_in_the_document_and_in_the_files() -> None:
    first, second = trial(1, 0.5, lr=0.1, noise=0, kind="a"), trial(2, 0.4, lr=0.2, noise=0, kind="a")
    metrics = {
        first.training_job_name: {"loss": 0.5, "validation:auc": 0.9},
        second.training_job_name: {"loss": 0.4, "train:auc": math.nan},
    }
    told = document(description(), [first, second], metrics)
    assert told["training_jobs"]["metrics"] == {
        "loss": [0.5, 0.4],
        "train:auc": [None, None],
        "validation:auc": [0.9, None],
    }
    assert json.loads(encode(told)) == told
    [row, other] = csv.DictReader(io.StringIO(export.to_csv(told)))
    assert (row["metric.validation:auc"], other["metric.validation:auc"]) == ("0.9", "")
    assert [each["metric.loss"] for each in json.loads(export.to_json(told))] == [0.5, 0.4]
