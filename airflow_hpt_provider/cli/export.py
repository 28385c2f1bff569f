"""``export``: a tuning job's training jobs in Optuna, MLflow or a CSV file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.errors import CommandError, missing_extra
from airflow_hpt_provider.cli.options import add_connection, add_job_name

if TYPE_CHECKING:
    from airflow_hpt_provider.export.tuning_history import TuningHistory


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "export",
        help="write a tuning job's training jobs into Optuna, MLflow or a CSV file",
        description="Write a tuning job's training jobs into an Optuna study (for optuna-dashboard), an MLflow "
        "experiment or a CSV file. Training jobs that were exported before are left as they are, and those that still "
        "run are left out of Optuna and MLflow: export again later.",
    )
    add_job_name(parser)
    targets = parser.add_mutually_exclusive_group(required=True)
    targets.add_argument(
        "--optuna",
        metavar="URL",
        help="URL of Optuna's storage, such as sqlite:///study.db; needs the extra 'optuna'",
    )
    targets.add_argument("--mlflow", metavar="URI", help="MLflow's tracking URI; needs the extra 'mlflow'")
    targets.add_argument("--csv", type=Path, metavar="FILE", help="file to write; - prints it")
    add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Export, and say what to do next."""
    connection = Connection.of(options)
    if options.csv is not None:
        return _csv(connection, options)
    extra = "optuna" if options.optuna is not None else "mlflow"
    try:
        __import__(extra)
    except ModuleNotFoundError as error:
        raise missing_extra(error, extra) from error
    history = connection.hook().history(options.name, connection.client(service="cloudwatch"))
    return _optuna(history, options.optuna) if extra == "optuna" else _mlflow(history, options.mlflow)


def _optuna(history: TuningHistory, url: str) -> int:
    import optuna

    from airflow_hpt_provider.export.to_optuna import ExportError, to_optuna_study

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it logs to stderr that it has made a study
    try:
        study = to_optuna_study(history, url)
    except ExportError as error:
        raise CommandError(str(error)) from error
    print(f"Study {study.study_name} has {len(study.trials)} trials. View it: optuna-dashboard {url}")
    return 0


def _mlflow(history: TuningHistory, uri: str) -> int:
    from airflow_hpt_provider.export.to_mlflow import to_mlflow

    run_id = to_mlflow(history, uri)
    print(
        f"Run {run_id} holds tuning job {history.description.name}. View it: mlflow ui --backend-store-uri {uri}"
    )
    return 0


def _csv(connection: Connection, options: argparse.Namespace) -> int:
    try:
        import pandas as pd  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing_extra(error, "pandas") from error
    text = connection.hook().training_jobs_dataframe(options.name).to_csv(index=False)
    if str(options.csv) == "-":
        print(text, end="")
        return 0
    try:
        options.csv.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{options.csv}: cannot write the file: {error.strerror}") from error
    print(options.csv)
    return 0
