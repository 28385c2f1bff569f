"""What `expand_kwargs()` reads from an XCom is no template, unlike what the DAG's code gives it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk import DAG, task

from airflow_hpt_provider.decorators.tuning import tuning_job_task
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

CONTEXT = {"ti": SimpleNamespace(map_index=0)}


def jinja(product: int) -> str:
    """A template of its own: the same text is not the same object."""
    return f"{{{{ 191 * {product} }}}}"


def rendered(mapped, kwargs):
    made = mapped.unmap(kwargs)
    made._do_render_template_fields(
        parent=made,
        template_fields=mapped.template_fields,
        context=CONTEXT,
        jinja_env=mapped.get_template_env(),
        seen_oids=set(),
    )
    return made


@pytest.mark.parametrize("form", ["literal", "xcom", "list of xcoms"])
def test_values_of_an_operator(form):
    kwargs = {"tuning_job_name": jinja(2), "botocore_config": {"user_agent_extra": jinja(3)}}
    with DAG("d", schedule=None) as dag:

        @task
        def made():
            return [kwargs]

        value = {"literal": [kwargs], "xcom": made(), "list of xcoms": [made()]}[form]
        HyperParameterTuningJobSensor.partial(task_id="t", region_name=jinja(5)).expand_kwargs(value)
    found = rendered(dag.task_dict["t"], kwargs)
    is_template = form == "literal"
    assert found.region_name == "955", "the DAG's code gives it"
    assert found.tuning_job_name == ("382" if is_template else jinja(2))
    assert found.botocore_config == {"user_agent_extra": "573" if is_template else jinja(3)}


@pytest.mark.parametrize("form", ["literal", "xcom"])
def test_arguments_of_a_function(form):
    kwargs = {"note": jinja(2), "more": [jinja(3)]}
    with DAG("d", schedule=None) as dag:

        @task
        def made():
            return [kwargs]

        def config(note, more, constant):
            return {}

        tune = tuning_job_task(task_id="t")(config).partial(constant=jinja(5))
        tune.expand_kwargs([kwargs] if form == "literal" else made())
    found = rendered(dag.task_dict["t"], {"op_kwargs": kwargs})
    assert found.op_kwargs["constant"] == "955"
    assert (found.op_kwargs["note"], found.op_kwargs["more"]) == (
        ("382", ["573"]) if form == "literal" else (jinja(2), [jinja(3)])
    )


def test_a_task_that_is_not_mapped():
    with DAG("d", schedule=None):
        sensor = HyperParameterTuningJobSensor(task_id="t", tuning_job_name=jinja(2))
    sensor.render_template_fields(CONTEXT)
    assert sensor.tuning_job_name == "382"
