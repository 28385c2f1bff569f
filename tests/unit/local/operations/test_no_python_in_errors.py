"""Any JSON value at any member of any operation: an error has AWS's words or ours, and none of Python's."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.local.cloudwatch.operations import TrainingMetrics
from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.endpoint import Endpoint
from airflow_hpt_provider.local.engine.engine import Engine
from airflow_hpt_provider.local.engine.naming import Arns
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.logs.operations import TrainingLogs
from airflow_hpt_provider.local.operations import reported_metrics
from airflow_hpt_provider.local.operations.local_operations import HANDLERS, LocalOperations
from airflow_hpt_provider.local.operations.model_registry.operations import HANDLERS as REGISTRY
from airflow_hpt_provider.local.operations.model_registry.operations import ModelRegistry
from airflow_hpt_provider.local.runners.subprocess_runner import SubprocessRunner
from airflow_hpt_provider.local.s3.objects import ObjectStore
from tests.support.pythons_words import pythons_words
from tests.support.sagemaker_shapes import fullest, input_of, smallest
from tests.support.tuning_jobs import ROLE, tuning_job

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**70, 1.5, -0.0, 1e300),
    *("", "x", "a'b\"c", "é\x85\u2028", "{}", "5", "1e", "9" * 400, "2026-13-45T00:00:00", "\ud800"),
    *("s3://", "s3://a]b/c", "https://[x", "arn:aws:sagemaker:us-east-1:123456789012:training-job/x"),
    *([], {}, [None], [[]], ["x"], [5], [{}], {"a": 1}, {"a": None}, [{"Key": "k", "Value": "v"}], {"": ""}),
)
"""What is put in the place of a value."""
TRIES = 120
"""Requests of each operation, of all that could be made."""
GROUP, NAMESPACE = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TrainingJobs"
LOGS: dict[str, dict[str, Any]] = {
    "DescribeLogStreams": {
        "logGroupName": GROUP,
        "logStreamNamePrefix": "x",
        "orderBy": "LogStreamName",
        "descending": True,
        "limit": 5,
        "nextToken": "f/1",
    },
    "GetLogEvents": {
        "logGroupName": GROUP,
        "logStreamName": "x/algo-1",
        "startTime": 1,
        "endTime": 2,
        "startFromHead": True,
        "limit": 5,
        "nextToken": "f/1",
    },
    "FilterLogEvents": {
        "logGroupName": GROUP,
        "logStreamNames": ["x/algo-1"],
        "startTime": 1,
        "endTime": 2,
        "filterPattern": "x",
        "limit": 5,
        "nextToken": "f/1",
    },
}
STATISTICS = {"StartTime": 1_790_000_000, "EndTime": 1_790_000_600, "Period": 60}
METRIC = {
    "Namespace": NAMESPACE,
    "MetricName": "loss",
    "Dimensions": [{"Name": "TrainingJobName", "Value": "x"}],
}
QUERY = {"Id": "m1", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "p99.5"}, "ReturnData": True}
METRICS: dict[str, dict[str, Any]] = {
    "ListMetrics": {**METRIC, "RecentlyActive": "PT3H", "NextToken": "x"},
    "GetMetricStatistics": {
        **METRIC,
        **STATISTICS,
        "Statistics": ["Average"],
        "ExtendedStatistics": ["p10"],
        "Unit": "None",
    },
    "GetMetricData": {
        "MetricDataQueries": [QUERY],
        "StartTime": 1_790_000_000,
        "EndTime": 1_790_000_600,
        "ScanBy": "TimestampDescending",
        "MaxDatapoints": 100,
        "NextToken": "x",
    },
}
PUT = {
    "TrialComponentName": "x-aws-training-job",
    "MetricData": [{"MetricName": "loss", "Timestamp": 1_790_000_000, "Step": 1, "Value": 0.5}],
}


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON document, the whole one first."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in inner:
        yield from places(below, (*here, step))


def changed(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    if not place:
        return value
    document = copy.deepcopy(document)
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return document


def requests(operation: str, *documents: Any) -> Iterator[Any]:
    """Malformed requests of an operation: the same ones in each run."""
    dice = random.Random(operation)
    every = [(document, place) for document in documents for place in places(document)]
    for _ in range(TRIES):
        document, place = dice.choice(every)
        yield changed(document, place, dice.choice(VALUES))


class Service:
    """What answers the calls, without HTTP in front."""

    def __init__(self, folder: Any) -> None:
        images = folder / "images.toml"
        images.write_text('[[image]]\nmatch = "*"\ncommand = ["true"]\n')
        runner = SubprocessRunner(ObjectStore(folder / "s3", "us-east-1"), images=images)
        database = open_database(folder / "jobs.sqlite")
        self.engine = Engine(database, runner, folder, Arns("us-east-1", "123456789012"), max_parallel=1)
        self.operations = LocalOperations(self.engine)
        self.operations.start()
        self.registry = ModelRegistry(folder / "registry.sqlite", "us-east-1", "123456789012")
        self.logs = TrainingLogs(folder / "training-jobs", "us-east-1", "123456789012")
        self.metrics = TrainingMetrics(database)
        nothing: Any = None
        self.endpoint = Endpoint(
            operations=[self.operations, self.registry], s3=nothing, moto=nothing, find_secret=nothing
        )

    def close(self) -> None:
        self.registry.close()
        self.operations.close()

    def sagemaker(self, operation: str, body: bytes) -> None:
        self.endpoint._answer(operation, body, "id")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("service"))
    create = {"HyperParameterTuningJobName": "x", **tuning_job("no-such-bucket", trials=1, parallel=1)}
    made.sagemaker("CreateHyperParameterTuningJob", json.dumps(create).encode())
    made.sagemaker("CreateModelPackageGroup", b'{"ModelPackageGroupName": "x"}')
    yield made
    made.close()


def refusal(call: Any) -> str | None:
    """The message of a refusal; None if the call is taken. Any other exception is the service's own fault."""
    try:
        response = call()
    except ServiceError as error:
        status, message = error.status, error.message
    else:
        status = getattr(response, "status_code", 200)
        message = json.loads(response.body)["message"] if status >= 400 else ""
    assert status < 500, message
    return message if status >= 400 else None


