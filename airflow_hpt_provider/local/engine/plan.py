"""A tuning job's request, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.strategies.contract import Objective, SearchContext, Value
from airflow_hpt_provider.models.algorithms import with_known_metrics
from airflow_hpt_provider.models.auto_ranges import searched_ranges
from airflow_hpt_provider.models.rules.space import OBJECTIVE_HYPERPARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OBJECTIVE_METRIC = OBJECTIVE_HYPERPARAMETER
MAX_JOBS = {"Random": 10_000}
"""AWS's limits on MaxNumberOfTrainingJobs, which hold where none is given; 750 for the other strategies."""
EPOCH_NAMES = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
KINDS: tuple[tuple[str, Callable[[str], Value]], ...] = (
    ("ContinuousParameterRanges", float),
    ("IntegerParameterRanges", int),
    ("CategoricalParameterRanges", str),
)
SHARED = (
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "VpcConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "RetryStrategy",
    "Environment",
)
"""What a training job takes over from its training definition."""


@dataclass(frozen=True)
class DefinitionPlan:
    """One training definition.

    Attributes:
        name: DefinitionName, if it has one.
        body: what its training jobs take over, in AWS names.
        static: hyperparameters that are the same for all its training jobs, the objective's name included.
        ranges: ParameterRanges in AWS names, with ranges in place of the AutoParameters.
        objective_type: Minimize or Maximize.
        objective_metric: the metric's name.
        search: what its strategy is made from.
    """

    name: str | None
    body: Mapping[str, Any]
    static: Mapping[str, str]
    ranges: Mapping[str, Sequence[Mapping[str, Any]]]
    objective_type: str
    objective_metric: str
    search: SearchContext

    @property
    def objective(self) -> Objective:
        """The direction of the objective."""
        return self.search.objective

    def point(self, hyperparameters: Mapping[str, str]) -> dict[str, Value]:
        """Return a training job's searched hyperparameters, as the strategies see them.

        Those that are missing, or are no numbers where numbers are searched, are left out.
        """
        result: dict[str, Value] = {}
        for kind, read in KINDS:
            for parameter in self.ranges.get(kind) or ():
                text = hyperparameters.get(parameter["Name"])
                if text is not None:
                    try:
                        result[parameter["Name"]] = read(text)
                    except ValueError:
                        continue
        return result


@dataclass(frozen=True)
class Plan:
    """What a tuning job is to do.

    Attributes:
        max_jobs: training jobs in all.
        max_parallel: maximum number of concurrent training jobs.
        max_runtime: seconds from its creation; None: no limit.
        target, not_improving, on_convergence: the completion criteria; None or False: not asked for.
        parents: names of the tuning jobs that it is warm-started from.
        identical: whether they have the same data and algorithm.
    """

    definitions: tuple[DefinitionPlan, ...]
    max_jobs: int
    max_parallel: int
    max_runtime: int | None
    target: float | None
    not_improving: int | None
    on_convergence: bool
    parents: tuple[str, ...]
    identical: bool

    @classmethod
    def of(cls, request: Mapping[str, Any], seed: int) -> Plan:
        """Read a Create request that has been checked.

        Args:
            seed: of the first definition's search; the next ones have the numbers after it.

        Raises:
            ServiceError: a ValidationException: no metric is named.
        """
        config = request["HyperParameterTuningJobConfig"]
        limits = config["ResourceLimits"]
        criteria = config.get("TuningJobCompletionCriteria") or {}
        warm_start = request.get("WarmStartConfig") or {}
        bodies = request.get("TrainingJobDefinitions") or [request["TrainingJobDefinition"]]
        max_jobs = limits.get("MaxNumberOfTrainingJobs") or MAX_JOBS.get(config["Strategy"], 750)
        share = max_jobs if len(bodies) == 1 else None  # that of one definition of several is not known
        return cls(
            definitions=tuple(
                _definition(
                    config,
                    body,
                    seed + n,
                    warm_start.get("WarmStartType"),
                    max_jobs=share,
                    autotune="Autotune" in request,
                )
                for n, body in enumerate(bodies)
            ),
            max_jobs=max_jobs,
            max_parallel=limits["MaxParallelTrainingJobs"],
            max_runtime=limits.get("MaxRuntimeInSeconds"),
            target=criteria.get("TargetObjectiveMetricValue"),
            not_improving=(criteria.get("BestObjectiveNotImproving") or {}).get(
                "MaxNumberOfTrainingJobsNotImproving"
            ),
            on_convergence=(criteria.get("ConvergenceDetected") or {}).get("CompleteOnConvergence")
            == "Enabled",
            parents=tuple(
                parent["HyperParameterTuningJobName"]
                for parent in warm_start.get("ParentHyperParameterTuningJobs") or ()
            ),
            identical=warm_start.get("WarmStartType") == "IdenticalDataAndAlgorithm",
        )


