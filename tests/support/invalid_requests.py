"""For each rule that AWS checks after the call: how any valid request is made to break it, and which field is named."""
# ruff: noqa: E501 - the table at the end has one breaker a line

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.any_request import Request, combinations, definitions_of, ranges_of

CONFIG = "HyperParameterTuningJobConfig"
LIMITS = f"{CONFIG}.ResourceLimits"
Break = Callable[[Request], str]
"""Changes the request and answers with the field that must be named."""


@dataclass(frozen=True)
class InvalidRequest:
    """How a rule is broken.

    Attributes:
        rule: the rule's name in ``models.rules``.
        change: the change.
        several, strategy: what kind of request it needs; None: any.
    """

    rule: str
    change: Break
    several: bool | None = None
    strategy: str | None = None


def _config(request: Request) -> Request:
    return request[CONFIG]  # type: ignore[no-any-return]


def _first(request: Request) -> tuple[str, Request]:
    return definitions_of(request)[0]


def _range(kind: str, **members: Any) -> Break:
    """Put one range in front of those of the first search space."""

    def change(request: Request) -> str:
        where, ranges = ranges_of(request)
        element = {"Name": "broken", "MinValue": "1", "MaxValue": "2", **members}
        ranges.setdefault(kind, []).insert(0, element)
        return f"{where}.{kind}[0]"

    return change


def _of(change: Break, member: str) -> Break:
    return lambda request: f"{change(request)}.{member}"


def searched_twice(request: Request) -> str:
    where, ranges = ranges_of(request)
    name = next(one["Name"] for each in ranges.values() for one in each)
    number = len(ranges.setdefault("CategoricalParameterRanges", []))
    ranges["CategoricalParameterRanges"].append({"Name": name, "Values": ["x"]})
    counted = [
        one
        for each in ("IntegerParameterRanges", "ContinuousParameterRanges")
        for one in ranges.get(each, ())
    ]
    if ranges.get("AutoParameters") and not counted and number == 0:
        return f"{where}.AutoParameters[0].Name"
    return f"{where}.CategoricalParameterRanges[{number}].Name"


def searched_and_static(request: Request) -> str:
    where, ranges = ranges_of(request)
    kind = next(kind for kind, each in ranges.items() if each)
    _first(request)[1]["StaticHyperParameters"][ranges[kind][0]["Name"]] = "1"
    return f"{where}.{kind}[0].Name"


def the_objective_searched(request: Request) -> str:
    where, ranges = ranges_of(request)
    kind = next(kind for kind, each in ranges.items() if each)
    ranges[kind][0]["Name"] = "_tuning_objective_metric"
    return f"{where}.{kind}[0].Name"


def too_many_searched(request: Request) -> str:
    where, ranges = ranges_of(request)
    ranges["CategoricalParameterRanges"] = [{"Name": f"n{n}", "Values": ["x"]} for n in range(31)]
    return where


def nothing_searched(request: Request) -> str:
    where, ranges = ranges_of(request)
    request.pop("Autotune", None)
    ranges.clear()
    return where


def too_many_static(request: Request) -> str:
    path, definition = _first(request)
    definition["StaticHyperParameters"] = {f"s{n}": "1" for n in range(100)}
    return f"{path}.StaticHyperParameters"


def wrong_grid_total(request: Request) -> str:
    _config(request)["ResourceLimits"]["MaxNumberOfTrainingJobs"] += 1
    return f"{LIMITS}.MaxNumberOfTrainingJobs"


def too_few_points(request: Request) -> str:
    _, ranges = ranges_of(request)
    for kind in ("ContinuousParameterRanges", "IntegerParameterRanges", "AutoParameters"):
        ranges.pop(kind, None)
    ranges["CategoricalParameterRanges"] = [{"Name": "only", "Values": ["x"]}]
    points = combinations(ranges) or 0
    _config(request)["ResourceLimits"]["MaxNumberOfTrainingJobs"] = points + 1
    _config(request)["ResourceLimits"]["MaxParallelTrainingJobs"] = 1
    return f"{LIMITS}.MaxNumberOfTrainingJobs"


