"""A tuning job in MLflow: with the real package, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.tuning_history import history_as_json

PYTHON = Path(__file__).parents[3] / ".heavy" / "mlflow" / "bin" / "python"
pytestmark = [
    pytest.mark.integration,
    pytest.mark.heavy,
    pytest.mark.skipif(not PYTHON.exists(), reason="MLflow is not installed: make test-heavy"),
]

PROGRAM = """
import json, sys
from mlflow import MlflowClient
from tests.support.tuning_history import history_from_json
from airflow_hpt_provider.export.to_mlflow import to_mlflow

uri, text = sys.argv[1:]
parents = [to_mlflow(history_from_json(text), uri) for _ in range(2)]
client = MlflowClient(uri)
experiment = client.get_experiment_by_name("exported")
runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
curves = {
    name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] for name, run in runs.items()
}
print(json.dumps({
    "parents": parents,
    "runs": {name: {"params": run.data.params, "metrics": run.data.metrics, "tags": run.data.tags,
                    "status": run.info.status, "start": run.info.start_time, "end": run.info.end_time}
             for name, run in runs.items()},
    "curves": curves,
}))
"""


def test_runs_have_params_metrics_with_their_steps_and_the_tuning_jobs_run_as_parent(tmp_path: Path) -> None:
    text = history_as_json()
    done = subprocess.run(
        [str(PYTHON), "-c", PROGRAM, f"file://{tmp_path}/runs", text],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(Path(__file__).parents[3]),
            "MLFLOW_ALLOW_FILE_STORE": "true",  # MLflow 3 wants to be asked for it
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["parents"][0] == found["parents"][1]
    assert set(found["runs"]) == {"exported", "exported-001", "exported-002"}
    good, failed = found["runs"]["exported-001"], found["runs"]["exported-002"]
    assert good["tags"]["mlflow.parentRunId"] == found["parents"][0]
    assert good["params"] == {"rate": "0.1", "kind": "a"}
    assert good["metrics"] == {"loss": 0.25, "accuracy": 0.8}
    assert found["curves"]["exported-001"] == [[0, 0.75], [1, 0.5], [2, 0.25]]
    assert (good["status"], failed["status"]) == ("FINISHED", "FAILED")
    assert good["end"] - good["start"] == 180_000
    assert "no luck" in failed["tags"]["sagemaker.FailureReason"]
