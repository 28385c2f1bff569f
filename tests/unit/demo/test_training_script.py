"""The example's training script under SageMaker's contract, as a container would call it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_hpt_provider.demo.data import breast_cancer_csv, digits_csv, example_dags


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / "breast-cancer.csv").write_bytes(breast_cancer_csv())
    return folder


def train(
    channel: Path, model_dir: Path, *arguments: str, script: str = "train.py"
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "SM_CHANNEL_TRAIN": str(channel),
        "SM_MODEL_DIR": str(model_dir),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, str(example_dags() / "training" / script), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_prints_the_metrics_and_keeps_the_model(channel: Path, tmp_path: Path) -> None:
    arguments = "--learning-rate 0.3 --max-leaf-nodes 4 --l2-regularization 0.1 --class-weight balanced --iterations 20"
    done = train(channel, tmp_path, *arguments.split())
    assert done.returncode == 0, done.stderr
    found = re.search(r"validation:log_loss=([0-9.]+)", done.stdout)
    assert found is not None
    assert 0.05 < float(found[1]) < 0.3
    assert re.search(r"validation:accuracy=0\.9", done.stdout)

    import joblib
    import numpy as np

    model = joblib.load(tmp_path / "model.joblib")
    assert model.max_leaf_nodes == 4
    assert model.predict(np.zeros((1, 30))).shape == (1,)


def test_a_wrong_argument_fails(channel: Path, tmp_path: Path) -> None:
    done = train(channel, tmp_path, "--class-weight", "heavy")
    assert done.returncode != 0
    assert "invalid choice: 'heavy'" in done.stderr


def test_an_interrupted_training_continues_from_its_checkpoint(tmp_path: Path) -> None:
    data = tmp_path / "digits"
    data.mkdir()
    (data / "digits.csv").write_bytes(digits_csv())
    losses: dict[str, list[str]] = {}
    for checkpoints, runs in {"whole": [4], "in-two": [2, 4]}.items():
        for epochs in runs:
            arguments = ("--epochs", str(epochs), "--checkpoints", str(tmp_path / checkpoints))
            done = train(data, tmp_path, *arguments, script="epochs.py")
            assert done.returncode == 0, done.stderr
            losses.setdefault(checkpoints, []).extend(re.findall(r"log_loss=([0-9.]+);", done.stdout))
    assert "Continuing after epoch 2." in done.stdout
    assert len(losses["whole"]) == 4
    assert losses["in-two"] == losses["whole"]
