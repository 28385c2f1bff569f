"""``validate``: report every problem of config files, without a call."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli.options import add_debug

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobRequest

VALID, INVALID = 0, 1


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "validate",
        help="check config files, offline",
        description="Validate config files against all checks that SageMaker is known to make, without a call. Report "
        "every problem with file, line, field, value and remedy. Exit code 1 means that a file has problems. "
        "What SageMaker accepts but is likely to go wrong is a warning, and the file stays valid. Values "
        "that are templates of a DAG's task are listed, and not checked. A note names each YAML value that "
        "YAML 1.1 reads differently.",
    )
    parser.add_argument(
        "configs",
        nargs="+",
        metavar="FILE",
        help="JSON or YAML file with the arguments of boto3's create_hyper_parameter_tuning_job; the name is optional",
    )
    add_debug(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check each file; 0 if all are valid, else 1."""
    from pydantic import ValidationError

    from airflow_hpt_provider.models import TuningJobRequest
    from airflow_hpt_provider.models.files import ConfigFileError, yaml_notes
    from airflow_hpt_provider.models.validation.messages import errors_in

    code = VALID
    for path in options.configs:
        try:
            request = TuningJobRequest.from_file(path)
        except ConfigFileError as error:
            code = INVALID
            print(error)
            continue
        except ValidationError as error:
            wrong = False
            for place, text, value in errors_in(error):
                templated = isinstance(value, str) and ("{{" in value or "{%" in value)
                print(
                    f"{place}{'is a template: checked after a task has rendered it' if templated else text}"
                )
                wrong = wrong or not templated
            if wrong:
                code = INVALID
            else:
                print(f"{path}: valid, except for templates, which are not checked")
        else:
            for warning in located_warnings(request, path):
                print(warning)
            print(f"{path}: valid: {summary(request)}")
        for note in yaml_notes(path):
            print(note)
    return code


def located_warnings(request: TuningJobRequest, path: str) -> list[str]:
    """Return the request's warnings in a line each, with the file and the line that they are about."""
    from airflow_hpt_provider.models.files import line_of, lines_in

    warnings = request.warnings()
    lines = lines_in(path) if warnings else {}
    located = ((line_of(warning.location, lines), warning) for warning in warnings)
    return [
        f"{path}:{line}: warning: {warning}" if line else f"{path}: warning: {warning}"
        for line, warning in located
    ]


def summary(request: TuningJobRequest) -> str:
    """Summarize a request: ``Bayesian search of 4 hyperparameters, at most 12 training jobs, 2 at a time``."""
    from airflow_hpt_provider.models.spaces import search_spaces

    config = request.hyper_parameter_tuning_job_config
    searched = sum(len(space.intervals) for space in search_spaces(request))
    limits = config.resource_limits
    most = limits.max_number_of_training_jobs
    return (
        f"{config.strategy} search of {searched} hyperparameter{'s' * (searched != 1)}, "
        f"{f'at most {most} training jobs' if most else 'as many training jobs as it takes'}, "
        f"{limits.max_parallel_training_jobs} at a time"
    )
