"""Find what a cluster needs that no Python package of this project brings."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PYTHON = REPOSITORY / ".heavy" / "cluster" / "bin" / "python"
"""The interpreter of the environment that Airflow runs in: the built wheel, and Celery."""


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, of the newest version installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: int(one.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("postgres")
    return None if found is None else Path(found).resolve().parent


def missing() -> list[str]:
    """Return what is not installed, each with the command that installs it."""
    found = []
    if postgres_programs() is None:
        found.append("PostgreSQL (.ci/install-packages)")
    if shutil.which("redis-server") is None:
        found.append("redis-server (.ci/install-packages)")
    if not PYTHON.exists():
        found.append("the cluster's Python environment (make env-cluster)")
    return found


def must_run() -> bool:
    """Return whether missing packages are a failure: in CI."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
