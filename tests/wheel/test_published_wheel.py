"""What a package index and Airflow make of the wheel: its page, its links, its licences and its provider metadata."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from airflow_hpt_provider import __version__
from airflow_hpt_provider.provider_info import get_provider_info
from tests.support.wheels import REPOSITORY, CleanEnvironment

pytestmark = pytest.mark.wheel

RENDER = """
import sys
from readme_renderer import markdown
html = markdown.render(sys.stdin.read())
assert html, "README.md cannot be rendered"
print(html)
"""
MANAGER = """
import json, sys, warnings
from importlib.metadata import entry_points
import jsonschema, airflow
from pathlib import Path
from airflow.providers_manager import ProvidersManager
[entry] = [each for each in entry_points(group="apache_airflow_provider") if "hpt" in each.module]
info = entry.load()()
schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
jsonschema.validate(info, schema)
manager = ProvidersManager()
print(json.dumps({
    "unknown": sorted(set(info) - set(schema["properties"]) - {"package-name"}),
    "notifications": [str(getattr(each, "notification_class_name", each)) for each in manager.notification],
    "task-decorators": sorted(manager.taskflow_decorators),
    "plugins": [each.plugin_class for each in manager.plugins],
    "extra-links": sorted(manager.extra_links_class_names),
    "triggers": sorted(each.trigger_class_name for each in manager.trigger),
}))
"""


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with twine, and with the renderer that the Python package index uses."""
    path = tmp_path_factory.mktemp("publisher") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(path)], check=True)
    packages = ["twine", "readme-renderer[md]"]
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", str(path / "bin" / "python")]
    subprocess.run([*command, *packages], check=True)
    return path / "bin"


@pytest.fixture(scope="module")
def about(base: CleanEnvironment) -> Distribution:
    """The installed distribution."""
    (site,) = (base.path / "lib").glob("python*/site-packages")
    (found,) = site.glob("airflow_hpt_provider-*.dist-info")
    return Distribution.at(found)


@pytest.fixture(scope="module")
def html(publisher: Path, about: Distribution) -> str:
    text = about.metadata.get_payload()
    assert about.metadata["Description-Content-Type"] == "text/markdown"
    done = subprocess.run(
        [str(publisher / "python"), "-c", RENDER], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_twine_finds_nothing_wrong(publisher: Path, wheel: Path) -> None:
    done = subprocess.run(
        [str(publisher / "twine"), "check", "--strict", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED" in done.stdout


def test_readme_renders_as_written(html: str) -> None:
    readme = (REPOSITORY / "README.md").read_text()
    readme = re.sub(r"^```.*?^```", "", readme, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", readme, re.MULTILINE)
    rendered = [re.sub(r"<[^>]+>", "", each).strip() for each in re.findall(r"<h\d[^>]*>(.*?)</h\d>", html)]
    assert rendered == [heading.replace("`", "") for heading in headings]
    assert html.count("<table>") == len(re.findall(r"^\|[-| :]+\|$", readme, re.MULTILINE))
    assert "<!--" not in re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL)


def test_each_link_of_the_readme_is_absolute_and_leads_to_a_file(html: str) -> None:
    links = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    ours = [urlsplit(link) for link in links if "/OWNER/airflow-hpt-provider" in link]
    at_version = [
        link.path.partition(f"/v{__version__}/")[2] for link in ours if f"/v{__version__}/" in link.path
    ]
    assert len(at_version) > 10
    assert [path for path in at_version if not (REPOSITORY / unquote(path)).exists()] == []


def test_project_urls_have_the_labels_that_the_index_knows(about: Distribution) -> None:
    urls = dict(each.split(", ", 1) for each in about.metadata.get_all("Project-URL") or [])
    assert set(urls) == {"Homepage", "Documentation", "Changelog", "Issues", "Security"}
    assert {urlsplit(url).scheme for url in urls.values()} == {"https"}
    for url in urls.values():
        _, blob, path = url.partition("/blob/main/")
        assert not blob or (REPOSITORY / path).is_file()


def test_licence_and_notice_are_installed(about: Distribution) -> None:
    licences = {
        Path(str(file)).name: about.locate_file(file)
        for file in about.files or []
        if ".dist-info/licenses/" in str(file)
    }
    assert set(licences) == {"LICENSE", "NOTICE"}
    for name, path in licences.items():
        assert Path(str(path)).read_bytes() == (REPOSITORY / name).read_bytes()
    assert about.metadata["License-Expression"] == "Apache-2.0"
    assert about.metadata.get_all("License-File") == ["LICENSE", "NOTICE"]


@pytest.mark.skipif(
    not (REPOSITORY / "airflow_hpt_provider/ui/static/index.html").is_file(),
    reason="the page is not built: make ui",
)
def test_third_party_licences_of_the_page_are_installed(about: Distribution) -> None:
    bundle = [file for file in about.files or [] if "airflow_hpt_provider/ui/static/" in str(file)]
    (licences,) = (file for file in bundle if file.name == "THIRD-PARTY-LICENSES.txt")
    text = Path(str(about.locate_file(licences))).read_text()
    assert "echarts" in text
    assert "Apache License" in text
    assert any(file.name == "index.html" for file in bundle)


def test_airflow_takes_every_part_of_the_provider_metadata(base: CleanEnvironment) -> None:
    read = json.loads(base.python(MANAGER).splitlines()[-1])
    info = get_provider_info()
    assert read["unknown"] == ["versions"]
    assert set(info["notifications"]) <= set(read["notifications"])
    assert {each["name"] for each in info["task-decorators"]} <= set(read["task-decorators"])
    assert {each["plugin-class"] for each in info["plugins"]} <= set(read["plugins"])
    assert set(info["extra-links"]) <= set(read["extra-links"])
    assert {module for each in info["triggers"] for module in each["python-modules"]} <= {
        each.rpartition(".")[0] if "." in each and each.rpartition(".")[2][:1].isupper() else each
        for each in read["triggers"]
    }


def test_release_check_names_what_is_in_the_way_of_this_wheel(wheel: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            str(REPOSITORY / ".ci" / "release_check.py"),
            str(wheel),
            "--tag",
            f"v{__version__}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    changelog = (REPOSITORY / "CHANGELOG.md").read_text()
    reasons = {
        "placeholder OWNER": "OWNER/" in (REPOSITORY / "pyproject.toml").read_text(),
        "gives version": f"## {__version__} (unreleased)" in changelog,
        "bundle is not in the wheel": not (
            REPOSITORY / "airflow_hpt_provider/ui/static/index.html"
        ).is_file(),
    }
    expected = sum(reasons.values())
    assert {reason: reason in done.stdout for reason in reasons} == reasons
    assert done.returncode == (1 if expected else 0)
    assert len(done.stdout.splitlines()) == max(expected, 1)
