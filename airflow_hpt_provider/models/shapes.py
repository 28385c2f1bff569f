"""The API's leaf shapes under AWS's names: what one value may be."""

import datetime as dt
from typing import Annotated

from airflow_hpt_provider.models import status
from airflow_hpt_provider.models.instance_types import training_instance_types
from airflow_hpt_provider.models.validation import patterns
from airflow_hpt_provider.models.validation.collections import ListSize, MapSize
from airflow_hpt_provider.models.validation.scalars import Choice, Flag, Number, Time, Whole
from airflow_hpt_provider.models.validation.text import Text

# Names and ARNs
HyperParameterTuningJobName = Annotated[str, Text(1, 32, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")]
HyperParameterTuningJobArn = Annotated[
    str, Text(0, 256, r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:hyper-parameter-tuning-job/.*")
]
HyperParameterTrainingJobDefinitionName = Annotated[str, Text(1, 64, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}")]
TrainingJobName = Annotated[str, Text(1, 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")]
TrainingJobArn = Annotated[
    str,
    Text(
        0,
        256,
        r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:training-job/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    ),
]
RoleArn = Annotated[str, Text(20, 2048, r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")]
KmsKeyId = Annotated[str, Text(0, 2048, r"[a-zA-Z0-9:/_-]*")]
TrainingPlanArn = Annotated[
    str, Text(50, 2048, r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:training-plan/.*")
]
HubContentArn = Annotated[str, Text(0, 255, ".*")]
HubDataSetArn = Annotated[
    str,
    Text(
        0,
        2048,
        r"(arn:[a-z0-9-\.]{1,63}:sagemaker:\w+(?:-\w+)+:(\d{12}|aws):hub-content\/)"
        r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\/DataSet\/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}(\/\d{1,4}.\d{1,4}.\d{1,4})?",
    ),
]
ArnOrName = Annotated[
    str,
    Text(
        1,
        170,
        r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?"
        r"([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)",
    ),
]
String256 = Annotated[str, Text(0, 256)]
TagKey = Annotated[str, Text(1, 128, patterns.TAG)]
TagValue = Annotated[str, Text(0, 256, patterns.TAG)]

# Hyperparameters and metrics
ParameterKey = Annotated[str, Text(0, 256, ".*")]
ParameterValue = Annotated[str, Text(0, 256, ".*", structures=True)]
ParameterValues = Annotated[list[ParameterValue], ListSize(1, 30)]
HyperParameterKey = Annotated[str, Text(0, 256, ".*")]
HyperParameterValue = Annotated[str, Text(0, 2500, ".*", structures=True)]
HyperParameters = Annotated[dict[HyperParameterKey, HyperParameterValue], MapSize(0, 100)]
HyperParameterScalingType = Annotated[str, Choice(status.ScalingType)]
MetricName = Annotated[str, Text(1, 255, ".+")]
MetricRegex = Annotated[str, Text(1, 500, ".+")]
MetricValue = Annotated[float, Number()]

# The search
HyperParameterTuningJobStrategyType = Annotated[str, Choice(status.StrategyType)]
HyperParameterTuningJobObjectiveType = Annotated[str, Choice(status.ObjectiveType)]
HyperbandStrategyMinResource = Annotated[int, Whole(1)]
HyperbandStrategyMaxResource = Annotated[int, Whole(1)]
MaxNumberOfTrainingJobs = Annotated[int, Whole(1)]
MaxParallelTrainingJobs = Annotated[int, Whole(1)]
HyperParameterTuningMaxRuntimeInSeconds = Annotated[int, Whole(120, 15_768_000)]
TrainingJobEarlyStoppingType = Annotated[str, Choice(status.EarlyStoppingType)]
TargetObjectiveMetricValue = Annotated[float, Number()]
MaxNumberOfTrainingJobsNotImproving = Annotated[int, Whole(3)]
CompleteOnConvergence = Annotated[str, Choice(status.CompleteOnConvergence)]
RandomSeed = Annotated[int, Whole(0)]
HyperParameterTuningJobWarmStartType = Annotated[str, Choice(status.WarmStartType)]
AutotuneMode = Annotated[str, Choice(status.AutotuneMode)]

# The algorithm and its data
AlgorithmImage = Annotated[str, Text(0, 255, ".*")]
TrainingInputMode = Annotated[str, Choice(status.TrainingInputMode)]
ChannelName = Annotated[str, Text(1, 64, r"[A-Za-z0-9\.\-_]+")]
ContentType = Annotated[str, Text(0, 256, ".*")]
CompressionType = Annotated[str, Choice(status.CompressionType)]
RecordWrapper = Annotated[str, Choice(status.RecordWrapper)]
S3DataType = Annotated[str, Choice(status.S3DataType)]
S3Uri = Annotated[str, Text(0, 1024, r"(https|s3)://([^/]+)/?(.*)")]
S3DataDistribution = Annotated[str, Choice(status.S3DataDistribution)]
AttributeName = Annotated[str, Text(1, 256, ".+")]
AttributeNames = Annotated[list[AttributeName], ListSize(0, 16)]
InstanceGroupName = Annotated[str, Text(1, 64, ".+")]
InstanceGroupNames = Annotated[list[InstanceGroupName], ListSize(0, 5)]
AcceptEula = Annotated[bool, Flag()]
FileSystemId = Annotated[str, Text(11, 21, r"(fs-[0-9a-f]{8,})")]
FileSystemAccessMode = Annotated[str, Choice(status.FileSystemAccessMode)]
FileSystemType = Annotated[str, Choice(status.FileSystemType)]
DirectoryPath = Annotated[str, Text(0, 4096, ".*")]
Seed = Annotated[int, Whole(bits=63)]
OutputCompressionType = Annotated[str, Choice(status.OutputCompressionType)]
HyperParameterTrainingJobEnvironmentMap = Annotated[
    dict[
        Annotated[str, Text(0, 512, r"[a-zA-Z_][a-zA-Z0-9_]*")],
        Annotated[str, Text(0, 512, r"[\S\s]*", structures=True)],
    ],
    MapSize(0, 48),
]

# Machines
TrainingInstanceType = Annotated[
    str,
    Choice(
        training_instance_types, remedy=" (a type newer than this release needs an upgrade of this package)"
    ),
]
TrainingInstanceCount = Annotated[int, Whole(0)]
OptionalVolumeSizeInGB = Annotated[int, Whole(0)]
VolumeSizeInGB = Annotated[int, Whole(1)]
KeepAlivePeriodInSeconds = Annotated[int, Whole(0, 21_600)]
TrainingPlanArnList = Annotated[list[TrainingPlanArn], ListSize(1, 1)]
HyperParameterTuningAllocationStrategy = Annotated[str, Choice(status.AllocationStrategy)]
VpcSecurityGroupIds = Annotated[list[Annotated[str, Text(0, 32, r"[-0-9a-zA-Z]+")]], ListSize(1, 5)]
Subnets = Annotated[list[Annotated[str, Text(0, 32, r"[-0-9a-zA-Z]+")]], ListSize(1, 16)]
MaxRuntimeInSeconds = Annotated[int, Whole(1)]
MaxWaitTimeInSeconds = Annotated[int, Whole(1)]
MaxPendingTimeInSeconds = Annotated[int, Whole(1_800, 2_419_200)]
MaximumRetryAttempts = Annotated[int, Whole(1, 30)]
Boolean = Annotated[bool, Flag()]

# Answers
HyperParameterTuningJobStatus = Annotated[str, Choice(status.TuningJobStatus)]
TrainingJobStatus = Annotated[str, Choice(status.TrainingJobStatus)]
ObjectiveStatus = Annotated[str, Choice(status.ObjectiveStatus)]
TrainingJobStatusCounter = Annotated[int, Whole(0)]
ObjectiveStatusCounter = Annotated[int, Whole(0)]
FailureReason = Annotated[str, Text(0, 1024)]
Integer = Annotated[int, Whole()]
Timestamp = Annotated[dt.datetime, Time()]
