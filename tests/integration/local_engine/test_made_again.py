"""A training job made again under the name of a deleted one: nothing of the former is taken for its own."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.local.db.migrate import open_database
from tests.integration.local_engine.conftest import wait_until
from tests.integration.local_engine.jobs import create, member

pytestmark = pytest.mark.integration

FORMER = """
(base.parent / "left-behind").write_text("")
(base / "model" / "of").write_text("the former")
print("loss=1")
"""
NEXT = """
import os, pathlib
assert not list(pathlib.Path(os.environ["HOME"]).rglob("left-behind"))
(base / "model" / "of").write_text("the next")
print("loss=2")
"""


def model(service):
    return member(service, "output/job/output/model.tar.gz", "of")


def test_each_has_a_place_of_its_own(service):
    service.script(FORMER, "former.py")
    service.script(NEXT, "next.py")
    for algorithm, loss in (("former.py", 1.0), ("next.py", 2.0), ("next.py", 2.0)):
        create(service, algorithm=algorithm)
        job = service.training_job("job")
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert [metric["Value"] for metric in job["FinalMetricDataList"]] == [loss]
        service.call("DeleteTrainingJob", TrainingJobName="job")
    logs = (service.directory / "training-jobs").glob("*/attempt-1/log")
    assert sorted(log.read_text() for log in logs) == ["loss=1\n", "loss=2\n", "loss=2\n"], "each log is kept"


def test_further_attempts_stay_in_their_jobs_place(service):
    """RetryStrategy's attempts are the same job's; those of the deleted one, of the same numbers, are not."""
    service.script("import os, signal\nos.killpg(0, signal.SIGKILL)", "former.py")
    twice = "import os, signal\nseen = base.parent / 'seen'\n"
    twice += "if not seen.exists():\n    seen.touch()\n    os.killpg(0, signal.SIGKILL)\nprint('loss=2')"
    service.script(twice, "next.py")
    create(service, algorithm="former.py", RetryStrategy={"MaximumRetryAttempts": 2})
    assert service.training_job("job")["TrainingJobStatus"] == "Failed"
    service.call("DeleteTrainingJob", TrainingJobName="job")
    create(service, algorithm="next.py", RetryStrategy={"MaximumRetryAttempts": 2})
    assert service.training_job("job")["TrainingJobStatus"] == "Completed"
    places = {each.name: each for each in (service.directory / "training-jobs").iterdir()}
    attempts = {name: len(list(place.glob("attempt-*"))) for name, place in places.items()}
    assert attempts.pop("job") == 3
    assert list(attempts.values()) == [2]


# The service hangs, to be killed, when the next job is in the store and nothing of it on the disk.
BEFORE_IT_BEGINS = """
from tests.integration.local_engine.jobs import create
service.script('''{former}''', "former.py")
service.script('''{next}''', "next.py")
create(service, algorithm="former.py")
service.training_job("job")
service.call("DeleteTrainingJob", TrainingJobName="job")
service.runner.start = lambda spec, listener: time.sleep(600)
create(service, algorithm="next.py")
"""


def is_starting(directory):
    database = open_database(directory / "jobs.sqlite")
    with database.snapshot() as connection:
        [job] = connection.execute("SELECT secondary_status FROM training_jobs")
    database.close()
    return job["secondary_status"] == "Starting"


def test_killed_before_it_began_it_has_not_ended_as_the_former_did(tmp_path, killed, make_service):
    killed(BEFORE_IT_BEGINS.format(former=FORMER, next=NEXT), lambda: is_starting(tmp_path))
    service = make_service()
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [metric["Value"] for metric in job["FinalMetricDataList"]] == [2.0]
    assert model(service) == b"the next"


WAITS = """
import time
print("loss=1", flush=True)
while not (base.parent / "go").exists():
    time.sleep(0.05)
(base / "model" / "of").write_text("the one that waited")
"""


def of_before(directory):
    """The store as the service wrote it before training jobs had places of their own."""
    database = open_database(directory / "jobs.sqlite")
    with database.transaction() as connection:
        connection.execute("ALTER TABLE training_jobs DROP COLUMN directory")
        connection.execute("PRAGMA user_version = 2")
    database.close()


def test_a_job_of_an_older_store_is_taken_up_where_it_is(tmp_path, killed, make_service):
    imports = "from tests.integration.local_engine.jobs import create"
    create_it = f"{imports}\nservice.script('''{WAITS}''')\ncreate(service)"
    log = tmp_path / "training-jobs" / "job" / "attempt-1" / "log"
    killed(create_it, lambda: log.exists() and log.read_text() == "loss=1\n")
    of_before(tmp_path)
    service = make_service()
    (tmp_path / "training-jobs" / "job" / "go").touch()
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]].count("Starting") == 1, "run once"
    assert model(service) == b"the one that waited"
    service.call("DeleteTrainingJob", TrainingJobName="job")
    service.script(NEXT)
    create(service)
    assert service.training_job("job")["TrainingJobStatus"] == "Completed"
    assert model(service) == b"the next"
    assert wait_until(log.exists), "the former's log is kept"
