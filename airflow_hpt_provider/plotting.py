"""A chart of a tuning job. Altair, which draws it, comes with the ``plot`` extra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider import texts

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription

WIDTH, HEIGHT, COLUMNS = 640, 240, 3
BEST, OTHERS, FAINT = "#d62728", "#1f77b4", "#8a8a8a"


def tuning_chart(description: TuningJobDescription, trials: Sequence[TrainingJobSummary]) -> Any:
    """The objective over the training jobs, above each hyperparameter against the objective.

    Args:
        description: the tuning job.
        trials: its training jobs in the order of their creation; those without an objective are left out.

    Returns:
        An ``altair.Chart``: shown by notebooks, and saved by its ``save``.

    Raises:
        ModuleNotFoundError: the ``plot`` extra is not installed.
    """
    import altair as alt

    objective = description.objective_of()
    metric = objective.metric_name if objective else "objective"
    minimise = objective is not None and objective.type == "Minimize"
    rows = _rows(trials, minimise=minimise)
    scales = _logarithmic(description)
    names = list(dict.fromkeys(name for trial in trials for name in trial.tuned_hyper_parameters))
    panels = [_against(alt, rows, name, metric, logarithmic=name in scales) for name in names]
    chart: Any = alt.vconcat(
        _over_time(alt, rows, metric),
        alt.concat(*panels, columns=COLUMNS),
        title=alt.Title(_title(description, metric), subtitle=_subtitle(description), anchor="start"),
    ).configure_axis(labelFontSize=11, titleFontSize=12)
    return chart


def _rows(trials: Sequence[TrainingJobSummary], *, minimise: bool) -> list[dict[str, Any]]:
    better = min if minimise else max
    rows: list[dict[str, Any]] = []
    best: float | None = None
    for number, trial in enumerate(trials, start=1):
        value = trial.final_metric
        if value is None:
            continue
        best = value if best is None else better(best, value)
        rows.append(
            {
                "number": number,
                "training job": trial.training_job_name,
                "objective": value,
                "best so far": best,
                # Altair reads dots and brackets in names as paths.
                **{_field(name): _typed(text) for name, text in trial.tuned_hyper_parameters.items()},
            }
        )
    final = best
    for row in rows:
        row["is best"] = row["objective"] == final
    return rows


def _over_time(alt: Any, rows: list[dict[str, Any]], metric: str) -> Any:
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("number:Q", title="training job", axis=alt.Axis(format="d", tickMinStep=1))
    )
    objective = alt.Y("objective:Q", title=metric, scale=alt.Scale(zero=False))
    points = base.mark_circle(size=60, opacity=0.8).encode(
        y=objective, color=_color(alt), tooltip=[alt.Tooltip("training job:N"), alt.Tooltip("objective:Q")]
    )
    line = base.mark_line(interpolate="step-after", color=FAINT).encode(
        y=alt.Y("best so far:Q", title=metric, scale=alt.Scale(zero=False))
    )
    return (line + points).properties(width=WIDTH, height=HEIGHT)


def _against(alt: Any, rows: list[dict[str, Any]], name: str, metric: str, *, logarithmic: bool) -> Any:
    field = _field(name)
    numeric = all(isinstance(row.get(field), int | float) for row in rows)
    if numeric:
        scale = alt.Scale(type="log") if logarithmic else alt.Scale(zero=False)
        x = alt.X(f"{field}:Q", title=name, scale=scale, axis=alt.Axis(tickCount=5))
    else:
        x = alt.X(f"{field}:N", title=name, axis=alt.Axis(labelAngle=0))
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(size=50, opacity=0.8)
        .encode(
            x=x,
            y=alt.Y("objective:Q", title=metric, scale=alt.Scale(zero=False)),
            color=_color(alt),
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


def _field(name: str) -> str:
    return "hp_" + "".join(c if c.isalnum() else "_" for c in name)


def _typed(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.strip('"')


def _logarithmic(description: TuningJobDescription) -> set[str]:
    """The hyperparameters that were searched on a logarithmic scale."""
    spaces = [description.hyper_parameter_tuning_job_config.parameter_ranges]
    spaces += [each.hyper_parameter_ranges for each in description.definitions]
    ranges = [
        each
        for space in spaces
        if space is not None
        for each in [*(space.integer_parameter_ranges or ()), *(space.continuous_parameter_ranges or ())]
    ]
    return {each.name for each in ranges if each.scaling_type == "Logarithmic"}


def _title(description: TuningJobDescription, metric: str) -> str:
    return f"{description.name}: {metric}"


def _subtitle(description: TuningJobDescription) -> str:
    best = description.best_training_job
    completed = description.training_job_status_counters.completed or 0
    text = f"{description.status} · {completed} training jobs completed"
    if best is not None:
        text += f" · best {texts.number(best.final_metric)}: {texts.parameters(best.tuned_hyper_parameters)}"
    return text
