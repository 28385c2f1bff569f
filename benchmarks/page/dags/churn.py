"""Tasks that look at tuning jobs which have ended: the tuning page is on each of them."""

from airflow.sdk import DAG, Param

from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

with DAG("churn", schedule=None, params={"job": Param("", type="string")}):
    HyperParameterTuningJobSensor(
        task_id="tune", tuning_job_name="{{ params.job }}", poke_interval=1, deferrable=False
    )
