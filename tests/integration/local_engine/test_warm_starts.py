"""Warm starts: the rules, and what the parents' trials do."""

from __future__ import annotations

import copy

import pytest

from airflow_hpt_provider.local.db import tuning_jobs
from airflow_hpt_provider.local.engine.history import History
from airflow_hpt_provider.local.engine.plan import Plan
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.models.float32 import float32

pytestmark = pytest.mark.integration


def warm(kind, *parents):
    return {
        "WarmStartType": kind,
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": name} for name in parents],
    }


@pytest.fixture
def parent(service):
    """``parent`` has ended: x searched, ``depth`` static, objectives 0.1 and up."""
    service.script('print(f\'loss={float(hps["x"]) + float(hps["offset"])}\')')
    service.tune("parent", definition={"StaticHyperParameters": {"offset": "0", "depth": "3"}})
    service.ended("parent")
    return service


def child(service, name="child", kind="TransferLearning", parents=("parent",), **changes):
    definition = {"StaticHyperParameters": {"offset": "10", "depth": "3"}, **changes.pop("definition", {})}
    return service.tune(name, definition=definition, WarmStartConfig=warm(kind, *parents), **changes)


def test_overall_best_is_the_parents(parent):
    child(parent, kind="IdenticalDataAndAlgorithm")
    job = parent.ended("child")
    overall = job["OverallBestTrainingJob"]
    assert overall["TrainingJobName"] == parent.describe("parent")["BestTrainingJob"]["TrainingJobName"]
    assert overall["TuningJobName"] == "parent"
    assert job["BestTrainingJob"]["TrainingJobName"].startswith("child-")


def test_transfer_learning_has_no_overall_best(parent):
    child(parent)
    job = parent.ended("child")
    assert "OverallBestTrainingJob" not in job
    assert job["WarmStartConfig"]["WarmStartType"] == "TransferLearning"


def test_parents_trials_are_in_the_history(parent):
    child(
        parent,
        config={
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}],
                "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "9"}],
            }
        },
        definition={"StaticHyperParameters": {"offset": "10"}},
    )
    parent.ended("child")
    with parent.engine.database.snapshot() as connection:
        job = tuning_jobs.find(connection, "child")
        history = History.load(connection, job.id, Plan.of(job.request, job.seed))
    numbers = [trial.number for trial in history.trials(0)]
    assert numbers == [-1, -2, -3, -4, 1, 2, 3, 4]
    first = history.trials(0)[0]
    assert first.point["depth"] == 3, "static then, searched now"
    assert first.value == float32(first.point["x"])


def refused(service, match, **changes):
    before = service.call("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"]
    with pytest.raises(ServiceError, match=match):
        child(service, "refused", **changes)
    assert service.call("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"] == before


def test_rules(parent):
    service = parent
    refused(service, "can't find a tuning job called missing", parents=("missing",))
    refused(
        service,
        "The set of tunable plus static HyperParameter names is not the same across current and parent",
        definition={"StaticHyperParameters": {"offset": "10"}},
    )
    refused(
        service,
        "objective metric",
        config={"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "loss"}},
    )
    refused(
        service,
        "type of the hyperparameter x",
        config={
            "ParameterRanges": {"IntegerParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "9"}]}
        },
    )
    refused(
        service,
        r"Only the following fields in TrainingJobDefinition are allowed to change: \[algorithmSpecification, ",
        definition={"Environment": {"ALGORITHM": "train.py", "NEW": "1"}},
    )
    other_image = copy.deepcopy(service.definition()["AlgorithmSpecification"])
    other_image["TrainingImage"] = "local/other:2"
    refused(
        service,
        r"Only the following fields in TrainingJobDefinition are allowed to change: \[outputDataConfig, ",
        kind="IdenticalDataAndAlgorithm",
        definition={"AlgorithmSpecification": other_image},
    )
    # What is off by default may be said to be: it is no change.
    off = {"EnableNetworkIsolation": False, "EnableInterContainerTrafficEncryption": False}
    child(service, "allowed", definition={"AlgorithmSpecification": other_image, **off})
    assert service.ended("allowed")["HyperParameterTuningJobStatus"] == "Completed"


def test_a_running_parent_is_refused(service):
    service.script("import time\ntime.sleep(600)")
    service.tune("parent")
    with pytest.raises(ServiceError, match="is in status InProgress"):
        service.tune("child", WarmStartConfig=warm("TransferLearning", "parent"))


def test_a_definition_learns_from_its_own_trials_only(service):
    """Two algorithms with the same hyperparameters and objective, and nothing else in common."""
    service.script("print(f'loss={hps[\"x\"]}')", "a.py")
    service.script("print(f'loss={1 - float(hps[\"x\"])}')", "b.py")

    def tune(name, **changes):
        ranges = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]}
        objective = {"Type": "Minimize", "MetricName": "loss"}
        service.call(
            "CreateHyperParameterTuningJob",
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": "Bayesian",
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
            },
            TrainingJobDefinitions=[
                service.definition(
                    f"{letter}.py",
                    DefinitionName=letter,
                    TuningObjective=objective,
                    HyperParameterRanges=ranges,
                )
                for letter in "ab"
            ],
            **changes,
        )
        service.ended(name)

    tune("parent")
    tune("child", WarmStartConfig=warm("IdenticalDataAndAlgorithm", "parent"))
    with service.engine.database.snapshot() as connection:
        job = tuning_jobs.find(connection, "child")
        history = History.load(connection, job.id, Plan.of(job.request, job.seed))
    for place, loss in ((0, lambda x: x), (1, lambda x: 1 - x)):
        parents = [trial for trial in history.trials(place) if trial.number < 0]
        assert len(parents) == 2
        assert [trial.value for trial in parents] == [float32(loss(trial.point["x"])) for trial in parents]
