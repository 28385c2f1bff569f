"""GitHub accepts the workflows and forms in .github, by the schemas that check-jsonschema carries, offline."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.wheels import REPOSITORY

GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {GITHUB / "ISSUE_TEMPLATE" / "config.yml"})
SCHEMAS = {
    **dict.fromkeys(WORKFLOWS, "vendor.github-workflows"),
    **dict.fromkeys(FORMS, "vendor.github-issue-forms"),
    GITHUB / "ISSUE_TEMPLATE" / "config.yml": "vendor.github-issue-config",
}


def check(schema: str, file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.stem)
def test_the_file_fits_its_schema(file: Path) -> None:
    done = check(SCHEMAS[file], file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_is_checked() -> None:
    assert set(GITHUB.rglob("*.yml")) == set(SCHEMAS)
    assert len(WORKFLOWS) >= 2


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("runs-on:", "run-on:"),
        ("timeout-minutes: 90", "timeout-minutes: long"),
        ("id-token: write", "id-token: all"),
    ],
)
def test_a_mistake_does_not_fit(right: str, wrong: str, tmp_path: Path) -> None:
    text = (GITHUB / "workflows" / "release.yml").read_text()
    assert right in text
    broken = tmp_path / "release.yml"
    broken.write_text(text.replace(right, wrong))
    assert check("vendor.github-workflows", broken).returncode == 1


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_jobs_need_jobs_that_exist_and_bound_their_time(file: Path) -> None:
    jobs = yaml.safe_load(file.read_text())["jobs"]
    for job in jobs.values():
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= set(jobs)
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", step["uses"])


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_the_python_of_the_workflow_is_that_of_the_makefile(file: Path) -> None:
    versions = re.findall(r'python-version: "([\d.]+)"', file.read_text())
    assert versions
    assert {f"python{version}" for version in versions} == set(
        re.findall(r"^PYTHON \?= (\S+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    )


def test_scripts_that_workflows_run_are_executable() -> None:
    text = " ".join(file.read_text() for file in WORKFLOWS)
    scripts = set(re.findall(r"(\.ci/[\w-]+)", text))
    assert scripts
    for script in scripts:
        assert (REPOSITORY / script).stat().st_mode & 0o111, script
