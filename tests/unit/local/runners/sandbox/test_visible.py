"""Which parts of this machine sandboxed training jobs see."""

import sys
from pathlib import Path

import pytest

from airflow_hpt_provider.local.runners.sandbox import visible


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "me"))
    (tmp_path / "home" / "me" / "project" / ".local").mkdir(parents=True)
    return tmp_path / "home" / "me"


def test_the_python_environment_is_visible() -> None:
    mounts = visible.visible()
    for path in (sys.executable, sys.prefix, sys.base_prefix, visible.__file__, pytest.__file__):
        assert mounts.shows(Path(path)), path


def test_the_system_is_visible_and_the_rest_is_not(home: Path) -> None:
    mounts = visible.visible()
    assert mounts.shows(Path("/usr/bin/env"))
    assert mounts.shows(Path("/etc/passwd"))
    for path in (home, home / "project", Path("/var/lib"), Path("/run"), Path("/srv"), Path("/tmp")):
        assert not mounts.shows(path), path


def test_a_readable_directory_is_visible_except_for_what_is_hidden(home: Path) -> None:
    project = home / "project"
    mounts = visible.visible(readable=[project], hidden=[project / ".local"])
    assert mounts.shows(project / "train.py")
    assert not mounts.shows(project / ".local" / "local.env")


def test_a_hidden_directory_is_hidden_by_its_real_name_too(home: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(home / "project" / ".local")
    mounts = visible.visible(readable=[home / "project"], hidden=[link])
    assert not mounts.shows(home / "project" / ".local" / "local.env")


def test_neither_the_home_directory_nor_one_that_holds_it_is_shown(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mounts = visible.visible(readable=[home, home.parent])
    assert not mounts.shows(home / ".aws" / "credentials")
    assert f"{home} is not shown" in caplog.text


def test_settings_that_only_their_owner_may_read_are_private(tmp_path: Path) -> None:
    for name, mode in (("shadow", 0o640), ("passwd", 0o644), ("key", 0o600)):
        (tmp_path / name).touch(mode)
        (tmp_path / name).chmod(mode)
    (tmp_path / "private").mkdir(mode=0o700)
    (tmp_path / "ssl").mkdir(mode=0o755)
    (tmp_path / "ssl" / "key.pem").touch(0o600)
    (tmp_path / "link").symlink_to("shadow")
    private = visible.private_settings(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in private] == [
        "key",
        "private",
        "shadow",
        "ssl/key.pem",
    ]
