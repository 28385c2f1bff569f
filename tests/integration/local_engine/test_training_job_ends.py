"""How training jobs end: stopped, killed, out of time, interrupted, and after internal errors."""

from __future__ import annotations

import os
import signal

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from tests.integration.local_engine.jobs import create, leader, member
from tests.support.processes import is_group_running, is_running

pytestmark = pytest.mark.integration


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
