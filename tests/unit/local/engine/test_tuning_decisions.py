"""What a tuning job launches, asks its searches, and notifies of: the test gives the searches' answers."""

from __future__ import annotations

import logging
import math
import re
from typing import Any

import pytest

from airflow_hpt_provider.local.db import tags, training_jobs, tuning_jobs
from airflow_hpt_provider.local.engine.stop_reasons import CompletionReason, StopReason
from airflow_hpt_provider.local.strategies.contract import Exhausted, Suggestion
from tests.unit.local.engine.test_ends_of_tuning_jobs import World, eventually

CRITERIA = "TuningJobCompletionCriteria"


def limits(most=9, parallel=1):
    return {"MaxNumberOfTrainingJobs": most, "MaxParallelTrainingJobs": parallel}


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.engine.close()
    made.database.close()


@pytest.fixture
def asked(world, monkeypatch):
    """What the searches are asked, by kind; each entry ends with the function that takes the answer."""
    made: dict[str, list[Any]] = {"suggest": [], "check_early_stopping": [], "has_converged": []}
    for kind, questions in made.items():
        monkeypatch.setattr(
            world.engine.tuning._searches,
            kind,
            lambda *given, questions=questions: questions.append(given),
        )
    return made


def state(world, name="job"):
    return world.engine.tuning._states[world.job(name).id]


def suggest(asked, number=1, x=0.5):
    """Answer a question for a suggestion, by its number."""
    question = eventually(lambda: len(asked["suggest"]) >= number and asked["suggest"])[number - 1]
    question[-1](x if isinstance(x, Exception) else Suggestion({"x": x}))


def finish(world, number, value=None, **how):
    """End a training job, by its number, with an objective or without."""
    trial = world.started(number)
    if value is not None:
        trial.emit(value)
    trial.end(**how)
    eventually(lambda: world.training_jobs()[number - 1].status in ("Completed", "Failed", "Stopped"))
    world.a_turn()


# Suggestions


def test_a_tuning_job_waits_for_one_suggestion_at_a_time(world, asked):
    world.create(ResourceLimits=limits(9, 3))
    eventually(lambda: asked["suggest"])
    world.a_turn()
    assert len(asked["suggest"]) == 1
    assert world.engine.tuning.slots_in_use() == 1
    suggest(asked)
    eventually(lambda: len(asked["suggest"]) == 2)
    assert len(world.training_jobs()) == 1


def test_a_suggestion_becomes_a_training_job_with_the_tags_of_its_tuning_job(world, asked):
    def create(transaction):
        tags.put(transaction.connection, "arn:job", {"team": "x"})
        world.insert(transaction)

    world.engine.write(create)
    suggest(asked, x=0.25)
    trial = world.started()
    [job] = world.training_jobs()
    assert (job.number, job.tuned, job.hyperparameters["x"]) == (1, {"x": "0.25"}, "0.25")
    assert trial.spec.hyperparameters["x"] == "0.25"
    with world.database.snapshot() as connection:
        assert tags.of(connection, job.arn) == {"team": "x"}
    assert (world.job().launched, world.job().in_progress) == (1, 1)


def test_a_search_that_fails_fails_its_tuning_job(world, asked, caplog):
    world.create(ResourceLimits=limits(9, 2))
    suggest(asked)
    trial = world.started()
    suggest(asked, 2, ValueError("singular matrix"))
    eventually(lambda: trial.stops)
    trial.end()
    eventually(lambda: world.job().status == "Failed")
    assert world.job().failure_reason == "InternalServerError: the search for hyperparameters failed"
    assert "singular matrix" in caplog.text
    assert len(world.training_jobs()) == 1


def test_a_search_that_is_exhausted_ends_with_its_last_training_job(world, asked):
    world.create(ResourceLimits=limits(9, 2))
    suggest(asked)
    suggest(asked, 2, Exhausted())
    world.a_turn()
    assert world.job().status == "InProgress"
    finish(world, 1, 0.5)
    assert (world.job().status, len(world.training_jobs())) == ("Completed", 1)


def test_a_search_that_is_exhausted_while_nothing_runs_ends(world, asked):
    world.create()
    suggest(asked)
    finish(world, 1, 0.5)
    assert world.job().status == "InProgress"
    suggest(asked, 2, Exhausted())
    eventually(lambda: world.job().status == "Completed")


