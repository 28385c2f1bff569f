"""``tune_from_ui`` in a real Airflow: a run from the form's own values, and values that are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.demo.errors import AirflowApiError

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

DAG = "tune_from_ui"
WAIT_SECONDS = 240


@pytest.fixture(scope="module")
def form(demo: DemoSession) -> dict[str, Any]:
    """What the UI makes its form of: each param with value, description and schema."""
    demo.airflow.api.wait_for_dag(DAG)
    params: dict[str, Any] = demo.airflow.api._get(f"/api/v2/dags/{DAG}/details")["params"]
    return params


def test_the_form_is_complete(form: dict[str, Any]) -> None:
    for key, param in form.items():
        assert param["description"], key
        assert param["schema"]["title"], key
        assert param["schema"]["section"] in {"Search", "Search space", "Limits", "Training jobs"}
    assert form["strategy"]["schema"]["enum"] == ["Bayesian", "Random", "Hyperband", "Grid"]
    assert form["max_parallel_training_jobs"]["schema"]["minimum"] == 1


def test_a_run_from_the_forms_own_values(demo: DemoSession, form: dict[str, Any]) -> None:
    """The UI sends every value of the form; a person has changed three."""
    api = demo.airflow.api
    conf = {key: param["value"] for key, param in form.items()}
    conf |= {"strategy": "Random", "max_number_of_training_jobs": 2, "learning_rate_min": 0.1}
    run_id = api.trigger(DAG, conf)
    assert api.wait_for_run(DAG, run_id, WAIT_SECONDS) == "success", api.log(DAG, run_id, "tune")
    job = demo.service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=api.xcom(DAG, run_id, "tune", "tuning_job_name")
    )
    search = job["HyperParameterTuningJobConfig"]
    assert search["Strategy"] == "Random"
    assert search["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 2
    assert search["ParameterRanges"]["ContinuousParameterRanges"][0]["MinValue"] == "0.1"
    assert "TuningJobCompletionCriteria" not in search, "left empty in the form"
    log = api.log(DAG, run_id, "tune")
    assert "2 of 2 completed" in log
    assert "The best training jobs:" in log


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("max_parallel_training_jobs", 0, "0 is less than the minimum of 1"),
        ("strategy", "Best", "'Best' is not one of ['Bayesian', 'Random', 'Hyperband', 'Grid']"),
        ("instance_type", "ml.none", "'ml.none' is not one of"),
        ("learning_rate_min", "small", "'small' is not of type 'number'"),
    ],
)
def test_a_bad_value_is_refused_immediately(
    demo: DemoSession, form: dict[str, Any], key: str, value: Any, message: str
) -> None:
    with pytest.raises(AirflowApiError) as refused:
        demo.airflow.api.trigger(DAG, {key: value})
    text = str(refused.value).encode().decode("unicode_escape")
    assert f"Invalid input for param {key}" in text
    assert message in text


def test_values_that_do_not_go_together_fail_in_the_task_before_anything_is_created(
    demo: DemoSession, form: dict[str, Any]
) -> None:
    api = demo.airflow.api
    run_id = api.trigger(DAG, {"learning_rate_min": 2.0})
    assert api.wait_for_run(DAG, run_id, WAIT_SECONDS) == "failed"
    log = api.log(DAG, run_id, "tune")
    assert "nothing was created" in log
    assert "MinValue: must be less than MaxValue, 1" in log
    assert api.xcom(DAG, run_id, "tune", "tuning_job_name") is None
