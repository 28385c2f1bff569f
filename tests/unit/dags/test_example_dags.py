"""Every DAG in dags/ loads without an error or a warning, survives serialization, and loads cheaply.

Each check runs in a process of its own, with a private AIRFLOW_HOME.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_hpt_provider.compat import airflow_version

DAGS = Path(__file__).parents[3] / "dags"
FILES = sorted(DAGS.glob("*.py"))

HEAVY = ["airflow.providers.amazon", "boto3", "botocore", "httpx", "moto", "numpy", "scipy", "sklearn"]

LOAD = """
import json, sys

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # below Airflow 3.2
    from airflow.models.dagbag import DagBag
from airflow.serialization import serialized_objects

Serialization = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
bag = DagBag(sys.argv[1], safe_mode=False)  # every file that .airflowignore does not exclude
dags = {}
for dag_id, dag in bag.dags.items():
    again = Serialization.from_dict(json.loads(json.dumps(Serialization.to_dict(dag))))
    dags[dag_id] = {
        "params": again.params.dump(),
        "tasks": {task.task_id: sorted(task.downstream_task_ids) for task in again.tasks},
    }
files = sorted(bag.file_last_changed)
print(json.dumps({"errors": bag.import_errors, "warnings": bag.captured_warnings, "files": files, "dags": dags}))
"""

IMPORT = """
import json, runpy, sys
import airflow.sdk
airflow.sdk.DAG, airflow.sdk.Param, airflow.sdk.BaseOperator  # lazy names: what any DAG file loads
before = set(sys.modules)
runpy.run_path(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def answer(code: str, argument: Path, home: Path) -> Any:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(argument)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return answer(LOAD, DAGS, tmp_path_factory.mktemp("airflow"))


def test_they_load_without_an_error_or_a_warning(bag: Any) -> None:
    assert bag["errors"] == {}
    assert bag["warnings"] == {}
    assert bag["files"] == [str(file) for file in FILES]  # and not the training scripts
    assert len(bag["dags"]) >= len(FILES)


def test_the_main_job_is_tune_then_register(bag: Any) -> None:
    dag = bag["dags"]["tune_and_register"]
    assert dag["tasks"] == {"tune": ["register"], "register": []}
    assert dag["params"]["training_jobs"] >= 12


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_loading_one_imports_nothing_heavy(file: Path, tmp_path: Path) -> None:
    loaded = answer(IMPORT, file, tmp_path)
    assert {"airflow_hpt_provider.operators.tuning", "airflow_hpt_provider.triggers.events"} & set(loaded)
    # Airflow 3.1 asks all providers what they are when an Asset is made, however light.
    asked = {"airflow.providers.amazon", "airflow.providers.amazon.get_provider_info"}
    if airflow_version() < (3, 2, 0):
        loaded = [module for module in loaded if module not in asked]
    heavy = [module for module in loaded if any(f"{module}.".startswith(f"{name}.") for name in HEAVY)]
    assert heavy == []
