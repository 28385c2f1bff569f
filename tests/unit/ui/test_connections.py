"""Which connection the API server uses for a task: what workers or the DAG's code have written, and nothing else."""

import pytest
from airflow.sdk import DAG

from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

pytestmark = pytest.mark.filterwarnings("ignore")  # what Airflow's models warn of when they are imported
PROXY = {"proxies": {"https": "http://127.0.0.1:1"}}
TEMPLATED_PROXY = {"proxies": {"https": "{{ params.proxy }}"}}


class DerivedOperator(HyperParameterTuningJobOperator):
    """A DAG author's own class."""


def codes(add, **of_dag):
    """What the page knows of the tasks that ``add()`` makes, once Airflow has serialized their DAG."""
    from airflow.serialization.serialized_objects import DagSerialization

    from airflow_hpt_provider.ui.task_code import read_tasks

    with DAG("dag", schedule=None, **of_dag) as dag:
        add()
    return read_tasks(DagSerialization.to_dict(dag))


def code(**arguments):
    return codes(lambda: HyperParameterTuningJobOperator(task_id="tune", config="c.yaml", **arguments))[
        "tune"
    ]


def settled(code, rendered):
    from airflow_hpt_provider.ui.connections import connection_of
    from airflow_hpt_provider.ui.problems import Problem

    try:
        return connection_of(code, rendered)
    except Problem as problem:
        return problem.detail.split()[0]


RENDERED = {"aws_conn_id": "team_a", "region_name": "eu-west-1", "verify": None, "botocore_config": None}


@pytest.mark.parametrize(
    ("arguments", "rendered", "expected"),
    [
        # what a worker has stored comes first, then the code
        ({}, RENDERED, ConnectionSettings("team_a", "eu-west-1")),
        ({"aws_conn_id": "{{ params.c }}"}, RENDERED, ConnectionSettings("team_a", "eu-west-1")),
        (
            {"aws_conn_id": "team_b", "region_name": "us-east-1"},
            {},
            ConnectionSettings("team_b", "us-east-1"),
        ),
        ({"aws_conn_id": "team_b"}, {"aws_conn_id": "***"}, ConnectionSettings("team_b")),
        ({}, {}, ConnectionSettings()),
        ({"aws_conn_id": "{{ params.c }}"}, {}, "aws_conn_id"),
        ({"aws_conn_id": "{{ params.c }}"}, {"aws_conn_id": "{{ params.c }}"}, "aws_conn_id"),
        ({"aws_conn_id": "{{ params.c }}"}, {"aws_conn_id": "***"}, "aws_conn_id"),
        ({"region_name": "{{ params.r }}"}, {"aws_conn_id": "team_a"}, "region_name"),
        ({"region_name": "{{ params.r }}"}, {"region_name": "x.example.com/#"}, "region_name"),
        # the API server's own credentials: only where the code says so
        ({"aws_conn_id": None}, {}, ConnectionSettings(None)),
        ({"aws_conn_id": None}, {"aws_conn_id": None}, ConnectionSettings(None)),
        ({"aws_conn_id": "{{ params.c }}"}, {"aws_conn_id": None}, "aws_conn_id"),
        ({"aws_conn_id": "{{ params.c }}"}, {"aws_conn_id": "None"}, "aws_conn_id"),
        ({"aws_conn_id": "{{ params.c }}"}, {"aws_conn_id": ""}, "aws_conn_id"),
        ({"aws_conn_id": "team_b"}, {"aws_conn_id": None}, ConnectionSettings("team_b")),
        # TLS and proxies: only the code
        ({"verify": False}, {}, ConnectionSettings(verify=False)),
        ({"botocore_config": PROXY}, RENDERED, ConnectionSettings("team_a", "eu-west-1", None, PROXY)),
        ({}, {**RENDERED, "verify": False}, ConnectionSettings("team_a", "eu-west-1")),
        ({}, {**RENDERED, "botocore_config": PROXY}, ConnectionSettings("team_a", "eu-west-1")),
        ({"verify": "{{ params.v }}"}, {**RENDERED, "verify": False}, "verify"),
        ({"verify": "{{ params.v }}"}, RENDERED, ConnectionSettings("team_a", "eu-west-1")),
        ({"botocore_config": TEMPLATED_PROXY}, {**RENDERED, "botocore_config": PROXY}, "botocore_config"),
        ({"botocore_config": TEMPLATED_PROXY}, {}, "botocore_config"),
    ],
)
def test_where_the_connection_comes_from(arguments, rendered, expected):
    assert settled(code(**arguments), rendered) == expected


def test_only_tasks_of_the_operator_and_the_sensor_count():
    def add():
        from airflow.providers.standard.operators.empty import EmptyOperator

        EmptyOperator(task_id="empty")
        StopHyperParameterTuningJobOperator(task_id="stop", tuning_job_name="job")
        made = DerivedOperator(task_id="derived", config="c.yaml", verify=False)
        HyperParameterTuningJobSensor(task_id="sensor", tuning_job_name=made.output)

    found = codes(add)
    assert found.keys() == {"derived", "sensor"}
    assert settled(found["derived"], {}) == ConnectionSettings(verify=False)
    assert "tuning_job_name" not in found["sensor"].constants


def test_mapped_tasks():
    def add():
        HyperParameterTuningJobOperator.partial(task_id="configs", aws_conn_id="team_a").expand(
            config=["a", "b"]
        )
        HyperParameterTuningJobOperator.partial(task_id="connections", config="c").expand(
            aws_conn_id=["a", None]
        )
        HyperParameterTuningJobOperator.partial(task_id="kwargs").expand_kwargs(
            [{"config": "c", "verify": False}]
        )
        DerivedOperator.partial(task_id="derived").expand(config=["a", "b"])

    found = codes(add)
    assert settled(found["configs"], {}) == ConnectionSettings("team_a")
    assert settled(found["connections"], {}) == "aws_conn_id"
    assert settled(found["connections"], {"aws_conn_id": "a"}) == ConnectionSettings("a")
    assert settled(found["connections"], {"aws_conn_id": None}) == "aws_conn_id"
    assert settled(found["kwargs"], {**RENDERED, "verify": False}) == "verify"
    assert settled(found["derived"], {}) == "aws_conn_id"
    assert settled(found["derived"], RENDERED) == ConnectionSettings("team_a", "eu-west-1")


def test_a_value_that_airflow_has_cut_off_is_not_known():
    assert settled(code(verify="/etc/ssl/" + "x" * 5000), {}) == "verify"
    assert settled(code(aws_conn_id="x" * 5000), {}) == "aws_conn_id"


@pytest.mark.parametrize("params", [{}, {"epochs": 3}])
def test_a_dag_with_params_has_a_trigger_form(params):
    tasks = codes(lambda: HyperParameterTuningJobOperator(task_id="tune", config="c.yaml"), params=params)
    assert tasks["tune"].has_form is bool(params)
