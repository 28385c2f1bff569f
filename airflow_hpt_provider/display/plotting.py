"""A chart of a tuning job. Altair, which draws it, comes with the ``plot`` extra."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.display.format import format_number, parameters
from airflow_hpt_provider.display.hyperparameters import names_in, unquoted
from airflow_hpt_provider.models.spaces import search_spaces

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription

WIDTH, HEIGHT, COLUMNS = 640, 240, 3
MANY = 100
"""From this number of training jobs, points are small, and the line of the best so far is drawn above them."""
BEST, OTHERS, FAINT = "#d62728", "#1f77b4", "#8a8a8a"


def tuning_chart(description: TuningJobDescription, training_jobs: Sequence[TrainingJobSummary]) -> Any:
    """Chart the objective over the training jobs, above each hyperparameter against the objective.

    Args:
        description: the tuning job.
        training_jobs: its training jobs in the order of their creation; those without an objective are left out.

    Returns:
        An ``altair.Chart``: shown by notebooks, and saved by its ``save``.

    Raises:
        ModuleNotFoundError: the ``plot`` extra is not installed.
    """
    import altair as alt

    objective = description.objective_of()
    metric = objective.metric_name if objective else "objective"
    minimise = objective is not None and objective.type == "Minimize"
    rows = _rows(training_jobs, minimise=minimise)
    shown, cut = _readable([row["objective"] for row in rows], minimise=minimise)
    scale = alt.Scale(domain=shown, clamp=True, nice=False)
    y, best = (alt.Y(f"{field}:Q", title=metric, scale=scale) for field in ("objective", "best so far"))
    scales = _scales(description)
    fields = _fields(names_in(training_jobs))
    panels = [
        _against(alt, rows, field, name, y, scales.get(name, {"zero": False}))
        for name, field in fields.items()
    ]
    subtitle = [_subtitle(description)]
    if cut:
        subtitle.append("What lies beyond the axis is drawn at its edge.")
    chart: Any = alt.vconcat(
        _over_time(alt, rows, y, best),
        alt.concat(*panels, columns=COLUMNS),
        title=alt.Title(_title(description, metric), subtitle=subtitle, anchor="start"),
    ).configure_axis(labelFontSize=11, titleFontSize=12)
    return chart


def _readable(values: Sequence[float], *, minimise: bool) -> tuple[tuple[float, float], bool]:
    """Return a range for the axis, and whether it omits a few diverged values, as on the tuning page.

    The end where the best ones are is never cut.
    """
    ordered = sorted(values) or [0.0]
    low, high = ordered[0], ordered[-1]
    bottom, top = low, high
    quarter, three = (ordered[round(share * (len(ordered) - 1))] for share in (0.25, 0.75))
    if len(ordered) >= 8 and three > quarter:
        if minimise:
            top = min(high, three + 5 * (three - quarter))
        else:
            bottom = max(low, quarter - 5 * (three - quarter))
    margin = 0.05 * (top - bottom or abs(top) or 1.0)
    return (bottom - margin, top + margin), (bottom, top) != (low, high)


def _rows(training_jobs: Sequence[TrainingJobSummary], *, minimise: bool) -> list[dict[str, Any]]:
    better = min if minimise else max
    rows: list[dict[str, Any]] = []
    best: float | None = None
    fields = _fields(names_in(training_jobs))
    for number, training_job in enumerate(training_jobs, start=1):
        value = training_job.final_metric
        if value is None or not math.isfinite(value):
            continue
        best = value if best is None else better(best, value)
        rows.append(
            {
                "number": number,
                "training job": training_job.training_job_name,
                "objective": value,
                "best so far": best,
                **{fields[name]: _typed(text) for name, text in training_job.tuned_hyper_parameters.items()},
            }
        )
    final = best
    for row in rows:
        row["is best"] = row["objective"] == final
    return rows


def _over_time(alt: Any, rows: list[dict[str, Any]], y: Any, best: Any) -> Any:
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("number:Q", title="training job", axis=alt.Axis(format="d", tickMinStep=1))
    )
    points = base.mark_circle(size=_size(rows), opacity=0.8).encode(
        y=y,
        color=_color(alt),
        order=alt.Order("is best:Q"),
        tooltip=[alt.Tooltip("training job:N"), alt.Tooltip("objective:Q")],
    )
    line = base.mark_line(interpolate="step-after", color=FAINT).encode(y=best)
    return (line + points if len(rows) <= MANY else points + line).properties(width=WIDTH, height=HEIGHT)


def _against(
    alt: Any, rows: list[dict[str, Any]], field: str, name: str, y: Any, scale: dict[str, Any]
) -> Any:
    numeric = all(isinstance(row.get(field), int | float) for row in rows)
    if numeric:
        x = alt.X(f"{field}:Q", title=name, scale=alt.Scale(**scale), axis=alt.Axis(tickCount=5))
    else:
        x = alt.X(f"{field}:N", title=name, axis=alt.Axis(labelAngle=0))
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(size=_size(rows), opacity=0.8)
        .encode(
            x=x,
            y=y,
            color=_color(alt),
            order=alt.Order("is best:Q"),
            tooltip=[
                alt.Tooltip("training job:N"),
                alt.Tooltip("objective:Q"),
                alt.Tooltip(f"{field}:{'Q' if numeric else 'N'}", title=name),
            ],
        )
        .properties(width=WIDTH // COLUMNS - 30, height=180)
    )


def _color(alt: Any) -> Any:
    return alt.condition("datum['is best']", alt.value(BEST), alt.value(OTHERS))


def _size(rows: list[dict[str, Any]]) -> int:
    return 55 if len(rows) <= MANY else 18


def _fields(names: Sequence[str]) -> dict[str, str]:
    """Return names that Altair can use: it reads dots and brackets as paths."""
    return {name: f"hyperparameter {number}" for number, name in enumerate(names)}


def _typed(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return unquoted(text)


def _scales(description: TuningJobDescription) -> dict[str, dict[str, Any]]:
    """Return the scale and the range of each numeric hyperparameter, as Altair takes them."""
    ranges = [
        each
        for space in search_spaces(description)
        for each in [*(space.integer_parameter_ranges or ()), *(space.continuous_parameter_ranges or ())]
    ]
    scales: dict[str, dict[str, Any]] = {}
    for each in ranges:
        low, high = float(each.min_value), float(each.max_value)
        if each.name in scales:  # of another training job definition
            before = scales[each.name]["domain"]
            low, high = min(low, before[0]), max(high, before[1])
        kind = "log" if each.scaling_type == "Logarithmic" and low > 0 else "linear"
        scales[each.name] = {"type": kind, "domain": [low, high], "nice": False}
    return scales


def _title(description: TuningJobDescription, metric: str) -> str:
    return f"{description.name}: {metric}"


def _subtitle(description: TuningJobDescription) -> str:
    best = description.best_training_job
    completed = description.training_job_status_counters.completed or 0
    text = f"{description.status} · {completed} training job{'s' * (completed != 1)} completed"
    if best is not None:
        text += f" · best {format_number(best.final_metric)}: {parameters(best.tuned_hyper_parameters)}"
    return text
