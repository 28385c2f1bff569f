"""Training processes that someone has stopped (SIGSTOP): they can still be ended, and hold no other job up."""

from __future__ import annotations

import os
import signal

import pytest

from tests.integration.local_engine.jobs import create, leader
from tests.support.processes import is_group_running

pytestmark = pytest.mark.integration

SLEEP = "import time\nprint('ready=1', flush=True)\ntime.sleep(600)"


def frozen(service, name="job", **members):
    """Create a training job, and stop its whole process group once the script runs."""
    create(service, name, "sleep.py", **members)
    pid = leader(service, name)
    log = service.directory / f"training-jobs/{name}/attempt-1/log"
    service.wait_until(lambda: log.exists() and b"ready" in log.read_bytes())
    os.killpg(pid, signal.SIGSTOP)
    return pid


def test_a_stop_ends_it_after_the_grace_period(make_service):
    service = make_service(grace_period=0.3)
    service.script(SLEEP, "sleep.py")
    pid = frozen(service)
    service.call("StopTrainingJob", TrainingJobName="job")
    assert service.training_job("job")["TrainingJobStatus"] == "Stopped"
    service.wait_until(lambda: not is_group_running(pid))


def test_its_run_time_ends_it(make_service):
    service = make_service(grace_period=0.3)
    service.script(SLEEP, "sleep.py")
    pid = frozen(service, StoppingCondition={"MaxRuntimeInSeconds": 3})
    job = service.training_job("job")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    service.wait_until(lambda: not is_group_running(pid))


def test_it_holds_up_no_other_job_and_continues(make_service):
    service = make_service(grace_period=0.3)
    service.script("import time\nprint('ready=1', flush=True)\ntime.sleep(0.5)", "sleep.py")
    service.script("print('loss=1')")
    pid = frozen(service)
    create(service, "other")
    assert service.training_job("other")["TrainingJobStatus"] == "Completed"
    os.killpg(pid, signal.SIGCONT)
    assert service.training_job("job")["TrainingJobStatus"] == "Completed"


def test_the_end_of_the_service_ends_it(make_service):
    service = make_service(grace_period=0.3)
    service.script(SLEEP, "sleep.py")
    pid = frozen(service)
    service.close()
    service.wait_until(lambda: not is_group_running(pid))
    service.start()  # for the fixture, which closes it again
