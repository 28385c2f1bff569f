"""The tuning page as a person uses it: in Airflow's UI, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.links.page_urls import DAG_RUN_TAB, NAVIGATION_PAGE, task_page
from tests.support.page_addresses import bare_task_page
from tests.system.in_browser import IN_BROWSER

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = IN_BROWSER
WAIT_SECONDS = 240.0


def column(page: Any, number: int) -> list[str]:
    return [text.strip() for text in page.locator(f"tbody tr td:nth-child({number})").all_inner_texts()]


def test_the_tab_of_a_task_in_airflows_ui(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.goto(demo.airflow.url + task_page("sync", finished, "tune"))
    frame = tab.frame_locator("iframe")
    frame.locator("h1").wait_for()
    job = demo.airflow.api.xcom("sync", finished, "tune", "tuning_job_name")
    assert frame.locator("h1").inner_text() == job
    assert "4 of 4 training jobs" in frame.locator(".legend").first.inner_text()
    frame.locator("canvas").first.wait_for()
    metric = demo.airflow.api.xcom("sync", finished, "tune", "final_metric")
    assert float(
        frame.locator(".stat-best strong").inner_text().replace("\N{MINUS SIGN}", "-")
    ) == pytest.approx(metric, rel=1e-4)


def test_sorting_and_filtering(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.goto(demo.airflow.url + bare_task_page("sync", finished, "tune"))
    tab.locator("tbody tr").nth(3).wait_for()
    metrics = [float(text) for text in column(tab, 2)]
    assert metrics == sorted(metrics)
    head = tab.get_by_role("columnheader", name="objective")
    head.get_by_role("button").press("Enter")  # by keyboard
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(text) for text in column(tab, 2)] == sorted(metrics, reverse=True)
    tab.get_by_role("columnheader", name="#").get_by_role("button").click()
    assert column(tab, 1) == ["1", "2", "3", "4"]
    tab.get_by_label("Filter training jobs").fill("number<=2")
    assert column(tab, 1) == ["1", "2"]
    tab.get_by_label("Filter training jobs").fill("no such thing")
    tab.get_by_text("No training job matches the filter.").wait_for()


def test_downloads(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.goto(demo.airflow.url + bare_task_page("sync", finished, "tune"))
    with tab.expect_download() as started:
        tab.get_by_role("link", name="CSV").click()
    lines = started.value.path().read_text().splitlines()
    assert lines[0].startswith("training_job_name,status,objective,")
    assert len(lines) == 5


def test_a_second_job_is_chosen_and_compared(demo: DemoSession, tab: Any, finished: str) -> None:
    api = demo.airflow.api
    other_run = api.trigger("sync")
    assert api.wait_for_run("sync", other_run, WAIT_SECONDS) == "success"
    job = api.xcom("sync", finished, "tune", "tuning_job_name")
    other = api.xcom("sync", other_run, "tune", "tuning_job_name")
    tab.goto(demo.airflow.url + bare_task_page("sync", finished, "tune"))
    tab.locator("#compare").scroll_into_view_if_needed()
    tab.get_by_role("combobox", name="Tuning job to compare with").select_option(other)
    tab.locator(".sides thead th", has_text=other).wait_for()
    assert [text.strip() for text in tab.locator(".sides thead th").all_inner_texts()] == [job, other]
    assert tab.locator(".sides tbody tr", has_text="Training jobs").inner_text().split() == [
        "Training", "jobs", "4", "4",
    ]  # fmt: skip


def test_from_the_lists_to_a_job(demo: DemoSession, tab: Any, finished: str) -> None:
    job = demo.airflow.api.xcom("sync", finished, "tune", "tuning_job_name")
    tab.goto(f"{demo.airflow.url}/dags/sync/runs/{finished}/plugin/{DAG_RUN_TAB}")
    frame = tab.frame_locator("iframe")
    frame.get_by_role("link", name=job).click()
    frame.locator("h1", has_text=job).wait_for()
    tab.goto(f"{demo.airflow.url}/plugin/{NAVIGATION_PAGE}")
    frame.get_by_role("link", name=job).wait_for()


def test_the_theme_is_airflows(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.goto(demo.airflow.url + task_page("sync", finished, "tune"))
    frame = tab.frame_locator("iframe")
    frame.locator("h1").wait_for()
    for theme in ("dark", "light"):
        tab.evaluate("theme => localStorage.setItem('theme', theme)", theme)
        tab.reload()
        frame.locator("h1").wait_for()
        assert frame.locator("html").get_attribute("data-theme") == theme


def test_a_phone_shows_it_without_scrolling_sideways(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(demo.airflow.url + bare_task_page("sync", finished, "tune"))
    tab.locator("tbody tr").first.wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_task_without_a_tuning_job_says_so(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.goto(demo.airflow.url + bare_task_page("sync", finished, "no_such_task"))
    tab.get_by_role("heading", name="There is no such task instance").wait_for()


def test_a_running_job_refreshes_itself_and_is_stopped_by_a_click(demo: DemoSession, tab: Any) -> None:
    api = demo.airflow.api
    api.wait_for_dag("endless")
    run_id = api.trigger("endless")
    tab.goto(demo.airflow.url + bare_task_page("endless", run_id, "tune"))
    tab.get_by_text("No tuning job yet").or_(tab.locator("header")).first.wait_for()
    # without a reload, the job appears, and its training jobs start
    tab.locator(".key-running").wait_for(timeout=WAIT_SECONDS * 1000)
    job = api.xcom("endless", run_id, "tune", "tuning_job_name")
    tab.get_by_role("button", name="Stop", exact=True).click()
    tab.get_by_role("button", name="Let it run").click()
    assert _status(demo, job) == "InProgress"
    tab.get_by_role("button", name="Stop", exact=True).click()
    tab.get_by_role("button", name="Stop tuning job").click()
    wait_until(lambda: _status(demo, job) == "Stopped", WAIT_SECONDS, f"tuning job {job} was not stopped")
    tab.locator(".actions .status", has_text="Stopped").wait_for()
    assert not tab.get_by_role("button", name="Stop", exact=True).is_visible()
    assert api.wait_for_run("endless", run_id, WAIT_SECONDS) == "failed"


def _status(demo: DemoSession, job: str) -> str:
    answer = demo.service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=job
    )
    return str(answer["HyperParameterTuningJobStatus"])
