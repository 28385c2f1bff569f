"""docs/cli.md: every command in it is run, and prints what the page says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.cli.main import COMMANDS, build_parser

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.integration.cli.conftest import CommandLine

pytestmark = pytest.mark.integration

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "cli.md").read_text()
EXAMPLES = re.findall(r"```console\n\$ airflow-hpt ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)
VARIABLE = [
    (r"(?<=-\d{3}-)[0-9a-f]{8}", "********"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE"),
    (r"\b\d+ (s|min \d+ s|min)\b", "TIME"),
    (r"process \d+", "process N"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
    (r"\n +\d+ tuning jobs? \w+", ""),
    (r"\n *Training jobs run [^\n]*", ""),
    (r"-{3,}", "---"),
    (r" +", " "),
]


def settled(text: str) -> str:
    for pattern, constant in VARIABLE:
        text = re.sub(pattern, constant, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_the_page(cli: CommandLine, service: LocalService) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # as in an activated environment
    for file in (DOCS / "snippets" / "cli").glob("*.yaml"):
        shutil.copy(file, cli.folder)
    directory = str(service.data_dir)
    for command, reported in EXAMPLES:
        done = cli(*shlex.split(command.replace("DIR", directory)), PATH=path)
        printed = settled((done.err + done.out).replace(directory, "DIR"))
        if "[...]" in reported:
            last = reported.partition("[...]")[2]
            assert printed.endswith(settled(last)), command
        else:
            assert printed == settled(reported), command


def test_every_command_is_on_the_page() -> None:
    parser = build_parser()
    (commands,) = (action for action in parser._actions if action.dest == "==SUPPRESS==" and action.choices)
    elsewhere = {"demo", "up", "migrate-check"}  # README.md, docs/migrate.md
    for name in set(commands.choices or ()) - elsewhere:
        assert f"`{name}" in PAGE, name
    assert len(COMMANDS) >= 7


def test_the_shell_completes_commands(cli: CommandLine) -> None:
    """As argcomplete's shell function asks for it."""
    line = "airflow-hpt va"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(cli.folder / "completions"),
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    process = cli.start(environment=asked)
    process.communicate(timeout=60)
    assert (cli.folder / "completions").read_text().split() == ["validate"]
