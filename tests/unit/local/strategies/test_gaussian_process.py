"""The mathematics of Bayesian search, against finite differences and textbook formulas."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import integrate, stats
from scipy.optimize import check_grad

from airflow_hpt_provider.local.strategies.bayesian.acquisition import LogExpectedImprovement, log_h
from airflow_hpt_provider.local.strategies.bayesian.feasibility import Feasibility
from airflow_hpt_provider.local.strategies.bayesian.fit import Columns, Posterior, fit
from airflow_hpt_provider.local.strategies.bayesian.gp import GaussianProcess, Hyperparameters, factorise
from airflow_hpt_provider.local.strategies.bayesian.kernel import (
    Covariance,
    correlation,
    correlation_and_slope,
)
from airflow_hpt_provider.local.strategies.bayesian.observations import Observations, lay_out
from airflow_hpt_provider.local.strategies.bayesian.propose import box_of, fitted_count, thin
from airflow_hpt_provider.local.strategies.bayesian.region import LENGTH, region_box, region_length
from airflow_hpt_provider.local.strategies.bayesian.transform import Transform, yeo_johnson
from airflow_hpt_provider.local.strategies.parameters import Categorical, Continuous
from airflow_hpt_provider.local.strategies.space import SearchSpace

ROWS = np.random.default_rng(1).random((25, 4))
SCORES = np.sin(4 * ROWS[:, 0]) + ROWS[:, 1] ** 2 - ROWS[:, 2]
SCORES = (SCORES - SCORES.mean()) / SCORES.std()
WHOLE, ALL = np.ones((1, 4)), np.ones(1)
PLAIN = Columns(np.arange(4), [0.3] * 4, WHOLE, ALL)
SHARED = Columns(np.array([0, 1, 2, 2]), [0.3, 0.3, 1.5], WHOLE, ALL)
PARTS = Columns(
    SHARED.groups,
    SHARED.lengthscales,
    np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0]]),
    np.array([0.5, 0.2, 0.2, 0.1]),
)
ONE_HOT = np.hstack([ROWS, np.eye(2)[np.arange(25) % 2]])
TASKS = Columns(np.array([0, 1, 2, 3, 4, 4]), [0.3] * 4 + [3.0], np.ones((1, 6)), ALL, slice(4, 6))


def hyperparameters(inverse_lengthscale: float, signal: float, noise: float) -> Hyperparameters:
    return Hyperparameters(Covariance(np.full(4, inverse_lengthscale), np.array([signal]), WHOLE), noise)


@pytest.mark.parametrize(
    ("rows", "columns"), [(ROWS, PLAIN), (ROWS, SHARED), (ROWS, PARTS), (ONE_HOT, TASKS)]
)
def test_the_posteriors_gradient(rows: np.ndarray, columns: Columns) -> None:
    posterior = Posterior(rows, SCORES, columns)
    rng = np.random.default_rng(2)
    for _ in range(3):
        theta = posterior.centre + 0.5 * rng.normal(size=len(posterior.centre))
        theta[-1] = -3.0
        error = check_grad(lambda t: posterior(t)[0], lambda t: posterior(t)[1], theta, epsilon=1e-6)
        assert error < 1e-4 * max(1.0, float(np.abs(posterior(theta)[1]).max()))


@pytest.mark.parametrize(("rows", "columns"), [(ROWS, PLAIN), (ROWS, PARTS), (ONE_HOT, TASKS)])
@pytest.mark.parametrize("failures", [0, 5])
def test_the_acquisitions_gradient_and_value(rows: np.ndarray, columns: Columns, failures: int) -> None:
    process = GaussianProcess(fit(rows, SCORES, columns), rows, SCORES, columns.task)
    failed = rows[:failures] + 0.1
    observations = Observations(columns, rows, SCORES, failed, rows[:0], rows[0, 4:])
    acquisition = LogExpectedImprovement(process.believing(failed), observations)
    for row in np.random.default_rng(3).random((5, 4)):
        value, gradient = acquisition.with_gradient(row)
        assert value == pytest.approx(acquisition(row[None, :])[0], rel=1e-9)
        error = check_grad(
            lambda z: acquisition.with_gradient(z)[0],
            lambda z: acquisition.with_gradient(z)[1],
            row,
            epsilon=1e-7,
        )
        assert error < 1e-3 * max(1.0, float(np.abs(gradient).max()))


def test_a_half_space_that_fails_is_learnt_and_bad_luck_is_not() -> None:
    rows = np.random.default_rng(5).random((60, 3))
    probes = np.random.default_rng(6).random((200, 3))
    bad = rows[:, 0] + rows[:, 1] > 1
    learnt = np.exp(Feasibility(rows[~bad], rows[bad])(probes))
    distance = probes[:, 0] + probes[:, 1] - 1
    assert learnt[distance > 0.2].max() < 0.5 < learnt[distance < -0.2].min()
    assert np.median(learnt[distance > 0.2]) < 0.2

    unlucky = np.arange(60) % 5 == 0
    anywhere = np.exp(Feasibility(rows[~unlucky], rows[unlucky])(probes))
    assert anywhere.min() > 0.55


def test_failures_alone_weigh_more_than_failures_among_successes() -> None:
    succeeded, failed = np.full((6, 1), 0.1), np.array([[0.1], [0.9]])
    feasibility = Feasibility(succeeded, failed)
    lucky, hopeless, unknown = np.exp(feasibility(np.array([[0.1], [0.9], [50.0]])))
    assert hopeless < 0.5 < unknown < lucky
    assert Feasibility(succeeded, failed[:0])(failed).tolist() == [0.0, 0.0]


def test_the_slope_is_the_correlations_derivative() -> None:
    r = np.linspace(0.01, 8.0, 50)
    numeric = (correlation(r + 1e-6) - correlation(r - 1e-6)) / 2e-6
    unit, slope = correlation_and_slope(r)
    assert -r * slope == pytest.approx(numeric, abs=1e-8)
    assert unit.tolist() == correlation(r).tolist()
    assert correlation(np.zeros(1))[0] == 1.0


def test_the_process_interpolates_and_knows_what_it_does_not_know() -> None:
    process = GaussianProcess(hyperparameters(2.0, 1.0, 1e-6), ROWS, SCORES)
    mean, deviation = process.predict(ROWS)
    assert mean == pytest.approx(SCORES, abs=1e-3)
    assert deviation.max() < 0.01
    assert process.predict(np.full((1, 4), 100.0))[1][0] == pytest.approx(1.0)


def test_believing_leaves_the_mean_and_takes_the_doubt() -> None:
    process = GaussianProcess(hyperparameters(2.0, 1.0, 1e-6), ROWS, SCORES)
    pending = np.full((1, 4), 0.35)
    believed = process.believing(pending)
    assert believed.mean(ROWS) == pytest.approx(process.mean(ROWS), abs=1e-3)
    assert believed.predict(pending)[1][0] < 0.05 * process.predict(pending)[1][0]


def test_duplicate_rows_and_no_noise_are_factorised() -> None:
    rows = np.repeat(ROWS[:3], 10, axis=0)
    process = GaussianProcess(hyperparameters(1e-3, 50.0, 0.0), rows, np.arange(30.0))
    assert np.isfinite(process.predict(ROWS)[0]).all()


def test_a_matrix_that_rounding_made_indefinite_is_raised_and_others_refused() -> None:
    nearly = np.ones((3, 3)) - 1e-12 * np.eye(3)
    factor = factorise(nearly)
    assert factor @ factor.T == pytest.approx(nearly, abs=1e-4)
    for hopeless in (-np.eye(2), np.array([[1.0, np.nan], [np.nan, 1.0]])):
        with pytest.raises(np.linalg.LinAlgError):
            factorise(hopeless)


@pytest.mark.parametrize("z", [-3.0, -0.5, 0.0, 2.0])
def test_log_h_is_the_log_of_an_expectation(z: float) -> None:
    value, _ = integrate.quad(lambda u: max(z - u, 0.0) * stats.norm.pdf(u), -12, z)
    assert float(log_h(np.array(z))) == pytest.approx(math.log(value), rel=1e-6)


@settings(deadline=None)
@given(arrays(float, 2, elements=st.floats(-1e8, 1e8)))
def test_log_h_is_finite_and_increasing(z: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = log_h(np.sort(z))
    assert math.isfinite(low)
    assert low <= high + 1e-6 * abs(high)


def test_lengthscales_show_what_matters() -> None:
    rows = np.random.default_rng(4).random((60, 3))
    scores = np.sin(8 * rows[:, 0])
    fitted = fit(rows, scores / scores.std(), Columns(np.arange(3), [0.3] * 3, np.ones((1, 3)), ALL))
    inverse = fitted.covariance.inverse_lengthscales
    assert inverse[0] > 5 * inverse[1:].max()
    assert fitted.noise < 0.01


def test_small_differences_near_the_optimum_are_not_taken_for_noise() -> None:
    rng = np.random.default_rng(11)
    rows = np.vstack([rng.random((20, 2)), 0.3 + 0.01 * rng.random((10, 2))])
    scores = ((rows - 0.305) ** 2).sum(axis=1)
    scores = (scores - scores.mean()) / scores.std()
    near, reported = rows[20:], scores[20:]
    process = GaussianProcess(
        fit(rows, scores, Columns(np.arange(2), [0.3] * 2, np.ones((1, 2)), ALL)), rows, scores
    )
    assert np.abs(process.mean(near) - reported).max() < 0.05 * (reported.max() - reported.min())


def test_noise_is_seen_as_noise() -> None:
    rng = np.random.default_rng(5)
    rows = rng.random((80, 1))
    fitted = fit(rows, rng.normal(size=80), Columns(np.arange(1), [0.3], np.ones((1, 1)), ALL))
    assert fitted.noise > 0.3


CATEGORIES = SearchSpace([Continuous("x", 0, 1), Continuous("y", 0, 1), Categorical("kind", ("a", "b", "c"))])


def test_what_numbers_do_is_learnt_from_all_categories() -> None:
    def score(rows: np.ndarray) -> np.ndarray:
        bowl = (rows[:, 0] - 0.3) ** 2 + (rows[:, 1] - 0.6) ** 2
        return np.asarray(4 * bowl + rows[:, 2:] @ [0.0, -1.0, 1.0] - 0.5)

    def error(columns: Columns) -> float:
        """Of the mean in the best category, which was tried twice, both times with bad numbers."""
        process = GaussianProcess(fit(rows, score(rows), columns), rows, score(rows))
        return float(np.sqrt(np.mean((process.mean(elsewhere) - score(elsewhere)) ** 2)))

    rng = np.random.default_rng(8)
    rows = np.hstack([rng.random((20, 2)), np.repeat(np.eye(3)[[0, 2]], [14, 6], axis=0)])
    rows = np.vstack([rows, [[0.9, 0.1, 0, 1, 0], [0.8, 0.9, 0, 1, 0]]])
    elsewhere = np.hstack([rng.random((50, 2)), np.tile(np.eye(3)[1], (50, 1))])
    columns = lay_out(CATEGORIES)
    assert error(columns) < 0.5 * error(replace(columns, parts=columns.parts[:1], shares=ALL))


def test_what_each_number_does_alone_is_learnt_from_everywhere() -> None:
    space = SearchSpace([Continuous(name, 0, 1) for name in "wxyz"])
    columns, rows = lay_out(space), np.random.default_rng(9).random((50, 4))

    def score(rows: np.ndarray) -> np.ndarray:
        return np.asarray(np.sin(9 * rows[:, :3]).sum(axis=1) + rows[:, 3])

    def error(columns: Columns) -> float:
        process = GaussianProcess(fit(rows, score(rows), columns), rows, score(rows))
        elsewhere = np.random.default_rng(10).random((200, 4))
        return float(np.sqrt(np.mean((process.mean(elsewhere) - score(elsewhere)) ** 2)))

    assert error(columns) < 0.5 * error(replace(columns, parts=columns.parts[:1], shares=ALL))


def test_the_parts_of_the_covariance() -> None:
    assert lay_out(CATEGORIES, [(1, 1.0)]).parts.tolist() == [
        [1, 1, 1, 1, 1, 1],
        [1, 1, 0, 0, 0, 1],
        [0, 0, 1, 1, 1, 0],
    ]
    x, y, kind = CATEGORIES.parameters
    several = lay_out(SearchSpace([x, y]), [(1, 1.0)])
    assert several.parts.tolist() == [[1, 1, 1], [1, 0, 0], [0, 1, 0]]
    assert several.shares.tolist() == [0.5, 0.25, 0.25]
    only_number, only_kind = Continuous("n", 0.5, 0.5), Categorical("k", ("only",))
    for parameters in ([x], [kind], [x, only_kind], [only_number, kind]):
        assert len(lay_out(SearchSpace(parameters)).parts) == 1


@given(arrays(float, st.integers(1, 40), elements=st.floats(allow_nan=False, allow_infinity=False)))
@settings(max_examples=200, deadline=None)
def test_scores_are_finite_and_in_the_order_of_the_losses(losses: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = Transform.fit(losses)(losses)
    assert np.isfinite(scores).all()
    assert (np.diff(scores[np.argsort(losses, kind="stable")]) >= -1e-9).all()


def test_scores_of_skewed_losses_are_standard_and_nearly_symmetric() -> None:
    losses = np.exp(3 * np.random.default_rng(6).normal(size=200))
    scores = Transform.fit(losses)(losses)
    assert scores.mean() == pytest.approx(0.0, abs=1e-9)
    assert scores.std() == pytest.approx(1.0)
    assert abs(stats.skew(scores)) < 1 < stats.skew(losses) / 3


@pytest.mark.parametrize("diverged", [1e3, 1e12, 1e29, 1e200])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_diverged_losses_leave_the_others_their_order_and_spread(diverged: float, count: int) -> None:
    usual = np.array([0.52, 0.48, 0.61, 0.45, 0.5, 0.55, 0.43, 0.7])
    losses = np.append(usual, [diverged] * count)
    scores = Transform.fit(losses)(losses)
    assert (np.argsort(scores[:8]) == np.argsort(usual)).all()
    assert np.diff(np.sort(scores[:8])).min() > 0.01
    assert scores[:8].std() > 0.1
    assert (scores[8:] > scores[:8].max()).all()


def test_losses_that_are_all_the_same_have_one_score_whatever_their_size() -> None:
    for losses in (np.full(6, 3.7), np.full(6, 1e12) + np.array([0, 0, 0, 0, 0, 1e-4])):
        assert (Transform.fit(losses)(losses) == 0).all()


def test_the_power_is_the_most_likely_one() -> None:
    losses = np.random.default_rng(6).normal(size=100) ** 3
    transform = Transform.fit(losses)
    _, power = stats.yeojohnson((losses - transform.centre) / transform.spread)
    assert transform.power == pytest.approx(power, abs=1e-3)


@pytest.mark.parametrize("power", [-2.0, 0.0, 0.5, 1.0, 2.0, 3.0])
def test_yeo_johnson_is_scipys(power: float) -> None:
    values = np.linspace(-5, 5, 21)
    assert yeo_johnson(values, power) == pytest.approx(stats.yeojohnson(values, power))


def test_the_region_grows_with_success_shrinks_without_and_starts_again() -> None:
    assert region_length([5.0] * 8, 8) == LENGTH
    assert region_length([5.0] * 8 + [4.0, 3.0, 2.0], 8) > LENGTH
    assert region_length([5.0] * 12, 8) == LENGTH / 2
    assert region_length([5.0] * 8 + [math.inf] * 8, 8) == LENGTH / 4
    assert region_length([5.0] * (8 + 4 * 4), 8) == LENGTH / 16
    assert region_length([5.0] * (8 + 4 * 5), 8) == LENGTH
    assert region_length([math.inf] * 8 + [1.0], 8) == LENGTH


def test_the_regions_box_is_longer_where_the_function_is_flatter() -> None:
    low, high = region_box(np.array([0.5, 0.5, 0.0]), 0.4, np.array([1.0, 4.0, 2.0]))
    sides = high - low
    assert sides[0] > sides[1]
    assert (low >= 0).all()
    assert (high <= 1).all()


@pytest.mark.parametrize("shift", [0.0, 1024.0, -(2.0**20)])
def test_what_counts_as_an_improvement_does_not_depend_on_where_the_losses_lie(shift: float) -> None:
    losses = [5.0, 6.0, 5.5, 7.0, 8.0, 6.5, 9.0, 5.25, 4.875, 4.75, 4.5]
    assert region_length([loss + shift for loss in losses], 8) == region_length(losses, 8) > LENGTH
    diverged = [*losses[:7], 1e30, *losses[8:]]
    assert region_length(diverged, 8) == region_length(losses, 8)


def test_the_box_is_the_cube_where_the_process_looks_everywhere() -> None:
    def sides(length: float | None) -> list[float]:
        box = box_of(CATEGORIES, np.full(CATEGORIES.width, 0.5), np.ones(CATEGORIES.width), length)
        return [round(side, 9) for side in box.high - box.low]

    assert sides(0.2) == [0.2, 0.2]
    assert sides(None) == [1.0, 1.0]


def test_fits_become_rarer_as_trials_become_many() -> None:
    assert [fitted_count(n) for n in (1, 32, 63)] == [1, 32, 63]
    counts = [len({fitted_count(n) for n in range(low, 2 * low)}) for low in (32, 64, 128, 256)]
    assert counts == [32, 32, 32, 32]
    assert all(n - fitted_count(n) < n / 16 for n in range(1, 750))


def test_thinning_keeps_the_best() -> None:
    losses = np.random.default_rng(7).random(500)
    kept = thin(losses, 100)
    assert len(kept) == 100
    assert set(np.argsort(losses)[:50]) <= set(kept)
    assert list(kept) == sorted(set(kept))
    assert list(thin(losses, 500)) == list(range(500))
