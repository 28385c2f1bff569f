"""Runs tests with one changed module, in a fork of a process that has the large packages loaded already."""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from enum import Enum
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

LARGE = (
    *("pytest", "hypothesis", "boto3", "airflow.sdk", "airflow.models.dag"),
    "airflow.providers.amazon.aws.hooks.base_aws",
)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from other source."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self._name, self._path, self._source = name, path, source

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        package = self._path.name == "__init__.py"
        spec = spec_from_loader(name, self, origin=str(self._path), is_package=package)
        if spec and package:
            spec.submodule_search_locations = [str(self._path.parent)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self._path)
        exec(compile(self._source, self._path, "exec"), module.__dict__)


OWN = ("airflow_hpt_provider", "tests", "conftest")
"""What each trial imports itself, because it may import the changed module."""


def load_large_packages() -> None:
    """Import what every test imports, but not this package."""
    for name in LARGE:
        __import__(name)


def load_packages_of(tests: Sequence[str]) -> None:
    """Import what these tests import, but not this package: each trial is a fork, and begins with that."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as loaded:
        child = os.fork()
        if not child:
            _pytest(tests)
            Path(loaded.name).write_text("\n".join(sys.modules), encoding="utf-8")
            os._exit(0)
        os.waitpid(child, 0)
        names = loaded.read().split()
    for name in names:
        if name.partition(".")[0] not in OWN:
            with contextlib.suppress(Exception):
                __import__(name)


class Outcome(Enum):
    """What tests make of a change."""

    PASSED = "passed"
    FAILED = "failed"
    ENDLESS = "endless"
    """They had not ended within the limit of time."""


def outcome_of(path: Path, source: str, tests: Sequence[str], seconds: float) -> tuple[Outcome, float]:
    """Return what tests make of a changed module, and how long they took.

    Args:
        path: the module, from the repository's root.
        source: its changed text.
        tests: files and folders.
        seconds: the limit of time.
    """
    started = time.monotonic()
    child = os.fork()
    if not child:
        os.setsid()
        _run(path, source, tests)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            passed = os.waitstatus_to_exitcode(status) == 0
            return Outcome.PASSED if passed else Outcome.FAILED, time.monotonic() - started
        if time.monotonic() - started > seconds:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Outcome.ENDLESS, seconds
        time.sleep(0.02)


def _run(path: Path, source: str, tests: Sequence[str]) -> None:
    parts = path.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    sys.meta_path.insert(0, _Changed(name, path.resolve(), source))
    os._exit(_pytest(tests))


def _pytest(tests: Sequence[str]) -> int:
    """Run tests without any output, up to the first one that fails; return the exit code."""
    import pytest

    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    options = ("-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--assert=plain")
    try:
        return int(pytest.main([*options, *tests]))
    except BaseException:
        return 1
