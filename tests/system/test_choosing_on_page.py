"""Choosing training jobs on the tuning page, in a real browser: by a range on an axis, and by the filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.page_addresses import bare_task_page
from tests.system.in_browser import IN_BROWSER

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def chosen_from(demo: DemoSession) -> str:
    """The run id of a finished run with 12 training jobs of two hyperparameters."""
    api = demo.airflow.api
    api.wait_for_dag("two_hyperparameters")
    run_id = api.trigger("two_hyperparameters")
    assert api.wait_for_run("two_hyperparameters", run_id, 240) == "success"
    return run_id


def drag(tab: Any, chart: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag within a chart, from one place to another."""
    box = chart.bounding_box()
    tab.mouse.move(box["x"] + start[0], box["y"] + start[1])
    tab.mouse.down()
    for share in (0.5, 1):
        x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
        tab.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    tab.mouse.up()


def test_ranges_and_zoom_filter_everything_else(demo: DemoSession, tab: Any, chosen_from: str) -> None:
    tab.goto(demo.airflow.url + bare_task_page("two_hyperparameters", chosen_from, "tune"))
    tab.locator("tbody tr").nth(11).wait_for()
    charts = {
        name: tab.locator(f"section[aria-labelledby={name}] canvas").first
        for name in ("parallel", "objective")
    }
    for name, start, end in (("parallel", (46, 60), (46, 200)), ("objective", (49, -12), (-300, -12))):
        chart = charts[name]
        tab.locator(f"#{name}").evaluate("element => element.scrollIntoView({ block: 'center' })")
        chart.wait_for()
        tab.wait_for_timeout(500)  # its place is where it comes to rest
        size = chart.bounding_box()
        drag(tab, chart, *((x % size["width"], y % size["height"]) for x, y in (start, end)))
        said = tab.locator(".chosen p span")
        said.wait_for()
        tab.wait_for_timeout(1500)  # the slider reports the end of a drag a moment later than its first step
        count = int(said.inner_text().split()[0])
        assert tab.locator("section[aria-labelledby=leaderboard] tbody tr").count() == count < 12
        tab.get_by_role("button", name="Show all").click()
        said.wait_for(state="detached")
        assert tab.locator("section[aria-labelledby=leaderboard] tbody tr").count() == 12


def test_two_at_a_time(demo: DemoSession, tab: Any, chosen_from: str) -> None:
    tab.goto(demo.airflow.url + bare_task_page("two_hyperparameters", chosen_from, "tune"))
    tab.get_by_role("combobox", name="Across").select_option("seconds")
    tab.get_by_role("combobox", name="Up", exact=True).select_option("position")
    tab.locator("#pairs").evaluate("element => element.scrollIntoView()")  # charts are drawn in sight
    tab.get_by_role("img", name="objective over seconds and position").locator("canvas").wait_for()
    tab.get_by_role("img", name="Timeline of 12 training jobs. 2 slots").wait_for()


def test_the_filter_says_what_it_does_not_know(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.goto(demo.airflow.url + bare_task_page("sync", finished, "tune"))
    tab.locator("tbody tr").nth(3).wait_for()
    box = tab.get_by_role("combobox", name="Filter training jobs")
    box.fill("number<=2 and status = completed")
    assert tab.locator("tbody tr").count() == 2
    box.fill("nmber<=2")
    tab.get_by_text("There is no column nmber. Did you mean number?").wait_for()
    assert tab.locator("tbody tr").count() == 4
