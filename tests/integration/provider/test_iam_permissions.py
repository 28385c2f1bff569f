"""Each part of the provider, and each method of its hook, needs exactly the actions that it declares.

IAM stands between them and the service: it allows what a rule file with the printed policy allows, and denies the rest.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import time

import pytest
from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger
from botocore.exceptions import ClientError

from airflow_hpt_provider.cli.main import build_parser
from airflow_hpt_provider.hooks.permissions import PARTS, Scope, policy
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.provider_info import get_provider_info
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from tests.integration.provider.iam_account import Account
from tests.integration.provider.iam_scenarios import DECLARING, METHODS, SCENARIOS
from tests.support.iam_rules import IamRules

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
PART_NAMES = {name: actions for parts in PARTS.values() for name, actions in parts.items()}
WITHOUT_AWS = {"validate", "iam-policy", "migrate-check", "local", "demo", "up", "trials"}
"""Commands that make no call to AWS, and ``trials``, which is ``training-jobs``."""


@pytest.fixture
def queue_url(service, request):
    """A queue without a dead-letter queue, that the service's events go to."""
    name = f"iam-{time.time_ns()}"
    sqs, events = service.client("sqs"), service.client("events")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield url
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def run_with(service, config, gated, gate, queue_url, monkeypatch, tmp_path):
    """Run a scenario under a policy with these actions; each is needed, and no other one."""
    monkeypatch.setattr("airflow_hpt_provider.triggers.events.HANDOVER_SECONDS", 0.2)

    async def run_scenario(scenario, actions):
        rules = tmp_path / "policy.json"
        rules.write_text(json.dumps(policy(actions, Scope())))
        iam = IamRules(json.loads(rules.read_text()))
        with Account(service, config, gated, gate, queue_url, iam, monkeypatch) as account:
            SharedPoller.shared(ConnectionSettings())
            await scenario(account)
        assert sorted(iam.denied) == [], "an action is missing, or limited to another resource"
        assert sorted(iam.needless) == [], "an action is needless"

    return run_scenario


@pytest.mark.parametrize("part", sorted(PART_NAMES))
async def test_a_part_needs_exactly_the_actions_that_it_declares(part, run_with):
    await run_with(SCENARIOS[part], PART_NAMES[part])


@pytest.mark.parametrize("method", sorted(DECLARING))
async def test_a_method_of_the_hook_needs_exactly_the_actions_that_it_declares(method, run_with):
    async def scenario(account):
        await asyncio.to_thread(METHODS[method], HyperParameterTuningHook(), account)

    await run_with(scenario, DECLARING[method])


async def test_a_missing_action_is_noticed(run_with):
    with pytest.raises(ClientError, match="AccessDenied"):
        await run_with(SCENARIOS["hook.delete()"], PART_NAMES["list"])


async def test_a_needless_action_is_noticed(run_with):
    with pytest.raises(AssertionError, match="needless"):
        await run_with(SCENARIOS["links"], PART_NAMES["list"])


def test_every_part_has_a_scenario():
    assert set(SCENARIOS) == set(PART_NAMES)


def test_every_method_that_declares_actions_has_a_scenario():
    assert set(METHODS) == set(DECLARING)


def test_every_class_and_command_is_a_part():
    info = get_provider_info()
    modules = {
        module
        for kind in ("operators", "sensors", "triggers")
        for each in info[kind]
        for module in each["python-modules"]
    }
    classes = {
        name
        for module in map(importlib.import_module, modules)
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ in modules
        and issubclass(value, (BaseOperator, BaseTrigger))
    }
    assert classes == {part.partition("(")[0] for part in PART_NAMES} & classes
    assert len(classes) >= 7
    parser = build_parser()
    (commands,) = (action for action in parser._actions if action.dest == "==SUPPRESS==" and action.choices)
    assert set(commands.choices) - set(PARTS["command-line"]) == WITHOUT_AWS
