"""One cell: an environment of its own under ``.local/matrix``, and pytest in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from tests.matrix.cells import LOWEST, Cell, tools

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / ".local" / "matrix"
PROBE = (
    "from importlib.metadata import version as v; print(v('apache-airflow-core'), v('boto3'), v('pydantic'))"
)


@dataclass(frozen=True)
class Ran:
    """What came of a cell.

    Attributes:
        outcome: passed, failed or skipped.
        detail: counts, or the reason.
        versions: of Airflow, boto3 and pydantic; empty if it did not run.
    """

    cell: Cell
    outcome: str
    detail: str
    versions: str = ""


class CellError(Exception):
    """The environment of a cell could not be made."""


def run(cell: Cell, extra: list[str]) -> Ran:
    """Make the cell's environment if it is not there, and run its tests; the output goes to a log file."""
    interpreter = find_python(cell.python)
    if interpreter is None:
        return Ran(cell, "skipped", f"Python {cell.python} is not on this machine")
    folder = FOLDER / cell.name
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    try:
        python = _environment(cell, interpreter, folder, log)
    except CellError as error:
        return Ran(cell, "failed", str(error))
    versions = subprocess.run(
        [python, "-c", PROBE], capture_output=True, text=True, check=True
    ).stdout.split()
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    # Warnings are errors where the versions are the pinned ones; elsewhere they are other projects'.
    command += ["-W", "default", "-m", "not heavy", *cell.tests, *extra]
    with log.open("a") as output:
        code = subprocess.run(
            command, cwd=REPOSITORY, env=_variables(folder), stdout=output, stderr=output, check=False
        ).returncode
    counts = _counts(report) if report.exists() else "pytest did not finish"
    outcome = "passed" if code == 0 else "failed"
    return Ran(
        cell, outcome, counts if code == 0 else f"{counts}; {log.relative_to(REPOSITORY)}", " ".join(versions)
    )


def find_python(version: str) -> str | None:
    """The path of an interpreter of this version on this machine; nothing is downloaded."""
    uv = [sys.executable, "-m", "uv", "python", "find", "--no-python-downloads", version]
    by_uv = subprocess.run(uv, capture_output=True, text=True, check=False).stdout.strip()
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    by_pyenv = sorted(map(str, pyenv.glob(f"{version}.*/bin/python{version}")))
    on_path = shutil.which(f"python{version}")
    return next((path for path in (by_uv, on_path, *by_pyenv) if path and _works(path, version)), None)


def _works(path: str, version: str) -> bool:
    """Whether it runs at all: a version manager's shim may not."""
    code = "import sys, sqlite3, ssl; print('%d.%d' % sys.version_info[:2])"
    ran = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
    return ran.stdout.strip() == version


def _environment(cell: Cell, interpreter: str, folder: Path, log: Path) -> str:
    """The path of the environment's Python."""
    python, ready = folder / "venv" / "bin" / "python", folder / "ready.txt"
    wanted = "\n".join([*cell.requirements, *tools(), (REPOSITORY / "pyproject.toml").read_text()])
    if ready.exists() and ready.read_text() == wanted:
        return str(python)
    uv = [sys.executable, "-m", "uv"]
    into = [*uv, "pip", "install", "--python", str(python)]
    lowest = ["--resolution", "lowest-direct"] if cell.airflow == LOWEST else []
    steps = [
        [*uv, "venv", "--clear", "--no-python-downloads", "--python", interpreter, str(folder / "venv")],
        [*into, *lowest, *cell.requirements, "-e", ".[demo]"],
        [*into, *_pinned(tools())],
    ]
    with log.open("w") as output:
        for step in steps:
            if subprocess.run(step, cwd=REPOSITORY, stdout=output, stderr=output, check=False).returncode:
                raise CellError(f"its environment could not be made: {log.relative_to(REPOSITORY)}")
    ready.write_text(wanted)
    return str(python)


def _pinned(names: list[str]) -> list[str]:
    """The versions that constraints.txt has for the packages; it must not speak for the cell's others."""
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    return [line for line in lines if line.partition("==")[0] in names]


def _variables(folder: Path) -> dict[str, str]:
    """The environment variables for pytest: a private Airflow home, nothing of the caller's Airflow or AWS."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "AWS_"))}
    return ours | {"AIRFLOW_HOME": str(folder / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}


def _counts(report: Path) -> str:
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    number = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"]
    passed = number["tests"] - failed - number["skipped"]
    parts = [(passed, "passed"), (failed, "failed"), (number["skipped"], "skipped")]
    return ", ".join(f"{count} {word}" for count, word in parts if count)
