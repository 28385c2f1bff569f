"""Real client programs that the package does not install: found, skipped where missing, required in CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

REQUIRED = "AIRFLOW_HPT_REQUIRED_CLIENTS"
"""Environment variable with the names of the clients that must be installed; ``.ci/clients`` sets it."""

S3_LIBRARIES = "s3-libraries"
"""The environment of pyarrow, pandas, s3fs, DuckDB and polars; ``make env-clients`` makes it in ``.heavy``."""
_HEAVY = Path(os.environ.get("AIRFLOW_HPT_HEAVY", Path(__file__).parents[2] / ".heavy"))


def debian_program(name: str) -> str:
    """Return the path of a program that Debian packages; the test is skipped, or fails in CI, without it."""
    return _found(name, Path("/usr/bin") / name)


def python_with_s3_libraries() -> str:
    """Return the Python that has the S3 libraries; the test is skipped, or fails in CI, without it."""
    return _found(S3_LIBRARIES, _HEAVY / S3_LIBRARIES / "bin" / "python")


FAB = "fab"
"""The environment of the provider with Airflow's FAB auth manager; ``make env-fab`` makes it in ``.heavy``."""


def python_with_fab() -> str:
    """Return the Python that has the FAB auth manager; the test is skipped, or fails in CI, without it."""
    return _found(FAB, _HEAVY / FAB / "bin" / "python")


def _found(name: str, path: Path) -> str:
    if shutil.which(path):
        return str(path)
    message = f"{path} is not installed: make {'env-fab' if name == FAB else 'env-clients'} installs it"
    if name in os.environ.get(REQUIRED, "").split():
        pytest.fail(f"{message}, and CI requires it ({REQUIRED}).")
    pytest.skip(message)
