"""axe on every view of the tuning page: no violation, and no contrast that it cannot decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.ui.pages import BUNDLE
from benchmarks.page.jobs import fill
from benchmarks.page.session import browser, standalone_page
from tests.system.in_browser import IN_BROWSER

AXE = BUNDLE.parent / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [
    *IN_BROWSER,
    pytest.mark.skipif(not AXE.is_file(), reason="axe is not installed: make ui"),
]
JOB = "/connections/local/jobs/churn-02"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("page") / "service"
    for number in range(3):
        fill(data, f"churn-{number:02}", 40, seed=number, age=4000 - 400 * number)
    with standalone_page(data) as printed:
        yield printed


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    pytest.importorskip("playwright", reason="Playwright is not installed: make env-browser")
    with browser() as running:
        yield running


@pytest.fixture(params=["light", "dark", "phone", "phone-dark"])
def tab(chrome: Any, request: pytest.FixtureRequest, address: str) -> Iterator[Any]:
    """The list of tuning jobs, opened."""
    width, height = (390, 844) if request.param.startswith("phone") else (1280, 900)
    theme = "dark" if request.param.endswith("dark") else "light"
    # The page's Content-Security-Policy forbids scripts of others, which axe is.
    context = chrome.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, bypass_csp=True
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def open_list(tab: Any, base: str) -> None:
    tab.locator("tbody tr td.numeric").first.wait_for()


def open_job(tab: Any, base: str) -> None:
    tab.goto(base + JOB)
    draw_all(tab)


def open_training_job(tab: Any, base: str) -> None:
    tab.goto(base + JOB)
    tab.locator("section[aria-labelledby=leaderboard] tbody a, tbody button").first.click()
    tab.get_by_role("heading", name="Log", exact=True).wait_for()


def open_filter(tab: Any, base: str) -> None:
    tab.goto(base + JOB)
    tab.locator("tbody tr").nth(5).wait_for()
    tab.get_by_role("combobox", name="Filter training jobs").fill("nmber<=2")
    tab.get_by_text("There is no column nmber").wait_for()


def open_comparison(tab: Any, base: str) -> None:
    tab.goto(base + JOB)
    draw_all(tab)
    tab.get_by_role("combobox", name="Tuning job to compare with").select_option(index=1)
    tab.locator(".sides").wait_for()


def draw_all(tab: Any) -> None:
    """Scroll through the page: charts are drawn in sight."""
    tab.locator("tbody tr").nth(5).wait_for()
    for section in tab.locator("section").all():
        section.scroll_into_view_if_needed()
        tab.wait_for_timeout(150)


VIEWS = [open_list, open_job, open_training_job, open_filter, open_comparison]


@pytest.mark.parametrize("view", VIEWS, ids=[one.__name__[5:] for one in VIEWS])
def test_axe_finds_nothing(tab: Any, address: str, view: Callable[[Any, str], None]) -> None:
    view(tab, address.partition("/?")[0])
    tab.wait_for_timeout(400)  # colours fade in
    tab.evaluate(Path(AXE).read_text())
    found = tab.evaluate("axe.run()")
    assert found["passes"]
    assert not [described(one) for one in found["violations"]]
    assert not undecided(tab, found["incomplete"])


def undecided(tab: Any, incomplete: list[dict[str, Any]]) -> set[str]:
    """The texts whose contrast axe cannot decide, wherever the tables are scrolled to."""
    left = contrasts(incomplete)
    for step in range(1, 12):
        if not left:
            break
        tab.evaluate(
            "step => { for (const it of document.querySelectorAll('.table')) it.scrollLeft = step * 120 }",
            step,
        )
        again = tab.evaluate("axe.run({ runOnly: ['color-contrast'] })")
        assert not again["violations"]
        left &= contrasts(again["incomplete"])
    return left


def contrasts(findings: list[dict[str, Any]]) -> set[str]:
    """Where axe cannot decide the contrast."""
    return {
        f"{node['target']} {node['any'][0]['message']}"
        for one in findings
        if one["id"] == "color-contrast"
        for node in one["nodes"]
    }


def described(finding: dict[str, Any]) -> str:
    """One finding of axe: its rule and the elements."""
    return f"{finding['id']}: {finding['help']}: " + "; ".join(
        f"{node['target']} {[one['message'] for one in node['any']]}" for node in finding["nodes"][:5]
    )
