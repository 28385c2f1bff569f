"""The machine's clock jumps a day forward or back: nothing hangs, nothing has negative times, nothing runs twice."""

from __future__ import annotations

import time

import pytest

from tests.integration.local_engine.jobs import create

pytestmark = pytest.mark.integration

DAY = 86400.0
ONE = {"ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1}}


@pytest.fixture
def clock(monkeypatch):
    """A list with the seconds by which the clock is wrong; processes of training jobs have the right one."""
    wrong, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + wrong[0])
    return wrong


def elapsed(job):
    times = [each[name] for each in job["SecondaryStatusTransitions"] for name in ("StartTime", "EndTime")]
    return times, job["TrainingTimeInSeconds"], job["BillableTimeInSeconds"]


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_tuning_job_completes_although_the_clock_jumps(service, clock, jump):
    service.script("import time\nprint('loss=1')\ntime.sleep(0.3)")
    two_days = {"MaxRuntimeInSeconds": 2 * int(DAY)}  # whichever trains when the clock jumps has time left
    service.tune(config=ONE, definition={"StoppingCondition": two_days})
    service.wait_until(lambda: service.describe()["TrainingJobStatusCounters"]["Completed"] >= 1)
    clock[0] = jump
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    assert job["HyperParameterTuningEndTime"] >= job["CreationTime"]
    for each in service.training_jobs():
        times, training, billable = elapsed(each)
        assert times == sorted(times)
        assert training >= 0
        assert billable >= 0


def test_back_and_forward_again_leaves_the_run_time_as_it_was(service, clock):
    """The clock is a day back for a moment: a job still has its time, and one that is too long still ends."""
    service.script("import time\ntime.sleep(600)", "long.py")
    clock[0] = -DAY
    create(service, "long", "long.py", StoppingCondition={"MaxRuntimeInSeconds": 2})
    name = {"TrainingJobName": "long"}
    service.wait_until(lambda: service.call("DescribeTrainingJob", **name)["SecondaryStatus"] == "Training")
    clock[0] = 0.0
    job = service.training_job("long")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_day_forward_ends_what_has_a_run_time(service, clock):
    """As after a night in which the machine slept: the run time counts by the clock, as on AWS."""
    service.script("import time\ntime.sleep(600)", "long.py")
    create(service, "long", "long.py", StoppingCondition={"MaxRuntimeInSeconds": 3600})
    name = {"TrainingJobName": "long"}
    service.wait_until(lambda: service.call("DescribeTrainingJob", **name)["SecondaryStatus"] == "Training")
    clock[0] = DAY
    create(service, "next", "long.py", StoppingCondition={"MaxRuntimeInSeconds": 3600})
    job = service.training_job("long")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert service.call("DescribeTrainingJob", TrainingJobName="next")["TrainingJobStatus"] == "InProgress"
