"""Training jobs that really run: the container contract, and every way to end."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import tarfile
import threading

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from tests.support.processes import is_group_running, is_running

pytestmark = pytest.mark.integration


def create(service, name="job", algorithm="train.py", hyperparameters=None, **members):
    definition = service.definition(algorithm, **members)
    service.call(
        "CreateTrainingJob", TrainingJobName=name, HyperParameters=hyperparameters or {}, **definition
    )
    return name


def leader(service, name="job", attempt=1):
    """The pid of the process group of an attempt, once its script has begun."""
    path = service.directory / "training-jobs" / name / f"attempt-{attempt}" / "process"
    service.wait_until(lambda: path.exists() and path.read_text().strip())
    return int(path.read_text())


def test_the_life_of_a_job(service):
    service.script("print('loss=0.25')\nprint('loss=nan')\nprint('no metric')")
    create(service)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed"
    statuses = [t["Status"] for t in job["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Training", "Uploading", "Completed"]
    starts = [t["StartTime"] for t in job["SecondaryStatusTransitions"]]
    assert starts == sorted(starts)
    assert all("EndTime" in t for t in job["SecondaryStatusTransitions"])
    assert [(m["MetricName"], m["Value"]) for m in job["FinalMetricDataList"]] == [("loss", 0.25)]
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == "s3://bucket/output/job/output/model.tar.gz"
    assert service.objects.exists("bucket", "output/job/output/model.tar.gz")
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert job["TrainingTimeInSeconds"] >= 1
    assert job["BillableTimeInSeconds"] >= 1
    assert "TuningJobArn" not in job


def test_channels_hyperparameters_and_artifacts(service):
    service.objects.put("bucket", "data/train/a.csv", b"1,2")
    service.objects.put("bucket", "data/train/deep/b.csv", b"3")
    service.objects.put("bucket", "data/train-other.csv", b"4")
    service.objects.put("bucket", "list.manifest", b'[{"prefix": "s3://bucket/data/train/"}, "deep/b.csv"]')
    service.script(
        """
