"""A callback renders a task's connection once more only where that is a template still."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, task

from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.operators.base import TuningBaseOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

HOSTILE = "{{ 191 * 7 }}"
CONTEXT: Any = {"ti": SimpleNamespace(map_index=0), "hostile": HOSTILE, "connection": "team_a"}


def again(operator: Any) -> Any:
    operator.render_again(TuningBaseOperator.template_fields, CONTEXT)
    return operator


def test_a_rendered_field_is_not_rendered_again_where_a_later_one_fails() -> None:
    made = HyperParameterTuningJobOperator(
        task_id="tune",
        config={},
        aws_conn_id="{{ hostile }}",
        region_name="{{ 1 // 0 }}",
        verify="{{ connection }}",
    )
    with pytest.raises(ZeroDivisionError):
        made.render_template_fields(CONTEXT)
    made.region_name = None
    assert (again(made).aws_conn_id, made.verify) == (HOSTILE, "team_a")


@pytest.mark.parametrize("form", ["expand", "expand_kwargs"])
def test_a_result_of_another_task_is_no_template(form: str) -> None:
    with DAG("d", schedule=None) as dag:

        @task
        def before() -> Any: ...

        partial = HyperParameterTuningJobOperator.partial(
            task_id="tune", config={"Tags": "{{ 1 // 0 }}"}, region_name="{{ connection }}"
        )
        partial.expand(aws_conn_id=before()) if form == "expand" else partial.expand_kwargs(before())
    mapped: Any = dag.task_dict["tune"]
    result = "".join(("{{ 191", " * 7 }}"))
    made = mapped.unmap({"aws_conn_id": result})
    with pytest.raises(ZeroDivisionError):
        made._do_render_template_fields(
            made,
            mapped.template_fields,
            CONTEXT,
            mapped.get_template_env(),
            {id(result)} if form == "expand" else set(),
        )
    assert (again(made).aws_conn_id, made.region_name) == (HOSTILE, "team_a")


def test_a_task_that_was_not_rendered_at_all() -> None:
    """As in Airflow's DAG processor."""
    made = HyperParameterTuningJobOperator(task_id="tune", config={}, aws_conn_id="{{ connection }}")
    assert again(made).aws_conn_id == "team_a"
    made = HyperParameterTuningJobOperator(task_id="tune", config={}, aws_conn_id="{{ none }}")
    with pytest.raises(TuningJobConfigError, match="aws_conn_id must have a value"):
        made.render_again(TuningBaseOperator.template_fields, CONTEXT)
