"""The rows of tuning and training jobs: every value that is stored comes back, and nothing else changes."""

from __future__ import annotations

import sqlite3

import pytest

from airflow_hpt_provider.local.db import training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import MetricRow, NewTrainingJob, Transition
from airflow_hpt_provider.models.float32 import float32

REQUEST = {"HyperParameterTuningJobConfig": {"Strategy": "Bayesian"}, "Name": "job"}
BODY = {"ResourceConfig": {"TrainingPlanArn": "arn:plan"}}


@pytest.fixture
def store(database):
    with database.transaction() as connection:
        yield connection


def tuning_job(store, name="job", now=1.0):
    return tuning_jobs.insert(store, name=name, arn=f"arn:{name}", request=REQUEST, seed=7, now=now)


def training_job(store, name="job-001", body=BODY, now=2.0, **values):
    definition = training_jobs.insert_definition(store, body)
    new = NewTrainingJob(
        name=name, arn=f"arn:{name}", definition_id=definition, **{"hyperparameters": {}, **values}
    )
    return training_jobs.insert(store, new, now)


def ended(store, job_id, status="Completed", now=9.0, **values):
    values.setdefault("objective_status", "Succeeded")
    training_jobs.set_ended(store, job_id, status=status, now=now, **values)


def test_a_new_tuning_job(store):
    first, second = tuning_job(store), tuning_job(store, "Other", 3.0)
    assert (first, second) == (1, 2)
    job = tuning_jobs.get(store, second)
    assert (job.name, job.arn, job.status, job.strategy) == ("Other", "arn:Other", "InProgress", "Bayesian")
    assert (job.request, job.seed, job.created_at, job.modified_at) == (REQUEST, 7, 3.0, 3.0)
    assert (job.ended_at, job.failure_reason, job.ending, job.launched) == (None, None, None, 0)
    assert tuning_jobs.find(store, "oTHER") == job
    assert tuning_jobs.find(store, "none") is tuning_jobs.get(store, 3) is None


def test_what_becomes_of_a_tuning_job(store):
    first, second = tuning_job(store), tuning_job(store, "other")
    untouched = tuning_jobs.get(store, second)
    tuning_jobs.set_progress(store, first, not_improving=3, converged_at=4.5)
    tuning_jobs.set_ending(store, first, ending="request", status="Stopping", now=5.0)
    job = tuning_jobs.get(store, first)
    assert (job.not_improving, job.converged_at) == (3, 4.5)
    assert (job.ending, job.status, job.modified_at, job.ended_at) == ("request", "Stopping", 5.0, None)
    assert [each.id for each in tuning_jobs.unfinished(store)] == [first, second]
    assert tuning_jobs.count_in_progress(store) == 1
    tuning_jobs.set_ended(store, first, status="Failed", failure_reason="because", now=6.0)
    job = tuning_jobs.get(store, first)
    assert (job.status, job.failure_reason, job.ended_at, job.modified_at) == ("Failed", "because", 6.0, 6.0)
    assert [each.id for each in tuning_jobs.unfinished(store)] == [second]
    assert tuning_jobs.get(store, second) == untouched
    tuning_jobs.delete(store, first)
    assert tuning_jobs.get(store, first) is None
    assert tuning_jobs.get(store, second) == untouched


def test_definitions_keep_the_order_of_the_request(store):
    job = tuning_job(store)
    ids = [training_jobs.insert_definition(store, {"n": number}) for number in range(3)]
    assert ids == [1, 2, 3]
    tuning_jobs.insert_definitions(store, job, ids[::-1])
    assert tuning_jobs.definition_ids(store, job) == ids[::-1]
    assert training_jobs.definition(store, ids[1]) == {"n": 1}


def test_training_plans(store):
    with_plan = training_jobs.insert_definition(store, BODY)
    without = training_jobs.insert_definition(store, {"ResourceConfig": {}})
    assert training_jobs.training_plans(store, [without, with_plan]) == {with_plan: "arn:plan", without: None}


def test_a_new_training_job(store):
    tuning = tuning_job(store)
    job_id = training_job(
        store,
        "One",
        number=1,
        tuning_job_id=tuning,
        tuning_job_name="job",
        tuning_job_arn="arn:job",
        definition_name="a",
        definition_index=2,
        point={"x": 0.1 + 0.2},
        tuned={"x": "0.3"},
        hyperparameters={"x": "0.3", "y": "1"},
        budget=4,
        bracket=5,
        objective_type="Maximize",
        objective_metric="auc",
    )
    job = training_jobs.get(store, job_id)
    assert job == training_jobs.find(store, "oNE")
    assert (job.name, job.arn, job.number, job.definition_name, job.definition_index) == (
        *("One", "arn:One", 1),
        *("a", 2),
    )
    assert (job.tuning_job_id, job.tuning_job_name, job.tuning_job_arn) == (tuning, "job", "arn:job")
    assert (job.point, job.tuned, job.hyperparameters) == (
        {"x": 0.1 + 0.2},
        {"x": "0.3"},
        {"x": "0.3", "y": "1"},
    )
    assert (job.budget, job.bracket, job.objective_type, job.objective_metric) == (4, 5, "Maximize", "auc")
    assert (job.status, job.secondary_status, job.objective_status) == ("InProgress", "Pending", "Pending")
    assert (job.created_at, job.modified_at, job.started_at, job.ended_at) == (2.0, 2.0, None, None)
    assert training_jobs.get(store, job_id + 1) is training_jobs.find(store, "two") is None
    with pytest.raises(sqlite3.IntegrityError):
        training_job(store, "ONE")


