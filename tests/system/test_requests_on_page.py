"""From the tuning page to another request, and a refused one, in a real browser in Airflow's own frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.links.page_urls import task_page
from tests.system.in_browser import IN_BROWSER

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = IN_BROWSER
DAG = "tune_from_ui"


def run(demo: DemoSession, conf: dict[str, Any], ends: str) -> str:
    demo.airflow.api.wait_for_dag(DAG)
    run_id = demo.airflow.api.trigger(DAG, conf)
    assert demo.airflow.api.wait_for_run(DAG, run_id, 240) == ends
    return run_id


def test_the_trigger_form_opens_filled_in(demo: DemoSession, tab: Any) -> None:
    run_id = run(demo, {"strategy": "Random", "max_number_of_training_jobs": 3}, "success")
    tab.goto(demo.airflow.url + task_page(DAG, run_id, "tune"))
    tab.frame_locator("iframe").get_by_role("link", name="Trigger again").click()
    tab.get_by_role("button", name="Trigger").first.wait_for()
    assert "/runs/" in tab.url
    again = tab.get_by_text("Trigger again with this config")
    if not again.is_visible():  # a menu has it
        tab.get_by_role("button", name="Trigger").last.click()
    again.click()
    field = tab.locator("input[name=element_max_number_of_training_jobs]")
    field.wait_for(state="attached")  # its section may be closed
    assert field.input_value() == "3"


def test_a_refused_config_is_the_list_of_its_problems(demo: DemoSession, tab: Any) -> None:
    run_id = run(demo, {"learning_rate_min": 2.0}, "failed")
    tab.goto(demo.airflow.url + task_page(DAG, run_id, "tune"))
    page = tab.frame_locator("iframe")
    page.get_by_text("MinValue").first.wait_for()
    assert "must be less than MaxValue" in page.locator("body").inner_text()
