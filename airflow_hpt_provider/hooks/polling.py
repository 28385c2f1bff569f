"""A client for pollers: it loads only the part of SageMaker's API that waiting reads, and its user retries.

botocore's model of SageMaker has 425 operations. Parsing it holds the interpreter for a quarter of a second, in
which a triggerer's event loop blocks, and takes 20 MB; and each member of a response that the model has is
parsed. :data:`API` is the same model cut down to two operations; a test compares it with botocore's.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.utils import parse_timestamp

from airflow_hpt_provider.hooks.connection import ConnectionHook

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings


def _structure(*required: str, **members: str) -> dict[str, Any]:
    return {
        "type": "structure",
        "required": list(required),
        "members": {name: {"shape": shape} for name, shape in members.items()},
    }


def _operation(name: str, errors: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "name": name,
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": f"{name}Request"},
        "output": {"shape": f"{name}Response"},
        "errors": [{"shape": error} for error in errors],
    }


API: dict[str, Any] = {
    "version": "2.0",
    "metadata": {
        "apiVersion": "2017-07-24",
        "endpointPrefix": "api.sagemaker",
        "jsonVersion": "1.1",
        "protocol": "json",
        "protocols": ["json"],
        "serviceAbbreviation": "SageMaker",
        "serviceFullName": "Amazon SageMaker Service",
        "serviceId": "SageMaker",
        "signatureVersion": "v4",
        "signingName": "sagemaker",
        "targetPrefix": "SageMaker",
        "uid": "sagemaker-2017-07-24",
        "auth": ["aws.auth#sigv4"],
    },
    "operations": {
        "DescribeHyperParameterTuningJob": _operation(
            "DescribeHyperParameterTuningJob", ("ResourceNotFound",)
        ),
        "ListHyperParameterTuningJobs": _operation("ListHyperParameterTuningJobs"),
    },
    "shapes": {
        "String": {"type": "string"},
        "Integer": {"type": "integer", "box": True, "min": 0},
        "MetricValue": {"type": "float", "box": True},
        "Timestamp": {"type": "timestamp"},
        "ResourceNotFound": _structure(Message="String") | {"exception": True},
        "DescribeHyperParameterTuningJobRequest": _structure(
            "HyperParameterTuningJobName", HyperParameterTuningJobName="String"
        ),
        "DescribeHyperParameterTuningJobResponse": _structure(
            "HyperParameterTuningJobName",
            "HyperParameterTuningJobArn",
            "HyperParameterTuningJobStatus",
            HyperParameterTuningJobName="String",
            HyperParameterTuningJobArn="String",
            HyperParameterTuningJobStatus="String",
            HyperParameterTuningJobConfig="HyperParameterTuningJobConfig",
            CreationTime="Timestamp",
            HyperParameterTuningEndTime="Timestamp",
            TrainingJobStatusCounters="TrainingJobStatusCounters",
            BestTrainingJob="HyperParameterTrainingJobSummary",
            FailureReason="String",
        ),
        "ListHyperParameterTuningJobsRequest": _structure(
            NextToken="String",
            MaxResults="Integer",
            SortBy="String",
            SortOrder="String",
            LastModifiedTimeAfter="Timestamp",
            StatusEquals="String",
        ),
        "ListHyperParameterTuningJobsResponse": _structure(
            "HyperParameterTuningJobSummaries",
            HyperParameterTuningJobSummaries="HyperParameterTuningJobSummaries",
            NextToken="String",
        ),
        "HyperParameterTuningJobSummaries": {
            "type": "list",
            "member": {"shape": "HyperParameterTuningJobSummary"},
        },
        "HyperParameterTuningJobSummary": _structure(
            "HyperParameterTuningJobName",
            "HyperParameterTuningJobArn",
            "HyperParameterTuningJobStatus",
            HyperParameterTuningJobName="String",
            HyperParameterTuningJobArn="String",
            HyperParameterTuningJobStatus="String",
            CreationTime="Timestamp",
            HyperParameterTuningEndTime="Timestamp",
            TrainingJobStatusCounters="TrainingJobStatusCounters",
            ResourceLimits="ResourceLimits",
        ),
        "HyperParameterTuningJobConfig": _structure(ResourceLimits="ResourceLimits"),
        "ResourceLimits": _structure(MaxNumberOfTrainingJobs="Integer"),
        "TrainingJobStatusCounters": _structure(
            Completed="Integer",
            InProgress="Integer",
            RetryableError="Integer",
            NonRetryableError="Integer",
            Stopped="Integer",
        ),
        "HyperParameterTrainingJobSummary": _structure(
            TrainingJobName="String",
            TunedHyperParameters="HyperParameters",
            FinalHyperParameterTuningJobObjectiveMetric="FinalHyperParameterTuningJobObjectiveMetric",
        ),
        "HyperParameters": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
        "FinalHyperParameterTuningJobObjectiveMetric": _structure(Value="MetricValue"),
    },
}


def _epoch_seconds(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float(parse_timestamp(value).timestamp())


class _PollingLoader(Loader):
    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if (service_name, type_name) == ("sagemaker", "service-2"):
            return API
        return super().load_service_model(service_name, type_name, api_version)


_loader = _PollingLoader()
"""One loader for all connections: botocore's files (regions, endpoint rules) take 7 MB each time they are loaded."""


class PollingHook(ConnectionHook):
    """Uses the amazon provider's ``aws`` connection in all its forms; ``conn`` is the client.

    botocore's own retries are off: the poller backs off, counts calls and waits by itself. And a hanging call
    ends sooner than after botocore's minute, unless the connection or the caller says when.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        super().__init__(client_type="sagemaker", **settings.as_hook_kwargs())

    def get_session(self, *args: Any, **kwargs: Any) -> Any:
        """Return a session whose clients know only :data:`API` and read times as numbers."""
        session = super().get_session(*args, **kwargs)
        core = session._session
        core.register_component("data_loader", _loader)
        # A datetime with the machine's time zone takes a third of the time that reading a page takes.
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_epoch_seconds)
        return session

    @cached_property
    def conn(self) -> Any:
        """The client."""
        ours = Config(connect_timeout=10, read_timeout=30)
        once = Config(retries={"total_max_attempts": 1, "mode": "standard"})
        client: Any = self.get_client_type(config=ours.merge(self.config).merge(once))
        return client
