"""Metrics of training jobs by CloudWatch's API, in each protocol that its clients speak."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.foreign_programs import debian_program
from tests.support.tuning_jobs import ended_job, images_file, tuning_job

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

NAMESPACE = "/aws/sagemaker/TrainingJobs"
PROTOCOLS = ("query", "json", "smithy-rpc-v2-cbor")
SCRIPT = """\
import json
x = json.load(open("/opt/ml/input/config/hyperparameters.json"))["x"]
for step in range(4):
    print(f"step={step}; other={step * 10}; objective={float(x) + step:.3f};", flush=True)
"""
METRICS = [
    {"Name": "objective", "Regex": "objective=([0-9.]+);"},
    {"Name": "validation:other", "Regex": "other=([0-9.]+);"},
]


@pytest.fixture(scope="module")
def trained(
    make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Service, list[str]]:
    """A service with a tuning job that has ended, and the names of its two training jobs."""
    folder = tmp_path_factory.mktemp("metrics")
    script = folder / "train.py"
    script.write_text(SCRIPT)
    service = make_service(folder / "data", ["--images", str(images_file(folder, script))])
    service.client("s3").create_bucket(Bucket="metrics")
    sagemaker = service.client("sagemaker")
    request = tuning_job("metrics", trials=2)
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"] = METRICS
    sagemaker.create_hyper_parameter_tuning_job(HyperParameterTuningJobName="measured", **request)
    job = ended_job(sagemaker, "measured")
    assert job["HyperParameterTuningJobStatus"] == "Completed", job
    summaries = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="measured", SortBy="CreationTime", SortOrder="Ascending"
    )["TrainingJobSummaries"]
    return service, [each["TrainingJobName"] for each in summaries]


def cloudwatch(service: Service, protocol: str, folder: Path) -> Any:
    """A client that speaks one protocol only: botocore's own model, with the others taken out."""
    model: Any = botocore.loaders.Loader().load_service_model("cloudwatch", "service-2")
    own = folder / "cloudwatch" / model["metadata"]["apiVersion"]
    own.mkdir(parents=True)
    metadata = {**model["metadata"], "protocol": protocol, "protocols": [protocol]}
    (own / "service-2.json").write_text(json.dumps({**model, "metadata": metadata}))
    session = botocore.session.get_session()
    session.register_component("data_loader", botocore.loaders.Loader(extra_search_paths=[str(folder)]))
    environment = service.environment
    client = boto3.Session(botocore_session=session).client(
        "cloudwatch",
        endpoint_url=service.endpoint,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    assert client.meta.service_model.resolved_protocol == protocol
    return client


@pytest.fixture(params=PROTOCOLS)
def client(request: pytest.FixtureRequest, trained: tuple[Service, list[str]], tmp_path: Path) -> Any:
    return cloudwatch(trained[0], request.param, tmp_path)


def dimension(job: str) -> list[dict[str, str]]:
    return [{"Name": "TrainingJobName", "Value": job}]


def window() -> dict[str, datetime]:
    now = datetime.now(UTC)
    return {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(minutes=2)}


def merged(points: list[dict[str, Any]]) -> dict[str, float]:
    """What all data points say together: a minute may end between two lines of a log."""
    return {
        "SampleCount": sum(point["SampleCount"] for point in points),
        "Sum": sum(point["Sum"] for point in points),
        "Minimum": min(point["Minimum"] for point in points),
        "Maximum": max(point["Maximum"] for point in points),
    }


def test_every_metric_is_listed(client: Any, trained: tuple[Service, list[str]]) -> None:
    listed = client.list_metrics(Namespace=NAMESPACE)["Metrics"]
    assert {(each["MetricName"], each["Dimensions"][0]["Value"]) for each in listed} == {
        (name, job) for name in ("objective", "validation:other", "ObjectiveMetric") for job in trained[1]
    }
    assert {each["Dimensions"][0]["Name"] for each in listed} == {"TrainingJobName"}
    [one] = client.list_metrics(
        Namespace=NAMESPACE, MetricName="validation:other", Dimensions=dimension(trained[1][1])
    )["Metrics"]
    assert one["Dimensions"] == dimension(trained[1][1])
    assert client.list_metrics(Namespace=NAMESPACE, Dimensions=[{"Name": "Host"}])["Metrics"] == []
    recent = client.list_metrics(Namespace=NAMESPACE, RecentlyActive="PT3H")["Metrics"]
    assert len(recent) == len(listed)


def test_statistics(client: Any, trained: tuple[Service, list[str]]) -> None:
    names = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
    answer = client.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="validation:other",
        Dimensions=dimension(trained[1][0]),
        Period=60,
        Statistics=names,
        **window(),
    )
    assert answer["Label"] == "validation:other"
    points = answer["Datapoints"]
    assert merged(points) == {"SampleCount": 4, "Sum": 60, "Minimum": 0, "Maximum": 30}
    for point in points:
        assert point["Average"] == point["Sum"] / point["SampleCount"]
        assert point["Unit"] == "None"
        assert point["Timestamp"].second == 0
    [whole] = client.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="validation:other",
        Dimensions=dimension(trained[1][0]),
        Period=7200,
        ExtendedStatistics=["p0", "p50", "p100"],
        **window(),
    )["Datapoints"]
    assert whole["ExtendedStatistics"] == {"p0": 0.0, "p50": 15.0, "p100": 30.0}