def test_tuning_jobs_take_turns(tmp_path):
    world = World(tmp_path, max_parallel=1)
    try:
        for name in ("a", "b"):
            world.create(name)
        for number in range(1, 7):
            world.started(number).end()
        started = [trial.spec.name[0] for trial in world.runner.started[:6]]
        assert started in (list("ababab"), list("aababa"))
    finally:
        world.engine.close()
        world.database.close()


def test_a_slot_that_was_undone_is_given_again(world, asked):
    """A task that fails is undone, and with it the slot that it gave."""
    world.create(ResourceLimits=limits(9, 1))
    suggest(asked)

    def fail(transaction):
        world.engine.tuning._suggesting.add(world.job().id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.engine.write(fail)
    assert world.engine.tuning.slots_in_use() == 0
    finish(world, 1, 0.5)
    suggest(asked, 2)
    world.started(2)


def test_a_suggestion_under_way_is_not_asked_for_again(world, asked):
    world.create(ResourceLimits=limits(9, 1))
    eventually(lambda: asked["suggest"])

    def fail(transaction):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.engine.write(fail)
    world.a_turn()
    assert len(asked["suggest"]) == 1
    assert world.engine.tuning.slots_in_use() == 1
    suggest(asked)
    world.started()
    assert world.engine.tuning.slots_in_use() == 0


# Notifications and ends


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize(
    ("ending", "statuses"),
    [
        (CompletionReason.REQUEST, ["Stopping", "Stopped"]),
        (CompletionReason.TARGET, ["Completed"]),
    ],
)
def test_listeners_are_notified_of_each_status_once(world, new, ending, statuses):
    seen = []
    world.engine.tuning._on_change = lambda job, found: seen.append((job.status, found))

    def create(transaction):
        tags.put(transaction.connection, "arn:job", {"team": "x"})
        world.insert(transaction, new=new)

    world.engine.write(create)
    trial = world.started()
    world.end(ending)
    trial.emit(0.5)
    trial.end()
    eventually(lambda: world.job().status == statuses[-1])
    world.a_turn()
    assert seen == [(status, {"team": "x"}) for status in [*["InProgress"] * new, *statuses]]


def test_a_tuning_job_that_has_ended_stays_as_it_is(world):
    world.create(ResourceLimits=limits(1))
    finish(world, 1, 0.5)
    before = world.job()
    assert before.status == "Completed"
    world.end(CompletionReason.REQUEST)
    world.engine.write(lambda transaction: world.engine.tuning._deadline(before.id, transaction))
    assert world.job() == before
    assert before.id not in world.engine.tuning._searches._searches, "its search is forgotten"
    assert not world.engine.tuning._states


def test_a_stop_stops_every_training_job_that_runs(world):
    world.create(ResourceLimits=limits(9, 3))
    first, second, third = (world.started(number) for number in (1, 2, 3))
    first.emit(0.5)
    first.end()
    fourth = world.started(4)
    world.end(CompletionReason.REQUEST)
    eventually(lambda: second.stops and third.stops and fourth.stops)
    assert first.stops == 0
    for trial in (second, third, fourth):
        assert world.job().status == "Stopping"
        trial.end()
    eventually(lambda: world.job().status == "Stopped")
    assert [job.stop_reason for job in world.training_jobs()] == [None] + [StopReason.TUNING_JOB] * 3


def test_a_job_without_training_jobs_stops_immediately(world, asked):
    world.create()
    world.end(CompletionReason.REQUEST)
    assert (world.job().status, world.job().failure_reason) == ("Stopped", None)


def test_a_tuning_job_never_ends_before_it_was_created(world):
    """The clock may be set back."""
    world.create(age=-500.0, ResourceLimits=limits(1))
    finish(world, 1, 0.5)
    assert world.job().ended_at == world.job().created_at


def test_five_failures_in_the_beginning_end_it(world):
    world.create(ResourceLimits=limits(9))
    for number in range(1, 6):
        assert world.job().status == "InProgress"
        finish(world, number, failure_reason="AlgorithmError: no")
    assert world.job().status == "Failed"
    assert "No training job succeeded after 5 attempts" in world.job().failure_reason
    assert len(world.training_jobs()) == 5


@pytest.mark.parametrize(("left", "status"), [(-0.001, "Completed"), (60.0, "InProgress")])
def test_a_run_time_that_is_over_when_the_service_starts(world, left, status):
    world.create(age=120 - left, ResourceLimits=limits() | {"MaxRuntimeInSeconds": 120})
    assert world.job().status == status


def test_a_tuning_job_may_fail_on_request_before_anything_runs(world):
    world.engine.tuning._failure_of = lambda name, ended: f"InternalServerError: {name} after {ended}"
    world.create()
    assert (world.job().status, world.job().failure_reason) == ("Failed", "InternalServerError: job after 0")
    assert world.training_jobs() == []


def test_a_training_job_outlives_the_record_of_its_tuning_job(world):
    world.create(ResourceLimits=limits(1))
    trial = world.started()
    job_id = world.job().id
    world.engine.write(lambda transaction: world.engine.tuning._states.pop(job_id) and None)
    trial.emit(0.5)
    trial.end()
    eventually(lambda: world.training_jobs()[0].status == "Completed")
    assert (world.job().completed, world.job().in_progress) == (1, 0)


# Metrics


def test_values_of_the_objective_are_the_curve(world, asked):
    world.create()
    suggest(asked)
    trial = world.started()
    trial.report("Training")
    for position, value in enumerate((0.5, math.nan, 0.25), 1):
        trial.emit(value, position)
    world.a_turn()
    history = state(world).history
    assert list(history.curves.values()) == [[0.5, 0.25]]
    assert math.isnan(next(iter(history.not_finite.values())))
    assert asked["check_early_stopping"] == [], "no one has asked for it"
    trial.end(lost=True)
    world.started(2)
    world.a_turn()
    assert (list(history.curves.values()), history.not_finite) == ([[]], {})


@pytest.mark.parametrize(
    ("value", "text"), [(math.inf, r"not finite numbers \(inf\)"), (None, "is emitting")]
)
def test_the_reason_of_a_failure_names_values_that_are_no_numbers(world, value, text):
    world.create(ResourceLimits=limits(1))
    finish(world, 1, value)
    assert world.job().status == "Failed"
    assert re.search(text, world.job().failure_reason)


def test_a_constant_objective_is_warned_of_once(world, caplog):
    world.create(ResourceLimits=limits(7))
    with caplog.at_level(logging.WARNING):
        for number in range(1, 8):
            warned = "All training jobs reported the same value of loss, 0.5" in caplog.text
            assert warned is (number > 5)
            finish(world, number, 0.5)
    assert caplog.text.count("All training jobs reported the same value") == 1
    assert not world.engine.tuning._warned


def test_a_training_job_that_a_user_stops_counts_as_running_until_it_has(world):
    world.create(ResourceLimits=limits(1))
    trial = world.started()
    child = world.training_jobs()[0].id

    def stop(transaction):
        job = training_jobs.get(transaction.connection, child)
        world.engine.training.stop(transaction, job, StopReason.REQUEST)

    world.engine.write(stop)
    assert state(world).history.jobs[child].status == "Stopping"
    assert world.job().in_progress == 1
    trial.end()
    eventually(lambda: world.job().stopped == 1)


# Early stopping


def early(world, asked):
    """Start one training job of a tuning job with early stopping."""
    world.create(TrainingJobEarlyStoppingType="Auto")
    suggest(asked)
    trial = world.started()
    trial.report("Training")
    world.reaches("Training")
    return trial


def answer(world, asked, number, stop):
    eventually(lambda: len(asked["check_early_stopping"]) >= number)
    asked["check_early_stopping"][number - 1][-1](stop)
    world.a_turn()


def test_one_question_about_a_training_job_at_a_time(world, asked):
    trial = early(world, asked)
    for position, value in enumerate((0.5, 0.4, 0.3), 1):
        trial.emit(value, position)
        world.a_turn()
    assert len(asked["check_early_stopping"]) == 1
    assert asked["check_early_stopping"][0][1].curve == ((1, 0.5),)
    answer(world, asked, 1, False)
    eventually(lambda: len(asked["check_early_stopping"]) == 2)
    assert asked["check_early_stopping"][1][1].curve == ((1, 0.5), (2, 0.4), (3, 0.3))
    answer(world, asked, 2, False)
    world.a_turn()
    assert len(asked["check_early_stopping"]) == 2, "no value has come since"
    trial.emit(0.2, 4)
    answer(world, asked, 3, True)
    eventually(lambda: trial.stops)
    assert world.training_jobs()[0].stop_reason == StopReason.EARLY


def test_a_training_job_that_continues_is_not_stopped(world, asked):
    trial = early(world, asked)
    trial.emit(0.5)
    answer(world, asked, 1, False)
    assert (trial.stops, world.training_jobs()[0].status) == (0, "InProgress")


def test_an_answer_that_comes_after_the_end_counts_for_nothing(world, asked):
    trial = early(world, asked)
    trial.emit(0.5)
    eventually(lambda: asked["check_early_stopping"])
    finish(world, 1, 0.25)
    answer(world, asked, 1, True)
    assert (trial.stops, world.training_jobs()[0].status) == (0, "Completed")
    assert world.engine.tuning._checking == set()
    assert len(asked["check_early_stopping"]) == 1


def test_an_answer_about_a_job_that_was_deleted_counts_for_nothing(world):
    world.engine.write(lambda transaction: world.engine.tuning._on_early_stopping(99, 0, True, transaction))
    world.create()
    assert world.started().stops == 0


# Completion criteria


def test_a_target_ends_the_tuning_job(world):
    world.create(ResourceLimits=limits(9, 2), **{CRITERIA: {"TargetObjectiveMetricValue": 0.25}})
    finish(world, 1, 0.5)
    assert world.job().ending is None
    finish(world, 2, 0.25)
    assert world.job().ending == CompletionReason.TARGET
    trial = world.started(3)
    eventually(lambda: trial.stops)
    trial.end()
    eventually(lambda: world.job().status == "Completed")


def test_results_that_do_not_improve_are_counted_and_end_it(world):
    asks = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    world.create(**{CRITERIA: asks})
    counts = []
    for number, value in enumerate((0.5, 0.25, 0.5, 0.5, 0.5), 1):
        finish(world, number, value)
        counts.append(world.job().not_improving)
    assert counts == [0, 0, 1, 2, 3]
    assert (world.job().status, world.job().ending) == ("Completed", CompletionReason.NOT_IMPROVING)
    assert world.job().converged_at is None


CONVERGENCE = {CRITERIA: {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}}


@pytest.mark.parametrize("wanted", [True, False])
def test_convergence_is_computed_for_those_who_ask(world, asked, wanted):
    world.create(**(CONVERGENCE if wanted else {}))
    suggest(asked)
    finish(world, 1, 0.5)
    assert len(asked["has_converged"]) == wanted


def test_convergence_is_asked_for_again_once_others_have_ended(world, asked):
    world.create(ResourceLimits=limits(9, 2), **CONVERGENCE)
    for number in (1, 2, 3):
        suggest(asked, number)
        finish(world, number, 0.5)
    assert len(asked["has_converged"]) == 1, "one question at a time"
    [(context, trials)] = asked["has_converged"][0][0]
    assert (context.strategy, [trial.value for trial in trials]) == ("Random", [0.5])
    asked["has_converged"][0][-1](False)
    eventually(lambda: len(asked["has_converged"]) == 2)
    asked["has_converged"][1][-1](False)
    world.a_turn()
    assert len(asked["has_converged"]) == 2, "nothing has ended since"
    assert (world.job().ending, world.job().converged_at) == (None, None)
    suggest(asked, 4)
    finish(world, 4, 0.5)
    not_improving = world.job().not_improving
    asked["has_converged"][2][-1](True)
    eventually(lambda: world.job().status == "Completed")
    assert world.job().ending == CompletionReason.CONVERGED
    assert world.job().created_at <= world.job().converged_at <= world.job().ended_at
    assert world.job().not_improving == not_improving == 3


def test_convergence_counts_for_nothing_after_another_end(world, asked):
    world.create(ResourceLimits=limits(9, 2), **CONVERGENCE)
    suggest(asked)
    suggest(asked, 2)
    finish(world, 1, 0.5)
    world.end(CompletionReason.REQUEST)
    asked["has_converged"][0][-1](True)
    world.a_turn()
    assert (world.job().ending, world.job().converged_at) == (CompletionReason.REQUEST, None)
    world.started(2).end()
    eventually(lambda: world.job().status == "Stopped")
    world.engine.write(
        lambda transaction: world.engine.tuning._on_convergence(world.job().id, 1, True, transaction)
    )
    assert world.job().converged_at is None


def test_what_is_stored_is_what_is_decided_from(world, asked):
    world.create(ResourceLimits=limits(2))
    suggest(asked)
    finish(world, 1, 0.5)
    # The next suggestion stays open: nothing changes any more.
    eventually(lambda: len(asked["suggest"]) == 2)
    assert state(world).job == world.job()
    with world.database.snapshot() as connection:
        assert tuning_jobs.definition_ids(connection, world.job().id) == state(world).definition_ids
