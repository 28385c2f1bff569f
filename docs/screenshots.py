"""Photographs the tuning page for the documentation: ``make screenshots`` (a real Airflow, an installed Chromium).

Writes ``docs/images/*.png``. Check each one before it is committed. ``python -m docs.screenshots standalone`` takes
only those of the page without Airflow.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from airflow_hpt_provider.links.page_urls import NAVIGATION_PAGE, URL_PREFIX, task_page
from benchmarks.page.jobs import fill
from benchmarks.page.session import airflow_with_jobs, browser, standalone_page
from tests.support.page_addresses import bare_task_page

IMAGES = Path(__file__).parent / "images"
JOB = "churn-xgboost-warm"
JOBS: dict[str, dict[str, Any]] = {
    "churn-baseline": {"trials": 24, "seed": 11, "age": 260_000},
    "churn-xgboost": {"trials": 60, "seed": 3, "age": 90_000},
    JOB: {"trials": 120, "parents": ("churn-xgboost",), "seed": 7, "age": 4000},
}


def main(only: str = "") -> None:
    """Take every picture, or those in Airflow or without it only."""
    IMAGES.mkdir(exist_ok=True)
    for take in (in_airflow, standalone):
        if only in ("", take.__name__):
            take()


def standalone() -> None:
    """Take the pictures of ``airflow-hpt local serve --page``."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "service"
        for number in range(8):
            fill(data, f"churn-{number:02}", 40, seed=number, age=4000 - 400 * number)
        with standalone_page(data) as address, browser() as chromium:
            base, _, token = address.partition("/?token=")
            camera = Camera(chromium, token)
            job = f"{base}/connections/local/jobs/churn-03"
            camera.take("page-all-jobs", f"{base}/connections/local", "light", 1280, 460)
            camera.take("page-training-job", job, "light", 1280, 900, click="tbody tr:first-child a")
            camera.take("page-curves", job, "dark", 1200, 820, scroll_to="#curves")
            camera.take("page-pairs", job, "light", 1200, 560, scroll_to="#pairs")
            camera.take(
                "page-several", job, "light", 1200, 900, scroll_to="#several", click="text=Compare the last"
            )


def in_airflow() -> None:
    """Take the pictures of the page in Airflow."""
    with tempfile.TemporaryDirectory() as folder, airflow_with_jobs(Path(folder), JOBS) as (session, runs):
        url, run_id = session.airflow.url, runs[JOB]
        bare = f"{url}{bare_task_page('churn', run_id, 'tune')}"
        with browser() as chromium:
            camera = Camera(chromium)
            camera.take("page-in-airflow", f"{url}{task_page('churn', run_id, 'tune')}", "light", 1360, 860)
            camera.take(
                "page-in-airflow-dark", f"{url}{task_page('churn', run_id, 'tune')}", "dark", 1360, 860
            )
            camera.take("page-dark", bare, "dark", 1200, 1160)
            camera.take("page-light", bare, "light", 1200, 1160)
            camera.take("page-hyperparameters", bare, "light", 1200, 900, scroll_to="#hyperparameters")
            camera.take("page-parallel", bare, "dark", 1200, 900, scroll_to="#parallel")
            camera.take("page-side-by-side", bare, "light", 1200, 900, scroll_to="#compare")
            camera.take("page-phone", bare, "light", 390, 844)
            camera.take("page-phone-dark", bare, "dark", 390, 844, scroll_to="#leaderboard")
            camera.take("page-list", f"{url}/plugin/{NAVIGATION_PAGE}", "light", 1200, 420)
            camera.take("page-empty", f"{url}{URL_PREFIX}/task/churn/{run_id}/other", "light", 900, 420)


class Camera:
    """A browser that takes pictures, with Airflow's theme set as a person sets it."""

    def __init__(self, chromium: Any, token: str = "") -> None:
        self._chromium = chromium
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def take(
        self,
        name: str,
        url: str,
        theme: str,
        width: int,
        height: int,
        *,
        scroll_to: str = "",
        click: str = "",
        then_to: str = "",
    ) -> None:
        """Open the address, wait until everything is drawn, and write ``docs/images/NAME.png``."""
        context = self._chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            locale="en-GB",
            timezone_id="UTC",
            extra_http_headers=self._headers,
        )
        context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        tab = context.new_page()
        tab.goto(url)
        frame = tab.frame_locator("iframe") if "/plugin/" in url else tab
        frame.locator("h1").first.wait_for(timeout=60_000)
        if scroll_to:
            tab.locator(scroll_to).evaluate("element => element.scrollIntoView()")
            tab.mouse.wheel(0, -24)
        if click:
            tab.locator(click).first.click()
            tab.mouse.move(0, 0)
        if scroll_to == "#hyperparameters":
            tab.locator(".importance canvas").wait_for(timeout=60_000)
        if scroll_to == "#compare":
            tab.locator(".sides").wait_for(timeout=60_000)
        tab.wait_for_timeout(1500)
        if target := then_to or scroll_to:  # what is drawn in sight has made the page grow
            tab.locator(target).first.evaluate("element => element.scrollIntoView()")
            tab.mouse.wheel(0, -24)
            tab.wait_for_timeout(1500)
        tab.screenshot(path=IMAGES / f"{name}.png")
        context.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
