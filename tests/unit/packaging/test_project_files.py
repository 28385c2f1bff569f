"""The contributors' files name only things that exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from airflow_hpt_provider import __version__

REPOSITORY = Path(__file__).parents[3]
MAKEFILE = (REPOSITORY / "Makefile").read_text()
GUIDES = ["CONTRIBUTING.md", "AGENTS.md"]
PACKAGE = REPOSITORY / "airflow_hpt_provider"


def quoted(file: str) -> list[str]:
    """What stands in backticks in a page."""
    return re.findall(r"`([^`\n]+)`", (REPOSITORY / file).read_text())


def test_the_newest_section_of_the_changelog_is_this_version() -> None:
    headings = re.findall(r"^## (.+)$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    match = re.fullmatch(r"(\S+) \((unreleased|\d{4}-\d\d-\d\d)\)", headings[0])
    assert match, headings[0]
    assert match[1] == __version__
    versions = [heading.split()[0] for heading in headings]
    assert len(versions) == len(set(versions))


@pytest.mark.parametrize("file", GUIDES)
def test_the_make_targets_that_guides_name_exist(file: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    named = {word for text in quoted(file) if text.startswith("make ") for word in text.split()[1:]}
    assert named
    assert named <= targets


@pytest.mark.parametrize("file", GUIDES)
def test_the_paths_that_guides_name_exist(file: str) -> None:
    paths = {
        text for text in quoted(file) if re.fullmatch(r"[\w./-]+(/|\.(py|md|toml|txt))", text) and "/" in text
    }
    assert paths
    missing = [
        path
        for path in paths
        if not any((root / path).exists() for root in (REPOSITORY, PACKAGE, PACKAGE / "local"))
    ]
    assert missing == []


@pytest.mark.parametrize("file", GUIDES)
def test_the_files_that_guides_name_without_a_folder_exist(file: str) -> None:
    named = {text for text in quoted(file) if re.fullmatch(r"\w+\.py", text)}
    assert named
    assert named - {path.name for path in PACKAGE.rglob("*.py")} == set()


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("__init__.py")), ids=lambda file: file.parent.name)
def test_what_a_package_says_of_its_files_and_folders_exists(file: Path) -> None:
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    named = [
        *re.findall(r"(?<![\w/.<-])(?:\w+/)*\w+\.py\b", text),
        *re.findall(r"^ *(\w+/)  ", text, re.MULTILINE),
    ]
    below = [path.relative_to(file.parent).as_posix() for path in file.parent.rglob("*")]
    missing = [
        name
        for name in named
        if not name.startswith("tests/")
        and not any(f"/{path}".endswith(f"/{name.rstrip('/')}") for path in below)
    ]
    assert missing == []


@pytest.mark.parametrize(
    "name", ["RULES", "HANDLERS", "STRATEGIES", "StrategyType", "make_strategy", "ServiceError"]
)
def test_the_names_that_contributing_says_to_change_exist(name: str) -> None:
    assert name in " ".join(quoted("CONTRIBUTING.md"))
    found = subprocess.run(
        ["grep", "-rlE", rf"^(class |def )?{name}\b", "airflow_hpt_provider", "tests/unit"],
        cwd=REPOSITORY, capture_output=True, check=False,
    )  # fmt: skip
    assert found.stdout


def test_every_make_target_that_people_run_is_in_the_help() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    helped = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert targets - helped <= {"lint", "types", "contracts", "env-browser", "ui-if-npm"}


def test_pre_commit_takes_its_configuration_and_needs_no_network() -> None:
    config = REPOSITORY / ".pre-commit-config.yaml"
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", str(config)], check=True, timeout=60
    )
    repos = yaml.safe_load(config.read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    assert {hook["language"] for repo in repos for hook in repo["hooks"]} == {"system"}


@pytest.mark.parametrize(
    "file", sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda p: p.stem
)
def test_issue_templates_are_forms(file: Path) -> None:
    form = yaml.safe_load(file.read_text())
    if file.stem == "config":
        assert set(form) == {"blank_issues_enabled"}
        return
    assert {"name", "description", "body"} <= set(form)
    for field in form["body"]:
        assert field["type"] in {"textarea", "input", "dropdown", "markdown", "checkboxes"}
        assert field["attributes"]["label"]
