"""The page's routes and readers load where Airflow is not installed."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys

class WithoutAirflow:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "airflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name="airflow")

sys.meta_path.insert(0, WithoutAirflow())
from importlib import import_module
for module in sys.argv[1:]:
    import_module(f"airflow_hpt_provider.{module}")
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "airflow"))
"""
MODULES = ("cli.main", "exceptions", "hooks.tuning", "ui.api", "ui.jobs", "ui.pages", "ui.standalone_server")


def test_they_load() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *MODULES], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
