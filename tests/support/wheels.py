"""The wheel of this checkout, built the way `make wheel` builds it; and environments to install it in."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
A_MOMENT = "1700000000"
"""SOURCE_DATE_EPOCH of the wheels that tests build."""


def build(into: Path, source: Path = REPOSITORY, *, kind: str = "wheel") -> Path:
    """The path of a new wheel (or ``kind="sdist"``) of ``source``, in the folder ``into``."""
    into.mkdir(parents=True, exist_ok=True)
    bundle = source / "airflow_hpt_provider" / "ui" / "static" / "THIRD-PARTY-LICENSES.txt"
    # The build would otherwise run npm, which is `make ui`'s business.
    without_page = {} if bundle.is_file() else {"AIRFLOW_HPT_WITHOUT_UI": "1"}
    subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(into), str(source)],
        env=os.environ | {"SOURCE_DATE_EPOCH": A_MOMENT} | without_page,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = into.iterdir()
    return built


@dataclass(frozen=True)
class CleanEnvironment:
    """A virtual environment with one wheel, an extra or none, and what they need; nothing of the checkout.

    Attributes:
        path: of the environment.
        home: an empty folder to run commands in, and for Airflow's files.
    """

    path: Path
    home: Path

    @classmethod
    def make(cls, path: Path, wheel: Path, extra: str = "") -> CleanEnvironment:
        """Make it, with the versions of constraints.txt; by uv, or by pip where uv cannot reach the registry."""
        subprocess.run([sys.executable, "-m", "venv", str(path)], check=True, timeout=120)
        python = str(path / "bin" / "python")
        wanted = [f"{wheel}[{extra}]" if extra else str(wheel), "-c", str(REPOSITORY / "constraints.txt")]
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, *wanted]
        pip = [python, "-m", "pip", "install", "--quiet", *wanted]
        if subprocess.run(uv, capture_output=True, timeout=900).returncode != 0:
            subprocess.run(pip, check=True, timeout=900)
        home = path.with_name(f"{path.name}-home")
        home.mkdir()
        return cls(path, home)

    def run(
        self, *command: str, expect: int = 0, timeout: float = 300, variables: dict[str, str] | None = None
    ) -> str:
        """Run a program of the environment in its empty folder; what it printed, both streams together.

        Raises:
            AssertionError: it ended with another code than ``expect``.
        """
        program, *arguments = command
        ended = subprocess.run(
            [str(self.path / "bin" / program), *arguments],
            cwd=self.home,
            env=self.variables() | (variables or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert ended.returncode == expect, ended.stdout
        return ended.stdout

    def python(self, source: str, *arguments: str, expect: int = 0) -> str:
        """Run Python source text in it."""
        return self.run("python", "-I", "-c", source, *arguments, expect=expect)

    def packages(self) -> set[str]:
        """The names of what is installed, normalised, without the installer's own."""
        names = self.python(
            "from importlib.metadata import distributions as d; print(*{x.name for x in d()}, sep='\\n')"
        ).split()
        return {name.lower().replace("_", "-").replace(".", "-") for name in names} - {"pip", "setuptools"}

    def variables(self) -> dict[str, str]:
        """The environment variables for its programs: without this process's variables for Airflow, AWS or Python."""
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "AWS_", "PYTHON", "VIRTUAL_ENV", "COV"))
        }
        return ours | {
            "AIRFLOW_HOME": str(self.home / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "HOME": str(self.home),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "PATH": f"{self.path / 'bin'}:{os.environ['PATH']}",
        }
