"""Any valid CreateHyperParameterTuningJob request, as a hypothesis strategy.

The members come from botocore's own model, so that new ones come by themselves. What AWS checks only after the call
(``airflow_hpt_provider.models.rules``) is put right afterwards, part by part.
"""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from tests.support.sagemaker_strategies import anything

Request = dict[str, Any]

DEFINITION = "HyperParameterTrainingJobDefinition"
DAYS_28 = 28 * 24 * 3600
MAX_JOBS = {"Bayesian": 750, "Grid": 750, "Random": 10_000, "Hyperband": 20_000}


@st.composite
def requests(
    draw: st.DrawFn, *, several: bool | None = None, strategy: str | None = None, alone: bool = False
) -> Request:
    """Any valid request.

    Args:
        draw: hypothesis'.
        several: TrainingJobDefinitions, not TrainingJobDefinition; None: either.
        strategy: of the search; None: any.
        alone: with Autotune, the ranges may be AutoParameters alone, or none.
    """
    request: Request = draw(anything("CreateHyperParameterTuningJobRequest"))
    several = draw(st.booleans()) if several is None else several
    for name in ("TrainingJobDefinition", "TrainingJobDefinitions"):
        request.pop(name, None)
    config = request["HyperParameterTuningJobConfig"]
    if strategy:
        config["Strategy"] = strategy
    definitions = [draw(anything(DEFINITION)) for _ in range(draw(st.integers(1, 2)) if several else 1)]
    for number, definition in enumerate(definitions):
        objective = draw(anything("HyperParameterTuningJobObjective"))
        ranges = draw(
            search_space(grid=config["Strategy"] == "Grid", auto="Autotune" in request, alone=alone)
        )
        if several:
            definition |= {
                "DefinitionName": f"d{number}",
                "TuningObjective": objective,
                "HyperParameterRanges": ranges,
            }
        else:
            definition.pop("TuningObjective", None)
            definition.pop("HyperParameterRanges", None)
        _definition(draw, definition, objective["MetricName"], ranges)
    if several:
        request["TrainingJobDefinitions"] = definitions
        config.pop("HyperParameterTuningJobObjective", None)
        config.pop("ParameterRanges", None)
    else:
        request["TrainingJobDefinition"] = definitions[0]
        config |= {"HyperParameterTuningJobObjective": objective, "ParameterRanges": ranges}
    _strategy(draw, config)
    _limits(draw, config, [d["HyperParameterRanges"] for d in definitions] if several else [ranges])
    _tags(request)
    _warm_start(request)
    return request


def definitions_of(request: Request) -> list[tuple[str, Request]]:
    """Every definition with its path."""
    if "TrainingJobDefinition" in request:
        return [("TrainingJobDefinition", request["TrainingJobDefinition"])]
    several = request["TrainingJobDefinitions"]
    return [(f"TrainingJobDefinitions[{index}]", each) for index, each in enumerate(several)]


def ranges_of(request: Request) -> tuple[str, Request]:
    """The path of the first search space, and it."""
    if "TrainingJobDefinition" in request:
        where = "HyperParameterTuningJobConfig.ParameterRanges"
        return where, request["HyperParameterTuningJobConfig"]["ParameterRanges"]
    return "TrainingJobDefinitions[0].HyperParameterRanges", request["TrainingJobDefinitions"][0][
        "HyperParameterRanges"
    ]


def combinations(ranges: Request) -> int | None:
    """How many points a search space has; None: infinitely many."""
    if ranges.get("ContinuousParameterRanges") or ranges.get("AutoParameters"):
        return None
    if not ranges.get("IntegerParameterRanges") and not ranges.get("CategoricalParameterRanges"):
        return None
    whole = [int(r["MaxValue"]) - int(r["MinValue"]) + 1 for r in ranges.get("IntegerParameterRanges", ())]
    return math.prod(whole + [len(r["Values"]) for r in ranges.get("CategoricalParameterRanges", ())])


