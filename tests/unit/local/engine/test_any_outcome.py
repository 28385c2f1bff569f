"""Whatever becomes of the training jobs: counters add up, limits hold, every tuning job ends."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.engine.engine import Engine
from airflow_hpt_provider.local.engine.naming import Arns
from airflow_hpt_provider.local.engine.stop_reasons import CompletionReason
from airflow_hpt_provider.local.runners.contract import AttemptResult, Metric

SUCCESS, NO_METRIC, FAILURE, INTERNAL, LOST = "success", "no metric", "failure", "internal", "lost"


class ScriptedRunner:
    """A runner whose attempts end as the test decides, in another thread and in any order."""

    def __init__(self, outcomes, parallel):
        self.outcomes, self.parallel = list(outcomes), parallel
        self.running, self.most, self.started = 0, 0, 0
        self._lock = threading.Lock()
        self._closed = False

    def check(self, definition, hyperparameters):
        pass

    def start(self, spec, listener):
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
            outcome = self.outcomes[self.started % len(self.outcomes)]
            self.started += 1
        attempt = Attempt()

        def run():
            listener.on_status("Training", "", time.time())
            if outcome == SUCCESS:
                listener.on_metrics([Metric("loss", float(spec.hyperparameters["x"]), time.time())], 1)
            attempt.stopped.wait(random.random() / 500)
            with self._lock:
                self.running -= 1
            listener.on_end(
                {
                    SUCCESS: AttemptResult(),
                    NO_METRIC: AttemptResult(),
                    FAILURE: AttemptResult(failure_reason="AlgorithmError: no"),
                    INTERNAL: AttemptResult(failure_reason="InternalServerError", internal=True),
                    LOST: AttemptResult(lost=True),
                }[outcome]
            )

        threading.Thread(target=run).start()
        return attempt

    resume = start

    def close(self):
        pass


class Attempt:
    def __init__(self):
        self.stopped = threading.Event()

    def stop(self):
        self.stopped.set()

    kill = stop


def request(name, most, parallel):
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": most, "MaxParallelTrainingJobs": parallel},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        },
    }


DEFINITION = {
    "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
    "RetryStrategy": {"MaximumRetryAttempts": 2},
}


def create(engine, name, most, parallel):
    body = request(name, most, parallel) | {"TrainingJobDefinition": DEFINITION}

    def task(transaction):
        job_id = tuning_jobs.insert(
            transaction.connection, name=name, arn=f"arn:{name}", request=body, seed=1, now=transaction.now
        )
        definition = training_jobs.insert_definition(transaction.connection, DEFINITION)
        tuning_jobs.insert_definitions(transaction.connection, job_id, [definition])
        engine.tuning.track(transaction, tuning_jobs.get(transaction.connection, job_id))

    engine.write(task)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    outcomes=st.lists(
        st.sampled_from([SUCCESS, NO_METRIC, FAILURE, INTERNAL, LOST]), min_size=1, max_size=12
    ),
    jobs=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 4)), min_size=1, max_size=3),
    slots=st.integers(1, 4),
    stop=st.booleans(),
)
def test_any_outcome(outcomes, jobs, slots, stop):
    if set(outcomes) == {LOST}:
        outcomes = [LOST, SUCCESS]  # else it would be tried for ever, as it should be
    runner = ScriptedRunner(outcomes, slots)
    with tempfile.TemporaryDirectory() as directory:
        database = open_database(Path(directory) / "jobs.sqlite")
        engine = Engine(
            database, runner, Path(directory), Arns("us-east-1", "123456789012"), max_parallel=slots
        )
        engine.start()
        try:
            for n, (most, parallel) in enumerate(jobs):
                create(engine, f"job-{n}", most, parallel)
            if stop:
                engine.write(
                    lambda transaction: engine.tuning.end(
                        transaction,
                        tuning_jobs.find(transaction.connection, "job-0"),
                        CompletionReason.REQUEST,
                    )
                )
            deadline = time.monotonic() + 60
            while not check(database, jobs, stop):
                assert time.monotonic() < deadline
                time.sleep(0.002)
            assert runner.most <= slots
        finally:
            engine.close()
            database.close()


def check(database, jobs, stop):
    """All that must hold at any moment; says whether all have ended."""
    ended = 0
    with database.snapshot() as connection:
        for n, (most, parallel) in enumerate(jobs):
            job = tuning_jobs.find(connection, f"job-{n}")
            children = training_jobs.of_tuning_job(connection, job.id)
            counters = (
                job.completed + job.in_progress + job.retryable_error + job.non_retryable_error + job.stopped
            )
            objectives = job.objective_succeeded + job.objective_pending + job.objective_failed
            assert counters == objectives == job.launched == len(children) <= most
            assert job.in_progress == job.objective_pending <= parallel
            assert [child.number for child in children] == list(range(1, len(children) + 1))
            if job.status in ("InProgress", "Stopping"):
                continue
            ended += 1
            assert job.in_progress == 0
            assert job.ended_at is not None
            if stop and n == 0:
                assert job.status in ("Stopped", "Completed", "Failed")  # it may have ended before
            elif job.status == "Completed":
                assert job.launched == most
                assert job.objective_succeeded > 0
            else:
                assert job.status == "Failed"
                assert job.objective_succeeded == 0
                assert job.failure_reason
    return ended == len(jobs)


def test_a_task_that_fails_harms_no_other(tmp_path):
    """Its own changes are undone, the others' of its transaction are not, and what is in memory is read again."""
    runner = ScriptedRunner([SUCCESS], 2)
    database = open_database(tmp_path / "jobs.sqlite")
    engine = Engine(database, runner, tmp_path, Arns("us-east-1", "123456789012"), max_parallel=2)
    engine.start()
    create(engine, "job-0", 30, 2)

    def fail(transaction):
        transaction.connection.execute("DELETE FROM training_jobs")
        transaction.on_commit(lambda: pytest.fail("its effects must not happen"))
        raise ZeroDivisionError

    done = False
    while not done:
        with pytest.raises(ZeroDivisionError):
            engine.write(fail)
        done = check(database, [(30, 2)], stop=False)
    with database.snapshot() as connection:
        assert tuning_jobs.find(connection, "job-0").completed == 30
    engine.close()
    database.close()
