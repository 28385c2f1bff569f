"""What is read from a Create request, and the names that follow from it."""

from __future__ import annotations

import re

import pytest

from airflow_hpt_provider.local.engine.naming import Arns, hyperparameter_text, training_job_name
from airflow_hpt_provider.local.engine.plan import Plan, training_definition


def request(**changes):
    return {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "acc"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 3},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "lr", "MinValue": "0.1", "MaxValue": "1"}],
                "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "9"}],
                "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b"]}],
            },
            **changes.pop("config", {}),
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"epochs": '"12"', "other": "1"},
            "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
            **changes.pop("definition", {}),
        },
        **changes,
    }


def test_one_definition():
    plan = Plan.of(request(), seed=5)
    (definition,) = plan.definitions
    assert (plan.max_jobs, plan.max_parallel, plan.max_runtime) == (9, 3, None)
    assert definition.name is None
    assert definition.static == {"epochs": '"12"', "other": "1", "_tuning_objective_metric": "acc"}
    assert definition.objective.loss(0.5) == -0.5
    assert definition.search.seed == 5
    assert definition.search.max_trials == 9
    assert definition.search.max_resource == 12, "inferred from the static `epochs`, quoted as the SDK quotes"
    point = definition.point({"lr": "0.25", "depth": "4", "kind": "b", "other": "x"})
    assert point == {"lr": 0.25, "depth": 4, "kind": "b"}
    assert definition.point({"depth": "not a number"}) == {}


def test_of_several_definitions_none_knows_how_many_trials_it_gets():
    body = request()
    one = body.pop("TrainingJobDefinition")
    body["TrainingJobDefinitions"] = [one | {"DefinitionName": name} for name in ("a", "b")]
    assert [each.search.max_trials for each in Plan.of(body, 0).definitions] == [None, None]


def test_limits_where_none_are_given():
    grid = {"Strategy": "Grid", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    assert Plan.of(request(config=grid), 0).max_jobs == 750
    assert Plan.of(request(config=grid | {"Strategy": "Random"}), 0).max_jobs == 10_000


def test_criteria_and_parents():
    plan = Plan.of(
        request(
            config={
                "TuningJobCompletionCriteria": {
                    "TargetObjectiveMetricValue": 0.9,
                    "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 4},
                    "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
                }
            },
            WarmStartConfig={
                "WarmStartType": "IdenticalDataAndAlgorithm",
                "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "p"}],
            },
        ),
        0,
    )
    assert (plan.target, plan.not_improving, plan.on_convergence) == (0.9, 4, True)
    assert (plan.parents, plan.identical) == (("p",), True)


def test_tuning_resource_config_becomes_a_resource_config():
    config = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    plan = Plan.of(request(definition={"HyperParameterTuningResourceConfig": config}), 0)
    assert plan.definitions[0].body["ResourceConfig"] == config
    several = {"InstanceConfigs": [{"InstanceType": "ml.c5.large", "InstanceCount": 2, "VolumeSizeInGB": 7}]}
    plan = Plan.of(request(definition={"HyperParameterTuningResourceConfig": several}), 0)
    assert plan.definitions[0].body["ResourceConfig"] == several["InstanceConfigs"][0]


def test_each_tuned_training_job_has_checkpoints_of_its_own():
    definition = {"CheckpointConfig": {"S3Uri": "s3://b/c/"}}
    assert (
        training_definition(definition, "job-001", tuned=True)["CheckpointConfig"]["S3Uri"]
        == "s3://b/c/job-001"
    )
    assert training_definition(definition, "alone", tuned=False) == definition


@pytest.mark.parametrize("number", [1, 42, 999, 10_000])
def test_training_job_names(number):
    name = training_job_name("t" * 32, number)
    assert re.fullmatch(rf"t{{32}}-{number:03d}-[0-9a-f]{{8}}", name)
    assert len(name) <= 63
    assert training_job_name("t", 1) != training_job_name("t", 1)


def test_values_are_written_as_sagemaker_writes_them():
    assert hyperparameter_text(0.4630125855085939) == "0.4630125855085939"
    assert hyperparameter_text(7) == "7"
    assert hyperparameter_text('"512"') == '"512"'


def test_arns_are_in_lower_case():
    arns = Arns("eu-west-1", "123456789012")
    assert (
        arns.tuning_job("MyJob")
        == "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/myjob"
    )
    assert arns.training_job("T-1") == "arn:aws:sagemaker:eu-west-1:123456789012:training-job/t-1"
