"""Unmodified S3 clients that others wrote: pyarrow, pandas, s3fs, DuckDB, polars, rclone, s3cmd and the AWS CLI 2."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.real_clients.conftest import BUCKET
from tests.support.foreign_programs import debian_program, python_with_s3_libraries

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = [pytest.mark.integration, pytest.mark.foreign]

PROGRAM = Path(__file__).parent / "heavy" / "s3_tables.py"


def run(*command: str, env: dict[str, str]) -> str:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.parametrize("library", ["pyarrow", "pandas", "s3fs", "duckdb", "polars"])
def test_a_table_written_and_read(library: str, environment: dict[str, str]) -> None:
    python = python_with_s3_libraries()
    found = run(
        python, "-W", "ignore", str(PROGRAM), library, f"s3://{BUCKET}/tables/{library}", env=environment
    )
    assert found.split() == ["1000"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "a.txt": b"1",
        "sub folder/ü & +.bin": bytes(range(256)),
        "sub folder/large": b"0123456789" * 2_000_000,
        "empty": b"",
    }
    for name, content in files.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "tree"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_rclone(environment: dict[str, str], tree: Path, tmp_path: Path) -> None:
    rclone = debian_program("rclone")
    remote = (
        f":s3,provider=Other,env_auth,region=us-east-1,endpoint='{environment['AWS_ENDPOINT_URL']}',"
        f"force_path_style,upload_cutoff=6M,chunk_size=5M:{BUCKET}/rclone"
    )
    run(rclone, "copy", str(tree), remote, env=environment)
    run(rclone, "check", str(tree), remote, env=environment)
    assert "large" in run(rclone, "lsf", "--recursive", remote, env=environment)
    run(rclone, "move", f"{remote}/sub folder", f"{remote}/moved", env=environment)
    run(rclone, "copy", remote, str(tmp_path / "back"), env=environment)
    (tree / "sub folder").rename(tree / "moved")
    assert contents(tmp_path / "back") == contents(tree)
    run(rclone, "purge", remote, env=environment)
    assert run(rclone, "lsf", f"{remote}/..", env=environment).count("rclone") == 0


def test_s3cmd(environment: dict[str, str], tree: Path, tmp_path: Path) -> None:
    host = environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    s3cmd = [
        debian_program("s3cmd"),
        f"--host={host}",
        f"--host-bucket={host}",
        "--no-ssl",
        "--region=us-east-1",
        f"--access_key={environment['AWS_ACCESS_KEY_ID']}",
        f"--secret_key={environment['AWS_SECRET_ACCESS_KEY']}",
        f"--config={tmp_path / 'none'}",
        "--multipart-chunk-size-mb=5",
    ]
    (tmp_path / "none").touch()
    there = f"s3://{BUCKET}/s3cmd/"
    run(*s3cmd, "sync", f"{tree}/", there, env=environment)
    assert f"{there}a.txt" in run(*s3cmd, "ls", there, env=environment)
    run(*s3cmd, "mv", f"{there}a.txt", f"{there}b.txt", env=environment)
    assert "20000000" in run(*s3cmd, "info", f"{there}sub folder/large", env=environment)
    (tmp_path / "back").mkdir()
    run(*s3cmd, "get", "--recursive", there, f"{tmp_path / 'back'}/", env=environment)
    (tree / "a.txt").rename(tree / "b.txt")
    assert contents(tmp_path / "back") == contents(tree)
    run(*s3cmd, "del", "--recursive", "--force", there, env=environment)
    run(*s3cmd, "mb", "s3://made-by-s3cmd", env=environment)
    assert "s3://made-by-s3cmd" in run(*s3cmd, "ls", env=environment)
    run(*s3cmd, "rb", "s3://made-by-s3cmd", env=environment)


def test_aws_cli_version_2(
    environment: dict[str, str], service: LocalService, tree: Path, tmp_path: Path
) -> None:
    # Version 2.9 is older than AWS_ENDPOINT_URL.
    aws = [debian_program("aws"), "--endpoint-url", environment["AWS_ENDPOINT_URL"]]
    there = f"s3://{BUCKET}/aws-cli-2"
    run(*aws, "s3", "sync", str(tree), there, env=environment)
    run(*aws, "s3", "mv", f"{there}/a.txt", f"{there}/b.txt", env=environment)
    run(*aws, "s3", "sync", there, str(tmp_path / "back"), env=environment)
    (tree / "a.txt").rename(tree / "b.txt")
    assert contents(tmp_path / "back") == contents(tree)
    run(*aws, "s3", "rm", "--recursive", there, env=environment)
    assert service.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="aws-cli-2")["KeyCount"] == 0
