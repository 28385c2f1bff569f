"""A finished tuning job of the local service as an Optuna study, by the hook and by the command line."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from airflow_hpt_provider.demo.processes import clean_environment
from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.export.to_optuna import ExportError, to_optuna_study
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from tests.support.tuning_history import history_as_json, history_from_json
from tests.support.tuning_jobs import ended_job

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]

SCRIPT = """
import argparse, sys
parser = argparse.ArgumentParser()
for name in ("rate", "depth", "kind"):
    parser.add_argument(f"--{name}")
given, _ = parser.parse_known_args()
if given.depth == "3":
    sys.exit("no luck")
loss = (float(given.rate) - 0.1) ** 2 + int(given.depth) + (given.kind == "b")
print(f"loss={loss!r}; accuracy={1 / (1 + loss)!r};")
"""
IMAGES = '[[image]]\nmatch = "*/exported:*"\ncommand = ["{python}", "train.py"]\ndirectory = "."\n'
RANGES = {
    "ContinuousParameterRanges": [
        {"Name": "rate", "MinValue": "0.001", "MaxValue": "1", "ScalingType": "Logarithmic"}
    ],
    "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "3"}],
    "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b"]}],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    folder = tmp_path_factory.mktemp("exported")
    (folder / "train.py").write_text(SCRIPT)
    (folder / "images.toml").write_text(IMAGES)
    with LocalService(folder / "data", folder / "images.toml", ["--readable", str(folder)]) as running:
        running.client("s3").create_bucket(Bucket="exported")
        yield running


@pytest.fixture(scope="module")
def job(service: LocalService) -> str:
    """A finished tuning job; training jobs of depth 3 fail."""
    sagemaker = service.client("sagemaker")
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="exported",
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "RandomSeed": 3,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": RANGES,
        },
        TrainingJobDefinition={
            "AlgorithmSpecification": {
                "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/exported:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [
                    {"Name": name, "Regex": f"{name}=([-+.0-9e]+);"} for name in ("loss", "accuracy")
                ],
            },
            "OutputDataConfig": {"S3OutputPath": "s3://exported/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        },
    )
    assert ended_job(sagemaker, "exported")["HyperParameterTuningJobStatus"] == "Completed"
    return "exported"


@pytest.fixture
def hook(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> HyperParameterTuningHook:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", service.airflow_connection)
    return HyperParameterTuningHook()


def listed(service: LocalService) -> dict[str, dict[str, Any]]:
    answer = service.client("sagemaker").list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="exported", MaxResults=100
    )
    return {each["TrainingJobName"]: each for each in answer["TrainingJobSummaries"]}


def test_study_has_the_training_jobs_as_sagemaker_lists_them(job, hook, service):
    study = hook.to_optuna_study(job)
    summaries = listed(service)
    assert study.study_name == job
    assert study.direction.name == "MINIMIZE"
    assert {trial.user_attrs["TrainingJobName"] for trial in study.trials} == set(summaries)
    for trial in study.trials:
        summary = summaries[trial.user_attrs["TrainingJobName"]]
        tuned = summary["TunedHyperParameters"]
        assert trial.distributions == {
            "rate": FloatDistribution(0.001, 1.0, log=True),
            "depth": IntDistribution(1, 3),
            "kind": CategoricalDistribution(["a", "b"]),
        }
        assert trial.params == {
            "rate": float(tuned["rate"]),
            "depth": int(tuned["depth"]),
            "kind": tuned["kind"].strip('"'),
        }
        if summary["TrainingJobStatus"] == "Failed":
            assert trial.state is TrialState.FAIL
            assert "no luck" in trial.user_attrs["FailureReason"]
            continue
        loss = summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        assert trial.state is TrialState.COMPLETE
        assert trial.value == loss
        assert trial.user_attrs["accuracy"] == pytest.approx(1 / (1 + loss), rel=1e-5)
        assert list(trial.intermediate_values.values()) == [pytest.approx(loss, rel=1e-5)]
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE, TrialState.FAIL}
    assert min(study.trials, key=lambda trial: trial.value or math.inf).number == study.best_trial.number
    assert set(optuna.importance.get_param_importances(study)) == {"rate", "depth", "kind"}


def test_second_export_adds_no_training_job_twice(job, service, tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    command = [str(Path(sys.executable).with_name("airflow-hpt")), "export", job, "--optuna", url]
    environment = {**clean_environment(), **service.environment, "AIRFLOW_HOME": str(tmp_path)}
    for _ in range(2):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert f"Study {job} has 8 trials. View it: optuna-dashboard {url}" in done.stdout
    assert len(optuna.load_study(study_name=job, storage=url).trials) == 8


def test_without_the_permission_for_curves_the_rest_is_exported(job, hook):
    from botocore.exceptions import ClientError

    class Denied:
        def get_metric_data(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")

    history = hook.history(job, Denied())
    study = to_optuna_study(history)
    assert len(study.trials) == 8
    assert not any(trial.intermediate_values for trial in study.trials)


def test_definitions_with_two_objectives_are_refused():
    history = json.loads(history_as_json())
    first = history["description"].pop("TrainingJobDefinition")
    history["description"]["TrainingJobDefinitions"] = [
        {**first, "DefinitionName": name, "TuningObjective": {"Type": kind, "MetricName": "loss"}}
        for name, kind in (("one", "Minimize"), ("two", "Maximize"))
    ]
    with pytest.raises(ExportError, match="Maximize loss, Minimize loss"):
        to_optuna_study(history_from_json(json.dumps(history)))


def test_stopped_training_job_is_pruned_and_one_that_runs_is_left_out():
    history = json.loads(history_as_json())
    history["training_jobs"][0]["TrainingJobStatus"] = "Stopped"
    study = to_optuna_study(history_from_json(json.dumps(history)))
    assert [trial.state for trial in study.trials] == [TrialState.PRUNED, TrialState.FAIL]
    assert study.trials[0].intermediate_values == {0: 0.75, 1: 0.5}


def test_csv(job, service, tmp_path):
    command = [str(Path(sys.executable).with_name("airflow-hpt")), "export", job, "--csv", "jobs.csv"]
    environment = {**clean_environment(), **service.environment, "AIRFLOW_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "jobs.csv\n"), done.stderr
    with (tmp_path / "jobs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["training_job_name"] for row in rows} == set(listed(service))