@st.composite
def search_space(draw: st.DrawFn, *, grid: bool, auto: bool, alone: bool) -> Request:
    """Ranges with names of their own, bounds in order and scales that suit them."""
    ranges: Request = {}
    counts = {
        "IntegerParameterRanges": 0 if grid else draw(st.integers(0, 2)),
        "ContinuousParameterRanges": 0 if grid else draw(st.integers(0, 2)),
        "CategoricalParameterRanges": draw(st.integers(0, 2)),
    }
    if auto and alone and draw(st.booleans()):
        counts = dict.fromkeys(counts, 0)
    elif not any(counts.values()):
        counts["CategoricalParameterRanges"] = 1
    number = 0
    for kind, count in counts.items():
        if count or draw(st.booleans()):
            ranges[kind] = []
        for _ in range(count):
            ranges[kind].append({"Name": f"searched-{number}", **draw(RANGES[kind])})
            number += 1
    if auto and (alone or not grid) and draw(st.booleans()):
        ranges["AutoParameters"] = [
            {"Name": f"searched-{number + n}", "ValueHint": draw(HINTS)}
            for n in range(draw(st.integers(0 if alone else 1, 3)))
        ]
    return ranges


@st.composite
def _integers(draw: st.DrawFn) -> Request:
    low = draw(st.integers(-(10**6), 10**9))
    high = draw(st.integers(low + 1, low + 10**6))
    scales = ["Auto", "Linear", *(["Logarithmic"] if low > 0 else [])]
    return _scaled(draw, {"MinValue": str(low), "MaxValue": str(high)}, scales)


@st.composite
def _continuous(draw: st.DrawFn) -> Request:
    low = draw(st.floats(-1e6, 1e6, allow_nan=False))
    high = draw(st.floats(low, 1e7, exclude_min=True, allow_nan=False))
    scales = ["Auto", "Linear"]
    scales += ["Logarithmic"] if low > 0 else []
    scales += ["ReverseLogarithmic"] if low >= 0 and high < 1 else []
    return _scaled(draw, {"MinValue": repr(low), "MaxValue": repr(high)}, scales)


def _scaled(draw: st.DrawFn, bounds: Request, scales: list[str]) -> Request:
    return {**bounds, "ScalingType": draw(st.sampled_from(scales))} if draw(st.booleans()) else bounds


HINTS = (
    st.text("ab1.-e", max_size=5)
    | st.sampled_from(
        ["true", "False", "0", "-0", "0.0", "-1", "-2", "1", "1.0", "+7", "1e308", "-1e308", "5e-324"]
    )
    | st.integers(-(10**99), 10**99).map(str)
    | st.floats().map(repr)
)
RANGES: dict[str, st.SearchStrategy[Request]] = {
    "IntegerParameterRanges": _integers(),
    "ContinuousParameterRanges": _continuous(),
    "CategoricalParameterRanges": st.fixed_dictionaries(
        {"Values": st.lists(anything("ParameterValue"), min_size=1, max_size=3)}
    ),
}


def _definition(draw: st.DrawFn, definition: Request, metric: str, ranges: Request) -> None:
    specification = definition["AlgorithmSpecification"]
    metrics = [m for m in specification.get("MetricDefinitions", ()) if m["Name"] != metric]
    specification["MetricDefinitions"] = [*metrics, {"Name": metric, "Regex": draw(anything("MetricRegex"))}]
    if "AlgorithmName" in specification:
        specification.pop("TrainingImage", None)
    else:
        specification["TrainingImage"] = draw(anything("AlgorithmImage"))
    searched = {one["Name"] for each in ranges.values() for one in each}
    static = {k: v for k, v in definition.get("StaticHyperParameters", {}).items() if k not in searched}
    definition["StaticHyperParameters"] = static
    _time(draw, definition)
    _channels(definition)
    _machines(definition)


def _time(draw: st.DrawFn, definition: Request) -> None:
    stopping = definition["StoppingCondition"]
    stopping.pop("MaxWaitTimeInSeconds", None)
    if "MaxRuntimeInSeconds" in stopping:
        stopping["MaxRuntimeInSeconds"] = 1 + stopping["MaxRuntimeInSeconds"] % DAYS_28
    if definition.get("EnableManagedSpotTraining"):
        run = stopping.get("MaxRuntimeInSeconds", 1)
        stopping["MaxWaitTimeInSeconds"] = draw(st.integers(run, 2 * DAYS_28))
        definition.setdefault("CheckpointConfig", {"S3Uri": "s3://bucket/checkpoints"})


