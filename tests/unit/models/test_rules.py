"""Each rule that AWS checks only after the call: one violation, and the nearest request that is valid."""
# ruff: noqa: E501 - the tables below have one rule a line

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from airflow_hpt_provider.models import TuningJobRequest, check_request, explain
from airflow_hpt_provider.models.rules import RULES, WARNINGS

CONFIG = "HyperParameterTuningJobConfig"
RANGES = f"{CONFIG}.ParameterRanges"
LIMITS = f"{CONFIG}.ResourceLimits"
OBJECTIVE = f"{CONFIG}.HyperParameterTuningJobObjective"
CONTINUOUS = f"{RANGES}.ContinuousParameterRanges"
INTEGER = f"{RANGES}.IntegerParameterRanges"
CATEGORICAL = f"{RANGES}.CategoricalParameterRanges"
JOB = "TrainingJobDefinition"
STOP = f"{JOB}.StoppingCondition"
ALGORITHM = f"{JOB}.AlgorithmSpecification"
STATIC = f"{JOB}.StaticHyperParameters"
CHANNEL = f"{JOB}.InputDataConfig"
MACHINES = f"{JOB}.ResourceConfig"
TUNING_MACHINES = f"{JOB}.HyperParameterTuningResourceConfig"
HYPERBAND = f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig"
GONE = object()
XGBOOST = "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"
KMEANS = "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1"

Changes = dict[str, Any]