def test_a_standalone_training_job(store):
    job = training_jobs.get(store, training_job(store))
    assert (job.tuning_job_id, job.number, job.definition_index, job.point, job.tuned) == (None, 0, 0, {}, {})


def test_slots_and_queues(store):
    tuning = tuning_job(store)
    of = {"tuning_job_id": tuning, "tuning_job_arn": "arn:job"}
    second, first = training_job(store, "b", number=2, **of), training_job(store, "a", number=1, **of)
    alone, done = training_job(store, "c"), training_job(store, "d")
    assert [job.id for job in training_jobs.of_tuning_job(store, tuning)] == [first, second]
    assert [job.id for job in training_jobs.pending(store, limit=3)] == [second, first, alone]
    assert training_jobs.active(store) == (0, 0)
    training_jobs.add_transition(store, second, "Training", "runs", 3.0)
    training_jobs.add_transition(store, alone, "Training", "runs", 3.0)
    training_jobs.set_stopping(store, alone, status="Stopping", stop_reason="request", now=4.0)
    assert training_jobs.active(store) == (2, 1)
    ended(store, done)
    assert [job.id for job in training_jobs.pending(store, limit=9)] == [first]
    assert [job.id for job in training_jobs.unfinished(store)] == [second, first, alone]
    job = training_jobs.get(store, alone)
    assert (job.status, job.stop_reason, job.modified_at) == ("Stopping", "request", 4.0)


def test_the_best_training_job(store):
    tuning = tuning_job(store)
    jobs = [training_job(store, f"t{n}", number=n, tuning_job_id=tuning) for n in range(4)]
    assert training_jobs.best(store, tuning) is None
    losses = zip(jobs, (0.5, 0.25, 0.25, 0.125), strict=True)
    for job_id, loss in losses:
        status = "Failed" if loss == 0.125 else "Succeeded"
        ended(store, job_id, objective_status=status, objective_value=-loss, loss=loss)
    assert training_jobs.best(store, tuning).id == jobs[1]


def test_transitions_follow_each_other(store):
    job_id, other = training_job(store), training_job(store, "other")
    training_jobs.add_transition(store, job_id, "Starting", "a", 3.0)
    training_jobs.add_transition(store, job_id, "Training", "b", 4.0)
    assert training_jobs.transitions(store, job_id) == [
        Transition("Starting", "a", 3.0, 4.0),
        Transition("Training", "b", 4.0, None),
    ]
    assert training_jobs.get(store, job_id).secondary_status == "Training"
    training_jobs.add_transition(store, job_id, "Completed", "c", 5.0, final=True)
    assert training_jobs.transitions(store, job_id)[1:] == [
        Transition("Training", "b", 4.0, 5.0),
        Transition("Completed", "c", 5.0, 5.0),
    ]
    assert training_jobs.transitions(store, other) == []


def test_attempts_are_billed_each(store):
    job_id = training_job(store)
    training_jobs.set_attempt_started(store, job_id, 10.0)
    training_jobs.set_attempt_started(store, job_id, 99.0)
    training_jobs.set_stopping(store, job_id, status="InProgress", stop_reason="interrupted", now=11.0)
    training_jobs.set_attempt_ended(store, job_id, retry=True, attempt_ended_at=15.0, now=16.0)
    job = training_jobs.get(store, job_id)
    assert (job.attempt, job.retries, job.billable_seconds, job.stop_reason) == (2, 1, 5.0, None)
    assert (job.started_at, job.attempt_started_at, job.modified_at) == (10.0, None, 16.0)
    training_jobs.set_attempt_ended(store, job_id, retry=False, attempt_ended_at=17.0, now=17.0)
    assert (training_jobs.get(store, job_id).attempt, training_jobs.get(store, job_id).retries) == (3, 1)
    training_jobs.set_attempt_started(store, job_id, 20.0)
    ended(store, job_id, now=22.5)
    assert training_jobs.get(store, job_id).billable_seconds == 7.5


