"""Script mode's arguments, as sagemaker-training-toolkit makes them."""

from __future__ import annotations

import sys
from unittest.mock import sentinel

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners import script_mode
from airflow_hpt_provider.local.runners.data.s3 import S3Uri, below
from airflow_hpt_provider.local.runners.failures import ClientFailure
from airflow_hpt_provider.local.runners.opt_ml import OptMlTree


def test_arguments():
    hyperparameters = {
        "sagemaker_program": '"train.py"',
        "_tuning_objective_metric": "loss",
        "epochs": "3",
        "b": "0.5",
        "name": '"quoted"',
        "plain": "text",
        "flag": "true",
        "none": "null",
        "options": '{"z": 1, "a": "b"}',
    }
    assert script_mode.arguments(hyperparameters) == [
        "-b", "0.5",
        "--epochs", "3",
        "--flag", "True",
        "--name", "quoted",
        "--none", "",
        "--options", "a=b,z=1",
        "--plain", "text",
    ]  # fmt: skip
    assert script_mode.program(hyperparameters) == "train.py"


def test_refusals(tmp_path, monkeypatch):
    (tmp_path / "train.py").touch()
    monkeypatch.chdir(tmp_path)  # the service's working directory holds no training job's code
    for program in ("train.py", str(tmp_path / "train.py")):
        with pytest.raises(ServiceError, match="sagemaker_submit_directory is missing"):
            script_mode.check({"sagemaker_program": program})
    for program in ("/etc/passwd", "../up.py"):
        with pytest.raises(ServiceError, match="path inside"):
            script_mode.check({"sagemaker_program": program, "sagemaker_submit_directory": "s3://b/k"})
    script_mode.check({"sagemaker_program": "train.py", "sagemaker_submit_directory": "s3://b/k"})


def test_a_searched_program_fails_as_the_users_mistake(tmp_path):
    """Create cannot check its values. A retryable error would bring the same one again."""
    tree = OptMlTree(tmp_path)
    empty = tmp_path / "empty"
    for directory in (tree.code, empty):
        directory.mkdir(parents=True)
    for more, error in (({}, "is missing"), ({"sagemaker_submit_directory": str(empty)}, "holds no 0.7")):
        with pytest.raises(ClientFailure, match=error):
            script_mode.fetch_code({"sagemaker_program": "0.7", **more}, sentinel.objects, tree)


def test_s3_uris():
    assert S3Uri.parse("s3://bucket") == S3Uri("bucket", "")
    assert str(S3Uri.parse("s3://bucket/a/") / "b") == "s3://bucket/a/b"
    assert str(S3Uri.parse("s3://bucket") / "b") == "s3://bucket/b"
    for bad in ("bucket/key", "s3://", "https://bucket/key"):
        with pytest.raises(ServiceError, match="is not an S3 URI"):
            S3Uri.parse(bad)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "", "/", "a/\0", "."])
def test_keys_that_lead_elsewhere(tmp_path, name):
    assert below(tmp_path, name) is None


def test_keys_below(tmp_path):
    assert below(tmp_path, "a//b/./c") == tmp_path / "a" / "b" / "c"
    assert below(tmp_path, "/etc/x") == tmp_path / "etc" / "x"


def test_python_is_the_services_own(tmp_path):
    from airflow_hpt_provider.local.runners.contract import TrainingSpec
    from airflow_hpt_provider.local.runners.devices import Devices
    from airflow_hpt_provider.local.runners.host_job import HostJob
    from airflow_hpt_provider.local.runners.opt_ml import OptMlTree
    from airflow_hpt_provider.local.runners.variables import environment

    spec = TrainingSpec(
        name="job",
        arn="arn",
        definition={
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "Environment": {"PATH": "/mine", "DATA": "/opt/ml/x"},
        },
        hyperparameters={"model_dir": '"/opt/ml/model"'},
        directory=tmp_path,
    )
    variables = environment(
        HostJob.all(spec)[0],
        OptMlTree(tmp_path / "ml"),
        image={},
        arguments=(),
        region="eu-west-1",
        devices=Devices(2),
    )
    assert variables["PATH"] == "/mine", "the definition's Environment wins"
    assert variables["SM_HP_MODEL_DIR"] == str(tmp_path / "ml" / "model")
    assert variables["DATA"] == "/opt/ml/x", "what the request says is left as it is"
    assert variables["AWS_REGION"] == "eu-west-1"
    del spec.definition["Environment"]
    variables = environment(
        HostJob.all(spec)[0],
        OptMlTree(tmp_path / "ml"),
        image={},
        arguments=(),
        region="eu-west-1",
        devices=Devices(2),
    )
    assert variables["PATH"].split(":")[0] == str(__import__("pathlib").Path(sys.executable).parent)


@pytest.mark.parametrize("deep", ["[" * 1200 + "]" * 1200, '{"a":' * 500 + "1" + "}" * 500, "[" * 2500])
def test_what_is_nested_beyond_reason_is_a_text(deep):
    """2,500 characters are what SageMaker takes."""
    assert script_mode.arguments({"x": deep}) == ["-x", deep]
    assert script_mode.decoded({"x": "[[1, 2]]"}) == {"x": [[1, 2]]}
