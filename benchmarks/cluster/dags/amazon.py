"""As many mapped tasks of SageMakerTuningOperator as there are tuning jobs."""

from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator
from airflow.sdk import DAG

from benchmarks.cluster.jobs import AT_ONCE, INTERVAL, MANY, configs

with DAG("amazon", **MANY):
    SageMakerTuningOperator.partial(
        task_id="tune",
        deferrable=True,
        check_interval=INTERVAL,
        aws_conn_id="aws_default",
        max_active_tis_per_dag=AT_ONCE,
    ).expand(config=configs("amazon"))
