"""The data directory is private and one service's at a time."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from airflow_hpt_provider.local.data_dir import DataDirectory
from airflow_hpt_provider.local.errors import StartError
from airflow_hpt_provider.local.server import serve
from airflow_hpt_provider.local.settings import ServiceSettings


def test_made_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with DataDirectory(path, path / "lock"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    path.chmod(0o755)
    with DataDirectory(path, path / "lock"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_one_at_a_time(tmp_path: Path) -> None:
    with (
        DataDirectory(tmp_path, tmp_path / "lock"),
        pytest.raises(StartError, match=rf"process {os.getpid()}\) runs on .*: stop it, or"),
        DataDirectory(tmp_path, tmp_path / "lock"),
    ):
        pass
    with DataDirectory(tmp_path, tmp_path / "lock"):
        pass


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StartError, match="choose another with --data-dir"),
        DataDirectory(tmp_path / "file", tmp_path / "file" / "lock"),
    ):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.com"])
def test_loopback_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(StartError, match="loopback addresses only"):
        serve(ServiceSettings(tmp_path / "d", host=host))
    assert not (tmp_path / "d").exists()


def test_a_shared_directory_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(0o1777)  # as /tmp is
    with pytest.raises(StartError, match="is shared or another user's"), DataDirectory(path, path / "lock"):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o1777
    assert not list(path.iterdir())
