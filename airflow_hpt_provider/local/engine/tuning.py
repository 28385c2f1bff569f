"""A tuning job's life: what it launches next, and when it is done.

The status of a tuning job changes here and nowhere else::

    InProgress ----------------> Completed | Failed
        '---> Stopping --------> Stopped

``state.py`` holds what is decided from; here it is carried out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.db import tags, training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import TrainingJob, TuningJob
from airflow_hpt_provider.local.engine.criteria import criterion_met
from airflow_hpt_provider.local.engine.slots import Claim
from airflow_hpt_provider.local.engine.state import State
from airflow_hpt_provider.local.engine.stop_reasons import Ending, StopReason, goes_before
from airflow_hpt_provider.local.engine.suggesters import Searches
from airflow_hpt_provider.local.strategies.completion import trials_not_improving
from airflow_hpt_provider.local.strategies.contract import Exhausted, Suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from airflow_hpt_provider.local.engine.loop import Loop, Turn
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
        arns: of the service's region and account.
        executor: computes suggestions, early stopping and convergence.
        on_change: called with a tuning job and its tags when its status has changed, and that is on disk.
        failure_of: lets tuning jobs fail on request.
    """

    def __init__(
        self,
        arns: Arns,
        executor: Executor,
        on_change: OnChange = lambda job, tags: None,
        failure_of: FailureOf = lambda name, ended: None,
    ) -> None:
        self.loop: Loop  # both set by the engine
        self.training: TrainingJobs
        self._arns = arns
        self._on_change = on_change
        self._failure_of = failure_of
        self._states: dict[int, State] = {}
        self._searches = Searches(executor)
        self._suggesting: set[int] = set()
        self._asked: set[int] = set()
        self._judging: set[int] = set()
        self._converging: set[int] = set()
        self._served = 0

    # Requests

    def track(self, turn: Turn, job: TuningJob, *, new: bool = False) -> None:
        """A tuning job has been put into the store (new), or was found there when the service started."""
        if new:
            self._tell(turn, job.id)
        state = self._states[job.id] = State.load(turn, job, self._searches)
        if state.plan.max_runtime is not None:
            deadline = job.created_at + state.plan.max_runtime
            if deadline <= turn.now:  # it passed while the service was down: launch nothing more
                self.end(turn, job, Ending.RUNTIME)
                return
            turn.after(partial(self.loop.at, deadline, partial(self._deadline, job.id)))
        self._fail_on_request(turn, state)
        self.review(turn, state)

    def end(self, turn: Turn, job: TuningJob, ending: Ending) -> None:
        """Launch nothing more and stop what runs, if this reason counts; Stopping only if a request asks for it."""
        state = self._states.get(job.id)
        if state is None or not goes_before(ending, state.job.ending):
            return
        status = "Stopping" if ending is Ending.REQUEST else "InProgress"
        tuning_jobs.set_ending(turn.connection, job.id, ending=ending, status=status, now=turn.now)
        state.read_job(turn)
        if status != job.status:
            self._tell(turn, job.id)
        LOGGER.info("tuning job %s: %s", job.name, ending)
        for child_id in sorted(state.history.unfinished):
            child = training_jobs.get(turn.connection, child_id)
            if child is not None:
                self.training.stop(turn, child, StopReason.TUNING_JOB)
        self.review(turn, state)

    def _deadline(self, job_id: int, turn: Turn) -> None:
        state = self._states.get(job_id)
        if state is not None:
            self.end(turn, state.job, Ending.RUNTIME)

    # Launching: a claim -> a slot -> a suggestion, which takes its time -> a training job

    def claims(self) -> list[Claim]:
        """The tuning jobs that could use one more slot now; none asks for two suggestions at a time."""
        return [
            Claim(len(state.history.unfinished), state.served, state.job.id)
            for state in self._states.values()
            if state.job.id not in self._suggesting and state.has_room()
        ]

    def held(self) -> int:
        """Slots taken by suggestions under way."""
        return len(self._suggesting)

    def next_served(self) -> int:
        """The number of the next slot that is given, over all tuning jobs; larger than all before."""
        self._served += 1
        return self._served

    def grant(self, turn: Turn, job_id: int) -> None:
        """Use a slot: ask for a suggestion, which is launched when it comes."""
        state = self._states[job_id]
        state.served = self.next_served()
        self._suggesting.add(job_id)
        definition = state.next_definition()
        turn.after(partial(self._ask, state, definition))

    def _ask(self, state: State, definition: int) -> None:
        self._asked.add(state.job.id)
        self._searches.suggest(
            state.searches[definition],
            state.history.trials(definition),
            lambda answer: self.loop.post(partial(self._suggested, state.job.id, definition, answer)),
        )

    def _suggested(self, job_id: int, definition: int, answer: Suggestion | Exception, turn: Turn) -> None:
        self._suggesting.discard(job_id)
        self._asked.discard(job_id)
        state = self._states.get(job_id)
        if state is None or not state.has_room():
            return
        if isinstance(answer, Exhausted):
            state.exhausted.add(definition)
            self.review(turn, state)
        elif isinstance(answer, Exception):
            LOGGER.error("tuning job %s: the search failed", state.job.name, exc_info=answer)
            self.end(turn, state.job, Ending.ERROR)
        else:
            self._launch(turn, state, definition, answer)

    def _launch(self, turn: Turn, state: State, definition: int, suggestion: Suggestion) -> None:
        new = state.next_training_job(definition, suggestion, self._arns)
        training_job_id = training_jobs.insert(turn.connection, new, turn.now)
        tags.put(turn.connection, new.arn, tags.of(turn.connection, state.job.arn))
        self.training.launch(turn, training_job_id)
        state.read_training_job(turn, training_job_id)

    # What becomes of the training jobs

    def on_metrics(self, turn: Turn, job: TrainingJob, metrics: Sequence[Metric]) -> None:
        """A training job has emitted metrics; none at all: it starts anew."""
        state = self._state_of(job)
        if state is None:
            return
        curve = state.history.curves.setdefault(job.id, [])
        if not metrics:
            curve.clear()
        values = [metric.value for metric in metrics if metric.name == job.objective_metric]
        curve.extend(values)
        if values and state.searches[job.definition_index].early_stopping is not None:
            turn.after(partial(self._judge, state, job))

    def on_end(self, turn: Turn, job: TrainingJob) -> None:
        """A training job has ended."""
        state = self._state_of(job)
        if state is None:
            if job.tuning_job_id is not None:
                tuning_jobs.recount(turn.connection, job.tuning_job_id, turn.now)
            return
        state.read_training_job(turn, job.id)
        self._fail_on_request(turn, state)
        if state.job.ending is None:
            self._check_criteria(turn, state)
        self.review(turn, state)

    def _fail_on_request(self, turn: Turn, state: State) -> None:
        ended = len(state.history.jobs) - len(state.history.unfinished)
        if state.job.ending is None and self._failure_of(state.job.name, ended):
            self.end(turn, state.job, Ending.ERROR)

    def on_stop(self, turn: Turn, job: TrainingJob) -> None:
        """A training job has been told to stop."""
        state = self._state_of(job)
        if state is not None:
            state.read_training_job(turn, job.id)

    def _judge(self, state: State, job: TrainingJob) -> None:
        """Ask whether a running training job is worth going on with; one question at a time."""
        if job.id in self._judging:
            return
        self._judging.add(job.id)
        history = state.history
        trial = history.trial(history.jobs[job.id])
        self._searches.judge(
            state.searches[job.definition_index],
            trial,
            history.trials(job.definition_index),
            lambda stop: self.loop.post(partial(self._judged, job.id, len(trial.curve), stop)),
        )

    def _judged(self, job_id: int, steps: int, stop: bool, turn: Turn) -> None:
        self._judging.discard(job_id)
        job = training_jobs.get(turn.connection, job_id)
        state = self._state_of(job) if job is not None else None
        if job is None or state is None:
            return
        if stop and job.secondary_status == "Training":  # not while it saves its model
            self.training.stop(turn, job, StopReason.EARLY)
        elif job.status == "InProgress" and len(state.history.curves.get(job_id, ())) > steps:
            turn.after(partial(self._judge, state, job))  # it has gone on meanwhile

    def _check_criteria(self, turn: Turn, state: State) -> None:
        plan, history = state.plan, state.history
        count = trials_not_improving(plan.definitions[0].objective, history.results())
        if count != state.job.not_improving:
            self._set_progress(turn, state, not_improving=count, converged_at=state.job.converged_at)
        ending = criterion_met(plan, history, count)
        if ending is not None:
            self.end(turn, state.job, ending)
        elif plan.on_convergence:
            turn.after(partial(self._ask_convergence, state))

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
            histories, lambda answer: self.loop.post(partial(self._converged, state.job.id, ended, answer))
        )

    def _converged(self, job_id: int, ended: int, converged: bool, turn: Turn) -> None:
        self._converging.discard(job_id)
        state = self._states.get(job_id)
        if state is None or state.job.ending is not None:
            return
        if converged:
            self._set_progress(turn, state, not_improving=state.job.not_improving, converged_at=turn.now)
            self.end(turn, state.job, Ending.CONVERGED)
        elif len(state.history.succeeded) > ended:
            self._check_criteria(turn, state)  # others have ended meanwhile

    def _set_progress(
        self, turn: Turn, state: State, *, not_improving: int, converged_at: float | None
    ) -> None:
        tuning_jobs.set_progress(
            turn.connection, state.job.id, not_improving=not_improving, converged_at=converged_at
        )
        state.read_job(turn)

    def review(self, turn: Turn, state: State) -> None:
        """End the tuning job, if nothing runs and nothing more will be launched."""
        job = state.job
        if job.id not in self._states or state.history.unfinished:
            return
        if job.ending is None and not state.is_used_up() and not state.is_fruitless():
            return
        status, reason = state.final_status()
        if job.ending == Ending.ERROR:
            reason = self._failure_of(job.name, len(state.history.jobs)) or reason
        tuning_jobs.set_ended(turn.connection, job.id, status=status, failure_reason=reason, now=turn.now)
        self._tell(turn, job.id)
        del self._states[job.id]
        turn.after(partial(self._searches.drop, job.id))
        LOGGER.info("tuning job %s: %s%s", job.name, status, f": {reason}" if reason else "")

    def _state_of(self, job: TrainingJob) -> State | None:
        """The tuning job that launched a training job; None if none did, or it has ended."""
        return self._states.get(job.tuning_job_id) if job.tuning_job_id is not None else None

    def _tell(self, turn: Turn, job_id: int) -> None:
        """Tell whoever wants to know, once it is on disk, that the tuning job's status has changed."""
        job = tuning_jobs.get(turn.connection, job_id)
        if job is not None:
            turn.after(partial(self._on_change, job, tags.of(turn.connection, job.arn)))

    def reload(self, turn: Turn) -> None:
        """Read everything from the store again, after something was undone."""
        self._suggesting = set(self._asked)
        unfinished = tuning_jobs.unfinished(turn.connection)
        # What was undone may have been a creation: the next one gets its id, and must not get its search.
        self._searches.keep({job.id for job in unfinished})
        self._states = {job.id: State.load(turn, job, self._searches) for job in unfinished}
