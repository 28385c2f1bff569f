"""Whatever a response holds: it ends no wait, delivers and stops nothing, and a good one that follows counts."""

from __future__ import annotations

import asyncio
import math
import time

import pytest
from botocore.exceptions import BotoCoreError, ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_hpt_provider.hooks.polling import PollingHook
from airflow_hpt_provider.hooks.responses import BadResponseError
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.retries.calls import FullJitter
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.waiting import rate_limited_client, shared_poller, subscription
from airflow_hpt_provider.waiting.blocking_poller import poll_until_done
from airflow_hpt_provider.waiting.limits import WaitLimits
from airflow_hpt_provider.waiting.outcome import outcome_of
from airflow_hpt_provider.waiting.progress import ProgressLog
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from airflow_hpt_provider.waiting.snapshot import JobSnapshot
from tests.integration.waiting.conftest import waiter
from tests.support.lying_endpoint import Lie, LyingEndpoint, lies, plausible_lies
from tests.support.scripted_sagemaker import ScriptedJob, ScriptedSageMaker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

NAME = "Honest-Job"
SETTINGS = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def job():
    return ScriptedJob(NAME, created=time.time() - 60, ends=time.time() + 86_400)


@pytest.fixture
def liar(job, monkeypatch):
    script = ScriptedSageMaker()
    script.add([job, *(ScriptedJob(f"other-{n}", job.created, job.ends) for n in range(3))])
    with LyingEndpoint(script) as running:
        once = {"config_kwargs": {"retries": {"total_max_attempts": 1}}}
        monkeypatch.setenv("AIRFLOW_CONN_LIAR", running.connection(**once))
        yield running


@pytest.fixture
def hook(liar):
    """One for all examples: to make a client takes a second."""
    hook = ConnectionSettings("liar").hook()
    hook.ready()
    return hook


@pytest.fixture
def client(liar):
    return PollingHook(ConnectionSettings("liar")).conn


def poll(client) -> JobSnapshot:
    return JobSnapshot.of_answer(client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=NAME))


@settings(SETTINGS, max_examples=300)
@given(data=st.data())
def test_no_lie_is_taken_for_an_end_or_for_a_mistake_of_the_users(liar, hook, client, data):
    lie = data.draw(lies())
    for call in (
        lambda: JobSnapshot.of_description(hook.describe_once(NAME)),
        lambda: rate_limited_client._send(
            client, "describe_hyper_parameter_tuning_job", {"HyperParameterTuningJobName": NAME}
        ),
        lambda: rate_limited_client._send(client, "list_hyper_parameter_tuning_jobs", {}),
    ):
        liar.lies.append(lie)
        seen, error = outcome(call)
        if error is not None:
            assert classify(error, connection_worked=True) is ErrorClass.TRANSIENT, repr(error)
            if lie.status == 200:  # an error page may be the user's own proxy, and his mistake
                assert classify(error) is ErrorClass.TRANSIENT, "also at the very first call"
                assert isinstance(error, BotoCoreError)
        else:
            for one in seen_in(seen):
                assert outcome_of(one.status) is None
                assert one.arn.lower().endswith("/" + one.name.lower())
                assert all(0 <= count < 2**31 for count in one.counters)
                assert one.best_metric is None or isinstance(one.best_metric, float)
                assert math.isfinite(one.created or 0.0)
                ProgressLog(hook.log)(one)
        assert not liar.lies
    assert hook.describe_once(NAME).name == NAME
    assert poll(client).status == "InProgress"


def outcome(call):
    try:
        return call(), None
    except Exception as error:
        return None, error


def seen_in(answer) -> list[JobSnapshot]:
    if isinstance(answer, JobSnapshot):
        assert answer.name.lower() == NAME.lower()
        return [answer]
    if "HyperParameterTuningJobSummaries" in answer:
        return [JobSnapshot.of_answer(each) for each in answer["HyperParameterTuningJobSummaries"]]
    assert answer["HyperParameterTuningJobName"].lower() == NAME.lower()
    return [JobSnapshot.of_answer(answer)]


