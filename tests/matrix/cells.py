"""The cells of the matrix, from ``cells.toml``: which Airflow, which Python, which tests."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LOWEST = "lowest"


@dataclass(frozen=True)
class Cell:
    """One combination to test.

    Attributes:
        airflow: Airflow's version, or ``lowest`` for the lowest versions of everything.
        python: major and minor version.
        requirements: pins next to ours.
        tests: paths for pytest.
    """

    airflow: str
    python: str
    requirements: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """Such as ``3.2.2-py3.13``."""
        return f"{self.airflow}-py{self.python}"


def tools() -> list[str]:
    """The packages that only the tests need."""
    return list(_file()["tools"])


def cells() -> list[Cell]:
    """All of them, the oldest Airflow first."""
    file = _file()
    core, once = tuple(file["core"]), tuple(file["once"])
    newest = file["airflow"][-1]["version"]
    found = [
        Cell(
            airflow=each["version"],
            python=python,
            requirements=(f"apache-airflow=={each['version']}", *each["with"]),
            tests=core + once if each["version"] == newest else core,
        )
        for each in file["airflow"]
        for python in file["pythons"]
    ]
    lowest = file["lowest"]
    return [*found, Cell(LOWEST, lowest["python"], tuple(lowest["with"]), core)]


def _file() -> dict:  # type: ignore[type-arg]  # TOML has no type that would say more
    return tomllib.loads((HERE / "cells.toml").read_text())
