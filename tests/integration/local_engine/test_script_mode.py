"""Script mode, as the SageMaker SDK asks for it."""

from __future__ import annotations

import io
import tarfile

import pytest

from tests.integration.local_engine.jobs import create

pytestmark = pytest.mark.integration


def test_script_mode(service, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "main.py").write_text(
        "import sys, os, helper\nprint('argv', sys.argv[1:])\nprint('loss=%s' % helper.loss)\n"
        "print(os.environ['SM_USER_ENTRY_POINT'], os.environ['SM_MODULE_DIR'] == os.getcwd())\n"
    )
    (source / "helper.py").write_text("loss = 0.5\n")
    archive = tmp_path / "sourcedir.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in source.iterdir():
            tar.add(path, path.name)
    service.objects.put("bucket", "code/sourcedir.tar.gz", archive.read_bytes())
    image = service.definition()["AlgorithmSpecification"] | {"TrainingImage": "any.image/at-all:1"}
    hyperparameters = {
        "sagemaker_program": '"main.py"',
        "sagemaker_submit_directory": '"s3://bucket/code/sourcedir.tar.gz"',
        "sagemaker_container_log_level": "20",
        "epochs": "3",
        "name": '"a b"',
        "n": "1.5",
        "_tuning_objective_metric": "loss",
    }
    create(service, AlgorithmSpecification=image, hyperparameters=hyperparameters)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    log = (service.directory / "training-jobs/job/attempt-1/log").read_text()
    assert "argv ['--epochs', '3', '-n', '1.5', '--name', 'a b']" in log
    assert "main.py True" in log
    assert job["FinalMetricDataList"][0]["Value"] == 0.5

    hyperparameters["sagemaker_program"] = '"fails.py"'
    create(service, "second", AlgorithmSpecification=image, hyperparameters=hyperparameters)
    assert "holds no fails.py" in service.training_job("second")["FailureReason"]


def test_script_mode_runs_a_shell_script(service, tmp_path):
    """As sagemaker-training-toolkit does; in the archive it need not be executable, nor say what runs it."""
    script = tmp_path / "train.sh"
    script.write_text('echo "argv $*"\necho "loss=$2"\necho w > "$SM_MODEL_DIR/weights"\n')
    script.chmod(0o600)
    archive = tmp_path / "sourcedir.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(script, script.name)
    service.objects.put("bucket", "code/sourcedir.tar.gz", archive.read_bytes())
    hyperparameters = {
        "sagemaker_program": '"train.sh"',
        "sagemaker_submit_directory": '"s3://bucket/code/sourcedir.tar.gz"',
        "x": "0.25",
    }
    create(service, hyperparameters=hyperparameters)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["FinalMetricDataList"][0]["Value"] == 0.25
    log = (service.directory / "training-jobs/job/attempt-1/log").read_text()
    assert "argv -x 0.25" in log
    assert service.objects.exists("bucket", "output/job/output/model.tar.gz")


def test_script_mode_failure_text(service, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("raise RuntimeError('boom')")
    hyperparameters = {
        "sagemaker_program": "main.py",
        "sagemaker_submit_directory": str(tmp_path / "src"),
        "lr": "0.1",
        "model_dir": '"/opt/ml/model"',
    }
    create(service, hyperparameters=hyperparameters)
    reason = service.training_job("job")["FailureReason"]
    assert reason.startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage ")
    assert "RuntimeError: boom" in reason
    assert f"main.py --lr 0.1 --model_dir {service.directory}/training-jobs/job/ml/model" in reason
    assert reason.endswith("exit code: 1")


def test_a_script_that_reads_opt_ml_fails_with_the_right_path(service, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("open('/opt/ml/model/weights', 'w')")
    hyperparameters = {"sagemaker_program": "main.py", "sagemaker_submit_directory": str(tmp_path / "src")}
    create(service, hyperparameters=hyperparameters)
    reason = service.training_job("job")["FailureReason"]
    assert "No such file or directory: '/opt/ml/model/weights'" in reason
    assert "SM_MODEL_DIR" in reason


def test_an_archive_cannot_write_outside(service, tmp_path):
    archive = tmp_path / "evil.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("../../evil")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    service.objects.put("bucket", "evil.tar.gz", archive.read_bytes())
    hyperparameters = {
        "sagemaker_program": "main.py",
        "sagemaker_submit_directory": "s3://bucket/evil.tar.gz",
    }
    create(service, hyperparameters=hyperparameters)
    assert "can't be unpacked" in service.training_job("job")["FailureReason"]
    assert not list(service.directory.rglob("evil"))