def test_data(client: Any, trained: tuple[Service, list[str]]) -> None:
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": "validation:other",
                    "Dimensions": dimension(job),
                },
                "Period": 7200,
                "Stat": stat,
            },
        }
        for number, (job, stat) in enumerate((job, s) for job in trained[1] for s in ("Maximum", "p50"))
    ]
    when = window()
    results = client.get_metric_data(MetricDataQueries=queries, **when)["MetricDataResults"]
    assert [(each["Id"], each["Values"], each["StatusCode"]) for each in results] == [
        ("q0", [30.0], "Complete"),
        ("q1", [15.0], "Complete"),
        ("q2", [30.0], "Complete"),
        ("q3", [15.0], "Complete"),
    ]
    assert {each["Label"] for each in results} == {"validation:other"}
    pages = list(
        client.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, MaxDatapoints=1, **when)
    )
    assert len(pages) == 4
    assert [r["Values"] for page in pages for r in page["MetricDataResults"]] == [[30.0], [15.0]] * 2
    with pytest.raises(ClientError) as caught:
        client.get_metric_data(MetricDataQueries=queries, NextToken="made up", **when)
    assert caught.value.response["Error"]["Code"] == "InvalidNextToken"


def test_a_curve_in_the_order_of_its_values(client: Any, trained: tuple[Service, list[str]]) -> None:
    """Second by second, as CloudWatch's finest resolution has it; both directions."""
    query = {
        "Id": "curve",
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": "validation:other",
                "Dimensions": dimension(trained[1][0]),
            },
            "Period": 1,
            "Stat": "Maximum",
        },
    }
    when = window()
    [up] = client.get_metric_data(MetricDataQueries=[query], ScanBy="TimestampAscending", **when)[
        "MetricDataResults"
    ]
    [down] = client.get_metric_data(MetricDataQueries=[query], **when)["MetricDataResults"]
    assert up["Timestamps"] == sorted(up["Timestamps"])
    assert up["Values"] == sorted(up["Values"])
    assert (down["Timestamps"], down["Values"]) == (up["Timestamps"][::-1], up["Values"][::-1])
    assert up["Values"][-1] == 30


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"Period": 7}, "InvalidParameterValue", "Period must be"),
        ({"StartTime": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidParameterCombination", "1,440"),
        ({"EndTime": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidParameterValue", "StartTime must be less"),
        ({"Statistics": None}, "InvalidParameterCombination", "Must specify either"),
        ({"Statistics": ["Median"]}, "ValidationError", "enum value set"),
    ],
)
def test_refusals(
    changes: dict[str, Any], code: str, words: str, client: Any, trained: tuple[Service, list[str]]
) -> None:
    given = {
        "Namespace": NAMESPACE,
        "MetricName": "objective",
        "Dimensions": dimension(trained[1][0]),
        "Period": 60,
        "Statistics": ["Average"],
        **window(),
    }
    with pytest.raises(ClientError) as caught:
        client.get_metric_statistics(**{n: v for n, v in {**given, **changes}.items() if v is not None})
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert words in error["Message"]


def test_an_unknown_metric_has_no_points(client: Any, trained: tuple[Service, list[str]]) -> None:
    others: list[dict[str, Any]] = [
        {"MetricName": "no:such"},
        {"Dimensions": dimension("no-such-job")},
        {"Dimensions": []},
        {"Dimensions": [{"Name": "Host", "Value": f"{trained[1][0]}/algo-1"}]},
        {"Unit": "Percent"},
    ]
    for changes in others:
        given = {
            "Namespace": NAMESPACE,
            "MetricName": "objective",
            "Dimensions": dimension(trained[1][0]),
            "Period": 60,
            "Statistics": ["Average"],
            **window(),
        }
        assert client.get_metric_statistics(**{**given, **changes})["Datapoints"] == []


def test_a_script_reports_metrics_itself(trained: tuple[Service, list[str]]) -> None:
    service, jobs = trained
    component = f"{jobs[1]}-aws-training-job"
    now = datetime.now(UTC)
    data = [
        {"MetricName": name, "Timestamp": now, "Step": step, "Value": value}
        for step, (name, value) in enumerate((("gap", 0.5), ("gap", 0.25), ("objective", 99.0)))
    ]
    answer = service.client("sagemaker-metrics").batch_put_metrics(
        TrialComponentName=component, MetricData=data
    )
    assert answer["Errors"] == []
    [listed] = service.client("cloudwatch").list_metrics(Namespace=NAMESPACE, MetricName="gap")["Metrics"]
    assert listed["Dimensions"] == dimension(jobs[1])
    described = service.client("sagemaker").describe_training_job(TrainingJobName=jobs[1])
    final = {each["MetricName"]: each["Value"] for each in described["FinalMetricDataList"]}
    assert final["gap"] == 0.25
    assert final["objective"] < 99, "the log's, not the script's report"
    unknown = service.client("sagemaker-metrics").batch_put_metrics(
        TrialComponentName="no-such-job-aws-training-job", MetricData=data
    )
    assert [each["Code"] for each in unknown["Errors"]] == ["VALIDATION_ERROR"]
    with pytest.raises(ClientError) as caught:
        service.client("sagemaker-metrics").batch_put_metrics(
            TrialComponentName=component, MetricData=data * 4
        )
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_other_namespaces_are_motos(trained: tuple[Service, list[str]]) -> None:
    client = trained[0].client("cloudwatch")
    client.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "rows", "Value": 3.0}])
    [listed] = client.list_metrics(Namespace="mine")["Metrics"]
    assert listed["MetricName"] == "rows"
    [point] = client.get_metric_statistics(
        Namespace="mine", MetricName="rows", Period=60, Statistics=["Sum"], **window()
    )["Datapoints"]
    assert point["Sum"] == 3.0


