"""The amazon provider's own tuning operator and sensor, by a connection's endpoint_url alone."""

from __future__ import annotations

import ast
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from airflow.exceptions import AirflowException
from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerTuningOperator,
)
from airflow.providers.amazon.aws.sensors.sagemaker import SageMakerTuningSensor
from dateutil.tz import tzlocal, tzutc

from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.migrate.differences import XCOM
from airflow_hpt_provider.result.resolve import OutcomeResolver
from tests.integration.real_clients.conftest import BUCKET, request

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def aws_connection(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", service.airflow_connection)


def tune(config: dict[str, Any], **options: Any) -> Any:
    operator = SageMakerTuningOperator(
        task_id="tune", config=config, deferrable=False, check_interval=1, **options
    )
    return operator.execute({})["Tuning"]


def test_the_operator_waits_to_the_end(name: str) -> None:
    described = tune(request(name))
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["TrainingJobStatusCounters"]["Completed"] == 3
    assert described["BestTrainingJob"]["TrainingJobName"].startswith(f"{name}-")


def test_our_result_has_the_amazon_results_keys_where_the_table_says(name: str) -> None:
    """The table of ``docs/migrate.md``, next to the two results for one and the same job."""
    theirs = tune(request(name))
    hook = HyperParameterTuningHook()
    ours = OutcomeResolver(hook).result(hook.describe(name)).to_xcom()
    assert theirs.keys() <= XCOM.keys()
    for member, value in theirs.items():
        place = XCOM[member]
        if not place.startswith("["):
            continue
        (key,) = ast.literal_eval(place)
        assert _covers(ours[key], value), f"{member}: {value!r} became {ours[key]!r}"


def _covers(ours: Any, theirs: Any) -> bool:
    """Whether our result has all keys of the amazon provider's, which writes times as Python's ``repr``."""
    if isinstance(theirs, dict):
        return all(key in ours and _covers(ours[key], value) for key, value in theirs.items())
    if isinstance(theirs, str) and theirs.startswith("datetime.datetime("):
        written = eval(theirs, {"datetime": dt, "tzlocal": tzlocal, "tzutc": tzutc})
        return bool(dt.datetime.fromisoformat(ours) == written)
    return bool(ours == theirs)


def test_its_check_of_the_data_in_s3(name: str) -> None:
    """It looks for the channel's prefix before it creates anything."""
    config = request(name)
    source = config["TrainingJobDefinition"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3Uri"] = f"s3://{BUCKET}/nothing-here/"
    with pytest.raises(AirflowException, match="nothing-here"):
        tune(config)


def test_it_expands_the_name_of_a_role(service: LocalService, name: str) -> None:
    service.client("iam").create_role(RoleName="tuner", AssumeRolePolicyDocument="{}")
    config = request(name, 1)
    config["TrainingJobDefinition"]["RoleArn"] = "tuner"
    described = tune(config)
    assert described["TrainingJobDefinition"]["RoleArn"] == "arn:aws:iam::123456789012:role/tuner"


def test_the_sensor_sees_the_end(name: str) -> None:
    tune(request(name), wait_for_completion=False)
    sensor = SageMakerTuningSensor(task_id="wait", job_name=name, poke_interval=1, timeout=180, mode="poke")
    sensor.execute({})


def test_the_sensor_reports_a_failure(name: str) -> None:
    config = request(name, 1)
    config["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"][0]["Regex"] = (
        "never=([0-9]+)"
    )
    tune(config, wait_for_completion=False)
    sensor = SageMakerTuningSensor(task_id="wait", job_name=name, poke_interval=1, timeout=180, mode="poke")
    with pytest.raises(AirflowException, match="No objective metrics found"):
        sensor.execute({})


def test_its_hook_reads_the_log_of_a_training_job(name: str) -> None:
    """What ``print_log`` prints comes from CloudWatch Logs, where SageMaker writes it."""
    best = tune(request(name, 1))["BestTrainingJob"]["TrainingJobName"]
    hook, group = SageMakerHook(), "/aws/sagemaker/TrainingJobs"
    streams = hook.logs_hook.get_conn().describe_log_streams(
        logGroupName=group, logStreamNamePrefix=f"{best}/", orderBy="LogStreamName", limit=1
    )["logStreams"]
    names = [stream["logStreamName"] for stream in streams]
    lines = [event["message"] for _, event in hook.multi_stream_iter(group, names) if event]
    assert len(lines) == 1
    assert lines[0].startswith("objective=")
