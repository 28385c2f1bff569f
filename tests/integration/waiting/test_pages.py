"""Every loop over pages ends, whatever the endpoint sends as NextToken."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_hpt_provider.creation.tags import previous_attempts_of
from airflow_hpt_provider.hooks import pages, responses
from airflow_hpt_provider.hooks.responses import EndlessPagesError
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.waiting import shared_poller
from tests.integration.waiting.conftest import end, jobs, until, waiter, within
from tests.support.scripted_sagemaker import Fault, ScriptedEndpoint, ScriptedSageMaker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(45)]

TOKENS = {
    "the same": lambda: itertools.repeat("again"),
    "a circle": lambda: itertools.cycle(["one", "two", "three"]),
    "always another": lambda: map(str, itertools.count()),
}
MEMBERS = {
    "ListHyperParameterTuningJobs": "HyperParameterTuningJobSummaries",
    "ListTrainingJobsForHyperParameterTuningJob": "TrainingJobSummaries",
    "ListTags": "Tags",
}


@dataclass
class EndlessLists(ScriptedSageMaker):
    """Each list has one page more, without an item: far beyond every limit, yet not without end.

    Attributes:
        tokens: what is sent as NextToken.
        tags: of every job; then ListTags has one page.
    """

    tokens: Any = None
    tags: dict[str, str] = field(default_factory=dict)

    def answer(self, operation: str, body: dict[str, Any], key: str = "") -> dict[str, Any] | Fault:
        true = super().answer(operation, {**body, "NextToken": 0}, key)
        if operation not in MEMBERS:
            return true
        if operation == "ListTags" and self.tags:
            return {"Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}
        token = next(self.tokens, None)
        return {MEMBERS[operation]: []} | ({"NextToken": token} if token else {})


@pytest.fixture
def script(request) -> EndlessLists:
    return EndlessLists(tokens=itertools.islice(TOKENS[request.param](), 1000))


@pytest.fixture
def hook(script, monkeypatch):
    monkeypatch.setattr(pages.PageTokens.__init__, "__defaults__", (50,))
    with ScriptedEndpoint(script) as running:
        monkeypatch.setenv("AIRFLOW_CONN_ENDLESS", running.connection())
        yield ConnectionSettings("endless").hook()


@pytest.mark.parametrize("script", TOKENS, indirect=True)
def test_a_list_that_never_ends_is_a_transient_error(hook):
    arn = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/any"
    for follow in (
        lambda: list(hook.list()),
        lambda: list(hook.training_jobs("any", sort_by="Name")),
        lambda: hook.tags(arn),
        lambda: hook.billable_seconds("any"),
        lambda: hook.failures("any"),
    ):
        with pytest.raises(EndlessPagesError) as raised:
            follow()
        assert classify(raised.value) is ErrorClass.TRANSIENT


@pytest.mark.parametrize("script", ["the same"], indirect=True)
def test_a_page_without_its_items_is_no_empty_page(hook, script, monkeypatch):
    monkeypatch.setattr(hook, "call", hook.call_once)
    monkeypatch.setitem(MEMBERS, "ListTags", "Something")
    with pytest.raises(responses.BadResponseError, match="without Tags"):
        hook.tags("arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/any")


@pytest.mark.parametrize("script", TOKENS, indirect=True)
async def test_the_shared_poll_does_without_a_list_that_never_ends(watching, script, monkeypatch, caplog):
    monkeypatch.setattr(shared_poller, "MAX_LIST_PAGES", 50)
    some = jobs(10)
    script.add(some)
    tasks = [asyncio.create_task(watching.wait(waiter(job.name))) for job in some]
    await until(lambda: script.calls["Describe"] >= 20)
    end(some)
    seen = await within(asyncio.gather(*tasks))
    assert {one.status for one in seen} == {"Completed"}
    assert script.calls["List"] <= 50
    assert "describing them one by one" in caplog.text
    assert "allow sagemaker:List" not in caplog.text, "permissions have nothing to do with it"


@pytest.mark.parametrize("script", ["the same"], indirect=True)
@pytest.mark.parametrize("retry_of", [{"a": "a"}, {"a": "b", "b": "c", "c": "b"}], ids=["itself", "a circle"])
def test_retries_of_each_other_end(hook, script, retry_of, monkeypatch):
    some = {job.name: job for job in jobs(3)}
    names = dict(zip("abc", some, strict=True))
    script.add(some.values())
    followed = []

    def tags(arn: str) -> dict[str, str]:
        followed.append(arn)
        assert len(followed) < 20, "it goes round and round"
        letter = next(letter for letter, name in names.items() if arn.endswith(name))
        return {"airflow-hpt:retry-of": names[retry_of[letter]]}

    monkeypatch.setattr(hook, "tags", tags)
    earlier = previous_attempts_of(hook, some[names["a"]].arn)
    assert len(earlier) == len(set(retry_of.values()) - {"a"})