def _definition(
    config: Mapping[str, Any],
    body: Mapping[str, Any],
    seed: int,
    warm_start_type: str | None,
    *,
    max_jobs: int | None,
    autotune: bool,
) -> DefinitionPlan:
    objective = body.get("TuningObjective") or config.get("HyperParameterTuningJobObjective")
    if objective is None:
        raise ServiceError(
            "ValidationException",
            "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric"
            " definitions.",
        )
    ranges = body.get("HyperParameterRanges") or config.get("ParameterRanges") or {}
    given = dict(body.get("StaticHyperParameters") or {})
    ranges, hints = searched_ranges(
        ranges,
        image=body["AlgorithmSpecification"].get("TrainingImage") or "",
        static=given,
        strategy=config["Strategy"],
        autotune=autotune,
    )
    searched = {item["Name"] for items in ranges.values() for item in items}
    static = hints | {name: value for name, value in given.items() if name not in searched}
    hyperband = (config.get("StrategyConfig") or {}).get("HyperbandStrategyConfig") or {}
    shared = {name: body[name] for name in SHARED if name in body}
    if "ResourceConfig" not in shared and "HyperParameterTuningResourceConfig" in body:
        shared["ResourceConfig"] = resource_config(body["HyperParameterTuningResourceConfig"])
    shared["AlgorithmSpecification"] = with_known_metrics(
        body["AlgorithmSpecification"], static, objective["MetricName"]
    )
    return DefinitionPlan(
        name=body.get("DefinitionName"),
        body=shared,
        static=static | {OBJECTIVE_METRIC: objective["MetricName"]},
        ranges=ranges,
        objective_type=objective["Type"],
        objective_metric=objective["MetricName"],
        search=SearchContext(
            strategy=config["Strategy"],
            ranges=ranges,
            objective=Objective(objective["Type"]),
            seed=seed,
            min_resource=hyperband.get("MinResource"),
            max_resource=hyperband.get("MaxResource") or _epochs(static),
            early_stopping=config.get("TrainingJobEarlyStoppingType") or "Off",
            max_trials=max_jobs,
            options={"warm_start_type": warm_start_type},
        ),
    )


def _epochs(static: Mapping[str, str]) -> int | None:
    """Hyperband's MaxResource, where it is left to the static hyperparameters."""
    for name in EPOCH_NAMES:
        try:
            return int(static.get(name, "").strip('"'))
        except ValueError:
            continue
    return None


def resource_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ResourceConfig from a HyperParameterTuningResourceConfig: the first of its instances."""
    instance = {**config, **next(iter(config.get("InstanceConfigs") or ()), {})}
    names = ("InstanceType", "InstanceCount", "VolumeSizeInGB", "VolumeKmsKeyId")
    return {name: instance[name] for name in names if name in instance}


def training_definition(definition: Mapping[str, Any], name: str, *, tuned: bool) -> dict[str, Any]:
    """Return the definition of one training job. In a tuning job, each has its own folder for checkpoints."""
    result = dict(definition)
    if tuned and result.get("CheckpointConfig"):
        config = dict(result["CheckpointConfig"])
        config["S3Uri"] = f"{config['S3Uri'].rstrip('/')}/{name}"
        result["CheckpointConfig"] = config
    return result
