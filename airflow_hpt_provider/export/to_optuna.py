"""A tuning job as an Optuna study, for optuna-dashboard's contour, rank and EDF plots, and for Optuna's importances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.export.tuning_history import TuningHistory, hyperparameters_of
from airflow_hpt_provider.models.spaces import search_spaces

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.study import StudyDirection

    from airflow_hpt_provider.models import TrainingJobSummary
    from airflow_hpt_provider.models.ranges import ParameterRanges

NAME = "TrainingJobName"


class ExportError(ValueError):
    """The tuning job cannot be shown in the tool."""


def to_optuna_study(history: TuningHistory, storage: Any = None) -> optuna.Study:
    """Write a tuning job's training jobs into an Optuna study of the same name; those that it has are left.

    A training job that has completed with an objective is a trial that is COMPLETE, one that was stopped, early or by
    a user, PRUNED, one without an objective FAIL. Training jobs that run are left out: export again later.
    Distributions have the ranges and scales of the tuning job; a range that Optuna has no scale for
    (ReverseLogarithmic) is linear. The objective by the minute gives the intermediate values.

    Args:
        history: the tuning job.
        storage: Optuna's storage, or its URL such as ``sqlite:///study.db``; None: in memory.

    Raises:
        ExportError: the training job definitions have objectives of different metrics or directions.
        ImportError: Optuna is not installed (``pip install 'airflow-hpt-provider[optuna]'``).
    """
    import optuna

    study = optuna.create_study(
        study_name=history.description.name,
        direction=_direction(history),
        storage=storage,
        load_if_exists=True,
    )
    known = {trial.user_attrs.get(NAME) for trial in study.get_trials(deepcopy=False)}
    for training_job in history.training_jobs:
        if training_job.is_terminal and training_job.training_job_name not in known:
            study.add_trial(_trial(history, training_job))
    return study


def _direction(history: TuningHistory) -> StudyDirection:
    from optuna.study import StudyDirection

    description = history.description
    wanted = {
        (objective.metric_name, objective.type)
        for definition in description.definitions
        if (objective := description.objective_of(definition)) is not None
    }
    if len(wanted) != 1:
        listed = ", ".join(sorted(f"{kind} {metric}" for metric, kind in wanted)) or "none"
        raise ExportError(
            f"an Optuna study must have one objective, got {listed} in the training job definitions of "
            f"{description.name}. Export to MLflow or CSV."
        )
    [(_, kind)] = wanted
    return StudyDirection.MINIMIZE if kind == "Minimize" else StudyDirection.MAXIMIZE


def _trial(history: TuningHistory, training_job: TrainingJobSummary) -> optuna.trial.FrozenTrial:
    from optuna.trial import TrialState, create_trial

    value = training_job.final_metric
    states = {"Completed": TrialState.COMPLETE, "Stopped": TrialState.PRUNED}
    state = states.get(training_job.training_job_status, TrialState.FAIL)
    if value is None and state is TrialState.COMPLETE:
        state = TrialState.FAIL
    params, distributions = _params(history, training_job)
    trial = create_trial(
        state=state,
        value=value if state is not TrialState.FAIL else None,
        params=params,
        distributions=distributions,
        user_attrs={
            **history.facts(training_job),
            **history.final_metrics.get(training_job.training_job_name, {}),
        },
        intermediate_values={step: point.value for step, point in enumerate(history.curve(training_job))},
    )
    trial.datetime_start = training_job.training_start_time or training_job.creation_time
    trial.datetime_complete = training_job.training_end_time or trial.datetime_start
    return trial


def _params(
    history: TuningHistory, training_job: TrainingJobSummary
) -> tuple[dict[str, Any], dict[str, BaseDistribution]]:
    params: dict[str, Any] = {}
    distributions = _distributions(history, training_job)
    for name, text in hyperparameters_of(training_job).items():
        distribution = distributions.get(name)
        value = _value(distribution, text)
        if distribution is not None and value is not None:
            params[name] = value
    return params, {name: distributions[name] for name in params}


def _distributions(history: TuningHistory, training_job: TrainingJobSummary) -> dict[str, BaseDistribution]:
    definition = history.description.definition_of(training_job)
    own = None if definition is None else definition.hyper_parameter_ranges
    found: dict[str, BaseDistribution] = {}
    for space in [own] if own is not None else search_spaces(history.description):
        found.update(_of_space(space))
    return found


def _of_space(space: ParameterRanges) -> dict[str, BaseDistribution]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for each in space.continuous_parameter_ranges or ():
        low, high = float(each.min_value), float(each.max_value)
        found[each.name] = FloatDistribution(low, high, log=each.scaling_type == "Logarithmic")
    for whole in space.integer_parameter_ranges or ():
        first, last = int(float(whole.min_value)), int(float(whole.max_value))
        found[whole.name] = IntDistribution(first, last, log=whole.scaling_type == "Logarithmic")
    for choice in space.categorical_parameter_ranges or ():
        found[choice.name] = CategoricalDistribution(list(choice.values))
    return found


def _value(distribution: BaseDistribution | None, text: str) -> Any:
    """Return a hyperparameter's value as the distribution has it; None if it has no such value."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if distribution is None:
        return None
    if isinstance(distribution, CategoricalDistribution):
        return text if text in distribution.choices else None
    try:
        value = int(text) if isinstance(distribution, IntDistribution) else float(text)
        return value if distribution._contains(distribution.to_internal_repr(value)) else None
    except ValueError:
        return None
