"""Random search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.contract import Suggestion, Trial
from airflow_hpt_provider.local.strategies.untried import draw_untried, next_number, tried_keys

if TYPE_CHECKING:
    from airflow_hpt_provider.local.strategies.space import Point, SearchSpace


@dataclass(frozen=True)
class RandomSearch:
    """Uniform over the scaled ranges, drawn from the seed and the trial's number alone.

    Two jobs with one seed and one space try the same points in the same order, however their trials end and in
    whatever order.
    """

    space: SearchSpace
    seed: int

    def suggest(self, history: Sequence[Trial]) -> Suggestion:
        """Return the next point; see :class:`~airflow_hpt_provider.local.strategies.contract.Strategy`."""
        own = [trial for trial in history if trial.number > 0]
        rng = np.random.default_rng([self.seed, next_number(own)])

        def draws() -> Iterator[Point]:
            while True:
                yield self.space.decode(self.space.from_cube(rng.random((1, len(self.space.parameters))))[0])

        return Suggestion(draw_untried(self.space, tried_keys(self.space, own), rng, draws()))
