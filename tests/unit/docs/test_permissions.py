"""docs/aws.md names each IAM action that the provider's own code needs."""

import ast
import re
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from airflow_hpt_provider.hooks.permissions import PARTS, actions_for

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")
WITHOUT_AWS = {"local", "demo", "export", "migrate"}
"""Folders whose calls go to the local service alone, to other tools, or to nothing."""
ACTIONS = {"sqs:DeleteMessageBatch": "sqs:DeleteMessage"}
"""Operations that are permitted by another action's name."""


def operations() -> dict[str, str]:
    """Return the boto3 method of each operation of the services that the provider calls, with its IAM action."""
    session = botocore.session.get_session()
    return {
        xform_name(operation): f"{service}:{operation}"
        for service in ("sagemaker", "sqs", "logs", "cloudwatch")
        for operation in session.get_service_model(service).operation_names
    }


def named_in_code() -> set[str]:
    """Return all texts, and all attributes of several words, in the provider's code."""
    package = ROOT / "airflow_hpt_provider"
    found: set[str] = set()
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] in WITHOUT_AWS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.Attribute) and "_" in node.attr:  # not re.search
                found.add(node.attr)
    return found


def documented() -> set[str]:
    """Return the actions in the page's table."""
    return set(re.findall(r"`([a-z]+:\w+)`", PAGE.split("## Permissions")[1].split("\n## ")[0]))


def test_the_page_and_the_policy_name_the_same_actions():
    assert documented() == actions_for(PARTS)


NAMED = named_in_code()
USED = {ACTIONS.get(action, action) for name, action in operations().items() if name in NAMED}


@pytest.mark.parametrize("action", sorted(USED))
def test_the_page_names_the_action(action):
    assert action in documented()


def test_the_page_names_no_needless_action():
    assert documented() - USED == {"iam:PassRole", "iam:GetRole"}, "SageMaker's and the amazon provider's"
