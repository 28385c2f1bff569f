"""``airflow-hpt migrate-check``: what to change in DAG files that use SageMakerTuningOperator and its sensor."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.cli.errors import CommandError
from airflow_hpt_provider.cli.options import add_debug

if TYPE_CHECKING:
    from airflow_hpt_provider.migrate.folders import Report

_DESCRIPTION = """\
List, with file and line, what to change in DAGs when this provider replaces the amazon provider's
SageMakerTuningOperator, SageMakerTuningSensor and SageMakerTrigger (of tuning jobs), and why. The command only reads
the files. A line says "change" where the DAG would not run, and "look" where it behaves differently."""

_EPILOG = """\
exit code: 0 without a finding, 1 with findings, 2 if the folder cannot be read"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``migrate-check``."""
    parser = subparsers.add_parser(
        "migrate-check",
        help="list what to change in DAGs that use SageMakerTuningOperator",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DAGS_FOLDER", help="folder with DAG files, or one file")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="output format (default: %(default)s)"
    )
    add_debug(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the findings; 1 if there is something to change."""
    from airflow_hpt_provider.migrate.folders import check_folder

    if not options.folder.exists():
        raise CommandError(f"{options.folder}: file or folder not found")
    report = check_folder(options.folder)
    if options.format == "json":
        print(json.dumps(_as_json(report), indent=2))
    else:
        for finding in report.findings:
            print(finding)
        print(
            f"{report.files} file{'s' * (report.files != 1)} read: {report.count('change')} to change, "
            f"{report.count('look')} to review."
        )
    return 1 if report.count("change") else 0


def _as_json(report: Report) -> dict[str, object]:
    return {
        "files": report.files,
        "to_change": report.count("change"),
        "to_look_at": report.count("look"),
        "findings": [finding.to_dict() for finding in report.findings],
    }
