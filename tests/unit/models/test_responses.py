"""AWS's answers are taken as they come, also with what is newer than this release."""

import copy
import datetime as dt
import json
import pickle

import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

from airflow_hpt_provider.models import (
    TrainingJobStatus,
    TrainingJobSummary,
    TuningJobDescription,
    TuningJobRequest,
    TuningJobStatus,
    TuningJobSummary,
)


def test_boto3s_answer(answer):
    description = TuningJobDescription.model_validate(answer)
    assert description.name == "demo-1"
    assert description.status is TuningJobStatus.COMPLETED
    assert description.is_terminal
    assert description.final_metric == 0.25
    assert description.best_training_job.training_job_name == "demo-1-003-0e830ada"
    assert description.best_training_job.status is TrainingJobStatus.COMPLETED
    assert description.best_training_job.is_terminal
    assert description.best_training_job.duration == dt.timedelta(seconds=60)
    counters = description.training_job_status_counters
    assert (counters.total, counters.finished, counters.failed) == (12, 12, 2)
    assert description.objective_status_counters.total == 12
    assert description.objective_of().metric_name == "rmse"
    assert description.definition_of(description.best_training_job) is description.training_job_definition
    del answer["ResponseMetadata"]
    assert description.to_aws() == answer


def test_iso_times_are_the_same(answer):
    described = TuningJobDescription.model_validate(answer)
    text = json.loads(json.dumps(answer, default=lambda moment: moment.isoformat()))
    assert TuningJobDescription.model_validate(text) == described
    text["CreationTime"] = text["CreationTime"].replace("+00:00", "Z")
    assert TuningJobDescription.model_validate(text) == described
    text["CreationTime"] = answer["CreationTime"].timestamp()
    assert TuningJobDescription.model_validate(text) == described


def test_a_time_without_zone_is_utc(summary):
    summary["CreationTime"] = "2026-03-01T12:30:00"
    assert TrainingJobSummary.model_validate(summary).creation_time.tzinfo is dt.UTC


@pytest.mark.parametrize("moment", ["yesterday", True, None, "2026-13-01", 1e30])
def test_no_time(summary, moment):
    summary["CreationTime"] = moment
    with pytest.raises(ValidationError, match="CreationTime"):
        TrainingJobSummary.model_validate(summary)


def test_news_of_aws_is_kept(answer):
    answer["HyperParameterTuningJobStatus"] = "Sleeping"
    answer["Carbon"] = {"Grams": 3}
    answer["HyperParameterTuningJobConfig"]["Strategy"] = "Psychic"
    answer["HyperParameterTuningJobConfig"]["Mood"] = ["calm"]
    answer["TrainingJobDefinition"]["ResourceConfig"]["InstanceType"] = "ml.z99.large"
    answer["TrainingJobDefinition"]["StaticHyperParameters"] = {f"s{i}": "x" * 3000 for i in range(101)}
    answer["BestTrainingJob"]["TrainingJobStatus"] = "Dreaming"
    description = TuningJobDescription.model_validate(answer)
    assert description.status == "Sleeping"
    assert not description.is_terminal
    assert description.best_training_job.status == "Dreaming"
    del answer["ResponseMetadata"]
    assert description.to_aws() == answer


def test_requests_are_strict_after_an_answer(answer, config):
    TuningJobDescription.model_validate(answer)
    config["Carbon"] = 1
    with pytest.raises(ValidationError, match="Unknown member 'Carbon'"):
        TuningJobRequest.model_validate(config)
    with pytest.raises(ValidationError):
        TuningJobDescription.model_validate({**answer, "CreationTime": "never"})
    with pytest.raises(ValidationError, match="Unknown member 'Carbon'"):
        TuningJobRequest.model_validate(config)


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        (TuningJobStatus.COMPLETED, True),
        (TuningJobStatus.FAILED, True),
        (TuningJobStatus.STOPPED, True),
        (TuningJobStatus.DELETE_FAILED, True),
        (TuningJobStatus.IN_PROGRESS, False),
        (TuningJobStatus.STOPPING, False),
        (TuningJobStatus.DELETING, False),
    ],
)
def test_terminal_statuses(answer, status, ended):
    answer["HyperParameterTuningJobStatus"] = status.value
    assert TuningJobDescription.model_validate(answer).is_terminal is ended


def test_objectives_of_several_definitions(answer, several):
    for index, direction in enumerate(("Minimize", "Maximize")):
        several["TrainingJobDefinitions"][index]["TuningObjective"]["Type"] = direction
    del answer["TrainingJobDefinition"]
    answer |= several
    answer["BestTrainingJob"]["TrainingJobDefinitionName"] = "trees"
    description = TuningJobDescription.model_validate(answer)
    linear, trees = description.definitions
    assert description.objective_of(linear).type == "Minimize"
    assert description.objective_of(trees).type == "Maximize"
    assert description.definition_of(description.best_training_job) is trees
    assert description.objective_of().type == "Maximize", "of the best training job's definition"
    del answer["BestTrainingJob"]
    assert TuningJobDescription.model_validate(answer).objective_of().type == "Minimize"


def test_a_job_that_has_only_begun(answer):
    for member in ("BestTrainingJob", "HyperParameterTuningEndTime", "ConsumedResources"):
        del answer[member]
    answer["TrainingJobStatusCounters"] = {}
    description = TuningJobDescription.model_validate(answer)
    assert description.final_metric is None
    assert description.training_job_status_counters.total == 0


def test_reprs_are_short(answer, summary):
    description = TuningJobDescription.model_validate(answer)
    assert repr(description) == "TuningJobDescription('demo-1', Completed, 12 training jobs, best=0.25)"
    assert (
        str(description.best_training_job)
        == "TrainingJobSummary('demo-1-003-0e830ada', Completed, objective=0.25)"
    )


def test_list_summary(answer):
    members = {
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobArn",
        "HyperParameterTuningJobStatus",
        "CreationTime",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
    }
    item = {name: value for name, value in answer.items() if name in members} | {"Strategy": "Bayesian"}
    summary = TuningJobSummary.model_validate(item)
    assert summary.status is TuningJobStatus.COMPLETED
    assert summary.is_terminal
    assert summary.to_aws() == item
    assert repr(summary) == "TuningJobSummary('demo-1', Completed, 12 training jobs)"


def test_answers_are_values(answer):
    description = TuningJobDescription.model_validate(answer)
    assert pickle.loads(pickle.dumps(description)) == description
    assert copy.deepcopy(description) == description


@mock_aws
def test_motos_answer(config):
    """moto answers in its own way, with members missing or extra; people test their DAGs against it."""
    client = boto3.client(
        "sagemaker", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_hyper_parameter_tuning_job(**TuningJobRequest.model_validate(config).to_aws())
    answer = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo-1")
    description = TuningJobDescription.model_validate(answer)
    assert description.status is TuningJobStatus.COMPLETED
    assert description.best_training_job.final_metric == 1.0
    page = client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
    assert [TuningJobSummary.model_validate(item).name for item in page] == ["demo-1"]
