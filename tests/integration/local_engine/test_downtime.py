"""What happens to training jobs while the service is down, and what it makes of them when it is back."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest

from airflow_hpt_provider.local.db.migrate import open_database
from tests.integration.local_engine.conftest import wait_until
from tests.support.processes import is_running

pytestmark = pytest.mark.integration

LIMIT = 600
"""Seconds that a job may run."""


WAITS = (
    "import time\\nprint('loss=1', flush=True)\\nwhile not (base.parent / 'go').exists(): time.sleep(0.05)"
)
CREATE = """
service.script('''{script}''')
service.tune(
    config={{"ResourceLimits": {{"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}}}},
    definition={{"StoppingCondition": {{"MaxRuntimeInSeconds": {limit}}}}},
)
"""


def an_hour_passes(directory):
    """All that is in the store was an hour earlier: as if the service had been down for so long."""
    database = open_database(directory / "jobs.sqlite")
    with database.transaction() as connection:
        connection.execute(
            "UPDATE training_jobs SET created_at = created_at - 3600, started_at = started_at - 3600,"
            " attempt_started_at = attempt_started_at - 3600, modified_at = modified_at - 3600"
        )
        connection.execute("UPDATE tuning_jobs SET created_at = created_at - 3600")
    database.close()


def attempt(directory, file):
    return next(iter(directory.glob(f"training-jobs/*/attempt-1/{file}")), None)


def is_training(directory):
    if not (directory / "jobs.sqlite").exists():
        return False
    database = open_database(directory / "jobs.sqlite")
    with database.snapshot() as connection:
        found = connection.execute(
            "SELECT 1 FROM training_jobs WHERE secondary_status = 'Training'"
        ).fetchone()
    database.close()
    return bool(found)


def test_a_job_that_ended_in_time_has_not_exceeded_its_run_time(tmp_path, killed, make_service):
    killed(CREATE.format(script=WAITS, limit=LIMIT), lambda: is_training(tmp_path))
    (attempt(tmp_path, "process").parents[1] / "go").touch()
    wait_until(lambda: attempt(tmp_path, "exit"))
    an_hour_passes(tmp_path)
    end = attempt(tmp_path, "exit")
    os.utime(end, (end.stat().st_mtime - 3600,) * 2)
    service = make_service()
    job = service.ended()
    [trial] = service.training_jobs()
    assert trial["TrainingJobStatus"] == "Completed"
    statuses = [each["Status"] for each in trial["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Training", "Uploading", "Completed"]
    assert trial["TrainingTimeInSeconds"] <= LIMIT
    assert trial["BillableTimeInSeconds"] <= LIMIT
    training, uploading = trial["SecondaryStatusTransitions"][1:3]
    assert training["EndTime"] == uploading["StartTime"]
    assert uploading["EndTime"] <= trial["TrainingEndTime"]
    assert trial["LastModifiedTime"] - trial["TrainingEndTime"] > timedelta(minutes=50)
    assert job["TrainingJobStatusCounters"]["Completed"] == 1
    assert service.objects.exists("bucket", f"output/{trial['TrainingJobName']}/output/model.tar.gz")


def test_the_time_of_a_lost_attempt_counts_for_nothing(tmp_path, killed, make_service):
    """The machine went down with service and job, for longer than the job may run."""
    killed(CREATE.format(script=WAITS, limit=LIMIT), lambda: is_training(tmp_path))
    process = attempt(tmp_path, "process")
    os.killpg(int(process.read_text()), signal.SIGKILL)
    (process.parents[1] / "go").touch()
    an_hour_passes(tmp_path)
    service = make_service()
    assert service.ended()["TrainingJobStatusCounters"]["Completed"] == 1
    [trial] = service.training_jobs()
    assert trial["SecondaryStatus"] == "Completed"
    assert trial["BillableTimeInSeconds"] <= LIMIT


def test_a_job_that_runs_on_is_stopped_once_it_has_run_too_long(tmp_path, killed, make_service):
    killed(CREATE.format(script=WAITS, limit=LIMIT), lambda: is_training(tmp_path))
    an_hour_passes(tmp_path)
    service = make_service()
    assert service.ended()["TrainingJobStatusCounters"]["Stopped"] == 1
    assert service.training_jobs()[0]["SecondaryStatus"] == "MaxRuntimeExceeded"


LEAVES_A_PROCESS = """
import subprocess
pid = subprocess.Popen(["sleep", "600"], start_new_session=True).pid
print("pid=", pid, flush=True)
time.sleep(600)
"""
HIDES_IT = """
from tests.integration.local_engine.jobs import create
service.script('''import time{script}''')
create(service, Environment={{"ALGORITHM": "train.py", "SAGEMAKER_BASE_DIR": "/opt/ml"}})
"""


def test_what_a_job_left_behind_is_ended_whatever_its_environment(tmp_path, killed, make_service):
    """Service and job were killed; a process that had left the job's group was not."""
    log = tmp_path / "training-jobs" / "job" / "attempt-1" / "log"
    killed(HIDES_IT.format(script=LEAVES_A_PROCESS), lambda: log.exists() and "\n" in log.read_text())
    left = int(log.read_text().split("pid=")[1])
    os.killpg(int(attempt(tmp_path, "process").read_text()), signal.SIGKILL)
    assert is_running(left)
    service = make_service()
    wait_until(lambda: not is_running(left))
    service.call("StopTrainingJob", TrainingJobName="job")
    service.training_job("job")
