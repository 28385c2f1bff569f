"""The next point from observations: fit, condition, maximise."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from airflow_hpt_provider.local.strategies.bayesian.acquisition import LogExpectedImprovement
from airflow_hpt_provider.local.strategies.bayesian.feasibility import Feasibility
from airflow_hpt_provider.local.strategies.bayesian.fit import fit
from airflow_hpt_provider.local.strategies.bayesian.gp import GaussianProcess, Hyperparameters
from airflow_hpt_provider.local.strategies.bayesian.maximise import Box, maximise, numeric_columns
from airflow_hpt_provider.local.strategies.bayesian.region import region_box
from airflow_hpt_provider.local.strategies.bayesian.transform import Transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from airflow_hpt_provider.local.strategies.bayesian.observations import Observations
    from airflow_hpt_provider.local.strategies.parameters import Array
    from airflow_hpt_provider.local.strategies.space import Point, SearchSpace

MAX_CONDITIONED = 600
"""The process is conditioned on no more trials than this: each suggestion costs their number squared."""
MAX_FITTED = 100
"""Its hyperparameters are fitted to no more than this: each step of a fit costs their number cubed."""
REFIT_EVERY_AFTER = 32
"""Up to here, every trial brings a new fit; with twice as many every second one does, and so on."""
FITS_KEPT = 4
HOPELESS = 0.5
"""Below this probability of success, failures prevail."""


def fitted_count(count: int) -> int:
    """To how many of the first ``count`` trials the hyperparameters are fitted.

    It changes less and less often as the count grows, and depends on nothing but the count, so that a service
    that has just been restarted fits what one that has run on has fitted.
    """
    step = 1
    while step * REFIT_EVERY_AFTER <= count // 2:
        step *= 2
    return count - count % step


def thin(losses: Array, limit: int) -> NDArray[np.intp]:
    """Which trials to keep where there are too many: the better half of the limit, and some of all the rest."""
    if len(losses) <= limit:
        return np.arange(len(losses))
    order = np.argsort(losses, kind="stable")
    best, rest = order[: limit // 2], np.sort(order[limit // 2 :])
    spread = rest[np.linspace(0, len(rest) - 1, limit - len(best)).astype(int)]
    return np.sort(np.concatenate([best, spread]))


def box_of(space: SearchSpace, centre: Array, inverse_lengthscales: Array, length: float | None) -> Box:
    """Where to look for the next point: in the trust region, or in the whole cube.

    Args:
        space: of the point.
        centre: the best row.
        inverse_lengthscales: of the model, per column.
        length: of the trust region; None for the whole cube.
    """
    numeric = numeric_columns(space)
    if length is None:
        return Box(centre, np.zeros(len(numeric)), np.ones(len(numeric)))
    return Box(centre, *region_box(centre[numeric], length, inverse_lengthscales[numeric]))


class Proposer:
    """Proposes points of a space; keeps the last fits, by the data that they were made from.

    Args:
        space: to propose points of.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._fits: OrderedDict[bytes, Hyperparameters] = OrderedDict()

    def propose(
        self, observations: Observations, length: float | None, rng: np.random.Generator
    ) -> Iterator[Point]:
        """Points worth trying, the best first.

        Args:
            observations: at least one with a loss.
            length: of the trust region; None to look everywhere.
            rng: source of randomness.
        """
        process = self.posterior(observations)
        acquisition = LogExpectedImprovement(process, observations)
        inverse = process.hyperparameters.covariance.inverse_lengthscales
        box = box_of(self._space, acquisition.best[0], inverse, length)
        return (self._space.decode(row) for row in maximise(acquisition, self._space, box, rng))

    def posterior(self, observations: Observations) -> GaussianProcess:
        """Return the process that has seen the observations.

        Pending trials are believed (:meth:`GaussianProcess.believing`). So is a failed one among successes, which
        says nothing of the loss there; but where failures prevail, it counts as the worst loss seen, and the
        search turns away. To count every failure as bad was tried: a few unlucky ones near the optimum then
        cost the search its way there.
        """
        hyperparameters = self._fit(observations)
        kept = thin(observations.losses, MAX_CONDITIONED)
        rows, failed = observations.rows[kept], observations.failed
        scores = Transform.fit(observations.losses)(observations.losses[kept])
        process = GaussianProcess(hyperparameters, rows, scores, observations.columns.task)
        if len(failed):
            feasibility = Feasibility(observations.rows, failed)
            believed = process.mean(failed)
            hopeless = np.exp(feasibility(failed)) < HOPELESS
            bad = np.where(hopeless, np.maximum(believed, scores.max()), believed)
            process = process.observing(failed, bad)
        return process.believing(observations.pending)

    def _fit(self, observations: Observations) -> Hyperparameters:
        count = fitted_count(len(observations.losses))
        kept = thin(observations.losses[:count], MAX_FITTED)
        rows, losses = observations.rows[kept], observations.losses[kept]
        key = rows.tobytes() + losses.tobytes()
        if key not in self._fits:
            self._fits[key] = fit(rows, Transform.fit(losses)(losses), observations.columns)
            if len(self._fits) > FITS_KEPT:
                self._fits.popitem(last=False)
        self._fits.move_to_end(key)
        return self._fits[key]
