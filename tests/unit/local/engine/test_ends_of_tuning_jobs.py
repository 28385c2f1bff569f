"""How a tuning job ends, one transaction after the other: its training jobs do only what the test has them do."""

from __future__ import annotations

import sqlite3
import time

import pytest

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.engine.engine import Engine
from airflow_hpt_provider.local.engine.naming import Arns
from airflow_hpt_provider.local.engine.stop_reasons import CompletionReason
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.contract import AttemptResult, Metric
from airflow_hpt_provider.local.strategies.contract import Suggestion
from tests.unit.local.engine.test_any_outcome import DEFINITION, request

DEADLINE = 60.0


class Held:
    """A training job that the test speaks for."""

    def __init__(self, spec, listener):
        self.spec, self.listener, self.stops = spec, listener, 0

    def stop(self):
        self.stops += 1

    def kill(self):
        pass

    def report(self, status):
        self.listener.on_status(status, "", time.time())

    def emit(self, value, position=1):
        self.listener.on_metrics([Metric("loss", value, time.time())], position)

    def end(self, **how):
        self.listener.on_end(AttemptResult(**how))


class HeldRunner:
    """Starts nothing."""

    def __init__(self):
        self.started = []

    def check(self, definition, hyperparameters):
        pass

    def start(self, spec, listener):
        self.started.append(Held(spec, listener))
        return self.started[-1]

    resume = start

    def close(self):
        pass


def eventually(condition):
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.002)
    return value


class World:
    """An engine, its runner and its store."""

    def __init__(self, directory, max_parallel=4):
        self.runner = HeldRunner()
        self.database = open_database(directory / "jobs.sqlite")
        self.engine = Engine(
            self.database,
            self.runner,
            directory,
            Arns("us-east-1", "123456789012"),
            max_parallel=max_parallel,
        )
        self.engine.start()

    def insert(self, transaction, name="job", age=0.0, definition=DEFINITION, new=False, **config):
        body = request(name, 9, 1) | {"TrainingJobDefinition": definition}
        body["HyperParameterTuningJobConfig"] |= config
        job_id = tuning_jobs.insert(
            transaction.connection,
            name=name,
            arn=f"arn:{name}",
            request=body,
            seed=1,
            now=transaction.now - age,
        )
        found = training_jobs.insert_definition(transaction.connection, definition)
        tuning_jobs.insert_definitions(transaction.connection, job_id, [found])
        self.engine.tuning.track(transaction, tuning_jobs.get(transaction.connection, job_id), new=new)

    def create(self, *args, **config):
        self.engine.write(lambda transaction: self.insert(transaction, *args, **config))

    def end(self, ending, name="job"):
        self.engine.write(
            lambda transaction: self.engine.tuning.end(
                transaction, tuning_jobs.find(transaction.connection, name), ending
            )
        )

    def a_turn(self):
        """All that was posted before has been done after it."""
        self.engine.write(lambda transaction: None)

    def job(self, name="job"):
        with self.database.snapshot() as connection:
            return tuning_jobs.find(connection, name)

    def training_jobs(self, name="job"):
        with self.database.snapshot() as connection:
            return training_jobs.of_tuning_job(connection, tuning_jobs.find(connection, name).id)

    def started(self, count=1):
        return eventually(lambda: len(self.runner.started) >= count and self.runner.started)[count - 1]

    def reaches(self, status):
        eventually(lambda: self.training_jobs()[0].secondary_status == status)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.engine.close()
    made.database.close()


def test_nothing_is_launched_once_its_run_time_is_over(world):
    """It ran out while the service was down."""
    limits = {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 3, "MaxRuntimeInSeconds": 120}
    world.create(age=7200.0, ResourceLimits=limits)
    assert world.job().status == "Completed"
    assert world.training_jobs() == []
    assert world.runner.started == []


def test_a_stop_counts_though_a_criterion_has_been_met(world):
    world.create()
    trial = world.started()
    world.end(CompletionReason.TARGET)
    assert world.job().status == "InProgress", "it waits for its training job to stop"
    world.end(CompletionReason.REQUEST)
    assert world.job().status == "Stopping"
    eventually(lambda: trial.stops)
    trial.end()
    eventually(lambda: world.job().status == "Stopped")


@pytest.mark.parametrize(
    "later", [CompletionReason.TARGET, CompletionReason.RUNTIME, CompletionReason.REQUEST]
)
def test_nothing_else_counts_after_a_stop(world, later):
    world.create()
    trial = world.started()
    world.end(CompletionReason.REQUEST)
    world.end(later)
    trial.end()
    eventually(lambda: world.job().status == "Stopped")


def test_a_training_job_that_saves_its_model_is_not_stopped_early(world):
    """The last value of a bad one comes as it ends: stopped then, it would be Stopped for no reason."""
    world.create(
        Strategy="Hyperband",
        StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 1}},
    )
    trial = world.started()
    trial.report("Training")
    trial.report("Uploading")
    world.reaches("Uploading")
    trial.emit(1.0, 1)
    trial.emit(2.0, 2)  # past MaxResource
    world.a_turn()
    eventually(lambda: not world.engine.tuning._checking)
    world.a_turn()
    trial.end(model_artifact="s3://b/o/model.tar.gz")
    eventually(lambda: world.training_jobs()[0].status == "Completed")
    assert trial.stops == 0


