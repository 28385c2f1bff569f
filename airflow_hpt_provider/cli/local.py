"""``airflow-hpt local``: the local tuning service."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.cli import local_state
from airflow_hpt_provider.cli.errors import CommandError, missing_extra
from airflow_hpt_provider.cli.options import add_debug, count, port
from airflow_hpt_provider.cli.own_program import with_environment

if TYPE_CHECKING:
    from airflow_hpt_provider.local.env_file import Environment
    from airflow_hpt_provider.ui.standalone_server import PageServer

_DESCRIPTION = """\
Run a service on this machine that responds as SageMaker does, and really trains: hyperparameter tuning jobs,
training jobs and the model registry, with S3, STS, IAM, Logs, SQS and EventBridge, all at one endpoint.
It listens on 127.0.0.1 only and accepts only requests signed with the key that it writes to DIR/local.env."""

_EPILOG = """\
use it from another terminal:
  set -a; . DIR/local.env; set +a
  airflow-hpt list

DIR keeps jobs, objects and logs. A restart on the same DIR resumes from the last committed state, even after a crash.

fault injection, to test how your DAGs and programs handle failures (--faults FILE, in TOML):
  [[fault]]                                  # a call of these operations ...
  operation = "Describe*"                    # glob; for other services "s3:PutObject", "logs:*"
  kind = "throttle"                          # or too_many_requests, internal_error, expired_token, access_denied,
                                             # internal_error_html, service_unavailable_html, reset, lost_request;
                                             # carried out: truncate, half, lost_response; slow, drip (seconds = N)
  rate = 0.2                                 # share of the matching calls (default: all)
  seed = 7                                   # makes the choice repeatable
  after = 3                                  # skip the first 3 calls,
  first = 50                                 # consider only the first 50,
  times = 10                                 # and inject at most 10 faults

  [[training_job]]                           # a training job ...
  reason = "AlgorithmError: no label column" # fails with this; RetryStrategy retries InternalServerError
  numbers = [2, 5]                           # these training jobs of each tuning job; and/or rate (with seed)
  training_job = "forecast-*"                # glob on the training job's name
  attempts = 1                               # only its first attempt
  seconds = 2.5                              # after 2.5 s (default: immediately)

  [[tuning_job]]                             # a whole tuning job ...
  reason = "InternalServerError: try again"  # fails with this
  tuning_job = "forecast-?"                  # glob on its name
  after = 3                                  # after 3 of its training jobs have ended"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``local`` with its own commands."""
    parser = subparsers.add_parser(
        "local", help="the local tuning service", description="The local tuning service."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve = commands.add_parser(
        "serve",
        help="run the service until Ctrl-C",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve.add_argument(
        "--port", type=port, default=0, metavar="N", help="port to listen on (default: 0, any free port)"
    )
    serve.add_argument(
        "--data-dir",
        type=Path,
        default=Path(".local"),
        metavar="DIR",
        help="directory for all of the service's data (default: %(default)s); made private to your user",
    )
    serve.add_argument(
        "--images",
        type=Path,
        metavar="FILE",
        help="TOML file that maps training images to commands: [[image]] tables with match "
        "(a glob on the image URI) and command (a list; the hyperparameters follow it as --name value, unless "
        "arguments = false; {python} is the service's interpreter), optional directory and environment; or "
        "container = true; and [[file_system]] tables with the id and directory of a file system. "
        "Images without a match run in containers if docker or podman is available",
    )
    serve.add_argument(
        "--pull",
        action="store_true",
        help="let docker or podman pull missing training images (default: reject their jobs)",
    )
    serve.add_argument(
        "--isolation",
        choices=("auto", "sandbox", "none"),
        default="auto",
        help="run each training job in a bubblewrap sandbox with its own /opt/ml, network and processes (sandbox), "
        "as a bare process (none), or in a sandbox where bubblewrap works (auto, the default)",
    )
    serve.add_argument(
        "--readable",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="directory that sandboxed training jobs may read besides the system and the Python environment; "
        "repeatable",
    )
    serve.add_argument(
        "--no-install",
        dest="install",
        action="store_false",
        help="do not install the requirements.txt next to a training script",
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
        help="maximum number of concurrent training jobs, over all tuning jobs (default: the number of CPUs)",
    )
    serve.add_argument(
        "--max-tuning-jobs",
        type=count,
        metavar="N",
        help="maximum number of tuning jobs in progress; CreateHyperParameterTuningJob refuses further ones with "
        "ResourceLimitExceeded (default: no limit; AWS: 100)",
    )
    serve.add_argument(
        "--gpus-per-job",
        type=_number,
        metavar="N",
        help="GPUs of each training job; 0: all jobs share all GPUs (default: an even share, at least one). Limits the "
        "number of training jobs in parallel",
    )
    serve.add_argument(
        "--cpus-per-job",
        type=count,
        metavar="N",
        help="CPUs, and so threads, of each training job (default: an even share, at least one)",
    )
    serve.add_argument(
        "--max-hosts",
        type=count,
        default=4,
        metavar="N",
        help="maximum number of hosts of a training job, its InstanceCount (default: %(default)s)",
    )
    serve.add_argument(
        "--spot-interruptions",
        type=_rate,
        default=0.0,
        metavar="RATE",
        help="average number of interruptions per minute of each managed spot training job (default: 0)",
    )
    serve.add_argument(
        "--faults",
        type=Path,
        metavar="FILE",
        help="TOML file with the faults to inject into calls and training jobs; see below",
    )
    serve.add_argument(
        "--page",
        action="store_true",
        help="also serve the tuning page, and print its address (see `airflow-hpt page`)",
    )
    serve.add_argument(
        "--page-port",
        type=port,
        default=0,
        metavar="N",
        help="port of the tuning page (default: 0, any free port)",
    )
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=argparse.SUPPRESS)
    add_debug(serve)
    serve.set_defaults(run=run_serve)
    local_state.register(commands)


def run_serve(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    if options.images is not None and not options.images.is_file():
        raise CommandError(f"--images {options.images}: file not found")
    if options.faults is not None and not options.faults.is_file():
        raise CommandError(f"--faults {options.faults}: file not found")
    for path in options.readable:
        if not path.is_dir():
            raise CommandError(f"--readable must be a directory, got {path}")
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
        max_tuning_jobs=options.max_tuning_jobs,
        spot_interruptions=options.spot_interruptions,
        faults=options.faults.absolute() if options.faults else None,
        isolation=options.isolation,
        install=options.install,
        gpus_per_job=options.gpus_per_job,
        cpus_per_job=options.cpus_per_job,
        max_hosts=options.max_hosts,
        readable=tuple(path.absolute() for path in options.readable),
    )
    _configure_logging(debug=getattr(options, "debug", False))
    pages: list[PageServer] = []

    def announce(environment: Environment) -> None:
        _announce(settings.environment_file, environment)
        if options.page:
            pages.append(_page(environment, options.page_port))

    try:
        serve(settings, on_ready=announce)
    except StartError as error:
        raise CommandError(str(error)) from error
    finally:
        for page in pages:
            page.stop()
    return 0


def _page(environment: Environment, port: int) -> PageServer:
    import boto3

    from airflow_hpt_provider.cli.connection import Connection
    from airflow_hpt_provider.cli.page import page_server
    from airflow_hpt_provider.local.env_file import ACCESS_KEY_ID

    session = boto3.session.Session(
        ACCESS_KEY_ID, environment.secret_access_key, region_name=environment.region
    )
    page = page_server(Connection(endpoint_url=environment.endpoint_url), "local", port, session)
    page.start()
    print(f"Tuning page at {page.url}", flush=True)
    return page


def _announce(environment_file: Path, environment: Environment) -> None:
    print(
        f"Local tuning service at {environment.endpoint_url}. Use it with: "
        f"{with_environment(environment_file, 'list')}",
        flush=True,
    )


def _configure_logging(*, debug: bool) -> None:
    import logging

    from airflow_hpt_provider.cli.printable_log import PrintableFormatter

    handler = logging.StreamHandler()
    handler.setFormatter(
        PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%H:%M:%S")
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    if debug:
        logging.getLogger("airflow_hpt_provider").setLevel(logging.DEBUG)
    for noisy in ("uvicorn.error", "botocore", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 0, got '{text}'")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a rate of at least 0, got '{text}'")
    return rate
