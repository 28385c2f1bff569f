"""A wheel is published only with absolute links, its licences, its version in the changelog, and no placeholder."""

import importlib.util
import re
import zipfile
from email.message import Message
from pathlib import Path

import pytest
import yaml

from tests.support.wheels import REPOSITORY, build

MAKEFILE = (REPOSITORY / "Makefile").read_text()
CHANGELOG = "# Changelog\n\n## 1.2.3 (2026-11-29)\n"
FILES = (
    "airflow_hpt_provider/ui/static/index.html",
    "x-1.2.3.dist-info/licenses/LICENSE",
    "x-1.2.3.dist-info/licenses/NOTICE",
)


@pytest.fixture(scope="module")
def check():
    spec = importlib.util.spec_from_file_location("release_check", REPOSITORY / ".ci" / "release_check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wheel_of(
    folder, *, url="https://github.com/me/x", readme="[a](https://github.com/me/x/a.md)", files=FILES
):
    about = Message()
    about["Version"] = "1.2.3"
    if url:
        about["Project-URL"] = f"Homepage, {url}"
    about.set_payload(readme)
    path = folder / "x-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x-1.2.3.dist-info/METADATA", about.as_bytes())
        for name in files:
            archive.writestr(name, "")
    return path


def test_wheel_that_may_be_published(check, tmp_path):
    assert list(check.problems(wheel_of(tmp_path), "v1.2.3", CHANGELOG)) == []


@pytest.mark.parametrize(
    ("wheel", "tag", "changelog", "named"),
    [
        ({"url": "https://github.com/OWNER/x"}, None, CHANGELOG, "placeholder OWNER"),
        ({"readme": "[a](https://github.com/OWNER/x/a.md)"}, None, CHANGELOG, "placeholder OWNER"),
        ({"url": None}, None, CHANGELOG, "no project URLs"),
        ({"readme": "[a](docs/a.md)"}, None, CHANGELOG, "docs/a.md"),
        ({}, "v1.2.4", CHANGELOG, "v1.2.4"),
        ({}, None, "## 1.2.2 (2026-11-01)\n", "does not begin with version 1.2.3"),
        ({}, None, "## 1.2.3 (unreleased)\n", "unreleased"),
        ({"files": FILES[1:]}, None, CHANGELOG, "bundle"),
        ({"files": FILES[:2]}, None, CHANGELOG, "NOTICE"),
    ],
)
def test_wheel_that_may_not(check, tmp_path, wheel, tag, changelog, named):
    [problem] = check.problems(wheel_of(tmp_path, **wheel), tag, changelog)
    assert named in problem


def test_todays_wheel_waits_for_an_owner_and_a_date_only(check, tmp_path):
    found = list(check.problems(build(tmp_path), None, (REPOSITORY / "CHANGELOG.md").read_text()))
    expected = ("placeholder OWNER", "unreleased", "bundle")  # the bundle is missing where npm is
    assert [problem for problem in found if not any(part in problem for part in expected)] == []
    assert any("placeholder OWNER" in problem for problem in found)


def test_readme_of_the_wheel_is_the_readme_with_absolute_links(check, tmp_path):
    with zipfile.ZipFile(build(tmp_path)) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        description = archive.read(name).decode()
    readme = (REPOSITORY / "README.md").read_text()
    relative = set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", readme))
    assert len(relative) > 10
    assert [
        target for target in relative if not re.search(rf"https://[^)]*/{re.escape(target)}\)", description)
    ] == []
    assert "<!-- quote" not in description


@pytest.mark.parametrize(
    "file", sorted((REPOSITORY / ".github/workflows").glob("*.yml")), ids=lambda path: path.name
)
def test_workflow_runs_what_a_developer_can_run(file: Path):
    jobs = yaml.safe_load(file.read_text())["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert commands
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for command in commands:
        if command.startswith("make "):
            assert command.split()[1] in targets
        else:
            assert (REPOSITORY / command.split()[-1]).is_file()


def test_release_stores_no_token():
    text = (REPOSITORY / ".github/workflows/release.yml").read_text()
    assert "id-token: write" in text
    assert "secrets." not in text
