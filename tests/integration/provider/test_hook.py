"""HyperParameterTuningHook against the local service."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from airflow_hpt_provider.exceptions import TuningConnectionError, TuningJobNotFoundError
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import make

pytestmark = pytest.mark.integration


@pytest.fixture
def finished(config, first_try):
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 6
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.2)
    return task.execute(first_try.context(task))["tuning_job_name"]


def test_the_way_of_a_job(gated, gate, hook, first_try):
    name = f"way-{first_try.run_id[-12:]}"
    arn = hook.create(TuningJobRequest.model_validate(gated).with_name(name))
    assert hook.describe(name).hyper_parameter_tuning_job_arn == arn
    assert name in [summary.name for summary in hook.list(name_contains=name)]
    assert name in [summary.name for summary in hook.list(status="InProgress")]
    hook.add_tags(arn, {"team": "a"})
    assert hook.tags(arn)["team"] == "a"
    assert hook.stop(name) is True
    assert hook.stop("no-such-job") is False


@pytest.mark.parametrize(("status", "stops"), [("Stopping", True), ("Stopped", False), ("Completed", False)])
def test_sagemaker_may_refuse_to_stop_what_stops_or_has_ended(status, stops, finished, hook, monkeypatch):
    """Which statuses it refuses is not documented; the local service takes a job that stops already."""
    refusal = {"Error": {"Code": "ValidationException", "Message": "in a status that cannot be stopped"}}
    hook.conn.meta.events.register(
        "before-call.sagemaker.StopHyperParameterTuningJob",
        lambda **_: (SimpleNamespace(status_code=400), refusal),
    )
    described = hook.describe(finished).model_copy(update={"hyper_parameter_tuning_job_status": status})
    monkeypatch.setattr(hook, "describe", lambda name: described)
    assert hook.stop(finished) is stops


def test_trials_come_best_first_and_in_pages(finished, hook):
    values = [trial.final_metric for trial in hook.training_jobs(finished)]
    assert len(values) == 6
    assert values == sorted(values), "minimised: the smallest first"
    assert [trial.final_metric for trial in hook.training_jobs(finished, limit=2)] == values[:2]
    pages = hook.pages(
        "list_training_jobs_for_hyper_parameter_tuning_job",
        "TrainingJobSummaries",
        {"HyperParameterTuningJobName": finished, "MaxResults": 2},
    )
    assert len({page["TrainingJobName"] for page in pages}) == 6


def test_the_best_training_job_has_artifact_and_image(finished, hook):
    best = hook.best_training_job(hook.describe(finished))
    assert best.final_metric == min(trial.final_metric for trial in hook.training_jobs(finished))
    assert best.model_artifact.endswith(f"{best.training_job_name}/output/model.tar.gz")
    assert best.training_image.endswith("quick:1")


def test_trials_as_a_dataframe(finished, hook):
    pytest.importorskip("pandas")
    frame = hook.training_jobs_dataframe(finished)
    assert len(frame) == 6
    assert frame["x"].dtype == "float64"
    best = frame.sort_values("objective").iloc[0]
    assert best["training_job_name"] == next(iter(hook.training_jobs(finished, limit=1))).training_job_name


def test_failures_are_grouped(failing, hook, first_try):
    task = make(HyperParameterTuningJobOperator, config=failing, wait_for_completion=False, deferrable=False)
    name = task.execute(first_try.context(task))["tuning_job_name"]
    hook.wait(name, poll_interval=0.1)
    (group,) = hook.failures(name)
    assert "the data has no label column" in group.reason
    assert group.count == hook.describe(name).training_job_status_counters.failed
    assert len(group.training_job_names) == min(group.count, 5)


def test_a_missing_job(hook):
    with pytest.raises(TuningJobNotFoundError, match="Tuning job 'no-such-job' does not exist"):
        hook.describe("no-such-job")


def test_expired_credentials_are_read_again_from_the_connection(service, monkeypatch, hook):
    """The connection changes under a hook that has worked before: the next call builds a new client."""
    assert list(hook.list(limit=1)) is not None
    good = service.airflow_connection
    monkeypatch.setenv(
        "AIRFLOW_CONN_AWS_DEFAULT", json.dumps({**json.loads(good), "password": "rotated-away"})
    )
    hook.reset()
    hook.conn  # noqa: B018 - a client with the stale secret
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", good)
    assert list(hook.list(limit=1)) is not None


@pytest.mark.parametrize("region", ["us-east-1", None])
def test_every_form_of_connection(service, monkeypatch, region):
    """Service-wide and per-service endpoints, and an assumed role."""
    base = json.loads(service.airflow_connection)
    extra = base["extra"]
    per_service = {
        "region_name": region or "us-east-1",
        "service_config": {"sagemaker": {"endpoint_url": extra["endpoint_url"]}},
    }
    assumed = {
        **extra,
        # The amazon provider asks a connection-wide endpoint for everything but the role.
        "service_config": {"sts": {"endpoint_url": extra["endpoint_url"]}},
        "role_arn": "arn:aws:iam::123456789012:role/tuning",
        "assume_role_kwargs": {"RoleSessionName": "airflow"},
    }
    for name, variant in (("PER_SERVICE", per_service), ("ASSUMED", assumed)):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({**base, "extra": variant}))
        hook = HyperParameterTuningHook(aws_conn_id=name.lower(), config={"retries": {"max_attempts": 2}})
        assert isinstance(list(hook.list(limit=1)), list)


@pytest.fixture
def own_credentials(service, monkeypatch):
    """What a process may have without any connection: keys that lead to some account."""
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)


def test_a_connection_that_does_not_exist_is_not_replaced_by_the_process_own_credentials(own_credentials):
    hook = HyperParameterTuningHook(aws_conn_id="aws_defautl")
    for _ in range(2):
        with pytest.raises(
            TuningConnectionError, match="aws_conn_id='aws_defautl': the Airflow connection does not exist"
        ):
            hook.describe("a-job")


@pytest.mark.parametrize("aws_conn_id", [None, "aws_default"])
def test_without_any_connection_boto3_finds_the_credentials(aws_conn_id, own_credentials, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_AWS_DEFAULT")
    with pytest.raises(TuningJobNotFoundError):
        HyperParameterTuningHook(aws_conn_id=aws_conn_id).describe("a-job")


def test_a_connection_without_region_says_where_to_give_one(monkeypatch):
    monkeypatch.setenv(
        "AIRFLOW_CONN_NOWHERE", json.dumps({"conn_type": "aws", "login": "a", "password": "b"})
    )
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(
        TuningConnectionError,
        match=r"region_name must be set, but connection 'nowhere' has none\. Pass region_name=",
    ):
        HyperParameterTuningHook(aws_conn_id="nowhere").describe("a-job")
