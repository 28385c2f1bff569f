"""A tuning job's request as YAML, to start another one like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription

MEMBERS = (
    "HyperParameterTuningJobConfig",
    "TrainingJobDefinition",
    "TrainingJobDefinitions",
    "WarmStartConfig",
    "Autotune",
)
"""The members that a description and a request have in common. A new job needs a new name."""
SECRET = ("StaticHyperParameters", "Environment")
"""Members that do not reach the browser in Airflow: they may hold what not every reader of a DAG may see."""
OF_SAGEMAKER = "_tuning_objective_metric"
"""The hyperparameter that SageMaker adds to every training job of a tuning job."""


def request_yaml(description: TuningJobDescription, *, with_values: bool) -> str:
    """Return the request as YAML, without a name.

    Args:
        description: the tuning job.
        with_values: whether static hyperparameters and environment variables are included. Otherwise a comment names
            those that are missing.
    """
    answer = description.to_aws()
    request = {name: answer[name] for name in MEMBERS if name in answer}
    missing: list[str] = []
    for definition in _definitions(request):
        static = definition.get("StaticHyperParameters")
        if static:
            definition["StaticHyperParameters"] = {k: v for k, v in static.items() if k != OF_SAGEMAKER}
        for member in SECRET:
            if not definition.get(member):
                definition.pop(member, None)
            elif not with_values:
                missing += [f"{member}.{key}" for key in definition.pop(member)]
    head = f"# A request like that of tuning job {description.name}.\n"
    if missing:
        head += "# The page does not show these values. Add them before you use the request:\n"
        head += "".join(f"#   {name}\n" for name in missing)
    return head + yaml.safe_dump(request, sort_keys=False, allow_unicode=True, width=110)


def _definitions(request: dict[str, Any]) -> list[dict[str, Any]]:
    single = request.get("TrainingJobDefinition")
    return [*([single] if single else []), *request.get("TrainingJobDefinitions", ())]
