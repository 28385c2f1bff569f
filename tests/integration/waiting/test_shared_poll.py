"""SharedPoller: many waiters, one poll, whatever the service does in the meantime."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import (
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.waiting import rate_limited_client
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from tests.integration.waiting.conftest import end, jobs, until, waiter
from tests.support.scripted_sagemaker import DENIED, EXPIRED, RESET, THROTTLED, UNAVAILABLE, Fault

WAIT_SECONDS = 60
pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


def waiting_for(watching, some, **kwargs):
    return [asyncio.create_task(watching.wait(waiter(job.name, **kwargs))) for job in some]


async def all_of(tasks):
    async with asyncio.timeout(WAIT_SECONDS):
        return await asyncio.gather(*tasks)


async def test_a_list_page_serves_a_hundred_waiters(watching, script):
    some = jobs(100)
    script.add(some)
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls["List"] >= 4)
    assert script.calls["Describe"] <= script.calls["List"], "one a round, for the best of one job"
    end(some[:50])
    end(some[50:], "Failed")
    seen = await all_of(tasks)
    assert [one.status for one in seen] == ["Completed"] * 50 + ["Failed"] * 50
    assert [one.name for one in seen] == [job.name for job in some]
    # The lists showed which jobs had completed; only the others were described one by one.
    assert script.calls["Describe"] <= 50 + script.calls["List"]


async def test_a_few_waiters_are_described_when_that_is_cheaper_than_all_the_pages(watching, script):
    others = jobs(1500, prefix="other")
    mine = jobs(3)
    script.add([*others, *mine])
    tasks = waiting_for(watching, mine)
    await until(lambda: script.calls["Describe"] >= 30)
    assert script.calls["List"] <= 16, "one round of lists shows how many pages there are"
    end(mine)
    await all_of(tasks)


async def test_waiters_come_and_go_and_leave_nothing_behind(watching, script):
    some = jobs(40)
    script.add(some)
    first = waiting_for(watching, some[:20])
    await until(lambda: script.calls["List"] >= 1)
    second = waiting_for(watching, some[10:])  # ten jobs have two waiters now
    await until(lambda: script.calls["List"] >= 3)
    for task in first:
        task.cancel()
    assert all(
        isinstance(e, asyncio.CancelledError) for e in await asyncio.gather(*first, return_exceptions=True)
    )
    assert sum(map(len, watching._waiters.values())) == 30
    end(some)
    assert len(await all_of(second)) == 30
    await until(lambda: watching._poll is None)
    assert not watching._waiters
    assert watching._client._executor is None
    calls = script.calls.total()
    await asyncio.sleep(0.5)
    assert script.calls.total() == calls, "no wait, no call"


async def test_it_polls_again_for_a_wait_that_begins_after_the_last_has_ended(watching, script):
    for round_ in range(2):
        some = jobs(1, ends=0.0, prefix=f"round{round_}")
        script.add(some)
        assert (await all_of(waiting_for(watching, some)))[0].status == "Completed"
        await until(lambda: watching._poll is None)


async def test_names_that_differ_in_case_are_one_job(watching, script):
    some = jobs(2, prefix="MyJob")
    script.add([*some, *jobs(10, prefix="other")])
    tasks = [
        asyncio.create_task(watching.wait(waiter(name)))
        for name in ("myjob-0000", "MYJOB-0000", "MyJob-0000", "myjob-0001")
    ]
    await until(lambda: script.calls["List"] >= 2)
    end(some)
    assert {one.name for one in await all_of(tasks)} == {"MyJob-0000", "MyJob-0001"}


async def test_fresh_jobs_that_no_list_shows_yet_are_described(watching, script):
    fresh = jobs(20, listed_from=1e12)
    script.add(fresh)
    tasks = waiting_for(watching, fresh)
    await until(lambda: script.calls["Describe"] >= 60)
    assert not any(task.done() for task in tasks)
    end(fresh)
    assert {one.status for one in await all_of(tasks)} == {"Completed"}


async def test_jobs_that_stop_while_pages_are_read_are_not_lost(watching, script):
    some = jobs(350)
    script.add(some)
    script.delay = 0.02
    tasks = waiting_for(watching, some)
    for start in range(0, 350, 50):
        await until(lambda seen=script.calls["List"]: script.calls["List"] > seen)
        end(some[start : start + 50], "Stopped")
        script.add(jobs(30, prefix=f"more{start}"))
    assert {one.status for one in await all_of(tasks)} == {"Stopped"}


async def test_where_listing_is_denied_jobs_are_described_and_it_is_said_once(watching, script, caplog):
    script.denied = {"List"}
    some = jobs(30)
    script.add(some)
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls["Describe"] >= 120)
    end(some)
    await all_of(tasks)
    assert script.calls["List"] == 1
    assert caplog.text.count("allow sagemaker:ListHyperParameterTuningJobs") == 1


async def test_a_fatal_error_ends_only_the_waiter_it_is_about(watching, script):
    script.denied = {"List"}
    some = jobs(2)
    script.add(some)
    good = waiting_for(watching, some)
    await until(lambda: script.calls["Describe"] >= 3)
    script.faults.append(DENIED)
    results = await asyncio.wait(good, return_when=asyncio.FIRST_COMPLETED, timeout=WAIT_SECONDS)
    (done,), (pending,) = results
    with pytest.raises(ClientError, match="AccessDenied"):
        done.result()
    end(some)
    assert (await all_of([pending]))[0].status == "Completed"


async def test_missing_and_deleted_jobs_are_reported(watching, script, monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.waiting.subscription.BACKOFF.cap", 0.05)
    some = jobs(2)
    script.add(some)
    with pytest.raises(TuningJobNotFoundError, match="does not exist here"):
        await all_of([watching.wait(waiter("no-such-job"))])
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls["Describe"] + script.calls["List"] >= 8)
    script.remove(some[0].name)
    with pytest.raises(TuningJobNotFoundError, match="it was deleted"):
        await all_of(tasks[:1])
    end(some)
    await all_of(tasks[1:])


@pytest.mark.parametrize("fault", [THROTTLED, RESET, UNAVAILABLE], ids=["throttled", "reset", "503"])
async def test_trouble_never_ends_a_wait(watching, script, fault, monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.waiting.subscription.BACKOFF.cap", 0.3)
    monkeypatch.setattr("airflow_hpt_provider.waiting.shared_poller.PAGE_BACKOFF.cap", 0.1)
    some = jobs(20)
    script.add(some)
    script.faults.extend([fault] * 10)  # more than a page is tried: whole rounds fail
    tasks = waiting_for(watching, some)
    await until(lambda: not script.faults)
    end(some)
    assert len(await all_of(tasks)) == 20


async def test_one_call_in_five_failing_loses_no_wait(watching, script, monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.waiting.subscription.BACKOFF.cap", 0.3)
    monkeypatch.setattr("airflow_hpt_provider.waiting.shared_poller.PAGE_BACKOFF.cap", 0.1)
    script.fault_rate = 0.2
    some = jobs(250)
    script.add(some)
    tasks = waiting_for(watching, some)
    for start in range(0, 250, 50):
        await until(lambda seen=script.calls["List"]: script.calls["List"] > seen)
        end(some[start : start + 50], "Completed" if start % 100 else "Stopped")
    assert len(await all_of(tasks)) == 250


async def test_retry_after_is_kept_to(watching, script):
    (job,) = jobs(1)
    script.add([job])
    script.faults.append(Fault(400, "ThrottlingException", retry_after=1.5))
    task = waiting_for(watching, [job])
    await until(lambda: script.calls["Describe"] >= 2)
    (first, _), (second, _) = script.times[:2]
    assert second - first >= 1.5
    end([job])
    await all_of(task)


async def test_all_groups_of_an_account_share_one_budget(watching, script, endpoint, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SECOND", endpoint.connection())
    other = SharedPoller.shared(ConnectionSettings("second"))
    assert other is not watching
    some = jobs(2)
    script.add(some)
    tasks = [*waiting_for(watching, some[:1]), *waiting_for(other, some[1:])]
    await until(lambda: watching._client._shares_budget and other._client._shares_budget)
    assert watching._client._budget is other._client._budget
    end(some)
    await all_of(tasks)
    await until(lambda: other._poll is None)


async def test_keys_that_are_rotated_in_the_connection_are_read_again(
    watching, script, endpoint, monkeypatch
):
    monkeypatch.setattr("airflow_hpt_provider.waiting.subscription.BACKOFF.cap", 0.2)
    some = jobs(20)
    script.add(some)
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls["List"] >= 2)
    script.refused_keys = {"scripted-key"}
    calls = script.calls.total()
    await until(lambda: script.calls.total() >= calls + 5)
    assert not any(task.done() for task in tasks)
    monkeypatch.setenv("AIRFLOW_CONN_SCRIPTED", endpoint.connection("rotated-key"))
    await until(lambda: "rotated-key" in script.keys_seen)
    end(some)
    assert len(await all_of(tasks)) == 20


@pytest.mark.parametrize("instead", ["not a connection at all", None])
async def test_a_connection_that_vanishes_for_a_while_does_not_end_the_wait(
    watching, script, endpoint, monkeypatch, instead
):
    monkeypatch.setattr("airflow_hpt_provider.waiting.subscription.BACKOFF.cap", 0.2)
    some = jobs(20)
    script.add(some)
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls["List"] >= 2)
    monkeypatch.delenv("AIRFLOW_CONN_SCRIPTED")
    if instead:
        monkeypatch.setenv("AIRFLOW_CONN_SCRIPTED", instead)
    else:  # the process' own credentials are no substitute: they may be those of an account without these jobs
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own-key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own-secret")
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    script.refused_keys = {"scripted-key"}
    await until(lambda: watching._client._boto3 is None)
    await asyncio.sleep(1)
    assert not any(task.done() for task in tasks)
    monkeypatch.setenv("AIRFLOW_CONN_SCRIPTED", endpoint.connection("new-key"))
    end(some)
    assert len(await all_of(tasks)) == 20
    assert "own-key" not in script.keys_seen


async def test_the_deadline_ends_the_wait_after_a_last_poll(watching, script):
    some = jobs(10)
    script.add(some)
    late = waiting_for(
        watching, some[:5], deadline=datetime.now(UTC) + timedelta(seconds=5), poll_interval=60
    )
    on_time = waiting_for(
        watching, some[5:], deadline=datetime.now(UTC) + timedelta(seconds=5), poll_interval=60
    )
    await until(lambda: script.calls["List"] >= 1)
    end(some[5:])
    assert len(await all_of(on_time)) == 5
    for task in late:
        with pytest.raises(TuningJobTimeoutError, match="had not ended by"):
            await all_of([task])


async def test_an_event_that_comes_in_the_middle_of_a_round_is_not_forgotten(watching, script):
    """The poll before it still showed the job running; the next one must not come a whole interval later."""
    some = jobs(2)
    script.add(some)
    both = [waiter(job.name, poll_interval=3600.0, has_events=True) for job in some]
    shown = []

    def poll_the_other(name):
        def on_poll(seen):
            if name not in shown:  # its first poll; the other's was in this round, or is about to be
                shown.append(name)
                watching.poll_soon(next(job.name for job in some if job.name != name))

        return on_poll

    for one in both:
        one.on_poll = poll_the_other(one.tuning_job_name)
    waiting = [asyncio.create_task(watching.wait(one)) for one in both]
    await until(lambda: len(shown) == 2)
    end(some)
    assert len(await all_of(waiting)) == 2


async def test_unreachable_for_too_long_ends_the_wait_and_reachable_again_does_not(
    watching, script, monkeypatch
):
    monkeypatch.setattr("airflow_hpt_provider.waiting.subscription.BACKOFF.cap", 0.2)
    some = jobs(2)
    script.add(some)
    impatient = waiting_for(watching, some[:1], unreachable_timeout=timedelta(seconds=1))
    patient = waiting_for(watching, some[1:])
    await until(lambda: script.calls["Describe"] + script.calls["List"] >= 3)
    script.down = True
    with pytest.raises(TuningServiceUnreachableError, match="It may still be running"):
        await all_of(impatient)
    script.down = False
    end(some)
    assert (await all_of(patient))[0].status == "Completed"


async def test_a_poll_that_dies_is_started_again(watching, script, monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.waiting.shared_poller.RESTART_SECONDS", 0.05)
    some = jobs(3)
    script.add(some)
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls.total() >= 2)
    watching._poll.cancel()
    calls = script.calls.total()
    await until(lambda: script.calls.total() >= calls + 3)
    end(some)
    assert len(await all_of(tasks)) == 3


async def test_an_unreadable_response_strands_no_wait(watching, script, monkeypatch, caplog):
    monkeypatch.setattr("airflow_hpt_provider.waiting.shared_poller.PAGE_BACKOFF.cap", 0.05)
    some = jobs(3)
    script.add(some)
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls.total() >= 2)
    plan = watching._plan
    monkeypatch.setattr(watching, "_plan", lambda *_: 1 / 0)
    await until(lambda: "Unexpected error while polling" in caplog.text)
    monkeypatch.setattr(watching, "_plan", plan)
    end(some)
    assert len(await all_of(tasks)) == 3


async def test_progress_comes_from_the_lists_in_the_waiters_own_context(watching, script):
    import contextvars

    who = contextvars.ContextVar("who")
    some = jobs(120, training_jobs=1000)
    for job in some:
        job.ends = job.created + 600
    script.add(some)
    reported: dict[str, set[tuple[int, ...]]] = {}

    async def wait(job):
        who.set(job.name)

        def on_poll(seen):
            reported.setdefault(f"{who.get()} {seen.name}", set()).add(seen.counters)

        return await watching.wait(waiter(job.name, on_poll=on_poll))

    tasks = [asyncio.create_task(wait(job)) for job in some]
    await until(lambda: len(reported) == 120 and all(len(counters) >= 3 for counters in reported.values()))
    assert set(reported) == {f"{job.name} {job.name}" for job in some}
    assert script.calls["Describe"] <= script.calls["List"] / 2, "one a round, for the best of one job"
    end(some)
    await all_of(tasks)


async def test_many_that_end_together_are_described_in_parallel_within_a_limit(watching, script):
    some = jobs(60)
    script.add(some)
    script.delay = 0.05
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls["List"] >= 2)
    end(some, "Failed")
    await all_of(tasks)
    assert 2 <= script.concurrency <= rate_limited_client.WORKERS


async def test_the_loop_is_not_blocked(watching, script):
    some = jobs(500)
    script.add(some)
    worst = 0.0
    loop = asyncio.get_running_loop()

    async def beat():
        nonlocal worst
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            worst = max(worst, loop.time() - before - 0.01)

    heart = asyncio.create_task(beat())
    tasks = waiting_for(watching, some)
    await until(lambda: script.calls["List"] >= 10)
    end(some)
    await all_of(tasks)
    heart.cancel()
    assert worst < 2.0, "generous, for a busy machine; the benchmark measures it"


def test_a_loop_that_is_closed_during_a_wait_ends_quietly(script, endpoint, caplog):
    some = jobs(1)
    script.add(some)

    async def main():
        task = asyncio.create_task(
            SharedPoller.shared(ConnectionSettings("scripted")).wait(waiter(some[0].name))
        )
        await until(lambda: script.calls.total() >= 1)
        assert not task.done()

    caplog.set_level(logging.WARNING, logger="asyncio")
    asyncio.run(main())
    assert not [r for r in caplog.records if r.name == "asyncio"]


async def test_expired_tokens_at_the_very_first_poll_do_not_end_the_wait(watching, script, monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.waiting.subscription.BACKOFF.cap", 0.2)
    (job,) = jobs(1, ends=0.0)
    script.add([job])
    script.faults.extend([EXPIRED, EXPIRED])
    assert (await all_of(waiting_for(watching, [job])))[0].status == "Completed"
