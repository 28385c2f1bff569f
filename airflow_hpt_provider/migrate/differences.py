"""How the amazon provider's tuning operator and sensor differ: parameters, modules, XComs.

``migrate-check`` reads these tables, and a test compares them with the page ``docs/migrate.md``, with the signatures
of the amazon provider that is installed, and with ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Parameter:
    """A parameter of the amazon provider's class.

    Attributes:
        ours: its name with us; None if there is none.
        why: what is different; empty if nothing is.
    """

    ours: str | None
    why: str = ""


@dataclass(frozen=True)
class Counterpart:
    """A class of the amazon provider, and its replacement."""

    name: str
    module: str
    parameters: dict[str, Parameter]

    @property
    def import_line(self) -> str:
        """Return the import of the replacement."""
        return f"from {self.module} import {self.name}"


_SAME: Final = {
    "aws_conn_id": Parameter("aws_conn_id"),
    "region_name": Parameter("region_name"),
    "verify": Parameter("verify"),
    "botocore_config": Parameter("botocore_config"),
    "region": Parameter(None, "The amazon provider ignores it too: use region_name."),
}

OPERATOR: Final = Counterpart(
    "HyperParameterTuningJobOperator",
    "airflow_hpt_provider.operators.tuning",
    {
        "config": Parameter("config"),
        "wait_for_completion": Parameter(
            "wait_for_completion", "False is honoured with deferrable=True too, where it was ignored."
        ),
        "check_interval": Parameter(
            "poll_interval",
            "The same seconds; the first poll is immediate, and polls are closer near the end.",
        ),
        "max_ingestion_time": Parameter(
            "timeout",
            "The same seconds, from the job's creation over all tries; then the job is stopped too.",
        ),
        "deferrable": Parameter(
            "deferrable",
            "No aiobotocore, and no hidden cap: the amazon provider gives up after 480 polls (4 h at 30 s). "
            "Set timeout for one.",
        ),
        **_SAME,
    },
)
SENSOR: Final = Counterpart(
    "HyperParameterTuningJobSensor",
    "airflow_hpt_provider.sensors.tuning",
    {
        "job_name": Parameter("tuning_job_name", "It also takes the starting task's output."),
        "resource_type": Parameter(None, "It was a word in the amazon provider's log."),
        **_SAME,
    },
)
TRIGGER: Final = Counterpart(
    "HyperParameterTuningJobTrigger",
    "airflow_hpt_provider.triggers.tuning",
    {
        "job_name": Parameter("tuning_job_name"),
        "job_type": Parameter(None, "There is one kind of job."),
        "waiter_delay": Parameter("poll_interval", "The maximum time between two polls."),
        "waiter_max_attempts": Parameter("deadline", "A time (ISO 8601), not a number of polls."),
        "poke_interval": Parameter("poll_interval", "The maximum time between two polls."),
        "max_attempts": Parameter("deadline", "A time (ISO 8601), not a number of polls."),
        **{name: _SAME[name] for name in ("aws_conn_id", "region_name", "verify", "botocore_config")},
    },
)
CLASSES: Final = {
    "SageMakerTuningOperator": OPERATOR,
    "SageMakerTuningSensor": SENSOR,
    "SageMakerTrigger": TRIGGER,
}
"""The classes and their replacements; of ``SageMakerTrigger`` only the use with ``job_type="tuning"``."""

MODULES: Final = frozenset(
    {
        "airflow.providers.amazon.aws.operators.sagemaker",
        "airflow.providers.amazon.aws.operators.sagemaker_tuning",
        "airflow.providers.amazon.aws.sensors.sagemaker",
        "airflow.providers.amazon.aws.sensors.sagemaker_tuning",
        "airflow.providers.amazon.aws.triggers.sagemaker",
        "airflow.contrib.operators.sagemaker_tuning_operator",
        "airflow.contrib.sensors.sagemaker_tuning_sensor",
    }
)
"""Present and former modules of the classes."""

RESULT_KEY: Final = "Tuning"
"""The amazon operator's return value is ``{"Tuning": DescribeHyperParameterTuningJob's response}``."""

_DESCRIBE: Final = "not in XCom: HyperParameterTuningHook().describe(tuning_job_name) has it"
XCOM: Final = {
    "HyperParameterTuningJobName": '["tuning_job_name"]',
    "HyperParameterTuningJobArn": '["tuning_job_arn"]',
    "HyperParameterTuningJobStatus": '["status"]',
    "FailureReason": '["failure_reason"]',
    "BestTrainingJob": '["best_training_job"]',
    "OverallBestTrainingJob": '["overall_best_training_job"]',
    "TrainingJobStatusCounters": '["training_job_status_counters"]',
    "ObjectiveStatusCounters": '["objective_status_counters"]',
    "CreationTime": '["creation_time"]',
    "HyperParameterTuningEndTime": '["end_time"]',
    "TuningJobCompletionDetails": '["completion_details"]',
    "ConsumedResources": '["consumed_resources"]',
    "HyperParameterTuningJobConfig": _DESCRIBE,
    "TrainingJobDefinition": _DESCRIBE,
    "TrainingJobDefinitions": _DESCRIBE,
    "WarmStartConfig": _DESCRIBE,
    "LastModifiedTime": _DESCRIBE,
    "Autotune": _DESCRIBE,
    "ResponseMetadata": "not in XCom: it described the HTTP response",
}
"""Members of both results. Members inside the best training job keep AWS's names."""
