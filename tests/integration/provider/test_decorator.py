"""``@task.tuning_job`` against the local service: the function's config, and everything else the operator's."""

from __future__ import annotations

import pytest
from airflow.sdk import DAG, task

from airflow_hpt_provider.decorators.tuning import tuning_job_task
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models import TuningJobRequest
from tests.integration.provider.conftest import jobs_of, run, with_static

pytestmark = pytest.mark.integration


def decorated(function, *args, **kwargs):
    """The task that the decorator makes of a function that is called with these arguments."""
    with DAG("dag", schedule=None):
        made = tuning_job_task(task_id="tune", poll_interval=0.2, **kwargs)(function)(*args)
    return made.operator


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize("form", [dict, TuningJobRequest.model_validate])
async def test_config_from_the_functions_arguments_and_the_context(config, first_try, hook, deferrable, form):
    def search(x_from: str, ti=None):
        assert ti is first_try
        return form(with_static(config, shift=x_from))

    value = await run(decorated(search, "0", deferrable=deferrable), first_try)
    job = hook.describe(value["tuning_job_name"])
    assert job.status == "Completed"
    assert job.training_job_definition.static_hyper_parameters["shift"] == "0"
    assert first_try.xcom["final_metric"] == value["final_metric"]
    assert set(first_try.xcom) >= {"tuning_job_name", "best_training_job", "final_metric"}


async def test_next_try_calls_the_function_again_and_rejoins_the_job(config, first_try, hook):
    calls = []

    def search():
        calls.append(1)
        return config

    first_try.once_running(lambda _: (_ for _ in ()).throw(ConnectionError("the worker is lost")))
    first_try.max_tries = 1
    with pytest.raises(ConnectionError):
        await run(decorated(search), first_try)
    again = first_try.retry()
    again.on_push = None
    await run(decorated(search), again)
    assert len(jobs_of(hook, first_try)) == 1
    assert len(calls) == 2


async def test_each_attempt_of_a_retry_strategy_has_the_functions_config(config, first_try, hook):
    def search():
        return {**config, "HyperParameterTuningJobName": f"flaky-{first_try.run_id[-6:]}"}

    value = await run(decorated(search, retry_strategy=1, deferrable=True), first_try)
    assert len(value["attempts"]) == 2


def test_what_the_function_returns_is_not_templated(config, first_try):
    task = decorated(lambda: with_static(config, shift="{{ 1 + 1 }}"))
    request = task._request(first_try.context(task))
    assert request.to_dict()["TrainingJobDefinition"]["StaticHyperParameters"]["shift"] == "{{ 1 + 1 }}"


@pytest.mark.parametrize("returned", [None, 7, ["hunter22"]])
def test_function_that_returns_no_config(first_try, hook, returned):
    def search():
        return returned

    task = decorated(search)
    with pytest.raises(
        TuningJobConfigError, match=r"config must be a dict.*Return one from search\(\)"
    ) as caught:
        task.execute(first_try.context(task))
    assert "hunter22" not in str(caught.value)
    assert jobs_of(hook, first_try) == []


def test_config_as_an_argument():
    with pytest.raises(TypeError, match="the decorated function returns it"):
        tuning_job_task(config={})


def test_airflow_knows_it_as_a_task_decorator_that_expands_and_makes_one_xcom(config):
    with DAG("dag", schedule=None) as dag:

        @task.tuning_job(deferrable=True)
        def tune(seed: int) -> dict[str, object]:
            return with_static(config, seed=str(seed))

        tune.expand(seed=[1, 2])
        tune(3)
    mapped, single = dag.get_task("tune"), dag.get_task("tune__1")
    assert mapped.partial_kwargs["deferrable"] is True
    assert (single.multiple_outputs, mapped.multiple_outputs) == (False, False)
    assert single.task_type == "TuningJobDecoratedOperator"
