"""As many mapped tasks of HyperParameterTuningJobOperator as there are tuning jobs."""

from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from benchmarks.cluster.jobs import AT_ONCE, INTERVAL, MANY, configs

with DAG("ours", **MANY):
    HyperParameterTuningJobOperator.partial(
        task_id="tune", deferrable=True, poll_interval=INTERVAL, max_active_tis_per_dag=AT_ONCE
    ).expand(config=configs("ours"))