def _channels(definition: Request) -> None:
    for number, channel in enumerate(definition.get("InputDataConfig", ())):
        channel["ChannelName"] = f"channel{number}"
        source = channel["DataSource"]
        for other in list(source)[1:]:
            del source[other]
        if not source:
            source["S3DataSource"] = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data"}
        s3 = source.get("S3DataSource", {})
        s3.pop("InstanceGroupNames", None)  # each channel has them, or none
        if s3.get("S3DataType") == "AugmentedManifestFile":
            channel["InputMode"] = "Pipe"
        else:
            s3.pop("AttributeNames", None)


def _machines(definition: Request) -> None:
    tuning = definition.get("HyperParameterTuningResourceConfig")
    if tuning is not None:
        definition.pop("ResourceConfig", None)
        if "InstanceConfigs" in tuning:
            for member in ("InstanceType", "InstanceCount", "VolumeSizeInGB"):
                tuning.pop(member, None)
        else:
            tuning.setdefault("InstanceType", "ml.m5.large")
        return
    resources = definition.setdefault("ResourceConfig", {"VolumeSizeInGB": 1})
    for member in ("SelectedInstanceType", "SelectedInstanceCount"):
        resources.pop(member, None)
    preferences = resources.get("InstancePreferences")
    if preferences is None:
        if resources.get("InstanceGroups"):
            resources.pop("InstanceType", None)
            resources.pop("InstanceCount", None)
        else:
            resources.setdefault("InstanceType", "ml.m5.large")
        return
    for member in ("InstanceType", "InstanceGroups", "InstancePlacementConfig"):
        resources.pop(member, None)
    definition.pop("EnableManagedSpotTraining", None)
    definition["StoppingCondition"].pop("MaxWaitTimeInSeconds", None)
    first = {one["InstanceType"]: one for one in reversed(preferences)}
    resources["InstancePreferences"] = [one for one in preferences if first[one["InstanceType"]] is one]
    for preference in resources["InstancePreferences"]:
        preference.pop("InstanceCount", None)
        if "InstanceCount" not in resources:
            preference["InstanceCount"] = 1
        if "TrainingPlanArn" in resources:
            preference.pop("TrainingPlanArns", None)


def _strategy(draw: st.DrawFn, config: Request) -> None:
    if config["Strategy"] != "Hyperband":
        config.get("StrategyConfig", {}).pop("HyperbandStrategyConfig", None)
        return
    if config.get("TrainingJobEarlyStoppingType") == "Auto":
        config["TrainingJobEarlyStoppingType"] = "Off"
    most = draw(st.integers(1, 20_000))
    settings = {"MaxResource": most, "MinResource": draw(st.integers(1, most))}
    config["StrategyConfig"] = {"HyperbandStrategyConfig": settings}


def _limits(draw: st.DrawFn, config: Request, spaces: list[Request]) -> None:
    limits = config["ResourceLimits"]
    most = MAX_JOBS[config["Strategy"]]
    points = [combinations(space) for space in spaces]
    known = [number for number in points if number is not None]
    if config["Strategy"] == "Grid" and len(known) == len(points):
        limits["MaxNumberOfTrainingJobs"] = sum(known)
    elif len(known) == len(points):
        limits["MaxNumberOfTrainingJobs"] = draw(st.integers(1, min(most, *known)))
    elif "MaxNumberOfTrainingJobs" in limits:
        limits["MaxNumberOfTrainingJobs"] = draw(st.integers(1, most))
    at_a_time = min(100, limits.get("MaxNumberOfTrainingJobs", 100))
    limits["MaxParallelTrainingJobs"] = draw(st.integers(1, at_a_time))


def _tags(request: Request) -> None:
    if "Tags" in request:
        kept = {tag["Key"]: tag for tag in request["Tags"] if not tag["Key"].lower().startswith("aws:")}
        request["Tags"] = list(kept.values())


def _warm_start(request: Request) -> None:
    parents = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    for number, parent in enumerate(parents):
        parent["HyperParameterTuningJobName"] = f"parent-{number}"
    if request["HyperParameterTuningJobName"].lower().startswith("parent-"):
        request["HyperParameterTuningJobName"] = "new-job"
