"""``airflow-hpt local``: the local tuning service."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.cli import local_state
from airflow_hpt_provider.cli.errors import CommandError, missing_extra
from airflow_hpt_provider.cli.options import add_debug, count

if TYPE_CHECKING:
    from airflow_hpt_provider.local.env_file import Environment

_MAX_PORT = 65535

_DESCRIPTION = """\
Run a service on this machine that answers as SageMaker does, and really trains: hyperparameter tuning jobs,
training jobs, the model registry, and S3, STS, IAM, Logs, SQS and EventBridge beside them, all at one endpoint.
It listens on 127.0.0.1 only and takes only requests signed with the key that it writes to DIR/local.env."""

_EPILOG = """\
use it from another terminal:
  set -a; . DIR/local.env; set +a
  aws sagemaker list-hyper-parameter-tuning-jobs

DIR keeps jobs, objects and logs; the next start on it goes on where this one ended, however it ended.

faults, to see how your DAGs and programs bear them (--faults FILE, in TOML):
  [[fault]]                                  # a call of these operations ...
  operation = "Describe*"                    # glob; other services' as "s3:PutObject", "logs:*"
  kind = "throttle"                          # or internal_error, service_unavailable_html, reset, truncate
                                             # (carried out, half the answer lost), slow (with seconds = N),
                                             # expired_token, access_denied
  rate = 0.2                                 # share of the matching calls; default: all
  seed = 7                                   # the same ones every time
  after = 3                                  # not the first 3,
  first = 50                                 # only among the first 50,
  times = 10                                 # and 10 times at most

  [[trial]]                                  # a training job ...
  reason = "AlgorithmError: no label column" # fails with this; InternalServerError: RetryStrategy tries again
  numbers = [2, 5]                           # trials of each tuning job; and/or rate (with seed)
  training_job = "forecast-*"                # glob on its name
  attempts = 1                               # only its first attempt
  seconds = 2.5                              # after so long; default: at once

  [[tuning_job]]                             # a tuning job as a whole ...
  reason = "InternalServerError: try again"  # fails with this
  tuning_job = "forecast-?"                  # glob on its name
  after = 3                                  # when so many of its training jobs have ended"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``local`` with its own commands."""
    parser = subparsers.add_parser(
        "local", help="the local tuning service", description="The local tuning service."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve = commands.add_parser(
        "serve",
        help="run it until Ctrl-C",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve.add_argument(
        "--port", type=_port, default=0, metavar="N", help="port to listen on; 0, the default, is a free one"
    )
    serve.add_argument(
        "--data-dir",
        type=Path,
        default=Path(".local"),
        metavar="DIR",
        help="directory for everything it keeps (default: %(default)s); made private to you",
    )
    serve.add_argument(
        "--images",
        type=Path,
        metavar="FILE",
        help="TOML file that says which command stands for which training image: [[image]] tables with match "
        "(a glob on the image URI) and command (a list), optional directory and environment; or container = true. "
        "Images that match none run in containers where docker or podman answers",
    )
    serve.add_argument(
        "--pull",
        action="store_true",
        help="let docker or podman pull training images that are not on this machine (default: refuse their jobs)",
    )
    serve.add_argument(
        "--region",
        default="us-east-1",
        metavar="R",
        help="region in ARNs and local.env (default: %(default)s)",
    )
    serve.add_argument(
        "--max-parallel",
        type=count,
        metavar="N",
        help="training jobs at the same time, over all tuning jobs (default: the number of CPUs)",
    )
    serve.add_argument(
        "--spot-interruptions",
        type=_rate,
        default=0.0,
        metavar="RATE",
        help="interrupt each managed spot training job so many times a minute, on average (default: never)",
    )
    serve.add_argument(
        "--faults",
        type=Path,
        metavar="FILE",
        help="TOML file that says which calls and training jobs are to go wrong, and how; see below",
    )
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=argparse.SUPPRESS)
    add_debug(serve)
    serve.set_defaults(run=run_serve)
    local_state.register(commands)


def run_serve(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    if options.images is not None and not options.images.is_file():
        raise CommandError(f"--images {options.images}: there is no such file")
    if options.faults is not None and not options.faults.is_file():
        raise CommandError(f"--faults {options.faults}: there is no such file")
    try:
        from airflow_hpt_provider.local.errors import StartError
        from airflow_hpt_provider.local.server import serve
        from airflow_hpt_provider.local.settings import ServiceSettings
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("airflow_hpt_provider"):
            raise
        raise missing_extra(error, "local") from error
    settings = ServiceSettings(
        data_dir=options.data_dir.absolute(),
        port=options.port,
        host=options.host,
        region=options.region,
        images=options.images.absolute() if options.images else None,
        pull=options.pull,
        max_parallel=options.max_parallel,
        spot_interruptions=options.spot_interruptions,
        faults=options.faults.absolute() if options.faults else None,
    )
    _configure_logging(debug=getattr(options, "debug", False))
    try:
        serve(settings, on_ready=lambda environment: _announce(settings.environment_file, environment))
    except StartError as error:
        raise CommandError(str(error)) from error
    return 0


def _announce(environment_file: Path, environment: Environment) -> None:
    print(
        f"Local tuning service at {environment.endpoint_url}; use it with: "
        f"set -a; . {environment_file}; set +a; aws sagemaker list-hyper-parameter-tuning-jobs",
        flush=True,
    )


def _configure_logging(*, debug: bool) -> None:
    import logging

    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    if debug:
        logging.getLogger("airflow_hpt_provider").setLevel(logging.DEBUG)
    for noisy in ("uvicorn.error", "botocore", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > _MAX_PORT:
        raise argparse.ArgumentTypeError(f"'{text}' is no port: give a number from 0 to {_MAX_PORT}")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is no rate: give a number from 0 upwards")
    return rate
