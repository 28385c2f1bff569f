"""The chart of a tuning job: what it draws, by its Vega-Lite specification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.display.plotting import tuning_chart
from tests.unit.display.tuning_responses import DESCRIPTION, described_with, span, trial

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary

pytest.importorskip("altair", reason="the plot extra is not installed: `make test-matrix` goes without it")


def spec(trials: list[TrainingJobSummary]) -> dict[str, Any]:
    chart: dict[str, Any] = tuning_chart(DESCRIPTION, trials).to_dict()
    return chart


def objectives(chart: dict[str, Any]) -> list[float]:
    [rows] = chart["datasets"].values() if "datasets" in chart else [chart["vconcat"][0]["data"]["values"]]
    return [row["objective"] for row in rows]


def layers(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """The marks of the objective over training jobs."""
    found: list[dict[str, Any]] = chart["vconcat"][0]["layer"]
    return found


def test_a_few_that_diverged_do_not_squeeze_the_rest() -> None:
    # the objective has no direction, as the description has none: larger is better
    chart = spec([trial(n, 0.8 + n / 100, depth="3") for n in range(1, 20)] + [trial(20, -900.0, depth="3")])
    scale = layers(chart)[0]["encoding"]["y"]["scale"]
    assert scale["domain"][0] > 0, "the worst are cut off"
    assert scale["domain"][1] > 0.99, "the best never"
    assert scale["clamp"], "and drawn at the edge"
    assert chart["title"]["subtitle"][-1] == "What lies beyond the axis is drawn at its edge."


def test_one_training_job_lies_on_an_axis_that_shows_its_value() -> None:
    chart = spec([trial(1, 0.5, depth="3", rate="0.25")])
    low, high = layers(chart)[0]["encoding"]["y"]["scale"]["domain"]
    assert low < 0.5 < high
    depth, rate = chart["vconcat"][1]["concat"]
    assert depth["encoding"]["x"]["scale"]["domain"] == [1, 9], "the range that is searched"
    assert rate["encoding"]["x"]["scale"]["domain"] == [0, 1]
    assert len(chart["title"]["subtitle"]) == 1


def test_what_is_no_number_is_left_out() -> None:
    chart = spec([trial(1, 0.5), trial(2, float("nan")), trial(3, float("inf")), trial(4, None)])
    assert objectives(chart) == [0.5]


def test_names_that_look_alike_are_two_hyperparameters() -> None:
    chart = spec([trial(1, 0.5, **{"max.depth": "3", "max_depth": "4", "max-depth": "5"})])
    panels = chart["vconcat"][1]["concat"]
    assert [panel["encoding"]["x"]["title"] for panel in panels] == ["max.depth", "max_depth", "max-depth"]
    assert len({panel["encoding"]["x"]["field"] for panel in panels}) == 3


@pytest.mark.parametrize("order", [1, -1])
def test_a_range_to_zero_is_on_no_logarithmic_axis_though_another_definition_has_one(order: int) -> None:
    spaces = [
        {"ContinuousParameterRanges": span("0", "0.5")},
        {"ContinuousParameterRanges": span("0.1", "1", ScalingType="Logarithmic")},
    ]
    chart = tuning_chart(described_with(*spaces[::order]), [trial(1, 0.5, rate="0.25")]).to_dict()
    [panel] = chart["vconcat"][1]["concat"]
    scale = panel["encoding"]["x"]["scale"]
    assert scale["domain"] == [0, 1]
    assert scale["type"] == "linear"


@pytest.mark.parametrize(("count", "top"), [(100, "circle"), (101, "line")])
def test_the_best_so_far_is_seen_however_many_there_are(count: int, top: str) -> None:
    chart = spec([trial(n, n / 1000, depth="3") for n in range(count)])
    assert layers(chart)[-1]["mark"]["type"] == top
