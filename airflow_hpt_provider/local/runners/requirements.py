"""Installs the ``requirements.txt`` next to a script, as SageMaker's training toolkit does.

Each distinct file gets a virtual environment, layered on the service's: what the service has is not installed again.
Environments are kept in the data directory and made once, however many training jobs need them. Where training jobs run
in sandboxes, so does the installer: build scripts of packages are code of the job's author.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners import permissions
from airflow_hpt_provider.local.runners.failures import AlgorithmFailure

if TYPE_CHECKING:
    from airflow_hpt_provider.local.runners.sandbox.sandbox import Sandbox

NAME = "requirements.txt"
INSTALL_SECONDS = 3600.0
LAST_LINES = 12
SETTINGS = (
    "PIP_",
    "UV_",
    "SSL_CERT_",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)
"""Beginnings of the variables of the service that the installer gets, whatever their case."""
PIP_FILES = (".config/pip", ".pip", ".netrc", ".config/uv")
"""The user's own settings of the installers, below the home directory."""
LOCAL = (
    "-r",
    "-c",
    "-e",
    "--requirement",
    "--constraint",
    "--editable",
    "--find-links",
    "-f",
    ".",
    "/",
    "file:",
)
"""Beginnings of lines that name other files."""


@dataclass(frozen=True)
class Environments:
    """The environments of a service.

    Attributes:
        directory: where they are kept.
        sandbox: makes the installer's sandbox; None: it is a bare process.
    """

    directory: Path
    sandbox: Sandbox | None = None

    def python(self, code: Path, log: Path) -> Path | None:
        """Return the interpreter that has the packages of ``code/requirements.txt``; None without such a file.

        Args:
            log: gets the installer's output.

        Raises:
            AlgorithmFailure: it cannot be installed; with the installer's last lines.
        """
        if not (code / NAME).is_file():
            return None
        self.directory.mkdir(exist_ok=True, mode=0o700)
        environment = self.directory / _key(code)
        with environment.with_suffix(".lock").open("w") as lock, log.open("ab") as output:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = environment / "installed"
            if done.exists():
                output.write(f"{NAME}: installed before, in {environment.name}\n".encode())
            else:
                permissions.remove(environment)
                self._make(environment, code, log)
                done.touch()
        return environment / "bin" / "python"

    def _make(self, environment: Path, code: Path, log: Path) -> None:
        command = [sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(environment)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, env=_variables())
            site = sysconfig.get_path(
                "purelib", vars={"base": str(environment), "platbase": str(environment)}
            )
            here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
            lines = [f"import site; site.addsitedir({path!r})" for path in sorted(here)]
            Path(site, "service.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
            with log.open("ab") as output:
                subprocess.run(
                    self._installer(environment, code),
                    check=True,
                    cwd=code,
                    env=_variables(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=INSTALL_SECONDS,
                )
        except (OSError, subprocess.SubprocessError) as error:
            permissions.remove(environment)
            said = log.read_bytes().decode(errors="replace").strip().splitlines()[-LAST_LINES:]
            lines = [f"{NAME} could not be installed:", *(said or [str(error)])]
            raise AlgorithmFailure("\n".join(lines)) from error

    def _installer(self, environment: Path, code: Path) -> list[str]:
        python = environment / "bin" / "python"
        command = [
            str(python),
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "-r",
            NAME,
        ]
        if not _has_pip():
            uv = shutil.which("uv")
            if uv is None:
                raise FileNotFoundError("neither pip nor uv is installed where the local tuning service runs")
            command = [uv, "pip", "install", "--python", str(python), "-r", NAME]
        if self.sandbox is None:
            return command
        home = Path.home()
        readable = [path for name in PIP_FILES if (path := home / name).exists()]
        readable += [
            Path(word) for word in os.environ.get("PIP_FIND_LINKS", "").split() if Path(word).is_dir()
        ]
        return self.sandbox.tool(
            command, writable=[environment], readable=[*readable, code], at=code, home=home
        )


def _has_pip() -> bool:
    import importlib.util

    return importlib.util.find_spec("pip") is not None


def _key(code: Path) -> str:
    """Return the environment's name: a hash of the requirements, the files that they name, and the service's Python."""
    text = (code / NAME).read_bytes()
    digest = hashlib.sha256(f"{sys.version}\n{sys.executable}\n".encode() + text)
    lines = (line.strip() for line in text.decode(errors="replace").splitlines())
    if any(line.startswith(LOCAL) for line in lines):
        for path in sorted(path for path in code.rglob("*") if path.is_file()):
            digest.update(
                str(path.relative_to(code)).encode(errors="surrogateescape") + b"\0" + path.read_bytes()
            )
    return digest.hexdigest()[:16]


def _variables() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(SETTINGS)}
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(Path.home()), "LANG": "C.UTF-8", **kept}
