"""Create requests that between them hold every member which the service takes, and those that it refuses."""

from __future__ import annotations

from typing import Any

BUCKET = "coverage"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/coverage:1"
ALGORITHM = "coverage-algorithm"
PREFIX = f"s3://{BUCKET}/data/"
MANIFEST = f"s3://{BUCKET}/augmented.jsonl"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/plan"
Request = dict[str, Any]


def _ranges() -> Request:
    return {
        "IntegerParameterRanges": [
            {"Name": "depth", "MinValue": "2", "MaxValue": "40", "ScalingType": "Logarithmic"}
        ],
        "ContinuousParameterRanges": [
            {"Name": "rate", "MinValue": "0.25", "MaxValue": "0.75", "ScalingType": "ReverseLogarithmic"}
        ],
        "CategoricalParameterRanges": [{"Name": "booster", "Values": ["tree", "linear"]}],
    }


def _channels() -> list[Request]:
    return [
        {
            "ChannelName": "train",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": PREFIX,
                    "S3DataDistributionType": "ShardedByS3Key",
                    "InstanceGroupNames": ["group"],
                    "ModelAccessConfig": {"AcceptEula": True},
                    "HubAccessConfig": {
                        "HubContentArn": "arn:aws:sagemaker:us-east-1:123456789012:hub-content/hub/Model/a/1.0.0"
                    },
                }
            },
            "ContentType": "text/csv",
            "CompressionType": "None",
            "RecordWrapperType": "None",
            "InputMode": "FastFile",
        },
        {
            "ChannelName": "labels",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "AugmentedManifestFile",
                    "S3Uri": MANIFEST,
                    "AttributeNames": ["source-ref", "label"],
                    "InstanceGroupNames": ["group"],
                }
            },
            "InputMode": "Pipe",
            "RecordWrapperType": "RecordIO",
            "ShuffleConfig": {"Seed": 9_007_199_254_740_993},
        },
    ]


def _resources() -> dict[str, Request]:
    """Ways to ask for machines, by name: members of a definition that exclude each other."""
    volume = {"VolumeSizeInGB": 30, "VolumeKmsKeyId": KEY}
    one = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    return {
        "type": {
            "ResourceConfig": {**one, **volume, "KeepAlivePeriodInSeconds": 60, "TrainingPlanArn": PLAN}
        },
        "groups": {
            "ResourceConfig": {
                **volume,
                "InstanceGroups": [{**one, "InstanceGroupName": "group"}],
                "InstancePlacementConfig": {
                    "EnableMultipleJobs": True,
                    "PlacementSpecifications": [{"UltraServerId": "us-1", "InstanceCount": 1}],
                },
            }
        },
        "preferences": {
            "ResourceConfig": {**volume, "InstancePreferences": [{**one, "TrainingPlanArns": [PLAN]}]},
            "EnableManagedSpotTraining": False,
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
        "tuning": {"HyperParameterTuningResourceConfig": {**one, **volume}},
        "choices": {
            "HyperParameterTuningResourceConfig": {
                "AllocationStrategy": "Prioritized",
                "InstanceConfigs": [
                    {**one, "VolumeSizeInGB": 30},
                    {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 31},
                ],
            }
        },
    }


def _definition(resources: str, **members: Any) -> Request:
    algorithm = {"AlgorithmName": ALGORITHM} if resources == "tuning" else {"TrainingImage": IMAGE}
    return {
        "DefinitionName": f"with-{resources}",
        "StaticHyperParameters": {"epochs": "9", "text": '"quoted"'},
        "AlgorithmSpecification": {
            **algorithm,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "objective", "Regex": "objective=([-+.0-9e]+);"}],
        },
        "RoleArn": "arn:aws:iam::123456789012:role/tuning",
        "InputDataConfig": _channels(),
        "VpcConfig": {"SecurityGroupIds": ["sg-1", "sg-2"], "Subnets": ["subnet-0a"]},
        "OutputDataConfig": {
            "S3OutputPath": f"s3://{BUCKET}/models",
            "KmsKeyId": KEY,
            "CompressionType": "NONE",
        },
        "StoppingCondition": {
            "MaxRuntimeInSeconds": 3600,
            "MaxWaitTimeInSeconds": 7200,
            "MaxPendingTimeInSeconds": 7200,
        },
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/checkpoints", "LocalPath": "/opt/ml/checkpoints/here"},
        "RetryStrategy": {"MaximumRetryAttempts": 2},
        "Environment": {"NAME": "value", "EMPTY": ""},
        **_resources()[resources],
        **members,
    }


def _config(strategy: str, trials: int = 1, **members: Any) -> Request:
    return {
        "Strategy": strategy,
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "objective"},
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": trials,
            "MaxParallelTrainingJobs": 1,
            "MaxRuntimeInSeconds": 7200,
        },
        "ParameterRanges": _ranges(),
        "RandomSeed": 11,
        **members,
    }


