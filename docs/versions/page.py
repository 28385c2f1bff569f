"""The page on versions: what is required, what was tested, and what only newer versions of Airflow can do."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airflow_hpt_provider.compat import CAPABILITIES

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "versions.md"
RAN = REPOSITORY / "docs" / "versions" / "ran.toml"


def render() -> str:
    """Return the whole page."""
    return "\n".join([*_head(), *_required(), *_capabilities(), *_tested()]) + "\n"


def _head() -> Iterator[str]:
    yield "<!-- Written by `python -m docs.versions`; a test compares. -->"
    yield ""
    yield "# Versions"


def _required() -> Iterator[str]:
    project = _toml(REPOSITORY / "pyproject.toml")["project"]
    yield from ("", "## Requirements", "")
    yield f"Python `{project['requires-python']}` and:"
    yield ""
    yield from (f"- `{requirement}`" for requirement in project["dependencies"])
    yield ""
    yield "The base install adds only itself to an Airflow that has the amazon provider. The local tuning service comes"
    yield "with the extra `local`, the demo and the example DAGs' training scripts with the extra `demo`."


def _capabilities() -> Iterator[str]:
    yield from ("", "## Features of newer Airflow versions", "")
    yield "Decided in one module, `airflow_hpt_provider/compat.py`, from which this table is made. Each row is checked"
    yield "against the running Airflow by `tests/unit/test_compat.py`, on every version below."
    yield ""
    yield "| since Airflow | there | below |"
    yield "|---|---|---|"
    for capability in CAPABILITIES.values():
        since = ".".join(map(str, capability.since))
        yield f"| {since} | {capability.what} | {capability.below} |"


def _tested() -> Iterator[str]:
    ran = _toml(RAN)
    yield from ("", "## Tested versions", "")
    yield "`make test-matrix`: the core of the suite, unit tests and tests against the local tuning service, in an"
    yield "environment of its own for each row. `lowest` has what `pyproject.toml` names at its lowest version."
    yield ""
    yield "| | on | Python | Airflow | boto3 | pydantic | |"
    yield "|---|---|---|---|---|---|---|"
    for cell in ran["cell"]:
        columns = (cell[key] for key in ("name", "date", "python", "airflow", "boto3", "pydantic"))
        yield f"| {' | '.join(columns)} | {cell['outcome']}: {cell['detail']} |"
    yield ""
    yield "`tests/matrix/cells.toml` names the tests and the pins: Airflow's releases do not cap all that they need,"
    yield "and 3.1 and 3.2 do not start with the newest of it."


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())
