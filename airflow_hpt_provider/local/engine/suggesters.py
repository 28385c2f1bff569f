"""Computes in separate threads, next to the engine's: suggestions, early stopping and convergence.

A slow model delays only its own tuning job.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.strategies import make_early_stopping, make_strategy
from airflow_hpt_provider.local.strategies.completion import convergence_detected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from airflow_hpt_provider.local.engine.plan import DefinitionPlan, Plan
    from airflow_hpt_provider.local.strategies.contract import (
        EarlyStopping,
        SearchContext,
        Strategy,
        Suggestion,
        Trial,
    )

LOGGER = logging.getLogger(__name__)


@dataclass
class Search:
    """One training definition's strategy and stopping rule, used by one thread at a time."""

    strategy: Strategy
    early_stopping: EarlyStopping | None
    lock: threading.Lock = field(default_factory=threading.Lock)


def make_search(definition: DefinitionPlan) -> Search:
    """Return the search of a definition.

    Raises:
        ValueError: the strategy can't search these ranges.
    """
    return Search(make_strategy(definition.search), make_early_stopping(definition.search))


class Searches:
    """The searches of all tuning jobs that have not ended; they keep what they have computed between calls.

    Args:
        executor: has the threads.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._searches: dict[int, list[Search]] = {}

    def of(self, tuning_job_id: int, plan: Plan) -> list[Search]:
        """One a definition; made at the first call."""
        if tuning_job_id not in self._searches:
            self._searches[tuning_job_id] = [make_search(definition) for definition in plan.definitions]
        return self._searches[tuning_job_id]

    def drop(self, tuning_job_id: int) -> None:
        """Forget a tuning job that has ended."""
        self._searches.pop(tuning_job_id, None)

    def keep(self, tuning_job_ids: set[int]) -> None:
        """Drop those of all other tuning jobs."""
        self._searches = {key: value for key, value in self._searches.items() if key in tuning_job_ids}

    def suggest(
        self, search: Search, trials: Sequence[Trial], then: Callable[[Suggestion | Exception], None]
    ) -> None:
        """Compute a suggestion; ``then`` gets it, or what went wrong, in another thread."""

        def compute() -> None:
            answer: Suggestion | Exception
            try:
                with search.lock:
                    answer = search.strategy.suggest(trials)
            except Exception as error:  # noqa: BLE001 - handed on
                answer = error
            then(answer)

        self._executor.submit(compute)

    def has_converged(
        self, histories: Sequence[tuple[SearchContext, Sequence[Trial]]], then: Callable[[bool], None]
    ) -> None:
        """Compute whether the searches of all definitions have converged; ``then`` gets the answer."""
        self._run(
            lambda: all(convergence_detected(context, trials) for context, trials in histories),
            "convergence is unknown: the tuning job continues",
            then,
        )

    def check_early_stopping(
        self, search: Search, trial: Trial, trials: Sequence[Trial], then: Callable[[bool], None]
    ) -> None:
        """Compute whether a running trial should be stopped; ``then`` gets the answer."""

        def should_stop() -> bool:
            with search.lock:
                return search.early_stopping is not None and search.early_stopping.should_stop(trial, trials)

        self._run(should_stop, "early stopping failed: the training job keeps running", then)

    def _run(self, question: Callable[[], bool], on_failure: str, then: Callable[[bool], None]) -> None:
        """Compute an answer; ``then`` gets it in another thread. One that fails is logged, and the answer False."""

        def compute() -> None:
            answer = False
            try:
                answer = question()
            except Exception:
                LOGGER.exception(on_failure)
            then(answer)

        self._executor.submit(compute)
