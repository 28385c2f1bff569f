"""One poll for many waits: what is listed, what is described, and who hears of it; with a client of the test's own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.waiting import shared_poller
from airflow_hpt_provider.waiting.shared_poller import (
    DENIED_SECONDS,
    DESCRIBE,
    FEW,
    LIST,
    MAX_PAGE_ATTEMPTS,
    REFUSED_SECONDS,
    SharedPoller,
)
from airflow_hpt_provider.waiting.subscription import PollSubscription

SETTINGS = ConnectionSettings("aws")
SERVER_TIME = datetime(2026, 11, 1, tzinfo=UTC)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


DENIED, THROTTLED, GONE = (
    refused(code) for code in ("AccessDeniedException", "ThrottlingException", "ResourceNotFound")
)


class Client:
    """An account in memory: statuses by job; errors by operation, raised in turn."""

    def __init__(self, **jobs: str) -> None:
        self.jobs, self.calls = jobs, []  # type: ignore[var-annotated]
        self.errors: dict[str, list[Exception]] = {}
        self.page = 100
        self.worked, self.server_time, self.closed = False, SERVER_TIME, 0

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        if self.errors.get(operation):
            raise self.errors[operation].pop(0)
        self.worked = True
        if operation == DESCRIBE:
            name = parameters["HyperParameterTuningJobName"]
            if name not in self.jobs:
                raise GONE
            return self._answer(name)
        names = [name for name, status in self.jobs.items() if status == parameters["StatusEquals"]]
        start = int(parameters.get("NextToken", 0))
        page = {
            "HyperParameterTuningJobSummaries": [
                self._answer(name) for name in names[start : start + self.page]
            ]
        }
        return page | ({"NextToken": str(start + self.page)} if start + self.page < len(names) else {})

    def _answer(self, name: str) -> dict[str, Any]:
        return {
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobArn": f"arn:{name}",
            "HyperParameterTuningJobStatus": self.jobs[name],
        }

    def close_threads(self) -> None:
        self.closed += 1

    def named(self, operation: str) -> list[Any]:
        return [parameters for called, parameters in self.calls if called == operation]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATHER", "RESTART_SECONDS"):
        monkeypatch.setattr(shared_poller, name, 0.0)
    monkeypatch.setattr(shared_poller, "PAGE_BACKOFF", SimpleNamespace(after=lambda failures: 0.0))
    monkeypatch.setattr(shared_poller, "min_poll_interval", lambda: 0.0)


def poller(client: Client) -> SharedPoller:
    made = SharedPoller(SETTINGS)
    made._client = client  # type: ignore[assignment]
    return made


def wait(name: str, **options: Any) -> PollSubscription:
    return PollSubscription(tuning_job_name=name, **{"poll_interval": 0.01, **options})


def subscribed(made: SharedPoller, *names: str) -> list[PollSubscription]:
    """Add waits that the test polls for, by itself."""
    waits = [wait(name) for name in names]
    for each in waits:
        made._waiters.setdefault(each.key, []).append(each)
    return waits


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the poller sets no event
            await asyncio.sleep(0)


async def test_waits_of_one_job_share_its_poll_and_leave_nothing() -> None:
    client = Client(job="InProgress")
    made = poller(client)
    tasks = [asyncio.create_task(made.wait(wait(name))) for name in ("job", "job")]
    await until(lambda: len(client.calls) >= 2)
    client.jobs["job"] = "Completed"
    first, second = await asyncio.gather(*tasks)
    assert first is second
    assert (first.status, first.name, first.arn) == ("Completed", "job", "arn:job")
    assert {name for name, _ in client.calls} == {DESCRIBE}
    await until(lambda: made._poll is None)
    assert made._waiters == {}
    assert client.closed == 1


async def test_a_wait_that_is_cancelled_leaves_the_others() -> None:
    client = Client(a="InProgress", b="InProgress")
    made = poller(client)
    first, second = (asyncio.create_task(made.wait(wait(name))) for name in "ab")
    await until(lambda: client.calls)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert list(made._waiters) == ["b"]
    client.jobs["b"] = "Stopped"
    assert (await second).status == "Stopped"


async def test_the_poll_is_started_again_whatever_ended_it() -> None:
    client = Client(job="InProgress")
    made = poller(client)
    task = asyncio.create_task(made.wait(wait("job")))
    await until(lambda: client.calls)
    first: Any = made._poll
    first.cancel()
    await until(lambda: made._poll not in (None, first))
    client.jobs["job"] = "Failed"
    assert (await task).status == "Failed"


async def test_an_error_in_the_code_of_a_round_ends_no_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    client, slept = Client(job="Completed"), []
    made = poller(client)
    real, rounds = made._round, []

    async def broken() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise ZeroDivisionError
        await real()

    sleep = asyncio.sleep

    async def quickly(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr(made, "_round", broken)
    monkeypatch.setattr(shared_poller.asyncio, "sleep", quickly)
    assert (await made.wait(wait("job"))).status == "Completed"
    assert "Unexpected error while polling 1 tuning jobs; retrying." in caplog.text
    assert 1.0 in slept


async def test_a_list_shows_many_jobs_and_the_others_are_described() -> None:
    client = Client(a="InProgress", b="InProgress", c="Failed", d="Stopping")
    made = poller(client)
    waits = subscribed(made, "a", "b", "c", "d")
    await made._round()
    assert client.named(LIST) == [
        {
            "MaxResults": 100,
            "StatusEquals": "InProgress",
            "SortBy": "CreationTime",
            "SortOrder": "Ascending",
        }
    ]
    assert {each["HyperParameterTuningJobName"] for each in client.named(DESCRIBE)} == {"c", "d"}
    assert [each.last.status for each in waits if each.last] == [
        "InProgress",
        "InProgress",
        "Failed",
        "Stopping",
    ]
    assert [each.is_waiting for each in waits] == [True, True, False, True]


async def test_one_job_is_described_without_a_list() -> None:
    client = Client(a="InProgress")
    made = poller(client)
    subscribed(made, "a")
    await made._round()
    assert [name for name, _ in client.calls] == [DESCRIBE]


async def test_names_are_found_in_any_case() -> None:
    client = Client(Job="InProgress", other="InProgress")
    made = poller(client)
    waits = subscribed(made, "Job", "other")
    await made._round()
    assert client.named(DESCRIBE) == []
    assert [each.last is not None for each in waits] == [True, True]


async def test_a_summary_with_another_status_than_was_asked_for_is_no_news(monkeypatch: Any) -> None:
    """A list may lag behind, or filter nothing at all."""
    client = Client(a="InProgress", b="InProgress")
    made = poller(client)
    waits = subscribed(made, "a", "b")
    real = client._answer
    monkeypatch.setattr(
        client, "_answer", lambda name: real(name) | {"HyperParameterTuningJobStatus": "Completed"}
    )
    found, pages, began = await made._pages_of({"StatusEquals": "InProgress"}, {"a", "b"}, None)
    assert (found, pages, began) == (set(), 1, SERVER_TIME)
    assert all(each.is_waiting and each.last is None for each in waits)


async def test_pages_are_read_until_all_are_found() -> None:
    client = Client(**{f"j{number}": "InProgress" for number in range(6)})
    client.page = 2
    made = poller(client)
    subscribed(made, "j0", "j3")
    found, pages, _ = await made._pages_of({"StatusEquals": "InProgress"}, {"j0", "j3"}, None)
    assert (found, pages) == ({"j0", "j3"}, 2)
    assert [each.get("NextToken") for each in client.named(LIST)] == [None, "2"]
    found, pages, _ = await made._pages_of({"StatusEquals": "InProgress"}, {"none"}, None)
    assert (found, pages) == (set(), 3)
    found, pages, _ = await made._pages_of({"StatusEquals": "InProgress"}, {"none"}, 2)
    assert (found, pages) == (set(), 2)


@pytest.mark.parametrize(("count", "listed"), [(FEW, False), (FEW + 1, True)])
async def test_many_jobs_that_have_ended_are_listed(count: int, listed: bool) -> None:
    names = [f"j{number}" for number in range(count)]
    client = Client(stays="InProgress", **dict.fromkeys(names, "InProgress"))
    made = poller(client)
    waits = subscribed(made, "stays", *names)
    await made._round()
    assert len(client.named(LIST)) == 1
    client.jobs |= dict.fromkeys(names, "Completed")
    client.calls.clear()
    for each in waits:
        each.due = 0.0
    await made._round()
    assert [each["StatusEquals"] for each in client.named(LIST)] == ["InProgress", *["Completed"] * listed]
    if listed:
        assert client.named(LIST)[1]["LastModifiedTimeAfter"] == SERVER_TIME - timedelta(seconds=5)
        assert client.named(LIST)[1]["SortOrder"] == "Descending"
    assert len(client.named(DESCRIBE)) == (0 if listed else count)
    assert [each.is_waiting for each in waits] == [True] + [False] * count


@pytest.mark.parametrize(
    ("error", "seconds"), [(DENIED, DENIED_SECONDS), (refused("ValidationException"), REFUSED_SECONDS)]
)
async def test_without_lists_jobs_are_described(error: Exception, seconds: float, caplog: Any) -> None:
    client = Client(a="InProgress", b="Completed")
    client.errors[LIST] = [error]
    made = poller(client)
    waits = subscribed(made, "a", "b")
    now = asyncio.get_running_loop().time()
    await made._round()
    assert len(client.named(DESCRIBE)) == 2
    assert [each.is_waiting for each in waits] == [True, False]
    assert now + seconds <= made._no_list_until <= now + seconds + 60
    assert "describing them one by one" in caplog.text
    assert ("allow sagemaker:ListHyperParameterTuningJobs" in caplog.text) is (error is DENIED)
    waits[0].due = 0.0
    subscribed(made, "c")
    await made._round()
    assert len(client.named(LIST)) == 1, "not asked for again soon"


async def test_a_list_that_is_throttled_is_a_failed_poll_of_all_that_are_due() -> None:
    client = Client(a="InProgress", b="Completed")
    client.errors[LIST] = [THROTTLED] * MAX_PAGE_ATTEMPTS
    made = poller(client)
    waits = subscribed(made, "a", "b")
    await made._round()
    assert len(client.named(LIST)) == MAX_PAGE_ATTEMPTS
    assert client.named(DESCRIBE) == []
    assert [(each.failures, each.is_waiting) for each in waits] == [(1, True)] * 2


async def test_a_page_is_tried_again() -> None:
    client = Client(a="InProgress", b="InProgress")
    client.errors[LIST] = [THROTTLED] * (MAX_PAGE_ATTEMPTS - 1)
    made = poller(client)
    waits = subscribed(made, "a", "b")
    await made._round()
    assert [(each.failures, each.last is not None) for each in waits] == [(0, True)] * 2


async def test_an_error_of_one_job_is_its_own() -> None:
    client = Client(a="InProgress")
    made = poller(client)
    made._no_list_until = float("inf")
    first, missing = subscribed(made, "a", "missing")
    missing.seen = True
    await made._round()
    assert (first.failures, first.last is not None) == (0, True)
    assert isinstance(missing.future.exception(), TuningJobNotFoundError)


async def test_only_what_is_due_is_polled() -> None:
    client = Client(a="InProgress", b="InProgress")
    made = poller(client)
    first, second = subscribed(made, "a", "b")
    second.due = asyncio.get_running_loop().time() + 3600
    await made._round()
    assert [each["HyperParameterTuningJobName"] for each in client.named(DESCRIBE)] == ["a"]
    assert first.due > 0.0
    assert second.last is None


async def test_pollers_are_shared_by_connection() -> None:
    one = SharedPoller.shared(SETTINGS)
    assert SharedPoller.shared(ConnectionSettings("aws")) is one
    assert SharedPoller.shared(ConnectionSettings("other")) is not one
    edited = SharedPoller.shared(SETTINGS, "edited")
    assert edited is not one
    assert SharedPoller.shared(SETTINGS, "edited") is edited
    assert SharedPoller.shared(SETTINGS) is not one, "the unused one was dropped"


async def test_an_event_wakes_the_waits_of_that_job() -> None:
    made = SharedPoller.shared(SETTINGS)
    first, second = subscribed(made, "Job", "other")
    first.due = second.due = 1e12
    made.poll_soon("JOB")
    now = asyncio.get_running_loop().time()
    assert first.due <= now < first.expect_end_until
    assert second.due == 1e12
    assert made._changed.is_set()
    made._waiters.clear()


@pytest.mark.parametrize("edited", [True, False])
async def test_a_job_that_is_missing_is_looked_for_where_the_connection_leads_now(
    monkeypatch: pytest.MonkeyPatch, edited: bool, caplog: Any
) -> None:
    before, after = poller(Client()), poller(Client(job="Completed"))
    asked: list[float] = []

    async def current(settings: Any, max_age: float = 60.0) -> SharedPoller:
        asked.append(max_age)
        return after if edited and len(asked) > 1 else before

    monkeypatch.setattr(SharedPoller, "current", current)
    made = wait("job", max_not_found=1)
    if edited:
        assert (await SharedPoller.wait_for(SETTINGS, made)).status == "Completed"
        assert "connection aws has been edited" in caplog.text
    else:
        with pytest.raises(TuningJobNotFoundError):
            await SharedPoller.wait_for(SETTINGS, made)
    assert asked == [60.0, 0.0]


async def test_a_stop_is_the_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    settings: Any = SimpleNamespace(
        ready_hook=lambda: SimpleNamespace(stop=lambda name: stopped.append(name) or True)
    )
    made = poller(Client())
    made._settings = settings
    assert await made.stop("job") is True
    assert stopped == ["job"]
