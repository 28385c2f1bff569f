"""The Python that pages have readers type at a shell does run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
COMMANDS = sorted({found for page in PAGES for found in re.findall(r'python -c "(.*?)"', page.read_text())})


def test_there_are_some() -> None:
    assert len(COMMANDS) >= 2


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[:60])
def test_it_runs(command: str) -> None:
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout
