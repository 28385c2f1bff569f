"""Loads what a DAG author wrote into a validated request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.hooks.actions import needs

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context

    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobRequest

CONFIG_FILES = (".json", ".yaml", ".yml")
_ONE_EXPRESSION = re.compile(r"\{\{((?!\{\{|\}\}).)*\}\}", re.DOTALL)


def as_template(config: Any) -> Any:
    """Return a config that Airflow can template: a request model becomes the dict that boto3 takes.

    Raises:
        ValueError: JSON text with templates in it. A rendered value could change its structure.
    """
    if isinstance(config, str) and _is_json_with_templates(config):
        raise ValueError(
            "config must not be JSON text with templates, whose values could change its structure. Give a dict with "
            "templates as values, a .json or .yaml file, or one expression such as '{{ params.config | tojson }}'."
        )
    return config.to_dict() if hasattr(config, "to_dict") else config


def _is_json_with_templates(text: str) -> bool:
    text = text.strip()
    if not text.startswith("{") or text.endswith(CONFIG_FILES):
        return False
    return ("{{" in text or "{%" in text) and not _ONE_EXPRESSION.fullmatch(text)


def load(operator: BaseOperator, config: Any, context: Context) -> tuple[Any, str | None]:
    """Return the config as a dict, and the file it came from; render the templates in a file.

    Files are looked for where Airflow looks for the DAG's template files (the DAG's folder and its
    ``template_searchpath``), and cannot lie outside: neither ``..`` nor an absolute path nor a symbolic link
    leads there. The file is parsed before its templates are rendered, so that a rendered value can never change
    the file's structure.

    Raises:
        TuningJobConfigError: the file is missing, or is not a JSON or YAML mapping.
    """
    from airflow_hpt_provider.models.files import ConfigFileError, read_config

    if not isinstance(config, str):
        return as_template(config), None
    if not config.strip().endswith(CONFIG_FILES):
        return _from_json(config), None
    path = _find(operator, config.strip())
    try:
        parsed = read_config(path)
    except ConfigFileError as error:
        raise TuningJobConfigError(str(error)) from None
    from airflow_hpt_provider.config.masking import mask_secrets

    rendered = operator.render_template(parsed, context)
    mask_secrets(rendered)
    return rendered, path


def _find(operator: BaseOperator, path: str) -> str:
    """Return the file with all links resolved. A file outside the folders that Airflow searches is not found."""
    for folder in getattr(operator.get_template_env().loader, "searchpath", ()):
        root = Path(folder).resolve()
        found = (root / path.lstrip("/")).resolve()
        if found.is_relative_to(root) and found.is_file():
            return str(found)
    raise TuningJobConfigError(
        f"config={path!r}: file not found in the DAG's folder or its template_searchpath. Give a path "
        "relative to one of them; '..' and symbolic links must not lead out of it."
    )


def _from_json(text: str) -> Any:
    """Parse a config that was rendered to text, such as ``{{ params.config | tojson }}``."""
    from airflow_hpt_provider.models.validation.collections import tojson_hint

    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # A structure may hold secrets, which no masker finds in text.
        is_structure = text.lstrip().startswith(("{", "["))
        got = f"a text of {len(text)} characters" if is_structure else f"{text!r:.80}"
        raise TuningJobConfigError(
            f"config must be JSON, or the path of a .json, .yaml or .yml file, got {got}: {error}"
            f"{tojson_hint(text)}"
        ) from None


@needs("iam:GetRole")
def expand_roles(config: Any, hook: HyperParameterTuningHook) -> Any:
    """Return the config with role names replaced by role ARNs, as the amazon provider does (``iam:GetRole``).

    Nothing is called when every RoleArn is an ARN already.
    """
    if not isinstance(config, dict):
        return config

    def expanded(definition: Any) -> Any:
        role = definition.get("RoleArn") if isinstance(definition, dict) else None
        if not isinstance(role, str) or role.startswith("arn:") or not role:
            return definition
        return {**definition, "RoleArn": hook.expand_role(role, region_name=hook.region_name)}

    config = dict(config)
    if "TrainingJobDefinition" in config:
        config["TrainingJobDefinition"] = expanded(config["TrainingJobDefinition"])
    if isinstance(config.get("TrainingJobDefinitions"), list):
        config["TrainingJobDefinitions"] = [expanded(one) for one in config["TrainingJobDefinitions"]]
    return config


def validate(config: Any, path: str | None = None) -> TuningJobRequest:
    """Validate the config and return it as a request.

    Args:
        config: in AWS names.
        path: the file it came from, if any; each problem then names its line.

    Raises:
        TuningJobConfigError: lists every problem with field, value and remedy.
    """
    from airflow_hpt_provider.models import TuningJobRequest, explain
    from airflow_hpt_provider.models.files import with_lines

    try:
        return TuningJobRequest.model_validate(config)
    except ValidationError as error:
        problems = with_lines(error, path) if path else error
        raise TuningJobConfigError(
            f"The tuning job's config has {problems.error_count()} problem"
            f"{'s' * (problems.error_count() > 1)}; nothing was created.\n{explain(problems)}"
        ) from None
