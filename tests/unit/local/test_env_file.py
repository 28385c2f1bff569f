"""local.env: private, whole, and the same secret after a restart."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

from airflow_hpt_provider.local.env_file import (
    ACCESS_KEY_ID,
    Environment,
    new_secret,
    read_environment,
    write_environment,
)


def test_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "local.env"
    environment = Environment("http://127.0.0.1:1234", new_secret(), "eu-west-1")
    write_environment(path, environment)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_environment(path) == environment
    assert [p.name for p in tmp_path.iterdir()] == ["local.env"]


def test_a_shell_can_source_it(tmp_path: Path) -> None:
    path = tmp_path / "local.env"
    write_environment(path, Environment("http://127.0.0.1:1", new_secret(), "us-east-1"))
    script = f'set -a; . {path}; set +a; env | grep -c "^AWS_.*=."; echo $AWS_ACCESS_KEY_ID'
    out = subprocess.run(
        ["sh", "-c", script], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == ["4", ACCESS_KEY_ID]


def test_nothing_usable(tmp_path: Path) -> None:
    path = tmp_path / "local.env"
    assert read_environment(path) is None
    path.write_text("AWS_ENDPOINT_URL=http://127.0.0.1:1\n")
    assert read_environment(path) is None


def test_secrets_are_not_shown() -> None:
    secret = new_secret()
    assert secret not in repr(Environment("http://127.0.0.1:1", secret, "us-east-1"))
    assert len({new_secret() for _ in range(10)}) == 10
