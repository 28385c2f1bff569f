"""What printed commands begin with: a program that the reader's shell finds."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_hpt_provider.cli.own_program import own_program, with_environment

BIN = Path(sys.executable).parent


def test_environment_is_activated(monkeypatch):
    monkeypatch.setenv("PATH", str(BIN))
    assert own_program() == "airflow-hpt"


@pytest.mark.parametrize("other", [False, True])
def test_shell_finds_no_program_or_another_ones(monkeypatch, tmp_path, other):
    if other:
        (tmp_path / "airflow-hpt").write_text("#!/bin/sh\n")
        (tmp_path / "airflow-hpt").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert own_program() == str(BIN / "airflow-hpt")
    monkeypatch.chdir(BIN.parent)
    assert own_program() == f"{BIN.name}/airflow-hpt"


def test_line_runs_in_a_plain_shell_and_leaves_no_variable_exported(monkeypatch, tmp_path):
    folder = tmp_path / "with space"
    folder.mkdir()
    (folder / "local.env").write_text("AWS_REGION=us-east-1\n")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    line = f"{with_environment(folder / 'local.env', '--version')}; LATER=1; env | grep -c LATER"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("airflow-hpt-provider "), (line, done.stderr)
    assert done.stdout.endswith("\n0\n"), done.stdout
    assert shlex.split(line)[3].startswith(str(folder))
