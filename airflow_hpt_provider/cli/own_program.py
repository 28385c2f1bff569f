"""How to start this program again: what printed commands begin with."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

PROGRAM = "airflow-hpt"


def own_program() -> str:
    """Return ``airflow-hpt`` where the shell finds this installation's, else the path of this installation's."""
    installed = Path(sys.executable).parent / PROGRAM
    found = shutil.which(PROGRAM)
    if not installed.exists() or (found is not None and Path(found).resolve() == installed.resolve()):
        return PROGRAM
    here = Path.cwd()
    return shlex.quote(str(installed.relative_to(here) if installed.is_relative_to(here) else installed))


def with_environment(environment_file: Path, command: str) -> str:
    """Return the shell line that runs one of this program's commands with the variables of a local service."""
    return f"set -a; . {shlex.quote(str(environment_file))}; set +a; {own_program()} {command}"
