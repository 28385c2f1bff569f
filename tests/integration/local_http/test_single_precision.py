"""Metrics have SageMaker's single precision wherever a client sees or compares them; CloudWatch's are doubles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.tuning_jobs import ended_job, images_file, tuning_job

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

PRINTED = ("2.91488", "0.65459400001", "3.53175", "0.654594")
"""What the training jobs print. In single precision the second and the last are equal, though the last is less."""
ANSWERED = {"2.91488": 2.9148800373077393, "3.53175": 3.531749963760376}
BEST = 0.6545940041542053
SCRIPT = """\
import json
print("objective=" + json.load(open("/opt/ml/input/config/hyperparameters.json"))["x"] + ";")
"""


def request(values: tuple[str, ...], **config: Any) -> dict[str, Any]:
    """A grid over the values, one training job at a time, each of which prints its own."""
    made = tuning_job("precise")
    made["HyperParameterTuningJobConfig"] |= {
        "Strategy": "Grid",
        "ResourceLimits": {"MaxParallelTrainingJobs": 1},
        "ParameterRanges": {"CategoricalParameterRanges": [{"Name": "x", "Values": list(values)}]},
        **config,
    }
    return made


@pytest.fixture(scope="module")
def trained(make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    folder = tmp_path_factory.mktemp("precise")
    script = folder / "train.py"
    script.write_text(SCRIPT)
    service = make_service(folder / "data", ["--images", str(images_file(folder, script))])
    service.client("s3").create_bucket(Bucket="precise")
    sagemaker = service.client("sagemaker")
    sagemaker.create_hyper_parameter_tuning_job(HyperParameterTuningJobName="tuned", **request(PRINTED))
    ended_job(sagemaker, "tuned")
    return service


def summaries(service: Service, **order: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.client(
        "sagemaker"
    ).list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName="tuned", **order)[
        "TrainingJobSummaries"
    ]
    return found


def value(job: dict[str, Any]) -> Any:
    return job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]


def test_lists_and_the_best_training_job(trained: Service) -> None:
    by_value = summaries(trained, SortBy="FinalObjectiveMetricValue", SortOrder="Ascending")
    assert [value(each) for each in by_value] == [BEST, BEST, ANSWERED["2.91488"], ANSWERED["3.53175"]]
    best = ended_job(trained.client("sagemaker"), "tuned")["BestTrainingJob"]
    assert value(best) == BEST
    equal = sorted(by_value[:2], key=lambda each: each["CreationTime"])
    assert best["TrainingJobName"] == equal[0]["TrainingJobName"], "of equals, the earliest"


def test_final_metrics_and_searches(trained: Service) -> None:
    sagemaker = trained.client("sagemaker")
    for job in summaries(trained):
        name = job["TrainingJobName"]
        finals = sagemaker.describe_training_job(TrainingJobName=name)["FinalMetricDataList"]
        assert {each["MetricName"]: each["Value"] for each in finals} == dict.fromkeys(
            ("objective", "ObjectiveMetric"), value(job)
        )
    for given in ("0.654594", str(BEST)):
        for path in ("Metrics.objective", "FinalMetricDataList.Value"):
            for operator in ("Equals", "LessThanOrEqualTo"):
                filters = [{"Name": path, "Operator": operator, "Value": given}]
                found = sagemaker.search(Resource="TrainingJob", SearchExpression={"Filters": filters})[
                    "Results"
                ]
                assert len(found) == 2, (given, path, operator)
                assert {each["TrainingJob"]["FinalMetricDataList"][0]["Value"] for each in found} == {BEST}
        path = "BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value"
        filters = [{"Name": path, "Operator": "LessThanOrEqualTo", "Value": given}]
        expression = {"Filters": filters}
        found = sagemaker.search(Resource="HyperParameterTuningJob", SearchExpression=expression)["Results"]
        assert [value(each["HyperParameterTuningJob"]["BestTrainingJob"]) for each in found] == [BEST]


def test_cloudwatchs_metrics_are_what_the_script_printed(trained: Service) -> None:
    now = datetime.now(UTC)
    seen = set()
    for job in summaries(trained):
        points = trained.client("cloudwatch").get_metric_statistics(
            Namespace="/aws/sagemaker/TrainingJobs",
            MetricName="objective",
            Dimensions=[{"Name": "TrainingJobName", "Value": job["TrainingJobName"]}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=2),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        seen |= {point["Maximum"] for point in points}
    assert seen == {float(text) for text in PRINTED}


@pytest.mark.parametrize(("kind", "target"), [("Minimize", 0.7), ("Maximize", 0.9)])
def test_a_metric_that_equals_the_target_reaches_it(trained: Service, kind: str, target: float) -> None:
    """In single precision 0.7 is a little less than in double precision, and so is 0.9."""
    sagemaker = trained.client("sagemaker")
    values = (str(target), *(("0.95", "0.96") if kind == "Minimize" else ("0.1", "0.2")))
    name = f"target-{kind.lower()}"
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        **request(
            values,
            HyperParameterTuningJobObjective={"Type": kind, "MetricName": "objective"},
            TuningJobCompletionCriteria={"TargetObjectiveMetricValue": target},
        ),
    )
    job = ended_job(sagemaker, name)
    criteria = job["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"]
    assert criteria["TargetObjectiveMetricValue"] == value(job["BestTrainingJob"]), "one precision for both"
    assert job["TrainingJobStatusCounters"]["Completed"] == 1, "it ended with the first one"
