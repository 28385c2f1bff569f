"""``/opt/ml`` in what a training job is given: where its own tree is, and no other path that begins alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_hpt_provider.local.runners.opt_ml import OptMlTree

TREE = OptMlTree(Path("/job/ml"))


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("/opt/ml", "/job/ml"),
        ("/opt/ml/model", "/job/ml/model"),
        ("--model-dir=/opt/ml/model", "--model-dir=/job/ml/model"),
        ('{"a":"/opt/ml/model","b":"/opt/ml"}', '{"a":"/job/ml/model","b":"/job/ml"}'),
        ("/usr/bin:/opt/ml/code", "/usr/bin:/job/ml/code"),
        ("file:///opt/ml/code", "file:///job/ml/code"),
        ("/opt/mlflow/bin", "/opt/mlflow/bin"),
        ("/opt/ml-tools", "/opt/ml-tools"),
        ("/opt/ml.d", "/opt/ml.d"),
        ("s3://bucket/opt/ml/data", "s3://bucket/opt/ml/data"),
        ("/srv/opt/ml/data", "/srv/opt/ml/data"),
    ],
)
def test_only_opt_ml_itself_is_replaced(text, here):
    assert TREE.localize(text) == here


@pytest.mark.parametrize(
    ("local", "below"),
    [
        (None, "checkpoints"),
        ("/opt/ml/checkpoints", "checkpoints"),
        ("/opt/ml", ""),
        ("/data/checkpoints", "data/checkpoints"),
        ("/opt/mlflow", "opt/mlflow"),
    ],
)
def test_checkpoints_are_below_the_tree(local, below):
    config = {"S3Uri": "s3://bucket/checkpoints"} | ({"LocalPath": local} if local else {})
    assert TREE.checkpoints({"CheckpointConfig": config}) == TREE.base / below
