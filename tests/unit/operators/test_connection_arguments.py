"""The connection's arguments reach every operator and the sensor in every way that Airflow has for arguments."""

from __future__ import annotations

import json

import pytest
from airflow.sdk import DAG, BaseOperator, TaskGroup
from airflow.serialization.serialized_objects import DagSerialization

from airflow_hpt_provider.decorators.tuning import TuningJobDecoratedOperator
from airflow_hpt_provider.hooks.settings import CONNECTION_ARGUMENTS, ConnectionSettings
from airflow_hpt_provider.operators.base import TuningBaseOperator
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.stopping import StopHyperParameterTuningJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

GIVEN = {
    "aws_conn_id": "team_a",
    "region_name": "eu-west-1",
    "verify": False,
    "botocore_config": {"read_timeout": 3},
}


def config():
    """Return the config of a tuning job."""
    return {}


TASKS = [
    (HyperParameterTuningJobOperator, {"config": {}}),
    (TuningJobDecoratedOperator, {"python_callable": config}),
    (StopHyperParameterTuningJobOperator, {"tuning_job_name": "job"}),
    (RegisterBestTrainingJobOperator, {"tuning_result": {}, "model_package_group_name": "group"}),
    (HyperParameterTuningJobSensor, {"tuning_job_name": "job"}),
]
every_task = pytest.mark.parametrize(("kind", "required"), TASKS, ids=[each.__name__ for each, _ in TASKS])


@every_task
def test_arguments_may_be_left_out_or_given(kind, required):
    with DAG("dag", schedule=None):
        assert kind(task_id="plain", **required).connection_settings == ConnectionSettings()
        assert kind(task_id="given", **required, **GIVEN).connection_settings == ConnectionSettings(**GIVEN)
    with pytest.raises(TypeError, match="regionname"), DAG("dag", schedule=None):
        kind(task_id="misspelt", **required, regionname="eu-west-1")


@every_task
def test_default_args_of_dag_group_and_task_set_them(kind, required):
    with DAG("dag", schedule=None, default_args={"aws_conn_id": "dag", "region_name": "eu-west-1"}):
        with TaskGroup("group", default_args={"aws_conn_id": "group"}):
            grouped = kind(task_id="grouped", **required)
        own = kind(task_id="own", **required, default_args={"verify": False}, region_name="us-east-1")
    assert grouped.connection_settings == ConnectionSettings("group", "eu-west-1")
    assert own.connection_settings == ConnectionSettings("dag", "us-east-1", verify=False)


@every_task
def test_another_tasks_output_makes_that_task_upstream(kind, required):
    with DAG("dag", schedule=None):
        before = BaseOperator(task_id="before")
        task = kind(task_id="task", **required, aws_conn_id=before.output["connection"])
    assert task.upstream_task_ids == {"before"}


@every_task
def test_each_is_a_template_field_that_the_api_server_reads_back(kind, required):
    with DAG("dag", schedule=None) as dag:
        kind(task_id="task", **required, **GIVEN)
    assert set(GIVEN) <= set(kind.template_fields)
    [task] = json.loads(json.dumps(DagSerialization.to_dict(dag)))["dag"]["tasks"]
    stored = task["__var"]
    assert {name: stored[name] for name in GIVEN} == GIVEN


@pytest.mark.parametrize(
    ("kind", "required"), [each for each in TASKS if each[0] is not TuningJobDecoratedOperator]
)
def test_mapped_tasks_take_them_constant_and_mapped(kind, required):
    with DAG("dag", schedule=None, default_args={"verify": False}):
        given = {**required, "region_name": "eu-west-1"}
        mapped = kind.partial(task_id="mapped", **given).expand(aws_conn_id=["a", "b"])
        made = [mapped.unmap({"aws_conn_id": each}) for each in ("a", "b")]
        with pytest.raises(TypeError, match="regionname"):
            kind.partial(task_id="misspelt", **required, regionname="x")
    assert [each.connection_settings for each in made] == [
        ConnectionSettings(each, "eu-west-1", verify=False) for each in ("a", "b")
    ]


def test_the_base_class_and_the_settings_have_the_same_arguments():
    assert TuningBaseOperator.template_fields == CONNECTION_ARGUMENTS
    assert TuningBaseOperator(task_id="task").connection_settings == ConnectionSettings()
