"""docs/versions.md is what compat.py, pyproject.toml and the last run of the matrix say."""

from __future__ import annotations

import tomllib

from docs.versions.page import PAGE, RAN, render
from tests.matrix.cells import cells


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == render(), "run `.venv/bin/python -m docs.versions`"


def test_what_is_on_record_are_cells_of_the_matrix_and_none_failed() -> None:
    recorded = {cell["name"]: cell["outcome"] for cell in tomllib.loads(RAN.read_text())["cell"]}
    assert recorded
    assert set(recorded) <= {cell.name for cell in cells()}
    assert set(recorded.values()) <= {"passed", "skipped"}


def test_the_oldest_airflow_that_is_tested_is_the_oldest_that_is_admitted() -> None:
    assert f"apache-airflow>={cells()[0].airflow}`" in render()