train, listed = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]), pathlib.Path(os.environ["SM_CHANNEL_LISTED"])
assert train == base / "input/data/train"
seen = {
    "train": sorted(str(p.relative_to(train)) for p in train.rglob("*") if p.is_file()),
    "listed": sorted(str(p.relative_to(listed)) for p in listed.rglob("*") if p.is_file()),
    "hps": hps, "SM_HPS": json.loads(os.environ["SM_HPS"]), "HP": os.environ["SM_HP_DEPTH"],
    "config": json.loads((base / "input/config/inputdataconfig.json").read_text()),
    "hosts": json.loads((base / "input/config/resourceconfig.json").read_text())["hosts"],
}
(pathlib.Path(os.environ["SM_MODEL_DIR"]) / "seen.json").write_text(json.dumps(seen))
(pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "report.txt").write_text("well")
"""
    )
    channels = [
        channel("train", "S3Prefix", "s3://bucket/data/train/", ContentType="text/csv"),
        channel("listed", "ManifestFile", "s3://bucket/list.manifest"),
    ]
    create(service, InputDataConfig=channels, hyperparameters={"depth": "7", "name": '"quoted"'})
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "Downloading" in [t["Status"] for t in job["SecondaryStatusTransitions"]]
    seen = json.loads(member(service, "output/job/output/model.tar.gz", "seen.json"))
    assert seen["train"] == ["a.csv", "deep/b.csv"]
    assert seen["listed"] == ["deep/b.csv"]
    assert seen["hps"] == {"depth": "7", "name": '"quoted"'}
    assert seen["SM_HPS"] == {"depth": 7, "name": "quoted"}
    assert seen["HP"] == "7"
    assert seen["config"]["train"] == {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
        "ContentType": "text/csv",
    }
    assert seen["hosts"] == ["algo-1"]
    assert member(service, "output/job/output/output.tar.gz", "report.txt") == b"well"


def channel(name, kind, uri, **members):
    source = {"S3DataType": kind, "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **members}


def member(service, key, name):
    with tarfile.open(fileobj=io.BytesIO(service.objects.get("bucket", key))) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return file.read()


def test_the_environment_is_clean(service, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-services-own")
    monkeypatch.setenv("SOMETHING_ELSE", "leaks")
    service.script("(base / 'model' / 'env.json').write_text(json.dumps(dict(os.environ)))")
    create(service, Environment={"ALGORITHM": "train.py", "MINE": "given"})
    service.training_job("job")
    environment = json.loads(member(service, "output/job/output/model.tar.gz", "env.json"))
    assert "the-services-own" not in environment.values()
    assert "leaks" not in environment.values()
    assert environment["MINE"] == "given"
    assert environment["TRAINING_JOB_NAME"] == "job"
    assert environment["TRAINING_JOB_ARN"].endswith(":training-job/job")
    assert environment["HOME"] == str(service.directory / "training-jobs" / "job")
    assert "/opt/ml" not in json.dumps(environment)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("raise SystemExit(7)", "exit code: 7"),
        ("raise ValueError('no such column')", "ValueError: no such column"),
        (
            "(base / 'output/failure').write_text('x' * 5000); raise SystemExit(1)",
            "AlgorithmError: " + "x" * 1024,
        ),
        ("os.kill(os.getpid(), 9)", "exit code: 137"),
    ],
)
def test_failure_reasons(service, script, reason):
    service.script(script)
    create(service)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ")
    assert reason in job["FailureReason"]
    assert len(job["FailureReason"]) <= 1100


def test_what_no_process_can_be_given_is_a_client_error(service):
    """It would fail the same way each time: nothing that RetryStrategy is for."""
    create(service, hyperparameters={"name=with": "1"}, RetryStrategy={"MaximumRetryAttempts": 3})
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: /bin/sh can't be started: ")
    assert "Starting" not in [each["Status"] for each in job["SecondaryStatusTransitions"]][1:]


def test_without_a_thread_to_run_in_it_fails(service, monkeypatch):
    """It must not stay InProgress for ever, nor keep its slot."""
    start = threading.Thread.start

    def no_more(thread):
        if thread.name.startswith("attempt job"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", no_more)
    create(service)
    job = service.training_job("job")
    assert job["FailureReason"].startswith("InternalServerError: ")


def test_missing_data_is_a_client_error(service):
    service.script("")
    create(service, "a", InputDataConfig=[channel("train", "S3Prefix", "s3://bucket/nothing/")])
    create(service, "b", InputDataConfig=[channel("train", "S3Prefix", "s3://no-bucket/x")])
    reason = service.training_job("a")["FailureReason"]
    assert reason == "ClientError: Data download failed:S3 key: s3://bucket/nothing/ matched no files on s3"
    assert service.training_job("b")["FailureReason"].startswith(
        "ClientError: Data download failed:NoSuchBucket"
    )


def test_a_manifest_cannot_write_outside(service):
    service.objects.put("bucket", "m", b'[{"prefix": "s3://bucket/"}, "../../../../evil"]')
    service.objects.put("bucket", "../../../../evil", b"x")
    service.script("")
    create(service, InputDataConfig=[channel("train", "ManifestFile", "s3://bucket/m")])
    assert "outside of its channel" in service.training_job("job")["FailureReason"]
    assert not list(service.directory.rglob("evil"))


def test_refusals_at_create(service):
    image = {"TrainingImage": "other/image:1", "TrainingInputMode": "File"}
    with pytest.raises(ServiceError, match=r"'other/image:1'.*images\.toml"):
        create(service, AlgorithmSpecification=image)
    with pytest.raises(ServiceError, match="'train'.*AugmentedManifestFile.*set InputMode to Pipe"):
        create(service, InputDataConfig=[channel("train", "AugmentedManifestFile", "s3://bucket/x")])
    efs = {"FileSystemDataSource": {"FileSystemId": "fs-1"}}
    with pytest.raises(ServiceError, match="FileSystemDataSource.*use S3DataSource"):
        create(service, InputDataConfig=[{"ChannelName": "train", "DataSource": efs}])
    bad = service.definition()["AlgorithmSpecification"] | {
        "MetricDefinitions": [{"Name": "m", "Regex": "("}]
    }
    with pytest.raises(ServiceError, match="regular expression of metric definition 'm'"):
        create(service, AlgorithmSpecification=bad)
    assert service.call("ListTrainingJobs")["TrainingJobSummaries"] == []


def test_stop_lets_it_save_its_model(service):
    service.script(
        """
