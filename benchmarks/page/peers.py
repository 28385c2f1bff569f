"""The tuning page and optuna-dashboard: first paint and complete, with the same 1,000 training jobs.

Both run as a user starts them, ``airflow-hpt local serve --page`` and ``optuna-dashboard sqlite:///...``, on the same
machine. The same headless Chromium opens them in turn, each time in a fresh browser context. "First paint" is the
browser's own first contentful paint. "Complete" is when both show their history chart and the best value: for the
tuning page header, chart and leaderboard; for optuna-dashboard its study page with the first Plotly chart drawn.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from airflow_hpt_provider.local.db.migrate import open_database
from benchmarks.page.jobs import fill
from benchmarks.page.session import browser, standalone_page

OPTUNA = Path(".heavy/optuna/bin")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
OURS = "document.querySelectorAll('tbody tr').length > 0 && document.querySelector('canvas') !== null"
OPTUNAS = "document.querySelector('.js-plotly-plot .main-svg .scatterlayer .trace path') !== null"
SCRIPT = """
import json, sys, optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial
optuna.logging.set_verbosity(optuna.logging.WARNING)
distributions = {
    "eta": FloatDistribution(0.001, 1, log=True), "lambda": FloatDistribution(1e-6, 10, log=True),
    "subsample": FloatDistribution(0.5, 1), "momentum": FloatDistribution(0.5, 0.999),
    "max_depth": IntDistribution(2, 12), "booster": CategoricalDistribution(["gbtree", "dart", "gblinear"]),
}
study = optuna.create_study(storage=sys.argv[1], study_name="churn-wide", direction="minimize")
study.add_trials(
    create_trial(
        params=point, distributions=distributions, value=value,
        state=TrialState.FAIL if value is None else TrialState.COMPLETE,
    )
    for point, value in json.load(sys.stdin)
)
"""


def main(trials: int = 1000, rounds: int = 5) -> int:
    """Measure and print."""
    program = OPTUNA / "optuna-dashboard"
    if not program.exists():
        print(
            f"optuna-dashboard is not installed: {program} is missing. Run `make bench-page`, which installs it."
        )
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "service", "churn-wide", trials, seed=5)
        storage = f"sqlite:///{folder / 'optuna.db'}"
        subprocess.run(
            [OPTUNA / "python", "-c", SCRIPT, storage],
            input=json.dumps(_points(folder)),
            text=True,
            check=True,
        )
        port = _free_port()
        theirs = subprocess.Popen(
            [program, storage, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with standalone_page(folder / "service") as address:
                base = address.partition("/?")[0]
                _answers(f"http://127.0.0.1:{port}/dashboard/")
                pages = {
                    "tuning page": (address, f"{base}/connections/local/jobs/churn-wide", OURS),
                    "optuna-dashboard": (None, f"http://127.0.0.1:{port}/dashboard/studies/1", OPTUNAS),
                }
                seen = _browse(pages, rounds)
        finally:
            theirs.terminate()
            theirs.wait(60)
    _report(trials, seen)
    return 0


def _points(folder: Path) -> list[tuple[dict[str, Any], float | None]]:
    """Return the training jobs of the service's store: hyperparameters and objective, None for a failed one."""
    database = open_database(folder / "service" / "jobs.sqlite")
    try:
        with database.transaction() as connection:
            rows = connection.execute(
                "SELECT point, objective_value FROM training_jobs WHERE tuning_job_id IS NOT NULL ORDER BY number"
            ).fetchall()
    finally:
        database.close()
    return [(json.loads(row[0]), row[1]) for row in rows]


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(url, trust_env=False).status_code < 500:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def _browse(pages: dict[str, tuple[str | None, str, str]], rounds: int) -> dict[str, dict[str, list[float]]]:
    seen: dict[str, dict[str, list[float]]] = {
        name: {"paint": [], "complete": [], "kb": []} for name in pages
    }
    with browser() as chromium:
        for number in range(rounds + 1):  # the first round fills the servers' caches, and does not count
            for name, (login, url, ready) in pages.items():
                context = chromium.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
                if login:  # the token becomes a cookie; nothing of the page is loaded
                    context.request.get(login, max_redirects=0)
                tab = context.new_page()
                done: list[Any] = []
                tab.on("requestfinished", lambda one, found=done: found.append(one))
                tab.goto(url, wait_until="commit", timeout=120_000)
                tab.wait_for_function(ready, polling="raf", timeout=120_000)
                complete = tab.evaluate("performance.now()")
                if number:
                    seen[name]["complete"].append(complete)
                    seen[name]["paint"].append(tab.evaluate(PAINT))
                    seen[name]["kb"].append(sum(one.sizes()["responseBodySize"] for one in done) / 1000)
                context.close()
    return seen


def _report(trials: int, seen: dict[str, dict[str, list[float]]]) -> None:
    print(f"{trials:,} training jobs, 6 hyperparameters")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    median = {
        name: {key: statistics.median(values) for key, values in one.items()} for name, one in seen.items()
    }
    ours, theirs = median["tuning page"], median["optuna-dashboard"]
    for key, title, unit in (
        ("paint", "first paint", "ms"),
        ("complete", "complete", "ms"),
        ("kb", "bytes", "KB"),
    ):
        print(
            f"  {title:12} tuning page {ours[key]:7.0f} {unit}   optuna-dashboard {theirs[key]:7.0f} {unit}"
            f"   ratio {theirs[key] / ours[key]:.2f}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
