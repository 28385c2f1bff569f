"""What is in the wheel: the package, its data and the example DAGs; the licence; no tests. The same each time."""

from __future__ import annotations

import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from airflow_hpt_provider import __version__
from tests.support.wheels import REPOSITORY, build

PACKAGE = REPOSITORY / "airflow_hpt_provider"
EXAMPLES = REPOSITORY / "dags"
BUNDLE = PACKAGE / "ui" / "static"  # made by `make ui`, not kept in the repository
DIST_INFO = f"airflow_hpt_provider-{__version__}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files_below(folder: Path, prefix: str) -> set[str]:
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_holds_the_package_and_the_example_dags_and_nothing_else(names: set[str]) -> None:
    frontend = "airflow_hpt_provider/ui/frontend/"  # the bundle's sources
    package = {name for name in files_below(PACKAGE, "airflow_hpt_provider") if not name.startswith(frontend)}
    wanted = package | files_below(EXAMPLES, "airflow_hpt_provider/example_dags")
    about = {f"{DIST_INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    assert names == wanted | about | {f"{DIST_INFO}/licenses/{name}" for name in ("LICENSE", "NOTICE")}


@pytest.mark.parametrize(
    "name",
    [
        "airflow_hpt_provider/py.typed",
        "airflow_hpt_provider/local/db/sql/training_jobs.sql",
        "airflow_hpt_provider/local/db/migrations/0001_jobs.sql",
        "airflow_hpt_provider/local/db/migrations/0003_a_directory_for_each_job.sql",
        "airflow_hpt_provider/example_dags/.airflowignore",
        "airflow_hpt_provider/example_dags/tune_and_register.py",
        "airflow_hpt_provider/example_dags/training/train.py",
    ],
)
def test_what_runs_only_with_its_data_has_it(names: set[str], name: str) -> None:
    assert name in names


@pytest.mark.skipif(not BUNDLE.is_dir(), reason="the page's frontend bundle is not built: make ui")
def test_the_frontend_bundle_is_in_when_it_was_built(names: set[str]) -> None:
    assert files_below(BUNDLE, "airflow_hpt_provider/ui/static") <= names
    assert any(name.startswith("airflow_hpt_provider/ui/static/") for name in names)


def test_no_test_and_no_source_of_the_bundle_is_in_it(names: set[str]) -> None:
    parts = {part for name in names for part in name.split("/")}
    assert not parts & {"tests", "node_modules", "frontend", "conftest.py"}
    assert not [part for part in parts if part.startswith("test_")]


def test_the_licence_is_named_and_in(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = message_from_bytes(archive.read(f"{DIST_INFO}/METADATA"))
        licence = archive.read(f"{DIST_INFO}/licenses/LICENSE")
    assert metadata["License-Expression"] == "Apache-2.0"
    assert licence == (REPOSITORY / "LICENSE").read_bytes()
    assert b"Apache License" in licence
    assert b"Version 2.0, January 2004" in licence


def test_it_is_for_any_platform_with_no_compiled_part(wheel: Path) -> None:
    assert wheel.name == f"airflow_hpt_provider-{__version__}-py3-none-any.whl"


def test_two_builds_are_the_same_byte_for_byte(wheel: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == wheel.read_bytes()
