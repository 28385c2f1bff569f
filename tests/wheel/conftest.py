"""The wheel, and one clean environment for each way to install it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.wheels import CleanEnvironment, build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    return CleanEnvironment.make(tmp_path_factory.mktemp("base") / "venv", wheel)


@pytest.fixture(scope="session")
def local(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    return CleanEnvironment.make(tmp_path_factory.mktemp("local") / "venv", wheel, "local")


@pytest.fixture(scope="session")
def demo(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """With what the demo needs, and what every other module does."""
    return CleanEnvironment.make(tmp_path_factory.mktemp("demo") / "venv", wheel, "demo,openlineage")
