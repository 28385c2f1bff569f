"""Time limits hold whatever the wire does: responses that drip, an absurd Retry-After, calls that hang."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ReadTimeoutError

from airflow_hpt_provider.exceptions import TuningJobTimeoutError, TuningServiceUnreachableError
from airflow_hpt_provider.hooks import response_time
from airflow_hpt_provider.hooks.polling import PollingHook
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.waiting import blocking_poller, subscription
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from airflow_hpt_provider.waiting.time_limit import CallTimeoutError, call_within
from tests.integration.waiting.conftest import end, jobs, waiter, within
from tests.support.scripted_sagemaker import Fault, ScriptedEndpoint, ScriptedSageMaker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(45)]
"""Below the 60 s that a response may take, and below the 300 s of a Retry-After."""


class DrippingEndpoint(ScriptedEndpoint):
    """Sends a byte of each response every tenth of a second, for ever.

    Attributes:
        where: ``head`` or ``body``.
    """

    where = "body"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            start = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n"
            writer.write(start + (b"X-Slow: " if self.where == "head" else b"Content-Length: 60000\r\n\r\n{"))
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.1)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@pytest.fixture
def dripping(monkeypatch) -> Iterator[DrippingEndpoint]:
    with DrippingEndpoint(ScriptedSageMaker()) as running:
        once = {"config_kwargs": {"retries": {"total_max_attempts": 1}}}
        monkeypatch.setenv("AIRFLOW_CONN_DRIPPING", running.connection(**once))
        yield running


@pytest.fixture
def soon(monkeypatch) -> None:
    for module in (subscription, blocking_poller):
        monkeypatch.setattr(module, "LAST_POLL_SECONDS", 0.5)


def in_a_second() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1)


@pytest.mark.parametrize("where", ["head", "body"])
@pytest.mark.parametrize("poller", [True, False], ids=["triggerer", "worker"])
def test_a_response_that_drips_is_given_up(dripping, monkeypatch, where, poller):
    monkeypatch.setattr(response_time, "RESPONSE_SECONDS", 1.5)
    dripping.where = where
    settings = ConnectionSettings("dripping", botocore_config={"read_timeout": 1})
    client = PollingHook(settings).conn if poller else settings.hook().conn
    with pytest.raises(ReadTimeoutError) as raised:
        client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="any")
    assert classify(raised.value) is ErrorClass.TRANSIENT


async def test_in_the_triggerer_each_wait_ends_at_its_own_limit(dripping, soon):
    poller = SharedPoller.shared(ConnectionSettings("dripping"))
    some = [
        asyncio.create_task(poller.wait(waiter("timed", deadline=in_a_second()))),
        asyncio.create_task(poller.wait(waiter("unlimited"))),
        *(asyncio.create_task(poller.wait(waiter(f"job-{n}", deadline=in_a_second()))) for n in range(8)),
    ]
    for task in (some[0], *some[2:]):
        with pytest.raises(TuningJobTimeoutError):
            await within(task)
    assert not some[1].done()
    some[1].cancel()


async def test_in_the_triggerer_unreachable_counts_while_the_poll_hangs(endpoint, script, soon):
    (job,) = jobs(1)
    script.add([job])
    script.faults.append(Fault(400, "ThrottlingException", retry_after=999_999_999))
    poller = SharedPoller.shared(ConnectionSettings("scripted"))
    with pytest.raises(TuningServiceUnreachableError):
        await within(poller.wait(waiter(job.name, unreachable_timeout=timedelta(seconds=1))))


async def test_in_the_triggerer_retry_after_moves_nobodys_limit(endpoint, script, soon):
    some = jobs(5)
    script.add(some)
    script.faults.extend([Fault(503, "SlowDown", retry_after=999_999_999)] * 20)
    poller = SharedPoller.shared(ConnectionSettings("scripted"))
    tasks = [asyncio.create_task(poller.wait(waiter(job.name, deadline=in_a_second()))) for job in some]
    for task in tasks:
        with pytest.raises(TuningJobTimeoutError):
            await within(task)


async def test_the_last_poll_still_decides(watching, script):
    """The timer gives it some seconds: a job that has ended by its limit is no timeout."""
    some = jobs(3)
    script.add(some)
    script.delay = 0.5
    end(some)
    tasks = [asyncio.create_task(watching.wait(waiter(job.name, deadline=datetime.now(UTC)))) for job in some]
    assert {one.status for one in await within(asyncio.gather(*tasks))} == {"Completed"}


@pytest.mark.timeout(15)
def test_on_a_worker_the_wait_ends_at_its_limit(dripping, soon):
    hook = ConnectionSettings("dripping").hook()
    hook.ready()
    with pytest.raises(TuningJobTimeoutError) as raised:
        hook.wait("any", deadline=in_a_second())
    assert isinstance(raised.value.__cause__, CallTimeoutError)


@pytest.mark.timeout(15)
def test_on_a_worker_measuring_does_not_move_the_limit(endpoint, script, soon):
    (job,) = jobs(1)
    script.add([job])
    hook = ConnectionSettings("scripted").hook()
    released = threading.Event()
    with pytest.raises(TuningJobTimeoutError):
        hook.wait(job.name, deadline=in_a_second(), on_poll=lambda description: released.wait())
    released.set()


def test_a_call_within_a_limit_is_like_a_call():
    assert call_within(9.0, lambda: 7) == 7
    assert call_within(float("inf"), threading.current_thread) is threading.current_thread()
    with pytest.raises(KeyError):
        call_within(9.0, lambda: {}["missing"])
