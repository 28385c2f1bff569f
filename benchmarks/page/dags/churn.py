"""Tasks whose tuning jobs have ended: the tuning page is on each of them."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

with DAG("churn", schedule=None, params={"job": Param("", type="string")}):
    HyperParameterTuningJobSensor(
        task_id="tune",
        tuning_job_name="{{ params.job }}",
        poke_interval=1,
        deferrable=False,
        retries=3,  # on a busy machine Airflow loses a worker now and then
        retry_delay=timedelta(seconds=1),
    )