def hyperband_early_stopping(request: Request) -> str:
    _config(request)["TrainingJobEarlyStoppingType"] = "Auto"
    return f"{CONFIG}.TrainingJobEarlyStoppingType"


def hyperband_resource(**members: int) -> Break:
    def change(request: Request) -> str:
        _config(request)["StrategyConfig"]["HyperbandStrategyConfig"] = dict(members)
        name = "MinResource" if "MinResource" in members else "MaxResource"
        return f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig.{name}"

    return change


def hyperband_without_resource(request: Request) -> str:
    _config(request)["StrategyConfig"].pop("HyperbandStrategyConfig")
    _first(request)[1]["StaticHyperParameters"] = {}
    return f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig.MaxResource"


def hyperband_settings(request: Request) -> str:
    _config(request)["StrategyConfig"] = {"HyperbandStrategyConfig": {"MaxResource": 9}}
    return f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig"


def parallel_above_number(request: Request) -> str:
    limits = _config(request)["ResourceLimits"]
    limits["MaxParallelTrainingJobs"] = limits.setdefault("MaxNumberOfTrainingJobs", 1) + 1
    return f"{LIMITS}.MaxParallelTrainingJobs"


def parallel_above_100(request: Request) -> str:
    _config(request)["ResourceLimits"]["MaxParallelTrainingJobs"] = 101
    return f"{LIMITS}.MaxParallelTrainingJobs"


def too_many_jobs(request: Request) -> str:
    most = {"Bayesian": 751, "Grid": 751, "Random": 10_001, "Hyperband": 20_001}
    _config(request)["ResourceLimits"]["MaxNumberOfTrainingJobs"] = most[_config(request)["Strategy"]]
    return f"{LIMITS}.MaxNumberOfTrainingJobs"


def both_forms(request: Request) -> str:
    request["TrainingJobDefinitions"] = [request["TrainingJobDefinition"]]
    return "TrainingJobDefinitions"


def neither_form(request: Request) -> str:
    del request["TrainingJobDefinition"]
    return "TrainingJobDefinition"


def objective_in_single(request: Request) -> str:
    definition = request["TrainingJobDefinition"]
    definition["TuningObjective"] = _config(request)["HyperParameterTuningJobObjective"]
    return "TrainingJobDefinition.TuningObjective"


def no_objective(request: Request) -> str:
    request.pop("Autotune", None)
    del _config(request)["HyperParameterTuningJobObjective"]
    return f"{CONFIG}.HyperParameterTuningJobObjective"


def shared_ranges(request: Request) -> str:
    _config(request)["ParameterRanges"] = ranges_of(request)[1]
    return f"{CONFIG}.ParameterRanges"


def same_names(request: Request) -> str:
    definitions = request["TrainingJobDefinitions"]
    definitions.append(definitions[0])
    return f"TrainingJobDefinitions[{len(definitions) - 1}].DefinitionName"


def without(member: str) -> Break:
    def change(request: Request) -> str:
        request.pop("Autotune", None)
        del request["TrainingJobDefinitions"][0][member]
        return f"TrainingJobDefinitions[0].{member}"

    return change


def image_and_name(request: Request) -> str:
    path, definition = _first(request)
    definition["AlgorithmSpecification"] |= {"AlgorithmName": "mine", "TrainingImage": "image:1"}
    return f"{path}.AlgorithmSpecification.AlgorithmName"


def neither_image_nor_name(request: Request) -> str:
    path, definition = _first(request)
    for member in ("AlgorithmName", "TrainingImage"):
        definition["AlgorithmSpecification"].pop(member, None)
    return f"{path}.AlgorithmSpecification.TrainingImage"


def unknown_metric(request: Request) -> str:
    path, definition = _first(request)
    definition["AlgorithmSpecification"].pop("AlgorithmName", None)
    definition["AlgorithmSpecification"] |= {
        "TrainingImage": "image:1",
        "MetricDefinitions": [{"Name": "another", "Regex": "x"}],
    }
    objective, where = (
        (_config(request)["HyperParameterTuningJobObjective"], f"{CONFIG}.HyperParameterTuningJobObjective")
        if path == "TrainingJobDefinition"
        else (definition["TuningObjective"], f"{path}.TuningObjective")
    )
    objective["MetricName"] = "loss"
    return f"{where}.MetricName"


