"""A tuning job's life: what it launches next, and when it is done.

The status of a tuning job changes here and nowhere else::

    InProgress ----------------> Completed | Failed
        '---> Stopping --------> Stopped

``state.py`` holds what is decided from; here it is carried out.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.db import tags, training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import TrainingJob, TuningJob
from airflow_hpt_provider.local.engine.criteria import criterion_met
from airflow_hpt_provider.local.engine.slots import SlotRequest
from airflow_hpt_provider.local.engine.state import State
from airflow_hpt_provider.local.engine.stop_reasons import CompletionReason, StopReason, takes_precedence
from airflow_hpt_provider.local.engine.suggesters import Searches
from airflow_hpt_provider.local.strategies.completion import trials_not_improving
from airflow_hpt_provider.local.strategies.contract import Exhausted, Suggestion
from airflow_hpt_provider.models.constant_objective import constant_objective, constant_objective_warning

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from airflow_hpt_provider.local.engine.loop import Loop, Transaction
    from airflow_hpt_provider.local.engine.naming import Arns
    from airflow_hpt_provider.local.engine.training import TrainingJobs
    from airflow_hpt_provider.local.runners.contract import Metric

LOGGER = logging.getLogger(__name__)
OnChange = Callable[[TuningJob, Mapping[str, str]], object]
FailureOf = Callable[[str, int], str | None]
"""A tuning job's name, and how many of its training jobs have ended -> why it fails as a whole now, or None."""


