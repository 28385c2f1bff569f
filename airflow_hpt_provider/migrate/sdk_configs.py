"""Calls of the SageMaker SDK's ``sagemaker.workflow.airflow``, whose configs fit the amazon provider only."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_hpt_provider.migrate.findings import Severity

MODULE: Final = "sagemaker.workflow.airflow"
TUNING: Final = "tuning_config"
AFTER_TUNING: Final = frozenset(
    {"model_config_from_estimator", "transform_config_from_estimator", "deploy_config_from_estimator"}
)
"""Functions whose config reads the tuning task's XCom, with ``task_type="tuning"``."""
TASK_TYPE: Final = 2
"""The place of ``task_type`` among the arguments."""

NO_CONFIG: Final = (
    "Its config holds S3Operations, by which the amazon provider uploads the code before the job; this provider "
    "rejects them. Upload the code in a separate task, such as LocalFilesystemToS3Operator, and give the request: "
    "config={...} in AWS's names, or a .json or .yaml file, with the uploaded archive as the static hyperparameter "
    "sagemaker_submit_directory. sagemaker.workflow.airflow exists in SDK 2.x only."
)
NO_TEMPLATE: Final = (
    'Its config is a template that reads ["Tuning"][...] from the tuning task\'s XCom, which is empty here: the task '
    "would fail after the tuning has been paid for. Write the config with "
    '{{{{ ti.xcom_pull("{task}")["best_training_job"] }}}}, '
    "which has the name, the model artifact and the image; RegisterBestTrainingJobOperator makes a model package of it."
)


@dataclass(frozen=True)
class SdkCall:
    """One call, and what to do about it."""

    node: ast.Call
    severity: Severity
    what: str
    why: str


def sdk_calls(tree: ast.Module) -> Iterator[SdkCall]:
    """Yield every call of the SDK's functions whose result does not fit this provider."""
    functions, modules = _names(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = None
        if isinstance(node.func, ast.Name):
            name = functions.get(node.func.id)
        elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in modules:
            name = node.func.attr
        if name == TUNING:
            yield SdkCall(node, "change", f"Write the request in place of {name}(...).", NO_CONFIG)
        elif name in AFTER_TUNING:
            task_type = _argument(node, "task_type", TASK_TYPE)
            if isinstance(task_type, ast.Constant) and task_type.value != "tuning":
                continue
            certain = isinstance(task_type, ast.Constant)
            task = _argument(node, "task_id", TASK_TYPE - 1)
            shown = str(task.value) if isinstance(task, ast.Constant) else "TASK_ID"
            what = f'Write the config in place of {name}(... task_type="tuning").'
            if task_type is not None or _has_stars(node):
                yield SdkCall(node, "change" if certain else "look", what, NO_TEMPLATE.format(task=shown))


def _names(tree: ast.Module) -> tuple[dict[str, str], set[str]]:
    """Return the names in the file of the SDK's functions, and of its module."""
    functions: dict[str, str] = {}
    modules: set[str] = set()
    package, _, module = MODULE.rpartition(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == MODULE:
            for alias in node.names:
                known = {TUNING, *AFTER_TUNING} if alias.name == "*" else {alias.name}
                functions |= {alias.asname or name: name for name in known}
        elif isinstance(node, ast.ImportFrom) and node.module == package:
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == module}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == MODULE}
    return functions, modules


def _argument(node: ast.Call, name: str, place: int) -> ast.expr | None:
    """Return an argument, given by name or place."""
    for keyword in node.keywords:
        if keyword.arg == name:
            return keyword.value
    return node.args[place] if len(node.args) > place else None


def _has_stars(node: ast.Call) -> bool:
    return any(keyword.arg is None for keyword in node.keywords)
