"""What Search answers with, of training jobs and of tuning jobs, with plain boto3 and the aws command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.local_http.searched import name_value, names

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def client(searched_service: Service) -> Any:
    return searched_service.client("sagemaker")


def test_results_are_what_describe_says(client: Any) -> None:
    for each in client.search(Resource="TrainingJob", MaxResults=100)["Results"]:
        job = each["TrainingJob"]
        tags = client.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
        assert job.pop("Tags") == tags
        described = client.describe_training_job(TrainingJobName=job["TrainingJobName"])
        assert job == {name: described[name] for name in job}
    tuned = names(client, SearchExpression={"Filters": [name_value("TuningJobArn", "Exists", None)]})
    assert len(tuned) == 4


def test_tuning_jobs(client: Any) -> None:
    job = "HyperParameterTuningJob"

    def found(name: str, operator: str | None = None, value: str | None = None) -> set[str]:
        return set(names(client, job, SearchExpression={"Filters": [name_value(name, operator, value)]}))

    for each in client.search(Resource=job)["Results"]:
        entity = each[job]
        described = client.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=entity["HyperParameterTuningJobName"]
        )
        tags = client.list_tags(ResourceArn=entity["HyperParameterTuningJobArn"])["Tags"]
        assert entity.pop("Tags") == tags
        assert entity == {name: described[name] for name in entity}
        assert entity["BestTrainingJob"]["ObjectiveStatus"] == "Succeeded"
    assert found("Tags.Project", "Equals", "red") == {"tuned"}
    assert found("HyperParameterTuningJobName", "Contains", "lai") == {"plain"}
    assert found("HyperParameterTuningJobStatus", "Equals", "Completed") == {"plain", "tuned"}
    assert found("TrainingJobStatusCounters.Completed", "GreaterThan", "1") == {"plain", "tuned"}
    value = "BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value"
    assert found(value, "GreaterThanOrEqualTo", "10") == {"plain", "tuned"}
    assert found("HyperParameterTuningJobConfig.Strategy", "NotEquals", "Random") == set()
    assert found("HyperParameterTuningJobConfig.ParameterRanges.ContinuousParameterRanges.Name", None, "x")
    assert found("FailureReason") == set()
    assert names(client, job, SortBy="CreationTime", SortOrder="Ascending") == ["tuned", "plain"]


def test_with_the_aws_command_line(searched_service: Service) -> None:
    filters = {"Filters": [{"Name": "HyperParameters.x", "Operator": "LessThan", "Value": "0.6"}]}
    answer = searched_service.aws(
        *("sagemaker", "search", "--resource", "TrainingJob", "--page-size", "1"),
        *("--search-expression", json.dumps(filters), "--sort-by", "TrainingJobName"),
        *("--query", "Results[].TrainingJob.TrainingJobName"),
    )
    assert json.loads(answer) == ["banana", "apple"]