def _spot(wait: int | None, run: int, *, spot: bool = True) -> Break:
    def change(request: Request) -> str:
        path, definition = _first(request)
        definition["EnableManagedSpotTraining"] = spot
        stopping = {"MaxRuntimeInSeconds": run, "MaxWaitTimeInSeconds": wait}
        definition["StoppingCondition"] = {
            name: value for name, value in stopping.items() if value is not None
        }
        return f"{path}.StoppingCondition.MaxWaitTimeInSeconds"

    return change


def too_long(request: Request) -> str:
    path, definition = _first(request)
    definition["StoppingCondition"] = {"MaxRuntimeInSeconds": 28 * 86_400 + 1}
    return f"{path}.StoppingCondition.MaxRuntimeInSeconds"


def _channel(field: str, *channels: Request) -> Break:
    def change(request: Request) -> str:
        path, definition = _first(request)
        definition["InputDataConfig"] = list(channels)
        return f"{path}.InputDataConfig{field}"

    return change


def _source(**members: Any) -> Request:
    return {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data", **members}}


def much_environment(request: Request) -> str:
    definition = request["TrainingJobDefinitions"][0]
    definition["Environment"] = {f"A{n}": "1" for n in range(48)}
    other = {**definition, "DefinitionName": "other", "Environment": {"B": "1"}}
    request["TrainingJobDefinitions"] = [definition, other]
    return "TrainingJobDefinitions[1].Environment"


def two_resource_configs(request: Request) -> str:
    path, definition = _first(request)
    definition["ResourceConfig"] = {"VolumeSizeInGB": 1, "InstanceType": "ml.m5.large", "InstanceCount": 1}
    definition["HyperParameterTuningResourceConfig"] = {"InstanceType": "ml.m5.large"}
    return f"{path}.HyperParameterTuningResourceConfig"


def no_resource_config(request: Request) -> str:
    path, definition = _first(request)
    definition.pop("ResourceConfig", None)
    definition.pop("HyperParameterTuningResourceConfig", None)
    return f"{path}.ResourceConfig"


def instance_configs(request: Request) -> str:
    path, definition = _first(request)
    definition.pop("ResourceConfig", None)
    one = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    definition["HyperParameterTuningResourceConfig"] = {"InstanceConfigs": [one], "InstanceCount": 1}
    return f"{path}.HyperParameterTuningResourceConfig.InstanceCount"


def _resources(field: str, **members: Any) -> Break:
    def change(request: Request) -> str:
        path, definition = _first(request)
        definition.pop("HyperParameterTuningResourceConfig", None)
        definition.pop("EnableManagedSpotTraining", None)
        definition["StoppingCondition"].pop("MaxWaitTimeInSeconds", None)
        definition["ResourceConfig"] = {"VolumeSizeInGB": 1, **members}
        return f"{path}.ResourceConfig.{field}".rstrip(".")

    return change


def _tags(field: str, *keys: str) -> Break:
    def change(request: Request) -> str:
        request["Tags"] = [{"Key": key, "Value": "x"} for key in keys]
        return f"Tags{field}"

    return change


def _parents(field: str, *names: str | None) -> Break:
    def change(request: Request) -> str:
        request["HyperParameterTuningJobName"] = "new-job"
        parents = [{"HyperParameterTuningJobName": name} if name else {} for name in names]
        request["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": parents,
            "WarmStartType": "TransferLearning",
        }
        return f"WarmStartConfig.ParentHyperParameterTuningJobs{field}.HyperParameterTuningJobName"

    return change


INTEGER, CONTINUOUS = "IntegerParameterRanges", "ContinuousParameterRanges"
GROUPS = [{"InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "group"}]
TWO = [{"InstanceType": "ml.m5.large"}, {"InstanceType": "ml.m5.xlarge"}]

XGBOOST = "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"


def _use_xgboost(request: Request) -> str:
    """Make the first definition one of the built-in XGBoost; return its path."""
    path, definition = _first(request)
    definition["AlgorithmSpecification"] = {"TrainingImage": XGBOOST, "TrainingInputMode": "File"}
    return path


def built_in_objective(member: str, direction: str, metric: str) -> Break:
    def change(request: Request) -> str:
        path = _use_xgboost(request)
        objective = {"Type": direction, "MetricName": metric}
        if "TrainingJobDefinition" in request:
            _config(request)["HyperParameterTuningJobObjective"] = objective
            return f"{CONFIG}.HyperParameterTuningJobObjective.{member}"
        _first(request)[1]["TuningObjective"] = objective
        return f"{path}.TuningObjective.{member}"

    return change


def untunable(request: Request) -> str:
    _use_xgboost(request)
    return _range("CategoricalParameterRanges", Values=["a"])(request) + ".Name"


INVALID_REQUESTS: dict[str, InvalidRequest] = {
    "integer bounds reversed": InvalidRequest("bounds", _of(_range(INTEGER, MinValue="3"), "MinValue")),
    "integer bound a fraction": InvalidRequest("bounds", _of(_range(INTEGER, MaxValue="2.5"), "MaxValue")),
    "continuous bounds equal": InvalidRequest("bounds", _of(_range(CONTINUOUS, MaxValue="1.0"), "MinValue")),
    "bound no number": InvalidRequest("bounds", _of(_range(CONTINUOUS, MaxValue="nan"), "MaxValue")),
    "logarithmic from 0": InvalidRequest("bounds", _of(_range(CONTINUOUS, MinValue="0", ScalingType="Logarithmic"), "ScalingType")),
    "reverse logarithmic to 2": InvalidRequest("bounds", _of(_range(CONTINUOUS, ScalingType="ReverseLogarithmic"), "ScalingType")),
    "reverse logarithmic integers": InvalidRequest("bounds", _of(_range(INTEGER, ScalingType="ReverseLogarithmic"), "ScalingType")),
    "searched twice": InvalidRequest("names", searched_twice),
    "searched and static": InvalidRequest("names", searched_and_static),
    "the objective searched": InvalidRequest("names", the_objective_searched),
    "31 searched": InvalidRequest("size", too_many_searched),
    "nothing searched": InvalidRequest("size", nothing_searched),
    "more than 100 hyperparameters": InvalidRequest("size", too_many_static),
    "Grid of integers": InvalidRequest("grid", lambda r: _range(INTEGER)(r).removesuffix("[0]"), strategy="Grid"),
    "Grid with another total": InvalidRequest("grid", wrong_grid_total, strategy="Grid"),
    "too few points": InvalidRequest("enough_combinations", too_few_points, several=False, strategy="Bayesian"),
    "Hyperband and early stopping": InvalidRequest("hyperband", hyperband_early_stopping, strategy="Hyperband"),
    "Hyperband's resource reversed": InvalidRequest("hyperband", hyperband_resource(MinResource=5, MaxResource=4), strategy="Hyperband"),
    "Hyperband's resource too large": InvalidRequest("hyperband", hyperband_resource(MaxResource=20_001), strategy="Hyperband"),
    "Hyperband without resource": InvalidRequest("hyperband", hyperband_without_resource, strategy="Hyperband"),
    "Hyperband's settings for Random": InvalidRequest("strategy_config", hyperband_settings, strategy="Random"),
    "more at a time than in all": InvalidRequest("parallel", parallel_above_number),
    "101 at a time": InvalidRequest("parallel", parallel_above_100),
    "too many training jobs": InvalidRequest("number_of_training_jobs", too_many_jobs),
    "both forms": InvalidRequest("one_form_of_definitions", both_forms, several=False),
    "neither form": InvalidRequest("one_form_of_definitions", neither_form, several=False),
    "objective in the one definition": InvalidRequest("single_definition", objective_in_single, several=False),
    "no objective": InvalidRequest("single_definition", no_objective, several=False),
    "shared ranges": InvalidRequest("several_definitions", shared_ranges, several=True),
    "definitions of one name": InvalidRequest("several_definitions", same_names, several=True),
    "definition without name": InvalidRequest("several_definitions", without("DefinitionName"), several=True),
    "definition without ranges": InvalidRequest("several_definitions", without("HyperParameterRanges"), several=True),
    "definition without objective": InvalidRequest("several_definitions", without("TuningObjective"), several=True),
    "image and name": InvalidRequest("image_or_name", image_and_name),
    "neither image nor name": InvalidRequest("image_or_name", neither_image_nor_name),
    "unknown metric": InvalidRequest("objective_is_a_metric", unknown_metric),
    "unknown metric of a built-in algorithm": InvalidRequest("objective_of_algorithm", built_in_objective("MetricName", "Maximize", "validation:r2")),
    "built-in metric in the wrong direction": InvalidRequest("objective_of_algorithm", built_in_objective("Type", "Minimize", "validation:auc")),
    "hyperparameter that cannot be tuned": InvalidRequest("tunable_names", untunable),
    "spot waits less than it runs": InvalidRequest("spot", _spot(59, 60)),
    "spot without a wait": InvalidRequest("spot", _spot(None, 60)),
    "a wait without spot": InvalidRequest("spot", _spot(60, 60, spot=False)),
    "29 days": InvalidRequest("run_time", too_long),
    "channels of one name": InvalidRequest("channels", _channel("[1].ChannelName", *[{"ChannelName": "a", "DataSource": _source()}] * 2)),
    "channel without source": InvalidRequest("channels", _channel("[0].DataSource", {"ChannelName": "a", "DataSource": {}})),
    "augmented manifest as files": InvalidRequest("channels", _channel("[0].DataSource.S3DataSource.S3DataType", {"ChannelName": "a", "InputMode": "File", "DataSource": _source(S3DataType="AugmentedManifestFile")})),
    "attributes of a prefix": InvalidRequest("channels", _channel("[0].DataSource.S3DataSource.AttributeNames", {"ChannelName": "a", "DataSource": _source(AttributeNames=["a"])})),
    "groups of one channel": InvalidRequest("instance_group_names", _channel("[1].DataSource.S3DataSource.InstanceGroupNames", {"ChannelName": "a", "DataSource": _source(InstanceGroupNames=["cpu"])}, {"ChannelName": "b", "DataSource": _source()})),
    "49 variables": InvalidRequest("environment", much_environment, several=True),
    "no resource config": InvalidRequest("one_resource_config", no_resource_config),
    "two resource configs": InvalidRequest("one_resource_config", two_resource_configs),
    "instance configs and a count": InvalidRequest("instance_configs", instance_configs),
    "preferences and a type": InvalidRequest("instance_preferences", _resources("InstanceType", InstancePreferences=TWO, InstanceCount=1, InstanceType="ml.m5.large")),
    "preferred twice": InvalidRequest("instance_preferences", _resources("InstancePreferences[1].InstanceType", InstancePreferences=[TWO[0], TWO[0]], InstanceCount=1)),
    "preferences without count": InvalidRequest("instance_preferences", _resources("InstancePreferences", InstancePreferences=TWO)),
    "an answer's member": InvalidRequest("instance_preferences", _resources("SelectedInstanceCount", SelectedInstanceCount=1, InstanceType="ml.m5.large")),
    "no machines": InvalidRequest("kinds_of_machines", _resources("", InstanceCount=1)),
    "groups and a type": InvalidRequest("kinds_of_machines", _resources("InstanceType", InstanceType="ml.m5.large", InstanceGroups=GROUPS)),
    "groups and a count": InvalidRequest("kinds_of_machines", _resources("InstanceCount", InstanceCount=1, InstanceGroups=GROUPS)),
    "tag given twice": InvalidRequest("tags", _tags("[1].Key", "a", "a")),
    "AWS's own tag": InvalidRequest("tags", _tags("[0].Key", "AWS:x")),
    "parent given twice": InvalidRequest("warm_start", _parents("[1]", "a", "A")),
    "its own parent": InvalidRequest("warm_start", _parents("[0]", "NEW-job")),
    "parent without name": InvalidRequest("warm_start", _parents("[0]", None)),
}  # fmt: skip
