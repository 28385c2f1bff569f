"""Training jobs that really run: the container contract, and every way to end."""

from __future__ import annotations

import json
import threading

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from tests.integration.local_engine.jobs import channel, create, member

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
def test_a_job_knows_its_machine(service, machines, kind, group):
    service.script(
        "reported = json.loads((base / 'input/config/resourceconfig.json').read_text())\n"
        "reported['SM'] = os.environ['SM_CURRENT_INSTANCE_TYPE'], os.environ['SM_CURRENT_INSTANCE_GROUP']\n"
        "(base / 'model' / 'reported').write_text(json.dumps(reported))"
    )
    create(service, ResourceConfig={"VolumeSizeInGB": 1, **machines})
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    reported = json.loads(member(service, "output/job/output/model.tar.gz", "reported"))
    assert reported["current_instance_type"] == kind
    assert reported["current_group_name"] == group
    assert reported["instance_groups"] == [
        {"instance_group_name": group, "instance_type": kind, "hosts": ["algo-1"]}
    ]
    assert reported["SM"] == [kind, group]


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