def test_a_training_job_that_saves_its_model_has_run_in_time(world):
    definition = DEFINITION | {"StoppingCondition": {"MaxRuntimeInSeconds": 1}}
    world.create(definition=definition)
    trial = world.started()
    trial.report("Training")
    trial.report("Uploading")
    world.reaches("Uploading")
    started = world.training_jobs()[0].attempt_started_at
    eventually(lambda: time.time() > started + 1.2)
    world.a_turn()
    trial.end(model_artifact="s3://b/o/model.tar.gz")
    eventually(lambda: world.training_jobs()[0].status == "Completed")


def test_secondary_statuses_follow_each_other_in_time(world):
    world.create()
    trial = world.started()
    trial.listener.on_status("Training", "", time.time() - 60)
    trial.end()
    eventually(lambda: world.training_jobs()[0].status == "Completed")
    with world.database.snapshot() as connection:
        found = training_jobs.transitions(connection, world.training_jobs()[0].id)
    assert [each.status for each in found] == ["Starting", "Training", "Completed"]
    times = [at for each in found for at in (each.started_at, each.ended_at)]
    assert times == sorted(times)


def test_a_creation_that_was_undone_leaves_no_search(world):
    """The next tuning job gets its id in the store, and must not search its ranges."""

    def fail(transaction):
        ranges = {"CategoricalParameterRanges": [{"Name": "other", "Values": ["a", "b"]}]}
        world.insert(transaction, "undone", ParameterRanges=ranges)
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(ServiceError, match="disk is full"):
        world.engine.write(fail)
    world.create("next")
    assert set(world.started().spec.hyperparameters) == {"x", "_tuning_objective_metric"}


def test_an_attempt_is_interrupted_once(world):
    """One that was taken up again may have two times for it, if the runner reported it twice in one transaction."""
    world.create()
    trial = world.started()
    trial.report("Training")
    world.reaches("Training")
    job = world.training_jobs()[0]
    for _ in range(2):
        world.engine.write(
            lambda transaction: world.engine.training._interrupt(job.id, job.attempt, transaction)
        )
    with world.database.snapshot() as connection:
        found = training_jobs.transitions(connection, job.id)
    assert [each.status for each in found] == ["Starting", "Training", "Interrupted"]
    eventually(lambda: trial.stops)
    world.a_turn()
    assert trial.stops == 1


def test_the_run_time_of_a_tuning_job_ends_it_while_it_runs(world):
    limits = {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 1, "MaxRuntimeInSeconds": 120}
    world.create(age=119.5, ResourceLimits=limits)
    trial = world.started()
    eventually(lambda: trial.stops)
    assert world.job().ending == CompletionReason.RUNTIME
    trial.end()
    eventually(lambda: world.job().status == "Completed")
    assert len(world.runner.started) == 1


@pytest.mark.parametrize("ending", [CompletionReason.REQUEST, CompletionReason.RUNTIME])
def test_a_suggestion_that_arrives_after_the_end_is_not_launched(world, monkeypatch, ending):
    asked = []
    searches = world.engine.tuning._searches
    monkeypatch.setattr(
        searches, "suggest", lambda search, history, then: asked.append((search, history, then))
    )
    suggest = type(searches).suggest
    world.create(ResourceLimits={"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 2})
    first = eventually(lambda: asked)[0]
    suggest(searches, *first)
    world.started()
    late = eventually(lambda: len(asked) > 1 and asked)[1]
    world.end(ending)
    answered = []
    suggest(searches, *late[:2], lambda answer: (answered.append(answer), late[2](answer)))
    eventually(lambda: answered)
    world.a_turn()
    assert len(world.training_jobs()) == len(world.runner.started) == 1


def test_a_suggestion_over_the_limit_is_not_launched(world):
    """For example one that was asked for twice."""
    world.create(ResourceLimits={"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1})
    trial = world.started()
    suggestion = Suggestion({"x": 0.5})
    job_id = world.job().id
    world.engine.write(lambda t: world.engine.tuning._on_suggestion(job_id, 0, suggestion, t))
    assert len(world.training_jobs()) == len(world.runner.started) == 1
    trial.end()


def test_a_new_attempt_keeps_no_metrics_of_the_lost_one(world):
    world.create()
    trial = world.started()
    trial.report("Training")
    world.reaches("Training")
    trial.emit(0.25)
    world.a_turn()

    def metrics():
        with world.database.snapshot() as connection:
            return [row["value"] for row in connection.execute("SELECT value FROM metrics")]

    assert metrics() == [0.25]
    trial.end(lost=True)
    world.started(2)
    world.a_turn()
    assert metrics() == []


def test_a_failure_on_request_counts_the_training_jobs_that_have_ended(world):
    """Fault injection: the tuning job fails after two of them, not while the second one runs."""
    asked = []

    def failure_of(name, ended):
        asked.append((name, ended))
        return "InternalServerError: on request" if ended >= 2 else None

    world.engine.tuning._failure_of = failure_of
    world.create(ResourceLimits={"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 2})
    first, second = world.started(1), world.started(2)
    first.end()
    third = world.started(3)
    world.a_turn()
    assert world.job().ending is None
    assert ("job", 1) in asked
    second.end()
    eventually(lambda: third.stops)
    third.end()
    eventually(lambda: world.job().status == "Failed")
    assert world.job().failure_reason == "InternalServerError: on request"
    assert len(world.runner.started) == 3
