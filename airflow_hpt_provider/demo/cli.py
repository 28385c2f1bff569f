"""The ``demo`` and ``up`` commands of ``airflow-hpt``."""

from __future__ import annotations

import shutil
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.cli.errors import INTERRUPTED, missing_extra
from airflow_hpt_provider.cli.options import add_debug
from airflow_hpt_provider.cli.own_program import with_environment
from airflow_hpt_provider.demo.errors import DemoError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

    from airflow_hpt_provider.demo.display import Display
    from airflow_hpt_provider.demo.session import DemoSession

SUCCEEDED, FAILED = 0, 1
RUN_TIMEOUT_SECONDS = 900


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add both commands to ``airflow-hpt``."""
    demo = subparsers.add_parser(
        "demo",
        help="tune a real model in Airflow on the local tuning service, and register the best",
        description="Runs the example DAG tune_and_register in a private Airflow on the local tuning service, "
        "prints what it found, and leaves nothing running.",
    )
    demo.set_defaults(run=run_demo)
    up = subparsers.add_parser(
        "up",
        help="the same with Airflow's UI, for clicking through; Ctrl-C ends it",
        description="Starts the local tuning service and a private Airflow with its UI, triggers the example "
        "DAG once, and runs until Ctrl-C.",
    )
    up.add_argument("--port", type=int, default=0, help="of Airflow's UI (default: a free one)")
    up.set_defaults(run=run_up)
    for command in (demo, up):
        command.add_argument(
            "--data-dir",
            type=Path,
            help="keep everything in this folder, and continue from it next time (default: a temporary one)",
        )
        add_debug(command)


def run_demo(args: argparse.Namespace) -> int:
    """``airflow-hpt demo``: 0 when the model is registered, 1 when not, 130 when interrupted."""
    return _run(args, ui_port=0, work=_demo)


def run_up(args: argparse.Namespace) -> int:
    """``airflow-hpt up``: runs until Ctrl-C (0), or until a process ends by itself (1)."""
    return _run(args, ui_port=args.port, work=_up)


def _run(args: argparse.Namespace, ui_port: int, work: Callable[[DemoSession, Display], bool]) -> int:
    """Start everything, do the work in it, end everything; the exit code."""
    from airflow_hpt_provider.demo.display import Display
    from airflow_hpt_provider.demo.processes import StopSignals
    from airflow_hpt_provider.demo.session import DemoSession

    for package in ("sklearn", "moto"):
        if find_spec(package) is None:
            raise missing_extra(ModuleNotFoundError(name=package), "demo")
    display = Display()
    data_dir = (args.data_dir or Path(tempfile.mkdtemp(prefix="airflow-hpt-"))).resolve()
    code, started = FAILED, time.monotonic()
    try:
        with (
            StopSignals(),
            DemoSession(data_dir, ui_port=ui_port, report=display.say, with_events=work is _up) as session,
        ):
            if work(session, display):
                code = SUCCEEDED
    except KeyboardInterrupt:
        display.say("Interrupted; everything is stopped.")
        code = INTERRUPTED
    except DemoError as error:
        display.say(str(error))
    if code == FAILED:
        display.say(f"Logs are in {data_dir}.")
    elif args.data_dir is None:
        shutil.rmtree(data_dir, ignore_errors=True)
    if code == SUCCEEDED:
        display.say(f"\nEverything is stopped after {time.monotonic() - started:.0f} s.")
    return code


def _demo(session: DemoSession, display: Display) -> bool:
    from airflow_hpt_provider.demo.demo_run import DAG_ID, DemoRun

    display.say(f"Running DAG {DAG_ID} ({_short(session.dags / DAG_ID)}.py) ...")
    run = DemoRun.start(session.airflow.api, session.service.client("sagemaker"))
    succeeded = run.follow(session.check, display, RUN_TIMEOUT_SECONDS)
    display.say()
    for line in run.results() if succeeded else run.failures():
        display.say(line)
    return succeeded


def _short(path: Path) -> Path:
    """Return the path relative to the working directory if it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _up(session: DemoSession, display: Display) -> bool:
    from airflow_hpt_provider.demo.demo_run import DAG_ID, DemoRun
    from airflow_hpt_provider.links.page_urls import NAVIGATION_PAGE

    run = DemoRun.start(session.airflow.api, session.service.client("sagemaker"))
    dag_url = f"{session.airflow.url}/dags/{DAG_ID}"
    display.say(f"""
Airflow's UI          {session.airflow.url}  (no password; for this machine only)
The DAG               {dag_url}
  a run of it         {dag_url}/runs/{run.run_id}
  its file            {_short(session.dags / DAG_ID)}.py
  another run         the Trigger button in the UI
  its end starts      {session.airflow.url}/dags/on_tuning_finished
The tuning page       {session.airflow.url}/plugin/{NAVIGATION_PAGE}, and the tab Tuning of task tune
The tuning service    {session.service.endpoint}
  settings for boto3  {session.service.env_file}
  try                 {with_environment(_short(session.service.env_file), "list")}
Logs                  {session.data_dir}

Ctrl-C ends both.""")
    try:
        while True:
            session.check()
            time.sleep(1)
    except KeyboardInterrupt:
        display.say("Stopping ...")
        return True
