"""SageMaker's XGBoost trained by the local service: from the data in S3 to the model in S3."""

from __future__ import annotations

import io
import pickle
import random
import tarfile
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.local.algorithms import trainable
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.models.float32 import float32
from tests.support.cases import case

if TYPE_CHECKING:
    from tests.integration.local_engine.conftest import Service

pytestmark = pytest.mark.integration

NEWER = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


def rows(count: int, seed: int) -> list[tuple[int, list[float]]]:
    """Labels that two of the four features decide, with some noise."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        features = [round(draw.uniform(-1, 1), 4) for _ in range(4)]
        found.append((int(features[0] + features[1] + draw.gauss(0, 0.3) > 0), features))
    return found


def csv(count: int, seed: int) -> bytes:
    return "".join(f"{label},{','.join(map(str, row))}\n" for label, row in rows(count, seed)).encode()


@pytest.fixture
def trained(service: Service) -> Service:
    """A service with the data of the cases."""
    service.objects.create_bucket("hpt-cases")
    service.objects.put("hpt-cases", "train/data.csv", csv(300, 1))
    service.objects.put("hpt-cases", "validation/data.csv", csv(100, 2))
    return service


def train(service: Service, name: str, *, image: str | None = None, **hyperparameters: str) -> dict[str, Any]:
    """Run one training job on the case's data, of version 1.7 without an image; its description."""
    definition = case("builtin-xgboost")["TrainingJobDefinition"]
    static = definition.pop("StaticHyperParameters") | {"num_round": "5"} | hyperparameters
    definition["AlgorithmSpecification"]["TrainingImage"] = image or NEWER
    service.call("CreateTrainingJob", TrainingJobName=name, HyperParameters=static, **definition)
    return service.training_job(name)


def test_tuning_from_csv_to_model(trained: Service) -> None:
    request = case("builtin-xgboost")
    # Some pairs of etas give the same area under the curve.
    request["HyperParameterTuningJobConfig"]["RandomSeed"] = 1
    trained.call("CreateHyperParameterTuningJob", **request)
    job = trained.ended(request["HyperParameterTuningJobName"])
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    best = job["BestTrainingJob"]
    objective = best["FinalHyperParameterTuningJobObjectiveMetric"]
    assert objective["MetricName"] == "validation:auc"
    assert 0.85 < objective["Value"] <= 1
    first, second = trained.training_jobs(request["HyperParameterTuningJobName"])
    values = [
        {each["MetricName"]: each["Value"] for each in job["FinalMetricDataList"]} for job in (first, second)
    ]
    assert values[0] != values[1], "eta has an effect"
    assert max(each["validation:auc"] for each in values) == objective["Value"]
    key = f"out/{best['TrainingJobName']}/output/model.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(trained.objects.get("hpt-cases", key))) as archive:
        assert archive.getnames() == ["xgboost-model"]
        file = archive.extractfile("xgboost-model")
        assert file is not None
        booster = pickle.loads(file.read())
    assert booster.num_boosted_rounds() == 20


def test_metrics_that_the_container_computes(trained: Service) -> None:
    job = train(trained, "one", eval_metric="logloss,f1,accuracy")
    log = (trained.directory / "training-jobs/one/attempt-1/log").read_text()
    last = [line for line in log.splitlines() if line.startswith("[4]")][-1]
    final = {each["MetricName"]: each["Value"] for each in job["FinalMetricDataList"]}
    assert {"train:logloss", "train:accuracy", "validation:logloss", "validation:accuracy"} <= set(final)
    assert final["validation:f1"] == float32(float(last.split("validation-f1:")[1].split("\t")[0]))
    assert 0.8 < final["validation:accuracy"] <= 1


def test_what_is_wrong_is_in_the_failure_reason(trained: Service) -> None:
    trained.objects.put("hpt-cases", "train/more.csv", b"label,a,b,c,d\n1,2,3,4,5\n")
    job = train(trained, "header")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: framework error: \n")
    assert "Non-numeric value 'label' found in the header line of file 'more.csv'" in job["FailureReason"]


def test_the_first_image_says_that_the_request_is_wrong(trained: Service) -> None:
    image = case("builtin-xgboost")["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"]
    assert image.endswith("/xgboost:1")
    job = train(trained, "legacy", image=image, eta="1.5")
    assert job["FailureReason"] == "ClientError: Parameter 'eta' should be in range [0,1]."
    newer = train(trained, "newer", eta="1.5")
    assert newer["FailureReason"].endswith("UserError: Hyperparameter eta: 1.5 is not in [0, 1]")
    assert newer["FailureReason"].startswith("AlgorithmError: framework error: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"StaticHyperParameters": {"_kfold": "3"}}, "with _kfold: remove"),
        ({"InputMode": "Pipe"}, "'train' in Pipe mode: set InputMode to File"),
        ({"TrainingInputMode": "Pipe"}, "'train' in Pipe mode: set InputMode to File"),
        ({"ContentType": "application/x-recordio-protobuf"}, "use CSV, libsvm or Parquet"),
        ({"ContentType": "application/x-parquet"}, "needs the package pyarrow"),
    ],
)
def test_what_the_trainer_cannot_do_is_refused_before_it_trains(
    trained: Service, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(trainable, "find_spec", lambda name: None if name == "pyarrow" else find_spec(name))
    request = case("builtin-xgboost")
    request["HyperParameterTuningJobName"] = "cannot-train"
    definition = request["TrainingJobDefinition"]
    specification = definition["AlgorithmSpecification"]
    channel = next(each for each in definition["InputDataConfig"] if each["ChannelName"] == "train")
    for name, value in change.items():
        if name == "StaticHyperParameters":
            definition[name] = definition[name] | value
        else:
            (specification if name in specification else channel)[name] = value
    with pytest.raises(ServiceError, match=words) as refused:
        trained.call("CreateHyperParameterTuningJob", **request)
    assert refused.value.code == "ValidationException"
    assert "--images FILE" in refused.value.message


def test_without_the_extra_the_request_is_refused(trained: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainable, "find_spec", lambda _: None)
    with pytest.raises(ServiceError, match=r"install airflow-hpt-provider\[algorithms\]"):
        trained.call("CreateHyperParameterTuningJob", **case("builtin-xgboost"))


def test_an_algorithm_that_is_not_trained_here_is_refused(trained: Service) -> None:
    request = case("builtin-xgboost")
    request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"] = (
        "validation:recall"
    )
    request["HyperParameterTuningJobConfig"]["ParameterRanges"]["ContinuousParameterRanges"][0]["Name"] = "wd"
    image = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = image
    with pytest.raises(ServiceError) as refused:
        trained.call("CreateHyperParameterTuningJob", **request)
    assert "knows the built-in algorithm linear-learner, but does not train it: add an [[image]]" in str(
        refused.value
    )