def changed(config: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """A copy with values set at dotted paths (`A.0.B`), or removed where they are GONE."""
    config = copy.deepcopy(config)
    for path, value in changes.items():
        *above, last = (int(step) if step.isdigit() else step for step in path.split("."))
        place: Any = config
        for step in above:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        if value is GONE:
            place.pop(last, None)
        else:
            place[last] = copy.deepcopy(value)
    return config


def span(name: str, low: object, high: object, scaling: str | None = None) -> dict[str, Any]:
    element = {"Name": name, "MinValue": str(low), "MaxValue": str(high)}
    return {**element, "ScalingType": scaling} if scaling else element


def values(name: str, *choices: str) -> dict[str, Any]:
    return {"Name": name, "Values": list(choices)}


def channel(name: str = "train", **s3: Any) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data", **s3}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def only(**ranges: Any) -> Changes:
    return {RANGES: {f"{kind}ParameterRanges": elements for kind, elements in ranges.items()}}


GRID: Changes = {
    f"{CONFIG}.Strategy": "Grid",
    **only(Categorical=[values("a", "1", "2", "3"), values("b", "x", "y")]),
}
SPOT: Changes = {f"{JOB}.EnableManagedSpotTraining": True, f"{STOP}.MaxWaitTimeInSeconds": 600}
BAND: Changes = {f"{CONFIG}.Strategy": "Hyperband"}
GROUPS = {
    MACHINES: {
        "VolumeSizeInGB": 1,
        "InstanceGroups": [
            {"InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "cpu"},
            {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "InstanceGroupName": "gpu"},
        ],
    }
}
PREFER: Changes = {
    MACHINES: {
        "InstancePreferences": [{"InstanceType": "ml.m5.large"}, {"InstanceType": "ml.m5.xlarge"}],
        "InstanceCount": 1,
    }
}
PARENTS = "WarmStartConfig.ParentHyperParameterTuningJobs"
WARM: Changes = {
    "WarmStartConfig": {
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": "old-1"},
            {"HyperParameterTuningJobName": "old-2"},
        ],
        "WarmStartType": "TransferLearning",
    }
}

BUILT_IN: Changes = {
    ALGORITHM: {"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
    f"{OBJECTIVE}.MetricName": "validation:rmse",
    **only(Continuous=[span("eta", 0.1, 0.5)]),
}

# name, the violation, its field, a word of the message, the valid neighbour
CASES: list[tuple[str, Changes, str, str, Changes]] = [
    ("logarithmic from 0", {f"{CONTINUOUS}.0.MinValue": "0"}, f"{CONTINUOUS}[0].ScalingType", "above 0", {f"{CONTINUOUS}.0.MinValue": "1e-9"}),
    ("integer logarithmic from 0", {f"{INTEGER}.0": span("depth", 0, 9, "Logarithmic")}, f"{INTEGER}[0].ScalingType", "above 0", {f"{INTEGER}.0": span("depth", 1, 9, "Logarithmic")}),
    ("reverse logarithmic to 1", {f"{CONTINUOUS}.0": span("rate", 0, 1, "ReverseLogarithmic")}, f"{CONTINUOUS}[0].ScalingType", "0 <= x < 1", {f"{CONTINUOUS}.0": span("rate", 0, 0.999, "ReverseLogarithmic")}),
    ("reverse logarithmic below 0", {f"{CONTINUOUS}.0": span("rate", -0.1, 0.9, "ReverseLogarithmic")}, f"{CONTINUOUS}[0].ScalingType", "0 <= x < 1", {f"{CONTINUOUS}.0": span("rate", 0, 0.9, "ReverseLogarithmic")}),
    ("reverse logarithmic integers", {f"{INTEGER}.0.ScalingType": "ReverseLogarithmic"}, f"{INTEGER}[0].ScalingType", "continuous", {f"{INTEGER}.0.ScalingType": "Linear"}),
    ("bounds reversed", {f"{INTEGER}.0": span("depth", 10, 2)}, f"{INTEGER}[0].MinValue", "less than MaxValue", {f"{INTEGER}.0": span("depth", 9, 10)}),
    ("bounds equal", {f"{CONTINUOUS}.0": span("rate", 0.5, 0.5)}, f"{CONTINUOUS}[0].MinValue", "less than MaxValue", {f"{CONTINUOUS}.0": span("rate", 0.5, 0.51)}),
    ("bound no number", {f"{CONTINUOUS}.0.MaxValue": "much"}, f"{CONTINUOUS}[0].MaxValue", "finite number", {f"{CONTINUOUS}.0.MaxValue": "1e2"}),
    ("bound infinite", {f"{CONTINUOUS}.0.MaxValue": "inf"}, f"{CONTINUOUS}[0].MaxValue", "finite number", {f"{CONTINUOUS}.0.MaxValue": "9"}),
    ("bound with Python's underscore", {f"{INTEGER}.0.MaxValue": "1_0"}, f"{INTEGER}[0].MaxValue", "whole number", {f"{INTEGER}.0.MaxValue": "+10"}),
    ("integer bound a fraction", {f"{INTEGER}.0.MaxValue": "9.5"}, f"{INTEGER}[0].MaxValue", "whole number", {f"{INTEGER}.0.MaxValue": "9"}),
    ("tuned twice", {f"{INTEGER}.0.Name": "rate"}, f"{CONTINUOUS}[0].Name", "searched twice", {f"{INTEGER}.0.Name": "rate2"}),
    ("tuned and static", {f"{JOB}.StaticHyperParameters": {"rate": "1"}}, f"{CONTINUOUS}[0].Name", "static", {f"{JOB}.StaticHyperParameters": {"Rate": "1"}}),
    ("31 searched", only(Integer=[span(f"i{i}", 1, 9) for i in range(30)], Continuous=[span("c", 0, 1)]), RANGES, "at most 30", only(Integer=[span(f"i{i}", 1, 9) for i in range(29)], Continuous=[span("c", 0, 1)])),
    ("nothing searched", only(Integer=[]), RANGES, "nothing to search", only(Integer=[span("i", 1, 99)])),
    ("100 and the objective's own", {f"{JOB}.StaticHyperParameters": {f"s{i}": "1" for i in range(97)}}, f"{JOB}.StaticHyperParameters", "more than 100", {f"{JOB}.StaticHyperParameters": {f"s{i}": "1" for i in range(96)}}),
    ("the objective's own given", {f"{JOB}.StaticHyperParameters": {f"s{i}": "1" for i in range(98)}}, f"{JOB}.StaticHyperParameters", "more than 100", {f"{JOB}.StaticHyperParameters": {**{f"s{i}": "1" for i in range(96)}, "_tuning_objective_metric": "rmse"}}),
    ("metric unknown", {f"{CONFIG}.HyperParameterTuningJobObjective.MetricName": "rmsle"}, f"{CONFIG}.HyperParameterTuningJobObjective.MetricName", "did you mean 'rmse'", {f"{CONFIG}.HyperParameterTuningJobObjective.Type": "Maximize"}),
    ("custom image without metrics", {f"{ALGORITHM}.MetricDefinitions": GONE}, f"{CONFIG}.HyperParameterTuningJobObjective.MetricName", "there are none", BUILT_IN),
    ("custom image named like Amazon's", BUILT_IN | {f"{ALGORITHM}.TrainingImage": XGBOOST.replace("811284229777", "123456789012")}, f"{OBJECTIVE}.MetricName", f"use Amazon's image, {XGBOOST}", BUILT_IN),
    ("metric of another algorithm", BUILT_IN | {f"{OBJECTIVE}.MetricName": "test:msd"}, f"{OBJECTIVE}.MetricName", "no objective metric of the built-in algorithm xgboost", BUILT_IN | {f"{OBJECTIVE}.MetricName": "validation:mae"}),
    ("metric of the training data", BUILT_IN | {f"{OBJECTIVE}.MetricName": "train:rmse"}, f"{OBJECTIVE}.MetricName", "did you mean", BUILT_IN | {f"{OBJECTIVE}.MetricName": "train:rmse", f"{ALGORITHM}.MetricDefinitions": [{"Name": "train:rmse", "Regex": "x"}]}),
    ("metric in the wrong direction", BUILT_IN | {f"{OBJECTIVE}.Type": "Maximize"}, f"{OBJECTIVE}.Type", "must be Minimize for validation:rmse", BUILT_IN | {f"{OBJECTIVE}.Type": "Maximize", f"{OBJECTIVE}.MetricName": "validation:auc"}),
    ("algorithm that has no objective", BUILT_IN | {f"{ALGORITHM}.TrainingImage": KMEANS.replace("kmeans", "pca")}, f"{OBJECTIVE}.MetricName", "cannot be tuned", BUILT_IN),
    ("hyperparameter that cannot be tuned", BUILT_IN | only(Categorical=[values("booster", "gbtree", "dart")]), f"{CATEGORICAL}[0].Name", "cannot be tuned", BUILT_IN | only(Integer=[span("max_depth", 0, 20)])),
    ("hyperparameter of a later version", BUILT_IN | only(Continuous=[span("colsample_bynode", 0.5, 1)]), f"{CONTINUOUS}[0].Name", "cannot be tuned", BUILT_IN | only(Continuous=[span("colsample_bynode", 0.5, 1)]) | {f"{ALGORITHM}.TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"}),
    ("image and name", {f"{ALGORITHM}.AlgorithmName": "mine"}, f"{ALGORITHM}.AlgorithmName", "TrainingImage is given", {f"{ALGORITHM}.AlgorithmName": "mine", f"{ALGORITHM}.TrainingImage": GONE}),
    ("neither image nor name", {f"{ALGORITHM}.TrainingImage": GONE}, f"{ALGORITHM}.TrainingImage", "neither", {f"{ALGORITHM}.TrainingImage": "local"}),
    ("more parallel than all", {f"{LIMITS}.MaxParallelTrainingJobs": 13}, f"{LIMITS}.MaxParallelTrainingJobs", "more than MaxNumberOfTrainingJobs", {f"{LIMITS}.MaxParallelTrainingJobs": 12}),
    ("101 parallel", {LIMITS: {"MaxParallelTrainingJobs": 101, "MaxNumberOfTrainingJobs": 500}}, f"{LIMITS}.MaxParallelTrainingJobs", "100", {LIMITS: {"MaxParallelTrainingJobs": 100, "MaxNumberOfTrainingJobs": 500}}),
    ("751 Bayesian", {f"{LIMITS}.MaxNumberOfTrainingJobs": 751}, f"{LIMITS}.MaxNumberOfTrainingJobs", "750", {f"{LIMITS}.MaxNumberOfTrainingJobs": 750}),
    ("10,001 Random", {f"{CONFIG}.Strategy": "Random", f"{LIMITS}.MaxNumberOfTrainingJobs": 10_001}, f"{LIMITS}.MaxNumberOfTrainingJobs", "10,000", {f"{CONFIG}.Strategy": "Random", f"{LIMITS}.MaxNumberOfTrainingJobs": 10_000}),
    ("both forms", {"TrainingJobDefinitions": [{}]}, "TrainingJobDefinitions", "both given", {}),
    ("neither form", {JOB: GONE}, JOB, "no training job", {}),
    ("no objective", {f"{CONFIG}.HyperParameterTuningJobObjective": GONE, "Autotune": {"Mode": "Enabled"}}, f"{CONFIG}.HyperParameterTuningJobObjective", "required", {"Autotune": {"Mode": "Enabled"}}),
    ("no ranges and no Autotune", {RANGES: GONE}, RANGES, "required", {RANGES: GONE, "Autotune": {"Mode": "Enabled"}}),
    ("searched and static", {f"{STATIC}": {"rate": "1"}}, f"{CONTINUOUS}[0].Name", "static", {STATIC: {"rate": "1"}, RANGES: {"AutoParameters": [{"Name": "rate", "ValueHint": "0.1"}]}, "Autotune": {"Mode": "Enabled"}}),
    ("no ranges", {RANGES: GONE}, RANGES, "required", {RANGES: {"AutoParameters": [{"Name": "rate", "ValueHint": "0.1"}]}, "Autotune": {"Mode": "Enabled"}}),
    ("ranges in the one definition", {f"{JOB}.HyperParameterRanges": {"IntegerParameterRanges": [span("i", 1, 9)]}}, f"{JOB}.HyperParameterRanges", "belongs to TrainingJobDefinitions", {}),
    ("objective in the one definition", {f"{JOB}.TuningObjective": {"Type": "Minimize", "MetricName": "rmse"}}, f"{JOB}.TuningObjective", "belongs to TrainingJobDefinitions", {}),
    ("Grid with integers", {**GRID, **only(Integer=[span("i", 1, 9)])}, INTEGER, "categorical", GRID | {f"{LIMITS}.MaxNumberOfTrainingJobs": GONE}),
    ("Grid with floats", {**GRID, **only(Continuous=[span("c", 0, 1)])}, CONTINUOUS, "categorical", GRID | {f"{LIMITS}.MaxNumberOfTrainingJobs": 6}),
    ("Grid of 6 with 5 jobs", GRID | {f"{LIMITS}.MaxNumberOfTrainingJobs": 5}, f"{LIMITS}.MaxNumberOfTrainingJobs", "combinations of the grid, 6", GRID | {f"{LIMITS}.MaxNumberOfTrainingJobs": 6}),
    ("too few combinations", only(Integer=[span("i", 1, 11)]), f"{LIMITS}.MaxNumberOfTrainingJobs", "11 combinations", only(Integer=[span("i", 1, 12)])),
    ("Hyperband with early stopping", BAND | {f"{CONFIG}.TrainingJobEarlyStoppingType": "Auto"}, f"{CONFIG}.TrainingJobEarlyStoppingType", "its own early stopping", BAND | {f"{CONFIG}.TrainingJobEarlyStoppingType": "Off"}),
    ("Hyperband without epochs", BAND | {f"{JOB}.StaticHyperParameters": GONE}, f"{HYPERBAND}.MaxResource", "not given", BAND | {f"{JOB}.StaticHyperParameters": {"n-epochs": '"9"'}}),
    ("Hyperband with odd epochs", BAND | {f"{JOB}.StaticHyperParameters": {"epochs": "many"}}, f"{JOB}.StaticHyperParameters.epochs", "whole number", BAND | {f"{JOB}.StaticHyperParameters": {"epochs": "many"}, f"{HYPERBAND}.MaxResource": 9}),
    ("Hyperband's resource reversed", BAND | {HYPERBAND: {"MinResource": 10, "MaxResource": 9}}, f"{HYPERBAND}.MinResource", "not be more than", BAND | {HYPERBAND: {"MinResource": 9, "MaxResource": 9}}),
    ("Hyperband's resource over epochs", BAND | {HYPERBAND: {"MinResource": 4}}, f"{HYPERBAND}.MinResource", "not be more than", BAND | {HYPERBAND: {"MinResource": 3}}),
    ("Hyperband's resource too large", BAND | {HYPERBAND: {"MaxResource": 20_001}}, f"{HYPERBAND}.MaxResource", "20000", BAND | {HYPERBAND: {"MaxResource": 20_000}}),
    ("Hyperband's settings for Random", {f"{CONFIG}.Strategy": "Random", HYPERBAND: {"MaxResource": 9}}, HYPERBAND, "Strategy Hyperband", BAND | {HYPERBAND: {"MaxResource": 9}}),
    ("spot waits less than it runs", SPOT | {f"{STOP}.MaxWaitTimeInSeconds": 599}, f"{STOP}.MaxWaitTimeInSeconds", "less than MaxRuntime", SPOT),
    ("spot without wait", SPOT | {f"{STOP}.MaxWaitTimeInSeconds": GONE}, f"{STOP}.MaxWaitTimeInSeconds", "required", SPOT),
    ("wait without spot", {f"{STOP}.MaxWaitTimeInSeconds": 600}, f"{STOP}.MaxWaitTimeInSeconds", "spot training only", SPOT),
    ("built-in spot without checkpoints", SPOT | BUILT_IN | {f"{STOP}.MaxWaitTimeInSeconds": 3601}, f"{STOP}.MaxWaitTimeInSeconds", "without checkpoints", SPOT | BUILT_IN | {f"{STOP}.MaxWaitTimeInSeconds": 3601, f"{JOB}.CheckpointConfig": {"S3Uri": "s3://b/c"}}),
    ("29 days", {f"{STOP}.MaxRuntimeInSeconds": 29 * 86_400}, f"{STOP}.MaxRuntimeInSeconds", "28 days", {f"{STOP}.MaxRuntimeInSeconds": 28 * 86_400}),
    ("augmented manifest as files", {CHANNEL: [channel(S3DataType="AugmentedManifestFile")]}, f"{CHANNEL}[0].DataSource.S3DataSource.S3DataType", "Pipe mode only", {CHANNEL: [{**channel(S3DataType="AugmentedManifestFile"), "InputMode": "Pipe"}]}),
    ("attributes of a prefix", {CHANNEL: [channel(AttributeNames=["a"])]}, f"{CHANNEL}[0].DataSource.S3DataSource.AttributeNames", "AugmentedManifestFile only", {CHANNEL: [{**channel(S3DataType="AugmentedManifestFile", AttributeNames=["a"]), "InputMode": "Pipe"}]}),
    ("groups of one channel", {CHANNEL: [channel(InstanceGroupNames=["cpu"]), channel("test")]}, f"{CHANNEL}[1].DataSource.S3DataSource.InstanceGroupNames", "the channel train has it", {CHANNEL: [channel(InstanceGroupNames=["cpu"]), channel("test", InstanceGroupNames=["gpu"])]}),
    ("channels of one name", {CHANNEL: [channel(), channel()]}, f"{CHANNEL}[1].ChannelName", "used twice", {CHANNEL: [channel(), channel("test")]}),
    ("channel without source", {CHANNEL: [{"ChannelName": "train", "DataSource": {}}]}, f"{CHANNEL}[0].DataSource", "exactly one", {CHANNEL: [channel()]}),
    ("two resource configs", {TUNING_MACHINES: {"InstanceType": "ml.m5.large"}}, TUNING_MACHINES, "ResourceConfig is given", {TUNING_MACHINES: {"InstanceType": "ml.m5.large"}, MACHINES: GONE}),
    ("configs and a type", {MACHINES: GONE, TUNING_MACHINES: {"InstanceType": "ml.m5.large", "InstanceConfigs": [{"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}]}}, f"{TUNING_MACHINES}.InstanceType", "InstanceConfigs is given", {MACHINES: GONE, TUNING_MACHINES: {"InstanceConfigs": [{"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}]}}),
    ("groups and a type", GROUPS | {f"{MACHINES}.InstanceType": "ml.m5.large"}, f"{MACHINES}.InstanceType", "InstanceGroups is given", GROUPS),
    ("groups and a count", GROUPS | {f"{MACHINES}.InstanceCount": 1}, f"{MACHINES}.InstanceCount", "InstanceGroups is given", GROUPS),
    ("no machines", {f"{MACHINES}.InstanceType": GONE}, MACHINES, "neither InstanceType nor", {}),
    ("no machines to choose from", {MACHINES: GONE, TUNING_MACHINES: {"InstanceCount": 1, "VolumeSizeInGB": 1}}, TUNING_MACHINES, "neither InstanceType nor", {MACHINES: GONE, TUNING_MACHINES: {"InstanceType": "ml.m5.large", "InstanceCount": 1}}),
    ("preferences and a type", PREFER | {f"{MACHINES}.InstanceType": "ml.m5.large"}, f"{MACHINES}.InstanceType", "InstancePreferences is given", PREFER),
    ("preferred twice", PREFER | {f"{MACHINES}.InstancePreferences.1.InstanceType": "ml.m5.large"}, f"{MACHINES}.InstancePreferences[1].InstanceType", "listed twice", PREFER),
    ("some preferences counted", PREFER | {f"{MACHINES}.InstancePreferences.1.InstanceCount": 1}, f"{MACHINES}.InstancePreferences", "every preference, or in none", PREFER),
    ("an answer's member", {f"{MACHINES}.SelectedInstanceType": "ml.m5.large"}, f"{MACHINES}.SelectedInstanceType", "for answers", {}),
    ("a tag twice", {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "Tags[1].Key", "given twice", {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": ""}]}),
    ("AWS's own tag", {"Tags": [{"Key": "aws:x", "Value": "1"}]}, "Tags[0].Key", "AWS's own", {"Tags": [{"Key": "aws-x", "Value": "1"}]}),
    ("parent twice", WARM | {f"{PARENTS}.1.HyperParameterTuningJobName": "OLD-1"}, f"{PARENTS}[1].HyperParameterTuningJobName", "given twice", WARM),
    ("its own parent", WARM | {f"{PARENTS}.1.HyperParameterTuningJobName": "Demo-1"}, f"{PARENTS}[1].HyperParameterTuningJobName", "new tuning job itself", WARM),
    ("parent without name", WARM | {f"{PARENTS}.1": {}}, f"{PARENTS}[1].HyperParameterTuningJobName", "needs its name", WARM),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field", "words"), [case[1:4] for case in CASES], ids=[case[0] for case in CASES]
)
def test_violation_is_refused_with_field_and_remedy(config, change, field, words):
    with pytest.raises(ValidationError) as caught:
        TuningJobRequest.model_validate(changed(config, change))
    lines = explain(caught.value).splitlines()
    [line] = [line for line in lines if line.startswith(f"{field}: ") and words in line]
    assert ";" in line, "no remedy"


@pytest.mark.parametrize("change", [case[4] for case in CASES], ids=[case[0] for case in CASES])
def test_valid_neighbour_is_taken(config, change):
    TuningJobRequest.model_validate(changed(config, change))


SEVERAL: list[tuple[str, Changes, str, str]] = [
    ("name missing", {"TrainingJobDefinitions.1.DefinitionName": GONE}, "TrainingJobDefinitions[1].DefinitionName", "required"),
    ("names equal", {"TrainingJobDefinitions.1.DefinitionName": "linear"}, "TrainingJobDefinitions[1].DefinitionName", "also the name"),
    ("objective missing", {"TrainingJobDefinitions.0.TuningObjective": GONE}, "TrainingJobDefinitions[0].TuningObjective", "required"),
    ("ranges missing", {"TrainingJobDefinitions.0.HyperParameterRanges": GONE}, "TrainingJobDefinitions[0].HyperParameterRanges", "required"),
    ("shared ranges", only(Integer=[span("i", 1, 99)]), RANGES, "cannot stand here"),
    ("shared objective", {f"{CONFIG}.HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "rmse"}}, f"{CONFIG}.HyperParameterTuningJobObjective", "cannot stand here"),
    ("49 variables", {"TrainingJobDefinitions.0.Environment": {f"A{i}": "1" for i in range(24)}, "TrainingJobDefinitions.1.Environment": {f"A{i}": "1" for i in range(25)}}, "TrainingJobDefinitions[1].Environment", "48"),
    ("metric of the second", {"TrainingJobDefinitions.1.TuningObjective.MetricName": "auc"}, "TrainingJobDefinitions[1].TuningObjective.MetricName", "MetricDefinitions"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field", "words"), [case[1:] for case in SEVERAL], ids=[case[0] for case in SEVERAL]
)
def test_violation_among_several_definitions(several, change, field, words):
    with pytest.raises(ValidationError) as caught:
        TuningJobRequest.model_validate(changed(several, change))
    [line] = explain(caught.value).splitlines()
    assert line.startswith(f"{field}: ")
    assert words in line


def test_several_definitions_are_taken(several):
    assert len(TuningJobRequest.model_validate(several).to_dict()["TrainingJobDefinitions"]) == 2
    TuningJobRequest.model_validate(
        changed(
            several,
            {
                f"TrainingJobDefinitions.{i}.Environment": {f"A{i}{n}": "" for n in range(24)}
                for i in range(2)
            },
        )
    )


def test_a_request_that_is_well_has_no_problems(config):
    assert check_request(config) == []
    assert check_request(TuningJobRequest.model_validate(config)) == []


def test_problem_says_what_aws_would_say(config):
    [problem] = check_request(changed(config, {**only(Integer=[span("i", 1, 3)])}))
    assert problem.field == f"{LIMITS}.MaxNumberOfTrainingJobs"
    assert problem.value == 12
    assert problem.aws_message is not None
    assert (
        "ranges [3.0] must be equal or greater than the value of MaxNumberOfJobs, [12]" in problem.aws_message
    )
    assert str(problem).startswith(f"{LIMITS}.MaxNumberOfTrainingJobs: is more than the 3 combinations")


@pytest.mark.parametrize(
    "broken",
    [
        CONFIG,
        JOB,
        LIMITS,
        RANGES,
        CONTINUOUS,
        f"{CONTINUOUS}.0",
        f"{INTEGER}.0.MinValue",
        ALGORITHM,
        STOP,
        f"{CONFIG}.Strategy",
    ],
)
@pytest.mark.parametrize("with_what", [None, 5, "x", [], {}, [None], {"Bad": 1}])
def test_rules_tolerate_any_part_that_cannot_be_read(config, broken, with_what):
    """Rules do not fail, whatever stands there."""
    request = changed(config, {broken: with_what})
    check_request(request)
    if with_what in ("x", {"Bad": 1}):
        with pytest.raises(ValidationError):
            TuningJobRequest.model_validate(request)


def test_every_rule_is_listed_once():
    assert len({*RULES, *WARNINGS}) == len(RULES) + len(WARNINGS)