import signal, sys, time
def end(*_):
    (base / "model" / "saved").write_text("yes")
    sys.exit(5)
signal.signal(signal.SIGTERM, end)
print("ready=1")
time.sleep(600)
"""
    )
    create(service)
    log = service.directory / "training-jobs/job/attempt-1/log"
    service.wait_until(lambda: log.exists() and b"ready" in log.read_bytes())
    service.call("StopTrainingJob", TrainingJobName="JOB")
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Stopped"
    assert "FailureReason" not in job
    assert member(service, "output/job/output/model.tar.gz", "saved") == b"yes"
    with pytest.raises(
        ServiceError, match="The request was rejected because the training job is in status Stopped"
    ):
        service.call("StopTrainingJob", TrainingJobName="job")


def test_what_ignores_sigterm_is_killed(make_service):
    service = make_service(grace=0.3)
    service.script("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)")
    create(service)
    pid = leader(service)
    service.call("StopTrainingJob", TrainingJobName="job")
    assert service.training_job("job")["TrainingJobStatus"] == "Stopped"
    service.wait_until(
        lambda: not is_group_running(pid)
    )  # killed by the time the job is Stopped, gone a moment later


def test_max_runtime(service):
    service.script("import time\ntime.sleep(600)")
    create(service, StoppingCondition={"MaxRuntimeInSeconds": 1})
    job = service.training_job("job")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


@pytest.mark.parametrize("own_session", [False, True])
def test_background_processes_do_not_outlive_it(service, own_session):
    service.script(
        "import subprocess\n"
        f"print('pid=', subprocess.Popen(['sleep', '600'], start_new_session={own_session}).pid)"
    )
    create(service)
    service.training_job("job")
    log = (service.directory / "training-jobs/job/attempt-1/log").read_text()
    pid = int(log.split("pid=")[1])
    service.wait_until(lambda: not is_running(pid))


def test_an_internal_error_is_retried_under_the_same_name(service):
    """The runner dies under the job: its whole process group is gone, the shell that leads it included."""
    service.script(
        """
import time
marker = base.parent / "first"
if not marker.exists():
    marker.write_text("")
    time.sleep(600)
print("loss=1")
"""
    )
    create(service, RetryStrategy={"MaximumRetryAttempts": 1})
    pid = leader(service)
    service.wait_until((service.directory / "training-jobs/job/first").exists)
    os.killpg(pid, signal.SIGKILL)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed"
    statuses = [t["Status"] for t in job["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Training", "Starting", "Training", "Uploading", "Completed"]


def test_an_internal_error_without_retries(service):
    service.script("import time\ntime.sleep(600)")
    create(service)
    os.killpg(leader(service), signal.SIGKILL)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError")


def test_spot_interruptions_and_checkpoints(make_service):
    service = make_service(spot_interruptions=240.0)  # four a second
    service.script(
        """
import time
path = base / "checkpoints" / "epoch"
epoch = int(path.read_text()) if path.exists() else 0
for epoch in range(epoch + 1, 61):
    time.sleep(0.03)
    part = path.with_suffix(".part")
    part.write_text(str(epoch))
    part.replace(path)
