"""The words of the API: statuses of jobs, and the choices in requests.

Models hold the plain strings; the members below equal them (`description.status == TuningJobStatus.COMPLETED`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeVar

Word = TypeVar("Word", bound=StrEnum)


def word_of(kind: type[Word], text: str) -> Word | str:
    """Return the enumeration's member for a text; the text itself if AWS added the value after this release."""
    try:
        return kind(text)
    except ValueError:
        return text


class TuningJobStatus(StrEnum):
    """What a tuning job is doing."""

    COMPLETED = "Completed"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    STOPPED = "Stopped"
    STOPPING = "Stopping"
    DELETING = "Deleting"
    DELETE_FAILED = "DeleteFailed"


class TrainingJobStatus(StrEnum):
    """What a training job is doing."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    DELETING = "Deleting"


class ObjectiveStatus(StrEnum):
    """What became of a training job's objective metric."""

    SUCCEEDED = "Succeeded"
    PENDING = "Pending"
    FAILED = "Failed"
    """The training job failed, or emitted no metric."""


TERMINAL_TUNING_STATUSES: Final = frozenset(
    {
        TuningJobStatus.COMPLETED,
        TuningJobStatus.FAILED,
        TuningJobStatus.STOPPED,
        TuningJobStatus.DELETE_FAILED,
    }
)
"""A tuning job with one of these does not change by itself any more."""

TERMINAL_TRAINING_STATUSES: Final = frozenset(
    {TrainingJobStatus.COMPLETED, TrainingJobStatus.FAILED, TrainingJobStatus.STOPPED}
)
"""A training job with one of these does not change by itself any more."""


class StrategyType(StrEnum):
    """How the next hyperparameters are chosen."""

    BAYESIAN = "Bayesian"
    RANDOM = "Random"
    HYPERBAND = "Hyperband"
    GRID = "Grid"


class ObjectiveType(StrEnum):
    """The direction of the objective."""

    MAXIMIZE = "Maximize"
    MINIMIZE = "Minimize"


class ScalingType(StrEnum):
    """The scale on which a range is searched."""

    AUTO = "Auto"
    LINEAR = "Linear"
    LOGARITHMIC = "Logarithmic"
    REVERSE_LOGARITHMIC = "ReverseLogarithmic"


class EarlyStoppingType(StrEnum):
    """Whether training jobs that promise little are stopped."""

    OFF = "Off"
    AUTO = "Auto"


class CompleteOnConvergence(StrEnum):
    """Whether convergence ends the tuning job."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"


class WarmStartType(StrEnum):
    """How alike a tuning job and its parents are."""

    IDENTICAL_DATA_AND_ALGORITHM = "IdenticalDataAndAlgorithm"
    TRANSFER_LEARNING = "TransferLearning"


class AutotuneMode(StrEnum):
    """Whether the service chooses ranges, limits and strategy."""

    ENABLED = "Enabled"


class TrainingInputMode(StrEnum):
    """How data reach the training container."""

    PIPE = "Pipe"
    FILE = "File"
    FAST_FILE = "FastFile"


class S3DataType(StrEnum):
    """What an S3 URI of a channel points to."""

    MANIFEST_FILE = "ManifestFile"
    S3_PREFIX = "S3Prefix"
    AUGMENTED_MANIFEST_FILE = "AugmentedManifestFile"
    CONVERSE = "Converse"


class S3DataDistribution(StrEnum):
    """Whether each instance gets all the data or its share."""

    FULLY_REPLICATED = "FullyReplicated"
    SHARDED_BY_S3_KEY = "ShardedByS3Key"


class FileSystemAccessMode(StrEnum):
    """How a file system is mounted."""

    READ_WRITE = "rw"
    READ_ONLY = "ro"


class FileSystemType(StrEnum):
    """The kind of a file system."""

    EFS = "EFS"
    FSX_LUSTRE = "FSxLustre"


class CompressionType(StrEnum):
    """How a channel's data are compressed."""

    NONE = "None"
    GZIP = "Gzip"


class RecordWrapper(StrEnum):
    """Whether each S3 object is wrapped in a RecordIO record."""

    NONE = "None"
    RECORD_IO = "RecordIO"


class OutputCompressionType(StrEnum):
    """How the model artifact is packed."""

    GZIP = "GZIP"
    NONE = "NONE"


class AllocationStrategy(StrEnum):
    """The order in which the instance configurations are tried."""

    PRIORITIZED = "Prioritized"
