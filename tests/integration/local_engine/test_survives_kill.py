"""kill -9 of a real service at random moments: nothing lost, nothing run twice, nothing left behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from airflow_hpt_provider.local.db.migrate import open_database
from tests.integration.local_engine.conftest import wait_until
from tests.support.processes import is_running

pytestmark = pytest.mark.integration

KILLS = int(os.environ.get("KILLS", "25"))
TRIALS = int(os.environ.get("KILLED_TRIALS", "40"))
"""What the heavy run does; the other one, of every day, a few of both."""
DEADLINE = 240

SERVICE = """
import sys, time
from pathlib import Path
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.operations import build_operations
from airflow_hpt_provider.local.settings import ServiceSettings
from airflow_hpt_provider.local.s3.objects import ObjectStore
import json
import os

directory, request = Path(sys.argv[1]), json.loads(sys.argv[2])
objects = ObjectStore(directory / "s3")
objects.create_bucket("bucket", exist_ok=True)
settings = ServiceSettings(directory, images=directory / "images.toml", max_parallel=3, isolation="none")
operations = build_operations(settings, objects)
operations.start()
name = {"HyperParameterTuningJobName": request["HyperParameterTuningJobName"]}
try:
    operations.call("CreateHyperParameterTuningJob", request)
except ServiceError as error:
    assert error.code == "ResourceInUse", error
print("ready", flush=True)
while True:
    job = operations.call("DescribeHyperParameterTuningJob", name)
    assert sum(job["TrainingJobStatusCounters"].values()) == sum(job["ObjectiveStatusCounters"].values())
    if job["HyperParameterTuningJobStatus"] != "InProgress":
        break
    time.sleep(0.02)
operations.close()
print(job["HyperParameterTuningJobStatus"], json.dumps(job["TrainingJobStatusCounters"]), flush=True)
"""
# Writes a line as it begins and, last of all, one as it ends: so what ran to completion can be counted.
ALGORITHM = """
import json, os, pathlib, sys, time
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
x = json.loads((base / "input/config/hyperparameters.json").read_text())["x"]
def record(word):
    with open(sys.argv[1], "a") as file:
        file.write(f"{word} {os.environ['TRAINING_JOB_NAME']} {os.getpid()} {x}\\n")
record("begin")
for step in range(3):
    time.sleep(0.05)
    print(f"loss={float(x) + 3 - step}", flush=True)
(base / "model" / "x").write_text(x)
record("end")
"""


def start(directory: Path, request: dict[str, object]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(directory), json.dumps(request)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def prepare(directory: Path, *, trials: int) -> dict[str, object]:
    (directory / "train.py").write_text(ALGORITHM)
    command = json.dumps([sys.executable, str(directory / "train.py"), str(directory / "reported")])
    (directory / "images.toml").write_text(f'[[image]]\nmatch = "*"\ncommand = {command}\n')
    return {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "RandomSeed": 1,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trials, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "algorithm",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+0-9.e]+)"}],
            },
            "RoleArn": "arn:aws:iam::123456789012:role/tuning",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        },
    }


@pytest.mark.parametrize(
    ("kills", "trials"),
    [
        pytest.param(4, 12, id="quick"),
        pytest.param(
            KILLS, TRIALS, id="long", marks=(pytest.mark.heavy, pytest.mark.timeout(DEADLINE + 30 * KILLS))
        ),
    ],
)
def test_continues_after_every_kill(tmp_path, kills, trials):
    request = prepare(tmp_path, trials=trials)
    chance = random.Random(int(os.environ.get("KILL_SEED", "20261123")))
    known: dict[str, float] = {}
    for _ in range(kills):
        service = start(tmp_path, request)
        time.sleep(chance.uniform(0.0, 0.5))
        service.send_signal(signal.SIGKILL)
        service.communicate()
        # What has succeeded stays so, with the same value.
        succeeded = finished(tmp_path)
        assert known.items() <= succeeded.items()
        known = succeeded
    service = start(tmp_path, request)
    # Not by communicate: with a timeout it skips what was read along with "ready", and the job may have ended by then.
    with service:
        assert service.stdout is not None
        output = service.stdout.read()
    assert service.returncode == 0
    status, counters = output.split(" ", 1)
    assert status == "Completed"
    assert json.loads(counters) == {
        "Completed": trials,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    succeeded = finished(tmp_path)
    assert known.items() <= succeeded.items()
    assert len(succeeded) == trials
    reported = [line.split() for line in (tmp_path / "reported").read_text().splitlines()]
    ends = Counter(name for word, name, *_ in reported if word == "end")
    assert ends == dict.fromkeys(succeeded, 1), "each ran to completion once"
    wait_until(lambda: not any(is_running(int(pid)) for _, _, pid, _ in reported))
    # Each metric was recorded once, though the service was killed in the middle of the log.
    database = open_database(tmp_path / "jobs.sqlite")
    with database.snapshot() as connection:
        rows = connection.execute(
            "SELECT COUNT(*) AS n FROM metrics GROUP BY training_job_id, name"
        ).fetchall()
    database.close()
    assert [row["n"] for row in rows] == [3] * (2 * trials), "the objective also counts as ObjectiveMetric"


def finished(directory: Path) -> dict[str, float]:
    """Name -> objective of the training jobs that have succeeded."""
    database = open_database(directory / "jobs.sqlite")
    with database.snapshot() as connection:
        rows = connection.execute(
            "SELECT name, objective_value FROM training_jobs WHERE status = 'Completed'"
        )
        result = {row["name"]: row["objective_value"] for row in rows}
    database.close()
    return result


def test_closing_ends_processes_and_the_next_start_runs_them_again(make_service):
    first = make_service()
    first.script(
        """
