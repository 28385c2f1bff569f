"""What training jobs leave on disk, in S3 and in their logs, and what may be missing there."""

from __future__ import annotations

import threading

import pytest

from tests.integration.local_engine.jobs import channel, create, leader

pytestmark = pytest.mark.integration


def test_a_regex_without_end_does_not_stop_the_service(service):
    service.script("print('a' * 5000 + '!')\nprint('loss=1')")
    specification = service.definition()["AlgorithmSpecification"]
    specification["MetricDefinitions"].append({"Name": "evil", "Regex": "(a|aa)+$"})
    create(service, AlgorithmSpecification=specification)
    job = service.training_job("job")
    assert [m["MetricName"] for m in job["FinalMetricDataList"]] == ["loss"]


@pytest.mark.parametrize("left", ["", "(model / 'weights').write_text('1')"])
def test_directories_that_a_job_has_removed_are_empty(service, left):
    """Some frameworks recreate the model's directory, and none needs the one for output data."""
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
    """The next job finds what an earlier one left there."""
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


def test_nothing_of_a_closed_runner_continues(service):
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