def test_the_end_of_a_training_job(store):
    job_id, other = training_job(store), training_job(store, "other")
    untouched = training_jobs.get(store, other)
    ended(
        *(store, job_id, "Failed"),
        failure_reason="because",
        retryable=True,
        model_artifact="s3://b/model.tar.gz",
        objective_status="Failed",
        objective_value=2.0,
        loss=-2.0,
    )
    job = training_jobs.get(store, job_id)
    assert (job.status, job.failure_reason, job.retryable) == ("Failed", "because", 1)
    assert (job.objective_status, job.objective_value, job.loss) == ("Failed", 2.0, -2.0)
    assert (job.model_artifact, job.ended_at, job.modified_at) == ("s3://b/model.tar.gz", 9.0, 9.0)
    assert training_jobs.get(store, other) == untouched
    ended(store, other)
    assert training_jobs.get(store, other).retryable == 0


def test_counters_are_counted(store):
    tuning, foreign = tuning_job(store), tuning_job(store, "foreign")
    kinds = ["Completed", "Failed", "Failed", "Stopped", None, None]
    jobs = [training_job(store, f"t{n}", number=n, tuning_job_id=tuning) for n in range(len(kinds))]
    for number, (job_id, status) in enumerate(zip(jobs, kinds, strict=True)):
        if status:
            outcome = "Succeeded" if status == "Completed" else "Failed"
            ended(store, job_id, status, objective_status=outcome, retryable=number == 1)
    tuning_jobs.recount(store, tuning, 12.0)
    job = tuning_jobs.get(store, tuning)
    assert (job.launched, job.modified_at) == (6, 12.0)
    assert job.counters == {
        "TrainingJobStatusCounters": {
            "Completed": 1, "InProgress": 2, "RetryableError": 1, "NonRetryableError": 1, "Stopped": 1,
        },
        "ObjectiveStatusCounters": {"Succeeded": 1, "Pending": 2, "Failed": 3},
    }  # fmt: skip
    assert tuning_jobs.get(store, foreign).launched == 0


def test_metrics_of_a_training_job(store):
    tuning = tuning_job(store)
    job_id = training_job(store, objective_metric="loss", objective_type="Minimize", tuning_job_id=tuning)
    other = training_job(store, "other", tuning_job_id=tuning, objective_metric="loss")
    emitted = [MetricRow("loss", 0.5, 1.0), MetricRow("auc", 0.7, 1.0), MetricRow("loss", 0.1, 2.0)]
    training_jobs.add_metrics(store, job_id, emitted, 120)
    training_jobs.add_metrics(store, other, [MetricRow("loss", 3.0, 1.0)], 9)
    assert training_jobs.get(store, job_id).log_position == 120
    assert training_jobs.final_metrics(store, job_id) == [
        MetricRow("auc", 0.7, 1.0),
        MetricRow("loss", 0.1, 2.0),
    ]
    assert training_jobs.final_objective(store, training_jobs.get(store, job_id)) == float32(0.1) != 0.1
    assert training_jobs.curves(store, tuning) == {job_id: [0.5, 0.1], other: [3.0]}
    training_jobs.delete_metrics(store, job_id)
    assert training_jobs.final_objective(store, training_jobs.get(store, job_id)) is None
    assert training_jobs.curves(store, tuning) == {other: [3.0]}


def test_a_job_without_an_objective_has_no_value_of_it(store):
    job_id = training_job(store)
    training_jobs.add_metrics(store, job_id, [MetricRow("loss", 0.5, 1.0)], 1)
    assert training_jobs.final_objective(store, training_jobs.get(store, job_id)) is None


def test_directories_and_definitions(store):
    job_id, other = training_job(store), training_job(store, "other")
    assert training_jobs.directories(store) == set()
    training_jobs.set_directory(store, job_id, "job-001")
    assert training_jobs.directories(store) == {"job-001"}
    shared = training_jobs.get(store, other).definition_id
    training_jobs.set_definition(store, job_id, {"changed": True}, 6.0)
    job = training_jobs.get(store, job_id)
    assert (training_jobs.definition(store, job.definition_id), job.modified_at) == ({"changed": True}, 6.0)
    assert training_jobs.get(store, other).definition_id == shared


def test_a_deleted_training_job_leaves_nothing(store):
    job_id, other = training_job(store), training_job(store, "other")
    for each in (job_id, other):
        training_jobs.add_metrics(store, each, [MetricRow("loss", 0.5, 1.0)], 1)
        training_jobs.add_transition(store, each, "Training", "", 1.0)
    training_jobs.delete(store, job_id)
    assert training_jobs.get(store, job_id) is None
    for table in ("metrics", "transitions"):
        left = [row["training_job_id"] for row in store.execute(f"SELECT training_job_id FROM {table}")]
        assert left == [other]


def test_a_deleted_tuning_job_leaves_its_training_jobs(store):
    tuning = tuning_job(store)
    job_id = training_job(store, tuning_job_id=tuning, tuning_job_name="job")
    tuning_jobs.delete(store, tuning)
    assert training_jobs.get(store, job_id).tuning_job_name == "job"