print("loss=1")
"""
    )
    create(
        service,
        EnableManagedSpotTraining=True,
        CheckpointConfig={"S3Uri": "s3://bucket/checkpoints/"},
        StoppingCondition={"MaxRuntimeInSeconds": 300, "MaxWaitTimeInSeconds": 600},
    )
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job
    statuses = [t["Status"] for t in job["SecondaryStatusTransitions"]]
    assert "Interrupted" in statuses
    assert statuses[statuses.index("Interrupted") + 1] == "Starting"
    assert service.objects.get("bucket", "checkpoints/epoch") == b"60"


def test_max_wait_time(make_service):
    service = make_service(spot_interruptions=1200.0)
    service.script("import time\ntime.sleep(600)")
    create(
        service,
        EnableManagedSpotTraining=True,
        StoppingCondition={"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1},
    )
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] in ("MaxWaitTimeExceeded", "MaxRuntimeExceeded")


def test_script_mode(service, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "main.py").write_text(
        "import sys, os, helper\nprint('argv', sys.argv[1:])\nprint('loss=%s' % helper.loss)\n"
        "print(os.environ['SM_USER_ENTRY_POINT'], os.environ['SM_MODULE_DIR'] == os.getcwd())\n"
    )
    (source / "helper.py").write_text("loss = 0.5\n")
    (source / "requirements.txt").write_text("left-pad\n")
    archive = tmp_path / "sourcedir.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in source.iterdir():
            tar.add(path, path.name)
    service.objects.put_file("bucket", "code/sourcedir.tar.gz", archive)
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
    assert "requirements.txt is not installed" in log
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
    service.objects.put_file("bucket", "code/sourcedir.tar.gz", archive)
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


def test_an_archive_cannot_write_outside(service, tmp_path):
    archive = tmp_path / "evil.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("../../evil")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    service.objects.put_file("bucket", "evil.tar.gz", archive)
    hyperparameters = {
        "sagemaker_program": "main.py",
        "sagemaker_submit_directory": "s3://bucket/evil.tar.gz",
    }
    create(service, hyperparameters=hyperparameters)
    assert "can't be unpacked" in service.training_job("job")["FailureReason"]
    assert not list(service.directory.rglob("evil"))


def test_a_regex_without_end_does_not_stop_the_service(service):
    service.script("print('a' * 5000 + '!')\nprint('loss=1')")
    specification = service.definition()["AlgorithmSpecification"]
    specification["MetricDefinitions"].append({"Name": "evil", "Regex": "(a|aa)+$"})
    create(service, AlgorithmSpecification=specification)
    job = service.training_job("job")
    assert [m["MetricName"] for m in job["FinalMetricDataList"]] == ["loss"]


def test_pipes(service):
    """Two epochs of one channel, records of another; the third pipe of the first is never read."""
    service.objects.put("bucket", "p/a", gzip.compress(b"one "))
    service.objects.put("bucket", "p/b", gzip.compress(b"two"))
    lines = [{"source-ref": f"s3://bucket/i/{n}", "label": n} for n in range(3)]
    for n in range(3):
        service.objects.put("bucket", f"i/{n}", f"image-{n}".encode())
    service.objects.put("bucket", "m", "\n".join(json.dumps(line) for line in lines).encode())
    service.script(
        """
import struct
data = base / "input" / "data"
epochs = [(data / f"plain_{n}").read_bytes().decode() for n in range(2)]
records = []
with open(data / "images_0", "rb") as pipe:
    while head := pipe.read(8):
        magic, length = struct.unpack("<II", head)
        assert magic == 0xCED7230A
        records.append(pipe.read(length).decode())
        pipe.read(-length % 4)
(base / "model" / "seen").write_text(json.dumps([epochs, records]))
"""
    )
    plain = channel("plain", "S3Prefix", "s3://bucket/p/", InputMode="Pipe", CompressionType="Gzip")
    images = channel(
        "images",
        "AugmentedManifestFile",
        "s3://bucket/m",
        InputMode="Pipe",
        RecordWrapperType="RecordIO",
        ShuffleConfig={"Seed": 3},
    )
    images["DataSource"]["S3DataSource"]["AttributeNames"] = ["source-ref", "label"]
    create(service, InputDataConfig=[plain, images])
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    epochs, records = json.loads(member(service, "output/job/output/model.tar.gz", "seen"))
    assert epochs == ["one two", "one two"]
    assert sorted(records) == ["0", "1", "2", "image-0", "image-1", "image-2"]
    for image, label in zip(records[::2], records[1::2], strict=True):
        assert image == f"image-{label}", "an image and its label stay together"
    service.wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("pipe ")])


def test_a_pipe_that_nobody_reads_does_not_hold_the_job(service):
    service.objects.put("bucket", "p/a", b"x" * 1_000_000)
    service.script("open(base / 'input/data/read_0', 'rb').read(10)")
    channels = [channel(name, "S3Prefix", "s3://bucket/p/", InputMode="Pipe") for name in ("read", "unread")]
    create(service, InputDataConfig=channels)
    assert service.training_job("job")["TrainingJobStatus"] == "Completed"
    service.wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("pipe ")])