class TuningJobs:
    """Drives every tuning job that has not ended.

    Args:
        loop: runs their transactions.
        arns: of the service's region and account.
        executor: computes suggestions, early stopping and convergence.
        on_change: called with a tuning job and its tags when its status has changed, and that is on disk.
        failure_of: lets tuning jobs fail on request.
    """

    def __init__(
        self,
        loop: Loop,
        arns: Arns,
        executor: Executor,
        on_change: OnChange = lambda job, tags: None,
        failure_of: FailureOf = lambda name, ended: None,
    ) -> None:
        self._loop = loop
        self.training: TrainingJobs  # set by the engine: the two know each other
        self._arns = arns
        self._on_change = on_change
        self._failure_of = failure_of
        self._states: dict[int, State] = {}
        self._searches = Searches(executor)
        self._suggesting: set[int] = set()
        self._requested: set[int] = set()
        self._checking: set[int] = set()
        self._converging: set[int] = set()
        self._warned: set[int] = set()
        self._grants = 0

    # Requests

    def track(self, transaction: Transaction, job: TuningJob, *, new: bool = False) -> None:
        """Track a tuning job that is new in the store, or was found there when the service started."""
        if new:
            self._notify(transaction, job.id)
        state = self._states[job.id] = State.load(transaction, job, self._searches)
        if state.plan.max_runtime is not None:
            deadline = job.created_at + state.plan.max_runtime
            if deadline <= transaction.now:  # it passed while the service was down: launch nothing more
                self.end(transaction, job, CompletionReason.RUNTIME)
                return
            transaction.on_commit(partial(self._loop.at, deadline, partial(self._deadline, job.id)))
        self._fail_on_request(transaction, state)
        self.complete_if_done(transaction, state)

    def end(self, transaction: Transaction, job: TuningJob, ending: CompletionReason) -> None:
        """Launch nothing more and stop what runs, if this reason counts; Stopping only if a request asks for it."""
        state = self._states.get(job.id)
        if state is None or not takes_precedence(ending, state.job.ending):
            return
        status = "Stopping" if ending is CompletionReason.REQUEST else "InProgress"
        tuning_jobs.set_ending(
            transaction.connection, job.id, ending=ending, status=status, now=transaction.now
        )
        state.read_job(transaction)
        if status != job.status:
            self._notify(transaction, job.id)
        LOGGER.info("tuning job %s: %s", job.name, ending)
        for child_id in sorted(state.history.unfinished):
            child = training_jobs.get(transaction.connection, child_id)
            if child is not None:
                self.training.stop(transaction, child, StopReason.TUNING_JOB)
        self.complete_if_done(transaction, state)

    def _deadline(self, job_id: int, transaction: Transaction) -> None:
        state = self._states.get(job_id)
        if state is not None:
            self.end(transaction, state.job, CompletionReason.RUNTIME)

    # Launching: a request -> a slot -> a suggestion, which takes its time -> a training job

    def requests(self) -> list[SlotRequest]:
        """Return the tuning jobs that could use one more slot now. Each waits for one suggestion at a time."""
        return [
            SlotRequest(len(state.history.unfinished), state.last_served, state.job.id)
            for state in self._states.values()
            if state.job.id not in self._suggesting and state.has_room()
        ]

    def slots_in_use(self) -> int:
        """Slots taken by suggestions under way."""
        return len(self._suggesting)

    def next_grant_number(self) -> int:
        """Return a number for the next granted slot, larger than all before in any tuning job."""
        self._grants += 1
        return self._grants

    def grant(self, transaction: Transaction, job_id: int) -> None:
        """Use a slot: ask for a suggestion, which is launched when it comes."""
        state = self._states[job_id]
        state.last_served = self.next_grant_number()
        self._suggesting.add(job_id)
        definition = state.next_definition()
        transaction.on_commit(partial(self._request_suggestion, state, definition))

    def _request_suggestion(self, state: State, definition: int) -> None:
        self._requested.add(state.job.id)
        self._searches.suggest(
            state.searches[definition],
            state.history.trials(definition),
            lambda answer: self._loop.post(partial(self._on_suggestion, state.job.id, definition, answer)),
        )

    def _on_suggestion(
        self, job_id: int, definition: int, answer: Suggestion | Exception, transaction: Transaction
    ) -> None:
        self._suggesting.discard(job_id)
        self._requested.discard(job_id)
        state = self._states.get(job_id)
        if state is None or not state.has_room():
            return
        if isinstance(answer, Exhausted):
            state.exhausted.add(definition)
            self.complete_if_done(transaction, state)
        elif isinstance(answer, Exception):
            LOGGER.error("tuning job %s: the search failed", state.job.name, exc_info=answer)
            self.end(transaction, state.job, CompletionReason.ERROR)
        else:
            self._launch(transaction, state, definition, answer)

    def _launch(
        self, transaction: Transaction, state: State, definition: int, suggestion: Suggestion
    ) -> None:
        new = state.next_training_job(definition, suggestion, self._arns)
        training_job_id = training_jobs.insert(transaction.connection, new, transaction.now)
        tags.put(transaction.connection, new.arn, tags.of(transaction.connection, state.job.arn))
        self.training.launch(transaction, training_job_id)
        state.read_training_job(transaction, training_job_id)

    # What becomes of the training jobs

    def on_metrics(self, transaction: Transaction, job: TrainingJob, metrics: Sequence[Metric]) -> None:
        """Handle a training job's metrics; without any, the job starts over."""
        state = self._state_of(job)
        if state is None:
            return
        curve = state.history.curves.setdefault(job.id, [])
        if not metrics:
            curve.clear()
            state.history.not_finite.pop(job.id, None)
        emitted = [metric.value for metric in metrics if metric.name == job.objective_metric]
        values = [value for value in emitted if math.isfinite(value)]
        curve.extend(values)
        if len(values) < len(emitted):
            state.history.not_finite[job.id] = next(value for value in emitted if not math.isfinite(value))
        if values and state.searches[job.definition_index].early_stopping is not None:
            transaction.on_commit(partial(self._check_early_stopping, state, job))

    def on_end(self, transaction: Transaction, job: TrainingJob) -> None:
        """Handle the end of a training job."""
        state = self._state_of(job)
        if state is None:
            if job.tuning_job_id is not None:
                tuning_jobs.recount(transaction.connection, job.tuning_job_id, transaction.now)
            return
        state.read_training_job(transaction, job.id)
        self._warn_of_constant_objective(state, job)
        self._fail_on_request(transaction, state)
        if state.job.ending is None:
            self._check_criteria(transaction, state)
        self.complete_if_done(transaction, state)

    def _warn_of_constant_objective(self, state: State, job: TrainingJob) -> None:
        """Log once if training jobs with different hyperparameters all report one objective value."""
        if state.job.id in self._warned:
            return
        jobs = state.history.jobs.values()
        value = constant_objective((each.point, each.objective_value) for each in jobs)
        if value is not None:
            self._warned.add(state.job.id)
            text = constant_objective_warning(job.objective_metric or "the objective", value)
            LOGGER.warning("tuning job %s: %s", state.job.name, text)

    def _fail_on_request(self, transaction: Transaction, state: State) -> None:
        ended = len(state.history.jobs) - len(state.history.unfinished)
        if state.job.ending is None and self._failure_of(state.job.name, ended):
            self.end(transaction, state.job, CompletionReason.ERROR)

    def on_stop(self, transaction: Transaction, job: TrainingJob) -> None:
        """Handle a training job that was asked to stop."""
        state = self._state_of(job)
        if state is not None:
            state.read_training_job(transaction, job.id)

    def _check_early_stopping(self, state: State, job: TrainingJob) -> None:
        """Ask whether a running training job should continue; one question at a time."""
        if job.id in self._checking:
            return
        self._checking.add(job.id)
        history = state.history
        trial = history.trial(history.jobs[job.id])
        self._searches.check_early_stopping(
            state.searches[job.definition_index],
            trial,
            history.trials(job.definition_index),
            lambda stop: self._loop.post(partial(self._on_early_stopping, job.id, len(trial.curve), stop)),
        )

    def _on_early_stopping(self, job_id: int, steps: int, stop: bool, transaction: Transaction) -> None:
        self._checking.discard(job_id)
        job = training_jobs.get(transaction.connection, job_id)
        state = self._state_of(job) if job is not None else None
        if job is None or state is None:
            return
        if stop and job.secondary_status == "Training":  # not while it saves its model
            self.training.stop(transaction, job, StopReason.EARLY)
        elif job.status == "InProgress" and len(state.history.curves.get(job_id, ())) > steps:
            # It has continued in the meantime.
            transaction.on_commit(partial(self._check_early_stopping, state, job))

    def _check_criteria(self, transaction: Transaction, state: State) -> None:
        plan, history = state.plan, state.history
        count = trials_not_improving(plan.definitions[0].objective, history.results())
        if count != state.job.not_improving:
            self._set_progress(transaction, state, not_improving=count, converged_at=state.job.converged_at)
        ending = criterion_met(plan, history, count)
        if ending is not None:
            self.end(transaction, state.job, ending)
        elif plan.on_convergence:
            transaction.on_commit(partial(self._ask_convergence, state))

    def _ask_convergence(self, state: State) -> None:
        """Ask whether its searches have converged; one question at a time.

        It takes a model to say: computed aside, and only for those who have asked for it.
        """
        if state.job.id in self._converging:
            return
        self._converging.add(state.job.id)
        histories = [
            (definition.search, state.history.trials(n))
            for n, definition in enumerate(state.plan.definitions)
        ]
        ended = len(state.history.succeeded)
        self._searches.has_converged(
            histories,
            lambda answer: self._loop.post(partial(self._on_convergence, state.job.id, ended, answer)),
        )

    def _on_convergence(self, job_id: int, ended: int, converged: bool, transaction: Transaction) -> None:
        self._converging.discard(job_id)
        state = self._states.get(job_id)
        if state is None or state.job.ending is not None:
            return
        if converged:
            self._set_progress(
                transaction, state, not_improving=state.job.not_improving, converged_at=transaction.now
            )
            self.end(transaction, state.job, CompletionReason.CONVERGED)
        elif len(state.history.succeeded) > ended:
            self._check_criteria(transaction, state)  # others have ended in the meantime

    def _set_progress(
        self, transaction: Transaction, state: State, *, not_improving: int, converged_at: float | None
    ) -> None:
        tuning_jobs.set_progress(
            transaction.connection, state.job.id, not_improving=not_improving, converged_at=converged_at
        )
        state.read_job(transaction)

    def complete_if_done(self, transaction: Transaction, state: State) -> None:
        """End the tuning job, if nothing runs and nothing more will be launched."""
        job = state.job
        if job.id not in self._states or state.history.unfinished:
            return
        if job.ending is None and not state.is_used_up() and not state.has_only_failures():
            return
        status, reason = state.final_status()
        if job.ending == CompletionReason.ERROR:
            reason = self._failure_of(job.name, len(state.history.jobs)) or reason
        tuning_jobs.set_ended(
            transaction.connection,
            job.id,
            status=status,
            failure_reason=reason,
            now=max(transaction.now, job.created_at),
        )
        self._notify(transaction, job.id)
        del self._states[job.id]
        self._warned.discard(job.id)
        transaction.on_commit(partial(self._searches.drop, job.id))
        LOGGER.info("tuning job %s: %s%s", job.name, status, f": {reason}" if reason else "")

    def _state_of(self, job: TrainingJob) -> State | None:
        """Return the state of the tuning job that launched a training job; None without one, or after its end."""
        return self._states.get(job.tuning_job_id) if job.tuning_job_id is not None else None

    def _notify(self, transaction: Transaction, job_id: int) -> None:
        """Notify the listeners of the tuning job's new status, once it is on disk."""
        job = tuning_jobs.get(transaction.connection, job_id)
        if job is not None:
            transaction.on_commit(partial(self._on_change, job, tags.of(transaction.connection, job.arn)))

    def reload(self, transaction: Transaction) -> None:
        """Read everything from the store again, after something was undone."""
        self._suggesting = set(self._requested)
        unfinished = tuning_jobs.unfinished(transaction.connection)
        # What was undone may have been a creation: the next one gets its id, and must not get its search.
        self._searches.keep({job.id for job in unfinished})
        self._states = {job.id: State.load(transaction, job, self._searches) for job in unfinished}
