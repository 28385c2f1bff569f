"""Waits that end on an event. The Airflow Variable `hpt_wait_queue_url` holds the URL of a queue of their own."""

from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

QUEUE = "{{ var.value.hpt_wait_queue_url }}"

with DAG("wait_on_events", schedule=None) as dag:
    HyperParameterTuningJobOperator(
        task_id="tune", config="breast_cancer.yaml", deferrable=True, event_queue_url=QUEUE
    )

    start = HyperParameterTuningJobOperator(
        task_id="start", config="breast_cancer.yaml", wait_for_completion=False
    )
    HyperParameterTuningJobSensor(
        task_id="wait", tuning_job_name=start.output, start_from_trigger=True, event_queue_url=QUEUE
    )
