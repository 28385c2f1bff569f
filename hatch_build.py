"""The wheel holds the tuning page's bundle: built here if it is missing and npm is at hand.

An editable installation (a checkout) needs none: the page then says that ``make ui`` builds it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

UI = Path("airflow_hpt_provider", "ui")
LICENCES = "THIRD-PARTY-LICENSES.txt"
"""The licences of the packages in the bundle; the build of the bundle writes them."""


class TuningPageBuildHook(BuildHookInterface):  # type: ignore[type-arg, unused-ignore]
    """Called by hatchling; see ``[tool.hatch.build.hooks.custom]`` in pyproject.toml."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a distribution is built."""
        if version == "editable" or os.environ.get("AIRFLOW_HPT_WITHOUT_UI"):
            return
        ui = Path(self.root) / UI
        if not (ui / "static" / "index.html").is_file():
            _build(ui / "frontend")
        if not (ui / "static" / LICENCES).is_file():
            raise RuntimeError(
                f"The tuning page's bundle has no {LICENCES}: an older version of this project built it. Run `make ui`."
            )


def _build(frontend: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            "The tuning page's bundle (airflow_hpt_provider/ui/static) is missing, and npm is not installed to build"
            " it. Install Node.js 20 or newer, or set AIRFLOW_HPT_WITHOUT_UI=1 for a package without the page."
        )
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=frontend, check=True)
    subprocess.run([npm, "run", "build"], cwd=frontend, check=True)
