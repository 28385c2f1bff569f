"""One training job on the tuning page, in a real browser: opened, read, copied, followed and stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from airflow_hpt_provider.demo.waiting import wait_until
from airflow_hpt_provider.links.page_urls import task_page
from tests.support.page_addresses import bare_task_page
from tests.system.in_browser import IN_BROWSER

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = IN_BROWSER
WAIT_SECONDS = 240.0
CLICK_POINTS = """canvas => {
  // Where the points are depends on what was found: a click at every few pixels, until one is hit.
  const box = canvas.getBoundingClientRect();
  for (let x = 40; x < box.width; x += 4)
    for (let y = 0; y < box.height; y += 4) {
      const at = { bubbles: true, clientX: box.left + x, clientY: box.top + y };
      for (const type of ["mousemove", "mousedown", "mouseup", "click"])
        canvas.dispatchEvent(new MouseEvent(type, at));
      if (location.search.includes("training_job=")) return true;
    }
  return false;
}"""


def status(demo: DemoSession, name: str) -> str:
    answer = demo.service.client("sagemaker").describe_training_job(TrainingJobName=name)
    return str(answer["TrainingJobStatus"])


def test_a_finished_training_job_by_keyboard_and_by_its_address(
    demo: DemoSession, tab: Any, finished: str
) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.goto(demo.airflow.url + bare_task_page("sync", finished, "tune"))
    link = tab.locator("tbody tr").first.get_by_role("link")
    name = link.get_attribute("title")
    link.press("Enter")
    drawer = tab.get_by_role("dialog")
    drawer.get_by_text("Completed").first.wait_for()
    assert name in drawer.locator(".title").inner_text()
    drawer.locator(".log-line").first.wait_for()
    drawer.get_by_role("searchbox").fill("objective")
    drawer.locator("mark").first.wait_for()
    drawer.get_by_role("button", name="Copy as config (YAML)").click()
    drawer.get_by_text("Copied").wait_for()
    copied = yaml.safe_load(tab.evaluate("navigator.clipboard.readText()"))
    assert copied["TrainingJobName"] == f"{name[:57]}-again"
    assert copied["RoleArn"].startswith("arn:aws:iam::")
    address = tab.url
    assert f"training_job={name}" in address
    tab.keyboard.press("Escape")
    drawer.wait_for(state="hidden")
    assert "training_job" not in tab.url
    tab.go_forward()
    drawer.wait_for()
    tab.goto(address)
    drawer.get_by_text("Completed").first.wait_for()
    drawer.get_by_role("button", name="Close").click()
    drawer.wait_for(state="hidden")


def test_a_point_of_a_chart_opens_it_in_airflows_ui(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.goto(demo.airflow.url + task_page("sync", finished, "tune"))
    frame = tab.frame_locator("iframe")
    canvas = frame.get_by_role("img", name="and the best so far").locator("canvas")
    canvas.wait_for()
    assert canvas.evaluate(CLICK_POINTS), "no click on the chart has opened a training job"
    frame.get_by_role("dialog").locator(".title code").wait_for()


def test_on_a_phone_in_both_themes(demo: DemoSession, tab: Any, finished: str) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(demo.airflow.url + bare_task_page("sync", finished, "tune"))
    for theme in ("dark", "light"):
        tab.evaluate("theme => localStorage.setItem('theme', theme)", theme)
        tab.reload()
        tab.locator("tbody tr").first.get_by_role("link").press("Enter")
        drawer = tab.get_by_role("dialog")
        drawer.locator(".log-line").first.wait_for()
        assert drawer.evaluate("element => element.scrollWidth") <= 390
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_running_one_is_followed_and_stopped_alone(demo: DemoSession, tab: Any) -> None:
    api = demo.airflow.api
    api.wait_for_dag("endless")
    run_id = api.trigger("endless")
    tab.goto(demo.airflow.url + bare_task_page("endless", run_id, "tune"))
    tab.locator("tbody tr", has_text="Running").first.wait_for(timeout=WAIT_SECONDS * 1000)
    link = tab.locator("tbody tr", has_text="Running").first.get_by_role("link")
    name = link.get_attribute("title")
    link.click()
    drawer = tab.get_by_role("dialog").first
    drawer.get_by_role("button", name="Stop", exact=True).click()
    tab.get_by_role("button", name="Let it run").last.click()
    assert status(demo, name) == "InProgress"
    drawer.get_by_role("button", name="Stop", exact=True).click()
    tab.get_by_role("button", name="Stop training job").click()
    wait_until(lambda: status(demo, name) == "Stopped", WAIT_SECONDS, f"{name} was not stopped")
    drawer.locator(".status", has_text="Stopped").wait_for()
    job = api.xcom("endless", run_id, "tune", "tuning_job_name")
    sagemaker = demo.service.client("sagemaker")
    described = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)
    assert described["HyperParameterTuningJobStatus"] == "InProgress"
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)
    assert api.wait_for_run("endless", run_id, WAIT_SECONDS) == "failed"