def check(operation: str, call: Any, documents: Any) -> int:
    """How many requests were refused, all of them without Python's words."""
    refused = 0
    for request in requests(operation, *documents):
        message = refusal(lambda request=request: call(json.dumps(request).encode()))
        refused += message is not None
        found = pythons_words(message or "", request)
        assert found is None, f"{operation}: {found!r} in: {message}\nrequest: {json.dumps(request)[:2000]}"
    return refused


@pytest.mark.parametrize("operation", sorted({*HANDLERS, *REGISTRY}))
def test_sagemakers_operations(operation: str, service: Service) -> None:
    shape = input_of(operation)
    documents = [smallest(shape), fullest(shape)]
    if operation == "CreateHyperParameterTuningJob":
        documents.append({"HyperParameterTuningJobName": "y", **tuning_job("no-such-bucket")})
    elif operation == "CreateTrainingJob":
        definition = tuning_job("no-such-bucket")["TrainingJobDefinition"]
        documents.append(
            {"TrainingJobName": "y", "HyperParameters": {"x": "1"}, **definition, "RoleArn": ROLE}
        )
    elif operation == "Search":
        filters = [{"Name": "Metrics.loss", "Operator": "LessThan", "Value": "0.5"}]
        for resource in ("TrainingJob", "HyperParameterTuningJob", "ModelPackage", "ModelPackageGroup"):
            nested = {"NestedPropertyName": "InputDataConfig", "Filters": filters}
            expression = {
                "Filters": filters,
                "NestedFilters": [nested],
                "SubExpressions": [{"Filters": filters}],
            }
            documents.append({"Resource": resource, "SearchExpression": expression, "SortBy": "CreationTime"})
    for document in documents[:2]:
        for name in ("HyperParameterTuningJobName", "ModelPackageGroupName"):
            if name in document and not operation.startswith("Create"):
                document[name] = "x"
    refused = check(operation, lambda body: service.sagemaker(operation, body), documents)
    assert refused > TRIES / 4


@pytest.mark.parametrize("operation", LOGS)
def test_logs(operation: str, service: Service) -> None:
    assert check(operation, lambda body: service.logs.answer(operation, body) and None, [LOGS[operation]])


@pytest.mark.parametrize("operation", METRICS)
def test_metrics(operation: str, service: Service) -> None:
    request: Any = SimpleNamespace(
        path="/", method="POST", target=f"GraniteServiceVersion20100801.{operation}", headers={}, id="id"
    )

    def call(body: bytes) -> Any:
        return service.endpoint._answer_metrics(service.metrics, request, body)

    assert check(operation, call, [METRICS[operation]]) > TRIES / 4


def test_reported_metrics(service: Service) -> None:
    def call(body: bytes) -> None:
        reported_metrics.put(service.engine, body)

    assert check("BatchPutMetrics", call, [PUT]) > TRIES / 4


@pytest.mark.parametrize(
    "text",
    ["got ['a', 'b']", "got {'a': 1}", "got None", "got True", "ValueError: x", "<class 'int'>", "('x',)"],
)
def test_pythons_words_are_found(text: str) -> None:
    assert pythons_words(text, {"a": "b"})
    assert pythons_words(text, {"a": text}) is None, "the user's own words"
