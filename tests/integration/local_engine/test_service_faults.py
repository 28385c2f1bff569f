"""A full disk, a failing search, early stopping: the engine continues."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.local.engine import suggesters
from airflow_hpt_provider.local.engine.loop import RETRY_AFTER
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.strategies.contract import Exhausted, Suggestion
from tests.integration.local_engine.jobs import channel, create

pytestmark = pytest.mark.integration


def test_a_full_disk_loses_nothing(service, caplog):
    """SQLite itself says so: its file may not grow. What ends in the meantime is recorded once it may."""
    service.script("import time\nwhile not (base.parent / 'go').exists(): time.sleep(0.01)\nprint('loss=1')")
    service.tune(config={"ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}})
    service.wait_until(lambda: [t for t in service.training_jobs() if t["SecondaryStatus"] == "Training"])

    def limit(pages):
        def task(turn):
            turn.on_commit(
                lambda: service.engine.database._writer.execute(f"PRAGMA max_page_count = {pages}")
            )

        service.engine.write(task)

    limit(1)
    tags = [{"Key": f"key-{n}", "Value": "v" * 200} for n in range(40)]

    def fill():
        for n in range(500):
            service.tune(f"more-{n}", Tags=tags)

    with pytest.raises(ServiceError, match="database or disk is full") as caught:
        fill()
    assert caught.value.status == 500
    (service.directory / "training-jobs" / service.training_jobs()[0]["TrainingJobName"] / "go").touch()
    service.wait_until(lambda: "can't write to the store" in caplog.text)
    tries = service.engine._loop._closed.wait
    service.wait_until(lambda: tries(3 * RETRY_AFTER) or True)
    assert caplog.text.count("can't write to the store (database or disk is full)") == 1
    assert "Traceback" not in caplog.text
    # Nothing can be asked of the engine now; but its file may grow again.
    service.engine.database._writer.execute("PRAGMA max_page_count = 1000000")
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert caplog.text.count("the store can be written again") == 1
    assert RETRY_AFTER < 5


def test_a_search_that_fails_fails_its_tuning_job_only(service, monkeypatch):
    class Broken:
        def suggest(self, history):
            if len(history) == 2:
                raise RuntimeError("no idea")
            return Suggestion({"x": 0.5})

    make = suggesters.make_strategy
    monkeypatch.setattr(suggesters, "make_strategy", lambda c: Broken() if c.seed == 666 else make(c))
    service.script("print('loss=1')")
    service.tune("bad", config={"RandomSeed": 666})
    service.tune("good")
    job = service.ended("bad")
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError")
    counters = job["TrainingJobStatusCounters"]
    assert counters["Completed"] + counters["Stopped"] == 2, "what ran next to it was stopped"
    assert service.ended("good")["HyperParameterTuningJobStatus"] == "Completed"


def test_nothing_left_to_suggest_completes_it(service, monkeypatch):
    class Three:
        def suggest(self, history):
            if len(history) == 3:
                raise Exhausted
            return Suggestion({"x": len(history) / 10})

    monkeypatch.setattr(suggesters, "make_strategy", lambda context: Three())
    service.script("print(f'loss={hps[\"x\"]}')")
    service.tune(config={"ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 2}})
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 3


def test_early_stopping(service, monkeypatch):
    """What the rule condemns is Stopped, keeps its last value, and the strategies learn it."""
    seen = []

    class Strategy:
        def suggest(self, history):
            seen.append(list(history))
            return Suggestion({"x": float(len(history))}, budget=7, bracket=1)

    class Rule:
        def should_stop(self, trial, history):
            assert trial.running
            assert trial in history
            assert (trial.budget, trial.bracket) == (7, 1)
            return trial.point["x"] == 1.0 and len(trial.curve) >= 3

    monkeypatch.setattr(suggesters, "make_strategy", lambda context: Strategy())
    monkeypatch.setattr(suggesters, "make_early_stopping", lambda context: Rule())
    service.script(
        """
import time
for epoch in range(3 if hps["x"] != "1.0" else 1000):
    print(f"loss={epoch}", flush=True)
    time.sleep(0.02)
"""
    )
    service.tune(config={"ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1}})
    job = service.ended()
    assert job["TrainingJobStatusCounters"]["Stopped"] == 1
    assert job["ObjectiveStatusCounters"]["Succeeded"] == 3
    stopped = seen[-1][1]
    assert stopped.stopped_early
    assert stopped.value == stopped.curve[-1][1] >= 2
    assert [step for step, _ in stopped.curve] == list(range(1, len(stopped.curve) + 1))


def test_max_runtime_of_a_tuning_job(service, monkeypatch):
    """MaxRuntimeInSeconds is 120 at least: the clock is moved instead, by a service started later."""
    service.script("import time\nprint('loss=1', flush=True)\ntime.sleep(600)")
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2, "MaxRuntimeInSeconds": 120}
    service.tune(config={"ResourceLimits": limits})
    service.wait_until(lambda: len([t for t in service.training_jobs() if "FinalMetricDataList" in t]) == 2)

    def age(turn):
        turn.connection.execute("UPDATE tuning_jobs SET created_at = created_at - 130")

    service.engine.write(age)
    service.close()
    service.start()
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2
    assert job["ConsumedResources"]["RuntimeInSeconds"] >= 130


@pytest.mark.parametrize("mode", ["File", "Pipe"])
def test_a_channel_whose_bytes_are_missing_fails_its_training_job_only(service, mode):
    service.script(
        "pipe = base / 'input' / 'data' / 'train_0'\nprint(pipe.read_bytes() if pipe.exists() else '')"
    )
    service.objects.put("bucket", "data/rows.csv", b"1,2\n")
    service.objects.put("bucket", "data/whole.csv", b"3,4\n")
    before = set(service.objects.blobs.directory.rglob("*"))
    service.objects.put("bucket", "data/lost.csv", b"5,6\n" * 100)
    for path in set(service.objects.blobs.directory.rglob("*")) - before:
        if path.is_file():
            path.unlink()
    data = [channel("train", "S3Prefix", "s3://bucket/data/", InputMode=mode)]
    create(service, InputDataConfig=data)
    job = service.training_job("job")
    assert job["TrainingJobStatus"] == "Failed"
    assert "The bytes of 'data/lost.csv' in bucket 'bucket' are missing" in job["FailureReason"]
    create(service, "other")
    assert service.training_job("other")["TrainingJobStatus"] == "Completed"


def test_directories_that_the_store_does_not_know_are_named_at_the_start(service, caplog):
    service.script("print('loss=1')")
    for name in ("kept", "deleted"):
        create(service, name)
        service.training_job(name)
    service.call("DeleteTrainingJob", TrainingJobName="deleted")
    service.close()
    service.start()
    assert "that the store does not know" not in caplog.text
    (service.directory / "training-jobs" / "lost").mkdir()
    service.close()
    service.start()
    assert "1 directories in" in caplog.text
    assert "belong to training jobs that the store does not know (lost)" in caplog.text
