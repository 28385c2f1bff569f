"""A real Airflow whose tasks show finished tuning jobs, and a browser to look with."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airflow_hpt_provider.demo.data import example_dags
from airflow_hpt_provider.demo.session import DemoSession
from benchmarks.page.jobs import fill

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DAGS = Path(__file__).parent / "dags"


def chromium() -> str | None:
    """Return the path of an installed Chromium."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Yield a headless Chromium, driven by Playwright.

    Raises:
        RuntimeError: one of the two is missing.
    """
    path = chromium()
    if path is None:
        raise RuntimeError(f"No Chromium is installed: looked for {', '.join(CHROMIUM)}.")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise RuntimeError("Playwright is not installed: run `make env-browser`.") from error
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield running
        finally:
            running.close()


@contextlib.contextmanager
def standalone_page(data_dir: Path, *options: str) -> Iterator[str]:
    """Yield the address, with its token, that ``airflow-hpt local serve --page`` prints.

    Args:
        data_dir: the service's.
        options: further ones of the command.
    """
    command = [sys.executable, "-m", "airflow_hpt_provider.cli.main", "local", "serve", "--page"]
    with subprocess.Popen(
        [*command, "--data-dir", str(data_dir), *options], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield [process.stdout.readline() for _ in range(2)][1].split()[-1]
        finally:
            process.terminate()
            process.wait(60)


@contextlib.contextmanager
def airflow_with_jobs(
    folder: Path, jobs: dict[str, dict[str, Any]]
) -> Iterator[tuple[DemoSession, dict[str, str]]]:
    """Yield a running DemoSession, and the run id of DAG ``churn`` for each tuning job.

    Args:
        folder: for everything that it writes.
        jobs: tuning job name -> arguments of :func:`benchmarks.page.jobs.fill`.
    """
    for name, arguments in jobs.items():
        fill(folder / "service", name, **arguments)
    dags = folder / "dags"
    shutil.copytree(example_dags(), dags)
    shutil.copytree(DAGS, dags, dirs_exist_ok=True)
    with DemoSession(folder, dags) as session:
        api = session.airflow.api
        api.wait_for_dag("churn")
        runs = {name: api.trigger("churn", {"job": name}) for name in jobs}
        for name, run_id in runs.items():
            if api.wait_for_run("churn", run_id, 300) != "success":
                raise RuntimeError(f"The run for {name} failed; logs: {session.airflow.logs}")
        yield session, runs