def taken() -> list[Request]:
    """Return requests that the service accepts, in the order in which they must run."""
    single = {
        name: {
            "HyperParameterTuningJobName": f"single-{name}",
            "HyperParameterTuningJobConfig": _config("Random"),
            "TrainingJobDefinition": _definition(name),
        }
        for name in _resources()
    }
    criteria = {
        "TargetObjectiveMetricValue": 0.0009765625,  # exact in single precision
        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 30},
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
    }
    warm = {
        "HyperParameterTuningJobName": "warm",
        "HyperParameterTuningJobConfig": _config(
            "Bayesian", 2, TrainingJobEarlyStoppingType="Auto", TuningJobCompletionCriteria=criteria
        ),
        "TrainingJobDefinition": _definition("type"),
        "WarmStartConfig": {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "single-type"}],
            "WarmStartType": "IdenticalDataAndAlgorithm",
        },
    }
    hyperband = {
        "HyperParameterTuningJobName": "hyperband",
        "HyperParameterTuningJobConfig": _config(
            "Hyperband",
            StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 3}},
            ParameterRanges={**_ranges(), "AutoParameters": [{"Name": "auto", "ValueHint": "5"}]},
        ),
        "TrainingJobDefinition": _definition("type"),
        "Autotune": {"Mode": "Enabled"},
    }
    several = {
        "HyperParameterTuningJobName": "several",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 5, "MaxParallelTrainingJobs": 1},
        },
        "TrainingJobDefinitions": [
            _definition(
                name,
                TuningObjective={"Type": "Maximize", "MetricName": "objective"},
                HyperParameterRanges={**_ranges(), "AutoParameters": [{"Name": "auto", "ValueHint": "5"}]},
            )
            for name in _resources()
        ],
    }
    failing = {
        "HyperParameterTuningJobName": "failing",
        "HyperParameterTuningJobConfig": _config("Random"),
        "TrainingJobDefinition": _definition("type", StaticHyperParameters={"fail": "yes"}),
    }
    without_data = _definition("type", StaticHyperParameters={"flat": "yes"})
    del without_data["InputDataConfig"]
    converging = {
        "HyperParameterTuningJobName": "converging",
        "HyperParameterTuningJobConfig": {
            **_config(
                "Random",
                60,
                TuningJobCompletionCriteria={"ConvergenceDetected": criteria["ConvergenceDetected"]},
            ),
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 60, "MaxParallelTrainingJobs": 2},
        },
        "TrainingJobDefinition": without_data,
    }
    return [*single.values(), warm, hyperband, several, failing, converging]


def refused() -> dict[str, Request]:
    """Return requests that the service rejects, by the path of the member that it rejects."""
    file_system = {
        "FileSystemId": "fs-01234567",
        "FileSystemAccessMode": "ro",
        "FileSystemType": "EFS",
        "DirectoryPath": "/data",
    }
    dataset = {"DatasetArn": "arn:aws:sagemaker:us-east-1:123456789012:hub-content/hub/DataSet/data/1.0.0"}
    sources = {
        "FileSystemDataSource": {"FileSystemDataSource": file_system},
        "DatasetSource": {"DatasetSource": dataset},
    }
    selected = {"SelectedInstanceType": "ml.m5.large", "SelectedInstanceCount": 1}
    found: dict[str, Request] = {}
    for several in (False, True):
        where = "TrainingJobDefinitions[]" if several else "TrainingJobDefinition"
        for name, source in sources.items():
            channel = {"ChannelName": "train", "DataSource": source}
            found[f"{where}.InputDataConfig[].DataSource.{name}"] = _one(several, InputDataConfig=[channel])
        for name, value in selected.items():
            resources = {**_resources()["type"]["ResourceConfig"], name: value}
            found[f"{where}.ResourceConfig.{name}"] = _one(several, ResourceConfig=resources)
    objective = {"Type": "Minimize", "MetricName": "objective"}
    found["TrainingJobDefinition.TuningObjective"] = _one(False, TuningObjective=objective)
    found["TrainingJobDefinition.HyperParameterRanges"] = _one(False, HyperParameterRanges=_ranges())
    return found


def _one(several: bool, **members: Any) -> Request:
    """Return a request with one definition, in either form."""
    request: Request = {"HyperParameterTuningJobName": "refused"}
    if not several:
        return request | {
            "HyperParameterTuningJobConfig": _config("Random"),
            "TrainingJobDefinition": _definition("type", **members),
        }
    config = _config("Random")
    objective, ranges = config.pop("HyperParameterTuningJobObjective"), config.pop("ParameterRanges")
    definition = _definition("type", TuningObjective=objective, HyperParameterRanges=ranges, **members)
    return request | {"HyperParameterTuningJobConfig": config, "TrainingJobDefinitions": [definition]}
