"""Search for training jobs and tuning jobs with plain boto3."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.local_http import searched
from tests.integration.local_http.searched import name_value, names

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

STANDALONE = set(searched.STANDALONE)


@pytest.fixture(scope="module")
def client(searched_service: Service) -> Any:
    return searched_service.client("sagemaker")


def alone(client: Any, *filters: dict[str, str], **more: Any) -> set[str]:
    """Which of the four training jobs that belong to no tuning job."""
    expression = {"Filters": list(filters), **more} if filters else more
    return set(names(client, SearchExpression=expression)) & STANDALONE


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        # text
        ("TrainingJobName", "Equals", "apple", "apple"),
        ("TrainingJobName", None, "apple", "apple"),
        ("TrainingJobName", "Equals", "Apple", ""),
        ("TrainingJobName", "NotEquals", "apple", "banana cherry date"),
        ("TrainingJobName", "Contains", "an", "banana"),
        ("TrainingJobName", "Contains", "%", ""),
        ("TrainingJobName", "In", "apple, date,none", "apple date"),
        ("TrainingJobStatus", "In", "Failed,Stopped", "date"),
        ("FailureReason", "Exists", None, "date"),
        ("FailureReason", None, None, "date"),
        ("FailureReason", "NotExists", None, "apple banana cherry"),
        ("FailureReason", "Contains", "exit code", "date"),
        ("TuningJobArn", "NotExists", None, "apple banana cherry date"),
        # structures below structures, and lists
        ("AlgorithmSpecification.TrainingImage", "Equals", "any/image:1", "apple banana cherry date"),
        ("ModelArtifacts.S3ModelArtifacts", "Contains", "output/apple/", "apple"),
        ("InputDataConfig", "Exists", None, "apple banana"),
        ("InputDataConfig.ChannelName", "Equals", "test", "apple"),
        ("InputDataConfig.ChannelName", "NotEquals", "test", "banana cherry date"),
        ("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", "blue", "apple banana"),
        ("InputDataConfig.DataSource.S3DataSource.S3Uri", "NotExists", None, "cherry date"),
        # numbers
        ("ResourceConfig.InstanceCount", "Equals", "1", "apple banana cherry date"),
        ("ResourceConfig.InstanceCount", "GreaterThan", "1.0", ""),
        ("StoppingCondition.MaxRuntimeInSeconds", "GreaterThanOrEqualTo", "600", "apple banana cherry date"),
        ("StoppingCondition.MaxRuntimeInSeconds", "LessThan", "6e2", ""),
        # booleans
        ("EnableNetworkIsolation", "Equals", "true", "apple"),
        ("EnableNetworkIsolation", "Equals", "False", "banana cherry date"),
        ("EnableManagedSpotTraining", "NotEquals", "true", "apple banana cherry date"),
        # hyperparameters: as decimals against a decimal, as integers against an integer
        ("HyperParameters.x", "LessThan", "0.6", "apple banana"),
        ("HyperParameters.x", "LessThan", "1", "apple banana"),
        ("HyperParameters.x", "LessThanOrEqualTo", "1", "apple banana cherry"),
        ("HyperParameters.x", "LessThanOrEqualTo", "1.0", "apple banana"),
        ("HyperParameters.x", "GreaterThan", "1", "date"),
        ("HyperParameters.x", "GreaterThanOrEqualTo", "1.5", "cherry date"),
        ("HyperParameters.epochs", "Equals", "10", "apple banana"),
        ("HyperParameters.epochs", "Equals", "10.0", "apple"),
        ("HyperParameters.epochs", "Equals", "100", "cherry"),
        ("HyperParameters.epochs", "Equals", "many", "date"),
        ("HyperParameters.epochs", "GreaterThan", "0", "apple banana cherry"),
        ("HyperParameters.optimizer", "Equals", "adam", "banana"),
        ("HyperParameters.optimizer", "Contains", "adam", "banana cherry"),
        ("HyperParameters.optimizer", "In", "sgd,adamw", "apple cherry"),
        ("HyperParameters.Optimizer", "Exists", None, ""),
        ("HyperParameters.kind", "NotExists", None, "apple banana cherry"),
        # metrics
        ("Metrics.loss", "Exists", None, "apple banana cherry"),
        ("Metrics.loss", "LessThan", "0.5", "apple"),
        ("Metrics.loss", "LessThanOrEqualTo", "0.5", "apple banana"),
        ("Metrics.val:acc", "Equals", "0.5", "banana"),
        ("FinalMetricDataList.MetricName", "Equals", "val:acc", "apple banana cherry"),
        ("FinalMetricDataList.Value", "LessThan", "0", "cherry"),
        # tags
        ("Tags.Project", "Equals", "red", "apple"),
        ("Tags.project", "Exists", None, ""),
        ("Tags.Project", "NotEquals", "red", "banana cherry date"),
        ("Tags.Project", "In", "red,blue", "apple banana"),
        ("Tags.Team.Name", "Contains", "n", "apple"),
        ("Tags", "Exists", None, "apple banana"),
    ],
)  # fmt: skip
def test_filters(client: Any, name: str, operator: str | None, value: str | None, expected: str) -> None:
    assert alone(client, name_value(name, operator, value)) == set(expected.split())


def test_times(client: Any) -> None:
    created = client.describe_training_job(TrainingJobName="banana")["CreationTime"].astimezone(UTC)
    second = created.replace(microsecond=0)

    def when(operator: str, value: str) -> set[str]:
        return alone(client, name_value("CreationTime", operator, value))

    exact = created.isoformat(timespec="milliseconds")
    assert "banana" in when("Equals", f"{second:%Y-%m-%dT%H:%M:%S}")
    assert when("Equals", exact) == {"banana"}
    assert when("LessThan", exact) == {"apple"}
    assert when("LessThanOrEqualTo", exact) == {"apple", "banana"}
    assert when("GreaterThan", exact) == {"cherry", "date"}
    assert when("GreaterThanOrEqualTo", exact.replace("+00:00", "Z")) == {"banana", "cherry", "date"}
    assert when("GreaterThan", f"{second + timedelta(days=1):%Y-%m-%d}") == set()


def test_nested_filters_hold_for_one_element(client: Any) -> None:
    channel, uri = "InputDataConfig.ChannelName", "InputDataConfig.DataSource.S3DataSource.S3Uri"

    def nested(*filters: dict[str, str]) -> set[str]:
        return alone(client, NestedFilters=[{"NestedPropertyName": "InputDataConfig", "Filters": filters}])

    assert nested(name_value(channel, "Equals", "train"), name_value(uri, "Contains", "blue")) == {"banana"}
    assert nested(name_value(channel, "Equals", "test"), name_value(uri, "Contains", "blue")) == {"apple"}
    assert nested(name_value(channel, "NotEquals", "train")) == {"apple"}
    assert nested(name_value("InputDataConfig.ContentType", "NotExists", None)) == {"apple", "banana"}
    assert nested(name_value(channel, None, "train"), name_value(channel, None, "test")) == set()


def test_nested_filters_on_tags(client: Any) -> None:
    def tagged(*filters: dict[str, str], resource: str = "TrainingJob") -> set[str]:
        nested = {"NestedFilters": [{"NestedPropertyName": "Tags", "Filters": filters}]}
        return set(names(client, resource, SearchExpression=nested)) & (STANDALONE | {"tuned", "plain"})

    key, value = "Tags.Key", "Tags.Value"
    assert tagged(name_value(key, "Equals", "Project")) == {"apple", "banana"}
    assert tagged(name_value(key, None, "Project"), name_value(value, None, "red")) == {"apple"}
    assert tagged(name_value(key, None, "Project"), name_value(value, None, "one")) == set(), "of one tag"
    assert tagged(name_value(key, "Contains", "Name"), name_value(value, "In", "one,two")) == {"apple"}
    assert tagged(name_value(key, "NotEquals", "Project")) == {"apple"}
    assert tagged(name_value(value, "Exists", None)) == {"apple", "banana"}
    assert tagged(name_value(value, None, "red"), resource="HyperParameterTuningJob") == {"tuned"}
    # Elsewhere it is the tag with this key.
    assert alone(client, name_value(key, "Exists", None)) == set()


def test_nested_filters_on_lists_of_lists_and_deeper_ones(client: Any) -> None:
    def nested(name: str, *filters: dict[str, str]) -> set[str]:
        return alone(client, NestedFilters=[{"NestedPropertyName": name, "Filters": filters}])

    metrics = "AlgorithmSpecification.MetricDefinitions"
    loss, accuracy = (name_value(f"{metrics}.Regex", "Contains", each) for each in ("loss", "acc"))
    assert nested(metrics, name_value(f"{metrics}.Name", None, "loss"), loss) == STANDALONE
    assert nested(metrics, name_value(f"{metrics}.Name", None, "loss"), accuracy) == set()
    final = "FinalMetricDataList"
    low = name_value(f"{final}.Value", "LessThan", "0.1")
    assert nested(final, name_value(f"{final}.MetricName", None, "loss"), low) == {"apple"}
    times = "SecondaryStatusTransitions"
    assert nested(
        times,
        name_value(f"{times}.Status", None, "Failed"),
        name_value(f"{times}.StartTime", "GreaterThan", "2026-01-01T00:00:00"),
    ) == {"date"}


def test_and_or_and_expressions_in_expressions(client: Any) -> None:
    red, blue = (name_value("Tags.Project", "Equals", each) for each in ("red", "blue"))
    low = name_value("Metrics.loss", "LessThan", "0.1")
    assert alone(client, red, low) == {"apple"}
    assert alone(client, blue, low) == set()
    assert alone(client, blue, low, Operator="And") == set()
    assert alone(client, blue, low, Operator="Or") == {"apple", "banana"}
    either = {"Filters": [red, blue], "Operator": "Or"}
    failed = {"Filters": [name_value("TrainingJobStatus", None, "Failed")]}
    channel = name_value("InputDataConfig.ChannelName", None, "test")
    nested = [{"NestedPropertyName": "InputDataConfig", "Filters": [channel]}]
    assert alone(client, SubExpressions=[either, failed]) == set()
    assert alone(client, SubExpressions=[either, failed], Operator="Or") == {"apple", "banana", "date"}
    assert alone(client, SubExpressions=[either], NestedFilters=nested) == {"apple"}
    deep: dict[str, Any] = {"Filters": [red]}
    for _ in range(45):
        deep = {"SubExpressions": [deep]}
    assert alone(client, **deep) == {"apple"}


def test_visibility_conditions_and_other_accounts(client: Any) -> None:
    def visible(*conditions: tuple[str, str]) -> set[str]:
        given = [{"Key": key, "Value": value} for key, value in conditions]
        return set(names(client, VisibilityConditions=given)) & STANDALONE

    assert visible(("Tags.Project", "red")) == {"apple", "cherry", "date"}
    assert visible(("Tags.Project", "red"), ("Tags.Project", "blue")) == STANDALONE
    assert visible(("Tags.Project", "blue"), ("Tags.Team.Name", "two")) == {"banana", "cherry", "date"}
    assert set(names(client, CrossAccountFilterOption="SameAccount")) >= STANDALONE
    assert names(client, CrossAccountFilterOption="CrossAccount") == []


def test_orders(client: Any) -> None:
    four = name_value("TrainingJobName", "In", "apple,banana,cherry,date")

    def order(by: str | None = None, direction: str | None = None) -> str:
        given = {"SortBy": by, "SortOrder": direction, "SearchExpression": {"Filters": [four]}}
        return " ".join(names(client, **{key: value for key, value in given.items() if value}))

    assert order() == order("LastModifiedTime", "Descending") == "date cherry banana apple"
    assert order(direction="Ascending") == order("CreationTime", "Ascending") == "apple banana cherry date"
    assert order("TrainingJobName", "Ascending") == "apple banana cherry date"
    # What has no value comes last either way.
    assert order("Metrics.loss", "Ascending") == "apple banana cherry date"
    assert order("Metrics.loss", "Descending") == "cherry banana apple date"
    assert order("Tags.Project", "Descending") == "apple banana date cherry"
    assert order("HyperParameters.epochs", "Ascending") == "apple banana cherry date"
    assert order("TrainingTimeInSeconds").split()


@pytest.mark.parametrize("order", ["Ascending", "Descending"])
@pytest.mark.parametrize("by", ["LastModifiedTime", "Metrics.loss", "Tags.Project", "TrainingJobStatus"])
def test_pages(client: Any, by: str, order: str) -> None:
    expected = names(client, SortBy=by, SortOrder=order)
    assert len(expected) == 8
    for size in (1, 3, 8):
        pages = list(
            client.get_paginator("search").paginate(
                Resource="TrainingJob", SortBy=by, SortOrder=order, PaginationConfig={"PageSize": size}
            )
        )
        assert len(pages) == -(-8 // size)
        assert {page["TotalHits"]["Value"] for page in pages} == {8}
        found = [each["TrainingJob"]["TrainingJobName"] for page in pages for each in page["Results"]]
        assert found == expected