@pytest.mark.parametrize("deferred", [True, False], ids=["triggerer", "worker"])
@settings(SETTINGS, max_examples=25)
@given(some=st.lists(lies() | plausible_lies(), min_size=1, max_size=4))
def test_a_wait_survives_lies_and_ends_by_the_truth(liar, hook, job, monkeypatch, deferred, some):
    monkeypatch.setattr(subscription.BACKOFF, "base", 0.01)
    monkeypatch.setattr(subscription, "retry_after", lambda error: 0.0)
    monkeypatch.setattr(shared_poller, "retry_after", lambda error: 0.0)
    monkeypatch.setattr(rate_limited_client, "retry_after", lambda error: 0.0)
    monkeypatch.setattr("airflow_hpt_provider.waiting.blocking_poller.retry_after", lambda error: 0.0)
    monkeypatch.setattr(shared_poller, "GATHER", 0.0)
    job.ends, liar.sent = time.time() + 86_400, 0

    def begin() -> None:
        """The first response of a wait is true: the connection has worked."""
        liar.lies.extend([Lie(), *some, Lie(body=end)])

    def end(true: bytes) -> bytes:
        job.ends = time.time() - 1
        return true

    begin()
    if deferred:

        async def wait() -> JobSnapshot:
            settings_ = ConnectionSettings(
                "liar", botocore_config={"user_agent_extra": str(time.monotonic())}
            )
            async with asyncio.timeout(60):
                return await SharedPoller(settings_).wait(waiter(NAME, poll_interval=0.01))

        seen = asyncio.run(wait())
    else:
        description = poll_until_done(
            lambda: hook.describe_once(NAME),
            WaitLimits(NAME, seen=True),
            poll_interval=0.01,
            backoff=FullJitter(base=0.01),
        )
        seen = JobSnapshot.of_description(description)
    assert (seen.name, seen.arn, seen.status) == (NAME, job.arn, "Completed")
    assert not liar.lies
    assert liar.sent == len(some) + 2
    assert not liar.script.calls["Stop"]


@pytest.mark.parametrize("body", [b"null", b"<html>ok</html>", b"[]", b'{"Tags": [{"Key": "a"', b'"x"'])
def test_tags_that_cannot_be_read_are_not_taken_for_none(liar, hook, body, monkeypatch):
    monkeypatch.setattr(hook, "call", hook.call_once)
    liar.lies.append(Lie(body=lambda true: body))
    with pytest.raises(BadResponseError):
        hook.tags("arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/honest-job")


def test_a_stop_is_not_believed_from_a_page_of_html(liar, hook, monkeypatch):
    monkeypatch.setattr(hook, "call", hook.call_once)
    liar.lies.append(Lie(body=lambda true: b"<html>Log in to the guest network</html>"))
    with pytest.raises(BadResponseError):
        hook.stop(NAME)
    assert hook.stop(NAME) is True


def test_the_response_about_another_job_is_refused(liar, hook):
    for lie in (
        Lie(body=lambda true: true.replace(NAME.encode(), b"Other-Job")),
        Lie(body=lambda true: true.replace(b"/honest-job", b"/other-job")),
        Lie(body=lambda true: true.replace(b"hyper-parameter-tuning-job/", b"training-job/")),
    ):
        liar.lies.append(lie)
        with pytest.raises(BadResponseError):
            hook.describe_once(NAME)
    assert hook.describe_once(NAME.lower()).name == NAME, "names compare in any case, as AWS does"


def test_a_job_keeps_its_arn(liar, hook):
    assert hook.describe_once(NAME).name == NAME
    liar.lies.append(Lie(body=lambda true: true.replace(b":123456789012:", b":000000000000:")))
    with pytest.raises(BadResponseError, match="000000000000"):
        hook.describe_once(NAME)


def test_a_caller_s_own_mistake_keeps_its_class(liar, hook):
    hook.describe_once(NAME)
    with pytest.raises(ParamValidationError) as raised:
        hook.call("describe_hyper_parameter_tuning_job", HyperParameterTuningJobName=7)
    assert classify(raised.value, connection_worked=True) is ErrorClass.FATAL
