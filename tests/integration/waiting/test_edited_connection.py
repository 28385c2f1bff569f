"""A connection that is edited while tasks wait: each wait belongs to what the connection held when it began."""

from __future__ import annotations

import asyncio
import json

import pytest

from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.waiting import connection_content, subscription
from airflow_hpt_provider.waiting.connection_content import ConnectionContent, content_hash
from airflow_hpt_provider.waiting.deferral_backoff import delay_after
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from tests.integration.waiting.conftest import end, jobs, until, waiter, within
from tests.support.scripted_sagemaker import ScriptedEndpoint, ScriptedSageMaker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

SETTINGS = ConnectionSettings("edited")


@pytest.fixture
def accounts(monkeypatch):
    """Two endpoints; the connection leads to the first."""
    monkeypatch.setenv("AIRFLOW__HPT__POLLING_CALLS_PER_SECOND", "500")
    monkeypatch.setenv("AIRFLOW__HPT__MIN_POLL_INTERVAL", "0.1")
    monkeypatch.setattr(subscription.BACKOFF, "cap", 0.1)
    with ScriptedEndpoint(ScriptedSageMaker()) as first, ScriptedEndpoint(ScriptedSageMaker()) as second:
        monkeypatch.setenv("AIRFLOW_CONN_EDITED", first.connection())
        yield first, second


def begin(job, **kwargs):
    return asyncio.create_task(SharedPoller.wait_for(SETTINGS, waiter(job.name, **kwargs)))


async def test_a_wait_that_begins_after_the_edit_goes_to_the_new_account(accounts, monkeypatch, caplog):
    first, second = accounts
    (old,), (new,) = jobs(1, prefix="old"), jobs(1, prefix="new")
    first.script.add([old])
    second.script.add([new])
    before = begin(old)
    await until(lambda: first.script.calls["Describe"] >= 2)
    monkeypatch.setenv("AIRFLOW_CONN_EDITED", second.connection())
    after = begin(new)
    await until(lambda: second.script.calls["Describe"] >= 2)
    assert "has been edited" in caplog.text, "the reading of the connection was a moment old"
    end([new])
    assert (await within(after)).name == new.name
    polls = first.script.calls["Describe"]
    await until(lambda: first.script.calls["Describe"] > polls)
    assert not before.done(), "the wait from before keeps its account"
    end([old])
    assert (await within(before)).name == old.name


async def test_an_old_reading_of_the_connection_is_not_used(accounts, monkeypatch, caplog):
    first, second = accounts
    (old,), (new,) = jobs(1, prefix="old", ends=0.0), jobs(1, prefix="new", ends=0.0)
    first.script.add([old])
    second.script.add([new])
    await within(begin(old))
    monkeypatch.setenv("AIRFLOW_CONN_EDITED", second.connection())
    poller = await SharedPoller.current(SETTINGS, max_age=0.0)
    calls = first.script.calls.total()
    assert (await within(begin(new))).name == new.name
    assert first.script.calls.total() == calls
    assert poller is await SharedPoller.current(SETTINGS)
    assert "has been edited" not in caplog.text


async def test_a_job_that_exists_nowhere_is_not_found(accounts):
    with pytest.raises(TuningJobNotFoundError):
        await within(begin(jobs(1, prefix="none")[0]))


async def test_an_event_wakes_waits_from_before_the_edit(accounts, monkeypatch):
    first, second = accounts
    (old,) = jobs(1, prefix="old")
    first.script.add([old])
    task = begin(old, poll_interval=3600.0, has_events=True)
    await until(lambda: first.script.calls["Describe"] >= 1)
    monkeypatch.setenv("AIRFLOW_CONN_EDITED", second.connection())
    end([old])
    (await SharedPoller.current(SETTINGS, max_age=0.0)).poll_soon(old.name)
    assert (await within(task)).status == "Completed"


async def test_unused_pollers_are_forgotten(accounts, monkeypatch):
    from airflow_hpt_provider.waiting.shared_poller import _watchers

    first, _ = accounts
    for number in range(5):
        monkeypatch.setenv("AIRFLOW_CONN_EDITED", first.connection(f"key-{number}"))
        await SharedPoller.current(SETTINGS, max_age=0.0)
    assert len(_watchers[asyncio.get_running_loop()]) == 1


def test_the_hash_follows_every_member_and_shows_none(accounts, monkeypatch):
    first, _ = accounts
    seen = {content_hash(SETTINGS), content_hash(SETTINGS)}
    assert len(seen) == 1
    for change in ({"password": "other"}, {"login": "other"}, {"extra": {"region_name": "eu-west-1"}}):
        monkeypatch.setenv("AIRFLOW_CONN_EDITED", json.dumps(json.loads(first.connection()) | change))
        seen.add(content_hash(SETTINGS))
    assert len(seen) == 4
    assert not any("secret" in each for each in seen)
    monkeypatch.delenv("AIRFLOW_CONN_EDITED")
    assert content_hash(ConnectionSettings(None)) == ""


async def test_the_last_hash_counts_while_the_connection_cannot_be_read(accounts, monkeypatch):
    content = ConnectionContent(SETTINGS)
    before = await content.get(0.0)

    def away(settings):
        raise RuntimeError("Airflow is away")

    monkeypatch.setattr(connection_content, "content_hash", away)
    assert await content.get(0.0) == before != ""


def test_a_worker_backs_off():
    delays = [delay_after(misses) for misses in range(1, 100)]
    assert delays[:4] == [5.0, 10.0, 20.0, 40.0]
    assert set(delays[4:]) == {60.0}
