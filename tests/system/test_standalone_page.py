"""The tuning page without Airflow in a real browser: ``airflow-hpt local serve --page``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from airflow_hpt_provider.demo.waiting import wait_until
from benchmarks.page.jobs import fill
from benchmarks.page.session import browser, standalone_page
from tests.support.tuning_jobs import images_file, tuning_job
from tests.system.in_browser import IN_BROWSER

pytestmark = IN_BROWSER
SCRIPT = Path(__file__).parents[1] / "integration" / "provider" / "training" / "quick.py"
MS = 60_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The printed address, and the service's directory; 30 tuning jobs have ended."""
    folder = tmp_path_factory.mktemp("page")
    data = folder / "service"
    for number in range(30):
        fill(data, f"filled-{number:02}", 12, seed=number, age=3000 - 60 * number)
    images = images_file(folder, SCRIPT)
    with standalone_page(data, "--images", str(images), "--readable", str(folder)) as address:
        yield address, data


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    pytest.importorskip("playwright", reason="Playwright is not installed: make env-browser")
    with browser() as running:
        yield running


@pytest.fixture(params=["light", "dark", "phone"])
def tab(chrome: Any, request: pytest.FixtureRequest, served: tuple[str, Path]) -> Iterator[Any]:
    """The opened page; an error in its script, or anything from another host, fails the test."""
    size = {"width": 390, "height": 844} if request.param == "phone" else {"width": 1280, "height": 900}
    theme = "dark" if request.param == "dark" else "light"
    context = chrome.new_context(viewport=size, color_scheme=theme, accept_downloads=True)
    context.set_default_timeout(MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda one: (
            one.url.startswith(served[0][:17]) or one.url[:5] in ("blob:", "data:") or errors.append(one.url)
        ),
    )
    page.goto(served[0])
    yield page
    context.close()
    assert not errors


def names(page: Any) -> list[str]:
    return [text.strip() for text in page.locator("tbody tr td:first-child").all_inner_texts()]


def test_from_the_list_to_a_job_and_its_request(tab: Any) -> None:
    tab.locator("tbody tr").nth(24).wait_for()
    assert "token" not in tab.url
    assert names(tab)[0] == "filled-29"
    tab.get_by_role("button", name="More").click()
    tab.locator("tbody tr").nth(29).wait_for()
    tab.get_by_role("button", name="Tuning job").press("Enter")
    tab.locator("tbody tr:first-child td", has_text="filled-00").wait_for()
    assert names(tab)[0] == "filled-00"
    tab.get_by_role("searchbox").fill("filled-07")
    tab.get_by_role("link", name="filled-07").click()
    assert tab.locator("h1").inner_text() == "filled-07"
    tab.locator("canvas").first.wait_for()
    assert "12 of 12 training jobs" in tab.locator(".legend").first.inner_text()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert tab.evaluate(overflow) <= 0
    with tab.expect_download() as started:
        tab.get_by_role("link", name="Use as a new request").click()
    request = yaml.safe_load(started.value.path().read_text())
    assert request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 12


def show(tab: Any, selector: str) -> None:
    """Scroll to a section: charts are drawn in sight."""
    tab.locator(selector).evaluate("element => element.scrollIntoView()")


def sagemaker(data: Path) -> Any:
    """A client of the service, which has a bucket."""
    lines = (data / "local.env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line.startswith("AWS_"))
    client, s3 = (
        boto3.client(
            name,
            endpoint_url=settings["AWS_ENDPOINT_URL"],
            aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
        )
        for name in ("sagemaker", "s3")
    )
    s3.create_bucket(Bucket="tuning-tests")
    return client


def status(client: Any, name: str) -> str:
    found = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return str(found["HyperParameterTuningJobStatus"])


@pytest.fixture(scope="module")
def trained(served: tuple[str, Path]) -> str:
    """A tuning job whose three training jobs were really trained."""
    client, name = sagemaker(served[1]), "trained"
    job = tuning_job("tuning-tests", trials=3)
    client.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **job)
    wait_until(lambda: status(client, name) == "Completed", 120, "the job did not end")
    return name


def test_one_training_job_and_its_log(tab: Any, trained: str) -> None:
    tab.goto(tab.url.split("/connections")[0] + f"/connections/local/jobs/{trained}")
    link = tab.locator("tbody tr").first.get_by_role("link")
    name = link.get_attribute("title")
    link.press("Enter")
    drawer = tab.get_by_role("dialog")
    drawer.locator(".log-line", has_text="objective=").first.wait_for(state="attached")
    drawer.get_by_role("searchbox").fill("objective")
    drawer.locator("mark").first.wait_for()
    assert f"training_job={name}" in tab.url
    assert drawer.evaluate("element => element.scrollWidth <= element.clientWidth")
    drawer.get_by_role("button", name="Close").click()
    drawer.wait_for(state="hidden")


def test_curves_timeline_and_two_at_a_time(tab: Any, trained: str) -> None:
    base = tab.url.split("/connections")[0]
    tab.goto(f"{base}/connections/local/jobs/{trained}")
    show(tab, "#curves")
    tab.locator("section[aria-labelledby=curves] canvas").wait_for()
    tab.get_by_role("img", name="Timeline of 3 training jobs").wait_for()
    tab.goto(f"{base}/connections/local/jobs/filled-03")
    show(tab, "#pairs")
    tab.get_by_role("combobox", name="Across").select_option("eta")
    tab.get_by_role("combobox", name="Up", exact=True).select_option("max_depth")
    tab.locator("section[aria-labelledby=pairs] canvas").wait_for()


def test_several_jobs_of_the_connection_are_compared(tab: Any) -> None:
    tab.goto(tab.url.split("/connections")[0] + "/connections/local/jobs/filled-03")
    show(tab, "#several")
    tab.get_by_role("checkbox", name="Compare with filled-25").check()
    tab.get_by_role("checkbox", name="Compare with filled-21").check()
    tab.locator("table.several thead th", has_text="filled-21").wait_for()
    heads = tab.locator("table.several thead th").all_inner_texts()
    assert heads == ["1 filled-03", "2 filled-25", "3 filled-21"]
    tab.get_by_role("combobox", name="Against").select_option("billable")
    tab.get_by_role("img", name="against billable time").locator("canvas").wait_for()
    tab.get_by_role("combobox", name="Tuning job to compare with").select_option("filled-25")
    tab.locator(".sides thead th", has_text="filled-25").wait_for()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert tab.evaluate(overflow) <= 0


def test_stopping_a_running_job(tab: Any, served: tuple[str, Path], request: pytest.FixtureRequest) -> None:
    client = sagemaker(served[1])
    name = f"running-{request.node.callspec.id}"
    job = tuning_job("tuning-tests", gate=str(served[1] / "never"))
    client.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **job)
    tab.goto(tab.url.split("/connections")[0] + f"/connections/local/jobs/{name}")
    tab.get_by_role("button", name="Stop", exact=True).click()
    tab.get_by_role("button", name="Stop tuning job").click()
    wait_until(lambda: status(client, name) == "Stopped", 60, "the job was not stopped")
    tab.locator("header").get_by_text("Stopped", exact=True).first.wait_for()