@pytest.mark.foreign
def test_the_aws_command_line_reads_them(trained: tuple[Service, list[str]], tmp_path: Path) -> None:
    service, jobs = trained
    aws = debian_program("aws")

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [aws, "cloudwatch", *arguments, "--endpoint-url", service.endpoint, "--output", "json"],
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **service.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    listed = run("list-metrics", "--namespace", NAMESPACE, "--metric-name", "objective")["Metrics"]
    assert [each["Dimensions"][0]["Value"] for each in listed] == jobs
    times = ("--start-time", "2000-01-01T00:00:00Z", "--end-time", "2035-01-01T00:00:00Z")
    [point] = run(
        "get-metric-statistics",
        *("--namespace", NAMESPACE, "--metric-name", "validation:other", *times),
        *("--dimensions", f"Name=TrainingJobName,Value={jobs[0]}", "--period", "86400000"),
        *("--statistics", "Maximum", "SampleCount"),
    )["Datapoints"]
    assert (point["Maximum"], point["SampleCount"]) == (30.0, 4.0)


def test_they_survive_a_restart(trained: tuple[Service, list[str]]) -> None:
    service, jobs = trained
    given = {
        "Namespace": NAMESPACE,
        "MetricName": "objective",
        "Dimensions": dimension(jobs[0]),
        "Period": 60,
        "Statistics": ["SampleCount", "Sum", "Minimum", "Maximum"],
        **window(),
    }
    before = service.client("cloudwatch").get_metric_statistics(**given)["Datapoints"]
    assert before
    service.stop()
    service.start()
    assert service.client("cloudwatch").get_metric_statistics(**given)["Datapoints"] == before
