"""Where a sensor that starts in the triggerer finds the name of its job."""

import pytest
from airflow.sdk import DAG, BaseOperator

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.sensors.tuning import MAX_STARTED_IN_TRIGGERER, HyperParameterTuningJobSensor
from airflow_hpt_provider.xcom.job_name import (
    checked_job_name,
    is_known_to_triggerer,
    job_name,
    source_of,
)

CREATED = {"task_id": "create", "key": "tuning_job_name"}


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("{{ ti.xcom_pull(task_ids='create', key='tuning_job_name') }}", CREATED),
        ('{{ task_instance.xcom_pull("create", key="tuning_job_name") }}', CREATED),
        ("{{ti.xcom_pull('group.create')}}", {"task_id": "group.create", "key": "return_value"}),
        ("{{ ti.xcom_pull(task_ids=['create'], key='tuning_job_name')[0] }}", None),
        ("{{ ti.xcom_pull(task_ids='create', dag_id='other') }}", None),
        ("{{ ti.xcom_pull(task_ids='create') | lower }}", None),
        ("job-1", None),
    ],
)
def test_the_usual_templates_are_understood_and_no_others(value, source):
    assert source_of(value) == source


def test_outputs_of_tasks_are_understood():
    with DAG("dag", schedule=None):
        create = BaseOperator(task_id="create")
    assert source_of(create.output) == {"task_id": "create", "key": "return_value"}
    assert source_of(create.output["tuning_job_name"]) == CREATED
    assert source_of(create.output.map(lambda value: value)) is None


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("job-1", True),
        ("{{ params.job }}-{{ dag_run.conf['n'] }}", True),
        ("{{ var.value.job }}", True),
        ("{{ ti.xcom_pull(task_ids='x') }}", False),  # hangs the trigger for ever (Airflow 3.3.2)
        ("{{ params.job }}{{ ti.run_id }}", False),
        ("{{ macros.uuid.uuid4() }}", False),
        ("{% if params.job %}x{% endif %}", False),
        (None, True),
        (3.5, True),
        ({"retries": {"mode": "standard"}, "region": ["{{ var.value.region }}"]}, True),
        ({"tuning_job_name": "job-1", "region_name": "{{ ti.xcom_pull(task_ids='x') }}"}, False),
        (["{{ ds }}"], False),
        (object(), False),
    ],
)
def test_what_the_triggerer_can_render(value, known):
    assert is_known_to_triggerer(value) is known


def test_a_result_is_taken_for_the_job_it_is_of():
    assert job_name({"tuning_job_name": "job-1", "status": "Completed"}) == "job-1"
    assert job_name("job-1") == "job-1"


@pytest.mark.parametrize("value", [None, "", " ", {"status": "Completed"}, ["job-1"]])
def test_what_names_no_job_is_reported(value):
    with pytest.raises(TuningJobConfigError, match="does not name a tuning job"):
        checked_job_name(value)
    one = sensor(tuning_job_name="{{ ti.xcom_pull('create') }}", deferrable=False)
    one.tuning_job_name = value
    with pytest.raises(TuningJobConfigError, match="does not name a tuning job"):
        one.execute({})


def sensor(**kwargs):
    with DAG("dag", schedule=None):
        return HyperParameterTuningJobSensor(task_id="wait", **kwargs)


@pytest.mark.skipif(not has("start_from_trigger"), reason="needs Airflow 3.3")
def test_it_starts_in_the_triggerer_only_if_asked_to_and_if_the_name_can_be_found_there():
    assert not sensor(tuning_job_name="job-1").start_from_trigger
    assert sensor(tuning_job_name="job-1", start_from_trigger=True).start_from_trigger
    assert not sensor(tuning_job_name="{{ ti.run_id }}", start_from_trigger=True).start_from_trigger
    for argument in ({"region_name": "{{ ti.xcom_pull('x') }}"}, {"botocore_config": {"a": "{{ ds }}"}}):
        assert not sensor(tuning_job_name="job-1", start_from_trigger=True, **argument).start_from_trigger
    args = sensor(
        tuning_job_name="{{ ti.xcom_pull('create') }}", start_from_trigger=True, timeout=60
    ).start_trigger_args
    assert args.trigger_kwargs["name_from"] == {"task_id": "create", "key": "return_value"}
    assert args.trigger_kwargs["tuning_job_name"] == ""
    assert args.timeout.total_seconds() == 60


def test_below_airflow_3_3_it_starts_on_a_worker(monkeypatch):
    monkeypatch.setattr("airflow_hpt_provider.compat.airflow_version", lambda: (3, 2, 2))
    one = sensor(tuning_job_name="job-1", start_from_trigger=True)
    assert not one.start_from_trigger
    assert one.deferrable


def test_it_contradicts_waiting_on_a_worker():
    with pytest.raises(ValueError, match="require deferrable=True"):
        sensor(tuning_job_name="job-1", finish_in_triggerer=True, deferrable=False)


@pytest.mark.skipif(not has("start_from_trigger"), reason="needs Airflow 3.3")
def test_in_a_large_dag_only_some_start_in_the_triggerer():
    """Airflow hands each of them the whole DAG, and the triggerer reads it on its event loop."""
    with DAG("dag", schedule=None) as dag:
        for number in range(MAX_STARTED_IN_TRIGGERER):
            HyperParameterTuningJobSensor(task_id=f"{number}", tuning_job_name="job", start_from_trigger=True)
        assert all(task.start_from_trigger for task in dag.tasks)
        with pytest.warns(UserWarning, match="DAG dag has more than 50 tasks with start_from_trigger"):
            one = HyperParameterTuningJobSensor(
                task_id="more", tuning_job_name="job", start_from_trigger=True
            )
    assert not one.start_from_trigger
    assert one.start_trigger_args is None
    assert one.deferrable


def test_mapped_sensors_start_on_a_worker():
    with DAG("dag", schedule=None):
        mapped = HyperParameterTuningJobSensor.partial(task_id="wait", start_from_trigger=True).expand(
            tuning_job_name=["a", "b"]
        )
    assert mapped.start_trigger_args is None
