"""Each function that names an operation of AWS's declares its IAM action, and policies fit AWS's own reference."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from airflow_hpt_provider.hooks.actions import actions_of, needs
from airflow_hpt_provider.hooks.permissions import PARTS, Scope, actions_for, policy
from tests.support.iam_rules import SAME, covers
from tests.support.service_authorization import actions

PACKAGE = Path(__file__).parents[3] / "airflow_hpt_provider"
ELSEWHERE = {"local", "demo", "migrate"}
"""Folders whose calls go to the local service alone, or to nothing."""
NO_CALL = {
    ("hooks/calls.py", "_check"): "reads a response",
    ("cli/local_state.py", "_jobs"): "calls the local service",
    ("export/to_mlflow.py", "to_mlflow"): "calls MLflow",
}
REFERENCE = actions()
OPTIONAL = {"sagemaker:ListModelPackages"}
"""AWS lists a resource type for it, but not as required, and does not say which package a list is about."""


def operations() -> dict[str, str]:
    """Return boto3's method of each operation of the services that the provider calls -> its action."""
    session = botocore.session.get_session()
    found = {
        xform_name(operation): f"{service}:{operation}"
        for service in ("sagemaker", "sqs", "logs", "cloudwatch")
        for operation in session.get_service_model(service).operation_names
    }
    return {name: SAME.get(action, action) for name, action in found.items()}


OPERATIONS = operations()
MODULES = {
    path.relative_to(PACKAGE): ast.parse(path.read_text(encoding="utf-8"))
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] not in ELSEWHERE
}
CONSTANTS = {
    target.id: node.value.value
    for tree in MODULES.values()
    for node in tree.body
    if isinstance(node, ast.Assign)
    and isinstance(node.value, ast.Constant)
    and node.value.value in OPERATIONS
    for target in node.targets
    if isinstance(target, ast.Name)
}
"""Names of module-level constants that hold an operation's name."""


def functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node.body)


def called(function: ast.AST) -> set[str]:
    """Return the actions of the operations that a function names."""
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
        elif isinstance(node, ast.Attribute) and "_" in node.attr:
            names.add(node.attr)
        elif isinstance(node, ast.Name):
            names.add(CONSTANTS.get(node.id, ""))
    return {OPERATIONS[name] for name in names & OPERATIONS.keys()}


def declared(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the text of its ``@needs(...)``."""
    return " ".join(ast.unparse(each) for each in function.decorator_list if "needs" in ast.unparse(each))


CALLERS = [
    pytest.param(str(path), function, id=f"{path}:{function.name}")
    for path, tree in MODULES.items()
    for function in functions(tree.body)
    if called(function)
]


@pytest.mark.parametrize(("path", "function"), CALLERS)
def test_a_function_that_names_an_operation_declares_its_action(path, function):
    if (path, function.name) in NO_CALL:
        return
    text = declared(function)
    if "describe_training_job" in text and "sagemaker:DescribeTrainingJob" not in text:
        text += "sagemaker:DescribeTrainingJob"  # by the method that it calls
    assert [action for action in sorted(called(function)) if action not in text] == []


def test_there_are_callers_in_each_layer():
    folders = {param.values[0].partition("/")[0] for param in CALLERS}
    assert {"hooks", "waiting", "result", "ui", "cli"} <= folders


def test_a_function_needs_what_it_calls_needs():
    @needs("a:B")
    def inner():
        pass

    @needs("c:D", inner)
    def outer():
        pass

    assert actions_of(outer) == {"a:B", "c:D"}
    with pytest.raises(AttributeError):
        actions_of(test_there_are_callers_in_each_layer)


# -- AWS's Service Authorization Reference -----------------------------------------------------------------


VALUES = {
    "Partition": "aws",
    "Region": "us-east-1",
    "Account": "123456789012",
    "LogGroupName": "/aws/sagemaker/TrainingJobs",
}
"""Of the variables in the reference's ARNs; any value will do for the others."""


def fits(pattern: str, arn: str) -> bool:
    """Whether an ARN of a policy covers a resource of the reference's form."""
    resource = re.sub(r"\$\{(\w+)\}", lambda found: VALUES.get(found[1], "anything"), arn)
    return covers(pattern, resource)


STATEMENTS = policy(actions_for(PARTS), Scope(region="us-east-1", account="123456789012"))["Statement"]


def test_the_reference_knows_each_action():
    assert set(REFERENCE) == actions_for(PARTS)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda each: each["Sid"])
def test_the_resources_are_of_the_types_that_the_reference_names(statement):
    for action in statement["Action"]:
        types = REFERENCE[action]["resources"]
        if statement["Resource"] == ["*"]:
            assert not types or action in OPTIONAL, action
            continue
        required = [about["arn"] for about in types.values() if about["required"]]
        for resource in statement["Resource"]:
            kinds = {
                each["arn"] for one in statement["Action"] for each in REFERENCE[one]["resources"].values()
            }
            assert any(fits(resource, arn) for arn in kinds), resource
        for arn in required:
            assert any(fits(resource, arn) for resource in statement["Resource"]), (action, arn)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda each: each["Sid"])
def test_the_conditions_are_keys_of_the_action(statement):
    for keys in statement.get("Condition", {}).values():
        for action in statement["Action"]:
            assert set(keys) <= set(REFERENCE[action]["conditions"]), action


def test_a_policy_has_the_actions_that_its_actions_depend_on():
    """CreateHyperParameterTuningJob with tags and a role depends on AddTags and PassRole."""
    for where, parts in PARTS.items():
        for part, needed in parts.items():
            if "sagemaker:CreateHyperParameterTuningJob" in needed:
                depends = set(REFERENCE["sagemaker:CreateHyperParameterTuningJob"]["dependent"])
                assert depends == {"iam:PassRole", "sagemaker:AddTags"}
                assert depends <= needed, (where, part)


def test_condition_keys_in_the_docs_are_known_for_tuning_jobs():
    docs = (PACKAGE.parent / "docs").glob("*.md")
    named = {
        key
        for page in docs
        for key in re.findall(r"`((?:aws|sagemaker):ResourceTag)\b", page.read_text(encoding="utf-8"))
    }
    known = REFERENCE["sagemaker:StopHyperParameterTuningJob"]["resources"]["hyper-parameter-tuning-job"]
    assert named
    assert named <= {key.partition("/")[0] for key in known["conditions"]}
