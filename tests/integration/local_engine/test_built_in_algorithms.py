"""Requests for SageMaker's built-in algorithms: what the service adds to them, and what it refuses."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.models.float32 import float32
from tests.support.cases import case

if TYPE_CHECKING:
    from tests.integration.local_engine.conftest import Service

pytestmark = pytest.mark.integration

XGBOOST = "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"
PRINT = """
print("[0]\\ttrain-auc:0.5\\tvalidation-auc:0.6", flush=True)
print(f"[1]\\ttrain-auc:0.75\\tvalidation-auc:{hps['eta']}", flush=True)
"""


@pytest.fixture
def mapped(service: Service) -> Service:
    """A service that runs a script in place of every image, and has the data of the cases."""
    service.close()
    service.script(PRINT)
    command = f'["{sys.executable}", "{service.scripts}/train.py"]'
    service.images.write_text(f'[[image]]\nmatch = "*.amazonaws.com/*"\ncommand = {command}\n')
    service.objects.create_bucket("hpt-cases")
    for channel in ("train", "validation"):
        service.objects.put("hpt-cases", f"{channel}/data.csv", b"1,0.5\n0,0.25\n")
    service.start()
    return service


def create(service: Service, request: dict) -> str:
    service.call("CreateHyperParameterTuningJob", **request)
    return request["HyperParameterTuningJobName"]


def metric_names(specification: dict) -> list[str]:
    return [each["Name"] for each in specification["MetricDefinitions"]]


def test_describe_shows_the_algorithms_metrics_and_its_own_metric_is_found(mapped: Service) -> None:
    name = create(mapped, case("builtin-xgboost"))
    job = mapped.ended(name)
    definition = job["TrainingJobDefinition"]
    names = metric_names(definition["AlgorithmSpecification"])
    assert len(names) == 19
    assert (names[1], names[-1]) == ("validation:auc", "ObjectiveMetric")
    assert definition["StaticHyperParameters"]["_tuning_objective_metric"] == "validation:auc"
    best = job["BestTrainingJob"]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"] == {
        "MetricName": "validation:auc",
        "Value": float32(max(float(each["HyperParameters"]["eta"]) for each in mapped.training_jobs(name))),
    }
    for training_job in mapped.training_jobs(name):
        assert metric_names(training_job["AlgorithmSpecification"]) == names
        final = {each["MetricName"]: each["Value"] for each in training_job["FinalMetricDataList"]}
        eta = float32(float(training_job["HyperParameters"]["eta"]))
        assert final == {"train:auc": 0.75, "validation:auc": eta, "ObjectiveMetric": eta}


def test_metrics_of_the_request_do_not_replace_the_algorithms(
    mapped: Service, caplog: pytest.LogCaptureFixture
) -> None:
    request = case("builtin-with-metric-definitions")
    specification = request["TrainingJobDefinition"]["AlgorithmSpecification"]
    specification["MetricDefinitions"] = [
        {"Name": "validation:auc", "Regex": "train-auc:([0-9.]+)"},
        {"Name": "mine", "Regex": r"train-auc:([0-9.]+)"},
    ]
    with caplog.at_level(logging.WARNING):
        job = mapped.ended(create(mapped, request))
    assert re.search("builtin-own-metrics: .*has its own metric definitions", caplog.text)
    names = metric_names(job["TrainingJobDefinition"]["AlgorithmSpecification"])
    assert names[-2:] == ["mine", "ObjectiveMetric"]
    [first, _] = mapped.training_jobs(request["HyperParameterTuningJobName"])
    final = {each["MetricName"]: each["Value"] for each in first["FinalMetricDataList"]}
    assert final["validation:auc"] == float32(float(first["HyperParameters"]["eta"]))
    assert final["mine"] == 0.75


def test_auto_parameters_alone_are_searched(mapped: Service) -> None:
    job = mapped.ended(create(mapped, case("only-auto-parameters")))
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    tuned = job["BestTrainingJob"]["TunedHyperParameters"]
    assert set(tuned) == {"max_depth", "eta", "subsample", "num_round"}
    assert 0.1 <= float(tuned["eta"]) <= 0.5
    [first, second] = mapped.training_jobs(job["HyperParameterTuningJobName"])
    assert first["HyperParameters"]["num_round"] != second["HyperParameters"]["num_round"]


def test_a_tab_reaches_the_regexes_as_on_aws(mapped: Service) -> None:
    mapped.script('print("[7]\\ttrain-rmse:1.5\\tvalidation-rmse:2.25")')
    job = mapped.ended(create(mapped, case("control-characters")))
    assert job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 2.25


def test_a_training_job_of_an_algorithm(mapped: Service) -> None:
    definition = case("builtin-xgboost")["TrainingJobDefinition"]
    static = definition.pop("StaticHyperParameters")
    own = {**definition["AlgorithmSpecification"], "MetricDefinitions": [{"Name": "a", "Regex": "a"}]}
    with pytest.raises(ServiceError) as refused:
        mapped.call(
            "CreateTrainingJob", TrainingJobName="own", **definition | {"AlgorithmSpecification": own}
        )
    assert str(refused.value) == (
        "ValidationException: You can't override the metric definitions for Amazon SageMaker algorithms. Please retry "
        "the request without specifying metric definitions."
    )
    hyperparameters = static | {"eta": "0.25"}
    mapped.call("CreateTrainingJob", TrainingJobName="one", HyperParameters=hyperparameters, **definition)
    job = mapped.training_job("one")
    assert len(job["AlgorithmSpecification"]["MetricDefinitions"]) == 18
    final = {each["MetricName"]: each["Value"] for each in job["FinalMetricDataList"]}
    assert final == {"train:auc": 0.75, "validation:auc": 0.25}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Type": "Minimize"}, "must be Maximize for validation:auc"),
        ({"MetricName": "validation:f2"}, "is no objective metric of the built-in algorithm xgboost"),
    ],
)
def test_an_objective_that_the_algorithm_does_not_have_is_refused(
    mapped: Service, change: dict[str, str], said: str
) -> None:
    request = case("builtin-xgboost")
    request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"] |= change
    with pytest.raises(ServiceError, match=said):
        create(mapped, request)


@pytest.mark.parametrize("tab", ["\\t", "#011"])
def test_a_script_in_the_algorithms_image_needs_no_metric_definitions(mapped: Service, tab: str) -> None:
    code = mapped.directory / "code"
    code.mkdir()
    (code / "train.py").write_text(
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--eta', type=float)\n"
        f"print('[1]{tab}validation-auc:' + str(parser.parse_args().eta))\n"
    )
    request = case("builtin-xgboost")
    request["TrainingJobDefinition"]["StaticHyperParameters"] = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": str(code),
    }
    job = mapped.ended(create(mapped, request))
    objective = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert objective["Value"] == float32(float(job["BestTrainingJob"]["TunedHyperParameters"]["eta"]))


def test_an_algorithm_mapped_to_a_command_with_its_metrics(mapped: Service) -> None:
    request = case("builtin-xgboost")
    image = "811284229777.dkr.ecr.us-east-1.amazonaws.com/seq2seq:1"
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = image
    request["TrainingJobDefinition"]["StaticHyperParameters"] = {}
    config = request["HyperParameterTuningJobConfig"]
    config["HyperParameterTuningJobObjective"]["MetricName"] = "validation:bleu"
    config["ParameterRanges"]["ContinuousParameterRanges"][0]["Name"] = "momentum"
    with pytest.raises(ServiceError, match="regex of the metric 'validation:bleu' .* is unknown"):
        create(mapped, request)
    mapped.close()
    mapped.script("print('bleu =', hps['momentum'])")
    text = mapped.images.read_text()
    mapped.images.write_text(f"""{text}metrics = {{ "validation:bleu" = 'bleu = (\\S+)' }}\n""")
    mapped.start()
    job = mapped.ended(create(mapped, request))
    best = job["BestTrainingJob"]
    value = float32(float(best["TunedHyperParameters"]["momentum"]))
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == value
    [first, _] = mapped.training_jobs(request["HyperParameterTuningJobName"])
    assert {each["MetricName"] for each in first["FinalMetricDataList"]} == {
        "validation:bleu",
        "ObjectiveMetric",
    }
