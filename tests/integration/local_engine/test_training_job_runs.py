"""Training jobs that really run: the container contract, and every way to end."""

from __future__ import annotations

import json
import os
import signal
import threading

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from tests.integration.local_engine.jobs import channel, create, leader, member
from tests.support.processes import is_group_running, is_running

pytestmark = pytest.mark.integration


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


def test_a_hyperparameter_whose_name_no_variable_can_have(service):
    service.script("(base / 'model' / 'seen.json').write_text(json.dumps([hps, os.environ['SM_HPS']]))")
    create(service, hyperparameters={"a=b": "1", "c": "2"})
    assert service.training_job("job")["TrainingJobStatus"] == "Completed"
    hps, variable = json.loads(member(service, "output/job/output/model.tar.gz", "seen.json"))
    assert hps == {"a=b": "1", "c": "2"}
    assert json.loads(variable) == {"a=b": 1, "c": 2}


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
    ("machines", "kind", "group"),
    [
        ({"InstanceType": "ml.m5.large", "InstanceCount": 1}, "ml.m5.large", "homogeneousCluster"),
        (
            {
                "InstanceGroups": [
                    {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "InstanceGroupName": "gpu"},
                    {"InstanceType": "ml.c5.xlarge", "InstanceCount": 2, "InstanceGroupName": "cpu"},
                ]
            },
            "ml.g5.xlarge",
            "gpu",
        ),
        (
            {"InstancePreferences": [{"InstanceType": "ml.g5.xlarge", "InstanceCount": 1}]},
            "ml.g5.xlarge",
            "homogeneousCluster",
        ),
    ],
)
def test_a_job_is_told_its_machine(service, machines, kind, group):
    service.script(
        "told = json.loads((base / 'input/config/resourceconfig.json').read_text())\n"
        "told['SM'] = os.environ['SM_CURRENT_INSTANCE_TYPE'], os.environ['SM_CURRENT_INSTANCE_GROUP']\n"
        "(base / 'model' / 'told').write_text(json.dumps(told))"
    )
    create(service, ResourceConfig={"VolumeSizeInGB": 1, **machines})
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    told = json.loads(member(service, "output/job/output/model.tar.gz", "told"))
    assert told["current_instance_type"] == kind
    assert told["current_group_name"] == group
    assert told["instance_groups"] == [
        {"instance_group_name": group, "instance_type": kind, "hosts": ["algo-1"]}
    ]
    assert told["SM"] == [kind, group]


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
    create(service, hyperparameters={"name": "a\0b"}, RetryStrategy={"MaximumRetryAttempts": 3})
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


def test_a_missing_output_bucket_is_a_client_error_before_training(service, tmp_path):
    service.script(f"open({str(tmp_path / 'trained')!r}, 'w')")
    create(service, OutputDataConfig={"S3OutputPath": "s3://no-bucket/models"})
    job = service.training_job("job")
    assert job["FailureReason"] == (
        "ClientError: Artifact upload failed:NoSuchBucket (s3://no-bucket/models/job/output): "
        "The specified bucket does not exist"
    )
    assert not (tmp_path / "trained").exists()
    assert "Training" not in [each["Status"] for each in job["SecondaryStatusTransitions"]]


def test_a_missing_code_archive_is_a_client_error_before_training(service):
    code = {"sagemaker_program": "train.py", "sagemaker_submit_directory": "s3://bucket/no-code.tar.gz"}
    create(service, hyperparameters={name: json.dumps(value) for name, value in code.items()})
    job = service.training_job("job")
    assert job["FailureReason"].startswith("ClientError: Code download failed: s3://bucket/no-code.tar.gz: ")
    assert "Training" not in [each["Status"] for each in job["SecondaryStatusTransitions"]]


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
    with pytest.raises(ServiceError, match="AugmentedManifestFile.*set InputMode of the channel to Pipe"):
        create(service, InputDataConfig=[channel("train", "AugmentedManifestFile", "s3://bucket/x")])
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
    service = make_service(grace_period=0.3)
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


def test_a_variable_does_not_hide_them(service):
    """The service finds them by SAGEMAKER_BASE_DIR; a request that has it names another place, or another's."""
    service.script(
        "import subprocess, time\n"
        "print('pid=', subprocess.Popen(['sleep', '600'], start_new_session=True).pid, flush=True)\n"
        "while not (base.parent / 'go').exists(): time.sleep(0.05)"
    )
    create(service, "other")
    leader(service, "other")
    environment = {"ALGORITHM": "train.py"}
    for number, value in enumerate(("/opt/ml", str(service.directory / "training-jobs/other/ml"))):
        name = f"job-{number}"
        create(service, name, Environment={**environment, "SAGEMAKER_BASE_DIR": value})
        leader(service, name)
        (service.directory / "training-jobs" / name / "go").touch()
        assert service.training_job(name)["TrainingJobStatus"] == "Completed"
        log = (service.directory / "training-jobs" / name / "attempt-1/log").read_text()
        service.wait_until(lambda log=log: not is_running(int(log.split("pid=")[1])))
    (service.directory / "training-jobs/other/go").touch()
    assert service.training_job("other")["TrainingJobStatus"] == "Completed"


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


