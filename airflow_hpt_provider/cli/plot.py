"""``plot``: a picture of a tuning job, as PNG, SVG or a page that needs no network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from airflow_hpt_provider.cli.connection import Connection
from airflow_hpt_provider.cli.errors import CommandError, missing_extra
from airflow_hpt_provider.cli.options import add_connection, add_job_name

FORMATS = (".png", ".svg", ".html")


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "plot",
        help="draw a chart of a tuning job as PNG, SVG or HTML",
        description="Plot the objective over the training jobs with the best so far, and each hyperparameter against "
        "the objective on its own scale. Requires the 'plot' extra.",
    )
    add_job_name(parser)
    parser.add_argument(
        "-o",
        "--out",
        type=_path,
        required=True,
        metavar="FILE",
        help="file to write; its name must end in .png, .svg or .html",
    )
    add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw the picture and say where it is."""
    try:
        import altair as alt  # noqa: F401
        import vl_convert  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing_extra(error, "plot") from error
    from airflow_hpt_provider.display.plotting import tuning_chart

    hook = Connection.of(options).hook()
    description = hook.describe(options.name)
    training_jobs = list(hook.training_jobs(options.name, sort_by="CreationTime", sort_order="Ascending"))
    if not any(training_job.final_metric is not None for training_job in training_jobs):
        raise CommandError(
            f"no training job of {options.name} ({description.status}) has reported its objective: nothing to plot"
        )
    chart = tuning_chart(description, training_jobs)
    form = options.out.suffix.lower().removeprefix(".")
    # A page is one file that needs no network: the drawing library is in it.
    more = {"inline": True} if form == "html" else {"scale_factor": 2}
    try:
        chart.save(str(options.out), format=form, **more)
    except OSError as error:
        raise CommandError(f"{options.out}: cannot write the file: {error.strerror}") from error
    print(options.out)
    return 0


def _path(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in FORMATS:
        raise argparse.ArgumentTypeError(f"must end in .png, .svg or .html, got '{text}'")
    return path
