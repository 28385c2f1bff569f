"""The command line: help, usage errors, and one clear line for what the user can put right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airflow_hpt_provider import __version__
from airflow_hpt_provider.cli.errors import missing_extra
from airflow_hpt_provider.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--help"], "local tuning service"),
        (["local", "--help"], "serve"),
        (["local", "serve", "--help"], "--images FILE"),
    ],
)
def test_help(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert text in capsys.readouterr().out


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for command in ("local", "demo", "up"):
        assert f"\n    {command} " in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "required: COMMAND"),
        (["local"], "required: COMMAND"),
        (["local", "serve", "--port", "70000"], "'70000' is no port"),
        (["local", "serve", "--max-parallel", "0"], "'0' is not a number from 1 upwards"),
        (["local", "serve", "--spot-interruptions", "often"], "'often' is no rate"),
    ],
)
def test_usage_errors(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--images", "none.toml"], "none.toml: there is no such file"),
        (["--host", "0.0.0.0"], "loopback addresses only"),
    ],
)
def test_one_line_per_error(
    options: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["local", "serve", "--data-dir", str(tmp_path), *options]
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("airflow-hpt: error: ")
    assert text in err
    assert err.count("\n") == 1
    with pytest.raises(Exception, match=text):
        main(["--debug", *arguments])


def test_missing_extra() -> None:
    error = missing_extra(ModuleNotFoundError("No module named 'moto'", name="moto"), "local")
    assert str(error).endswith("pip install 'airflow-hpt-provider[local]'")
    assert "moto is not installed" in str(error)


def test_without_the_extra(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['moto'] = None\n"
        "from airflow_hpt_provider.cli.main import main\n"
        f"sys.exit(main(['local', 'serve', '--data-dir', {str(tmp_path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'airflow-hpt-provider[local]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from airflow_hpt_provider.cli.main import build_parser\n"
        "build_parser().format_help()\n"
        "print([m for m in ('airflow', 'boto3', 'botocore', 'moto', 'numpy', 'uvicorn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