def test_max_wait_time_counts_while_it_waits_for_a_slot(make_service):
    service = make_service(max_parallel=1)
    service.script("import time\ntime.sleep(600)")
    create(service, "first")
    leader(service, "first")
    condition = {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}
    create(service, "second", EnableManagedSpotTraining=True, StoppingCondition=condition)
    job = service.training_job("second")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert "TrainingStartTime" not in job
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]] == [
        "Stopping",
        "MaxWaitTimeExceeded",
    ]


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


def test_a_regex_without_end_does_not_stop_the_service(service):
    service.script("print('a' * 5000 + '!')\nprint('loss=1')")
    specification = service.definition()["AlgorithmSpecification"]
    specification["MetricDefinitions"].append({"Name": "evil", "Regex": "(a|aa)+$"})
    create(service, AlgorithmSpecification=specification)
    job = service.training_job("job")
    assert [m["MetricName"] for m in job["FinalMetricDataList"]] == ["loss"]


@pytest.mark.parametrize("left", ["", "(model / 'weights').write_text('1')"])
def test_directories_that_a_job_has_removed_are_empty(service, left):
    """Some frameworks make the model's directory anew, and none needs the one for output data."""
    service.script(
        f"""
import shutil
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
shutil.rmtree(os.environ["SM_OUTPUT_DATA_DIR"])
if not {left!r}:
    shutil.rmtree(model)
{left}
"""
    )
    create(service)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert service.objects.exists("bucket", "output/job/output/model.tar.gz")


def test_an_object_below_another_cannot_be_a_file(service):
    service.objects.put("bucket", "data/a", b"1")
    service.objects.put("bucket", "data/a/b", b"2")
    service.script("")
    create(service, InputDataConfig=[channel("train", "S3Prefix", "s3://bucket/data/")])
    reason = service.training_job("job")["FailureReason"]
    assert reason.startswith("ClientError: Data download failed:s3://bucket/data/a")


def test_checkpoints_at_the_top_of_a_bucket(service):
    """What an earlier job left there is there for the next one."""
    service.script(
        """
checkpoints = base / "checkpoints"
print("found", sorted(p.name for p in checkpoints.iterdir()))
if hps["first"] == "no":
    assert (checkpoints / "step").read_text() == "1"
(checkpoints / "step").write_text("1")
"""
    )
    service.objects.create_bucket("checkpoints")
    for first in ("yes", "no"):
        create(
            service,
            f"job-{first}",
            hyperparameters={"first": first},
            CheckpointConfig={"S3Uri": "s3://checkpoints"},
        )
        job = service.training_job(f"job-{first}")
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")


def test_nothing_of_a_closed_runner_goes_on(service):
    service.script("import time\nprint('loss=1', flush=True)\ntime.sleep(600)")
    create(service, CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"})
    leader(service)
    service.wait_until(lambda: any(t.name == "checkpoints" for t in threading.enumerate()))
    service.close()
    service.wait_until(lambda: not any(t.name == "checkpoints" for t in threading.enumerate()), deadline=8)
    service.start()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_job_that_cannot_be_served_by_s3_leaves_the_disk_free(service, when):
    """Its data could not all be downloaded, or its model could not be uploaded."""
    service.objects.put("bucket", "data/1", b"1" * 1000)
    service.objects.put("bucket", "list.manifest", b'[{"prefix": "s3://bucket/data/"}, "1", "missing"]')
    service.script("(pathlib.Path(os.environ['SM_MODEL_DIR']) / 'weights').write_text('1' * 1000)")
    if when == "before":
        create(service, InputDataConfig=[channel("train", "ManifestFile", "s3://bucket/list.manifest")])
    else:
        create(service, OutputDataConfig={"S3OutputPath": "s3://missing/output"})
    reason = service.training_job("job")["FailureReason"]
    assert reason.startswith("ClientError: ")
    tree = service.directory / "training-jobs" / "job" / "ml"
    assert [p.name for p in tree.rglob("*") if p.is_file() and p.stat().st_size == 1000] == []


def test_checkpoints_that_cannot_be_kept_are_a_client_error(service):
    """As those that cannot be fetched: it is no failure of the service's, to be tried again."""
    service.script(
        """
import time
while not (base.parent / "go").exists():
    time.sleep(0.02)
(base / "checkpoints" / "step").write_text("1")
"""
    )
    service.objects.create_bucket("gone")
    create(service, CheckpointConfig={"S3Uri": "s3://gone/checkpoints"})
    leader(service)
    service.objects.delete_bucket("gone")
    (service.directory / "training-jobs" / "job" / "go").touch()
    reason = service.training_job("job")["FailureReason"]
    assert reason.startswith("ClientError: Checkpoint upload failed:NoSuchBucket (s3://gone/checkpoints)")


PARSED = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, default=-1)
parser.add_argument("-n", type=int)
print(f"loss={parser.parse_args().rate}")
"""


@pytest.mark.parametrize(("extra", "loss"), [("", 0.25), ("arguments = false\n", -1)])
def test_hyperparameters_follow_the_command_of_an_image(service, extra, loss):
    (service.scripts / "parsed.py").write_text(PARSED)
    service.close()
    service.images.write_text(
        f'[[image]]\nmatch = "local/*"\ncommand = ["{{python}}", "{service.scripts}/parsed.py"]\n{extra}'
    )
    service.start()
    hyperparameters = {"rate": "0.25", "n": "3", "_tuning_objective_metric": "loss"}
    service.call(
        "CreateTrainingJob", TrainingJobName="job", HyperParameters=hyperparameters, **service.definition()
    )
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job
    assert job["FinalMetricDataList"][0]["Value"] == loss