import time
seen = base.parent / "seen"
again = seen.exists()
seen.write_text("")
if not again:
    time.sleep(600)
print("loss=1")
"""
    )
    first.tune(config={"ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2}})
    first.wait_until(lambda: len(list(first.directory.glob("training-jobs/*/seen"))) == 2)
    pids = [int(p.read_text()) for p in first.directory.glob("training-jobs/*/attempt-1/process")]
    names = {t["TrainingJobName"] for t in first.training_jobs()}
    first.close()
    wait_until(lambda: not any(is_running(int(pid)) for pid in pids))
    second = make_service()
    job = second.ended()
    assert job["TrainingJobStatusCounters"]["Completed"] == 2
    assert {t["TrainingJobName"] for t in second.training_jobs()} == names


def test_a_stop_that_was_asked_for_is_carried_out_after_a_kill(make_service):
    """The service dies between the request to stop and the end of the training jobs."""
    first = make_service()
    first.script(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(1)\ntime.sleep(600)"
    )
    first.tune()
    first.wait_until(lambda: len(list(first.directory.glob("training-jobs/*/attempt-1/process"))) == 2)
    first.call("StopHyperParameterTuningJob", HyperParameterTuningJobName="job")
    first.close()
    second = make_service(grace_period=0.1)
    job = second.ended()
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2


def test_what_ended_unrecorded_is_ended_as_it_was(service):
    """The service died after the upload and before the end was in the store: the model is still the model."""
    from airflow_hpt_provider.local.runners.contract import AttemptListener, TrainingSpec
    from airflow_hpt_provider.local.runners.subprocess_runner import SubprocessRunner

    service.script("(base / 'model' / 'weights').write_text('w')\nprint('loss=1')")
    spec = TrainingSpec("job", "arn", service.definition(), {}, service.directory / "training-jobs" / "job")
    ends, metrics = [], []
    listener = AttemptListener(
        on_status=lambda *report: None,
        on_metrics=lambda found, position: metrics.extend(found),
        on_end=ends.append,
    )
    first = SubprocessRunner(service.objects, images=service.images)
    first.start(spec, listener)
    service.wait_until(lambda: len(ends) == 1)
    first.close()
    model = service.objects.get("bucket", "output/job/output/model.tar.gz")
    second = SubprocessRunner(service.objects, images=service.images)
    second.resume(spec, listener)
    service.wait_until(lambda: len(ends) == 2)
    second.close()
    assert ends[0] == ends[1]
    assert ends[0].model_artifact == "s3://bucket/output/job/output/model.tar.gz"
    assert service.objects.get("bucket", "output/job/output/model.tar.gz") == model
    assert [metric.value for metric in metrics] == [1.0, 1.0], "reported again: it had not been recorded"
